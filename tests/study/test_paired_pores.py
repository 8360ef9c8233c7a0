"""Pores of two photos, looked at on both."""

from __future__ import annotations

import math

import numpy as np
import pytest

from skintexture.model import Patch
from skintexture.recipe import load_recipe
from skintexture.study.intervals import estimate
from skintexture.study.paired_pores import PairedPores, PoreSignal, pores_seen, tally_counted, tally_paired
from skintexture.study.photometry import RADII_MM, slant_gain

RECIPE = load_recipe("standard")
COUNT = 40
SIGNAL = PoreSignal(RECIPE.grid.blur_mm, 12.0)


def _pores(depths=(20.0, 20.0), found_after=True, area_ratio=1.0, cos=1.0):
    """Pits of σ 0.13 mm whose depth differs between the photos."""
    profiles = np.stack([-depth * np.exp(-0.5 * (RADII_MM / 0.13) ** 2) for depth in depths])
    found = np.ones((COUNT, 2), bool)
    found[:, 1] = found_after
    fitted = np.where(found, [[0.28, 0.28]], np.nan)
    return PairedPores(
        at_px=np.zeros((COUNT, 2, 2)),
        chart=np.full((COUNT, 2), 0.5),
        tile=np.arange(COUNT, dtype=np.int32) % 8,
        found=found,
        diameter_mm=fitted,
        contrast_pct=np.where(found, [list(depths)], np.nan),
        profiles={"luminance": np.repeat(profiles[None], COUNT, axis=0)},
        area_ratio=np.full(COUNT, area_ratio),
        cos=np.full(COUNT, cos),
    )


def _paired(pores, min_pores=10):
    before, after = tally_paired(pores, pores.tile, SIGNAL, min_pores)
    return {name: after.values[name] / before.values[name] for name in before.values}


def _counted(pores):
    patch = Patch(np.zeros((240, 240), np.float32), np.ones((240, 240), bool), 12.0, np.ones((240, 240), np.float32))
    before, after = tally_counted(pores, pores.tile, (patch, patch), (RECIPE.metrics.pores, RECIPE.comparison))
    return {
        name: after.values[name] / before.values[name] for name in ("pore_density", "pore_contrast", "pore_diameter")
    }


def test_shallower_pores_have_less_contrast_and_volume_and_the_same_area():
    change = _paired(_pores((20.0, 12.0)))
    assert change["paired_pore_contrast_luminance"] == pytest.approx(0.6)
    assert change["paired_pore_volume"] == pytest.approx(0.6)
    assert change["paired_pore_area"] == pytest.approx(1.0)


@pytest.mark.parametrize(("cos", "turn"), [(0.6, 1.2), (0.6, 1 / 1.2), (0.9, 1.0)])
def test_a_turned_head_does_not_darken_pores(cos, turn):
    pores = _pores(area_ratio=turn, cos=cos)
    slants = np.array([cos / math.sqrt(turn), cos * math.sqrt(turn)])
    pores.profiles["luminance"][:] *= slant_gain(slants, SIGNAL.blur_mm)[:, None]
    assert _paired(pores)["paired_pore_contrast_luminance"] == pytest.approx(1.0)


def test_a_turned_head_does_not_widen_pores():
    change = _paired(_pores(area_ratio=1.2))
    assert change["paired_pore_area"] == pytest.approx(1 / 1.2)


def test_a_fainter_pore_that_was_not_found_is_still_counted():
    change = _counted(_pores((20.0, 8.0), found_after=False))
    assert change["pore_density"] == pytest.approx(1.0)
    assert change["pore_contrast"] == pytest.approx(0.4)
    assert change["pore_diameter"] == pytest.approx(1.0)


def test_a_pore_of_which_nothing_is_left_is_gone():
    assert _counted(_pores((20.0, 1.0), found_after=False))["pore_density"] == 0.0


def test_too_few_pores_say_nothing():
    assert np.isnan(list(_paired(_pores(), min_pores=COUNT + 1).values())).all()


def test_what_varies_over_the_skin_shows_when_it_is_left_out():
    pores = _pores((20.0, 12.0))
    pores.profiles["luminance"][pores.tile == 3, 1] *= 2.0
    _, after = tally_paired(pores, pores.tile, SIGNAL, 10)
    without = after.without["paired_pore_contrast_luminance"]
    assert len(without) == 8
    assert without.argmin() == 3


def test_pores_of_one_photo_are_those_found_there():
    pores = _pores(found_after=False)
    assert len(pores_seen("nose", pores, "before")) == COUNT
    assert pores_seen("nose", pores, "after") == ()
    assert pores.kind == ["gone"] * COUNT


def test_a_count_is_no_surer_than_chance():
    """Every fourth pore passes the limit of enlarged ones by a hair on the after photo, evenly over the skin."""
    pores = _pores()
    enlarged_mm = RECIPE.metrics.pores.enlarged_mm
    pores.diameter_mm[:] = enlarged_mm - 0.001
    pores.diameter_mm[:8] = enlarged_mm + 0.001
    pores.diameter_mm[8:16, 1] = enlarged_mm + 0.001
    patch = Patch(np.zeros((240, 240), np.float32), np.ones((240, 240), bool), 12.0, np.ones((240, 240), np.float32))
    before, after = tally_counted(pores, pores.tile, (patch, patch), (RECIPE.metrics.pores, RECIPE.comparison))
    share = estimate("pore_enlarged_share", before, after, 0.0)
    assert share.relative == pytest.approx(math.log(2))
    assert share.sampling_sd == pytest.approx(math.sqrt(8 + 1) / 12)
    assert estimate("pore_density_all", before, after, 0.0).sampling_sd == pytest.approx(1 / COUNT)
