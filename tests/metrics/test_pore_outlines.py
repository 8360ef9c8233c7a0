"""Masks of pores as a person would outline them."""

from __future__ import annotations

import math
from dataclasses import fields, replace

import numpy as np
import pytest
from numpy.typing import NDArray

from skintexture.metrics.pore_outlines import HAND_MM, LEAST_CHANCE, Dips, in_company, paint_ellipses, paint_outlines
from skintexture.metrics.pore_params import FWHM_PER_SIGMA
from skintexture.model import BoolImage

BLUR_MM = 0.056
SHAPE = (120, 160)


def dips(*rows: tuple[float, float, float], px_per_mm: float = 40.0, shape: tuple[float, float] = (1.0, 0.0)) -> Dips:
    """Pores of 0.4 mm: y, x and probability of each; elongation and angle of all."""
    table = np.array(rows, np.float64).reshape(-1, 3)
    of_all = (np.full(len(table), value) for value in (px_per_mm, 0.4, *shape))
    return Dips(table[:, :2], *of_all, table[:, 2])


def moments(mask: BoolImage) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    places = np.argwhere(mask).astype(np.float64)
    return places.mean(axis=0), np.cov(places.T)


def many(seed: int, px_per_mm: float = 12.0) -> Dips:
    rng = np.random.default_rng(seed)
    rows = np.column_stack([rng.uniform(0, 240, (200, 2)), rng.uniform(0.45, 0.99, 200)])
    return dips(*rows.tolist(), px_per_mm=px_per_mm)


def test_a_sure_pore_is_painted_where_the_widened_dip_is_deep_enough() -> None:
    mask = paint_outlines(dips((60.3, 80.7, 1.0)), SHAPE, BLUR_MM)
    spread_mm2 = (0.4 / FWHM_PER_SIGMA) ** 2 + BLUR_MM**2 + HAND_MM**2
    radius_px = 40.0 * math.sqrt(2.0 * math.log(1.0 / LEAST_CHANCE) * spread_mm2)
    assert mask.sum() == pytest.approx(math.pi * radius_px**2, rel=0.01)
    assert moments(mask)[0] == pytest.approx([60.3, 80.7], abs=0.1)


def test_the_surer_the_larger_and_the_unlikely_not_at_all() -> None:
    areas = [int(paint_outlines(dips((60, 80, p)), SHAPE, BLUR_MM).sum()) for p in (0.3, 0.4, 0.6, 0.8, 1.0)]
    assert areas[0] == 0
    assert areas == sorted(set(areas))


@pytest.mark.parametrize("angle_deg", [0.0, 30.0, -60.0, 90.0])
def test_an_ellipse_lies_in_the_pores_direction(angle_deg: float) -> None:
    long_mm, short_mm = 0.6, 0.3
    mask = paint_ellipses(dips((60, 80, 1.0), shape=(2.0, angle_deg)), SHAPE, np.array([[long_mm], [short_mm]]))
    (yy, yx), (_, xx) = moments(mask)[1]
    along = math.degrees(math.atan2(-2.0 * yx, xx - yy) / 2.0)
    assert (along - angle_deg + 90.0) % 180.0 == pytest.approx(90.0, abs=1.0)
    spread = np.sqrt(np.linalg.eigvalsh(np.array([[yy, yx], [yx, xx]])))
    assert spread == pytest.approx([40.0 * short_mm / 2.0, 40.0 * long_mm / 2.0], rel=0.02)


def test_wide_pores_are_widened_less_than_narrow_ones() -> None:
    one = dips((60, 80, 1.0))
    radii = [
        math.sqrt(paint_outlines(replace(one, diameter_mm=np.array([d])), SHAPE, BLUR_MM).sum()) for d in (0.2, 0.6)
    ]
    assert 1.5 < radii[1] / radii[0] < 2.5


@pytest.mark.parametrize("place", [(0.0, 0.0), (-9.0, 80.0), (119.0, 165.0), (-200.0, 80.0), (60.0, 500.0)])
def test_what_lies_beyond_the_picture_is_cut_off(place: tuple[float, float]) -> None:
    room = 600
    wide = paint_outlines(dips((place[0] + room, place[1] + room, 1.0)), (1320, 1360), BLUR_MM)
    mask = paint_outlines(dips((*place, 1.0)), SHAPE, BLUR_MM)
    assert np.array_equal(mask, wide[room : room + 120, room : room + 160])


def test_no_pore_no_mask() -> None:
    assert not paint_outlines(dips(), SHAPE, BLUR_MM).any()


def test_a_dot_among_pores_is_likelier_than_one_apart() -> None:
    crowd = [(60.0 + dy, 80.0 + dx, 0.9) for dy in (-12, 0, 12) for dx in (-12, 12)]
    chance = in_company(dips(*crowd, (60.0, 80.0, 0.5), (60.0, 2000.0, 0.5), px_per_mm=12.0))
    assert chance[-2] > 0.5 > chance[-1] > 0.05


def test_company_leaves_the_mean_log_odds_as_they_are() -> None:
    found = many(1)
    told, chance = found.probability, in_company(found)
    assert not np.allclose(told, chance, atol=0.02)
    assert np.log(chance / (1 - chance)).mean() == pytest.approx(np.log(told / (1 - told)).mean(), abs=1e-9)


def test_company_is_counted_per_area_of_skin() -> None:
    found, finer = many(2), many(2, px_per_mm=24.0)
    finer = replace(finer, places_px=2.0 * finer.places_px)
    assert in_company(finer) == pytest.approx(in_company(found), rel=1e-9)


def test_a_lone_pore_is_as_likely_as_told() -> None:
    assert in_company(dips((60, 80, 0.7))).tolist() == [0.7]
    assert in_company(dips((60, 80, 0.7), (60, 9000, 0.6))) == pytest.approx([0.7, 0.6])


def test_the_order_of_pores_makes_no_difference() -> None:
    found = many(3)
    order = np.random.default_rng(4).permutation(len(found.probability))
    mixed = Dips(*(getattr(found, field.name)[order] for field in fields(Dips)))
    assert np.array_equal(paint_outlines(found, SHAPE, BLUR_MM), paint_outlines(mixed, SHAPE, BLUR_MM))
