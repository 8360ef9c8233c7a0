"""Phantom skin: the truth that it states is the truth that it shows."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from skintexture.model import FloatImage
from skintexture.phantoms.patches import SkinSpec, skin_patch

BARE = SkinSpec(
    seed=1,
    side_mm=10.0,
    pores_per_cm2=0.0,
    furrow_pct=0.0,
    relief_pct=0.0,
    shading_pct_per_mm=0.0,
    noise_pct=0.0,
)
"""Skin with nothing on it."""


def signal_of(spec: SkinSpec) -> FloatImage:
    return skin_patch(spec).patch.signal


def test_the_same_seed_gives_the_same_bytes_and_another_seed_other_ones() -> None:
    spec = SkinSpec(seed=7, side_mm=8.0, hairs=1, stubble=2, moles=1, freckles=1, glints=3)
    first, again, other = skin_patch(spec), skin_patch(spec), skin_patch(replace(spec, seed=8))
    assert first.patch.signal.tobytes() == again.patch.signal.tobytes()
    assert first.pores == again.pores
    assert first.pores != other.pores
    assert first.patch.signal.tobytes() != other.patch.signal.tobytes()


def test_bare_skin_is_flat() -> None:
    assert np.abs(signal_of(BARE)).max() < 1e-3


@pytest.mark.parametrize("slant_deg", [0.0, 45.0])
def test_the_darkest_pixel_of_a_pore_is_where_the_truth_says(slant_deg: float) -> None:
    made = skin_patch(replace(BARE, pores_per_cm2=20.0, diameter_mm=(0.3, 0.5), slant_deg=slant_deg))
    signal = made.patch.signal
    judged = 0
    for pore in made.pores:
        y, x = round(pore.y_px), round(pore.x_px)
        if not (4 <= y < signal.shape[0] - 4 and 4 <= x < signal.shape[1] - 4):
            continue
        around = signal[y - 4 : y + 5, x - 4 : x + 5]
        darkest = np.unravel_index(np.argmin(around), around.shape)
        assert math.dist(darkest, (4 + pore.y_px - y, 4 + pore.x_px - x)) < 1.0
        judged += 1
    assert judged > 10


def test_a_pore_is_as_deep_as_the_truth_says_once_blurred() -> None:
    contrast, diameter = 20.0, 0.5
    made = skin_patch(
        replace(BARE, pores_per_cm2=4.0, diameter_mm=(diameter,) * 2, contrast_pct=(contrast,) * 2, max_elongation=1.0)
    )
    variance = (diameter / 2.3548) ** 2
    expected = contrast * variance / (variance + BARE.grid_blur_mm**2)
    assert -made.patch.signal.min() == pytest.approx(expected, rel=0.06)


def test_density_is_per_area_of_skin_so_that_a_slant_shows_more_of_it() -> None:
    flat = skin_patch(replace(BARE, pores_per_cm2=30.0))
    slanted = skin_patch(replace(BARE, pores_per_cm2=30.0, slant_deg=60.0))
    assert len(flat.pores) == 30
    assert len(slanted.pores) == 60
    assert slanted.patch.area_mm2 == pytest.approx(2 * flat.patch.area_mm2, rel=1e-3)


def test_pores_keep_their_distance() -> None:
    made = skin_patch(replace(BARE, pores_per_cm2=80.0, spacing_mm=0.7))
    places = np.array([(pore.y_px, pore.x_px) for pore in made.pores]) / 12.0
    apart = np.linalg.norm(places[:, None] - places[None, :], axis=-1)
    np.fill_diagonal(apart, np.inf)
    assert apart.min() >= 0.7


def test_noise_is_the_noise_that_the_patch_states() -> None:
    """White noise of a photo pixel, blurred by σ px, keeps 1 / (4 π σ²) of its variance."""
    spec = replace(BARE, side_mm=30.0, noise_pct=2.0, tone=0.1, focus_mm=0.0, grid_blur_mm=0.1)
    patch = skin_patch(spec).patch
    assert patch.noise_pct == pytest.approx(2.0 * math.sqrt(5.0))
    expected = patch.noise_pct / (2.0 * math.sqrt(math.pi) * patch.noise_blur_mm * patch.noise_px_per_mm)
    assert float(patch.signal.std()) == pytest.approx(expected, rel=0.05)


def test_tone_and_exposure_cancel_in_the_signal() -> None:
    spec = replace(BARE, pores_per_cm2=40.0, furrow_pct=4.0)
    assert np.allclose(signal_of(replace(spec, tone=0.5)), signal_of(replace(spec, tone=0.05)), atol=1e-3)


@pytest.mark.parametrize("kind", ["hairs", "stubble", "moles", "freckles"])
def test_distractors_are_dark(kind: str) -> None:
    assert signal_of(replace(BARE, **{kind: 3})).min() < -4.0


def test_strong_glints_are_bright_and_masked() -> None:
    made = skin_patch(replace(BARE, glints=20, tone=0.1))
    assert 0.5 < made.patch.mask.mean() < 1.0
    assert not made.patch.signal[~made.patch.mask].any()


def test_furrows_are_dark_lines_and_relief_has_the_strength_asked_for() -> None:
    furrows = signal_of(replace(BARE, furrow_pct=6.0))
    assert furrows.min() < -2.0
    assert furrows.std() < 2.0
    assert float(signal_of(replace(BARE, relief_pct=2.0)).std()) == pytest.approx(2.0, rel=0.25)


def test_too_many_pores_are_refused() -> None:
    with pytest.raises(ValueError, match="pores fit"):
        skin_patch(replace(BARE, pores_per_cm2=500.0))


def test_a_camera_softer_than_the_grid_is_refused() -> None:
    with pytest.raises(ValueError, match="softer"):
        skin_patch(replace(BARE, focus_mm=0.06))


@pytest.mark.parametrize("kind", ["fine_lines", "vellus", "comedones"])
def test_what_is_added_is_listed_and_seen_and_moves_no_pore(kind: str) -> None:
    spec = replace(BARE, pores_per_cm2=20.0)
    plain, more = skin_patch(spec), skin_patch(replace(spec, **{kind: 6}))
    assert more.pores == plain.pores
    assert len(more.marks) == 6
    change = more.patch.signal - plain.patch.signal
    for mark in more.marks:
        y, x = round(mark.y_px), round(mark.x_px)
        if 2 <= y < change.shape[0] - 2 and 2 <= x < change.shape[1] - 2:
            around = change[y - 2 : y + 3, x - 2 : x + 3]
            strongest = around.flat[np.abs(around).argmax()]
            assert np.sign(strongest) == np.sign(mark.contrast_pct)
            assert abs(strongest) > 0.5


def test_every_mark_is_listed_with_its_kind() -> None:
    made = skin_patch(replace(BARE, hairs=1, stubble=2, moles=3, freckles=4, glints=5))
    kinds = [mark.kind for mark in made.marks]
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "hair": 1,
        "stubble": 2,
        "mole": 3,
        "freckle": 4,
        "glint": 5,
    }


@pytest.mark.parametrize("band_mm", [(0.5, 1.0), (1.0, 2.0)])
def test_band_relief_has_the_roughness_and_the_spectrum_asked_for(band_mm: tuple[float, float]) -> None:
    spec = replace(BARE, side_mm=20.0, band_relief_pct=3.0, band_mm=band_mm, local_mean_mm=1e3, focus_mm=0.0)
    made = skin_patch(spec)
    assert made.band_relief is not None
    assert made.band_relief.sq_pct == pytest.approx(3.0)
    assert made.band_relief.sa_pct == pytest.approx(3.0 * math.sqrt(2 / math.pi), rel=0.03)  # as of a Gaussian surface
    signal = made.patch.signal
    power = np.abs(np.fft.fft2(signal - signal.mean())) ** 2
    along = np.fft.fftfreq(signal.shape[0], 1 / spec.grid_px_per_mm)
    wavelength_mm = 1 / np.maximum(np.hypot(along[:, None], along[None, :]), 1e-9)
    within = (wavelength_mm > 0.93 * band_mm[0]) & (wavelength_mm < 1.08 * band_mm[1])
    assert power[within].sum() > 0.98 * power.sum()


def test_band_relief_outside_what_the_patch_can_show_is_refused() -> None:
    with pytest.raises(ValueError, match="no frequency"):
        skin_patch(replace(BARE, band_relief_pct=1.0, band_mm=(40.0, 50.0)))
