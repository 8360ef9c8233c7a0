"""Make the table of how far two shots of unchanged skin differ, from comparisons of phantoms.

``python -m skintexture.validation.between_shots FILE`` renders unchanged skin: shot again, blurred, with the light
moved, developed with another contrast or sharpened (photographs are kept, see
`skintexture.validation.pair_cases.cache_folder`), compares each pair, and writes the table that ships with the package.
The pairs are others than those that the validation judges by.
"""

from __future__ import annotations

import argparse
import math
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import pandas as pd
from scipy.optimize import nnls

from skintexture.locate.anatomy import WHOLE_FACE
from skintexture.model import FloatArray
from skintexture.study.between_shots import PARTS
from skintexture.validation.pair_cases import Case, cache_folder
from skintexture.validation.pairs import compare_cases

COLUMNS = ("metric", *PARTS)

LEAST_SD = 0.005
"""Rounding and registration alone make about this much."""

DEVELOPED: tuple[Case, ...] = (
    Case("scatter at contrast × 0.95", "null", ("contrast=0.95",)),
    Case("scatter at half of a phone's sharpening", "null", ("sharpening=0.5",)),
)
"""Shot again and developed otherwise."""

UNCHANGED: tuple[Case, ...] = (
    Case("scatter of a shot", "null"),
    Case("scatter of another shot", "null"),
    Case("scatter of a third shot", "null"),
    Case("scatter of a fourth shot", "null"),
    Case("scatter of a fifth shot", "null"),
    Case("scatter at blur of 1.5 px", "null", ("blur_px=1.6",)),
    Case("scatter at light moved by 20°", "null", ("light_deg=20",)),
    Case("scatter with the head turned by 8°", "null", ("yaw_deg=8",)),
    *DEVELOPED,
)

CALIBRATED_ON = ("s01_ita+50", "s02_ita+22", "s03_ita-35", "s04_ita+50")
"""Of `skintexture.validation.pair_cases.people`: every identity and tone once."""

LEAST_PER_BLUR_PX = 0.012
"""Blur between photos is known to 3 %: by as much, and more on finer structure, contrast is off all over the face."""

LEAST_PER_BLUR_PX_OF_AREA = 0.06
"""The same for areas of pores, off which blur is taken: 3 % of 2 pixels (0.14 mm) are 12 % of a pit of σ 0.1 mm."""

MOST_SD = 1.0
"""A metric that varies by its own size tells nothing, however much more it varies."""

_MOST_PER_DOSE = 100.0

# Up to here, photos of unchanged skin are shots taken alike.
_OF_SHOTS = {"turn": 0.04, "shine": 0.01, "blur_px": 0.2, "shading": 0.06, "compression": 0.5, "slant": 0.1}
# What development does is looked for in what all else leaves: sharpening is also read as a difference of focus, and
# contrast under another light, and would be laid to these.
_OF_DEVELOPMENT = ("contrast", "sharpening")
_ROUNDS = 10


def scatter_table(changes: pd.DataFrame) -> pd.DataFrame:
    """Split the scatter of unchanged skin into its causes.

    Parameters
    ----------
    changes : DataFrame
        Changes of unchanged skin: ``zone``, ``metric``, ``relative`` (see `skintexture.study.intervals.Estimate`),
        ``sampling_sd``, ``case`` and what `skintexture.study.between_shots.Situation` holds.

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
    developed_alike = ~known["case"].isin([case.name for case in DEVELOPED])
    alike = developed_alike & np.all([known[dose] <= most for dose, most in _OF_SHOTS.items()], axis=0)
    reshot, reshot_face = (_bounded(_sd_beyond_sampling(known[alike & here])) for here in (~face, face))
    per_dose = _sd_by_dose(known[~face & developed_alike], tuple(_OF_SHOTS), reshot, known={})
    least = LEAST_PER_BLUR_PX_OF_AREA if metric == "paired_pore_area" else LEAST_PER_BLUR_PX
    per_dose["blur_px"] = max(per_dose["blur_px"], least)
    per_dose |= _sd_by_dose(known[~face], _OF_DEVELOPMENT, reshot, known=per_dose)
    if (alike & face).any():  # a zone is no surer than the face that it is a part of
        reshot = max(reshot, reshot_face)
    return {
        "metric": metric,
        "reshot": reshot,
        "reshot_face": reshot_face,
        **{f"per_{dose}": sd for dose, sd in per_dose.items()},
    }


def _sd_beyond_sampling(rows: pd.DataFrame) -> float:
    return math.sqrt(max(float(_beyond_sampling(rows).mean()), 0.0)) if len(rows) else MOST_SD


def _bounded(sd: float) -> float:
    return min(max(sd, LEAST_SD), MOST_SD)


def _sd_by_dose(
    rows: pd.DataFrame, names: tuple[str, ...], reshot: float, *, known: Mapping[str, float]
) -> dict[str, float]:
    """SD per dose of what differs, beyond shots taken alike and doses already known.

    Squares scatter by their own size, so each counts by what is expected of it (quasi-likelihood, in rounds).
    """
    doses = rows[list(names)].to_numpy() ** 2
    explained = reshot**2 + sum(((rows[name].to_numpy() * sd) ** 2 for name, sd in known.items()), 0.0)
    least = rows["sampling_sd"].fillna(0.0).to_numpy() ** 2 + explained
    beyond = _beyond_sampling(rows) - explained
    expected = least
    for _ in range(_ROUNDS):
        weighted = doses / expected[:, None]
        size = np.maximum(np.linalg.norm(weighted, axis=0), 1e-12)  # brings doses to one size, for the solver
        found = nnls(weighted / size, beyond / expected)[0] / size
        expected = doses @ found + least
    return {name: min(math.sqrt(variance), _MOST_PER_DOSE) for name, variance in zip(names, found, strict=True)}


def _beyond_sampling(rows: pd.DataFrame) -> FloatArray:
    """Squared change beyond what the skin measured explains."""
    return np.asarray(rows["relative"].to_numpy() ** 2 - rows["sampling_sd"].fillna(0.0).to_numpy() ** 2)


def main() -> None:
    """Write the table into the file given on the command line."""
    parser = argparse.ArgumentParser(prog="python -m skintexture.validation.between_shots", description=__doc__)
    parser.add_argument("file", type=Path, metavar="FILE", help="CSV to write")
    file = parser.parse_args().file
    changes = [table for _, table in compare_cases(UNCHANGED, CALIBRATED_ON, cache_folder())]
    scatter_table(pd.concat(changes, ignore_index=True)).round(5).to_csv(file, index=False, lineterminator="\n")


if __name__ == "__main__":
    main()
