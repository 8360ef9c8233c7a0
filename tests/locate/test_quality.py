"""How sharp and how noisy a picture is."""

from __future__ import annotations

import math

import cv2
import numpy as np
import pytest
from PIL import Image

from command_line import SAMPLES
from skintexture.locate.quality import _enlargement, assess_skin, blur_px, noise_pct, whole_blocks

EVERYWHERE = np.ones((700, 700), dtype=bool)


def _scene(blur: float, noise: float = 0.0, seed: int = 0) -> np.ndarray:
    """A picture whose power falls with the 2.5th power of frequency, blurred and noisy."""
    rng = np.random.default_rng(seed)
    spectrum = np.fft.rfft2(rng.standard_normal((700, 700)))
    frequency = np.hypot(np.fft.fftfreq(700)[:, None], np.fft.rfftfreq(700)[None])
    frequency[0, 0] = np.inf
    fractal = np.fft.irfft2(spectrum * frequency**-1.25 * np.exp(-2 * (np.pi * blur * frequency) ** 2), s=(700, 700))
    light = 0.3 * np.exp(0.2 * fractal / fractal.std())
    return (light * (1 + noise * rng.standard_normal(light.shape))).astype(np.float32)


@pytest.mark.parametrize("noise", [0.002, 0.01])
@pytest.mark.parametrize("blur", [0.7, 1.2, 2.0, 3.0])
def test_blur_is_right_within_a_fifth(blur, noise):
    assert blur_px(_scene(blur, noise), EVERYWHERE) == pytest.approx(blur, rel=0.2)


@pytest.mark.parametrize("quality", [88, 92, 95])
@pytest.mark.parametrize("blur", [3.0, 4.0, 6.0, 8.0])
def test_noise_that_jpeg_has_smoothed_is_not_taken_for_sharpness(blur, quality):
    grain = np.random.default_rng(2).standard_normal((700, 700))
    encoded = np.clip(255 * _scene(blur) ** (1 / 2.2) + grain, 0, 255).round().astype(np.uint8)
    _, stored = cv2.imencode(".jpg", encoded, [cv2.IMWRITE_JPEG_QUALITY, quality])
    light = (cv2.imdecode(stored, cv2.IMREAD_GRAYSCALE) / np.float32(255)) ** np.float32(2.2)
    assert blur_px(light, EVERYWHERE) > 0.65 * blur


def test_an_enlarged_photo_is_soft_whatever_its_pixel_count():
    small = _scene(0.6)[:350, :350]
    large = cv2.resize(small, (700, 700), interpolation=cv2.INTER_CUBIC)
    noisy = large * (1 + 0.002 * np.random.default_rng(1).standard_normal(large.shape)).astype(np.float32)
    assert blur_px(noisy, EVERYWHERE) > 1.6 * blur_px(_scene(0.6, 0.002), EVERYWHERE)


def _portrait(enlarged: float, grain: float = 0.03, strength: float = 0.05) -> np.ndarray:
    """Skin whose detail drowns in the camera's grain, at 1400 pixels, from that many fewer."""
    side = round(1400 / enlarged)
    rng = np.random.default_rng(4)
    spectrum = np.fft.rfft2(rng.standard_normal((side, side)))
    frequency = np.hypot(np.fft.fftfreq(side)[:, None], np.fft.rfftfreq(side)[None])
    frequency[0, 0] = np.inf
    skin = np.fft.irfft2(spectrum * frequency**-1.5 * np.exp(-2 * (np.pi * 0.6 * frequency) ** 2), s=(side, side))
    light = 0.3 * np.exp(strength * skin / skin.std()) * (1 + grain * rng.standard_normal((side, side)))
    return np.clip(cv2.resize(light, (1400, 1400), interpolation=cv2.INTER_CUBIC), 0.01, None).astype(np.float32)


@pytest.mark.parametrize("enlarged", [1.7, 2.0, 2.5])
def test_enlarged_grain_tells_the_photos_own_resolution(enlarged):
    noisy = _portrait(enlarged) * (1 + 0.002 * np.random.default_rng(1).standard_normal((1400, 1400)))
    found = assess_skin(noisy.astype(np.float32), np.ones((1400, 1400), dtype=bool))
    assert found.enlargement == pytest.approx(enlarged, rel=0.25)
    assert found.own_px_per_mm(14.0) == pytest.approx(14.0 / found.enlargement)


@pytest.mark.parametrize("grain", [0.003, 0.03])
@pytest.mark.parametrize("strength", [0.02, 0.05])
def test_grain_of_the_photos_own_pixels_is_no_enlargement(grain, strength):
    """Also where the skin is smooth: a treatment must not be taken for a bad photo."""
    assert assess_skin(_portrait(1.0, grain, strength), np.ones((1400, 1400), dtype=bool)).enlargement == 1.0


@pytest.mark.parametrize(
    ("octaves", "enlarged"),
    [((-0.7, -1.36), False), ((-0.6, -1.3), False), ((-0.6, -1.5), True), ((-0.25, -1.3), True)],
)
def test_a_spectrum_that_falls_all_the_way_is_that_of_narrow_pits(octaves, enlarged):
    """Falls of log10 power over the octaves below 0.2 and 0.4 cycles per pixel.

    The first is that of dense pores, the second of a photo with them made smaller.
    """
    frequency = np.arange(2, 32) / 64
    power = 10 ** np.interp(np.log2(frequency / 0.1), [-2, 0, 1, 2, 3], np.cumsum([2, -0.5, *octaves, -1]))
    assert (_enlargement(frequency, np.tile(power, (40, 1))) > 1) == enlarged


@pytest.mark.parametrize("smaller", [0.75, 0.85, 0.9])
def test_a_photo_made_smaller_is_not_taken_for_an_enlarged_one(smaller):
    with Image.open(SAMPLES / "s01_before.jpg") as image:
        face = image.convert("L").crop((700, 1100, 2300, 3100))
        small = face.resize((round(face.width * smaller), round(face.height * smaller)), Image.Resampling.LANCZOS)
    light = ((np.asarray(small, np.float32) + 1) / 256) ** 2.2
    assert assess_skin(light, np.ones(light.shape, dtype=bool)).enlargement == 1.0


@pytest.mark.parametrize("blur", [0.6, 1.2, 2.0])
def test_a_soft_photo_is_not_taken_for_an_enlarged_one(blur):
    assert assess_skin(_scene(blur, 0.005), EVERYWHERE).enlargement == 1.0


def test_blur_does_not_follow_exposure():
    scene = _scene(1.5, 0.005)
    assert blur_px(scene, EVERYWHERE) == pytest.approx(blur_px(0.3 * scene, EVERYWHERE), rel=0.01)


def test_what_lies_outside_the_mask_does_not_count():
    mask = EVERYWHERE.copy()
    mask[:, 350:] = False
    scene = _scene(2.0, 0.005)
    painted = scene.copy()
    painted[:, 350:] = np.random.default_rng(3).random((700, 350), dtype=np.float32)
    assert blur_px(painted, mask) == blur_px(scene, mask)


def test_too_small_a_mask_says_nothing():
    assert math.isnan(blur_px(_scene(1.0)[:50, :50], np.ones((50, 50), dtype=bool)))


@pytest.mark.parametrize("noise", [0.5, 2.0, 5.0])
def test_noise_is_found_beside_texture(noise):
    light = np.log(_scene(1.5)) + np.random.default_rng(5).normal(0, noise / 100, (700, 700)).astype(np.float32)
    assert noise_pct(light.astype(np.float32), whole_blocks(EVERYWHERE)) == pytest.approx(noise, rel=0.12)


@pytest.mark.parametrize("side", [64, 300])
@pytest.mark.parametrize("level", [0.0, 0.21586, 0.5, 1.0])
def test_of_a_picture_without_anything_on_it_no_sharpness_is_known(side, level):
    flat = assess_skin(np.full((side, side), level, np.float32), np.ones((side, side), dtype=bool))
    assert math.isnan(flat.blur_px)
    assert flat.enlargement == 1.0


def test_pieces_without_anything_on_them_are_no_reason_to_warn():
    scene = _scene(1.0)
    scene[: len(scene) // 3] = 0.3
    assert assess_skin(scene, np.ones(scene.shape, dtype=bool)).enlargement == 1.0
