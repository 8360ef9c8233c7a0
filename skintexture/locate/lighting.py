"""Where light comes from and how the skin shines, and how both differ between two photos of a face."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from skintexture.locate.anatomy import ZONE_NAMES, ZoneName
from skintexture.locate.stations import SkinLight, luminance_of, stations
from skintexture.model import BoolImage, FloatArray

_LEAST_STATIONS = 40
# Stations this many robust SDs off the fit (brows' rims, folds) are left out of it, in this many rounds.
_OUTLIER, _ROUNDS = 3.0, 3
_FLOOR = 1e-4
MATT_ZONES: tuple[ZoneName, ...] = ("chin", "left_jawline", "right_jawline")
"""Zones that hardly mirror the light to the camera."""
_LEAST_MATT = 8


@dataclass(frozen=True, slots=True)
class LightFit:
    """Light on the face, from how bright its skin is against how it is turned.

    Attributes
    ----------
    azimuth_deg, elevation_deg : float
        Where most of the light comes from, in the head's own axes: 0, 0 is straight ahead; positive is to the
        viewer's right, and up.
    directed_share : float
        Brightness that depends on the skin's direction by the whole: 0 is light from everywhere.
    """

    azimuth_deg: float
    elevation_deg: float
    directed_share: float


def fit_light(seen: SkinLight) -> LightFit:
    """Fit Lambert's law, the first order of spherical harmonics: ``brightness = a + b · normal``.

    Parameters
    ----------
    seen : SkinLight

    Returns
    -------
    LightFit
        nan where too little skin is seen.
    """
    brightness = luminance_of(seen.rgb)
    known = np.isfinite(brightness)
    if known.sum() < _LEAST_STATIONS:
        return LightFit(math.nan, math.nan, math.nan)
    normals, bright = stations().normals[known], brightness[known] / np.median(brightness[known])
    basis = np.column_stack([np.ones(len(bright)), normals])
    kept = np.ones(len(bright), dtype=bool)
    for _ in range(_ROUNDS):
        found = np.linalg.lstsq(basis[kept], bright[kept], rcond=None)[0]
        off = np.abs(bright - basis @ found)
        kept = off <= _OUTLIER * 1.4826 * np.median(off)
    right, up, ahead = found[1:]
    strength = float(np.linalg.norm(found[1:]))
    return LightFit(
        math.degrees(math.atan2(right, ahead)),
        math.degrees(math.atan2(up, math.hypot(right, ahead))),
        strength / (strength + max(float(found[0]), 0.0)),
    )


def angle_between_deg(first: LightFit, second: LightFit) -> float:
    """Angle between the directions of two lights."""
    a, b = (_direction(light) for light in (first, second))
    return math.degrees(math.acos(min(1.0, max(-1.0, float(a @ b)))))


def _direction(light: LightFit) -> FloatArray:
    azimuth, elevation = math.radians(light.azimuth_deg), math.radians(light.elevation_deg)
    across = math.cos(elevation)
    return np.array([across * math.sin(azimuth), math.sin(elevation), across * math.cos(azimuth)])


@dataclass(frozen=True, slots=True)
class LightChange:
    """How the skin's light differs between two photos; all in %, as differences of natural logarithms × 100.

    Attributes
    ----------
    exposure_pct : float
        Median over the stations.
    shading_pct : float
        Standard deviation over the stations: 1 … 5 where the face was shot again, about 20 where light has moved by
        40°.
    shine_pct : float
        Mean of log((red − blue) / luminance), less its mean on chin and jawlines: white shine lowers it, whatever the
        exposure. Chin and jawlines hardly mirror the light to the camera, and the white balance changes them as it
        changes all skin. nan where too little of them is seen, or where a photo is grey, as are the next two.
    colour_pct : tuple of float
        Median of log(red / green) and of log(blue / green).
    evenness_pct : float
        Of the skin's colour, as the change of its scatter: of log(red / green) over the stations. Negative is more
        even. (What is smaller than a station is left out: JPEG's own blotches change by a tenth with its quality.)
    stations : int
        How many both photos show.
    """

    exposure_pct: float
    shading_pct: float
    shine_pct: float
    colour_pct: tuple[float, float]
    evenness_pct: float
    stations: int


def light_between(before: SkinLight, after: SkinLight) -> LightChange | None:
    """Compare the light of two photos station by station.

    Parameters
    ----------
    before, after : SkinLight

    Returns
    -------
    LightChange or None
        None where they have too few stations in common.
    """
    change = np.log(np.maximum(after.rgb, _FLOOR)) - np.log(np.maximum(before.rgb, _FLOOR))
    known = np.isfinite(change).all(axis=1)
    if known.sum() < _LEAST_STATIONS:
        return None
    brightness = np.log(luminance_of(after.rgb[known]) / luminance_of(before.rgb[known]))
    shine = np.log(_yellowness(after) / _yellowness(before))
    shine -= _matt_mean(shine)
    red, blue = change[known, 0] - change[known, 1], change[known, 2] - change[known, 1]
    exposure_pct, shading_pct = 100 * float(np.median(brightness)), 100 * float(np.std(brightness))
    if _is_grey(before.rgb[known]) or _is_grey(after.rgb[known]):
        return LightChange(exposure_pct, shading_pct, math.nan, (math.nan, math.nan), math.nan, int(known.sum()))
    return LightChange(
        exposure_pct=exposure_pct,
        shading_pct=shading_pct,
        shine_pct=100 * float(shine[np.isfinite(shine)].mean()) if np.isfinite(shine).any() else math.nan,
        colour_pct=(100 * float(np.median(red)), 100 * float(np.median(blue))),
        evenness_pct=_evenness_pct(before, after, known),
        stations=int(known.sum()),
    )


def _is_grey(light: FloatArray) -> bool:
    """Whether the three channels are everywhere the same: a grey photo, of whose colour nothing is known."""
    return bool((light[:, 0] == light[:, 1]).all() and (light[:, 1] == light[:, 2]).all())


def _yellowness(seen: SkinLight) -> FloatArray:
    light = seen.with_shine
    return np.maximum(light[:, 0] - light[:, 2], _FLOOR) / np.maximum(luminance_of(light), _FLOOR)


def _matt_mean(change: FloatArray) -> float:
    """Mean over the zones that shine least."""
    matt = stations().in_zone[:, [ZONE_NAMES.index(name) for name in MATT_ZONES]].any(axis=1)
    here = change[matt & np.isfinite(change)]
    return float(here.mean()) if len(here) >= _LEAST_MATT else math.nan


def _evenness_pct(before: SkinLight, after: SkinLight, known: BoolImage) -> float:
    scatter = [float(np.std(np.log(seen.rgb[known, 0] / seen.rgb[known, 1]))) for seen in (before, after)]
    return 100 * math.log(scatter[1] / scatter[0])
