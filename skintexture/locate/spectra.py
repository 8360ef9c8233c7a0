"""Spectra of the windows on brows, lids and lip line, in rings of frequency and sectors of direction."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from skintexture.locate.reference import Reference, side_px
from skintexture.model import BoolImage, FloatArray, FloatImage

IntArray = NDArray[np.int64]

# Waves (cycles per mm) that are looked at: coarser ones belong to shape and pose.
_LOWEST, _STEP, _HIGHEST = 0.6, 0.25, 8.0
_EDGES = np.arange(_LOWEST, _HIGHEST + _STEP, _STEP)
FREQUENCIES = (_EDGES[1:] + _EDGES[:-1]) / 2
"""Middles of the rings in which the spectra are averaged, in cycles per mm."""

SECTORS = 4
"""Into which each ring is parted: the first has waves along x, the others are turned by 45° each, from x to y."""

LEAST_WINDOWS, LEAST_RINGS = 6, 4
"""Fewer tell nothing."""
STANDING = 0.75
"""A ring or sector counts where so many of the windows stand above the noise: beyond, those that do are lucky."""
MOST_LOST = 2.0
"""Where blur has taken more than this of the power (natural log), leakage, rounding and compression write the rest."""
LEAST_SIGMA_PX = 0.5
"""Less blur than this is not taken off first: a Gaussian as narrow falls between the pixels."""
GAIN_SD = 0.09
"""What is expected of the log of the contrast of hair and edges from shot to shot."""

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
# Median of white noise, whose power is that of an exponential distribution, by its mean.
_MEDIAN_OF_NOISE = math.log(2.0)


@dataclass(frozen=True, slots=True)
class Spectra:
    """Power and noise of relative luminance of each window at each of `FREQUENCIES`.

    The noise's share is taken off the power, which is nan beyond what the photo resolves, and for lacking windows.

    Attributes
    ----------
    power, noise : (W, F) or (W, F, S) float64
        In mm²; by sector where that was asked for.
    """

    power: FloatArray
    noise: FloatArray

    @property
    def stands_out(self) -> BoolImage:
        """Where there is more than noise."""
        return np.asarray(self.power > _ABOVE_NOISE * self.noise)


@dataclass(frozen=True, slots=True)
class _Bins:
    """Taper of a window, bin of each of its frequencies, how many each bin holds, and where there is only noise."""

    taper: FloatArray
    index: IntArray
    counts: FloatArray
    corners: BoolImage

    def sums(self, values: FloatArray) -> FloatArray:
        """Add up what falls into each bin: (F · S,)."""
        outside = len(self.counts) // len(FREQUENCIES)
        least = len(self.counts) + 2 * outside
        return np.asarray(np.bincount(self.index, values.ravel(), minlength=least)[outside : least - outside])


def _bins(side: int, px_per_mm: float, sectors: int) -> _Bins:
    taper = np.outer(np.hanning(side), np.hanning(side))
    down, across = np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None]
    radius = np.hypot(down, across)
    ring = np.digitize(px_per_mm * radius, _EDGES)
    sector = np.rint(sectors * np.arctan2(down, across) / np.pi).astype(np.int64) % sectors
    index = (sectors * ring + sector).ravel()
    counts = np.bincount(index, minlength=sectors * (len(_EDGES) + 1))[sectors : sectors * len(_EDGES)]
    corners = radius > 0.5 * _NOISE_FROM_NYQUIST
    return _Bins(taper / np.sqrt(np.sum(taper**2)), index, counts.astype(np.float64), corners)


def see_spectra(reference: Reference, blur_mm: float = 0.0, sectors: int = 1) -> Spectra:
    """Take the spectra of the windows.

    Parameters
    ----------
    reference : Reference
        Of windows of `side_px`.
    blur_mm : float
        By how much the windows are blurred before, σ.
    sectors : int
        1 for whole rings.

    Returns
    -------
    Spectra
    """
    px_per_mm = reference.px_per_mm
    bins = _bins(side_px(px_per_mm), px_per_mm, sectors)
    rows = [_spectrum(blurred(window, blur_mm * px_per_mm), bins) / px_per_mm**2 for window in reference.windows]
    shape = (len(rows), len(FREQUENCIES), sectors)[: 3 if sectors > 1 else 2]
    power, noise = (np.array([row[k] for row in rows]) for k in (0, 1))
    power[:, bins.counts == 0] = np.nan
    power, noise = power.reshape(shape), noise.reshape(shape)
    power[:, 0.5 * _OF_NYQUIST * px_per_mm < FREQUENCIES] = np.nan
    return Spectra(power, noise)


def blurred(window: FloatImage, sigma_px: float) -> FloatImage:
    """Blur a window; nothing is done to one without pixels."""
    if not window.size or sigma_px == 0.0:
        return window
    return np.asarray(cv2.GaussianBlur(window, (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT_101))


def _spectrum(light: FloatImage, bins: _Bins) -> FloatArray:
    """Power of relative luminance without its noise, and the noise, by bin: (2, F · S)."""
    mean = float(np.sum(light * bins.taper**2)) if light.size else 0.0
    if mean <= 0:
        return np.full((2, len(bins.counts)), np.nan)
    squared = np.abs(np.fft.rfft2((light / mean - 1.0) * bins.taper)) ** 2
    sums = bins.sums(squared)
    floor = float(np.median(squared[bins.corners])) / _MEDIAN_OF_NOISE
    return np.stack([sums / np.maximum(bins.counts, 1) - floor, np.full(len(sums), floor)])


def strongest(before: Spectra, after: Spectra) -> BoolImage:
    """Which windows show the strongest structure, each judged by the photo that shows less of it.

    Windows that the frame cuts off, and rings that the photos don't resolve, have no say.

    Parameters
    ----------
    before, after : Spectra
        In whole rings.

    Returns
    -------
    (W,) bool
    """
    power = np.minimum(before.power, after.power)[:, FREQUENCIES < _STRONG_BELOW]
    seen = np.isfinite(power)
    there, resolved = seen.any(axis=1), seen.any(axis=0)
    chosen = np.zeros(len(power), bool)
    if there.any():
        strength = np.median(np.log(np.fmax(power[there][:, resolved], _LEAST_POWER)), axis=1)
        chosen[there] = strength >= np.quantile(strength, 1.0 - _STRONGEST)
    return chosen
