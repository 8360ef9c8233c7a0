"""What focus doesn't explain between two photos, read at brows, lids and lip line: shake, sharpening, another contrast.

Each changes skin as a treatment would, and none of it is undone. Shake blurs in one direction. Sharpening raises fine
waves to a plateau, where focus makes them fall ever more. Tone curves and local contrast stretch the range from the
darkest of lashes, pupils and brows to the brightest beside them, which light and blur hardly move.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from skintexture.locate.reference import Reference, bring_together
from skintexture.locate.sharpness import BlurDifference
from skintexture.locate.spectra import (
    FREQUENCIES,
    GAIN_SD,
    LEAST_RINGS,
    LEAST_SIGMA_PX,
    LEAST_WINDOWS,
    MOST_LOST,
    SECTORS,
    STANDING,
    blurred,
    see_spectra,
    strongest,
)
from skintexture.model import BoolImage, FloatArray, FloatImage

# From here on compression and noise write the waves beside hair.
_HIGHEST = 5.0
_ROUNDS = 6
# What is expected of the share that sharpening adds, and of a sector's ratio of power (natural logs).
_SHARPENING_SD, _RATIO_SD = 0.4, 0.15
# σ of what sharpening usually takes for fine.
_SHARPENED_PX = 1.2
# The darkest and the brightest of a window, after a blur that spares single pixels. Where the darkest is darker than
# `_BLACK`, 8 bits have few steps left, and a tone curve may have cut them off.
_RANGE_PCT, _RANGE_BLUR_MM, _BLACK = (1.0, 99.0), 0.1, 2e-3
# Blur is known to 3 %, so this share of σ² may differ with direction by chance.
_OF_BLUR = 0.1


@dataclass(frozen=True, slots=True)
class EdgeChange:
    """How edges differ beside focus; nan where too little of the reference can be seen.

    Attributes
    ----------
    shake_mm : float
        Root of the difference between σ² along the direction in which one photo is softer, and σ² across it, as far as
        it exceeds its own error.
    shake_deg : float
        That direction, from x to y.
    sharpening : float
        Share of the finest detail that was added to the after photo, or (negative) to the before photo, as far as it
        exceeds its own error: blur leaves little of what would tell it.
    contrast_pct : float
        Change of the range of log luminance from lashes and pupils to skin, in % (natural logarithm × 100).
    """

    shake_mm: float
    shake_deg: float
    sharpening: float
    contrast_pct: float


def edges_between(before: Reference, after: Reference, blur: BlurDifference) -> EdgeChange:
    """Read shake, sharpening and contrast from what focus has left.

    The sharper photo's windows are first blurred by ``blur``. The log of the ratio of power is then fitted over rings
    and sectors: ``2 ln gain − (2π f)² σ²(direction) + 2 ln(1 + sharpening) (1 − exp(−(2π f s)² / 2))``.

    Parameters
    ----------
    before, after : Reference
    blur : BlurDifference
        Between the two.

    Returns
    -------
    EdgeChange
    """
    before, after = bring_together(before, after)
    sigma_mm = 0.0 if math.isnan(blur.sigma_mm) else blur.sigma_mm
    added_mm = (max(sigma_mm, 0.0), max(-sigma_mm, 0.0))
    # An unknown difference of focus would pass for one of contrast.
    contrast_pct = math.nan if math.isnan(blur.sigma_mm) else _contrast_pct((before, after), added_mm)
    px_per_mm = min(before.px_per_mm, after.px_per_mm)
    if abs(sigma_mm) * px_per_mm < LEAST_SIGMA_PX:
        added_mm = (0.0, 0.0)
    ratio = _sector_ratio((before, after), added_mm)
    seen = _until_hidden(np.isfinite(ratio) & (FREQUENCIES < _HIGHEST)[:, None])
    if seen.any(axis=1).sum() < LEAST_RINGS:
        return EdgeChange(math.nan, math.nan, math.nan, contrast_pct)
    basis = _basis(_SHARPENED_PX / px_per_mm)
    kept, blurred_so = _fit_blur(ratio, seen, basis, max(added_mm))
    along, aslant = blurred_so.values[2:].tolist()
    error_mm2 = 2.0 * blurred_so.errors[2:].max() + _OF_BLUR * sigma_mm**2
    rise = _solved(ratio, kept, basis)
    return EdgeChange(
        shake_mm=math.sqrt(max(2.0 * math.hypot(along, aslant) - error_mm2, 0.0)),
        shake_deg=math.degrees(math.atan2(aslant, along)) / 2 % 180.0,
        sharpening=_share(float(rise.values[-1]), float(rise.errors[-1])),
        contrast_pct=contrast_pct,
    )


def _share(log_rise: float, error: float) -> float:
    """Share of the finest detail that was added, of the photo that has more of it."""
    return math.copysign(math.expm1(max(abs(log_rise) - error, 0.0)), log_rise)


def _sector_ratio(pair: tuple[Reference, Reference], added_mm: tuple[float, float]) -> FloatArray:
    """Log of the ratio of power in each ring and sector, (F, S); nan where too few windows stand above the noise."""
    chosen = strongest(see_spectra(pair[0]), see_spectra(pair[1]))
    before, after = (see_spectra(one, blur_mm, SECTORS) for one, blur_mm in zip(pair, added_mm, strict=True))
    with np.errstate(invalid="ignore"):
        seen = before.stands_out & after.stands_out & chosen[:, None, None]
    ratio = np.full(seen.shape, np.nan)
    ratio[seen] = np.log(after.power[seen] / before.power[seen])
    enough = seen.sum(axis=0) >= max(LEAST_WINDOWS, STANDING * float(seen.any(axis=(1, 2)).sum()))
    median = np.full(enough.shape, np.nan)
    median[enough] = np.nanmedian(ratio[:, enough], axis=0)
    return median


def _until_hidden(seen: BoolImage) -> BoolImage:
    """Keep of each sector its first rings in a row."""
    begun = np.maximum.accumulate(seen, axis=0)
    ended = np.maximum.accumulate(begun & ~seen, axis=0)
    return np.asarray(seen & ~ended)


def _basis(sharpened_mm: float) -> FloatArray:
    """Lay out what the log of the ratio is made of: gain, σ², two parts of σ² by direction, sharpening; (F, S, 5)."""
    rise = np.repeat((2 * np.pi * FREQUENCIES[:, None]) ** 2, SECTORS, axis=1)
    twice = 2 * np.pi * np.arange(SECTORS) / SECTORS
    sharpened = 2.0 * (1.0 - np.exp(-0.5 * rise * sharpened_mm**2))
    return np.stack([np.ones_like(rise), -rise, -rise * np.cos(twice), -rise * np.sin(twice), sharpened], axis=-1)


@dataclass(frozen=True, slots=True)
class _Solution:
    """Coefficients of the basis, and their standard errors."""

    values: FloatArray
    errors: FloatArray


def _fit_blur(ratio: FloatArray, seen: BoolImage, basis: FloatArray, added_mm: float) -> tuple[BoolImage, _Solution]:
    """Fit a blur that may differ with direction, where it and what was added before leave enough to see."""
    kept, found = seen, _solved(ratio, seen, basis[..., :4])
    first = np.cumsum(seen, axis=0) <= LEAST_RINGS
    for _ in range(_ROUNDS):
        lost = np.abs(basis[..., 1:4] @ found.values[1:]) - basis[..., 1] * added_mm**2
        kept = seen & ((lost < MOST_LOST) | first)
        found = _solved(ratio, kept, basis[..., :4])
    return kept, found


def _solved(ratio: FloatArray, seen: BoolImage, basis: FloatArray) -> _Solution:
    """Least squares, with what is expected of gain and sharpening as further rows."""
    expected = np.zeros((2, basis.shape[-1]))
    expected[0, 0] = _RATIO_SD / (2 * GAIN_SD)
    if basis.shape[-1] > 4:
        expected[1, 4] = _RATIO_SD / _SHARPENING_SD
    rows, heights = np.vstack([basis[seen], expected]), np.append(ratio[seen], np.zeros(2))
    known = np.linalg.pinv(rows)
    return _Solution(known @ heights, _RATIO_SD * np.linalg.norm(known, axis=1))


def _contrast_pct(pair: tuple[Reference, Reference], added_mm: tuple[float, float]) -> float:
    """Median change of the windows' range of log luminance, over the half of them that have the widest."""
    before, after = (_ranges(one, blur_mm) for one, blur_mm in zip(pair, added_mm, strict=True))
    width = np.minimum(before, after)
    there = width > 0
    if there.sum() < LEAST_WINDOWS:
        return math.nan
    widest = there & (width >= np.median(width[there]))
    return 100.0 * float(np.median(np.log(after[widest] / before[widest])))


def _ranges(reference: Reference, blur_mm: float) -> FloatArray:
    """Range of log luminance in each window, (W,); nan where the frame cuts it off, and where it is black."""
    sigma_px = math.hypot(_RANGE_BLUR_MM, blur_mm) * reference.px_per_mm
    lights = [blurred(window, sigma_px) for window in reference.windows]
    return np.array([_range(light) if light.size else math.nan for light in lights])


def _range(light: FloatImage) -> float:
    low, high = np.percentile(light, _RANGE_PCT)
    return math.log(high / low) if low > _BLACK else math.nan
