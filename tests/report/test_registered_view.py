"""Two photos in one frame, for looking at."""

from __future__ import annotations

from types import SimpleNamespace

import cv2
import numpy as np
import pytest

from skintexture.locate.correspondence import places_of
from skintexture.report.registered_view import WIDTH_PX, registered_view

OUTLINE = np.array([[100.0, 100.0], [100.0, 500.0], [600.0, 500.0], [600.0, 100.0]])


def smooth(shape, seed=1):
    noise = np.random.default_rng(seed).random((*shape, 3)).astype(np.float32)
    blurred = cv2.GaussianBlur(noise, (0, 0), 6)
    return np.clip(0.5 + 4 * (blurred - 0.5), 0.02, 0.98).astype(np.float32)


def side(linear, *zones, px_per_mm=4.0):
    height_px, width_px = linear.shape[:2]
    photo = SimpleNamespace(linear_rgb=linear, height_px=height_px, width_px=width_px)
    scene = SimpleNamespace(photo=photo, scale=SimpleNamespace(px_per_mm=px_per_mm))
    return SimpleNamespace(scene=scene, zones=[SimpleNamespace(name=name, outline_px=line) for name, line in zones])


def pair(before, after, way, ratio=1.0):
    """Two photos, and the way from the one to the other as a function of places."""
    registration = SimpleNamespace(carry_grid=lambda grid, to: way(places_of(grid)) if to == "after" else None)
    sides = side(before, ("nose", OUTLINE)), side(after, px_per_mm=4.0 * ratio)
    return SimpleNamespace(before=sides[0], after=sides[1], registration=registration)


def difference(view, inside=40):
    here = slice(inside, -inside)
    return np.abs(view.before[here, here].astype(float) - view.after[here, here]).mean()


@pytest.fixture
def skin():
    return smooth((700, 640))


def test_a_moved_photo_comes_to_lie_on_the_other(skin):
    moved = np.roll(skin, (30, -20), axis=(0, 1))
    view = registered_view(pair(skin, moved, lambda places: places + np.float32([30, -20])))
    assert view.before.shape == view.after.shape
    assert view.before.shape[1] == WIDTH_PX
    assert difference(view) < 0.6
    assert difference(registered_view(pair(skin, moved, lambda places: places))) > 10


def test_a_photo_of_more_pixels_comes_to_lie_on_the_other(skin):
    larger = cv2.resize(skin, None, fx=2, fy=2, interpolation=cv2.INTER_CUBIC)
    view = registered_view(pair(skin, larger, lambda places: 2 * places + np.float32(0.5), ratio=2.0))
    assert difference(view) < 1.5


def test_the_noise_of_many_pixels_is_averaged(skin):
    larger = cv2.resize(skin, None, fx=4, fy=4, interpolation=cv2.INTER_CUBIC)
    noisy = larger + 0.06 * np.random.default_rng(2).standard_normal(larger.shape).astype(np.float32)
    view = registered_view(pair(skin, noisy, lambda places: 4 * places + np.float32(1.5), ratio=4.0))
    assert difference(view) < 4


def test_outlines_go_along(skin):
    skin[100:600, 100:500] = 0.9
    view = registered_view(pair(skin, skin, lambda places: places))
    (y0, x0), (y1, x1) = view.outlines["nose"][0], view.outlines["nose"][2]
    inside = view.before[int(y0) + 5 : int(y1) - 5, int(x0) + 5 : int(x1) - 5]
    assert np.ptp(inside) <= 1
    assert np.ptp(view.before) > 100


def test_where_the_other_photo_ends_it_is_grey(skin):
    def way(places):
        lost = places.copy()
        lost[places[..., 1] > 300] = np.nan
        return lost

    view = registered_view(pair(skin, skin, way))
    assert np.ptp(view.after[:, -100:]) == 0
    assert np.ptp(view.before[:, -100:]) > 50
    assert difference(registered_view(pair(skin, skin, lambda places: places))) < 0.6


def test_a_ripple_of_the_way_is_not_shown(skin):
    """What lies within a few millimetres moves together: lashes must not wave."""

    def way(places):
        return places + np.float32(3) * np.sin(places[..., 1:] * np.float32(2 * np.pi / 16))

    assert difference(registered_view(pair(skin, skin, way))) < 2
