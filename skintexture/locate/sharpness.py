"""How sharp one photo is against another, read where treatment changes nothing: brows, lashes, lids and lip line.

Skin that has become smoother looks like skin out of focus. Hair and edges don't become smoother. Each reference is a
small window around a landmark, brought to the same place in both photos. The ratio of their spectra falls as a Gaussian
of the frequency where one is blurred. Its height is nearly free, since light and slant change the contrast of
everything a little.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from skintexture.locate.reference import Reference, bring_together, side_px
from skintexture.model import BoolImage, FloatArray, FloatImage

IntArray = NDArray[np.int64]

# Waves (cycles per mm) that are looked at: coarser ones belong to shape and pose.
_LOWEST, _STEP, _HIGHEST = 0.6, 0.25, 8.0
_EDGES = np.arange(_LOWEST, _HIGHEST + _STEP, _STEP)
_FREQUENCIES = (_EDGES[1:] + _EDGES[:-1]) / 2
"""Middles of the rings in which the spectra are averaged, in cycles per mm."""

# A ring counts where the structure stands this much above the noise on both sides, in power.
_ABOVE_NOISE = 4.0
# Half of the windows are looked at, those with the strongest waves longer than 0.28 mm: the others show much skin, and
# when its lines fade they pass for softer.
_STRONGEST, _STRONG_BELOW = 0.5, 3.6
_LEAST_POWER = 1e-12
# Next to the sampling limit the pixels themselves write the spectrum. What is left beyond it, in the corners of the
# window's spectrum, is noise: the camera's and that of compression, which is strongest just beside hair and edges.
_OF_NYQUIST = 0.8
_NOISE_FROM_NYQUIST = 1.05
_LEAST_WINDOWS = 6
_LEAST_RINGS = 4
# A ring counts where so many of the windows stand above the noise: beyond, those that do are the lucky ones.
_STANDING = 0.75
# Where blur has taken more than this of the power (natural log), leakage, rounding and compression write the rest: the
# fit ends where the ratio first falls so far, and is repeated without what it says lies beyond.
_MOST_LOST = 2.0
_ROUNDS = 6
# What is expected of the contrast of hair and edges from shot to shot, and of a ring's ratio of power (natural logs).
_GAIN_SD, _RING_SD = 0.09, 0.1
# Median of white noise, whose power is that of an exponential distribution, by its mean.
_MEDIAN_OF_NOISE = math.log(2.0)
# Less than this needs no second fit, and a Gaussian as narrow falls between the pixels.
_LEAST_SIGMA_PX = 0.5


@dataclass(frozen=True, slots=True)
class _Spectra:
    """Power and noise of relative luminance of each window at each of `_FREQUENCIES`, (W, F).

    The noise's share is taken off the power, which is nan beyond what the photo resolves, and for lacking windows.
    """

    power: FloatArray
    noise: FloatArray


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


def _spectra(reference: Reference, blur_mm: float = 0.0) -> _Spectra:
    """Take the spectra of the windows, blurred by so much more."""
    px_per_mm = reference.px_per_mm
    rings = _rings(side_px(px_per_mm), px_per_mm)
    rows = [_spectrum(_blurred(window, blur_mm * px_per_mm), rings) / px_per_mm**2 for window in reference.windows]
    power, noise = np.array([row[0] for row in rows]), np.array([row[1] for row in rows])
    power[:, (rings.counts == 0) | (0.5 * _OF_NYQUIST * px_per_mm < _FREQUENCIES)] = np.nan
    return _Spectra(power, noise)


def _blurred(window: FloatImage, sigma_px: float) -> FloatImage:
    if not window.size or sigma_px == 0.0:
        return window
    return np.asarray(cv2.GaussianBlur(window, (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT_101))


def _spectrum(light: FloatImage, rings: _Rings) -> FloatArray:
    """Power of relative luminance without its noise, and the noise, by ring: (2, F)."""
    mean = float(np.sum(light * rings.taper**2)) if light.size else 0.0
    if mean <= 0:
        return np.full((2, len(_FREQUENCIES)), np.nan)
    squared = np.abs(np.fft.rfft2((light / mean - 1.0) * rings.taper)) ** 2
    sums = np.bincount(rings.index, squared.ravel(), minlength=len(_EDGES) + 1)[1 : len(_EDGES)]
    floor = float(np.median(squared[rings.corners])) / _MEDIAN_OF_NOISE
    return np.stack([sums / np.maximum(rings.counts, 1) - floor, np.full(len(sums), floor)])


def blur_between(before: Reference, after: Reference) -> BlurDifference:
    """Fit the blur that one photo has more than the other.

    ``ln(power after / power before) = 2 ln gain − (2π f σ)²``, on the median over the windows. What a window's taper
    and the width of the rings do to a steep spectrum is got rid of by a second fit, to what is left once the sharper
    photo's windows were blurred by what the first one found.

    Parameters
    ----------
    before, after : Reference

    Returns
    -------
    BlurDifference
    """
    before, after = bring_together(before, after)
    written_back = (before.written_back, after.written_back)
    spectra = [_spectra(before), _spectra(after)]
    first = _fit_fall(_ratio_of_power(*spectra), written_back)
    if first is None:
        return UNKNOWN_BLUR
    blur_mm, rest = math.sqrt(abs(first.squared_mm)), first
    if blur_mm * min(before.px_per_mm, after.px_per_mm) > _LEAST_SIGMA_PX:
        sharper = 0 if first.squared_mm > 0 else 1
        spectra[sharper] = _spectra((before, after)[sharper], blur_mm)
        rest = _fit_fall(_ratio_of_power(*spectra), written_back, first) or first
    return BlurDifference(
        sigma_mm=math.copysign(math.sqrt(abs(rest.squared_mm)), rest.squared_mm),
        gain=math.exp(rest.log_gain),
        residual_pct=100.0 * rest.misfit,
        windows=rest.windows,
    )


@dataclass(frozen=True, slots=True)
class _Ratio:
    """Log of the ratio of power in the rings that can be seen, and in how many windows they can."""

    frequency: FloatArray
    height: FloatArray
    windows: IntArray


def _ratio_of_power(before: _Spectra, after: _Spectra) -> _Ratio:
    with np.errstate(invalid="ignore"):
        seen = _stands_out(before) & _stands_out(after) & _strongest(before, after)[:, None]
    needed = max(_LEAST_WINDOWS, _STANDING * float(seen.any(axis=1).sum()))
    rings = _first_run(seen.sum(axis=0) >= needed)
    ratio = np.full(seen.shape, np.nan)
    ratio[seen] = np.log(after.power[seen] / before.power[seen])
    height = np.nanmedian(ratio[:, rings], axis=0) if len(rings) else np.zeros(0)
    return _Ratio(_FREQUENCIES[rings], height, seen[:, rings].sum(axis=0))


def _stands_out(spectra: _Spectra) -> BoolImage:
    """In which rings of each window there is more than noise."""
    return np.asarray(spectra.power > _ABOVE_NOISE * spectra.noise)


def _strongest(before: _Spectra, after: _Spectra) -> BoolImage:
    """Which windows show the strongest structure, each judged by the photo that shows less of it: (W,).

    Windows that the frame cuts off, and rings that the photos don't resolve, have no say.
    """
    power = np.minimum(before.power, after.power)[:, _FREQUENCIES < _STRONG_BELOW]
    seen = np.isfinite(power)
    there, resolved = seen.any(axis=1), seen.any(axis=0)
    strongest = np.zeros(len(power), bool)
    if there.any():
        strength = np.median(np.log(np.fmax(power[there][:, resolved], _LEAST_POWER)), axis=1)
        strongest[there] = strength >= np.quantile(strength, 1.0 - _STRONGEST)
    return strongest


@dataclass(frozen=True, slots=True)
class _Fall:
    """A fitted Gaussian: log of its gain, σ², RMS misfit of log amplitude, and what it rests on."""

    log_gain: float
    squared_mm: float
    misfit: float
    rings: int
    windows: int


def _fit_fall(ratio: _Ratio, written_back: tuple[float, float], known: _Fall | None = None) -> _Fall | None:
    """Fit the fall of a ratio, beyond the one that was taken off already; None where too few rings are seen."""
    most = len(ratio.height) if known is None else min(known.rings, len(ratio.height))
    if most < _LEAST_RINGS:
        return None
    rise = (2 * np.pi * ratio.frequency) ** 2
    known_mm2 = 0.0 if known is None else known.squared_mm
    used = most if known else _until_lost(np.abs(ratio.height - ratio.height[:2].mean()))
    squared_mm, found = known_mm2, np.zeros(2)
    for _ in range(_ROUNDS):
        height = ratio.height[:used] - _back(squared_mm * rise[:used], written_back)
        # The last row is what is expected of the gain.
        basis = np.column_stack([np.append(np.ones(used), _RING_SD / (2 * _GAIN_SD)), np.append(-rise[:used], 0.0)])
        found = np.linalg.lstsq(basis, np.append(height, 0.0), rcond=None)[0]
        squared_mm = known_mm2 + float(found[1])
        misfit = 0.5 * (height - basis[:used] @ found)
        used = min(used, _until_lost(abs(squared_mm) * rise))
    return _Fall(
        log_gain=0.5 * float(found[0]),
        squared_mm=squared_mm,
        misfit=float(np.sqrt(np.mean(misfit**2))),
        rings=used,
        windows=int(ratio.windows[:used].max()),
    )


def _back(lost: FloatArray, written_back: tuple[float, float]) -> FloatArray:
    """Tell what compression adds to the log of the ratio where blur has taken this much from the after photo."""
    softer = np.where(lost >= 0.0, written_back[1], written_back[0])
    return np.asarray(np.copysign(np.log1p(softer * np.expm1(np.abs(lost))), lost))


def _until_lost(lost: FloatArray) -> int:
    """How many rings there are before too much is lost."""
    beyond = np.flatnonzero(lost > _MOST_LOST)
    return max(int(beyond[0]), _LEAST_RINGS) if len(beyond) else len(lost)


def _first_run(enough: BoolImage) -> IntArray:
    """Return the indices from the first True up to the first False after it."""
    if not enough.any():
        return np.arange(0)
    start = int(np.argmax(enough))
    stops = np.flatnonzero(~enough[start:])
    return np.arange(start, start + int(stops[0]) if len(stops) else len(enough))
