"""Where the skin is in space, on a head whose geometry is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from known_head import see_head
from skintexture.locate.anatomy import EYE_CORNERS
from skintexture.locate.canonical import canonical_mesh
from skintexture.locate.surface import estimate_distance_mm, fit_pose, fit_surface, flat_surface

NOSE_TIP, FOREHEAD, RIGHT_CHEEK = 1, 10, 50


def _at(surface, points_px, index):
    y, x = points_px[index].astype(np.float32)
    return surface.sample(np.array([[y]]), np.array([[x]]))[0, 0]


@pytest.mark.parametrize("yaw_deg", [-25.0, 0.0, 25.0])
def test_the_fitted_head_lies_on_the_seen_one(yaw_deg):
    head = see_head(yaw_deg=yaw_deg)
    points, residual_px = fit_pose(head.face, head.shape, head.px_per_mm * head.distance_mm)
    assert residual_px < 0.01
    np.testing.assert_allclose(points, head.points_mm, atol=0.1)


def test_the_nose_is_nearer_and_larger(frontal_head):
    head = frontal_head
    surface = fit_surface(head.face, head.shape, (head.px_per_mm, head.distance_mm))
    depth = _at(surface, head.face.points_px, NOSE_TIP)[1]
    truth = head.points_mm[NOSE_TIP, 2] - head.points_mm[list(EYE_CORNERS), 2].mean()
    assert truth < -20
    assert depth == pytest.approx(truth, abs=1.5)


def test_slant_follows_the_turned_head():
    index = RIGHT_CHEEK
    slants = []
    for yaw in (-30.0, 0.0, 30.0):
        head = see_head(yaw_deg=yaw)
        surface = fit_surface(head.face, head.shape, (head.px_per_mm, head.distance_mm))
        slants.append(math.degrees(math.acos(_at(surface, head.face.points_px, index)[0])))
    # The head turned to its left shows its right cheek to the camera.
    assert slants[0] > slants[1] > slants[2]
    assert slants[0] - slants[2] == pytest.approx(60, abs=8)


def test_the_chart_has_the_same_coordinates_in_every_photo():
    charts = []
    for yaw, distance in ((0.0, 800.0), (20.0, 500.0)):
        head = see_head(yaw_deg=yaw, distance_mm=distance)
        surface = fit_surface(head.face, head.shape, (head.px_per_mm, head.distance_mm))
        charts.append(_at(surface, head.face.points_px, RIGHT_CHEEK)[2:])
    np.testing.assert_allclose(charts[0], charts[1], atol=0.004)
    np.testing.assert_allclose(charts[0], canonical_mesh().uv[RIGHT_CHEEK], atol=0.004)


@pytest.mark.parametrize("distance_mm", [200.0, 400.0, 900.0])
def test_perspective_tells_near_from_far(distance_mm):
    head = see_head(distance_mm=distance_mm)
    estimate = estimate_distance_mm(head.face, head.shape, head.px_per_mm)
    assert estimate == pytest.approx(distance_mm, rel=0.15)


def test_a_flat_surface_faces_the_camera_and_its_chart_is_the_frame():
    surface = flat_surface((50, 100))
    y, x = np.array([[0.0, 49.0]], dtype=np.float32), np.array([[0.0, 99.0]], dtype=np.float32)
    found = surface.sample(y, x)[0]
    np.testing.assert_allclose(found[0], [1, 0, 0, 0], atol=1e-6)
    np.testing.assert_allclose(found[1], [1, 0, 1, 1], atol=1e-5)
