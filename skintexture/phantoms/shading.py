"""From surfaces and lights to the radiance of every pixel."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np

from skintexture.model import FloatArray, FloatImage
from skintexture.phantoms.camera import CameraSpec
from skintexture.phantoms.features import add_eyes, add_hair
from skintexture.phantoms.head import Head
from skintexture.phantoms.light import Illumination, LightSpec, gloss, illuminate
from skintexture.phantoms.makeup import FILLED, VEILED
from skintexture.phantoms.marks import draw_marks, see_marks
from skintexture.phantoms.mesh import IntArray, smoothing_matrix, triangles_of, vertex_normals
from skintexture.phantoms.raster import NOTHING, interpolator, visible_triangles
from skintexture.phantoms.relief import lay_on_surface, lip_creases
from skintexture.phantoms.scene import Canvas, Scene
from skintexture.phantoms.skin import Pits
from skintexture.phantoms.tone import MELANIN_DEPTH

ABSORPTION_PER_MM = np.array([4.2, 6.4, 7.0], np.float32)
"""Optical depth per mm of pit, by channel: how much darker than its slopes alone make it a pore looks."""

_FURROW_ABSORPTION_PER_MM = 4.0
_REDNESS_PER_MM = np.array([0.25, 1.9, 1.7], np.float32)  # of an inflamed dome: blood, mostly in green and blue
# Light that has travelled under the surface blurs what it shows, red most: the share of the relief's shading that is
# left, and the share of light taken from the smoothed flow, by channel.
_RELIEF_KEPT = (0.55, 0.85, 0.95)
_FLOW_SPREAD = (0.80, 0.40, 0.25)
_SPREADING_STEPS = 6

_DIMMEST = 0.03  # light that reaches even the deepest fold, mostly through the skin itself
_BACKGROUND = np.array([0.215, 0.225, 0.235])
_WIDEST_RIM = 3.5  # times a mark's width: a mark that far outside a window doesn't reach into it
_STRIP_ROWS = 16  # few enough to stay in the processor's cache


def paint(scene: Scene) -> tuple[FloatImage, FloatImage]:
    """Render a scene.

    Returns
    -------
    radiance : (H, W, 3) float32
        Linear sRGB.
    depth_mm : (H, W) float32
        Of the skin, along the optical axis; infinite where there is none.
    """
    turn = (*scene.view.rotation.ravel().tolist(), *scene.view.translation_mm.tolist())
    light = _light_up(scene.moved, turn, scene.light)
    canvas = _prepare(scene, light)
    for top in range(0, scene.size[0], _STRIP_ROWS):
        _paint_rows(scene, canvas, top)
    add_eyes(scene, canvas)
    add_hair(scene, canvas, light.direct)
    return canvas.radiance, canvas.depth_mm


@dataclass(frozen=True, slots=True)
class _Light:
    """Light at the fine vertices, and its flow as it looks after spreading under the surface."""

    direct: Illumination
    spread: FloatArray


def _prepare(scene: Scene, light: _Light) -> Canvas:
    camera_mm = scene.view.to_camera(scene.moved.vertices_mm)
    points_px = scene.view.project(camera_mm)
    seen = visible_triangles(points_px, camera_mm[:, 2], scene.head.triangles, scene.size)
    shown = np.unique(seen)
    shown = shown[shown != NOTHING]
    number = np.full(len(scene.head.triangles) + 1, NOTHING, np.int32)  # the last is that of nothing
    number[shown] = np.arange(len(shown))
    triangles, attributes = scene.head.triangles[shown], _attributes(scene, camera_mm[:, 2], light)
    pits = _draw(scene, scene.skin.pores)
    domes = _draw(scene, scene.skin.papules) if len(scene.skin.papules.depth) else None
    return Canvas(
        triangle=number[seen],
        surface=interpolator(points_px, triangles, attributes),
        pits=pits,
        domes=domes,
        sunk_mm=pits if domes is None else pits - domes,
        spots=_draw(scene, scene.skin.spots),
        radiance=_background(scene.camera),
        depth_mm=np.full(scene.size, np.inf, np.float32),
    )


@lru_cache(maxsize=4)  # shots of one series differ in treatment and noise, not in what falls where
def _light_up(head: Head, turn: tuple[float, ...], light: LightSpec) -> _Light:
    """Light on a head that is turned and placed so: nine numbers of a rotation, row by row, and three of a shift."""
    rotation, shift_mm = np.array(turn[:9]).reshape(3, 3), np.array(turn[9:])
    normals = vertex_normals(head.coarse_mm, triangles_of(head.coarse_quads)) @ rotation.T
    coarse = illuminate(head.coarse_mm @ rotation.T + shift_mm, normals, head.coarse_quads, light)
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
    "resting_normal": slice(21, 24),
}


def _attributes(scene: Scene, depth_mm: FloatArray, light: _Light) -> FloatArray:
    """All that is spread over the pixels, in the order of `_COLUMNS`; the last only where the face has moved."""
    head, skin, direct = scene.head, scene.skin, light.direct
    single = [direct.key_seen, direct.fill_seen, skin.gloss, skin.relief, depth_mm, head.lips]
    vectors = [scene.moved.normals, head.vertices_mm, skin.albedo, direct.flow, light.spread]
    moved = [] if scene.moved is head else [head.normals]
    return np.concatenate([*vectors, np.stack(single, axis=1), *moved], axis=1)


def _background(camera: CameraSpec) -> FloatImage:
    """Paint a plain wall, a little brighter in the middle of the whole frame."""
    rows, columns = camera.shown
    y = np.mgrid[-1 : 1 : camera.height_px * 1j].astype(np.float32)[rows, None]
    x = np.mgrid[-1 : 1 : camera.width_px * 1j].astype(np.float32)[columns]
    falloff = 1.0 - 0.22 * (x**2 + (y + 0.2) ** 2)
    return np.asarray(falloff[..., None] * _BACKGROUND.astype(np.float32), np.float32)


def _draw(scene: Scene, pits: Pits) -> FloatImage:
    """Draw marks as they fall into the picture; into a window, also those whose middle lies outside it."""
    seen = see_marks(pits, scene.moved, scene.view)
    if scene.camera.window is None or len(pits.depth) == 0:
        return draw_marks(pits, seen, scene.size)
    rim = math.ceil(_WIDEST_RIM * float(np.max(pits.fwhm_mm * np.sqrt(pits.elongation) * seen.px_per_mm)))
    height, width = scene.size
    wide = draw_marks(pits, replace(seen, yx_px=seen.yx_px + rim), (height + 2 * rim, width + 2 * rim))
    return np.ascontiguousarray(wide[rim : rim + height, rim : rim + width])


def _paint_rows(scene: Scene, canvas: Canvas, top: int) -> None:
    """Shade the skin in some rows."""
    rows, columns = np.nonzero(canvas.triangle[top : top + _STRIP_ROWS] != NOTHING)
    if len(rows) == 0:
        return
    rows += top
    values = canvas.surface(canvas.triangle[rows, columns], rows, columns)
    here = {name: values[:, part] for name, part in _COLUMNS.items()}
    normal = _unit(here["normal"] @ scene.view.rotation.T.astype(np.float32))
    tilt, furrow_mm = _relief(scene, here)
    tilt += _pit_tilt(canvas.sunk_mm, rows, columns) * (scene.view.focal_px / here["depth"])[:, None]
    tilt *= np.float32(1 - FILLED * scene.foundation)
    tilt -= normal * _dot(tilt, normal)[:, None]
    toward_eye = -scene.view.rays(rows, columns).astype(np.float32)
    optical_depth = (
        canvas.pits[rows, columns, None] * ABSORPTION_PER_MM - _FURROW_ABSORPTION_PER_MM * furrow_mm[:, None]
    )
    optical_depth *= np.float32(1 - VEILED * scene.foundation)
    optical_depth += canvas.spots[rows, columns, None] * MELANIN_DEPTH.astype(np.float32)
    if canvas.domes is not None:
        optical_depth += canvas.domes[rows, columns, None] * _REDNESS_PER_MM
    colour = here["albedo"] * np.exp(-optical_depth) * _irradiance(here, normal, tilt)
    canvas.radiance[rows, columns] = colour + _shine(scene, here, _unit(normal + tilt), toward_eye)[:, None]
    canvas.depth_mm[rows, columns] = here["depth"]


def _relief(scene: Scene, here: dict[str, FloatImage]) -> tuple[FloatImage, FloatImage]:
    """How far furrows tilt the normal (camera's space), and their height in mm."""
    normal = here["normal"] if scene.moved is scene.head else here["resting_normal"]
    gradient, height_mm = lay_on_surface(scene.relief, here["resting"], normal)
    gradient[:, 0] += here["lips"] * lip_creases(here["resting"])
    if scene.moved is not scene.head:
        gradient = _turned(gradient, _unit(normal), _unit(here["normal"]))
    tilt = -gradient @ scene.view.rotation.T.astype(np.float32)
    strength = here["relief"]
    return np.asarray(tilt * strength[:, None], np.float32), np.asarray(height_mm * strength, np.float32)


def _turned(vectors: FloatImage, was: FloatImage, now: FloatImage) -> FloatImage:
    """Vectors (N, 3) turned as the surface turned: by the smallest rotation that takes one normal to the other."""
    axis = np.cross(was, now)
    along = np.cross(axis, vectors)
    cosine = _dot(was, now)[:, None]
    return np.asarray(vectors + along + np.cross(axis, along) / np.maximum(1 + cosine, 0.1), np.float32)


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
        channels.append(np.maximum(_dot(flow, tilted), _DIMMEST))
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
    return np.asarray(vectors / np.sqrt(_dot(vectors, vectors))[:, None], np.float32)


def _dot(a: FloatImage, b: FloatImage) -> FloatImage:
    """Products of vectors (N, 3), row by row: three columns are added faster than numpy sums short rows."""
    return np.asarray(a[:, 0] * b[:, 0] + a[:, 1] * b[:, 1] + a[:, 2] * b[:, 2])
