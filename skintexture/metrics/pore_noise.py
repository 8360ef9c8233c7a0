"""What the camera's noise does to a pore: how uncertain its contrast is, and how many pores noise alone would make."""

from __future__ import annotations

import math

import cv2
import numpy as np

from skintexture.metrics.pore_detection import blurred, fill_outside
from skintexture.model import FloatArray, Patch

_MAD_TO_SD = 1.4826
"""Standard deviation by median absolute deviation of a Gaussian."""

_QUIETEST = 1e-6
"""Least noise density, in % · mm: keeps the signal-to-noise ratio of a flawless phantom finite."""


def contrast_noise_pct(patch: Patch, sigmas_px: FloatArray) -> FloatArray:
    """Tell how much noise there is in the contrast of a blob, at each scale.

    The patch's own figure is used if it has one; otherwise an upper bound from the robust spread of the finest
    Laplacian in the mask, taken as if all of it were noise. Pores and lines are too sparse there to move it by much.

    Parameters
    ----------
    patch : Patch
        For its noise; or for its signal and mask, where the noise is not known.
    sigmas_px : (S,) float64
        Scales.

    Returns
    -------
    (S,) float64
        Standard deviation in %: twice that of the scale-normalised Laplacian, as the contrast of a pit is.
    """
    blur_px = patch.noise_blur_mm * patch.px_per_mm
    gains = np.array([_laplacian_gain(math.hypot(sigma, blur_px)) for sigma in sigmas_px])
    if patch.noise_pct > 0.0:
        density = patch.noise_pct / patch.noise_px_per_mm
    else:
        density = _finest_spread(patch, float(sigmas_px[0])) / (patch.px_per_mm * float(gains[0]))
    return np.asarray(2.0 * sigmas_px**2 * max(density, _QUIETEST) * patch.px_per_mm * gains)


def _laplacian_gain(sigma_px: float) -> float:
    """Tell the standard deviation of the discrete Laplacian of unit white noise that was blurred by σ."""
    reach = math.ceil(4.0 * sigma_px) + 1
    profile = np.exp(-0.5 * (np.arange(-reach, reach + 1) / sigma_px) ** 2)
    kernel = np.outer(profile, profile) / profile.sum() ** 2
    return float(np.linalg.norm(cv2.Laplacian(kernel, cv2.CV_64F, borderType=cv2.BORDER_CONSTANT)))


def _finest_spread(patch: Patch, finest_px: float) -> float:
    filled = fill_outside(patch.signal, patch.mask, patch.px_per_mm)
    response = cv2.Laplacian(blurred(filled, finest_px), cv2.CV_32F, borderType=cv2.BORDER_REFLECT)
    magnitude = np.abs(response[patch.mask])
    return _MAD_TO_SD * float(np.median(magnitude)) if magnitude.size else 0.0


def false_blobs_per_mm2(sigmas_mm: FloatArray, noise_blur_mm: float, height: FloatArray) -> float:
    """Bound the number of blobs per mm² that noise alone puts above a threshold.

    Maxima of a Gaussian random field above u standard deviations number ``λ u exp(−u²/2) / (2π)^1.5`` per area for
    large u, λ being the mean square slope of the field of unit variance in one direction: 1.5 / (t² + b²) for white
    noise blurred by b behind a Laplacian of Gaussian of scale t. The sum over scales counts a maximum that is seen on
    two of them twice, and no test of shape is taken into account: hence a bound.

    Parameters
    ----------
    sigmas_mm : (S,) float64
        Scales.
    noise_blur_mm : float
        σ of the noise's blur on the grid.
    height : (S,) float64
        Threshold at each scale, in standard deviations of the noise.

    Returns
    -------
    float
        Per mm² of the picture's plane, ≥ 0.

    References
    ----------
    Adler RJ (1981) The Geometry of Random Fields. Wiley. doi:10.1137/1.9780898718980
    """
    steep = np.maximum(height, 1.0)  # the formula holds for high thresholds; below 1 it would fall again
    slope = 1.5 / (sigmas_mm**2 + noise_blur_mm**2)
    return float(np.sum(slope * steep * np.exp(-0.5 * steep**2)) / (2.0 * math.pi) ** 1.5)
