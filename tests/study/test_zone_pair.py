"""Two photos of different resolution and sharpness are brought to one blur."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from skintexture.locate.cut import LEAST_SIGMA_PX
from skintexture.recipe import load_recipe
from skintexture.study.zone_pair import equal_rules

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
