"""What every texture family does to a patch first: forget all that lies outside the mask."""

from __future__ import annotations

import math

import cv2
import numpy as np

from skintexture.model import BoolImage, FloatImage


def crop_to_mask(signal: FloatImage, mask: BoolImage) -> tuple[FloatImage, BoolImage]:
    """Cut signal and mask down to the mask's bounding box.

    Parameters
    ----------
    signal : (H, W) float32
    mask : (H, W) bool
        With at least one pixel inside.

    Returns
    -------
    (h, w) float32 and (h, w) bool
        Views, not copies.
    """
    rows = np.flatnonzero(mask.any(axis=1))
    columns = np.flatnonzero(mask.any(axis=0))
    box = np.s_[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    return signal[box], mask[box]


def mean_inside(image: FloatImage, mask: BoolImage) -> float:
    """Mean over the mask; nan where the mask is empty.

    Summed in double precision, so the mean of a constant is that constant.
    """
    return float(cv2.mean(image, mask.view(np.uint8))[0]) if mask.any() else math.nan


def centred(signal: FloatImage, mask: BoolImage) -> FloatImage:
    """Take the mean over the mask off the signal and put zero outside.

    A constant signal becomes exactly zero.
    """
    return np.where(mask, signal - np.float32(mean_inside(signal, mask)), np.float32(0))
