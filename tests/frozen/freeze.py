"""Write the numbers of some sample photos down, so that a change of any of them is seen.

Run `python tests/frozen/freeze.py` after a change that is meant to move numbers, look at the difference that git shows,
and name it in the changelog under "Numbers that change".
"""

from __future__ import annotations

from importlib import resources
from pathlib import Path

import pandas as pd

import skintexture

HERE = Path(__file__).parent
SAMPLES = Path(str(resources.files("skintexture.sample_images")))
PHOTOS = ("s01_before.jpg", "s02_after.jpg", "s03_before_again.jpg")
RECIPES = skintexture.shipped_recipes()


def measured(recipe: str) -> pd.DataFrame:
    """Measure the photos; a row per photo and metric, a column per zone."""
    scores = skintexture.score([SAMPLES / name for name in PHOTOS], recipe=recipe)
    rows = scores.measurements
    metrics = list(dict.fromkeys(rows["metric"]))
    wide = rows.pivot_table(index=["photo", "metric"], columns="zone", values="value", dropna=False, sort=False)
    wide = wide.reindex(pd.MultiIndex.from_product([PHOTOS, metrics], names=["photo", "metric"]))
    return wide[list(dict.fromkeys(rows["zone"]))].astype("float64")


def frozen(recipe: str) -> pd.DataFrame:
    """Read the numbers that were written down."""
    return pd.read_csv(HERE / f"{recipe}.csv", index_col=["photo", "metric"])


if __name__ == "__main__":
    for name in RECIPES:
        measured(name).to_csv(HERE / f"{name}.csv", float_format="%.7g", lineterminator="\n")
