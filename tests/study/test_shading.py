"""What moved light and mirrored light do to texture, foretold from the slow shading of two photos."""

import dataclasses
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from skintexture.locate.grid import Grid
from skintexture.study.joint import SeenTwice, Tiles
from skintexture.study.shading import compare_shading

SIDE_PX, PX_PER_MM = 400, 4.0
TILES = Tiles(8)
BODY = np.float32([0.50, 0.33, 0.22])


class OneSkin:
    """Two photos of the same flat skin, pixel on pixel."""

    def __init__(self, before, after):
        self._sides = tuple(
            (
                name,
                SimpleNamespace(
                    scene=SimpleNamespace(
                        photo=SimpleNamespace(linear_rgb=photo), scale=SimpleNamespace(px_per_mm=PX_PER_MM)
                    )
                ),
            )
            for name, photo in (("before", before), ("after", after))
        )
        self.pair = SimpleNamespace(sides=lambda: self._sides)

    def at(self, grid: Grid, _name):
        y, x = np.meshgrid(*(np.arange(n, dtype=np.float32) for n in grid.shape), indexing="ij")
        chart = np.stack([y, x], axis=-1) / np.float32(SIDE_PX)
        return SeenTwice((y, x), chart, np.ones(grid.shape, bool))


@pytest.fixture(scope="module")
def texture():
    noise = np.random.default_rng(5).normal(size=(SIDE_PX, SIDE_PX)).astype(np.float32)
    relief = cv2.GaussianBlur(noise, (0, 0), 1.0)
    return (relief / relief.std())[..., None]


def left_half(value):
    strength = np.zeros((SIDE_PX, SIDE_PX, 1), np.float32)
    strength[:, : SIDE_PX // 2] = value
    return strength


def compared(before, after):
    return compare_shading(OneSkin(before.astype(np.float32), after.astype(np.float32)), TILES, (0.0, 0.0))


def by_side(values):
    table = values.reshape(TILES.per_side, TILES.per_side)
    return table[:, 1:3].mean(), table[:, 5:7].mean()


def test_texture_in_mirrored_light_is_taken_off_where_the_skin_became_whiter(texture):
    body = BODY * (1 + 0.04 * texture)
    # Mirrored light is white, and three times as uneven as the skin's own.
    mirrored = left_half(0.02) * (1 + 0.12 * texture)
    found = compared(body, body + mirrored)
    left, right = by_side(found.shine)
    assert left - right == pytest.approx(0.05, abs=0.01)
    gain = found.gain_at(np.float32([[[0.5, 0.25], [0.5, 0.75]]]))
    contrast = [
        np.log((body + mirrored)[:, half] @ [0.2126, 0.7152, 0.0722]).std() for half in (np.s_[:200], np.s_[200:])
    ]
    assert gain[0, 0] / gain[0, 1] == pytest.approx(contrast[0] / contrast[1], abs=0.03)


def test_exposure_and_white_balance_are_no_shine(texture):
    body = BODY * (1 + 0.04 * texture)
    found = compared(body, body * np.float32([1.3, 1.2, 1.15]))
    assert np.abs(found.shine).max() < 1e-4
    assert found.sd == pytest.approx(0.0, abs=1e-4)


def test_light_that_grazes_darkens_and_deepens(texture):
    before = BODY * (1 + 0.04 * texture)
    after = BODY * (1 + (0.04 + left_half(0.02)) * texture) * (1 - left_half(0.3))
    found = compared(before, after)
    assert found.slope == pytest.approx(-1.0, abs=0.15)
    gain = found.gain_at(np.float32([[[0.5, 0.25], [0.5, 0.75]]]))
    assert 1.25 < gain[0, 0] / gain[0, 1] < 1.55


def test_a_grey_photo_tells_nothing_of_shine(texture):
    grey = np.float32([0.3, 0.3, 0.3]) * (1 + 0.04 * texture)
    assert not compared(grey, grey + left_half(0.05)).shine.any()


def test_a_change_of_all_the_skin_is_left_alone(texture):
    body = BODY * (1 + 0.04 * texture)
    found = compared(body, BODY * (1 + 0.02 * texture))
    assert np.allclose(found.gain_at(np.float32([[[0.3, 0.3], [0.6, 0.7]]])), 1.0, atol=0.02)


def test_of_photos_that_share_no_skin_nothing_is_known():
    class NoSkin(OneSkin):
        def at(self, grid, name):
            seen = super().at(grid, name)
            return dataclasses.replace(seen, usable=np.zeros(grid.shape, bool))

    skin = np.ones((SIDE_PX, SIDE_PX, 1), np.float32) * BODY
    found = compare_shading(NoSkin(skin, skin), TILES, (0.0, 0.0))
    assert not found.known.any()
    assert (found.sd, found.slope) == (0.0, 0.0)
