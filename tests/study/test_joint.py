"""Tiles of the face, and zones cut where two photos both show their skin."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from known_head import photo_of, see_head
from skintexture.locate.cut import CutRules
from skintexture.locate.quality import Quality
from skintexture.locate.register import register
from skintexture.locate.scene import Scene
from skintexture.locate.skin import flat_skin
from skintexture.locate.surface import fit_surface
from skintexture.locate.zones import outline_zones
from skintexture.model import Scale
from skintexture.recipe import load_recipe
from skintexture.study.joint import JointPlaces, Pair, Tiles, cut_jointly
from skintexture.study.sighting import Sighting

COARSE = load_recipe("coarse")
TILES = Tiles.of_size(5.0)
PX_PER_MM = 4.0


def test_tiles_are_about_as_large_as_asked_for():
    half = Tiles.of_size(2.5)
    assert half.per_side == pytest.approx(2 * TILES.per_side, abs=1)
    assert 40 < TILES.per_side < 60


def test_a_tile_holds_its_centre_and_nothing_beyond_the_chart():
    labels = np.arange(TILES.per_side**2, dtype=np.int32)
    assert (TILES.label(TILES.centre(labels).astype(np.float32)) == labels).all()
    outside = np.array([[-0.1, 0.5], [0.5, 1.01], [np.nan, 0.2]], np.float32)
    assert (TILES.label(outside) == -1).all()


def _sighting(skin):
    """The canonical head, its frame full of texture: what is bare skin is up to the mask."""
    head = see_head(PX_PER_MM)
    grain = np.random.default_rng(2).normal(0.4, 0.03, (*head.shape, 1)).astype(np.float32)
    photo = photo_of(np.repeat(grain, 3, axis=2))
    scale = Scale(PX_PER_MM, "given", 0.0, 800.0, "estimated")
    surface = fit_surface(head.face, head.shape, (PX_PER_MM, 800.0))
    scene = Scene(photo, scale, surface, flat_skin(skin(np.ones(head.shape, bool))), Quality(0.6))
    return Sighting(head.face, scene, outline_zones(head.face, scene, COARSE.zones), ())


def _without_left_half(mask):
    mask = mask.copy()
    mask[:, : mask.shape[1] // 2] = False
    return mask


@pytest.fixture(scope="module")
def joint():
    before, after = _sighting(lambda mask: mask), _sighting(_without_left_half)
    clipped = np.zeros_like(before.scene.photo.clipped)
    clipped[:: int(10 * PX_PER_MM)] = True
    before = replace(before, scene=replace(before.scene, photo=replace(before.scene.photo, clipped=clipped)))
    pair = Pair(before, after, register(before.scene, after.scene, (before.face, after.face), COARSE.registration))
    rule = CutRules(COARSE.grid, COARSE.zones.max_slant_deg, 0.0)
    zones = tuple(next(zone for zone in side.zones if zone.name == "forehead") for _, side in pair.sides())
    return pair, cut_jointly(JointPlaces.of(pair, (rule, rule)), zones, (rule, rule), TILES)


def test_skin_counts_only_where_both_photos_show_it(joint):
    pair, zone = joint
    middle_px = pair.before.scene.photo.width_px / 2
    for cutting in zone.cuttings:
        mask = cutting.patches["luminance"].mask
        columns = cutting.origin_px[1] + cutting.step_px * np.flatnonzero(mask.any(axis=0))
        assert mask.any()
        assert columns.min() > middle_px - 2 * cutting.step_px


def test_what_is_clipped_in_one_photo_is_left_out_of_both(joint):
    _, zone = joint
    before, after = (cutting.patches["luminance"].mask for cutting in zone.cuttings)
    rows = np.flatnonzero(before.any(axis=1))
    assert not before.any(axis=1)[rows[0] : rows[-1]].all()
    assert before.sum() == pytest.approx(after.sum(), rel=0.02)


def test_both_sides_have_the_same_tiles(joint):
    _, zone = joint
    seen = [
        set(np.unique(place.tile[cutting.patches["luminance"].mask]))
        for cutting, place in zip(zone.cuttings, zone.places, strict=True)
    ]
    assert len(seen[0]) > 10
    assert len(seen[0] ^ seen[1]) <= 2
