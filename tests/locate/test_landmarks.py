"""The face finder, on rendered heads of known pose."""

from __future__ import annotations

import math
import signal

import cv2
import numpy as np
import pytest

from known_head import photo_of
from skintexture.assets import face_model
from skintexture.errors import PhotoProblem
from skintexture.locate.landmarks import MediapipeFaceFinder, head_pose_deg
from skintexture.phantoms.camera import CameraSpec, Pose
from skintexture.phantoms.faces import Shot, grow_person, photograph
from skintexture.phantoms.samples import SUBJECTS

CAMERA = CameraSpec(width_px=600, height_px=800)


@pytest.fixture(scope="module")
def person():
    return grow_person(SUBJECTS["s01"])


@pytest.fixture(scope="module")
def see(person):
    """Photograph the person under a pose, as linear light (600 × 800)."""

    def _see(**pose):
        rgb8 = photograph(person, Shot(camera=CAMERA, pose=Pose(**pose))).rgb8
        return ((rgb8 / 255.0) ** 2.2).astype(np.float32)

    return _see


@pytest.fixture(scope="module")
def finder():
    with MediapipeFaceFinder(face_model()) as found:
        yield found


@pytest.mark.parametrize(
    ("pose", "angle", "expected"),
    [
        ({}, "yaw_deg", 0),
        ({"yaw_deg": 20}, "yaw_deg", 20),
        ({"yaw_deg": -20}, "yaw_deg", -20),
        ({"roll_deg": 15}, "roll_deg", 15),
        ({"roll_deg": -15}, "roll_deg", -15),
    ],
)
def test_pose_is_found_with_its_sign(finder, see, pose, angle, expected):
    face = finder(photo_of(see(**pose)))
    assert getattr(face, angle) == pytest.approx(expected, abs=5)
    assert face.faces_found == 1


def test_looking_up_is_positive_pitch(finder, see):
    up, down = (finder(photo_of(see(pitch_deg=pitch))).pitch_deg for pitch in (12.0, -12.0))
    assert up - down == pytest.approx(24, abs=8)


def test_pose_angles_of_plain_turns():
    for axis, index, sign in (((0, 1, 0), 0, 1), ((1, 0, 0), 1, -1), ((0, 0, 1), 2, 1)):
        turn = cv2.Rodrigues(np.array(axis, float) * math.radians(10))[0]
        angles = np.zeros(3)
        angles[index] = 10 * sign
        np.testing.assert_allclose(head_pose_deg(turn), angles, atol=1e-9)


def test_the_subjects_left_eye_is_on_the_right_of_the_picture(finder, see):
    points = finder(photo_of(see())).points_px
    assert points[473, 1] > points[468, 1]
    assert points[152, 0] > points[10, 0]


def test_the_same_photo_has_the_same_landmarks_whatever_came_before(finder, see):
    photo, other = photo_of(see()), photo_of(see(yaw_deg=25))
    first = finder(photo).points_px
    finder(other)
    np.testing.assert_array_equal(finder(photo).points_px, first)


def test_landmarks_scale_with_the_photo(finder, see):
    rgb = see()
    small = finder(photo_of(rgb)).points_px
    large = finder(photo_of(cv2.resize(rgb, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC))).points_px
    np.testing.assert_allclose((large + 0.5) / 4 - 0.5, small, atol=1.5)


def test_a_face_that_fills_the_frame_is_found(finder, see):
    close = see()[130:730, 90:510]
    assert finder(photo_of(close)).faces_found == 1


def test_of_several_faces_the_largest_is_taken_and_the_number_told(finder, see):
    large = see()
    small = cv2.resize(large, None, fx=0.7, fy=0.7, interpolation=cv2.INTER_AREA)
    both = np.full((800, 1100, 3), 0.2, np.float32)
    both[100 : 100 + small.shape[0], 20 : 20 + small.shape[1]] = small
    both[:, 500:] = large
    face = finder(photo_of(both))
    assert face.faces_found == 2
    assert face.points_px[:, 1].mean() > 600


@pytest.mark.parametrize(("side", "crop"), [("bottom", np.s_[:470, :]), ("right", np.s_[:, :375])])
def test_a_face_cut_off_by_the_frame_is_refused_with_the_side(finder, see, side, crop):
    with pytest.raises(PhotoProblem) as refusal:
        finder(photo_of(np.ascontiguousarray(see()[crop])))
    assert "cut off" in refusal.value.reason
    assert side in refusal.value.reason


def test_a_profile_is_refused(finder, see):
    with pytest.raises(PhotoProblem, match=r"turned too far|no face"):
        finder(photo_of(see(yaw_deg=65)))


@pytest.mark.parametrize(("quarters", "told"), [(1, "on its side"), (2, "upside down"), (3, "on its side")])
def test_a_photo_that_is_not_upright_is_refused(finder, see, quarters, told):
    with pytest.raises(PhotoProblem, match=told) as refusal:
        finder(photo_of(np.ascontiguousarray(np.rot90(see(), quarters))))
    assert "turn the photo upright" in refusal.value.remedy


@pytest.mark.parametrize("roll_deg", [-35, 35])
def test_a_tilted_head_is_neither_on_its_side_nor_upside_down(finder, see, roll_deg):
    assert finder(photo_of(see(roll_deg=roll_deg))).roll_deg == pytest.approx(roll_deg, abs=5)


def test_no_face_is_told(finder):
    with pytest.raises(PhotoProblem, match="no face was found") as refusal:
        finder(photo_of(np.full((300, 300, 3), 0.2)))
    assert "--patch" in refusal.value.remedy


def test_ctrl_c_waits_for_a_picture_that_is_half_made(finder, see, monkeypatch):
    import mediapipe

    class Interrupted(mediapipe.Image):
        def __init__(self, **given):
            signal.raise_signal(signal.SIGINT)
            super().__init__(**given)
            made.append(self.width)

    made = []
    monkeypatch.setattr(mediapipe, "Image", Interrupted)
    kept = signal.signal(signal.SIGINT, signal.default_int_handler)
    try:
        with pytest.raises(KeyboardInterrupt):
            finder(photo_of(see()))
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, kept)
    assert len(made) == 1


def test_a_damaged_model_is_not_used(monkeypatch):
    import skintexture.assets

    monkeypatch.setattr(skintexture.assets, "FACE_MODEL_SHA256", "0" * 64)
    with pytest.raises(RuntimeError, match="damaged"):
        face_model()
