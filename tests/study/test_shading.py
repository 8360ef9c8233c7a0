"""What moved light and mirrored light do to texture, foretold from the slow shading of two photos."""

import dataclasses
from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from skintexture.locate.canonical import normals_at
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


def lit_from(azimuth_deg):
    """Light on the canonical face, and its gradient over directions by its strength, from a lamp and a surround."""
    lamp = np.array([np.sin(np.radians(azimuth_deg)), 0.3, np.cos(np.radians(azimuth_deg))])
    tiles = Tiles(40)
    normals = normals_at(tiles.centre(np.arange(tiles.per_side**2))[:, ::-1])
    light = 1.5 + np.nan_to_num(normals) @ lamp
    gradient = (lamp - normals * (normals @ lamp)[:, None]) / light[:, None]
    return light.reshape(tiles.per_side, -1), np.sum(gradient**2, axis=1)


def test_light_that_grazes_deepens_relief_by_what_its_directions_foretell():
    tiles = Tiles(40)
    (before, was), (after, now) = lit_from(0.0), lit_from(35.0)
    size = (SIDE_PX, SIDE_PX)
    photos = [
        cv2.resize(np.float32(light), size, interpolation=cv2.INTER_LINEAR)[..., None] for light in (before, after)
    ]
    found = compare_shading(OneSkin(*(photo * BODY for photo in photos)), tiles, (0.0, 0.0))
    expected = 0.5 * np.log((9 + now) / (9 + was))
    on_face = np.isfinite(expected)
    assert np.ptp(expected[on_face]) > 0.02
    off = found.grazing[on_face] - expected[on_face]
    assert np.sqrt(np.mean(off**2)) < 0.3 * expected[on_face].std()
    assert not found.grazing[~on_face].any()


def test_of_a_patch_of_skin_the_direction_of_light_is_not_guessed(texture):
    before = BODY * (1 + 0.04 * texture)
    after = before * (1 - left_half(0.3))
    found = compare_shading(OneSkin(before.astype(np.float32), after.astype(np.float32)), Tiles(5), (0.0, 0.0))
    assert found.known.all()
    assert not found.grazing.any()


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
    assert found.sd == 0.0
    assert found.foretold_pct == 0.0
