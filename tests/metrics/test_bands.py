"""Band energies against tones, fields and noise of known spectrum."""

from __future__ import annotations

import math

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import ndimage

from skintexture.metrics import bands
from skintexture.model import Patch

PX_PER_MM = 12.0
EDGES_MM = (0.25, 0.5, 1.0, 2.0, 4.0)
PARAMS = bands.BandsParams(version=1, edges_mm=EDGES_MM)


def make_patch(signal, mask=None, **noise):
    signal = np.asarray(signal, np.float32)
    mask = np.ones(signal.shape, bool) if mask is None else mask
    return Patch(signal, mask, PX_PER_MM, np.ones_like(signal), **noise)


def ragged_mask(side_px, share, seed=3):
    """A blotchy zone with holes, covering about this share of the square."""
    rng = np.random.default_rng(seed)
    blotches = ndimage.gaussian_filter(rng.normal(size=(side_px, side_px)), 25)
    holes = ndimage.gaussian_filter(rng.normal(size=(side_px, side_px)), 2)
    return (blotches > np.quantile(blotches, 1 - share)) & (holes < np.quantile(holes, 0.95))


def tone(side_px, wavelength_mm, angle_deg, amplitude=1.0):
    y, x = np.mgrid[:side_px, :side_px] / PX_PER_MM
    along = x * math.cos(math.radians(angle_deg)) + y * math.sin(math.radians(angle_deg))
    return amplitude * np.cos(2 * np.pi * along / wavelength_mm + 0.7)


def skin_like_field(side_px, seed, stretch=1.0):
    """Random texture with power falling as 1 / frequency², in a period twice the side; stretched along x."""
    rng = np.random.default_rng(seed)
    frequency = np.fft.fftfreq(2 * side_px, 1 / PX_PER_MM)
    radius = np.hypot(frequency[:, None], stretch * frequency)
    amplitude = np.exp(-2 * (np.pi * 0.05 * radius) ** 2) / np.maximum(radius, 0.2)
    field = np.fft.ifft2(np.fft.fft2(rng.normal(size=radius.shape)) * amplitude).real
    return field[:side_px, :side_px] / field.std()


@pytest.fixture(scope="module")
def zone_300_mm2():
    mask = ragged_mask(360, 0.36)
    assert 280 < make_patch(mask, mask).area_mm2 < 330
    return mask


@pytest.mark.parametrize("angle_deg", [0, 30, 45, 77, 90])
@pytest.mark.parametrize("band", range(4))
def test_a_tone_lands_in_its_band_whatever_its_direction(zone_300_mm2, band, angle_deg):
    wavelength_mm = math.sqrt(EDGES_MM[band] * EDGES_MM[band + 1])
    signal = tone(360, wavelength_mm, angle_deg, amplitude=3.0)
    split = bands.split_energy(make_patch(signal, zone_300_mm2), EDGES_MM)
    assert split.texture_pct2[1 + band] / split.total_pct2 > 0.97
    assert split.texture_pct2[1 + band] == pytest.approx(4.5, rel=0.05)


@pytest.mark.parametrize(("wavelength_mm", "part"), [(0.18, 0), (6.0, -1)])
def test_what_is_finer_or_coarser_than_all_bands_is_in_none(wavelength_mm, part):
    split = bands.split_energy(make_patch(tone(400, wavelength_mm, 20)), EDGES_MM)
    assert split.texture_pct2[part] / split.total_pct2 > 0.95


@pytest.mark.parametrize("noise", [{}, {"noise_pct": 0.3, "noise_px_per_mm": 20.0, "noise_blur_mm": 0.04}])
def test_all_parts_sum_to_the_variance(zone_300_mm2, noise):
    signal = skin_like_field(360, 1)
    split = bands.split_energy(make_patch(signal, zone_300_mm2, **noise), EDGES_MM)
    whole = split.texture_pct2.sum() + split.noise_pct2.sum()
    assert whole == pytest.approx(signal[zone_300_mm2].var(), rel=1e-5)


def test_energies_are_the_split_and_fractions_its_shares(zone_300_mm2):
    patch = make_patch(skin_like_field(360, 1), zone_300_mm2)
    values = bands.measure(patch, PARAMS)
    split = bands.split_energy(patch, EDGES_MM)
    for index, between in enumerate(["0.25_0.5mm", "0.5_1mm", "1_2mm", "2_4mm"]):
        energy = values[f"band_energy_{between}"]
        assert energy == split.texture_pct2[1 + index]
        assert values[f"band_rms_{between}"] == math.sqrt(energy)
        assert values[f"band_fraction_{between}"] == energy / split.total_pct2


def test_the_outline_of_the_zone_does_not_matter():
    strip = np.abs(np.arange(360)[:, None] - np.arange(360)) < 50
    masks = [ragged_mask(360, 0.5), strip, np.ones((360, 360), bool)]
    fields = [skin_like_field(360, seed) for seed in range(20)]
    ragged, diagonal, whole = (
        np.array([bands.split_energy(make_patch(field, mask), EDGES_MM[:4]).texture_pct2[1:-1] for field in fields])
        for mask in masks
    )
    for zone in (ragged, diagonal):
        ratio = zone / whole.mean(axis=0)
        chance = ratio.std(axis=0) / math.sqrt(20)  # other skin is other skin
        assert np.all(chance < 0.02)
        assert np.all(np.abs(ratio.mean(axis=0) - 1.0) < 0.01 + 2.5 * chance)


def test_turning_lines_by_an_odd_angle_does_not_matter():
    energies = [bands.split_energy(make_patch(tone(400, 0.6, angle)), EDGES_MM).texture_pct2[2] for angle in (0, 27)]
    assert energies[0] == pytest.approx(energies[1], rel=0.005)


@pytest.mark.parametrize(("finer", "blur_mm"), [(1, 0.0), (2, 0.03), (2, 0.05), (3, 0.04)])
def test_noise_of_the_photo_is_foretold_on_the_grid(finer, blur_mm):
    side_px, photo_px_per_mm = 400, finer * PX_PER_MM
    noise = np.random.default_rng(4).normal(0.0, 2.0, (finer * side_px, finer * side_px))
    frequency = np.fft.fftfreq(finer * side_px, 1 / photo_px_per_mm)
    transfer = np.exp(-2 * (np.pi * blur_mm * frequency) ** 2)
    blurred = np.fft.ifft2(np.fft.fft2(noise) * np.outer(transfer, transfer)).real
    patch = make_patch(blurred[::finer, ::finer], noise_pct=2.0, noise_px_per_mm=photo_px_per_mm, noise_blur_mm=blur_mm)
    split = bands.split_energy(patch, EDGES_MM)
    left_over = split.texture_pct2 / split.noise_pct2
    assert np.all(np.abs(left_over[:4]) < [0.02, 0.02, 0.03, 0.07])


def test_white_noise_on_its_own_grid_keeps_its_variance():
    patch = make_patch(np.zeros((300, 300)), noise_pct=3.0, noise_px_per_mm=PX_PER_MM)
    assert bands.split_energy(patch, EDGES_MM).noise_pct2.sum() == pytest.approx(9.0, rel=1e-6)


def test_taking_the_noise_off_restores_the_clean_energy(zone_300_mm2):
    clean = skin_like_field(360, 2)
    noisy = clean + np.random.default_rng(5).normal(0.0, 0.5, clean.shape)
    known = {"noise_pct": 0.5, "noise_px_per_mm": PX_PER_MM}
    truth, naive, corrected = (
        bands.measure(patch, PARAMS)["band_energy_0.25_0.5mm"]
        for patch in (
            make_patch(clean, zone_300_mm2),
            make_patch(noisy, zone_300_mm2),
            make_patch(noisy, zone_300_mm2, **known),
        )
    )
    assert naive / truth > 1.5
    assert corrected == pytest.approx(truth, rel=0.05)


def test_energy_grows_with_relief_squared_and_ignores_the_mean(zone_300_mm2):
    field = skin_like_field(360, 6)
    once, twice = (
        bands.split_energy(make_patch(signal, zone_300_mm2), EDGES_MM).texture_pct2 for signal in (field, 7 + 2 * field)
    )
    np.testing.assert_allclose(twice, 4 * once, rtol=1e-3)


def missing_bands(patch, params=PARAMS):
    values = bands.measure(patch, params)
    prefix = "band_energy_"
    return [
        name.removeprefix(prefix) for name, value in values.items() if name.startswith(prefix) and math.isnan(value)
    ]


def test_a_band_finer_than_the_grid_is_missing_and_its_neighbour_is_not():
    params = bands.BandsParams(version=1, edges_mm=(0.1, 0.25, 0.5))
    assert missing_bands(make_patch(tone(200, 0.35, 0)), params) == ["0.1_0.25mm"]


@pytest.mark.parametrize(
    ("width_mm", "missing"),
    [(6, []), (3, ["2_4mm"]), (1.5, ["1_2mm", "2_4mm"]), (1 / PX_PER_MM, ["0.25_0.5mm", "0.5_1mm", "1_2mm", "2_4mm"])],
)
def test_a_band_too_coarse_for_a_narrow_zone_is_missing(width_mm, missing):
    mask = np.zeros((400, 400), bool)
    mask[150 : 150 + round(width_mm * PX_PER_MM)] = True
    assert missing_bands(make_patch(skin_like_field(400, 7), mask)) == missing


def test_a_constant_signal_has_no_energy_and_no_fractions():
    values = bands.measure(make_patch(np.full((300, 300), 0.1)), PARAMS)
    for name, value in values.items():
        assert math.isnan(value) if "fraction" in name else value == 0.0


def test_more_noise_than_signal_gives_zero_and_no_fractions():
    patch = make_patch(tone(300, 0.35, 0), noise_pct=9.0, noise_px_per_mm=PX_PER_MM)
    values = bands.measure(patch, PARAMS)
    assert values["band_energy_0.5_1mm"] == 0.0
    assert math.isnan(values["band_fraction_0.5_1mm"])


@pytest.mark.parametrize("edges_mm", [(0.5,), (0.5, 0.25), (0.5, 0.5, 1.0), (0.0, 1.0)])
def test_edges_that_make_no_bands_are_refused(edges_mm):
    with pytest.raises(ValidationError):
        bands.BandsParams(version=1, edges_mm=edges_mm)
