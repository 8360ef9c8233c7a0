"""A face that no camera saw: the canonical mesh seen from the front, evenly lit skin, and a result made by hand."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest

from skintexture.locate.anatomy import FACE_OVAL, ZONE_NAMES, zone_outlines
from skintexture.locate.canonical import canonical_mesh
from skintexture.locate.quality import Quality
from skintexture.locate.skin import OUTSIDE, SKIN, SkinMap, flat_skin
from skintexture.locate.surface import fit_surface, flat_surface
from skintexture.measure import PATCH, PhotoResult
from skintexture.model import Face, LocatedPore, Measurement, Photo, Pore, Scale, Zone
from skintexture.report.zone_paint import filled

PX_PER_MM = 3.0
STEP_PX = 2.0


def make_photo(shape=(660, 560), light=(0.35, 0.2, 0.14), name="visit1/face.jpg"):
    rgb = np.empty((*shape, 3), dtype=np.float32)
    rgb[:] = light
    rgb *= 1 + 0.05 * np.random.default_rng(1).standard_normal((*shape, 1)).astype(np.float32)
    return Photo(name, "0" * 64, rgb, np.zeros(shape, bool), True, 8, 100.0, 95.0, math.nan)


def make_face(shape=(660, 560)):
    mesh = canonical_mesh().vertices_mm
    seen = np.column_stack([-mesh[:, 1], mesh[:, 0]]) * PX_PER_MM + (np.array(shape) - 1) / 2
    irises = [
        seen[list(corners)].mean(axis=0) + 5.8 * PX_PER_MM * np.array(at)
        for corners in ((33, 133), (362, 263))
        for at in ((0, 0), (0, 1), (-1, 0), (0, -1), (1, 0))
    ]
    expression = {"eyeBlinkLeft": 0.05, "eyeBlinkRight": 0.05}
    return Face(np.vstack([seen, irises]), np.zeros(478), 3.0, -5.0, 0.2, expression, 1)


def make_pore(y_px, x_px, zone="left_cheek", diameter_mm=0.3):
    pore = Pore(0.0, 0.0, diameter_mm, math.pi / 4 * diameter_mm**2, 8.0, 1.0, 0.0, 9.0)
    return LocatedPore(zone, y_px, x_px, 0.5, 0.5, pore)


@pytest.fixture
def photo():
    return make_photo()


@pytest.fixture
def result(photo):
    """All zones, all skin, no pores; the scale was given."""
    face = make_face()
    zones = tuple(
        Zone(name, face.points_px[list(zone_outlines()[name])], PX_PER_MM, 20.0, 500.0, 0.9, ()) for name in ZONE_NAMES
    )
    shape = tuple(int(side / STEP_PX) for side in (photo.height_px, photo.width_px))
    oval = filled(face.points_px[list(FACE_OVAL)] / STEP_PX, shape)
    skin = SkinMap(np.where(oval, SKIN, OUTSIDE).astype(np.uint8), (0.0, 0.0), STEP_PX)
    rows = tuple(Measurement(zone.name, "pore_density", 100.0, "1/cm²") for zone in zones)
    scale = Scale(PX_PER_MM, "given", 0.0, 900.0, "exif")
    surface = fit_surface(face, photo.clipped.shape, (PX_PER_MM, 900.0))
    return PhotoResult(face, scale, Quality(0.8), surface, skin, zones, rows, (), ())


@pytest.fixture
def patch_result(photo):
    """A picture in which no face was sought: one zone that is the frame."""
    frame = np.array([[0, 0], [0, photo.width_px], [photo.height_px, photo.width_px], [photo.height_px, 0]]) - 0.5
    zone = Zone(PATCH, frame, 14.0, 0.0, 900.0, 1.0, ())
    scale = Scale(14.0, "given", 0.0, math.inf, "flat")
    everywhere = flat_skin(np.ones(photo.clipped.shape, dtype=bool))
    row = Measurement(PATCH, "pore_density", 100.0, "1/cm²")
    surface = flat_surface(photo.clipped.shape)
    return PhotoResult(None, scale, Quality(0.8), surface, everywhere, (zone,), (row,), (), ())


@pytest.fixture
def paint():
    """Change what the skin map shows in one zone's middle (a square of 12 mm)."""

    def apply(result, zone_name, kind):
        zone = next(zone for zone in result.zones if zone.name == zone_name)
        y, x = (int(v / STEP_PX) for v in zone.outline_px.mean(axis=0))
        half = int(6 * PX_PER_MM / STEP_PX)
        kinds = result.skin.kinds.copy()
        kinds[y - half : y + half, x - half : x + half] = kind
        return replace(result, skin=replace(result.skin, kinds=kinds))

    return apply


@pytest.fixture
def add_pores():
    def apply(result, *places, **what):
        return replace(result, pores=tuple(make_pore(*place, **what) for place in places))

    return apply


@pytest.fixture
def enlarge():
    """The same picture with every pixel repeated."""

    def apply(photo, times):
        rgb = np.repeat(np.repeat(photo.linear_rgb, times, axis=0), times, axis=1)
        return replace(photo, linear_rgb=rgb, clipped=np.zeros(rgb.shape[:2], bool))

    return apply
