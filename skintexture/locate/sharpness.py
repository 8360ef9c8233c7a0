"""How sharp one photo is against another, read where treatment changes nothing: brows, lashes, lids and lip line.

Skin that has become smoother looks like skin out of focus. Hair and edges don't become smoother. Each reference is a
small window around a landmark, the same in both photos. The ratio of their spectra falls as a Gaussian of the
frequency where one is blurred; its height is left free, since light and slant change the contrast of everything.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from skintexture.locate.anatomy import RIGHT_EYELIDS, mirrored, not_skin_outlines
from skintexture.locate.skin import luminance
from skintexture.model import BoolImage, Face, FloatArray, FloatImage, Photo, Scale

IntArray = NDArray[np.int64]

# Side of a window: long enough for waves of 1 mm, short enough to hold little but the structure itself.
_WINDOW_MM = 7.0
_LEAST_WINDOW_PX = 16
# Waves (cycles per mm) that are looked at: coarser ones belong to shape and pose.
_LOWEST, _STEP, _HIGHEST = 0.6, 0.25, 8.0
_EDGES = np.arange(_LOWEST, _HIGHEST + _STEP, _STEP)
FREQUENCIES = (_EDGES[1:] + _EDGES[:-1]) / 2
"""Middles of the rings in which the spectra are averaged, in cycles per mm."""

# A ring counts where the structure stands this much above the noise on both sides, in power.
_ABOVE_NOISE = 4.0
# The structure must also stand so far above what is left in waves finer than 0.24 mm, where the photo resolves them:
# beside hair and edges compression writes more there than the corners of the spectrum tell.
_ABOVE_RESIDUE = 5.6
_RESIDUE_FROM = 4.2
# Next to the sampling limit the pixels themselves write the spectrum. What is left beyond it, in the corners of the
# window's spectrum, is noise: the camera's and that of compression, which is strongest just beside hair and edges.
_OF_NYQUIST = 0.8
_NOISE_FROM_NYQUIST = 1.05
_LEAST_WINDOWS = 6
_LEAST_RINGS = 4
# Where blur has taken more than this of the power (natural log), leakage, rounding and compression write the rest: the
# fit ends where the ratio first falls so far, and is repeated without what it says lies beyond.
_MOST_LOST = 2.0
_ROUNDS = 6
# Median of white noise, whose power is that of an exponential distribution, by its mean.
_MEDIAN_OF_NOISE = math.log(2.0)


@dataclass(frozen=True, slots=True)
class Reference:
    """Spectra of the reference structures of one photo.

    Attributes
    ----------
    power : (W, F) float64
        Power of relative luminance of each window at each of `FREQUENCIES`, the noise's share taken off; nan beyond
        what the photo resolves and where the window leaves the frame.
    noise : (W, F) float64
        Power of the noise in the same unit.
    px_per_mm : float
    """

    power: FloatArray
    noise: FloatArray
    px_per_mm: float


@dataclass(frozen=True, slots=True)
class BlurDifference:
    """By how much one photo is softer than another.

    Attributes
    ----------
    sigma_mm : float
        σ of the Gaussian that makes the sharper one as soft as the other: positive where the after photo is softer,
        negative where the before photo is; nan where too little of the reference can be seen.
    gain : float
        Contrast of the reference in the after photo by that in the before photo, blur set aside.
    residual_pct : float
        RMS by which the ratio of amplitudes departs from a Gaussian, in %. Focus and motion leave little; noise
        reduction and sharpening leave much.
    windows : int
        Number of windows that it rests on.
    """

    sigma_mm: float
    gain: float
    residual_pct: float
    windows: int


UNKNOWN_BLUR = BlurDifference(math.nan, math.nan, math.nan, 0)
"""Where too little of the reference can be seen."""


@cache
def reference_points() -> tuple[int, ...]:
    """Landmarks on brows, lid margins and the border of the lips."""
    outlines = not_skin_outlines()
    lids = (*RIGHT_EYELIDS[1:8], *mirrored(RIGHT_EYELIDS[1:8]))
    brows = tuple(point for outline in outlines["brows"] for point in outline[::2])
    return (*brows, *lids[::2], *outlines["lips"][0][::2])


def see_reference(photo: Photo, face: Face, scale: Scale) -> Reference:
    """Take the spectra of a photo's reference structures.

    Parameters
    ----------
    photo : Photo
    face : Face
    scale : Scale

    Returns
    -------
    Reference
    """
    side = max(_LEAST_WINDOW_PX, round(_WINDOW_MM * scale.px_per_mm))
    rings = _rings(side, scale.px_per_mm)
    rows = [
        _spectrum(_window(photo, face.points_px[point], side), rings) / scale.px_per_mm**2
        for point in reference_points()
    ]
    power, noise = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    power[:, (rings.counts == 0) | (0.5 * _OF_NYQUIST * scale.px_per_mm < FREQUENCIES)] = np.nan
    return Reference(power, noise, scale.px_per_mm)


@dataclass(frozen=True, slots=True)
class _Rings:
    """Taper of a window, ring of each of its frequencies, how many each ring holds, and where there is only noise."""

    taper: FloatArray
    index: IntArray
    counts: FloatArray
    corners: BoolImage


def _rings(side: int, px_per_mm: float) -> _Rings:
    taper = np.outer(np.hanning(side), np.hanning(side))
    radius = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    index = np.digitize(px_per_mm * radius, _EDGES).ravel()
    counts = np.bincount(index, minlength=len(_EDGES) + 1)[1 : len(_EDGES)].astype(np.float64)
    return _Rings(taper / np.sqrt(np.sum(taper**2)), index, counts, radius > 0.5 * _NOISE_FROM_NYQUIST)


def _window(photo: Photo, point_px: FloatArray, side: int) -> FloatImage:
    """Luminance around a landmark; empty where the frame cuts it."""
    top, left = (round(float(at)) - side // 2 for at in point_px)
    if top < 0 or left < 0 or top + side > photo.height_px or left + side > photo.width_px:
        return np.zeros((0, 0), np.float32)
    return luminance(photo.linear_rgb[top : top + side, left : left + side])


def _spectrum(light: FloatImage, rings: _Rings) -> FloatArray:
    """Power of relative luminance without its noise, and the noise, by ring: (2, F)."""
    mean = float(np.sum(light * rings.taper**2)) if light.size else 0.0
    if mean <= 0:
        return np.full((2, len(FREQUENCIES)), np.nan)
    squared = np.abs(np.fft.rfft2((light / mean - 1.0) * rings.taper)) ** 2
    sums = np.bincount(rings.index, squared.ravel(), minlength=len(_EDGES) + 1)[1 : len(_EDGES)]
    floor = float(np.median(squared[rings.corners])) / _MEDIAN_OF_NOISE
    return np.stack([sums / np.maximum(rings.counts, 1) - floor, np.full(len(sums), floor)])


def blur_between(before: Reference, after: Reference) -> BlurDifference:
    """Fit the blur that one photo has more than the other.

    ``ln(power after / power before) = 2 ln gain − (2π f σ)²``, on the median over the windows.

    Parameters
    ----------
    before, after : Reference

    Returns
    -------
    BlurDifference
    """
    with np.errstate(invalid="ignore"):
        seen = _stands_out(before) & _stands_out(after)
    # A ring counts where half of the windows stand above the noise: beyond, those that do are the lucky ones.
    needed = max(_LEAST_WINDOWS, 0.5 * float(seen.any(axis=1).sum()))
    rings = _first_run(seen.sum(axis=0) >= needed)
    if len(rings) < _LEAST_RINGS:
        return UNKNOWN_BLUR
    ratio = np.full(seen.shape, np.nan)
    ratio[seen] = np.log(after.power[seen] / before.power[seen])
    height = np.nanmedian(ratio[:, rings], axis=0)
    log_gain, squared_mm, misfit, used = _fit_fall(FREQUENCIES[rings], height)
    windows = int(seen[:, rings[:used]].any(axis=1).sum())
    return BlurDifference(
        math.copysign(math.sqrt(abs(squared_mm)), squared_mm), math.exp(log_gain), 100.0 * misfit, windows
    )


def _stands_out(reference: Reference) -> BoolImage:
    """In which rings of each window there is more than noise and what compression leaves."""
    least = _ABOVE_NOISE * reference.noise
    finest = (FREQUENCIES > _RESIDUE_FROM) & np.isfinite(reference.power).any(axis=0)
    if np.count_nonzero(finest) >= _LEAST_RINGS:
        least = np.maximum(least, _ABOVE_RESIDUE * np.median(reference.power[:, finest], axis=1, keepdims=True))
    return np.asarray(reference.power > least)


def _fit_fall(frequency: FloatArray, height: FloatArray) -> tuple[float, float, float, int]:
    """Log gain, σ² in mm², RMS misfit of log amplitude, and how many rings could be used."""
    basis = np.column_stack([np.ones(len(frequency)), -((2 * np.pi * frequency) ** 2)])
    lost = np.flatnonzero(np.abs(height - height[:2].mean()) > _MOST_LOST)
    used = max(int(lost[0]), _LEAST_RINGS) if len(lost) else len(frequency)
    for _ in range(_ROUNDS):
        found = np.linalg.lstsq(basis[:used], height[:used], rcond=None)[0]
        clear = int(np.count_nonzero(-basis[:, 1] * abs(found[1]) < _MOST_LOST))
        if max(clear, _LEAST_RINGS) >= used:
            break
        used = max(clear, _LEAST_RINGS)
    misfit = 0.5 * (height[:used] - basis[:used] @ found)
    return 0.5 * float(found[0]), float(found[1]), float(np.sqrt(np.mean(misfit**2))), used


def _first_run(enough: BoolImage) -> IntArray:
    """Return the indices from the first True up to the first False after it."""
    if not enough.any():
        return np.arange(0)
    start = int(np.argmax(enough))
    stops = np.flatnonzero(~enough[start:])
    return np.arange(start, start + int(stops[0]) if len(stops) else len(enough))
