"""Light, shine and evenness of colour, from stations whose light is made up."""

from __future__ import annotations

import math

import numpy as np
import pytest

from skintexture.locate.anatomy import ZONE_NAMES
from skintexture.locate.lighting import MATT_ZONES, angle_between_deg, fit_light, light_between
from skintexture.locate.stations import SkinLight, stations

ALBEDO = np.array([0.45, 0.28, 0.20])
MATT = stations().in_zone[:, [ZONE_NAMES.index(zone) for zone in MATT_ZONES]].any(axis=1)


def _direction(azimuth_deg: float, elevation_deg: float) -> np.ndarray:
    azimuth, elevation = math.radians(azimuth_deg), math.radians(elevation_deg)
    return np.array(
        [math.cos(elevation) * math.sin(azimuth), math.sin(elevation), math.cos(elevation) * math.cos(azimuth)]
    )


def _seen(azimuth=-20.0, elevation=15.0, white=0.0, uneven=1.0, gains=(1.0, 1.0, 1.0), exposure=1.0) -> SkinLight:
    """Uneven skin under one distant light and light from all around; ``white`` is shine."""
    normals = stations().normals
    light = 0.5 + 0.5 * normals @ _direction(azimuth, elevation)
    blotches = uneven * 0.04 * np.random.default_rng(0).standard_normal((len(normals), 1))
    rgb = light[:, None] * ALBEDO * np.exp(blotches * np.array([1.0, 0.0, -0.5]))
    rgb += white * np.where(MATT, 0.0, 1.0)[:, None]
    rgb *= exposure * np.array(gains)
    zero = np.zeros(len(normals))
    return SkinLight(rgb, rgb, zero)


@pytest.mark.parametrize(("azimuth", "elevation"), [(0.0, 0.0), (-35.0, 20.0), (40.0, 45.0)])
def test_the_direction_of_light_is_found(azimuth, elevation):
    found = fit_light(_seen(azimuth, elevation, uneven=0.0))
    assert (found.azimuth_deg, found.elevation_deg) == pytest.approx((azimuth, elevation), abs=1.0)
    assert found.directed_share == pytest.approx(0.5, abs=0.02)


def test_angle_between_lights():
    lights = fit_light(_seen(-30.0, 0.0)), fit_light(_seen(10.0, 0.0))
    assert angle_between_deg(*lights) == pytest.approx(40.0, abs=2.0)


def test_the_same_face_has_no_mismatch_whatever_the_exposure():
    found = light_between(_seen(), _seen(exposure=1.5))
    assert found.exposure_pct == pytest.approx(100 * math.log(1.5))
    for part in (found.shading_pct, found.shine_pct, *found.colour_pct, found.evenness_pct):
        assert part == pytest.approx(0, abs=1e-3)


def test_shading_grows_with_the_angle_that_light_moves_by():
    moved = [light_between(_seen(), _seen(-20.0 + angle)).shading_pct for angle in (5, 15, 40)]
    assert moved == sorted(moved)
    assert moved[2] > 4 * moved[0]


def test_white_shine_is_told_from_white_balance():
    shiny = light_between(_seen(), _seen(white=0.01))
    tinted = light_between(_seen(), _seen(gains=(1.1, 1.0, 0.85)))
    assert shiny.shine_pct < -1.5
    assert abs(tinted.shine_pct) < 0.5
    assert tinted.colour_pct == pytest.approx((100 * math.log(1.1), 100 * math.log(0.85)), abs=0.1)


def test_make_up_evens_the_colour_and_white_balance_does_not():
    powdered = light_between(_seen(), _seen(uneven=0.6))
    assert powdered.evenness_pct == pytest.approx(100 * math.log(0.6), abs=2)
    tinted = light_between(_seen(), _seen(gains=(1.1, 1.0, 0.85)))
    assert tinted.evenness_pct == pytest.approx(0, abs=1e-3)


def test_too_little_skin_says_nothing():
    hidden = _seen()
    hidden.rgb[20:] = np.nan
    assert light_between(_seen(), hidden) is None
    assert math.isnan(fit_light(hidden).azimuth_deg)
