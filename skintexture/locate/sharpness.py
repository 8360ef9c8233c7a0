"""How sharp one photo is against another, read where treatment changes nothing: brows, lashes, lids and lip line.

Skin that has become smoother looks like skin out of focus. Hair and edges don't become smoother. Each reference is a
small window around a landmark, brought to the same place in both photos. The ratio of their spectra falls as a Gaussian
of the frequency where one is blurred. Its height is nearly free, since light and slant change the contrast of
everything a little.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from skintexture.locate.reference import Reference, bring_together
from skintexture.locate.spectra import (
    FREQUENCIES,
    GAIN_SD,
    LEAST_RINGS,
    LEAST_SIGMA_PX,
    LEAST_WINDOWS,
    MOST_LOST,
    STANDING,
    IntArray,
    Spectra,
    see_spectra,
    strongest,
)
from skintexture.model import BoolImage, FloatArray

# The fit ends where the ratio first falls so far as `MOST_LOST`, and is repeated without what it says lies beyond.
_ROUNDS = 6
# What is expected of a ring's ratio of power (natural log).
_RING_SD = 0.1


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
    spectra = [see_spectra(before), see_spectra(after)]
    first = _fit_fall(_ratio_of_power(*spectra), written_back)
    if first is None:
        return UNKNOWN_BLUR
    blur_mm, rest = math.sqrt(abs(first.squared_mm)), first
    if blur_mm * min(before.px_per_mm, after.px_per_mm) > LEAST_SIGMA_PX:
        sharper = 0 if first.squared_mm > 0 else 1
        spectra[sharper] = see_spectra((before, after)[sharper], blur_mm)
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


def _ratio_of_power(before: Spectra, after: Spectra) -> _Ratio:
    with np.errstate(invalid="ignore"):
        seen = before.stands_out & after.stands_out & strongest(before, after)[:, None]
    needed = max(LEAST_WINDOWS, STANDING * float(seen.any(axis=1).sum()))
    rings = _first_run(seen.sum(axis=0) >= needed)
    ratio = np.full(seen.shape, np.nan)
    ratio[seen] = np.log(after.power[seen] / before.power[seen])
    height = np.nanmedian(ratio[:, rings], axis=0) if len(rings) else np.zeros(0)
    return _Ratio(FREQUENCIES[rings], height, seen[:, rings].sum(axis=0))


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
    if most < LEAST_RINGS:
        return None
    rise = (2 * np.pi * ratio.frequency) ** 2
    known_mm2 = 0.0 if known is None else known.squared_mm
    used = most if known else _until_lost(np.abs(ratio.height - ratio.height[:2].mean()))
    squared_mm, found = known_mm2, np.zeros(2)
    for _ in range(_ROUNDS):
        height = ratio.height[:used] - _back(squared_mm * rise[:used], written_back)
        # The last row is what is expected of the gain.
        basis = np.column_stack([np.append(np.ones(used), _RING_SD / (2 * GAIN_SD)), np.append(-rise[:used], 0.0)])
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
    beyond = np.flatnonzero(lost > MOST_LOST)
    return max(int(beyond[0]), LEAST_RINGS) if len(beyond) else len(lost)


def _first_run(enough: BoolImage) -> IntArray:
    """Return the indices from the first True up to the first False after it."""
    if not enough.any():
        return np.arange(0)
    start = int(np.argmax(enough))
    stops = np.flatnonzero(~enough[start:])
    return np.arange(start, start + int(stops[0]) if len(stops) else len(enough))
