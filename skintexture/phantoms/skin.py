"""What the skin of one person carries: pigment, blood, pores, spots, all placed in mm on the resting head."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import KDTree

from skintexture.model import FloatArray
from skintexture.phantoms.head import Head
from skintexture.phantoms.mesh import IntArray
from skintexture.phantoms.tone import RESTING_BLOOD, albedo, melanin_of

_Triple = tuple[float, float, float]

FWHM_PER_SIGMA = 2.0 * math.sqrt(2.0 * math.log(2.0))

_PORE_RANGE_MM = (0.15, 0.45)
_PORE_DISTANCE_MM = 0.45
_SMALLEST_MEDIAN_MM = 0.185
_LOG_SPREAD = 0.24


@dataclass(frozen=True, slots=True)
class _PoreZone:
    """A Gaussian region, both sides alike, that adds pores of all sizes and makes them wider."""

    landmark: Literal["nose", "mouth", "brow"]
    shift_mm: _Triple
    sigma_mm: _Triple
    per_cm2: float
    wider_mm: float


_PORE_ZONES = (
    _PoreZone("brow", (0, -52, -10), (55, 65, 60), per_cm2=60, wider_mm=0.0),  # the whole face
    _PoreZone("nose", (0, 4, 0), (14, 16, 18), per_cm2=190, wider_mm=0.085),
    _PoreZone("nose", (30, -2, -18), (15, 17, 20), per_cm2=130, wider_mm=0.064),  # inner cheeks
    _PoreZone("brow", (0, 0, 0), (30, 16, 25), per_cm2=60, wider_mm=0.0),
    _PoreZone("mouth", (0, -24, 0), (18, 12, 20), per_cm2=80, wider_mm=0.021),  # chin
)
"""Chosen so that pores of 0.25 mm and more, which are what people see, number some tens per cm² on the cheeks, as
Flament 2015 reports (doi 10.2147/CCID.S74401), and more on the nose."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkinSpec:
    """Which skin.

    Attributes
    ----------
    seed : int
        Decides every pore, spot and furrow.
    ita_deg : float
        Individual typology angle of calm skin, −50 … 60.
    pore_density, pore_size : float
        Relative to an average adult.
    freckles, moles : int
        Freckles are tried over nose and cheeks, moles anywhere.
    comedones : int
        Blackheads, dark plugs of 0.35–0.8 mm on nose, chin and brow.
    papules : int
        Of acne: red domes of 1.5–3.5 mm on cheeks, chin and brow.
    pore_elongation : float
        Largest ratio of a pore's axes, ≥ 1; uniform from 1, the long axis in any direction.
    furrow_depth : float
        Of the micro-relief, relative to an average adult.
    stubble_per_cm2, vellus_per_cm2 : float
        Cut hairs of the beard, and fine pale hairs of the whole face.
    """

    seed: int
    ita_deg: float
    pore_density: float = 1.0
    pore_size: float = 1.0
    freckles: int = 0
    moles: int = 5
    comedones: int = 0
    papules: int = 0
    pore_elongation: float = 1.0
    furrow_depth: float = 1.0
    stubble_per_cm2: float = 0.0
    vellus_per_cm2: float = 0.0


@dataclass(frozen=True, slots=True)
class Pits:
    """Gaussian marks on the resting surface, round where nothing else is said.

    Attributes
    ----------
    triangle : (N,) int64
    barycentric : (N, 3) float64
        Where in that triangle.
    fwhm_mm : (N,) float64
        Full width at half depth.
    depth : (N,) float64
        mm for pores, units of melanin for spots.
    stretch : (N, 2) float64 or None
        Long axis by short axis (the width is their geometric mean), and the long one's angle in radians from upright
        on the face; None where all are round.
    """

    triangle: IntArray
    barycentric: FloatArray
    fwhm_mm: FloatArray
    depth: FloatArray
    stretch: FloatArray | None = None

    @property
    def elongation(self) -> FloatArray:
        """Long axis by short axis (N,)."""
        return np.ones(len(self.depth)) if self.stretch is None else self.stretch[:, 0]

    def at(self, triangles: IntArray, attribute: FloatArray) -> FloatArray:
        """Attribute (N, K) of the vertices (V, K) at the marks."""
        return np.asarray(np.einsum("nc,nck->nk", self.barycentric, attribute[triangles[self.triangle]]))


@dataclass(frozen=True, slots=True)
class Skin:
    """One person's skin.

    Attributes
    ----------
    albedo : (V, 3) float64
        Linear sRGB at the vertices.
    scalp : (V,) float64
        1 where hair grows, 0 on bare skin.
    gloss, relief : (V,) float64
        Shine and furrow depth, relative.
    pores, spots : Pits
    spot_kind : (N,) str
        ``freckle``, ``mole`` or ``comedo``.
    papules : Pits
        Domes instead of pits: their depth is a height in mm.
    """

    albedo: FloatArray
    scalp: FloatArray
    gloss: FloatArray
    relief: FloatArray
    pores: Pits
    spots: Pits
    spot_kind: NDArray[np.str_]
    papules: Pits


@dataclass(frozen=True, slots=True)
class _Places:
    """Landmarks of the resting head and how near each vertex lies to them."""

    head: Head
    nose: FloatArray
    mouth: FloatArray
    brow: FloatArray

    def near(self, place_mm: FloatArray, shift_mm: _Triple, sigma_mm: _Triple) -> FloatArray:
        """Gaussian around a shifted landmark (σ per axis), alike on both sides of the face (V,)."""
        folded = self.head.vertices_mm * (np.sign(self.head.vertices_mm[:, :1]) * (1, 0, 0) + (0, 1, 1))
        return np.asarray(np.exp(-0.5 * np.sum(((folded - place_mm - shift_mm) / sigma_mm) ** 2, axis=1)))


def grow_skin(head: Head, spec: SkinSpec) -> Skin:
    """Cover a head with skin."""
    places = _places(head)
    scalp = _scalp(head, np.random.default_rng([spec.seed, 2]))
    bare = (1 - scalp) * (1 - head.mouth_inside)
    spots, kinds = _spots(places, bare, spec)
    return Skin(
        albedo=_pigments(places, scalp, spec),
        scalp=scalp,
        gloss=_gloss(places) * (1 - 0.8 * scalp),
        relief=bare
        * (1 - 0.55 * head.lips)
        * (1 - 0.4 * head.ears)
        * (1 - 0.3 * places.near(places.nose, (0, 0, 0), (12, 12, 14)))
        * spec.furrow_depth,
        pores=_pores(places, bare, spec),
        spots=spots,
        spot_kind=kinds,
        papules=_papules(places, bare, spec),
    )


def _places(head: Head) -> _Places:
    points = head.vertices_mm
    middle = (np.abs(points[:, 0]) < 8) & (points[:, 1] < -15) & (points[:, 1] > -70)
    nose = points[np.flatnonzero(middle)[np.argmax(points[middle, 2])]] * (0, 1, 1)
    mouth = np.average(points, axis=0, weights=head.lips) * (0, 1, 1)
    return _Places(head=head, nose=nose, mouth=mouth, brow=np.array([0.0, 42.0, 30.0]))


def _scalp(head: Head, rng: np.random.Generator) -> FloatArray:
    """Hair grows above a hairline that falls at the temples and runs in front of the ears."""
    x, y, z = head.vertices_mm.T
    above_brow = y - (64.0 - 0.0085 * x**2)
    behind_temple = np.minimum(-(z + 42.0) * 1.2, y + 8.0)
    inside_mm = np.maximum(above_brow, behind_temple) + 2.0 * smooth_noise(head.vertices_mm, 9.0, rng)
    neck = np.clip((-y - 60.0) / 10.0, 0.0, 1.0)
    return np.asarray(np.clip(0.5 + inside_mm / 11.0, 0.0, 1.0) ** 1.5 * (1 - head.ears) * (1 - neck))


def _pigments(places: _Places, scalp: FloatArray, spec: SkinSpec) -> FloatArray:
    head, points = places.head, places.head.vertices_mm
    rng = np.random.default_rng([spec.seed, 3])
    base = melanin_of(spec.ita_deg)
    eye = head.eye_centres_mm[1]
    blood = RESTING_BLOOD * (1 + 0.10 * smooth_noise(points, 12.0, rng) + 0.08 * smooth_noise(points, 4.0, rng))
    blood += 0.22 * places.near(places.nose, (38, 2, -22), (16, 14, 22))
    blood += 0.28 * places.near(places.nose, (0, 0, 0), (11, 12, 14)) + 0.22 * head.ears + 0.20 * head.eyelids
    blood += 0.08 * places.near(places.mouth, (0, -26, 0), (16, 10, 20)) + 0.9 * head.lips + 1.2 * head.mouth_inside
    unevenness = smooth_noise(points, 15.0, rng) + smooth_noise(points, 3.0, rng)
    melanin = base + 0.045 * np.sqrt(base) * unevenness
    melanin += (0.10 + 0.05 * base) * places.near(eye, (-3, -16, 10), (12, 5, 12)) + 0.10 * base * head.lips
    return albedo(melanin, np.maximum(blood, 0.0)) * (1 - 0.72 * scalp[:, None])


def _gloss(places: _Places) -> FloatArray:
    oily = places.near(places.nose, (0, 0, 0), (14, 16, 20)) + 0.8 * places.near(places.brow, (0, 2, 0), (30, 16, 25))
    return np.clip(0.55 + 0.45 * oily + 0.25 * places.head.lips - 0.25 * places.head.ears, 0.0, 1.2)


def _pores(places: _Places, bare: FloatArray, spec: SkinSpec) -> Pits:
    """Scatter openings of 0.15 mm and more: fewest on temples, most and largest on nose and inner cheeks."""
    rng = np.random.default_rng([spec.seed, 4])
    zones = {zone: places.near(getattr(places, zone.landmark), zone.shift_mm, zone.sigma_mm) for zone in _PORE_ZONES}
    per_cm2 = np.sum([zone.per_cm2 * near for zone, near in zones.items()], axis=0) * spec.pore_density
    per_cm2 *= bare**2 * (1 - places.head.lips) ** 4 * (1 - places.head.eyelids) ** 2 * (1 - 0.8 * places.head.ears)
    wider_mm = np.max([zone.wider_mm * near for zone, near in zones.items()], axis=0)
    marks = _scatter(places.head, per_cm2, rng)
    median_mm = _SMALLEST_MEDIAN_MM + marks.at(places.head.triangles, wider_mm[:, None])[:, 0]
    spread = np.exp(_LOG_SPREAD * rng.standard_normal(len(median_mm)))
    fwhm_mm = np.clip(median_mm * spec.pore_size * spread, *_PORE_RANGE_MM)
    depth_mm = fwhm_mm * np.clip(rng.normal(0.16, 0.04, len(fwhm_mm)), 0.06, 0.27)
    kept = _apart(marks.at(places.head.triangles, places.head.vertices_mm))
    stretch = None if spec.pore_elongation == 1.0 else _stretch(int(kept.sum()), spec)
    return Pits(marks.triangle[kept], marks.barycentric[kept], fwhm_mm[kept], depth_mm[kept], stretch)


def _stretch(count: int, spec: SkinSpec) -> FloatArray:
    rng = np.random.default_rng([spec.seed, 12])
    return np.stack([rng.uniform(1.0, spec.pore_elongation, count), rng.uniform(0.0, math.pi, count)], axis=1)


def _spots(places: _Places, bare: FloatArray, spec: SkinSpec) -> tuple[Pits, NDArray[np.str_]]:
    """Freckles over nose and cheeks, a few moles anywhere, and blackheads; and which each of them is."""
    rng = np.random.default_rng([spec.seed, 5])
    freckled = places.near(places.nose, (28, 6, -14), (26, 14, 24)) + 0.08
    area_cm2 = places.head.areas_mm2.sum() / 100
    in_front = bare * (places.head.vertices_mm[:, 2] > -40)
    freckles = _scatter(places.head, freckled * bare, rng, count=spec.freckles)
    moles = _scatter(places.head, in_front * 900 / area_cm2, rng, count=spec.moles)
    widths = [rng.uniform(0.6, 1.6, spec.freckles), rng.uniform(1.0, 2.4, spec.moles)]
    depths = [rng.uniform(0.06, 0.30, spec.freckles), rng.uniform(0.7, 1.4, spec.moles)]
    other = np.random.default_rng([spec.seed, 13])
    comedones = _scatter(places.head, _oily(places) * in_front * (1 - places.head.lips), other, count=spec.comedones)
    marks = Pits(
        np.concatenate([freckles.triangle, moles.triangle, comedones.triangle]),
        np.concatenate([freckles.barycentric, moles.barycentric, comedones.barycentric]),
        np.concatenate([*widths, other.uniform(0.35, 0.8, spec.comedones)]),
        np.concatenate([*depths, other.uniform(0.8, 1.8, spec.comedones)]),
    )
    return marks, np.repeat(["freckle", "mole", "comedo"], [spec.freckles, spec.moles, spec.comedones])


def _papules(places: _Places, bare: FloatArray, spec: SkinSpec) -> Pits:
    rng = np.random.default_rng([spec.seed, 14])
    on_cheeks = places.near(places.nose, (36, -12, -24), (16, 22, 24))
    where = (on_cheeks + 0.6 * _oily(places)) * bare * (1 - places.head.lips) * (1 - places.head.eyelids)
    marks = _scatter(places.head, where, rng, count=spec.papules)
    return Pits(
        marks.triangle,
        marks.barycentric,
        rng.uniform(1.5, 3.5, spec.papules),
        rng.uniform(0.10, 0.30, spec.papules),
    )


def _oily(places: _Places) -> FloatArray:
    """Where sebum is richest: nose, chin and brow."""
    nose = places.near(places.nose, (0, 0, 0), (14, 16, 18))
    chin = 0.6 * places.near(places.mouth, (0, -24, 0), (18, 12, 20))
    return np.asarray(nose + chin + 0.35 * places.near(places.brow, (0, 0, 0), (30, 16, 25)))


def _scatter(head: Head, per_cm2: FloatArray, rng: np.random.Generator, count: int | None = None) -> Pits:
    """Places at random with this density at the vertices; with ``count``, so many of them."""
    expected = per_cm2[head.triangles].mean(axis=1) * head.areas_mm2 / 100
    total = rng.poisson(expected.sum()) if count is None else count
    triangle = rng.choice(len(expected), size=total, p=expected / expected.sum())
    u, v = np.sqrt(rng.uniform(size=total)), rng.uniform(size=total)
    barycentric = np.stack([1 - u, u * (1 - v), u * v], axis=1)
    nothing = np.zeros(total)
    return Pits(triangle, barycentric, nothing, nothing)


def _apart(points_mm: FloatArray) -> NDArray[np.bool_]:
    """Drop the later one of two marks that lie closer than pores do."""
    kept = np.ones(len(points_mm), dtype=bool)
    kept[KDTree(points_mm).query_pairs(_PORE_DISTANCE_MM, output_type="ndarray").max(axis=1)] = False
    return kept


def smooth_noise(points_mm: FloatArray, length_mm: float, rng: np.random.Generator) -> FloatArray:
    """Gaussian noise of unit variance that varies over about ``length_mm`` in space (N,)."""
    waves = rng.normal(0.0, 1.0 / length_mm, (3, 64))
    phases = rng.uniform(0.0, 2 * math.pi, 64)
    return np.asarray(np.cos(points_mm @ waves + phases).sum(axis=1) * math.sqrt(2 / 64))
