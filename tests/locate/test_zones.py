"""Zones have the area, slant and resolution of the skin that they lie on."""

from __future__ import annotations

import dataclasses

import cv2
import numpy as np
import pytest
from scipy.interpolate import LinearNDInterpolator

from known_head import photo_of, see_head
from skintexture.locate.anatomy import ZONE_NAMES, zone_outlines
from skintexture.locate.canonical import canonical_mesh
from skintexture.locate.quality import Quality
from skintexture.locate.scene import Scene
from skintexture.locate.skin import bare_skin
from skintexture.locate.surface import fit_surface
from skintexture.locate.zones import outline_zones
from skintexture.model import Scale
from skintexture.recipe import load_recipe

RECIPE = load_recipe("standard")


def _zones(head, rgb=None, clipped=None, params=RECIPE.zones):
    photo = photo_of(np.full((*head.shape, 3), 0.3) if rgb is None else rgb)
    if clipped is not None:
        photo = photo_of(photo.linear_rgb, clipped=clipped)
    scale = Scale(head.px_per_mm, "given", 0.0, head.distance_mm, "exif")
    surface = fit_surface(head.face, head.shape, (head.px_per_mm, head.distance_mm))
    skin = bare_skin(photo, head.face, head.px_per_mm, RECIPE.skin)
    scene = Scene(photo, scale, surface, skin, Quality(0.5))
    return {zone.name: zone for zone in outline_zones(head.face, scene, params)}


def _true_area_mm2(zone):
    """Area of the mesh over the zone's outline, from the slope of its depth on a fine grid."""
    points = canonical_mesh().vertices_mm
    outline = points[list(zone_outlines()[zone]), :2].astype(np.float32)
    step = 0.5
    x = np.arange(outline[:, 0].min(), outline[:, 0].max(), step)
    y = np.arange(outline[:, 1].min(), outline[:, 1].max(), step)
    depth = LinearNDInterpolator(points[:, :2], points[:, 2])(*np.meshgrid(x, y))
    slope_y, slope_x = np.gradient(depth, step)
    inside = np.array([[cv2.pointPolygonTest(outline, (float(c), float(r)), False) >= 0 for c in x] for r in y])
    return float(np.nansum(np.sqrt(1 + slope_x**2 + slope_y**2)[inside])) * step**2


def test_every_zone_asked_for_is_there_in_order(frontal_head):
    assert tuple(_zones(frontal_head)) == ZONE_NAMES


@pytest.mark.parametrize("zone", ["forehead", "left_malar", "right_cheek", "chin"])
def test_area_is_that_of_the_skin_not_of_its_picture(frontal_head, zone):
    found = _zones(frontal_head)[zone]
    assert found.area_mm2 / found.measurable_fraction == pytest.approx(_true_area_mm2(zone), rel=0.15)


def test_area_does_not_depend_on_resolution_or_distance():
    areas = [
        _zones(see_head(px_per_mm=ppm, distance_mm=distance))["forehead"].area_mm2
        for ppm, distance in ((4.0, 800.0), (8.0, 800.0), (4.0, 400.0))
    ]
    np.testing.assert_allclose(areas, areas[0], rtol=0.1)


def test_the_nose_has_more_px_per_mm_than_the_jaw():
    zones = _zones(see_head(distance_mm=400.0))
    assert zones["nose"].px_per_mm > 1.04 * zones["left_jawline"].px_per_mm


def test_a_turned_head_shows_one_side_and_hides_the_other():
    zones = _zones(see_head(yaw_deg=35.0))
    assert zones["right_cheek"].measurable_fraction > 0.8
    assert zones["left_cheek"].measurable_fraction < 0.4
    assert zones["right_cheek"].slant_deg < zones["left_cheek"].slant_deg


def test_clipped_skin_is_not_measurable(frontal_head):
    y, x = frontal_head.face.points_px[list(zone_outlines()["forehead"])].mean(axis=0).round().astype(int)
    clipped = np.zeros(frontal_head.shape, dtype=bool)
    clipped[y - 40 : y + 40, x - 60 : x + 60] = True
    lost = _zones(frontal_head)["forehead"].area_mm2 - _zones(frontal_head, clipped=clipped)["forehead"].area_mm2
    assert lost == pytest.approx(80 * 120 / frontal_head.px_per_mm**2, rel=0.1)


def test_a_zone_outside_the_frame_has_its_caveat():
    head = see_head()
    face = head.face
    points = face.points_px.copy()
    points[:, 0] -= 75 * head.px_per_mm  # the forehead leaves the frame
    zones = _zones(dataclasses.replace(head, face=dataclasses.replace(face, points_px=points)))
    assert zones["forehead"].area_mm2 < zones["chin"].area_mm2
    assert zones["forehead"].caveats


def test_too_little_skin_is_told(frontal_head):
    params = RECIPE.zones.model_copy(update={"min_area_mm2": 5000.0})
    assert all(
        "too_small" in zone.caveats for zone in _zones(frontal_head, params=params).values() if zone.area_mm2 < 5000
    )
