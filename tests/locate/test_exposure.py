"""Exposure, contrast and colour of a face whose light is known."""

from __future__ import annotations

import numpy as np
import pytest

from known_head import photo_of, see_head
from skintexture.locate.exposure import see_exposure
from skintexture.locate.quality import Quality
from skintexture.locate.scene import Scene
from skintexture.locate.skin import flat_skin
from skintexture.locate.surface import flat_surface
from skintexture.model import Scale

HEAD = see_head(2.0)
MIDDLE = round(float(HEAD.face.points_px[168, 1]))


def _see(rgb: np.ndarray, **photo):
    scene = Scene(
        photo_of(rgb, **photo),
        Scale(2.0, "given", 0.0, 800.0, "exif"),
        flat_surface(HEAD.shape),
        flat_skin(np.ones(HEAD.shape, dtype=bool)),
        Quality(0.5),
    )
    return see_exposure(HEAD.face, scene)


def _flat(value) -> np.ndarray:
    return np.broadcast_to(np.asarray(value, np.float32), (*HEAD.shape, 3)).copy()


def test_a_grey_face_has_the_lightness_and_no_colour_of_that_grey():
    found = _see(_flat(0.18418))  # the grey of L* = 50
    assert found.lightness == pytest.approx(0.5, abs=0.005)
    assert (found.a_star, found.b_star) == pytest.approx((0, 0), abs=0.1)
    assert found.entropy_bits == pytest.approx(0, abs=1e-6)
    assert found.balance == pytest.approx(1)


def test_skin_is_red_and_yellow():
    found = _see(_flat((0.45, 0.28, 0.20)))
    assert 5 < found.a_star < 25
    assert 5 < found.b_star < 35


@pytest.mark.parametrize(("value", "dark", "bright"), [(0.002, 1, 0), (0.3, 0, 0), (0.98, 0, 1)])
def test_dark_and_bright_faces_are_told_apart(value, dark, bright):
    found = _see(_flat(value))
    assert (found.dark_share, found.bright_share) == (dark, bright)


def test_light_from_one_side_unbalances_the_cheeks():
    lopsided = _flat(0.3)
    lopsided[:, :MIDDLE] *= 0.5
    assert _see(lopsided).balance < 0.05


def test_more_tones_are_a_larger_range():
    grain = np.random.default_rng(0).standard_normal((*HEAD.shape, 1))
    quiet, rich = (_see(_flat(0.3) * np.exp(spread * grain).astype(np.float32)) for spread in (0.02, 0.3))
    assert rich.entropy_bits > quiet.entropy_bits + 2


def test_clipped_pixels_of_the_face_are_counted():
    clipped = np.zeros(HEAD.shape, dtype=bool)
    clipped[:, :MIDDLE] = True
    assert _see(_flat(0.3), clipped=clipped).clipped_share == pytest.approx(0.5, abs=0.03)
