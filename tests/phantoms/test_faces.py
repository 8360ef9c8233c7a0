"""Photographs of synthetic faces show what their truth says, and the same skin can be photographed again."""

import csv
import dataclasses
import hashlib
import json
import math
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from skintexture.locate.anatomy import zone_outlines
from skintexture.phantoms.camera import CameraSpec, Pose, view_head
from skintexture.phantoms.eyes import IRIS_DIAMETER_MM, limbus_anchor_mm
from skintexture.phantoms.faces import Shot, Treatment, photograph, see_pores
from skintexture.phantoms.head import HeadSpec, face_landmarks, shape_head
from skintexture.phantoms.samples import SUBJECTS, VISITS, truth_of, write_samples

SAMPLES = Path(__file__).parents[2] / "sample_images"
RIGHT_EYE_MM, CHEEK_MM = (0.0, -30.0), (40.0, -34.0)


def close_up(seen_mm, *, px_per_mm=14.0, pose=None):
    """A small window of a 12-megapixel portrait around ``(y, x)`` mm from between the eyes, y down."""
    width, height = 420, 340
    focal = round(px_per_mm * 800 * math.hypot(36, 24) / math.hypot(width, height))
    pose = dataclasses.replace(pose or Pose(), shift_mm=(-seen_mm[0], -seen_mm[1]))
    return Shot(camera=CameraSpec(width_px=width, height_px=height, focal_length_35mm=focal), pose=pose)


def log_luminance(photo):
    linear = ((photo.rgb8 / 255.0 + 0.055) / 1.055) ** 2.4
    return np.log(linear @ [0.2126, 0.7152, 0.0722])


def pit_contrast_pct(photo):
    """Mean depth of the listed pores below a ring around them, in % of log-luminance."""
    pores, height, width = photo.truth.pores, *photo.rgb8.shape[:2]
    inside = (pores.y_px > 20) & (pores.x_px > 20) & (pores.y_px < height - 20) & (pores.x_px < width - 20)
    clear = pores.visible & inside & (pores.fwhm_mm > 0.22) & (pores.slant_deg < 50)
    image = log_luminance(photo).astype(np.float32)
    cuts = [
        cv2.getRectSubPix(image, (21, 21), (x, y)) for y, x in zip(pores.y_px[clear], pores.x_px[clear], strict=True)
    ]
    assert len(cuts) > 40
    mean = np.mean(cuts, axis=0)
    return 100 * (np.mean(mean[[0, -1], :]) - mean[10, 10])


@pytest.fixture(scope="module")
def cheek(person):
    return photograph(person, close_up(CHEEK_MM))


def test_pores_are_where_the_photograph_shows_them_though_none_is_painted(person, cheek):
    seen, told = see_pores(person, close_up(CHEEK_MM)), cheek.truth.pores
    for name in ("y_px", "x_px", "slant_deg", "zone", "visible"):
        np.testing.assert_array_equal(getattr(seen, name), getattr(told, name))
    assert 40 < told.visible.sum() < 1000


@pytest.fixture(scope="module")
def treated_cheek(person):
    return photograph(person, close_up(CHEEK_MM), Treatment(pore_depth=0.6))


@pytest.fixture(scope="module")
def eye(person):
    return photograph(person, close_up(RIGHT_EYE_MM))


def test_same_arguments_give_the_same_bytes(person, cheek):
    again = photograph(person, close_up(CHEEK_MM))
    assert np.array_equal(again.rgb8, cheek.rgb8)
    assert truth_of(again) == truth_of(cheek)


def test_iris_is_as_wide_as_the_truth_says(eye):
    y, x = np.rint(eye.truth.irises_px[0]).astype(int)
    redness = eye.rgb8[y + 18 : y + 24, :, 0].mean(axis=0)  # a blue iris between whites, below pupil and reflections
    rim = (redness[x - 20 : x + 20].mean() + redness[x + 95 : x + 105].mean()) / 2
    dark = np.flatnonzero(redness[x - 100 : x + 101] < rim)
    chord_mm = np.ptp(dark) / eye.truth.px_per_mm
    below_mm = 20.5 / eye.truth.px_per_mm
    assert 2 * math.hypot(chord_mm / 2, below_mm) == pytest.approx(IRIS_DIAMETER_MM, rel=0.02)


def test_scale_focal_length_and_distance_agree(eye):
    shot = close_up(RIGHT_EYE_MM)
    focal_px = eye.truth.focal_length_35mm * math.hypot(420, 340) / math.hypot(36, 24)
    assert eye.truth.distance_mm == pytest.approx(shot.camera.distance_mm, rel=2e-3)
    assert focal_px / eye.truth.distance_mm == pytest.approx(eye.truth.px_per_mm)


def test_pores_are_dark_where_the_truth_has_them(cheek):
    contrast_pct = pit_contrast_pct(cheek)
    listed = cheek.truth.pores.contrast_pct[cheek.truth.pores.fwhm_mm > 0.22].mean()
    assert 0.5 * listed < contrast_pct < 1.1 * listed


def test_treatment_makes_pores_shallower_in_truth_and_picture_and_moves_none(cheek, treated_cheek):
    before, after = cheek.truth.pores, treated_cheek.truth.pores
    assert after.depth_mm == pytest.approx(0.6 * before.depth_mm)
    assert np.array_equal(after.y_px, before.y_px)
    assert np.array_equal(after.fwhm_mm, before.fwhm_mm)
    assert pit_contrast_pct(treated_cheek) == pytest.approx(0.6 * pit_contrast_pct(cheek), rel=0.15)


def test_the_same_skin_is_photographed_again_under_another_pose(person, cheek):
    turned = photograph(person, close_up(CHEEK_MM, pose=Pose(yaw_deg=4.0)))
    assert np.array_equal(turned.truth.pores.fwhm_mm, cheek.truth.pores.fwhm_mm)
    assert np.median(np.abs(turned.truth.pores.x_px - cheek.truth.pores.x_px)) > 10
    assert pit_contrast_pct(turned) == pytest.approx(pit_contrast_pct(cheek), rel=0.25)


def test_hidden_pores_are_not_called_visible(cheek):
    pores, (height, width) = cheek.truth.pores, cheek.rgb8.shape[:2]
    outside = (pores.y_px < -1) | (pores.x_px < -1) | (pores.y_px > height) | (pores.x_px > width)
    assert outside.any()
    assert not np.any(pores.visible & outside)
    assert np.all(pores.slant_deg[pores.visible] < 80)


def test_pores_are_denser_and_larger_on_the_nose_than_on_the_temple(person):
    head, pores = person.head, person.skin.pores
    places = pores.at(head.triangles, head.vertices_mm)
    middles = head.vertices_mm[head.triangles].mean(axis=1)

    def around(place):
        near = np.linalg.norm(places - place, axis=1) < 12
        area_cm2 = head.areas_mm2[np.linalg.norm(middles - place, axis=1) < 12].sum() / 100
        return near.sum() / area_cm2, np.median(pores.fwhm_mm[near])

    nose = around(head.vertices_mm[np.argmax(head.vertices_mm[:, 2])])
    temple = around(middles[np.argmin(np.linalg.norm(middles - [58, 15, 0], axis=1))])
    assert nose[0] > 2 * temple[0]
    assert nose[1] > temple[1]
    assert np.all((pores.fwhm_mm >= 0.15) & (pores.fwhm_mm <= 0.45))


def test_identities_differ_and_the_same_one_returns():
    spec = HeadSpec(identity=7, masculinity=0.5, age=0.2, blend=(0.4, 0.3, 0.3))
    head = shape_head(spec)
    other = shape_head(dataclasses.replace(spec, identity=8))
    assert np.array_equal(shape_head(spec).vertices_mm, head.vertices_mm)
    assert np.linalg.norm(other.vertices_mm - head.vertices_mm, axis=1).max() > 1.0
    for each in (head, other):
        assert 52 < np.ptp(each.eye_centres_mm[:, 0]) < 72


def test_samples_are_written_with_manifest_truth_checksums_and_focal_length(tmp_path, cheek, treated_cheek):
    write_samples(tmp_path, {"s09_before": cheek, "s09_before_again": cheek, "s09_after": treated_cheek})
    with (tmp_path / "manifest.csv").open(encoding="utf-8") as stream:
        assert list(csv.reader(stream))[1:] == [
            ["s09_before.jpg", "s09", "before"],
            ["s09_before_again.jpg", "s09", "before_again"],
            ["s09_after.jpg", "s09", "after"],
        ]
    assert json.loads((tmp_path / "truth.json").read_text(encoding="utf-8")) == {
        "s09_before.jpg": truth_of(cheek),
        "s09_before_again.jpg": truth_of(cheek),
        "s09_after.jpg": truth_of(treated_cheek),
    }
    check_checksums(tmp_path)
    with Image.open(tmp_path / "s09_after.jpg") as photo:
        assert photo.getexif().get_ifd(0x8769)[0xA405] == cheek.truth.focal_length_35mm


def check_checksums(folder):
    for line in (folder / "checksums.txt").read_text(encoding="utf-8").splitlines():
        expected, name = line.split("  ")
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == expected, name


def sample_truth():
    return json.loads((SAMPLES / "truth.json").read_text(encoding="utf-8"))


def test_committed_samples_are_complete_and_unchanged():
    check_checksums(SAMPLES)
    assert set(sample_truth()) == {f"{subject}_{visit}.jpg" for subject in SUBJECTS for visit in VISITS}


@pytest.mark.parametrize("name", [f"{subject}_{visit}.jpg" for subject in SUBJECTS for visit in VISITS])
def test_landmark_model_finds_the_samples_with_open_eyes_and_irises_within_four_percent(name, landmarker):
    truth = sample_truth()[name]
    photo = cv2.imread(str(SAMPLES / name), cv2.IMREAD_REDUCED_COLOR_2)
    found = landmarker(cv2.cvtColor(photo, cv2.COLOR_BGR2RGB))
    assert len(found.face_landmarks) == 1
    points = np.array([[mark.x, mark.y] for mark in found.face_landmarks[0]]) * photo.shape[1::-1] * 2
    for one, other in ((469, 471), (474, 476)):
        width_px = np.linalg.norm(points[one] - points[other])
        assert width_px == pytest.approx(truth["px_per_mm"] * IRIS_DIAMETER_MM, rel=0.04)
    shapes = {shape.category_name: shape.score for shape in found.face_blendshapes[0]}
    assert max(shapes["eyeBlinkLeft"], shapes["eyeBlinkRight"]) < 0.4


@pytest.mark.parametrize("subject", SUBJECTS)
def test_the_heads_landmarks_lie_where_the_model_finds_them_so_that_zones_are_the_same(subject, landmarker):
    photo = cv2.imread(str(SAMPLES / f"{subject}_before.jpg"), cv2.IMREAD_REDUCED_COLOR_2)
    found = landmarker(cv2.cvtColor(photo, cv2.COLOR_BGR2RGB))
    points = np.array([[mark.x, mark.y] for mark in found.face_landmarks[0]])[:468] * photo.shape[1::-1] * 2
    head, shot = shape_head(SUBJECTS[subject].head), VISITS["before"][0]
    view = view_head(shot.camera, shot.pose, limbus_anchor_mm(head))
    expected = view.project(view.to_camera(head.vertices_mm[face_landmarks()]))
    outlines = sorted({point for outline in zone_outlines().values() for point in outline})
    error_mm = np.linalg.norm(points - expected, axis=1)[outlines] / shot.camera.px_per_mm
    assert np.median(error_mm) < 2.0
    assert np.percentile(error_mm, 95) < 5.0
