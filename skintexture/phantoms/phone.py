"""What a phone does to a picture before it stores it: noise reduction that keeps edges, and sharpening.

Noise reduction is what is hardest to tell from smoother skin: it removes all that differs little from its surround,
noise and fine texture alike.
"""

from __future__ import annotations

import cv2
import numpy as np

from skintexture.model import FloatImage

_RANGE_PER_NOISE = 5.0
_REACH_PX = 9
_SPREAD_PX = 2.0
_COLOUR_SPREAD_PX = 2.5
_SHARPENING_RADIUS_PX = 1.0


def process(encoded: FloatImage, *, noise: float, reduction: float, sharpening: float) -> FloatImage:
    """Reduce noise and sharpen.

    Parameters
    ----------
    encoded : (H, W, 3) float32
        sRGB, 0 … 1.
    noise : float
        Its σ, in the same unit; what differs by some times less than this is smoothed.
    reduction, sharpening : float
        Strengths; 0 leaves the picture alone.

    Returns
    -------
    (H, W, 3) float32
        Within 0 … 1.
    """
    parts = cv2.cvtColor(encoded, cv2.COLOR_RGB2YCrCb)
    luma = np.ascontiguousarray(parts[..., 0])
    if reduction > 0:
        luma = cv2.bilateralFilter(luma, _REACH_PX, _RANGE_PER_NOISE * reduction * noise, _SPREAD_PX)
        colour = cv2.GaussianBlur(parts[..., 1:], (0, 0), _COLOUR_SPREAD_PX)
        parts[..., 1:] = cv2.addWeighted(parts[..., 1:], 1.0 - min(reduction, 1.0), colour, min(reduction, 1.0), 0.0)
    if sharpening > 0:
        luma = luma + np.float32(sharpening) * (luma - cv2.GaussianBlur(luma, (0, 0), _SHARPENING_RADIUS_PX))
    parts[..., 0] = luma
    return np.asarray(np.clip(cv2.cvtColor(parts, cv2.COLOR_YCrCb2RGB), 0.0, 1.0), np.float32)
