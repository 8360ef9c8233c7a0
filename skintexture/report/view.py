"""The part of a photo that a picture shows."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from numpy.typing import NDArray

from skintexture.locate.anatomy import FACE_OVAL
from skintexture.locate.landmarks import encode_srgb
from skintexture.locate.skin import OUTSIDE
from skintexture.measure import PhotoResult
from skintexture.model import FloatArray, FloatImage, Photo

Picture = NDArray[np.uint8]
"""(H, W, 3) sRGB."""

LONGEST_PX = 3600
"""A larger picture shows no more on any screen."""
SHORTEST_PX = 1200
"""On a smaller picture labels can't be read."""

# Room around the face, relative to its larger side.
_MARGIN = 0.08
_LEVELS = 1 << 16
# Rows encoded at a time: the working copies stay in the processor's cache.
_STRIP = 16


@dataclass(frozen=True, slots=True)
class View:
    """A piece of the photo, enlarged or shrunk.

    Attributes
    ----------
    picture : (H, W, 3) uint8
        sRGB.
    origin_px : (y, x)
        Photo coordinates of the centre of the piece's first pixel, before it was enlarged or shrunk.
    zoom : float
        Picture pixels per photo pixel.
    """

    picture: Picture
    origin_px: tuple[float, float]
    zoom: float

    def place(self, points_px: FloatArray) -> FloatArray:
        """Take photo coordinates (N, 2), ``(y, x)``, to the picture's."""
        return np.asarray((points_px - np.array(self.origin_px) + 0.5) * self.zoom - 0.5)

    def around(self, outline_px: FloatArray) -> View:
        """Return the part that holds an outline, as a window on the same pixels; empty if it lies outside."""
        at = self.place(outline_px)
        y0, x0 = (int(v) for v in np.maximum(np.floor(at.min(axis=0)), 0))
        y1, x1 = (int(v) for v in np.maximum(np.ceil(at.max(axis=0)) + 1, 0))
        corner = (self.origin_px[0] + y0 / self.zoom, self.origin_px[1] + x0 / self.zoom)
        return View(self.picture[y0:y1, x0:x1], corner, self.zoom)

    def stretch(self, layer: NDArray[np.uint8], origin_px: tuple[float, float], step_px: float) -> NDArray[np.uint8]:
        """Bring a map of the photo to the picture's pixels.

        Parameters
        ----------
        layer : (h, w) uint8
        origin_px, step_px : (y, x), float
            Photo coordinates of the map's first pixel, and photo pixels per map pixel.

        Returns
        -------
        (H, W) uint8
            Interpolated; 0 outside the map.
        """
        to_map = 1.0 / (self.zoom * step_px)
        shift = (np.array(self.origin_px) + (0.5 / self.zoom - 0.5) - np.array(origin_px)) / step_px
        matrix = np.array([[to_map, 0, shift[1]], [0, to_map, shift[0]]])
        size = (self.picture.shape[1], self.picture.shape[0])
        return np.asarray(cv2.warpAffine(layer, matrix, size, flags=cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP), np.uint8)


def view_result(photo: Photo, result: PhotoResult) -> View:
    """Show the face, or the skin where no face was sought, with some room around it.

    Parameters
    ----------
    photo : Photo
    result : PhotoResult

    Returns
    -------
    View
        At the photo's own resolution; only a piece longer than `LONGEST_PX` is shrunk, and one shorter than
        `SHORTEST_PX` enlarged.
    """
    low, high = _box(result)
    room = _MARGIN * float(np.max(high - low)) if result.face else 0.0
    y0, x0 = (int(v) for v in np.maximum(np.floor(low - room), 0))
    y1, x1 = (int(v) for v in np.ceil(high + room) + 1)
    piece = photo.linear_rgb[y0:y1, x0:x1]
    longest = max(piece.shape[:2])
    zoom = min(LONGEST_PX / longest, max(SHORTEST_PX / longest, 1.0))
    return View(_rendered(piece, zoom), (float(y0), float(x0)), zoom)


def _box(result: PhotoResult) -> tuple[FloatArray, FloatArray]:
    if result.face is None:
        skin = np.argwhere(result.skin.kinds != OUTSIDE)
        return skin.min(axis=0).astype(np.float64), skin.max(axis=0).astype(np.float64)
    outline = result.face.points_px[list(FACE_OVAL)]
    return outline.min(axis=0), outline.max(axis=0)


def _rendered(linear: FloatImage, zoom: float) -> Picture:
    """Encode for the screen; shrink in linear light, enlarge after encoding, so that edges don't ring."""
    height, width = linear.shape[:2]
    size = (max(1, round(width * zoom)), max(1, round(height * zoom)))
    if zoom < 1.0:
        linear = np.asarray(cv2.resize(linear, size, interpolation=cv2.INTER_AREA), np.float32)
    picture = np.empty(linear.shape, np.uint8)
    for top in range(0, len(linear), _STRIP):
        strip = np.clip(linear[top : top + _STRIP], 0.0, 1.0)
        strip *= np.float32(_LEVELS - 1)
        strip += np.float32(0.5)
        np.take(_srgb_table(), strip.astype(np.uint16), out=picture[top : top + _STRIP], mode="clip")
    if zoom > 1.0:
        picture = np.asarray(cv2.resize(picture, size, interpolation=cv2.INTER_CUBIC), np.uint8)
    return np.asarray(picture)


@cache
def _srgb_table() -> NDArray[np.uint8]:
    """Every level at once: a table is ten times faster than a power per pixel."""
    return encode_srgb(np.arange(_LEVELS, dtype=np.float32) / np.float32(_LEVELS - 1))
