"""What differs between two photographs of unchanged skin: camera, file, light, make-up and expression."""

import dataclasses

import cv2
import numpy as np
import pytest

from skintexture.errors import InputError
from skintexture.io.photos import read_photo
from skintexture.phantoms import CameraSpec, Expression, FileSpec, LightSpec, Shot, photograph, zone_shot
from skintexture.phantoms.camera import develop
from skintexture.phantoms.files import encode, stored, write_photo
from skintexture.phantoms.head import face_landmarks, move_face
from skintexture.phantoms.phone import process

DRAFT = LightSpec(detail=0.25)


@pytest.fixture(scope="module")
def cheek_shot(person):
    return zone_shot(person, Shot(light=DRAFT), ("left_malar",), margin_mm=0.0)


@pytest.fixture(scope="module")
def cheek(person, cheek_shot):
    return photograph(person, cheek_shot)


def luminance(photo):
    linear = ((photo.rgb8 / 255.0 + 0.055) / 1.055) ** 2.4
    return linear @ [0.2126, 0.7152, 0.0722]


def texture(photo):
    logarithm = np.log(luminance(photo))
    return np.std(logarithm - cv2.blur(logarithm, (15, 15)))


def changed(shot, **changes):
    return dataclasses.replace(shot, camera=dataclasses.replace(shot.camera, **changes))


def grey(level=0.2, side=240):
    return np.full((side, side, 3), level, np.float32)


def test_a_window_shows_what_the_whole_frame_shows_there(person):
    small = Shot(camera=CameraSpec(width_px=300, height_px=400, noise_electrons=1e9, read_noise=0.0), light=DRAFT)
    top, left, height, width = 220, 150, 60, 70
    whole = photograph(person, small)
    part = photograph(person, changed(small, window=(top, left, height, width)))
    cut = whole.rgb8[top : top + height, left : left + width]
    assert part.rgb8.shape == (height, width, 3)
    assert np.abs(part.rgb8.astype(int) - cut)[2:-2, 2:-2].max() <= 1
    assert part.truth.pores.y_px + top == pytest.approx(whole.truth.pores.y_px)
    assert part.truth.px_per_mm == whole.truth.px_per_mm


def test_what_was_kept_of_one_shot_does_not_leak_into_the_next(person, cheek_shot, cheek):
    smiling = dataclasses.replace(cheek_shot, expression=Expression(smile=1.0), light=LightSpec(detail=0.25, key=0.5))
    assert not np.array_equal(photograph(person, smiling).rgb8, cheek.rgb8)
    assert np.array_equal(photograph(person, cheek_shot).rgb8, cheek.rgb8)


def test_shine_brightens_and_foundation_evens_dulls_and_hides_pores_but_not_from_the_truth(person, cheek_shot, cheek):
    shiny = photograph(person, dataclasses.replace(cheek_shot, shine=1.8))
    made_up = photograph(person, dataclasses.replace(cheek_shot, foundation=1.0))
    assert luminance(shiny).mean() > 1.02 * luminance(cheek).mean()
    assert texture(made_up) < 0.65 * texture(cheek)
    assert np.array_equal(made_up.truth.pores.depth_mm, cheek.truth.pores.depth_mm)
    assert np.array_equal(made_up.truth.pores.contrast_pct, cheek.truth.pores.contrast_pct)


@pytest.mark.parametrize("wrong", [{"shine": -1.0}, {"foundation": 1.5}])
def test_impossible_looks_are_refused(person, cheek_shot, wrong):
    with pytest.raises(InputError, match="shine is"):
        photograph(person, dataclasses.replace(cheek_shot, **wrong))


def test_motion_smears_along_its_direction_and_keeps_the_light():
    spot = np.zeros((81, 81, 3), np.float32)
    spot[40, 40] = 0.5
    quiet = CameraSpec(blur_px=0.3, noise_electrons=1e12, read_noise=0.0, exposure=20.0)
    camera = dataclasses.replace(quiet, motion_px=20.0, motion_deg=30.0)
    linear = ((develop(spot, camera, np.random.default_rng(0))[..., 1] / 255.0 + 0.055) / 1.055) ** 2.4
    linear[linear < 0.01] = 0.0
    row, column = np.indices(linear.shape) - 40.0
    weight = linear / linear.sum()
    along = (weight * (column * np.cos(np.pi / 6) - row * np.sin(np.pi / 6)) ** 2).sum()
    across = (weight * (column * np.sin(np.pi / 6) + row * np.cos(np.pi / 6)) ** 2).sum()
    assert np.sqrt(12 * along) == pytest.approx(20.0, rel=0.1)
    assert across < 0.02 * along


def test_white_balance_scales_the_channels():
    camera = CameraSpec(noise_electrons=1e12, read_noise=0.0, white_balance=(1.2, 1.0, 0.8))
    linear = ((develop(grey(), camera, np.random.default_rng(0)) / 255.0 + 0.055) / 1.055) ** 2.4
    assert linear.mean(axis=(0, 1)) == pytest.approx([0.24, 0.2, 0.16], rel=0.02)


def test_a_tone_curve_changes_contrast_about_a_middle_grey():
    steps = np.repeat(np.float32([0.1, 0.2, 0.4])[None, :, None], 3, axis=2) * np.ones((60, 1, 1), np.float32)
    wide = np.repeat(steps, 40, axis=1)
    camera = CameraSpec(noise_electrons=1e12, read_noise=0.0, contrast=0.8)
    linear = ((develop(wide, camera, np.random.default_rng(0)) / 255.0 + 0.055) / 1.055) ** 2.4
    expected = [0.2 * 0.5**0.8, 0.2, 0.2 * 2**0.8]
    assert linear[:, [20, 60, 100]].mean(axis=(0, 2)) == pytest.approx(expected, rel=0.02)


def test_noise_reduction_takes_noise_and_weak_texture_and_keeps_edges():
    noise = 0.004
    rng = np.random.default_rng(1)
    step = np.where(np.arange(120) < 60, 0.3, 0.6)[None, :, None] * np.ones((120, 120, 3))
    fine = 0.006 * np.sin(np.arange(120) * 2 * np.pi / 5)[:, None, None]
    picture = (step + fine + noise * rng.standard_normal(step.shape)).astype(np.float32)
    quiet = process(picture, noise=noise, reduction=1.0, sharpening=0.0)
    assert quiet[10:110, 10:50].std() < 0.5 * picture[10:110, 10:50].std()
    edge = quiet[:, 62:66].mean() - quiet[:, 54:58].mean()
    assert edge == pytest.approx(0.3, abs=0.01)


def test_a_phone_in_the_camera_makes_a_photo_quieter_and_sharpening_makes_it_crisper():
    camera = CameraSpec(noise_electrons=3000.0)
    plain, reduced, sharpened = (
        develop(grey(), dataclasses.replace(camera, **more), np.random.default_rng(2)).astype(float).std()
        for more in ({}, {"noise_reduction": 1.0}, {"sharpening": 1.0})
    )
    assert reduced < 0.5 * plain
    assert sharpened > 1.2 * plain


def test_png_keeps_every_pixel_and_jpeg_loses_what_it_is_told_to(tmp_path, cheek):
    assert np.array_equal(stored(cheek, FileSpec(kind="png")), cheek.rgb8)
    errors = [
        np.abs(stored(cheek, FileSpec(quality=quality)).astype(int) - cheek.rgb8).mean() for quality in (95, 75, 40)
    ]
    assert 0 < errors[0] < errors[1] < errors[2]
    assert encode(cheek) == encode(cheek, FileSpec())
    for file, full in ((FileSpec(subsampling="4:2:0"), False), (FileSpec(), True), (FileSpec(kind="png"), True)):
        path = tmp_path / f"photo{file.suffix}"
        write_photo(cheek, path, file)
        read = read_photo(path)
        assert (read.chroma_quality > 0) == full
        assert read.focal_length_35mm == cheek.truth.focal_length_35mm


def test_an_impossible_quality_is_refused():
    with pytest.raises(InputError, match="from 1 to 100"):
        FileSpec(quality=0)


def test_a_smile_moves_the_corners_of_the_mouth_up_and_out_and_leaves_the_brow(person):
    smiling = move_face(person.head, Expression(smile=1.0))
    moved = smiling.vertices_mm - person.head.vertices_mm
    right_corner, brow = face_landmarks()[[61, 105]]
    assert moved[right_corner, 0] < -2
    assert moved[right_corner, 1] > 3
    assert np.linalg.norm(moved[brow]) < 0.5
    assert move_face(person.head, Expression()) is person.head


def test_a_smile_takes_the_pores_along_and_changes_none(person, cheek_shot, cheek):
    smiling = photograph(person, dataclasses.replace(cheek_shot, expression=Expression(smile=1.0)))
    assert np.array_equal(smiling.truth.pores.fwhm_mm, cheek.truth.pores.fwhm_mm)
    assert np.array_equal(smiling.truth.pores.zone, cheek.truth.pores.zone)
    both = smiling.truth.pores.visible & cheek.truth.pores.visible
    assert np.median(np.abs(smiling.truth.pores.y_px - cheek.truth.pores.y_px)[both]) > 10


def test_the_landmark_model_sees_smile_and_closed_eyes(person, landmarker):
    small = Shot(camera=CameraSpec(width_px=375, height_px=500), light=DRAFT)
    shapes = {}
    for name, expression in (("smile", Expression(smile=1.0)), ("blink", Expression(eyes_closed=1.0))):
        found = landmarker(photograph(person, dataclasses.replace(small, expression=expression)).rgb8)
        shapes[name] = {shape.category_name: shape.score for shape in found.face_blendshapes[0]}
    for side in ("Left", "Right"):
        assert shapes["smile"][f"mouthSmile{side}"] > 0.4
        assert shapes["smile"][f"eyeBlink{side}"] < 0.4
        assert shapes["blink"][f"eyeBlink{side}"] > 0.5
        assert shapes["blink"][f"mouthSmile{side}"] < 0.2
