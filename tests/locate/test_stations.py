"""Stations lie on the same piece of face in every photo, and see its bare skin alone."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.spatial import KDTree

from known_head import photo_of, see_head
from skintexture.locate.anatomy import ZONE_NAMES
from skintexture.locate.canonical import canonical_mesh
from skintexture.locate.quality import Quality
from skintexture.locate.scene import Scene
from skintexture.locate.skin import HAIR, SHINE, SKIN, SkinMap
from skintexture.locate.stations import SPACING_MM, see_stations, stations
from skintexture.locate.surface import fit_surface
from skintexture.model import Scale

HEAD = see_head(3.0)


def _scene(rgb: np.ndarray, kinds: np.ndarray) -> Scene:
    scale = Scale(HEAD.px_per_mm, "given", 0.0, HEAD.distance_mm, "exif")
    surface = fit_surface(HEAD.face, HEAD.shape, (HEAD.px_per_mm, HEAD.distance_mm))
    return Scene(photo_of(rgb), scale, surface, SkinMap(kinds, (0.0, 0.0), 1.0), Quality(0.5))


def _kinds(kind: int = SKIN) -> np.ndarray:
    return np.full(HEAD.shape, kind, dtype=np.uint8)


def test_they_are_spread_evenly_and_hold_every_zone():
    found = stations()
    mesh = canonical_mesh().vertices_mm
    at = np.einsum("nk,nkc->nc", found.weights, mesh[found.corners])
    nearest = KDTree(at).query(at, k=2)[0][:, 1]
    assert nearest.min() > SPACING_MM
    assert nearest.max() < 2 * SPACING_MM
    assert (found.in_zone.sum(axis=0) >= 5).all()


def test_left_and_right_zones_have_as_many():
    counts = dict(zip(ZONE_NAMES, stations().in_zone.sum(axis=0), strict=True))
    assert counts["left_cheek"] == pytest.approx(counts["right_cheek"], rel=0.1)


def test_plain_skin_is_seen_as_it_is():
    colour = np.array([0.4, 0.3, 0.2])
    seen = see_stations(HEAD.face, _scene(np.broadcast_to(colour, (*HEAD.shape, 3)), _kinds()), 60.0)
    known = np.isfinite(seen.rgb).all(axis=1)
    assert known.sum() > 300
    assert seen.rgb[known] == pytest.approx(np.broadcast_to(colour, (known.sum(), 3)), rel=1e-3)


def test_skin_that_is_turned_away_or_hidden_is_not_seen():
    plain = np.full((*HEAD.shape, 3), 0.3)
    wide, narrow = (see_stations(HEAD.face, _scene(plain, _kinds()), angle).rgb for angle in (70.0, 30.0))
    assert np.isfinite(narrow).sum() < np.isfinite(wide).sum()
    assert np.isnan(see_stations(HEAD.face, _scene(plain, _kinds(HAIR)), 60.0).rgb).all()


def test_shine_counts_apart():
    kinds = _kinds()
    kinds[:, : HEAD.shape[1] // 2] = SHINE
    bright = np.full((*HEAD.shape, 3), 0.3)
    bright[:, : HEAD.shape[1] // 2] = 0.9
    seen = see_stations(HEAD.face, _scene(bright, kinds), 60.0)
    left = stations().on(HEAD.face)[:, 1] < HEAD.shape[1] / 2 - 20
    assert np.isnan(seen.rgb[left]).all()
    known = np.isfinite(seen.shine_share)
    assert seen.shine_share[left & known] == pytest.approx(1.0, abs=0.05)
    assert np.nanmax(np.abs(seen.rgb - 0.3)) < 0.01
    assert np.nanmax(seen.with_shine[left]) == pytest.approx(0.9, abs=0.02)
