"""Bare skin, on a drawn head: what is not skin is left out, whatever the skin's tone."""

from __future__ import annotations

import cv2
import numpy as np
import pytest

from known_head import KnownHead, photo_of, see_head
from skintexture.locate.anatomy import not_skin_outlines, zone_outlines
from skintexture.locate.grid import Grid
from skintexture.locate.skin import FEATURE, HAIR, OUTSIDE, SHADOW, SHINE, SKIN, bare_skin, flat_skin
from skintexture.recipe import load_recipe

PARAMS = load_recipe("standard").skin
TONES = {"light": 0.55, "medium": 0.25, "dark": 0.05}
CHEEK = 50  # a landmark in the middle of the right cheek


def _skin(head: KnownHead, level: float, seed: int = 0) -> np.ndarray:
    """Skin of fine texture (3 %) under light that falls off to one side."""
    rng = np.random.default_rng(seed)
    texture = cv2.GaussianBlur(rng.standard_normal(head.shape), (0, 0), 0.15 * head.px_per_mm)
    texture *= 0.03 / texture.std()
    slope = np.linspace(-0.25, 0.25, head.shape[1])[None, :]
    light = level * np.exp(texture + slope)
    return (light[..., None] * np.array([1.25, 0.95, 0.8])).astype(np.float32)


def _share(found, kind, at_px, radius_px):
    y, x = ((at_px - np.array(found.origin_px)) / found.step_px).round().astype(int)
    r = max(1, round(radius_px / found.step_px))
    return float(np.mean(found.kinds[y - r : y + r + 1, x - r : x + r + 1] == kind))


@pytest.mark.parametrize("tone", TONES)
def test_plain_skin_is_skin_in_every_tone(frontal_head, tone):
    found = bare_skin(photo_of(_skin(frontal_head, TONES[tone])), frontal_head.face, frontal_head.px_per_mm, PARAMS)
    inside = np.isin(found.kinds, (SKIN, HAIR, SHINE, SHADOW))
    assert np.mean(found.kinds[inside] == SKIN) > 0.97


@pytest.mark.parametrize("tone", TONES)
@pytest.mark.parametrize(("factor", "kind"), [(0.25, HAIR), (1.9, SHINE)], ids=["a dark strand", "a bright highlight"])
def test_what_lies_on_the_skin_is_told_from_it(frontal_head, tone, factor, kind):
    rgb = _skin(frontal_head, TONES[tone] * 0.7)
    y, x = frontal_head.face.points_px[CHEEK].round().astype(int)
    r = round(2.5 * frontal_head.px_per_mm)
    rgb[y - r : y + r, x - r : x + r] *= factor
    found = bare_skin(photo_of(rgb), frontal_head.face, frontal_head.px_per_mm, PARAMS)
    assert _share(found, kind, np.array([y, x]), r * 0.6) > 0.9


def test_a_face_half_in_shadow_keeps_its_lit_half(frontal_head):
    rgb = _skin(frontal_head, 0.3)
    middle = frontal_head.shape[1] // 2
    rgb[:, middle:] *= 0.04
    found = bare_skin(photo_of(rgb), frontal_head.face, frontal_head.px_per_mm, PARAMS)
    columns = (found.origin_px[1] + found.step_px * np.arange(found.kinds.shape[1])) - middle
    lit, dark = found.kinds[:, columns < -20 * 4], found.kinds[:, columns > 20 * 4]
    assert np.mean(lit[np.isin(lit, (SKIN, HAIR, SHADOW))] == SKIN) > 0.9
    assert not (dark == SKIN).any()


def test_a_beard_is_left_out(frontal_head):
    rgb = _skin(frontal_head, 0.3)
    chin = zone_outlines()["chin"]
    area = np.zeros(frontal_head.shape, np.uint8)
    cv2.fillPoly(area, [frontal_head.face.points_px[list(chin)][:, ::-1].round().astype(np.int32)], 1)
    rng = np.random.default_rng(2)
    strands = cv2.GaussianBlur(rng.standard_normal(frontal_head.shape), (0, 0), 0.35 * frontal_head.px_per_mm)
    rgb *= np.where(area > 0, np.exp(np.minimum(0, 0.25 * strands / strands.std())), 1.0)[..., None].astype(np.float32)
    found = bare_skin(photo_of(rgb), frontal_head.face, frontal_head.px_per_mm, PARAMS)
    middle = frontal_head.face.points_px[list(chin)].mean(axis=0)
    assert _share(found, HAIR, middle, 8 * frontal_head.px_per_mm) > 0.9


@pytest.mark.parametrize("feature", ["eyes", "brows", "lips", "nostrils"])
def test_features_are_cut_out_with_a_margin(frontal_head, feature):
    found = bare_skin(photo_of(_skin(frontal_head, 0.3)), frontal_head.face, frontal_head.px_per_mm, PARAMS)
    for outline in not_skin_outlines()[feature]:
        points = frontal_head.face.points_px[list(outline)]
        grown = points.mean(axis=0) + (points - points.mean(axis=0)) * 1.03
        at = ((grown - np.array(found.origin_px)) / found.step_px).round().astype(int)
        assert np.isin(found.kinds[at[:, 0], at[:, 1]], (FEATURE, OUTSIDE)).all()


def test_the_map_says_the_same_at_every_resolution():
    shares = []
    for px_per_mm in (4.0, 9.0):
        head = see_head(px_per_mm)
        found = bare_skin(photo_of(_skin(head, 0.3)), head.face, px_per_mm, PARAMS)
        shares.append(float(np.sum(found.kinds == SKIN)) * (found.step_px / px_per_mm) ** 2)
    assert shares[0] == pytest.approx(shares[1], rel=0.03)


def test_nothing_is_bare_beyond_the_map(frontal_head):
    found = flat_skin(np.ones((10, 10), dtype=bool))
    assert found.bare_at(Grid((5.0, -7.0), 6.0, (1, 4))).tolist() == [[False, False, True, False]]
