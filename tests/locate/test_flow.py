"""What registration is made of: levelled texture, dense flow, the smooth start, and looking places up."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from skintexture.locate.correspondence import Sheet, correspondence, places_of
from skintexture.locate.flow import Band, disagreement_px, flow_between, halved, level_texture, resized
from skintexture.locate.grid import Grid
from skintexture.locate.polynomial import Quadratic

BAND = Band(0.5, 2.0, 8.0)


def grain(shape, sigma, seed=1):
    return cv2.GaussianBlur(np.random.default_rng(seed).standard_normal(shape, dtype=np.float32), (0, 0), sigma)


def test_texture_is_levelled():
    """Ten times the contrast, another exposure and a slow shade give the same picture."""
    texture = 0.05 * grain((200, 200), 1.2)
    shade = np.linspace(0, 0.5, 200, dtype=np.float32)[None] ** 2
    plain, changed = (level_texture(light.astype(np.float32), BAND) for light in (texture, 10 * texture - 1 + shade))
    inner = (slice(20, -20), slice(20, -20))
    assert np.abs(plain[inner].astype(int) - changed[inner]).mean() < 4
    assert 30 < plain[inner].std() < 60


def test_flow_finds_a_shift_that_exceeds_the_texture():
    wide = grain((300, 300), 1.2) + 3 * grain((300, 300), 5.0, seed=2)
    pictures = [wide[20:260, 20:260], wide[11:251, 14:254]]
    textures = [(level_texture(halved(p), BAND), level_texture(p.copy(), BAND)) for p in pictures]
    flow = flow_between(textures[0], textures[1])
    assert flow[60:-60, 60:-60].reshape(-1, 2) == pytest.approx(np.array([[6.0, 9.0]] * 120**2), abs=0.25)


def test_a_flow_keeps_its_meaning_at_another_resolution():
    flow = np.full((40, 60, 2), (3.0, -2.0), dtype=np.float32)
    small = resized(flow, (20, 30))
    assert small.shape == (20, 30, 2)
    assert small.reshape(-1, 2) == pytest.approx(np.array([[1.5, -1.0]] * 600))
    assert resized(small, (40, 60)) == pytest.approx(flow)


def test_disagreement_is_the_distance_from_where_one_started():
    flow = np.full((30, 30, 2), (4.0, 0.0), dtype=np.float32)
    back = np.full((30, 30, 2), (-4.0, 3.0), dtype=np.float32)
    missed = disagreement_px(flow, back)
    np.testing.assert_allclose(missed[:29, :25], 3.0, atol=1e-5)
    assert np.isinf(missed[:, 27:]).all()


def test_a_quadratic_map_is_found_and_inverted():
    points = np.random.default_rng(0).uniform(0, 1000, (50, 2))
    y, x = points.T
    bent = np.stack([1.1 * y + 0.1 * x + 1e-5 * y * x + 7, 0.9 * x - 2e-5 * y**2], axis=1)
    found = Quadratic.fit(points, bent)
    assert found(points) == pytest.approx(bent, abs=1e-6)
    assert bent + found.shift_back(bent) == pytest.approx(points, abs=1e-6)
    assert found(points.astype(np.float32)).dtype == np.float32


def test_points_that_stay_are_shifted_by_exactly_nothing():
    points = np.random.default_rng(0).uniform(0, 3000, (468, 2))
    still = Quadratic.fit(points, points)
    assert not still.shift(points.astype(np.float32)).any()
    assert not still.shift_back(points).any()


def test_values_are_looked_up_between_the_pixels():
    grid = Grid((10.0, 20.0), 2.0, (6, 5))
    places = places_of(grid)
    sheet = Sheet(grid, places * np.float32(3.0))
    points = np.array([[13.3, 25.1], [19.5, 27.5], [9.0, 20.0], [np.nan, 24.0]])
    found = sheet.at(points)
    assert found[:2] == pytest.approx(3 * points[:2], abs=1e-3)
    assert np.isnan(found[2:]).all()
    fine = Grid((11.0, 21.0), 0.5, (4, 3))
    assert sheet.at(fine) == pytest.approx(3 * places_of(fine), abs=1e-3)
    assert sheet.at(np.empty((0, 2))).shape == (0, 2)


def test_more_points_than_a_picture_of_opencv_has_rows():
    sheet = Sheet(Grid((0.0, 0.0), 1.0, (3, 3)), np.arange(9, dtype=np.float32).reshape(3, 3))
    found = sheet.at(np.full((70_000, 2), 1.0))
    assert found.shape == (70_000,)
    assert set(found.tolist()) == {4.0}


def test_a_tile_is_judged_by_its_shared_skin_alone():
    grid = Grid((0.0, 0.0), 1.0, (80, 80))
    errors = np.full((80, 80), 0.01, dtype=np.float32)
    errors[:, 40:] = 9.0
    shared = np.ones((80, 80), dtype=np.float32)
    shared[:, 40:] = 0
    made = correspondence(Sheet(grid, np.zeros((80, 80, 2), np.float32)), shared, errors, tile_px=20.0)
    assert made.local_error_mm.values[:, :45] == pytest.approx(0.01, abs=1e-4)
    assert np.isnan(made.local_error_mm.values[:, 60:]).all()


def test_an_area_that_turns_over_has_no_ratio():
    grid = Grid((0.0, 0.0), 1.0, (120, 120))
    places = places_of(grid) * np.float32(2.0)
    kept, turned = places.copy(), places.copy()
    turned[..., 1] *= -1
    ones, none = np.ones((120, 120), np.float32), np.zeros((120, 120), np.float32)
    sheets = [Sheet(grid, values - places_of(grid)) for values in (kept, turned)]
    ratios = [correspondence(it, ones, none, 10.0).area_ratio.at(np.array([[60.0, 60.0]]))[0] for it in sheets]
    assert ratios[0] == pytest.approx(4.0)
    assert np.isnan(ratios[1])
