"""The same pores on two photos, each measured at its place on both, whether it was found there or not.

Counting the pores that pass a threshold on either photo mistakes a pore that has become fainter for one that is gone.
Here every pore found on either photo is looked at on both.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from scipy.special import i0e

from skintexture.model import BoolImage, FloatArray, FloatImage

RADII_MM = np.arange(0.0, 0.601, 0.05)
"""At which a pore's profile is read."""

_HALF_STEP_MM = 0.025
_ANGLES = 12
CORE_MM = 0.1
"""Radius of the pore's middle."""

RING_MM = (0.3, 0.45)
"""Radii between which its surround is read."""

# σ of a pit as wide as most pores.
_USUAL_SIGMA_MM = 0.1
_SIGMAS_MM = np.geomspace(0.05, 0.30, 60)
# A profile is kept where at least this share of every circle lies on skin that both photos show.
_LEAST_SEEN = 0.5
_BILINEAR_PX2 = 1.0 / 6.0
"""Variance that reading between pixels adds to a width, in pixels² of the grid."""


def contrast_pct(profiles: FloatArray) -> FloatArray:
    """How much darker a pore's middle is than its surround.

    Parameters
    ----------
    profiles : (…, R) float64
        Mean signal on circles of `RADII_MM`, in % contrast.

    Returns
    -------
    (…) float64
        In %; negative where the middle is brighter.
    """
    return np.asarray(profiles @ _contrast_weights())


def slant_gain(cos: FloatArray, blur_mm: float) -> FloatArray:
    """By what a pore's contrast is multiplied on skin seen at a slant: there pores look narrower, and blur takes more.

    Parameters
    ----------
    cos : (…) float64
        Cosine of the slant, 0 … 1.
    blur_mm : float
        Total blur of the signal, σ.

    Returns
    -------
    (…) float64
        1 where the skin is seen head-on; for a round Gaussian pit as wide as most pores.

    Examples
    --------
    >>> slant_gain(np.array([1.0, 0.5]), 0.1).round(2)
    array([1.  , 0.61])
    """
    pit2, blur2 = _USUAL_SIGMA_MM**2, blur_mm**2
    across2, along2 = pit2 + blur2, pit2 * cos**2 + blur2
    # Mean of an elliptical Gaussian over a circle.
    half = RADII_MM**2 / 4
    sum_, difference = (half * (1 / along2 + sign / across2)[..., None] for sign in (1, -1))
    rings = np.exp(difference - sum_) * i0e(difference) * (cos / np.sqrt(along2))[..., None]
    head_on = np.exp(-2 * half / across2) / math.sqrt(across2)
    return np.asarray(contrast_pct(rings) / contrast_pct(head_on))


def read_profiles(signal: FloatImage, usable: BoolImage, at_px: FloatArray, px_per_mm: float) -> FloatArray:
    """Read the profiles of pores.

    Parameters
    ----------
    signal : (H, W) float32
        In % contrast.
    usable : (H, W) bool
    at_px : (N, 2) float64
        Centres, ``(y, x)`` on the signal's grid.
    px_per_mm : float
        Of that grid.

    Returns
    -------
    (N, R) float64
        Mean signal on circles of `RADII_MM` around each; all nan where too little of it is seen.
    """
    if not len(at_px):
        return np.empty((0, len(RADII_MM)))
    angle = 2 * np.pi * np.arange(_ANGLES) / _ANGLES
    dy, dx = (np.outer(RADII_MM, turn(angle)) * px_per_mm for turn in (np.sin, np.cos))
    known = np.nan_to_num(at_px, nan=-1e4)
    y, x = (known[:, axis, None] + offset.ravel()[None] for axis, offset in ((0, dy), (1, dx)))
    weight = _read(usable.astype(np.float32), y, x)
    value = _read(np.where(usable, signal, np.float32(0)), y, x)
    shape = (len(at_px), len(RADII_MM), _ANGLES)
    seen = weight.reshape(shape).sum(axis=2)
    profiles = value.reshape(shape).sum(axis=2) / np.maximum(seen, 1e-6)
    enough = (seen >= _LEAST_SEEN * _ANGLES).all(axis=1)
    return np.asarray(np.where(enough[:, None], profiles, np.nan), np.float64)


def _read(image: FloatImage, y: FloatArray, x: FloatArray) -> FloatArray:
    """Interpolate bilinearly at any number of places (OpenCV's pictures have at most 32767 rows)."""
    rows = [
        cv2.remap(image, part_x, part_y, cv2.INTER_LINEAR, borderValue=0.0)
        for part_y, part_x in zip(_parts(y), _parts(x), strict=True)
    ]
    return np.concatenate(rows).astype(np.float64)


def _parts(values: FloatArray) -> list[FloatImage]:
    return [values[start : start + 16384].astype(np.float32) for start in range(0, len(values), 16384)]


def _contrast_weights() -> FloatArray:
    """Weights of the radii in ring minus core, each circle by the area that it stands for."""
    ring = np.where(_between(*RING_MM), _areas(), 0.0)
    core = np.where(_between(0.0, CORE_MM), _areas(), 0.0)
    return np.asarray(ring / ring.sum() - core / core.sum())


def _between(low_mm: float, high_mm: float) -> BoolImage:
    """Circles from one radius to another, both included."""
    return np.asarray(np.abs(RADII_MM - (low_mm + high_mm) / 2) < (high_mm - low_mm) / 2 + _HALF_STEP_MM)


def _areas() -> FloatArray:
    """Area that each circle stands for, in units of the first circle's circumference times the step."""
    return np.asarray(np.maximum(RADII_MM / RADII_MM[1], 0.125))


@dataclass(frozen=True, slots=True)
class PitShape:
    """Gaussian pits fitted to mean profiles, (B,) each.

    Attributes
    ----------
    depth_pct : (B,) float64
        As seen on the grid.
    area_mm2 : (B,) float64
        π/4 · FWHM² of the pit, the blur taken off; nan where nothing is left of it.
    volume_pct_mm2 : (B,) float64
        Depth × area under the fitted pit, which blur does not change.
    """

    depth_pct: FloatArray
    area_mm2: FloatArray
    volume_pct_mm2: FloatArray


def fit_mean_profiles(profiles: FloatArray, blur_mm: float, px_per_mm: float) -> PitShape:
    """Fit ``ground − depth · exp(−r² / 2σ²)`` to mean profiles.

    Parameters
    ----------
    profiles : (B, R) float64
        Mean signal on circles of `RADII_MM`.
    blur_mm : float
        Total blur of the signal, σ.
    px_per_mm : float
        Of the signal's grid.

    Returns
    -------
    PitShape
    """
    near = _between(0.0, RING_MM[1])
    root = np.sqrt(_areas())[near]
    values = (profiles[:, near] * root).T
    misfit, depth = (np.empty((len(_SIGMAS_MM), len(profiles))) for _ in range(2))
    for row, sigma in enumerate(_SIGMAS_MM):
        basis = np.column_stack([np.ones(near.sum()), -np.exp(-0.5 * (RADII_MM[near] / sigma) ** 2)]) * root[:, None]
        found = np.linalg.lstsq(basis, values, rcond=None)[0]
        misfit[row] = np.sum((basis @ found - values) ** 2, axis=0)
        depth[row] = found[1]
    best = np.clip(misfit.argmin(axis=0), 1, len(_SIGMAS_MM) - 2)
    each = np.arange(len(profiles))
    low, mid, high = misfit[best - 1, each], misfit[best, each], misfit[best + 1, each]
    shift = np.clip(0.5 * (low - high) / np.maximum(low - 2 * mid + high, 1e-30), -1.0, 1.0)
    ratio = _SIGMAS_MM[1] / _SIGMAS_MM[0]
    sigma2 = (_SIGMAS_MM[best] * ratio**shift) ** 2
    depth_pct = np.take_along_axis(depth, best[None], axis=0)[0]
    pit2 = sigma2 - blur_mm**2 - _BILINEAR_PX2 / px_per_mm**2
    area = np.where(pit2 > 0, 2 * math.pi * math.log(2) * np.maximum(pit2, 0), np.nan)
    return PitShape(depth_pct, area, 2 * math.pi * depth_pct * sigma2)
