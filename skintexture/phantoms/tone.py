"""Skin colour from two pigments, and its number: the individual typology angle."""

from __future__ import annotations

import math
from functools import cache

import numpy as np

from skintexture.model import FloatArray

# Diffuse albedo (linear sRGB) of skin without pigment, and the optical depth that one unit of each pigment adds.
# Rounded from the shape of measured spectra: melanin falls smoothly toward red, haemoglobin peaks in green.
_BLOODLESS = np.array([0.84, 0.73, 0.63])
MELANIN_DEPTH = np.array([0.44, 0.60, 0.72])
"""Optical depth (R, G, B) of one unit of melanin."""
_HAEMOGLOBIN = np.array([0.06, 0.48, 0.44])

RESTING_BLOOD = 0.55
"""Haemoglobin of calm skin, in the units of `albedo`."""

_XYZ_OF_SRGB = np.array(
    [[0.4123908, 0.3575843, 0.1804808], [0.2126390, 0.7151687, 0.0721923], [0.0193308, 0.1191948, 0.9505322]]
)


def albedo(melanin: FloatArray, blood: FloatArray) -> FloatArray:
    """Diffuse albedo (…, 3) in linear sRGB of skin with these amounts of pigment (…)."""
    return np.asarray(
        _BLOODLESS * np.exp(-np.multiply.outer(melanin, MELANIN_DEPTH) - np.multiply.outer(blood, _HAEMOGLOBIN))
    )


def typology_angle_deg(linear_rgb: FloatArray) -> FloatArray:
    """Individual typology angle in degrees: arctan((L* − 50) / b*); larger is lighter.

    Above 55° very light, 41 light, 28 intermediate, 10 tan, −30 brown, below −30 dark (Chardon 1991,
    doi 10.1111/j.1467-2494.1991.tb00561.x).
    """
    xyz = linear_rgb @ _XYZ_OF_SRGB.T / _XYZ_OF_SRGB.sum(axis=1)
    curve = np.where(xyz > (6 / 29) ** 3, np.cbrt(xyz), xyz * (29 / 6) ** 2 / 3 + 4 / 29)
    lightness = 116.0 * curve[..., 1] - 16.0
    b = 200.0 * (curve[..., 1] - curve[..., 2])
    return np.asarray(np.rad2deg(np.arctan2(lightness - 50.0, b)))


@cache
def melanin_of(ita_deg: float) -> float:
    """Amount of melanin that gives calm skin this typology angle, by bisection.

    Raises
    ------
    ValueError
        If no amount between none and very much gives it.
    """
    low, high = 0.0, 8.0
    reachable = [float(typology_angle_deg(albedo(np.array(m), np.array(RESTING_BLOOD)))) for m in (low, high)]
    if not reachable[1] < ita_deg < reachable[0]:
        raise ValueError(f"typology angle {ita_deg}° is outside {reachable[1]:.0f} … {reachable[0]:.0f}°")
    while high - low > 1e-9:
        middle = math.fsum((low, high)) / 2
        angle = float(typology_angle_deg(albedo(np.array(middle), np.array(RESTING_BLOOD))))
        low, high = (middle, high) if angle > ita_deg else (low, middle)
    return low
