"""Find places that may be pores: dark round blobs in a scale space of the masked signal."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from skintexture.model import BoolImage, FloatArray, FloatImage

SCALE_RATIO = 1.3
"""From one scale to the next: halfway between, the response to a pit is 2 % below its best. The fit finds the size."""

_FILL_MM = 0.3
"""Half-width of the mean that stands in for what lies outside the mask, so that its outline is no dark edge."""


@dataclass(frozen=True, slots=True)
class Search:
    """Scales and thresholds of the search.

    Attributes
    ----------
    sigmas_px : (S,) float64
        Ascending.
    min_contrast_pct : (S,) float64
        Blobs of less, at their scale, are left out.
    """

    sigmas_px: FloatArray
    min_contrast_pct: FloatArray


@dataclass(frozen=True, slots=True)
class Blobs:
    """Maxima of the scale space, sorted by (y, x).

    Attributes
    ----------
    y_px, x_px : (N,) intp
        Whole pixels.
    scale : (N,) intp
        Which of the search's scales answers most.
    contrast_pct : (N,) float64
        Depth of the round Gaussian pit that is curved everywhere as the signal is in its least curved direction.
    """

    y_px: NDArray[np.intp]
    x_px: NDArray[np.intp]
    scale: NDArray[np.intp]
    contrast_pct: FloatArray


def fill_outside(signal: FloatImage, mask: BoolImage, px_per_mm: float) -> FloatImage:
    """Continue the signal beyond the mask by its mean nearby, and by zero further out.

    Parameters
    ----------
    signal : (H, W) float32
        In % contrast.
    mask : (H, W) bool
        Where the signal counts.
    px_per_mm : float
        Of the grid.

    Returns
    -------
    (H, W) float32
        Unchanged inside; nothing of what lay outside has entered.
    """
    if mask.all():
        return signal
    side = 2 * max(1, round(_FILL_MM * px_per_mm)) + 1
    inside = np.where(mask, signal, np.float32(0))
    total = cv2.boxFilter(inside, -1, (side, side), borderType=cv2.BORDER_REFLECT)
    weight = cv2.boxFilter(mask.astype(np.float32), -1, (side, side), borderType=cv2.BORDER_REFLECT)
    filled: FloatImage = np.where(mask, signal, total / np.maximum(weight, np.float32(1e-3)))
    return filled


def inner_region(mask: BoolImage, margin_px: float) -> BoolImage:
    """Pixels of the mask farther than `margin_px` from everything outside it, the picture's edge included."""
    reach = np.arange(-math.floor(margin_px), math.floor(margin_px) + 1)
    disc = (np.hypot(reach[:, None], reach[None, :]) <= margin_px).astype(np.uint8)
    eroded = cv2.erode(mask.astype(np.uint8), disc, borderType=cv2.BORDER_CONSTANT, borderValue=0)
    return np.asarray(eroded > 0)


def scales_px(smallest_px: float, largest_px: float) -> FloatArray:
    """σ of the scale space, from `smallest_px` to `largest_px` in steps of about `SCALE_RATIO`."""
    count = 1 + max(1, round(math.log(largest_px / smallest_px) / math.log(SCALE_RATIO)))
    return np.geomspace(smallest_px, largest_px, count)


def find_blobs(filled: FloatImage, inner: BoolImage, search: Search) -> Blobs:
    """Find the maxima, over position and scale, of the scale-normalised Laplacian of Gaussian.

    A round Gaussian pit of depth c and width σ answers with ``2 c σ² t² / (σ² + t²)²`` at scale t: at most c / 2, at
    t = σ. A furrow or a hair answers too; but there the smaller of the Hessian's two eigenvalues is near zero, and
    the contrast reported here is ``4 t² · (smaller eigenvalue)``: the same c for a round pit, 0 for a line.

    Parameters
    ----------
    filled : (H, W) float32
        Signal in % contrast, meaningful everywhere: from `fill_outside`.
    inner : (H, W) bool
        Where a blob's centre may lie.
    search : Search
        Scales, and the least contrast at each.

    Returns
    -------
    Blobs

    References
    ----------
    Lindeberg T (1998) Feature detection with automatic scale selection. Int J Comput Vis 30:79–116.
    doi:10.1023/A:1008045108935
    """
    threshold = float(search.min_contrast_pct.min()) / 2.0
    levels, best, scale_of = _scale_space(filled, search.sigmas_px, threshold)
    highest = cv2.dilate(best, np.ones((3, 3), np.uint8))
    y, x = np.nonzero((best == highest) & inner & (best > threshold))
    scale = scale_of[y, x].astype(np.intp)
    contrast = 4.0 * search.sigmas_px[scale] ** 2 * _smaller_curvature(levels, scale, (y, x))
    deep = contrast >= search.min_contrast_pct[scale]
    return Blobs(y[deep], x[deep], scale[deep], contrast[deep])


def _scale_space(
    filled: FloatImage, sigmas_px: FloatArray, threshold: float
) -> tuple[list[FloatImage], FloatImage, NDArray[np.uint8]]:
    """Smoothed pictures, the strongest response of each pixel (`threshold` if none is stronger), and its scale."""
    best = np.full(filled.shape, threshold, np.float32)
    scale = np.zeros(filled.shape, np.uint8)
    levels: list[FloatImage] = []
    smooth, reached = filled, 0.0
    for index, sigma in enumerate(sigmas_px):
        smooth = blurred(smooth, math.sqrt(sigma**2 - reached**2))
        response = cv2.Laplacian(smooth, cv2.CV_32F, scale=sigma**2, borderType=cv2.BORDER_REFLECT)
        np.copyto(scale, index, where=response > best)
        np.maximum(best, response, out=best)
        levels.append(smooth)
        reached = sigma
    return levels, best, scale


def blurred(image: FloatImage, sigma_px: float) -> FloatImage:
    """Blur by a Gaussian, the picture mirrored at its edges."""
    return np.asarray(cv2.GaussianBlur(image, (0, 0), sigma_px, borderType=cv2.BORDER_REFLECT), np.float32)


def _smaller_curvature(
    levels: list[FloatImage], index: NDArray[np.intp], place: tuple[NDArray[np.intp], NDArray[np.intp]]
) -> FloatArray:
    """Smaller eigenvalue of the Hessian at `place`, each on its own level."""
    curvature = np.zeros(len(index))
    for number, level in enumerate(levels):
        chosen = index == number
        rows = _around(place[0][chosen], level.shape[0])
        columns = _around(place[1][chosen], level.shape[1])
        near = level[rows[:, None], columns[None, :]].astype(np.float64)
        yy = near[2, 1] + near[0, 1] - 2.0 * near[1, 1]
        xx = near[1, 2] + near[1, 0] - 2.0 * near[1, 1]
        xy = (near[2, 2] + near[0, 0] - near[2, 0] - near[0, 2]) / 4.0
        curvature[chosen] = (yy + xx) / 2.0 - np.hypot((yy - xx) / 2.0, xy)
    return curvature


def _around(position: NDArray[np.intp], size: int) -> NDArray[np.intp]:
    """(3, N): one before, at, and one after each position, kept inside the picture."""
    return np.asarray(np.clip(position + np.array([[-1], [0], [1]]), 0, size - 1), np.intp)
