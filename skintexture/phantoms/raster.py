"""Which triangle each pixel shows, and any attribute of the vertices spread over the pixels."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from skintexture.model import FloatArray, FloatImage
from skintexture.phantoms.mesh import IntArray

_SUBPIXEL_BITS = 6
NOTHING = -1


def visible_triangles(
    points_px: FloatArray, depth_mm: FloatArray, triangles: IntArray, size: tuple[int, int]
) -> NDArray[np.int32]:
    """Find the triangle seen in each pixel: its number, or −1.

    The triangles are painted from far to near, which is right for triangles that are small compared with the
    distances between the surfaces they form.

    Parameters
    ----------
    points_px : (V, 2) float64
        ``(x, y)``.
    depth_mm : (V,) float64
        Larger is farther.
    triangles : (T, 3) int64
    size : tuple of int
        Height and width.
    """
    seen = np.full(size, NOTHING, np.int32)
    front = np.flatnonzero(_turned_to_viewer(points_px[triangles]))
    front = front[_inside(points_px[triangles[front]], size)]
    order = front[np.argsort(-depth_mm[triangles[front]].mean(axis=1), kind="stable")]
    outlines = np.rint(points_px[triangles[order]] * 2**_SUBPIXEL_BITS).astype(np.int32)
    for number, outline in zip(order.tolist(), outlines, strict=True):
        cv2.fillConvexPoly(seen, outline, (number,), cv2.LINE_8, _SUBPIXEL_BITS)
    return seen


@dataclass(frozen=True, slots=True)
class Interpolator:
    """Vertex attributes as planes over each triangle, ready to be read at any of its pixels.

    Attributes
    ----------
    planes : (T, 3, K) float32
        Value at the triangle's first corner, and its slopes along x and y.
    origins_px : (T, 2) float32
        The first corners, ``(x, y)``.
    """

    planes: FloatImage
    origins_px: FloatImage

    def __call__(self, triangles: NDArray[np.int32], rows: IntArray, columns: IntArray) -> FloatImage:
        """Attributes (N, K) at pixels (N,) that show these triangles (N,)."""
        origins = self.origins_px.take(triangles, axis=0)
        dx = (columns - origins[:, 0]).astype(np.float32)[:, None]
        dy = (rows - origins[:, 1]).astype(np.float32)[:, None]
        planes = self.planes.take(triangles, axis=0)
        return np.asarray(planes[:, 0] + dx * planes[:, 1] + dy * planes[:, 2])


def interpolator(points_px: FloatArray, triangles: IntArray, attributes: FloatArray) -> Interpolator:
    """Spread attributes (V, K) linearly over the triangles as they lie in the picture.

    A triangle seen end-on has slopes without meaning; no slope is let exceed the triangle's own range per pixel.
    """
    a, b, c = (points_px[triangles[:, i]] for i in range(3))
    fa, fb, fc = (attributes[triangles[:, i]] for i in range(3))
    ab, ac = b - a, c - a
    det = ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0]
    safe = np.where(np.abs(det) < 1e-3, np.inf, det)[:, None]
    along_x = ((fb - fa) * ac[:, 1:] - (fc - fa) * ab[:, 1:]) / safe
    along_y = ((fc - fa) * ab[:, :1] - (fb - fa) * ac[:, :1]) / safe
    most = np.maximum.reduce([fa, fb, fc]) - np.minimum.reduce([fa, fb, fc])
    planes = np.stack([fa, np.clip(along_x, -most, most), np.clip(along_y, -most, most)], axis=1).astype(np.float32)
    return Interpolator(planes=planes, origins_px=a.astype(np.float32))


def depth_map(points_px: FloatArray, depth_mm: FloatArray, triangles: IntArray, size: tuple[int, int]) -> FloatImage:
    """Depth of what is seen in each pixel, (H, W); infinite where nothing is.

    Parameters
    ----------
    points_px : (V, 2) float64
        ``(x, y)``.
    depth_mm : (V,) float64
    triangles : (T, 3) int64
    size : tuple of int
        Height and width.
    """
    seen = visible_triangles(points_px, depth_mm, triangles, size)
    rows, columns = np.nonzero(seen != NOTHING)
    surface = interpolator(points_px, triangles, depth_mm[:, None])
    depth = np.full(size, np.inf, np.float32)
    depth[rows, columns] = surface(seen[rows, columns], rows, columns)[:, 0]
    return depth


def _turned_to_viewer(corners_px: FloatArray) -> NDArray[np.bool_]:
    """Counter-clockwise from outside is clockwise in a picture whose y points down."""
    ab, ac = corners_px[:, 1] - corners_px[:, 0], corners_px[:, 2] - corners_px[:, 0]
    return np.asarray(ab[:, 0] * ac[:, 1] - ab[:, 1] * ac[:, 0] < 0)


def _inside(corners_px: FloatArray, size: tuple[int, int]) -> NDArray[np.bool_]:
    low, high = corners_px.min(axis=1), corners_px.max(axis=1)
    return np.asarray((high[:, 0] >= 0) & (high[:, 1] >= 0) & (low[:, 0] < size[1]) & (low[:, 1] < size[0]))
