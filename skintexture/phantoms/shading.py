"""From surfaces and lights to the radiance of every pixel."""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

from skintexture.model import FloatArray, FloatImage
from skintexture.phantoms.camera import View
from skintexture.phantoms.eyes import EyeSpec, eyes_in_view, paint_eye, upper_lid
from skintexture.phantoms.hair import HairLayer, HairSpec, Strokes, brow_hair, draw_lashes, draw_strokes, scalp_hair
from skintexture.phantoms.head import Head
from skintexture.phantoms.light import Illumination, LightSpec, gloss, illuminate
from skintexture.phantoms.marks import draw_marks, see_marks
from skintexture.phantoms.mesh import IntArray, smoothing_matrix, triangles_of, vertex_normals
from skintexture.phantoms.raster import NOTHING, Interpolator, interpolator, visible_triangles
from skintexture.phantoms.relief import ReliefTile, lay_on_surface, lip_creases
from skintexture.phantoms.skin import Pits, Skin
from skintexture.phantoms.tone import MELANIN_DEPTH

ABSORPTION_PER_MM = np.array([4.2, 6.4, 7.0], np.float32)
"""Optical depth per mm of pit, by channel: how much darker than its slopes alone make it a pore looks."""

_FURROW_ABSORPTION_PER_MM = 4.0
# Light that has travelled under the surface blurs what it shows, red most: the share of the relief's shading that is
# left, and the share of light taken from the smoothed flow, by channel.
_RELIEF_KEPT = (0.55, 0.85, 0.95)
_FLOW_SPREAD = (0.80, 0.40, 0.25)
_SPREADING_STEPS = 6

_LASH_BRIGHTNESS = 0.2
_DIMMEST = 0.03  # light that reaches even the deepest fold, mostly through the skin itself
_BACKGROUND = np.array([0.215, 0.225, 0.235])
_STRIP_ROWS = 128
_ROOT_BEHIND_MM = 2.5  # a vertex may lie this far behind the pixel that its hair starts in


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """All that lies before the camera; ``pores`` and ``furrow_depth`` as the treatment left them."""

    head: Head
    skin: Skin
    pores: Pits
    relief: ReliefTile
    furrow_depth: float
    hair: HairSpec
    eyes: EyeSpec
    light: LightSpec
    view: View
    size: tuple[int, int]


def paint(scene: Scene) -> tuple[FloatImage, FloatImage]:
    """Render a scene.

    Returns
    -------
    radiance : (H, W, 3) float32
        Linear sRGB.
    depth_mm : (H, W) float32
        Of the skin, along the optical axis; infinite where there is none.
    """
    light = _light_up(scene)
    canvas = _prepare(scene, light)
    for top in range(0, scene.size[0], _STRIP_ROWS):
        _paint_rows(scene, canvas, top)
    _add_eyes(scene, canvas)
    _add_hair(scene, canvas, light.direct)
    return canvas.radiance, canvas.depth_mm


@dataclass(frozen=True, slots=True)
class _Light:
    """Light at the fine vertices, and its flow as it looks after spreading under the surface."""

    direct: Illumination
    spread: FloatArray


@dataclass(frozen=True, slots=True)
class _Canvas:
    """What each pixel shows (triangle, pits, spots), what is known at the vertices, and the picture being painted."""

    triangle: NDArray[np.int32]
    surface: Interpolator
    pits: FloatImage
    spots: FloatImage
    radiance: FloatImage
    depth_mm: FloatImage


def _prepare(scene: Scene, light: _Light) -> _Canvas:
    camera_mm = scene.view.to_camera(scene.head.vertices_mm)
    points_px = scene.view.project(camera_mm)
    return _Canvas(
        triangle=visible_triangles(points_px, camera_mm[:, 2], scene.head.triangles, scene.size),
        surface=interpolator(points_px, scene.head.triangles, _attributes(scene, camera_mm[:, 2], light)),
        pits=_draw(scene, scene.pores),
        spots=_draw(scene, scene.skin.spots),
        radiance=_background(scene.size),
        depth_mm=np.full(scene.size, np.inf, np.float32),
    )


def _light_up(scene: Scene) -> _Light:
    head = scene.head
    normals = vertex_normals(head.coarse_mm, triangles_of(head.coarse_quads)) @ scene.view.rotation.T
    coarse = illuminate(scene.view.to_camera(head.coarse_mm), normals, head.coarse_quads, scene.light)
    smooth = smoothing_matrix(head.coarse_quads, len(head.coarse_mm))
    spread = coarse.flow
    for _ in range(_SPREADING_STEPS):
        spread = smooth @ spread
    direct = Illumination(
        flow=head.to_fine(smooth @ coarse.flow),
        key_seen=head.to_fine(smooth @ coarse.key_seen),
        fill_seen=head.to_fine(smooth @ coarse.fill_seen),
    )
    return _Light(direct=direct, spread=head.to_fine(spread))


_COLUMNS: dict[str, slice | int] = {
    "normal": slice(0, 3),
    "resting": slice(3, 6),
    "albedo": slice(6, 9),
    "flow": slice(9, 12),
    "spread": slice(12, 15),
    "key_seen": 15,
    "fill_seen": 16,
    "gloss": 17,
    "relief": 18,
    "depth": 19,
    "lips": 20,
}


def _attributes(scene: Scene, depth_mm: FloatArray, light: _Light) -> FloatArray:
    """All that is spread over the pixels, in the order of `_COLUMNS`."""
    head, skin, direct = scene.head, scene.skin, light.direct
    single = [direct.key_seen, direct.fill_seen, skin.gloss, skin.relief, depth_mm, head.lips]
    vectors = [head.normals, head.vertices_mm, skin.albedo, direct.flow, light.spread]
    return np.concatenate([*vectors, np.stack(single, axis=1)], axis=1)


def _background(size: tuple[int, int]) -> FloatImage:
    """Paint a plain wall, a little brighter in the middle."""
    y, x = np.mgrid[-1 : 1 : size[0] * 1j, -1 : 1 : size[1] * 1j].astype(np.float32)
    falloff = 1.0 - 0.22 * (x**2 + (y + 0.2) ** 2)
    return np.asarray(falloff[..., None] * _BACKGROUND.astype(np.float32), np.float32)


def _draw(scene: Scene, pits: Pits) -> FloatImage:
    return draw_marks(pits, see_marks(pits, scene.head, scene.view), scene.size)


def _paint_rows(scene: Scene, canvas: _Canvas, top: int) -> None:
    """Shade the skin in some rows."""
    rows, columns = np.nonzero(canvas.triangle[top : top + _STRIP_ROWS] != NOTHING)
    if len(rows) == 0:
        return
    rows += top
    values = canvas.surface(canvas.triangle[rows, columns], rows, columns)
    here = {name: values[:, part] for name, part in _COLUMNS.items()}
    normal = _unit(here["normal"] @ scene.view.rotation.T.astype(np.float32))
    tilt, furrow_mm = _relief(scene, here)
    tilt += _pit_tilt(canvas.pits, rows, columns) * (scene.view.focal_px / here["depth"])[:, None]
    tilt -= normal * np.sum(tilt * normal, axis=1, keepdims=True)
    toward_eye = -scene.view.rays(rows, columns).astype(np.float32)
    optical_depth = (
        canvas.pits[rows, columns, None] * ABSORPTION_PER_MM - _FURROW_ABSORPTION_PER_MM * furrow_mm[:, None]
    )
    optical_depth += canvas.spots[rows, columns, None] * MELANIN_DEPTH.astype(np.float32)
    colour = here["albedo"] * np.exp(-optical_depth) * _irradiance(here, normal, tilt)
    canvas.radiance[rows, columns] = colour + _shine(scene, here, _unit(normal + tilt), toward_eye)[:, None]
    canvas.depth_mm[rows, columns] = here["depth"]


def _relief(scene: Scene, here: dict[str, FloatImage]) -> tuple[FloatImage, FloatImage]:
    """How far furrows tilt the normal (camera's space), and their height in mm."""
    gradient, height_mm = lay_on_surface(scene.relief, here["resting"], here["normal"])
    gradient[:, 0] += here["lips"] * lip_creases(here["resting"])
    strength = np.asarray(here["relief"] * np.float32(scene.furrow_depth), np.float32)
    tilt = -gradient @ scene.view.rotation.T.astype(np.float32)
    return np.asarray(tilt * strength[:, None], np.float32), np.asarray(height_mm * strength, np.float32)


def _pit_tilt(pits: FloatImage, rows: IntArray, columns: IntArray) -> FloatImage:
    """How far pits tilt the normal, per px/mm: the slope of their depth across the picture, in the camera's space."""
    height, width = pits.shape
    left, right = np.maximum(columns - 1, 0), np.minimum(columns + 1, width - 1)
    above, below = np.maximum(rows - 1, 0), np.minimum(rows + 1, height - 1)
    tilt = np.zeros((len(rows), 3), np.float32)
    tilt[:, 0] = (pits[rows, right] - pits[rows, left]) / 2
    tilt[:, 1] = (pits[below, columns] - pits[above, columns]) / 2
    return tilt


def _irradiance(here: dict[str, FloatImage], normal: FloatImage, tilt: FloatImage) -> FloatImage:
    """Light that the skin gives back, per channel: red comes from deeper, so it shows less relief and softer shadow."""
    channels = []
    for kept, spread in zip(_RELIEF_KEPT, _FLOW_SPREAD, strict=True):
        flow = here["flow"] + np.float32(spread) * (here["spread"] - here["flow"])
        tilted = _unit(normal + np.float32(kept) * tilt)
        channels.append(np.maximum(np.sum(flow * tilted, axis=1), _DIMMEST))
    return np.stack(channels, axis=1)


def _shine(scene: Scene, here: dict[str, FloatImage], normal: FloatImage, toward_eye: FloatImage) -> FloatImage:
    light = scene.light
    key = light.key * np.clip(here["key_seen"], 0, 1)
    fill = light.fill * np.clip(here["fill_seen"], 0, 1)
    broad = key * gloss(normal, toward_eye, light.key_direction, 0.24) + fill * gloss(
        normal, toward_eye, light.fill_direction, 0.26
    )
    narrow = key * gloss(normal, toward_eye, light.key_direction, 0.10)
    return np.asarray(here["gloss"] * (1.3 * broad + 0.2 * narrow), np.float32)


def _unit(vectors: FloatImage) -> FloatImage:
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True), np.float32)


def _add_eyes(scene: Scene, canvas: _Canvas) -> None:
    for number, eye in enumerate(eyes_in_view(scene.head, scene.view)):
        picture = paint_eye(eye, scene.view, canvas.depth_mm, scene.eyes, scene.light)
        if picture is None:
            continue
        soft = cv2.GaussianBlur(picture.shown.astype(np.float32), (0, 0), 1.2)[..., None]
        part = canvas.radiance[picture.window]
        part += soft * (picture.radiance - part)
        px_per_mm = scene.view.focal_px / eye.centre_mm[2]
        lashes = draw_lashes(upper_lid(picture), px_per_mm, scene.hair.seed + number, scene.size)
        _cover(canvas.radiance, HairLayer(cover=lashes, tone=np.full_like(lashes, _LASH_BRIGHTNESS)), scene.hair)


def _add_hair(scene: Scene, canvas: _Canvas, light: Illumination) -> None:
    irradiance = np.linalg.norm(light.flow, axis=1)
    for strokes in (scalp_hair(scene.head, scene.skin.scalp, scene.hair), brow_hair(scene.head, scene.hair)):
        brightness = strokes.tone * irradiance[strokes.root] * _root_seen(scene, strokes, canvas.depth_mm)
        _cover(canvas.radiance, draw_strokes(strokes, brightness, scene.view, scene.size), scene.hair)


def _root_seen(scene: Scene, strokes: Strokes, depth_mm: FloatImage) -> NDArray[np.bool_]:
    roots = scene.view.to_camera(strokes.points_mm[:, 0])
    column, row = np.rint(scene.view.project(roots)).astype(int).T
    inside = (row >= 0) & (column >= 0) & (row < scene.size[0]) & (column < scene.size[1])
    surface = np.full(len(row), -np.inf)
    surface[inside] = depth_mm[row[inside], column[inside]]
    return np.asarray(roots[:, 2] < surface + _ROOT_BEHIND_MM)


def _cover(radiance: FloatImage, layer: HairLayer, hair: HairSpec) -> None:
    rows = np.flatnonzero(layer.cover.any(axis=1))
    if len(rows) == 0:
        return
    part = slice(rows[0], rows[-1] + 1)
    colour = layer.tone[part, :, None] * np.array(hair.colour, np.float32)
    radiance[part] += layer.cover[part, :, None] * (colour - radiance[part])
