"""Make the table of how far two shots of unchanged skin differ, from comparisons of phantoms.

``python -m skintexture.validation.between_shots FILE`` renders unchanged skin: shot again, blurred, with the light
moved (photographs are kept, see `skintexture.validation.pair_cases.cache_folder`), compares each pair, and writes the
table that ships with the package. The pairs are others than those that the validation judges by.
"""

from __future__ import annotations

import argparse
import math
from pathlib import Path

import numpy as np
import pandas as pd

from skintexture.locate.anatomy import WHOLE_FACE
from skintexture.model import FloatArray
from skintexture.validation.pair_cases import Case, cache_folder
from skintexture.validation.pairs import compare_cases

COLUMNS = ("metric", "reshot", "reshot_face", "per_turn", "per_shine", "per_blur_px", "per_shading")

LEAST_SD = 0.005
"""Rounding and registration alone make about this much."""

UNCHANGED: tuple[Case, ...] = (
    Case("scatter of a shot", "null"),
    Case("scatter of another shot", "null"),
    Case("scatter at blur of 1.5 px", "null", ("blur_px=1.6",)),
    Case("scatter at light moved by 20°", "null", ("light_deg=20",)),
)

CALIBRATED_ON = ("s01_ita+50", "s02_ita+22", "s03_ita-35", "s04_ita+50")
"""Of `skintexture.validation.pair_cases.people`: every identity and tone once."""

# Change of shading up to this is that of a reshot face.
_ALIKE_SHADING = 0.06
# And a turn up to this: 4 % of area.
_ALIKE_TURN = 0.04
# And this much mirrored light, as a share of all.
_ALIKE_SHINE = 0.01


def scatter_table(changes: pd.DataFrame) -> pd.DataFrame:
    """Split the scatter of unchanged skin into its causes.

    Parameters
    ----------
    changes : DataFrame
        Changes of unchanged skin: ``zone``, ``metric``, ``relative`` (see `skintexture.study.intervals.Estimate`),
        ``sampling_sd``, and what
        `skintexture.study.between_shots.Situation` holds.

    Returns
    -------
    DataFrame
        Columns `COLUMNS`: one row per metric, in their order.
    """
    return pd.DataFrame(
        [_row(str(metric), rows) for metric, rows in changes.groupby("metric", sort=False)], columns=list(COLUMNS)
    )


def _row(metric: str, rows: pd.DataFrame) -> dict[str, object]:
    known = rows[np.isfinite(rows["relative"])]
    face = known["zone"] == WHOLE_FACE
    sharp, calm = known["blur_px"] == 0, known["shading"] <= _ALIKE_SHADING
    straight, dull = known["turn"] <= _ALIKE_TURN, known["shine"] <= _ALIKE_SHINE
    alike = sharp & calm & straight & dull & ~face
    reshot = math.sqrt(max(LEAST_SD**2, _excess(known[alike], "", 0.0)))

    def dose(chosen: pd.Series[bool], name: str) -> float:
        return math.sqrt(_excess(known[chosen & ~face], name, reshot))

    return {
        "metric": metric,
        "reshot": reshot,
        "reshot_face": math.sqrt(max(LEAST_SD**2, _excess(known[sharp & calm & face], "", 0.0))),
        "per_turn": dose(sharp & calm & ~straight & dull, "turn"),
        "per_shine": dose(sharp & calm & straight & ~dull, "shine"),
        "per_blur_px": dose(~sharp & calm & straight & dull, "blur_px"),
        "per_shading": dose(sharp & ~calm & straight & dull, "shading"),
    }


def _excess(rows: pd.DataFrame, dose: str, explained_sd: float) -> float:
    """Variance per squared dose beyond what the skin measured, and the scatter already known, explain."""
    if rows.empty:
        return 0.0
    doses: FloatArray = rows[dose].to_numpy() if dose else np.ones(len(rows))
    sampling = rows["sampling_sd"].fillna(0.0).to_numpy()
    beyond = rows["relative"].to_numpy() ** 2 - sampling**2 - explained_sd**2
    return max(0.0, float(np.sum(beyond * doses**2) / np.sum(doses**4)))


def main() -> None:
    """Write the table into the file given on the command line."""
    parser = argparse.ArgumentParser(prog="python -m skintexture.validation.between_shots", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE", help="CSV to write")
    file = parser.parse_args().file
    changes = compare_cases(UNCHANGED, CALIBRATED_ON, cache_folder())
    scatter_table(changes).round(5).to_csv(file, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
