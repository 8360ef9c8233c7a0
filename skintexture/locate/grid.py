"""Maps over the photo, looked up on another grid over the photo."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from skintexture.model import FloatImage


@dataclass(frozen=True, slots=True)
class Grid:
    """Evenly spaced places on the photo.

    Attributes
    ----------
    origin_px : tuple of float
        ``(y, x)`` of the first.
    step_px : float
        Photo pixels from one to the next.
    shape : tuple of int
        Rows and columns.
    """

    origin_px: tuple[float, float]
    step_px: float
    shape: tuple[int, ...]


def look_up(image: FloatImage, on: Grid, at: Grid, *, border: int) -> FloatImage:
    """Interpolate a map bilinearly.

    Parameters
    ----------
    image : (H, W) float32
    on : Grid
        Where the map's own pixels lie.
    at : Grid
        The places asked for.
    border : int
        ``cv2.BORDER_REPLICATE``, or ``cv2.BORDER_CONSTANT`` for zeros beyond the map.

    Returns
    -------
    (h, w) float32
        Of the shape of ``at``.
    """
    step = at.step_px / on.step_px
    y, x = ((there - here) / on.step_px for there, here in zip(at.origin_px, on.origin_px, strict=True))
    to_map = np.array([[step, 0.0, x], [0.0, step, y]])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    found = cv2.warpAffine(image, to_map, (at.shape[1], at.shape[0]), flags=flags, borderMode=border, borderValue=0.0)
    return np.asarray(found, np.float32)
