"""Areal parameters against surfaces whose parameters follow from a formula."""

from __future__ import annotations

import math
from dataclasses import asdict

import numpy as np
import pytest
from pydantic import ValidationError
from scipy import ndimage

from skintexture.metrics import roughness
from skintexture.model import Patch

PX_PER_MM = 12.0
PARAMS = roughness.RoughnessParams(version=1, s_filter_mm=0.25, l_filter_mm=4.0)


def coordinates_mm(side_px):
    return np.mgrid[:side_px, :side_px] / PX_PER_MM


def waves(side_px, wavelength_mm, angle_deg, amplitude=0.05):
    y, x = coordinates_mm(side_px)
    along = x * math.cos(math.radians(angle_deg)) + y * math.sin(math.radians(angle_deg))
    return (amplitude * np.sin(2 * np.pi * along / wavelength_mm)).astype(np.float32)


def gaussian_surface(side_px, sigma_px, seed=0):
    """Random surface of standard deviation 1; its autocorrelation is a Gaussian of σ √2 as wide."""
    noise = np.random.default_rng(seed).normal(size=(side_px, side_px))
    surface = ndimage.gaussian_filter(noise, sigma_px, mode="wrap")
    return (surface / surface.std()).astype(np.float32)


@pytest.fixture(scope="module")
def ragged():
    rng = np.random.default_rng(8)
    blotches = ndimage.gaussian_filter(rng.normal(size=(480, 480)), 25)
    holes = ndimage.gaussian_filter(rng.normal(size=(480, 480)), 2)
    return (blotches > 0) & (holes < np.quantile(holes, 0.95))


@pytest.fixture(params=["whole", "ragged"])
def mask(request, ragged):
    return ragged if request.param == "ragged" else np.ones_like(ragged)


def parameters(surface, mask, **changes):
    return roughness.areal_parameters(surface, mask, PX_PER_MM, **({"lag_limit_mm": 8.0} | changes))


def measure(signal, mask=None, params=PARAMS, px_per_mm=PX_PER_MM):
    mask = np.ones(signal.shape, bool) if mask is None else mask
    return roughness.measure(Patch(signal, mask, px_per_mm, np.ones_like(signal)), params)


# Not along the grid: there, a wave of 12 pixels would be sampled at the same 12 heights over and over.
@pytest.mark.parametrize("angle_deg", [15, 30, 70])
def test_waves_have_the_parameters_of_a_sine(mask, angle_deg):
    found = parameters(waves(480, 1.0, angle_deg), mask)
    expected = {"sa": 0.031831, "sq": 0.0353553, "sku": 1.5, "sp": 0.05, "sv": 0.05, "sz": 0.1, "sdq": 0.2221441}
    for name, value in expected.items():
        assert getattr(found, name) == pytest.approx(value, rel=0.01), name
    assert found.ssk == pytest.approx(0.0, abs=0.01)
    assert found.sal == pytest.approx(math.acos(0.2) / (2 * math.pi), rel=0.01)
    assert math.isnan(found.str)  # along its crests a wave never decays


def test_waves_along_the_grid_keep_their_slope():
    surface = waves(480, 1.0, 0)
    assert parameters(surface, np.ones(surface.shape, bool)).sdq == pytest.approx(0.2221441, rel=0.001)


def test_a_gaussian_surface_has_gaussian_heights(mask):
    found = parameters(gaussian_surface(480, 2.0), mask)
    assert found.sa == pytest.approx(found.sq * math.sqrt(2 / math.pi), rel=0.01)
    assert found.ssk == pytest.approx(0.0, abs=0.05)
    assert found.sku == pytest.approx(3.0, abs=0.1)
    # Slope variance along each axis is 1 / (2 σ²) for a Gaussian spectrum.
    assert found.sdq == pytest.approx(PX_PER_MM / 2.0, rel=0.02)


def test_a_gaussian_surface_decays_over_its_own_width(mask):
    found = parameters(gaussian_surface(480, 3.0), mask)
    assert found.sal == pytest.approx(2 * 3.0 * math.sqrt(math.log(5)) / PX_PER_MM, rel=0.06)
    assert 0.85 < found.str <= 1.0


@pytest.mark.parametrize("angle_deg", [0, 90])
def test_a_stretched_surface_has_the_aspect_ratio_of_its_stretch(mask, angle_deg):
    widths_px = (2.0, 6.0) if angle_deg == 0 else (6.0, 2.0)
    assert parameters(gaussian_surface(480, widths_px), mask).str == pytest.approx(1 / 3, rel=0.1)


def test_crossed_waves_have_the_parameters_of_their_formula(mask):
    surface = (waves(480, 1.0, 20) + waves(480, 1.0, 110)) / 2
    found = parameters(surface, mask)
    # One wave's moments are A²/2 and 3 A⁴/8 at A = 0.025; the sum of two independent ones has kurtosis 2.25.
    assert found.sq == pytest.approx(0.025, rel=0.01)
    assert found.sku == pytest.approx(2.25, rel=0.01)
    assert found.sdq == pytest.approx(0.2221441 / math.sqrt(2), rel=0.01)
    # The autocorrelation, (cos kx + cos ky) / 2, falls to 0.2 soonest along a diagonal and last along an axis.
    shortest, longest = math.sqrt(2) * math.acos(0.2) / (2 * math.pi), math.acos(-0.6) / (2 * math.pi)
    assert found.sal == pytest.approx(shortest, rel=0.01)
    assert found.str == pytest.approx(shortest / longest, rel=0.01)


def test_sz_is_the_span_from_deepest_pit_to_highest_peak(ragged):
    surface = np.zeros(ragged.shape, np.float32)
    inside, outside = np.argwhere(ragged)[[100, 5000]], np.argwhere(~ragged)[0]
    surface[tuple(inside[0])], surface[tuple(inside[1])], surface[tuple(outside)] = 5.0, -3.0, 99.0
    found = parameters(surface, ragged)
    assert found.sz == pytest.approx(8.0)
    assert (found.sp, found.sv) == pytest.approx((5.0, 3.0), abs=1e-3)


@pytest.mark.parametrize("angle_deg", [0, 30])
@pytest.mark.parametrize(
    ("params", "wavelength_mm"),
    [
        (roughness.RoughnessParams(version=1, s_filter_mm=1.0, l_filter_mm=20.0), 1.0),
        (roughness.RoughnessParams(version=1, s_filter_mm=0.2, l_filter_mm=1.0), 1.0),
    ],
    ids=["S", "L"],
)
def test_each_filter_passes_half_at_its_nesting_index(params, wavelength_mm, angle_deg):
    signal = waves(480, wavelength_mm, angle_deg, amplitude=2.0)
    passed_by_the_other = 1 - 2 ** -((20.0 / 1.0) ** 2) if params.s_filter_mm == 1.0 else 2 ** -(0.2**2)
    half = measure(signal, params=params)["roughness_sq"] / math.sqrt(2)
    assert half == pytest.approx(0.5 * passed_by_the_other, rel=0.015)


def test_a_ragged_zone_reads_as_the_whole(ragged):
    signal = waves(480, 1.0, 25, amplitude=3.0)
    whole, zone = measure(signal), measure(signal, ragged)
    for name in ("sa", "sq", "sku", "sdq", "sal"):
        assert zone[f"roughness_{name}"] == pytest.approx(whole[f"roughness_{name}"], rel=0.015), name


def test_slow_shading_is_filtered_off():
    y, x = coordinates_mm(480)
    texture = waves(480, 0.7, 25, amplitude=1.0)
    shaded = texture + (0.2 * x + 3.0 * np.cos(2 * np.pi * y / 30.0)).astype(np.float32)
    assert measure(shaded)["roughness_sq"] == pytest.approx(measure(texture)["roughness_sq"], rel=0.02)


def test_a_flat_surface_has_no_shape():
    found = measure(np.full((60, 60), 0.1, np.float32))
    flat = {name for name, value in found.items() if value == 0.0}
    undefined = {name for name, value in found.items() if math.isnan(value)}
    assert flat == {f"roughness_{name}" for name in ("sa", "sq", "sp", "sv", "sz", "sdq")}
    assert undefined == {f"roughness_{name}" for name in ("ssk", "sku", "sal", "str")}


def test_slope_needs_three_neighbours_on_every_side():
    thin = np.zeros((60, 60), bool)
    thin[20:26] = True
    surface = gaussian_surface(60, 2.0)
    assert math.isnan(parameters(surface, thin).sdq)
    thin[26] = True
    assert parameters(surface, thin).sdq > 0


def test_slope_never_reaches_over_the_outline(ragged):
    surface = waves(480, 1.0, 25)
    spoiled = np.where(ragged, surface, np.float32(1e3))
    assert parameters(spoiled, ragged).sdq == parameters(surface, ragged).sdq


def test_a_direction_too_narrow_to_decay_leaves_the_aspect_open():
    strip = np.zeros((480, 480), bool)
    strip[200:212] = True
    found = parameters(gaussian_surface(480, 8.0), strip)
    assert found.sal > 0
    assert math.isnan(found.str)


def test_a_single_pixel_has_no_texture():
    mask = np.zeros((30, 30), bool)
    mask[4, 7] = True
    found = asdict(parameters(gaussian_surface(30, 1.0), mask))
    assert {name for name, value in found.items() if value == 0.0} == {"sa", "sq", "sp", "sv", "sz"}
    assert all(math.isnan(found[name]) for name in ("ssk", "sku", "sdq", "sal", "str"))


@pytest.mark.parametrize(("mask", "px_per_mm"), [(np.zeros((60, 60), bool), PX_PER_MM), (np.ones((60, 60), bool), 7.9)])
def test_no_mask_or_a_grid_too_coarse_for_the_filter_gives_nan(mask, px_per_mm):
    assert all(math.isnan(value) for value in measure(gaussian_surface(60, 2.0), mask, px_per_mm=px_per_mm).values())


def test_filters_in_the_wrong_order_are_refused():
    with pytest.raises(ValidationError):
        roughness.RoughnessParams(version=1, s_filter_mm=4.0, l_filter_mm=0.25)
