"""Eyes, lashes and hair, laid over the painted skin."""

from __future__ import annotations

import math
from dataclasses import replace

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.interpolate import PchipInterpolator

from skintexture.locate.anatomy import mirrored
from skintexture.model import FloatImage
from skintexture.phantoms.eyes import eyes_in_view, paint_eye, upper_lid
from skintexture.phantoms.hair import HairLayer, Strokes, draw_lashes, draw_strokes
from skintexture.phantoms.head import UPPER_LID, face_landmarks
from skintexture.phantoms.light import Illumination
from skintexture.phantoms.mesh import IntArray
from skintexture.phantoms.scene import Canvas, Scene

_LASH_BRIGHTNESS = 0.2
_AS_GOOD_AS_CLOSED = 0.85  # what may still show of the eye is too little to tell where the lid's rim runs
_ROOT_BEHIND_MM = 2.5  # a vertex may lie this far behind the pixel that its hair starts in


def add_eyes(scene: Scene, canvas: Canvas) -> None:
    """Paint the eyeballs where no skin lies before them, and the lashes."""
    for number, eye in enumerate(eyes_in_view(scene.head, scene.view)):
        picture = paint_eye(eye, scene.view, canvas.depth_mm, scene.eyes, scene.light)
        if picture is None:
            continue
        soft = cv2.GaussianBlur(picture.shown.astype(np.float32), (0, 0), 1.2)[..., None]
        part = canvas.radiance[picture.window]
        part += soft * (picture.radiance - part)
        px_per_mm = scene.view.focal_px / eye.centre_mm[2]
        lid = _closed_lid(scene, number) if scene.eyes_closed > _AS_GOOD_AS_CLOSED else upper_lid(picture)
        lift = 1.0 - 1.6 * scene.eyes_closed
        lashes = draw_lashes(lid, px_per_mm, (scene.lash_seed + number, lift), scene.size)
        layer = HairLayer(cover=lashes, tone=np.full_like(lashes, _LASH_BRIGHTNESS))
        _cover(canvas.radiance, layer, scene.hair.brows)


def _closed_lid(scene: Scene, number: int) -> IntArray:
    """``(row, column)`` along the line where the lids of an eye meet, the subject's right one first."""
    rim = UPPER_LID if number == 0 else mirrored(UPPER_LID)[::-1]
    corners = scene.moved.vertices_mm[face_landmarks()[list(rim)]]
    x, y = scene.view.project(scene.view.to_camera(corners)).T
    columns = np.arange(math.ceil(x.min()), math.floor(x.max()) + 1)
    order = np.argsort(x)
    line = np.stack([PchipInterpolator(x[order], y[order])(columns), columns], axis=1)
    within = np.all((line >= 0) & (line < np.array(scene.size)), axis=1)
    return np.asarray(np.rint(line[within]), np.int64)


def add_hair(scene: Scene, canvas: Canvas, light: Illumination) -> None:
    """Draw all hair that grows from the head, where its roots can be seen."""
    irradiance = np.linalg.norm(light.flow, axis=1)
    hair = scene.hair
    for resting in (hair.vellus, hair.stubble, hair.scalp, hair.brows):
        if len(resting.root) == 0:
            continue
        strokes = _carried(resting, scene)
        brightness = strokes.tone * irradiance[strokes.root] * _root_seen(scene, strokes, canvas.depth_mm)
        _cover(canvas.radiance, draw_strokes(strokes, brightness, scene.view, scene.size), strokes)


def _carried(strokes: Strokes, scene: Scene) -> Strokes:
    """Hairs that the moving skin took along."""
    if scene.moved is scene.head:
        return strokes
    shift = (scene.moved.vertices_mm - scene.head.vertices_mm)[strokes.root]
    return replace(strokes, points_mm=strokes.points_mm + shift[:, None])


def _root_seen(scene: Scene, strokes: Strokes, depth_mm: FloatImage) -> NDArray[np.bool_]:
    roots = scene.view.to_camera(strokes.points_mm[:, 0])
    column, row = np.rint(scene.view.project(roots)).astype(int).T
    inside = (row >= 0) & (column >= 0) & (row < scene.size[0]) & (column < scene.size[1])
    surface = np.full(len(row), -np.inf)
    surface[inside] = depth_mm[row[inside], column[inside]]
    return np.asarray(roots[:, 2] < surface + _ROOT_BEHIND_MM)


def _cover(radiance: FloatImage, layer: HairLayer, strokes: Strokes) -> None:
    rows = np.flatnonzero(layer.cover.any(axis=1))
    if len(rows) == 0:
        return
    part = slice(rows[0], rows[-1] + 1)
    colour = layer.tone[part, :, None] * np.array(strokes.colour, np.float32)
    radiance[part] += np.float32(strokes.opacity) * layer.cover[part, :, None] * (colour - radiance[part])
