"""Pores of two photos, looked at on both."""

from __future__ import annotations

import math
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from skintexture.locate.surface import Surface
from skintexture.model import Patch
from skintexture.recipe import load_recipe
from skintexture.study.intervals import estimate
from skintexture.study.joint import Tiles
from skintexture.study.paired_pores import (
    PairedPores,
    PoreSignal,
    _slant_gain,
    pair_pores,
    pores_seen,
    tally_counted,
    tally_paired,
)
from skintexture.study.photometry import RADII_MM, slant_gain

RECIPE = load_recipe("standard")
COUNT = 40
CONTRAST = "paired_pore_contrast_luminance"
SIDE_PX, GRID_PX_PER_MM, PIT_PX = 360, RECIPE.grid.px_per_mm, 1.5
SIGNAL = PoreSignal((RECIPE.grid.blur_mm, RECIPE.grid.blur_mm), 12.0)


def _pores(depths=(20.0, 20.0), found_after=True, area_ratio=1.0, slant_gain=1.0):
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
        slant_gain=np.broadcast_to(slant_gain, COUNT),
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


def test_a_turned_head_does_not_darken_pores():
    """Each pore has a slant of its own, and more is seen of the deeper ones."""
    gain = np.linspace(0.7, 1.1, COUNT)
    pores = _pores(slant_gain=gain)
    pores.profiles["luminance"][:, 1] *= gain[:, None]
    pores.profiles["luminance"][:] *= np.linspace(0.5, 2.0, COUNT)[:, None, None]
    assert _paired(pores)["paired_pore_contrast_luminance"] == pytest.approx(1.0)
    assert pores.forced_pct()[:, 1] == pytest.approx(pores.forced_pct()[:, 0])


@pytest.mark.parametrize("scale_error", [1.0, 1.1])
def test_slant_is_told_by_registration_and_surface_and_not_by_the_scales(scale_error):
    """Of a zone at 50° that turns to 55°; both photos have the same scale, whatever they say it is."""
    cos = np.cos(np.radians([50.0, 55.0]))
    sides = [_seen(slant, px_per_mm) for slant, px_per_mm in zip(cos, (14.0, 14.0 * scale_error), strict=True)]
    pair = SimpleNamespace(
        before=sides[0],
        after=sides[1],
        registration=SimpleNamespace(scale_ratio=1.0),
        sides=lambda: tuple(zip(("before", "after"), sides, strict=True)),
    )
    at = np.full((3, 2), 40.0)
    found = _slant_gain(pair, (at, at), np.array([cos[1] / cos[0], 1.0, np.nan]), RECIPE.grid.blur_mm)
    before, after = slant_gain(cos, RECIPE.grid.blur_mm)
    assert found == pytest.approx([after / before, 1.0, 1.0])
    swapped = _slant_gain(pair, (at[:1], at[:1]), np.array([cos[0] / cos[1]]), RECIPE.grid.blur_mm)
    assert swapped == pytest.approx([before / after])


def _seen(cos, px_per_mm):
    maps = np.full((20, 20, 4), cos, np.float32)
    surface = Surface((0.0, 0.0), 10.0, maps, np.ones((20, 20), bool))
    return SimpleNamespace(scene=SimpleNamespace(surface=surface, scale=SimpleNamespace(px_per_mm=px_per_mm)))


def test_just_enough_pores_have_a_sampling_error():
    pores = _pores()
    pores.profiles["luminance"][:] *= np.random.default_rng(1).uniform(0.5, 1.5, (COUNT, 2, 1))
    before, after = tally_paired(pores, pores.tile, SIGNAL, COUNT)
    found = estimate(CONTRAST, before, after, 0.0)
    assert 0.01 < found.sampling_sd < 0.3


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


def _shot(pits_px, depth, seed, origin_px):
    """Skin with pits of one depth, on a grid that begins at a place of the photo, and a camera's noise."""
    noise = np.random.default_rng(seed).normal(size=(SIDE_PX, SIDE_PX)).astype(np.float32)
    blur_px = RECIPE.grid.blur_mm * GRID_PX_PER_MM
    signal = 1.5 * cv2.GaussianBlur(noise, (0, 0), blur_px)
    y, x = np.mgrid[:SIDE_PX, :SIDE_PX]
    for row, column in pits_px:
        signal -= depth * np.exp(-((y - row) ** 2 + (x - column) ** 2) / 2 / PIT_PX**2).astype(np.float32)
    everywhere = np.ones(signal.shape, bool)
    patch = Patch(signal, everywhere, GRID_PX_PER_MM, np.ones_like(signal), 0.5, 14.0, RECIPE.grid.blur_mm)
    return SimpleNamespace(wide=patch, patches={"luminance": patch}, origin_px=origin_px, step_px=1.0)


def test_what_is_found_on_either_photo_is_read_on_both():
    steps = np.arange(30, SIDE_PX - 30, 24)
    at = np.stack(np.meshgrid(steps, steps, indexing="ij"), -1).reshape(-1, 2)
    at = at + np.random.default_rng(8).uniform(-4, 4, at.shape)
    shift = np.array([17.0, -9.0])
    cuttings = _shot(at, 24.0, 1, (0.0, 0.0)), _shot(at, 3.5, 2, tuple(shift))
    registration = SimpleNamespace(
        carry=lambda points, to: points + (shift if to == "after" else -shift),
        trusted_at=lambda points, **_: np.ones(len(points), bool),
        shared_at=lambda points, **_: np.ones(len(points), bool),
        jacobian_at=lambda points, **_: np.ones(len(points)),
        px_per_mm=(GRID_PX_PER_MM, GRID_PX_PER_MM),
        scale_ratio=1.0,
    )
    sides = [_seen(1.0, GRID_PX_PER_MM) for _ in range(2)]
    pair = SimpleNamespace(
        before=sides[0], after=sides[1], registration=registration,
        sides=lambda: tuple(zip(("before", "after"), sides, strict=True)),
    )  # fmt: skip
    zone = SimpleNamespace(cuttings=cuttings, channels=("luminance",))
    blur_mm = (RECIPE.grid.blur_mm, RECIPE.grid.blur_mm)
    found = pair_pores(pair, zone, (RECIPE.metrics.pores, RECIPE.registration), Tiles(8), blur_mm=blur_mm)
    assert len(found.tile) == pytest.approx(len(at), rel=0.05)
    assert found.found[:, 1].mean() < 0.8 < found.found[:, 0].mean()
    assert found.kind.count("kept") == np.count_nonzero(found.found.all(axis=1))
    assert found.at_px[:, 1] - found.at_px[:, 0] == pytest.approx(np.tile(shift, (len(found.tile), 1)))
    before, after = found.forced_pct().mean(axis=0)
    assert after / before == pytest.approx(3.5 / 24, abs=0.02)
