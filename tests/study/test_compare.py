"""The difference of two photographs."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from skintexture.errors import InputError
from skintexture.recipe import load_recipe
from skintexture.study.compare import CHANGE_COLUMNS, changes_between

CATALOGUE = load_recipe("standard").catalogue()


def _rows(values: dict[str, float], caveats: str = "", fingerprint: str = "f") -> pd.DataFrame:
    return pd.DataFrame(
        [
            {"zone": "chin", "metric": name, "value": value, "unit": "u", "caveats": caveats}
            | {"recipe_fingerprint": fingerprint}
            for name, value in values.items()
        ]
    )


def test_change_is_after_minus_before_in_its_unit_and_in_percent():
    change = changes_between(_rows({"pore_density": 20.0}), _rows({"pore_density": 15.0}), CATALOGUE)
    assert list(change.columns) == list(CHANGE_COLUMNS)
    row = change.iloc[0]
    assert (row.before, row.after, row.change, row.change_pct) == (20.0, 15.0, -5.0, -25.0)
    assert row.direction == "lower_better"


def test_a_negative_value_that_rises_has_a_positive_change():
    name = "roughness_ssk_luminance"
    row = changes_between(_rows({name: -0.5}), _rows({name: -0.25}), CATALOGUE).iloc[0]
    assert row.change_pct == 50.0


def test_a_change_from_nothing_has_no_percentage():
    row = changes_between(_rows({"pore_density": 0.0}), _rows({"pore_density": 3.0}), CATALOGUE).iloc[0]
    assert row.change == 3.0
    assert math.isnan(row.change_pct)


def test_what_is_missing_on_either_side_is_missing_with_both_reasons():
    before = _rows({"pore_density": 20.0}, "little_measurable;slanted")
    after = _rows({"pore_density": math.nan}, "too_coarse;slanted")
    row = changes_between(before, after, CATALOGUE).iloc[0]
    assert math.isnan(row.change)
    assert row.caveats == "little_measurable;slanted;too_coarse"


def test_a_zone_that_the_other_photo_lacks_has_no_caveat_of_its_own():
    row = changes_between(_rows({"pore_density": 1.0}), _rows({"pore_area_fraction": 1.0}), CATALOGUE).iloc[0]
    assert math.isnan(row.change)
    assert row.caveats == ""


def test_rows_of_different_recipes_are_not_compared():
    with pytest.raises(InputError, match="different recipes"):
        changes_between(_rows({"pore_density": 1.0}), _rows({"pore_density": 1.0}, fingerprint="other"), CATALOGUE)
