"""What changed between two photographs, zone by zone and metric by metric."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import pandas as pd

from skintexture.errors import InputError
from skintexture.metrics.definition import Metric

CHANGE_COLUMNS = ("zone", "metric", "before", "after", "change", "change_pct", "direction", "unit", "caveats")


def changes_between(before: pd.DataFrame, after: pd.DataFrame, catalogue: Mapping[str, Metric]) -> pd.DataFrame:
    """Set the measurements of one photo against those of another.

    Parameters
    ----------
    before, after : DataFrame
        Measurement rows of one photo each, measured with the same recipe.
    catalogue : mapping of str to Metric
        The recipe's metrics, by name.

    Returns
    -------
    DataFrame
        Columns `CHANGE_COLUMNS`, one row per zone and metric in the order of ``before``. ``change`` is after − before
        in the metric's unit, ``change_pct`` is relative to the size of ``before``; nan where either side is nan, with
        the caveats of both. A difference of two photographs is not yet a change of the skin: this has no uncertainty.

    Raises
    ------
    InputError
        The two were measured with different recipes.
    """
    prints = sorted(set(before["recipe_fingerprint"]) | set(after["recipe_fingerprint"]))
    if len(prints) > 1:
        raise InputError(
            f"the two photos were measured with different recipes (fingerprints {' and '.join(prints)})",
            "measure both with the same recipe",
        )
    columns = ["zone", "metric", "value", "unit", "caveats"]
    both = before[columns].merge(after[columns], on=["zone", "metric"], how="left", suffixes=("", "_after"))
    change = both["value_after"] - both["value"]
    size = both["value"].abs()
    return pd.DataFrame(
        {
            "zone": both["zone"],
            "metric": both["metric"],
            "before": both["value"],
            "after": both["value_after"],
            "change": change,
            "change_pct": 100 * change / size.where(size > 0, np.nan),
            "direction": [catalogue[name].direction for name in both["metric"]],
            "unit": both["unit"],
            "caveats": [_union(*pair) for pair in zip(both["caveats"], both["caveats_after"].fillna(""), strict=True)],
        },
        columns=list(CHANGE_COLUMNS),
    )


def _union(first: str, second: str) -> str:
    return ";".join(dict.fromkeys(caveat for caveat in f"{first};{second}".split(";") if caveat))
