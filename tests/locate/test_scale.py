"""Pixels per mm, from everything that can give them."""

from __future__ import annotations

import dataclasses
import math

import cv2
import numpy as np
import pytest

from known_head import CLOSED_EYES, draw_eyes, photo_of, see_head
from skintexture.errors import InputError, PhotoProblem
from skintexture.locate.scale import KnownScale, ScaleParams, find_scale

PARAMS = ScaleParams(iris_mm=11.71, iris_sd_mm=0.42, max_blink=0.5, max_disagreement=0.06)


@pytest.mark.parametrize("px_per_mm", [3.0, 6.0, 14.0])
@pytest.mark.parametrize("model_error", [-0.08, 0.0, 0.08])
def test_the_iris_rim_corrects_the_landmark_model(px_per_mm, model_error):
    head = see_head(px_per_mm)
    photo = photo_of(draw_eyes(head))
    points = head.face.points_px
    for iris in (468, 473):  # the model's iris is too large or too small, and a little off
        points[iris + 1 : iris + 5] += (points[iris + 1 : iris + 5] - points[iris]) * model_error
        points[iris : iris + 5] += 0.4 * px_per_mm
    scale = find_scale(photo, head.face, PARAMS, KnownScale())
    assert scale.method == "iris"
    assert scale.px_per_mm == pytest.approx(px_per_mm, rel=0.02)
    assert "iris_unrefined" not in scale.caveats


def test_anatomy_is_most_of_the_uncertainty(frontal_head):
    scale = find_scale(photo_of(draw_eyes(frontal_head)), frontal_head.face, PARAMS, KnownScale())
    assert 0.42 / 11.71 <= scale.uncertainty < 0.05


def test_irises_under_closed_lids_give_no_scale():
    head = see_head(expression=CLOSED_EYES)
    photo = photo_of(np.full((*head.shape, 3), 0.3))
    with pytest.raises(PhotoProblem, match="closed") as refusal:
        find_scale(photo, head.face, PARAMS, KnownScale())
    assert "--px-per-mm" in refusal.value.remedy


def test_without_a_rim_the_model_stands_with_a_caveat(frontal_head):
    scale = find_scale(photo_of(np.full((*frontal_head.shape, 3), 0.3)), frontal_head.face, PARAMS, KnownScale())
    assert "iris_unrefined" in scale.caveats
    assert scale.px_per_mm == pytest.approx(frontal_head.px_per_mm, rel=0.01)
    assert scale.uncertainty > 0.05


def test_two_unlike_irises_are_told(frontal_head):
    rgb = draw_eyes(frontal_head)
    small = draw_eyes(frontal_head, iris_mm=10.2)
    middle = frontal_head.shape[1] // 2
    rgb[:, middle:] = small[:, middle:]
    scale = find_scale(photo_of(rgb), frontal_head.face, PARAMS, KnownScale())
    assert "irises_disagree" in scale.caveats
    assert len(scale.irises) == 1


def test_the_scale_tells_the_rims_it_was_read_from(frontal_head):
    photo = photo_of(draw_eyes(frontal_head))
    scale = find_scale(photo, frontal_head.face, PARAMS, KnownScale())
    right, left = (np.array(rim[:2]) for rim in scale.irises)
    # Arcs at the sides say little about the height.
    np.testing.assert_allclose(
        [right, left], frontal_head.face.points_px[[468, 473]], atol=0.25 * scale.irises[0][2] / 4
    )
    assert np.mean([rim[2] for rim in scale.irises]) == pytest.approx(scale.px_per_mm * PARAMS.iris_mm)
    assert find_scale(photo, frontal_head.face, PARAMS, KnownScale(px_per_mm=4.5)).irises == ()


@pytest.mark.parametrize(("shut", "iris"), [("eyeBlinkRight", 473), ("eyeBlinkLeft", 468)])
def test_a_shut_eye_has_no_rim(frontal_head, shut, iris):
    face = dataclasses.replace(frontal_head.face, expression={**frontal_head.face.expression, shut: 0.9})
    scale = find_scale(photo_of(draw_eyes(frontal_head)), face, PARAMS, KnownScale())
    (rim,) = scale.irises
    assert np.hypot(*(np.array(rim[:2]) - face.points_px[iris])) < rim[2] / 4


def test_what_the_user_states_wins_over_the_iris(frontal_head):
    scale = find_scale(photo_of(draw_eyes(frontal_head)), frontal_head.face, PARAMS, KnownScale(px_per_mm=4.5))
    assert (scale.px_per_mm, scale.method, scale.uncertainty) == (4.5, "given", 0.0)


@pytest.mark.parametrize("yaw_deg", [0.0, 20.0])
def test_the_distance_of_the_pupils_gives_the_scale_also_of_a_turned_head(yaw_deg):
    head = see_head(yaw_deg=yaw_deg)
    irises = head.points_mm[[33, 133, 362, 263]]
    apart_mm = float(np.linalg.norm(irises[:2].mean(axis=0) - irises[2:].mean(axis=0)))
    scale = find_scale(photo_of(draw_eyes(head)), head.face, PARAMS, KnownScale(interpupillary_mm=apart_mm))
    assert scale.method == "interpupillary"
    assert scale.px_per_mm == pytest.approx(head.px_per_mm, rel=0.02)


@pytest.mark.parametrize("slant", [1.0, 0.7])
def test_a_printed_marker_gives_the_scale_also_when_slanted(frontal_head, slant):
    side_px, side_mm = 80, 20.0
    marker = cv2.aruco.generateImageMarker(cv2.aruco.getPredefinedDictionary(cv2.aruco.DICT_4X4_50), 7, side_px)
    marker = cv2.copyMakeBorder(marker, 20, 20, 20, 20, cv2.BORDER_CONSTANT, value=255)
    marker = cv2.resize(marker, None, fx=slant, fy=1.0, interpolation=cv2.INTER_AREA)
    rgb = np.full((*frontal_head.shape, 3), 0.3, dtype=np.float32)
    rgb[10 : 10 + marker.shape[0], 10 : 10 + marker.shape[1]] = marker[..., None] / 255.0
    scale = find_scale(photo_of(rgb), frontal_head.face, PARAMS, KnownScale(marker_mm=side_mm))
    assert scale.method == "marker"
    assert scale.px_per_mm == pytest.approx(side_px / side_mm, rel=0.02)


def test_a_marker_that_was_stated_but_is_not_there_is_a_problem(frontal_head):
    with pytest.raises(PhotoProblem, match="no printed marker"):
        find_scale(photo_of(draw_eyes(frontal_head)), frontal_head.face, PARAMS, KnownScale(marker_mm=20))


def test_the_focal_length_gives_the_distance(frontal_head):
    diagonal_px = math.hypot(*frontal_head.shape)
    focal_35 = frontal_head.px_per_mm * 700.0 / diagonal_px * math.hypot(36, 24)
    photo = photo_of(draw_eyes(frontal_head), focal_length_35mm=focal_35)
    scale = find_scale(photo, frontal_head.face, PARAMS, KnownScale(px_per_mm=frontal_head.px_per_mm))
    assert scale.distance_method == "exif"
    assert scale.distance_mm == pytest.approx(700.0, rel=1e-6)
    assert "distance_estimated" not in scale.caveats


def test_an_unknown_distance_is_estimated_and_told(frontal_head):
    scale = find_scale(photo_of(draw_eyes(frontal_head)), frontal_head.face, PARAMS, KnownScale())
    assert scale.distance_method == "estimated"
    assert "distance_estimated" in scale.caveats


def test_nearer_skin_has_more_pixels_per_mm(frontal_head):
    scale = find_scale(photo_of(draw_eyes(frontal_head)), frontal_head.face, PARAMS, KnownScale(px_per_mm=5.0))
    nose = scale.at_depth(-scale.distance_mm / 11)
    assert nose == pytest.approx(5.5)
    assert scale.at_depth(0.0) == 5.0


@pytest.mark.parametrize("roll_deg", [-50.0, 30.0, 90.0])
def test_a_tilted_head_has_the_same_scale(frontal_head, roll_deg):
    rgb = draw_eyes(frontal_head)
    middle = ((rgb.shape[1] - 1) / 2, (rgb.shape[0] - 1) / 2)
    turn = cv2.getRotationMatrix2D(middle, roll_deg, 1.0)
    turned = cv2.warpAffine(rgb, turn, rgb.shape[1::-1], flags=cv2.INTER_CUBIC, borderMode=cv2.BORDER_REPLICATE)
    points = frontal_head.face.points_px
    points[:, :] = (np.column_stack([points[:, ::-1], np.ones(len(points))]) @ turn.T)[:, ::-1]
    scale = find_scale(photo_of(turned), frontal_head.face, PARAMS, KnownScale())
    assert scale.px_per_mm == pytest.approx(frontal_head.px_per_mm, rel=0.02)
    assert scale.caveats == ("distance_estimated",)


def test_a_rim_far_from_the_model_is_not_believed(frontal_head):
    rgb = draw_eyes(frontal_head, iris_mm=9.0)
    scale = find_scale(photo_of(rgb), frontal_head.face, PARAMS, KnownScale())
    assert "iris_unrefined" in scale.caveats
    assert scale.px_per_mm == pytest.approx(frontal_head.px_per_mm, rel=0.01)


@pytest.mark.parametrize("px_per_mm", [0.5, 44.0])
def test_a_stated_scale_that_no_face_can_have_is_refused(frontal_head, px_per_mm):
    with pytest.raises(PhotoProblem, match="corners of the eyes"):
        find_scale(photo_of(draw_eyes(frontal_head)), frontal_head.face, PARAMS, KnownScale(px_per_mm=px_per_mm))


def test_a_stated_scale_that_few_faces_can_have_is_doubted(frontal_head):
    photo = photo_of(draw_eyes(frontal_head))
    doubted, believed = (
        find_scale(photo, frontal_head.face, PARAMS, KnownScale(px_per_mm=factor * frontal_head.px_per_mm)).caveats
        for factor in (2.0, 1.05)
    )
    assert "unlikely_scale" in doubted
    assert "unlikely_scale" not in believed


@pytest.mark.parametrize(("factor", "doubted"), [(1.0, False), (1.07, False), (0.93, False), (1.2, True), (0.8, True)])
def test_a_stated_scale_that_the_iris_contradicts_is_doubted_and_taken(frontal_head, factor, doubted):
    stated = factor * frontal_head.px_per_mm
    photo = photo_of(draw_eyes(frontal_head))
    scale = find_scale(photo, frontal_head.face, PARAMS, KnownScale(px_per_mm=stated))
    assert ("scale_unlike_iris" in scale.caveats) == doubted
    assert (scale.px_per_mm, scale.method) == (stated, "given")


def test_a_stated_distance_of_the_pupils_is_held_against_the_iris_too(frontal_head):
    scale = find_scale(photo_of(draw_eyes(frontal_head)), frontal_head.face, PARAMS, KnownScale(interpupillary_mm=80.0))
    assert "scale_unlike_iris" in scale.caveats


def test_closed_eyes_contradict_nothing(frontal_head):
    closed = dataclasses.replace(frontal_head.face, expression=dict.fromkeys(frontal_head.face.expression, 1.0))
    scale = find_scale(
        photo_of(draw_eyes(frontal_head)), closed, PARAMS, KnownScale(px_per_mm=1.3 * frontal_head.px_per_mm)
    )
    assert "scale_unlike_iris" not in scale.caveats


@pytest.mark.parametrize("known", [{"px_per_mm": -4.0}, {"px_per_mm": math.nan}, {"interpupillary_mm": 600.0}])
def test_a_scale_that_makes_no_sense_is_refused_at_once(known):
    with pytest.raises(InputError, match="is not between"):
        KnownScale(**known)
