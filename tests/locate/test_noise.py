"""Noise by channel, the finest detail, and the blocks that JPEG leaves."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from known_head import photo_of
from skintexture.locate.noise import see_noise
from skintexture.locate.quality import Quality
from skintexture.locate.scene import Scene
from skintexture.locate.skin import flat_skin
from skintexture.locate.surface import flat_surface
from skintexture.model import Scale

SIDE = 768


def _scene(rgb: np.ndarray, skin: np.ndarray | None = None) -> Scene:
    mask = np.ones(rgb.shape[:2], dtype=bool) if skin is None else skin
    scale = Scale(12.0, "given", 0.0, 800.0, "exif")
    return Scene(photo_of(rgb), scale, flat_surface(mask.shape), flat_skin(mask), Quality(0.5))


def _skin(contrast: float = 0.04, seed: int = 0) -> np.ndarray:
    """Skin-coloured texture of some pixels' size."""
    grain = np.random.default_rng(seed).standard_normal((SIDE, SIDE)).astype(np.float32)
    texture = cv2.GaussianBlur(grain, (0, 0), 3.0)
    light = np.exp(contrast * texture / texture.std())
    return (light[..., None] * np.array([0.45, 0.30, 0.22])).astype(np.float32)


def _shot(rgb: np.ndarray, per_light: float, seed: int = 1) -> np.ndarray:
    noise = np.random.default_rng(seed).standard_normal(rgb.shape) * np.sqrt(per_light * rgb)
    return (rgb + noise).astype(np.float32)


def _jpeg(rgb: np.ndarray, quality: int) -> np.ndarray:
    encoded = np.rint(255 * np.clip(rgb, 0, 1) ** (1 / 2.2)).astype(np.uint8)
    _, data = cv2.imencode(".jpg", encoded, [cv2.IMWRITE_JPEG_QUALITY, quality])
    return ((cv2.imdecode(data, cv2.IMREAD_COLOR) / 255.0) ** 2.2).astype(np.float32)


@pytest.mark.parametrize("per_light", [2e-5, 1e-4])
def test_shot_noise_is_found_in_every_channel(per_light):
    found = see_noise(_scene(_shot(_skin(), per_light))).per_channel
    assert found[:3] == pytest.approx(np.full(3, per_light), rel=0.15)


def test_noise_does_not_follow_the_skin_tone():
    """Variance per light is the camera's; its contrast is what dark skin shows more of."""
    light, dark = (see_noise(_scene(_shot(gain * _skin(), 1e-4))) for gain in (1.0, 0.25))
    assert dark.per_channel == pytest.approx(light.per_channel, rel=0.15)
    assert dark.contrast_pct == pytest.approx(2 * light.contrast_pct, rel=0.1)


def test_fine_detail_goes_with_smoothing_and_stays_with_noise():
    grain = np.random.default_rng(4).standard_normal((SIDE, SIDE)).astype(np.float32)
    fine = _skin(contrast=0.005) * (1 + 0.06 * cv2.GaussianBlur(grain, (0, 0), 1.5)[..., None])
    clean, noisy, smooth = (
        see_noise(_scene(rgb)).detail_pct
        for rgb in (_shot(fine, 1e-6), _shot(fine, 3e-4), _shot(cv2.GaussianBlur(fine, (0, 0), 1.5), 1e-6))
    )
    assert noisy == pytest.approx(clean, rel=0.15)
    assert smooth < 0.6 * clean


def test_blocks_grow_with_compression_and_survive_saving_again():
    photo = _shot(_skin(), 3e-5)
    blocks = [see_noise(_scene(rgb)).blockiness for rgb in (photo, _jpeg(photo, 95), _jpeg(photo, 50))]
    assert blocks[0] < 0.1 < blocks[2]
    assert blocks[0] <= blocks[1] < blocks[2]
    again = see_noise(_scene(_jpeg(_jpeg(photo, 50), 96))).blockiness
    assert again == pytest.approx(blocks[2], rel=0.15)


def test_only_bare_skin_counts():
    skin = np.ones((SIDE, SIDE), dtype=bool)
    skin[:, SIDE // 2 :] = False
    painted = _shot(_skin(), 5e-5)
    before = see_noise(_scene(painted, skin))
    painted[:, SIDE // 2 + 8 :] = np.random.default_rng(6).random(painted[:, SIDE // 2 + 8 :].shape)
    after = see_noise(_scene(painted, skin))
    assert before.contrast_pct == after.contrast_pct
    assert before.detail_pct == after.detail_pct


def test_no_skin_says_nothing():
    found = see_noise(_scene(_skin(), np.zeros((SIDE, SIDE), dtype=bool)))
    assert np.isnan(found.per_channel).all()
    assert np.isnan([found.contrast_pct, found.detail_pct]).all()
