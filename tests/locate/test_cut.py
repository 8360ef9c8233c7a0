"""What the metrics see: one grid, one blur, contrast in percent, from whatever photo."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from known_head import photo_of
from skintexture.locate.cut import PAIRED_CHROMA_QUALITY, CutRules, cut, measurable_channels
from skintexture.locate.quality import Quality
from skintexture.locate.scene import Scene
from skintexture.locate.skin import flat_skin
from skintexture.locate.surface import flat_surface
from skintexture.model import Scale, Zone
from skintexture.recipe import load_recipe

GRID = load_recipe("standard").grid
SIDE_MM = 30.0


def _wave(px_per_mm: float, wavelength_mm: float, contrast_pct: float) -> np.ndarray:
    """A wave on grey skin as a camera with square pixels and a little blur (0.5 px in all) sees it."""
    fine = 8
    n = round(SIDE_MM * px_per_mm)
    x = (np.arange(n * fine) + 0.5) / fine / px_per_mm
    row = 0.3 * np.exp(contrast_pct / 100 * np.sin(2 * np.pi * x / wavelength_mm))
    row = cv2.GaussianBlur(row[None, :], (0, 0), fine * np.sqrt(0.5**2 - 1 / 12)).reshape(n, fine).mean(axis=1)
    return np.broadcast_to(row[None, :, None], (n, n, 3)).astype(np.float32)


def _cut(rgb, px_per_mm, margin_mm=0.0, **photo):
    pixels = rgb.shape[0]
    inset = 3 * px_per_mm
    outline = np.array(
        [[inset, inset], [inset, pixels - inset], [pixels - inset, pixels - inset], [pixels - inset, inset]]
    )
    skin, surface = flat_skin(np.ones(rgb.shape[:2], bool)), flat_surface(rgb.shape[:2])
    scene = Scene(photo_of(rgb, **photo), Scale(px_per_mm, "given", 0.0, np.inf, "flat"), surface, skin, Quality(0.5))
    zone = Zone("patch", outline, px_per_mm, 0.0, 1.0, 1.0, ())
    return cut(scene, zone, CutRules(GRID, 60.0, margin_mm))


@pytest.mark.parametrize("px_per_mm", [12.0, 14.0, 17.3, 20.0, 28.0])
@pytest.mark.parametrize("wavelength_mm", [0.3, 0.7])
def test_every_photo_of_a_wave_gives_the_same_contrast(px_per_mm, wavelength_mm):
    patch = _cut(_wave(px_per_mm, wavelength_mm, 5.0), px_per_mm).patches["luminance"]
    inner = patch.signal[40:-40, 40:-40]
    transfer = np.exp(-2 * (np.pi * GRID.blur_mm / wavelength_mm) ** 2)
    assert np.sqrt(2) * inner.std() == pytest.approx(5.0 * transfer, rel=0.02)


def test_the_grid_is_the_recipes(frontal_head):
    patch = _cut(_wave(14.0, 1.0, 5.0), 14.0).patches["luminance"]
    assert patch.px_per_mm == GRID.px_per_mm
    assert patch.area_mm2 == pytest.approx((SIDE_MM - 6) ** 2, rel=0.01)


def test_exposure_and_slow_shading_cancel():
    rgb = _wave(14.0, 0.7, 5.0)
    slope = np.exp(np.linspace(-0.3, 0.3, rgb.shape[0]))[:, None, None].astype(np.float32)
    plain, shaded = (_cut(x, 14.0).patches["luminance"].signal[60:-60, 60:-60] for x in (rgb, 0.4 * rgb * slope))
    np.testing.assert_allclose(plain, shaded, atol=0.15)


def test_white_shine_cancels_in_red_minus_blue_only():
    rgb = _wave(14.0, 0.7, 0.0) * np.array([1.3, 1.0, 0.7], np.float32)
    glint = _wave(14.0, 0.7, 10.0)
    ratio = rgb * glint / glint.mean()
    patches = _cut(ratio, 14.0).patches
    assert patches["red_minus_blue"].signal[60:-60, 60:-60].std() < 0.02
    assert patches["luminance"].signal[60:-60, 60:-60].std() > 3


def test_the_wide_mask_reaches_beyond_the_outline_by_the_margin():
    cutting = _cut(_wave(14.0, 0.7, 5.0), 14.0, margin_mm=0.5)
    rows = cutting.wide.mask.any(axis=1).sum() - cutting.patches["luminance"].mask.any(axis=1).sum()
    assert rows == pytest.approx(2 * 0.5 * GRID.px_per_mm, abs=2)
    assert (cutting.patches["luminance"].mask <= cutting.wide.mask).all()
    np.testing.assert_array_equal(cutting.wide.mask & cutting.wide.counted, cutting.patches["luminance"].mask)


def test_what_other_zones_hold_is_left_out_but_for_a_margin():
    cutting = _cut(_wave(14.0, 0.7, 5.0), 14.0)
    middle = np.array([[150.0, 150.0], [150.0, 250.0], [250.0, 250.0], [250.0, 150.0]])
    between = cutting.wide_without((middle,), margin_px=6.0)
    lost = cutting.wide.mask.sum() - between.mask.sum()
    assert lost == pytest.approx((100 / cutting.step_px - 12) ** 2, rel=0.05)
    held = cutting.wide.counted.sum() - between.counted.sum()
    assert held == pytest.approx((100 / cutting.step_px) ** 2, rel=0.05)


def test_clipped_pixels_leave_the_mask():
    rgb = _wave(14.0, 0.7, 5.0)
    clipped = np.zeros(rgb.shape[:2], bool)
    clipped[200:210, 200:210] = True
    with_hole = _cut(rgb, 14.0, clipped=clipped).patches["luminance"]
    whole = _cut(rgb, 14.0).patches["luminance"]
    lost_mm2 = whole.area_mm2 - with_hole.area_mm2
    # The blur carries clipped light some pixels farther; that is left out too.
    assert (12 / 14) ** 2 <= lost_mm2 <= (18 / 14) ** 2


def test_noise_is_measured_in_the_photos_own_pixels():
    rng = np.random.default_rng(0)
    rgb = _wave(14.0, 2.0, 0.0) * (1 + 0.02 * rng.standard_normal((420, 420, 1))).astype(np.float32)
    patch = _cut(rgb, 14.0).patches["luminance"]
    assert patch.noise_pct == pytest.approx(2.0, rel=0.08)
    assert patch.noise_px_per_mm == 14.0


@pytest.mark.parametrize(
    ("photo", "missing"),
    [
        ({}, {}),
        ({"chroma_quality": 0.0}, {"red_minus_blue": ("subsampled_colour",)}),
        ({"chroma_quality": 89.0}, {"red_minus_blue": ("subsampled_colour",)}),
        ({"has_colour": False}, {"red": ("no_colour",), "red_minus_blue": ("no_colour",)}),
    ],
)
def test_channels_that_the_file_ruins_are_not_measured(photo, missing):
    rgb = np.full((80, 80, 3), 0.3)
    found = measurable_channels(photo_of(rgb, **photo), GRID.channels)
    assert {name: why for name, why in found.items() if why} == missing


def test_colour_may_be_stored_a_little_worse_where_photos_are_compared():
    photo = photo_of(np.full((80, 80, 3), 0.3), chroma_quality=88.0)
    assert measurable_channels(photo, GRID.channels, PAIRED_CHROMA_QUALITY)["red_minus_blue"] == ()
