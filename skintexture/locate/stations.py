"""Fixed places on the face, some 5 mm apart, and the light that falls on the skin there.

The same station lies on the same piece of face in every photo, to the landmarks' half millimetre: enough for light,
shine and colour, which change slowly over the skin.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np
from scipy.spatial import KDTree

from skintexture.locate.anatomy import ZONE_NAMES, zone_outlines
from skintexture.locate.canonical import canonical_mesh, vertex_normals
from skintexture.locate.scene import Scene
from skintexture.locate.skin import SHINE, SKIN, luminance
from skintexture.model import BoolImage, Face, FloatArray, FloatImage

SPACING_MM = 5.0
"""Least distance of two stations on the landmark model's own face."""

# σ of the Gaussian that a station averages over: half the spacing, so that neighbours hardly share skin.
_REACH_MM = 2.0
# A station counts where at least this share of what it averages over is bare skin.
_LEAST_SKIN = 0.4
# Candidates on each triangle: the centres of its 16 equal parts.
_PARTS = 4


@dataclass(frozen=True, slots=True)
class Stations:
    """Places on the landmark model's face.

    Attributes
    ----------
    corners : (N, 3) int64
        The landmarks around each.
    weights : (N, 3) float64
        Barycentric.
    normals : (N, 3) float64
        Unit normals of the model's face at rest: x to the viewer's right, y up, z toward the viewer.
    in_zone : (N, Z) bool
        Whether each lies in each of the zones, in the order of `ZONE_NAMES`.
    """

    corners: np.ndarray[tuple[int, ...], np.dtype[np.int64]]
    weights: FloatArray
    normals: FloatArray
    in_zone: BoolImage

    def on(self, face: Face) -> FloatArray:
        """Where they lie on a photo, ``(y, x)``: (N, 2)."""
        return np.asarray(np.einsum("nk,nkc->nc", self.weights, face.points_px[self.corners]))


@dataclass(frozen=True, slots=True)
class SkinLight:
    """Light from the skin at the stations of one photo; nan where too little of it is bare.

    Attributes
    ----------
    rgb : (N, 3) float64
        Mean linear light of bare skin.
    with_shine : (N, 3) float64
        The same with the shine that `rgb` leaves out.
    shine_share : (N,) float64
        Share of the skin that is shine, 0 … 1.
    """

    rgb: FloatArray
    with_shine: FloatArray
    shine_share: FloatArray


@cache
def stations() -> Stations:
    """Spread the stations over the face (once per process).

    Examples
    --------
    >>> 800 < len(stations().weights) < 1000
    True
    """
    mesh = canonical_mesh()
    corners = np.repeat(mesh.triangles, _PARTS**2, axis=0)
    weights = np.tile(_part_centres(), (len(mesh.triangles), 1))
    at_mm = np.einsum("nk,nkc->nc", weights, mesh.vertices_mm[corners])
    chosen = _spread(at_mm)
    corners, weights = corners[chosen], weights[chosen]
    normals = np.einsum("nk,nkc->nc", weights, vertex_normals()[corners])
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    uv = np.einsum("nk,nkc->nc", weights, mesh.uv[corners]).astype(np.float32)
    outlines = [mesh.uv[list(zone_outlines()[name])].astype(np.float32) for name in ZONE_NAMES]
    in_zone = [[cv2.pointPolygonTest(outline, (u, v), False) >= 0 for outline in outlines] for u, v in uv.tolist()]
    return Stations(corners, weights, normals, np.array(in_zone, dtype=bool))


def _part_centres() -> FloatArray:
    """Barycentric centres of a triangle's equal parts."""
    n = _PARTS
    upright = [(i + 1 / 3, j + 1 / 3) for i in range(n) for j in range(n - i)]
    turned = [(i + 2 / 3, j + 2 / 3) for i in range(n) for j in range(n - i - 1)]
    two = np.array(upright + turned) / n
    return np.column_stack([two, 1.0 - two.sum(axis=1)])


def _spread(at_mm: FloatArray) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    """Take the candidates in order, leaving out what is too near to one that was taken."""
    near = KDTree(at_mm)
    free = np.ones(len(at_mm), dtype=bool)
    chosen = []
    for index in range(len(at_mm)):
        if free[index]:
            chosen.append(index)
            free[near.query_ball_point(at_mm[index], SPACING_MM)] = False
    return np.array(chosen, dtype=np.int64)


def see_stations(face: Face, scene: Scene, max_slant_deg: float) -> SkinLight:
    """Average the light of the skin around every station.

    Parameters
    ----------
    face : Face
    scene : Scene
    max_slant_deg : float
        Skin slanted more than this is left out.

    Returns
    -------
    SkinLight
    """
    light = face_light(scene)
    at_px = stations().on(face).astype(np.float32)
    cos = scene.surface.sample(at_px[:, :1], at_px[:, 1:])[:, 0, 0]
    turned_away = cos < np.cos(np.radians(max_slant_deg))
    skin = scene.skin
    places = ((at_px - np.array(skin.origin_px, np.float32)) / np.float32(skin.step_px)).astype(np.float32)
    sigma = _REACH_MM * scene.scale.px_per_mm / skin.step_px
    bare, shiny = skin.kinds == SKIN, skin.kinds == SHINE

    def mean(values: FloatImage, where: BoolImage) -> FloatArray:
        return np.where(turned_away[:, None], np.nan, _local_mean(values, where, sigma, places))

    share = mean(shiny.astype(np.float32)[..., None], bare | shiny)[:, 0]
    return SkinLight(mean(light, bare), mean(light, bare | shiny), share)


def face_light(scene: Scene) -> FloatImage:
    """Linear light at the resolution of the skin map."""
    skin = scene.skin
    height, width = skin.kinds.shape
    top, left = (round(first - 0.5 * (skin.step_px - 1.0)) for first in skin.origin_px)
    bottom, right = top + round(height * skin.step_px), left + round(width * skin.step_px)
    crop = scene.photo.linear_rgb[top:bottom, left:right]
    return np.asarray(cv2.resize(crop, (width, height), interpolation=cv2.INTER_AREA), np.float32)


def _smooth(values: FloatImage, where: BoolImage, sigma_px: float) -> FloatImage:
    weight = cv2.GaussianBlur(where.astype(np.float32), (0, 0), sigma_px)
    total = cv2.GaussianBlur(np.where(where[..., None], values, np.float32(0)), (0, 0), sigma_px)
    total = total.reshape(values.shape)
    return np.asarray(total / np.maximum(weight, 1e-3)[..., None], np.float32)


def _local_mean(values: FloatImage, where: BoolImage, sigma_px: float, places: FloatImage) -> FloatArray:
    """Mean around each place over where it counts: (N, C); nan where that is too little."""
    smooth = _smooth(values, where, sigma_px)
    weight = cv2.GaussianBlur(where.astype(np.float32), (0, 0), sigma_px)
    rows, columns = np.ascontiguousarray(places[:, :1]), np.ascontiguousarray(places[:, 1:])

    def look(layer: FloatImage) -> FloatArray:
        return np.asarray(cv2.remap(layer, columns, rows, cv2.INTER_LINEAR, borderValue=0.0), np.float64)[:, 0]

    layers = np.column_stack([look(np.ascontiguousarray(smooth[..., k], np.float32)) for k in range(smooth.shape[2])])
    return np.where(look(np.asarray(weight, np.float32))[:, None] >= _LEAST_SKIN, layers, np.nan)


def luminance_of(rgb: FloatArray) -> FloatArray:
    """Luminance of stations' light, (N, 3) → (N,)."""
    return np.asarray(luminance(rgb[None].astype(np.float32))[0], np.float64)
