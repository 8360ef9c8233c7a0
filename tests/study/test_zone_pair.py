"""Two photos of different resolution and sharpness are brought to one blur."""

from __future__ import annotations

import math
from types import SimpleNamespace

import numpy as np
import pytest

from skintexture.locate.cut import LEAST_SIGMA_PX
from skintexture.recipe import load_recipe
from skintexture.study.tallies import Tally
from skintexture.study.zone_pair import Stage, _scaled, equal_rules

RECIPE = load_recipe("standard")
OWN_PX = RECIPE.comparison.own_blur_px


def _pair(*px_per_mm):
    sides = [SimpleNamespace(zones=[SimpleNamespace(px_per_mm=scale, area_mm2=50.0)]) for scale in px_per_mm]
    return SimpleNamespace(sides=lambda: zip(("before", "after"), sides, strict=True))


def _total_mm(rules, px_per_mm):
    return math.hypot(OWN_PX, rules.added_blur_px(px_per_mm)) / px_per_mm


@pytest.mark.parametrize("px_per_mm", [(14.0, 14.0), (14.5, 12.6), (12.0, 30.0), (25.0, 20.0)])
def test_own_and_added_blur_are_the_same_in_mm_whatever_the_resolution(px_per_mm):
    rules, blur_mm = equal_rules(_pair(*px_per_mm), RECIPE, (0.0, 0.0))
    assert [_total_mm(*side) for side in zip(rules, px_per_mm, strict=True)] == pytest.approx([blur_mm] * 2)
    assert min(side.added_blur_px(scale) for side, scale in zip(rules, px_per_mm, strict=True)) >= LEAST_SIGMA_PX - 1e-9


def test_a_fine_pair_keeps_the_recipes_blur():
    assert equal_rules(_pair(20.0, 25.0), RECIPE, (0.0, 0.0))[1] == RECIPE.grid.blur_mm


@pytest.mark.parametrize("extra_mm", [(0.1, 0.0), (0.0, 0.1)])
def test_what_the_softer_photo_has_is_added_to_the_other_alone(extra_mm):
    rules, blur_mm = equal_rules(_pair(14.5, 12.6), RECIPE, extra_mm)
    totals = [_total_mm(*side) for side in zip(rules, (14.5, 12.6), strict=True)]
    softer = extra_mm.index(0.0)
    assert totals[1 - softer] == pytest.approx(blur_mm)
    assert math.hypot(totals[softer], 0.1) == pytest.approx(blur_mm)


def _stage(blurs_px=(0.6, 0.6), jpeg_quality=(math.nan, math.nan), beyond_mm=(0.0, 0.0)):
    sides = [
        SimpleNamespace(
            scene=SimpleNamespace(
                quality=SimpleNamespace(blur_px=blur),
                scale=SimpleNamespace(px_per_mm=14.0),
                photo=SimpleNamespace(jpeg_quality=quality),
            )
        )
        for blur, quality in zip(blurs_px, jpeg_quality, strict=True)
    ]
    pair = SimpleNamespace(before=sides[0], after=sides[1], sides=lambda: zip(("before", "after"), sides, strict=True))
    return Stage(pair, RECIPE, None, (None, None), 0.056, beyond_mm, None, None)


def test_pits_are_widened_by_what_both_photos_lack_in_focus():
    in_focus = _stage()._spread_mm()
    assert 0.02 < in_focus < 0.05
    assert _stage((0.6, 2.0))._spread_mm() == in_focus
    assert _stage((2.0, 2.0))._spread_mm() > in_focus + 0.05


def test_power_that_compression_wrote_back_is_taken_off_the_softer_photo_alone():
    stage = _stage(jpeg_quality=(95.0, 95.0), beyond_mm=(0.0, 0.1))
    assert set(stage._shares_left(0).values()) == {1.0}
    softer = stage._shares_left(1)
    assert softer["band_energy_0.25_0.5mm"] < softer["band_energy_0.5_1mm"] < softer["band_energy_1_2mm"] < 1
    assert softer["band_rms_0.5_1mm"] ** 2 == pytest.approx(softer["band_energy_0.5_1mm"])
    assert set(_stage(beyond_mm=(0.0, 0.1))._shares_left(1).values()) == {1.0}


def test_shares_are_taken_of_values_and_of_those_with_groups_left_out():
    tally = Tally({"a": 4.0, "b": 1.0}, {"a": np.array([2.0, 6.0])})
    scaled = _scaled(tally, {"a": 0.5})
    assert scaled.values == {"a": 2.0, "b": 1.0}
    assert scaled.without["a"].tolist() == [1.0, 3.0]
