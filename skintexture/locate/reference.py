"""Structures that treatment leaves alone, cut out of a photo: brows, lashes, lid margins and the lip line."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import cache

import cv2
import numpy as np

from skintexture.locate.anatomy import RIGHT_EYELIDS, mirrored, not_skin_outlines
from skintexture.locate.skin import luminance
from skintexture.model import Face, FloatArray, FloatImage, Photo, Scale

# Side of a window: long enough for waves of 1 mm, short enough to hold little but the structure itself.
_WINDOW_MM = 7.0
_LEAST_WINDOW_PX = 16
# Landmarks are this far off at most; the windows are cut wider, and brought together by what they show.
_MARGIN_MM = 0.7
# Phase correlation's response where two windows show the same.
_LEAST_RESPONSE = 0.1
# Waves that tell where a window lies, between Gaussians of these σ: coarser ones are shading.
_PLACE_BAND_MM = (0.15, 0.6)
_FLOOR = 1e-3
# JPEG writes about this share of the power of a sharp structure back beside a soft one, at every frequency alike, for
# each step that its quality is below 100.
_WRITTEN_BACK = 0.0015


@dataclass(frozen=True, slots=True)
class Reference:
    """The reference structures of one photo.

    Attributes
    ----------
    windows : tuple of (S, S) float32
        Linear luminance around each of `reference_points`; of no pixels where the frame cuts it.
    px_per_mm : float
    written_back : float
        Share of a structure's power that the file's compression adds, however soft the structure is.
    """

    windows: tuple[FloatImage, ...]
    px_per_mm: float
    written_back: float = 0.0


@cache
def reference_points() -> tuple[int, ...]:
    """Landmarks on brows, lid margins and the border of the lips."""
    outlines = not_skin_outlines()
    lids = (*RIGHT_EYELIDS[1:8], *mirrored(RIGHT_EYELIDS[1:8]))
    brows = tuple(point for outline in outlines["brows"] for point in outline[::2])
    return (*brows, *lids[::2], *outlines["lips"][0][::2])


def see_reference(photo: Photo, face: Face, scale: Scale) -> Reference:
    """Cut out a photo's reference structures.

    Parameters
    ----------
    photo : Photo
    face : Face
    scale : Scale

    Returns
    -------
    Reference
    """
    side = side_px(scale.px_per_mm) + 2 * round(_MARGIN_MM * scale.px_per_mm)
    windows = (_window(photo, face.points_px[point], side) for point in reference_points())
    return Reference(tuple(windows), scale.px_per_mm, written_back(photo))


def written_back(photo: Photo) -> float:
    """Share of a structure's power that the file's compression adds, however soft the structure is."""
    return 0.0 if math.isnan(photo.jpeg_quality) else _WRITTEN_BACK * (100.0 - photo.jpeg_quality)


def side_px(px_per_mm: float) -> int:
    """Side of a window that shows alike in both photos."""
    return max(_LEAST_WINDOW_PX, round(_WINDOW_MM * px_per_mm))


def _window(photo: Photo, point_px: FloatArray, side: int) -> FloatImage:
    """Luminance around a landmark; empty where the frame cuts it."""
    top, left = (round(float(at)) - side // 2 for at in point_px)
    if top < 0 or left < 0 or top + side > photo.height_px or left + side > photo.width_px:
        return np.zeros((0, 0), np.float32)
    return luminance(photo.linear_rgb[top : top + side, left : left + side])


def bring_together(before: Reference, after: Reference) -> tuple[Reference, Reference]:
    """Cut the windows of both photos down to what they show alike.

    Parameters
    ----------
    before, after : Reference

    Returns
    -------
    before, after : Reference
        Windows of `side_px`.
    """
    pairs = [_cut_alike(*both, before, after) for both in zip(before.windows, after.windows, strict=True)]
    return (
        replace(before, windows=tuple(pair[0] for pair in pairs)),
        replace(after, windows=tuple(pair[1] for pair in pairs)),
    )


def _cut_alike(
    one: FloatImage, other: FloatImage, before: Reference, after: Reference
) -> tuple[FloatImage, FloatImage]:
    if not one.size or not other.size:
        return one[:0], other[:0]
    offset_mm = _offset_mm(one, other, min(before.px_per_mm, after.px_per_mm))
    # Each gives way by a half.
    return _middle(one, -0.5 * offset_mm, before.px_per_mm), _middle(other, 0.5 * offset_mm, after.px_per_mm)


def _offset_mm(one: FloatImage, other: FloatImage, px_per_mm: float) -> FloatArray:
    """How far what a window shows lies from its place in the other, (y, x); 0 where they show nothing in common."""
    side = round((_WINDOW_MM + 2 * _MARGIN_MM) * px_per_mm)
    layers = [_place_layer(window, side, px_per_mm) for window in (one, other)]
    (x, y), response = cv2.phaseCorrelate(layers[0], layers[1], cv2.createHanningWindow((side, side), cv2.CV_64F))
    if response < _LEAST_RESPONSE:
        return np.zeros(2)
    return np.clip(np.array([y, x]) / px_per_mm, -2 * _MARGIN_MM, 2 * _MARGIN_MM)


def _place_layer(window: FloatImage, side: int, px_per_mm: float) -> FloatArray:
    light = cv2.resize(window, (side, side), interpolation=cv2.INTER_AREA)
    log_light = np.log(np.maximum(light, _FLOOR))
    fine, coarse = (cv2.GaussianBlur(log_light, (0, 0), sigma_mm * px_per_mm) for sigma_mm in _PLACE_BAND_MM)
    return np.asarray(fine - coarse, dtype=np.float64)


def _middle(window: FloatImage, offset_mm: FloatArray, px_per_mm: float) -> FloatImage:
    """Cut the middle of a window, moved by an offset."""
    side, margin = side_px(px_per_mm), round(_MARGIN_MM * px_per_mm)
    top, left = (margin + max(-margin, min(margin, round(float(at) * px_per_mm))) for at in offset_mm)
    return window[top : top + side, left : left + side]
