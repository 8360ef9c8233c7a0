"""How rough the furrow relief of a face truly is, zone by zone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from skintexture.locate.anatomy import ZONE_NAMES, ZoneName
from skintexture.model import FloatArray
from skintexture.phantoms.faces import Person
from skintexture.phantoms.mesh import IntArray
from skintexture.phantoms.relief import lay_on_surface, relief_tile
from skintexture.phantoms.treatment import Treatment, treat

_PER_TRIANGLE = 8
_UM_PER_MM = 1000.0


@dataclass(frozen=True, slots=True)
class Roughness:
    """Mean absolute and root mean square height of the furrow relief about its mean, in µm (pits not counted)."""

    sa_um: float
    sq_um: float


def relief_roughness(person: Person, treatments: Sequence[Treatment] = ()) -> dict[ZoneName, Roughness]:
    """Roughness of the relief as it is laid on the face, by zone.

    Parameters
    ----------
    person : Person
    treatments : sequence of Treatment
        One after the other.

    Returns
    -------
    dict
        All zones. Read at eight places of every triangle, some 15 per mm²: good to about 1 % where a zone is larger
        than 5 cm². The whole height counts, unfiltered; nan where no triangle lies wholly within the zone.
    """
    head = person.head
    skin = treat(person.skin, head, person.regions, treatments)
    on_face = np.flatnonzero(_inside(person, "whole_face"))
    corners = head.triangles[on_face]
    barycentric = np.random.default_rng(18).dirichlet((1.0, 1.0, 1.0), (len(corners), _PER_TRIANGLE))
    places, normals, strength = (
        _spread(barycentric, attribute, corners) for attribute in (head.vertices_mm, head.normals, skin.relief[:, None])
    )
    tile = relief_tile(person.spec.skin.seed)
    height_mm = lay_on_surface(tile, places.astype(np.float32), normals.astype(np.float32))[1] * strength[:, 0]
    by_triangle = height_mm.reshape(-1, _PER_TRIANGLE)
    weight = head.areas_mm2[on_face]
    return {name: _roughness(by_triangle, weight * _inside(person, name)[on_face]) for name in ZONE_NAMES}


def _inside(person: Person, zone: ZoneName) -> FloatArray:
    """1 for the triangles whose corners all lie in the zone (T,)."""
    head = person.head
    inside = person.regions.inside_mm(zone, head.vertices_mm, head.normals) > 0
    return np.asarray(np.all(inside[head.triangles], axis=1), np.float64)


def _spread(barycentric: FloatArray, attribute: FloatArray, corners: IntArray) -> FloatArray:
    """Attribute (V, K) of the vertices at the places, one row per place."""
    spread = np.einsum("tpc,tck->tpk", barycentric, attribute[corners])
    return np.asarray(spread.reshape(-1, attribute.shape[1]))


def _roughness(height_mm: FloatArray, weight: FloatArray) -> Roughness:
    if not weight.any():
        return Roughness(np.nan, np.nan)
    away = height_mm - np.average(height_mm.mean(axis=1), weights=weight)
    sa = np.average(np.abs(away).mean(axis=1), weights=weight)
    sq = np.sqrt(np.average((away**2).mean(axis=1), weights=weight))
    return Roughness(float(_UM_PER_MM * sa), float(_UM_PER_MM * sq))
