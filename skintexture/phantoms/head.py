"""Heads of people who do not exist: a base mesh under CC0, blended by shape targets into identities."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache, lru_cache
from importlib import resources

import numpy as np

from skintexture.model import FloatArray
from skintexture.phantoms.mesh import (
    IntArray,
    Subdivision,
    subdivide,
    triangle_areas_mm2,
    triangles_of,
    vertex_normals,
)

_ASSET = "makehuman_head.npz"
_FACE_ASSET = "makehuman_face.npz"
_EYE_VERTICES = 72
_SPREAD = 0.15  # of individual features; ±1 is the widest that the data foresees
_LIDS_MEET = 0.68  # of the data's movement: it was made for its own, larger eyes
_EYE_SCALE = -0.5  # the data's eyeballs are a fifth larger than an adult's 24 mm, and its lids fit them
_BASE = "caucasian-female"  # the base mesh itself, so it has no target
_MACRO = ("caucasian-female", "african-female", "asian-female", "caucasian-male", "african-male", "asian-male")

UPPER_LID = (246, 161, 160, 159, 158, 157, 173, 133)
"""Landmarks along the rim of the subject's right upper lid, from next to the outer corner inward."""


@dataclass(frozen=True, slots=True, kw_only=True)
class HeadSpec:
    """Which head.

    Attributes
    ----------
    identity : int
        Seed of the individual features (nose, mouth, chin, cheeks, eyes, width).
    masculinity : float
        0 … 1.
    age : float
        0 (young adult) … 1 (old), as far as *form* goes.
    blend : tuple of three floats
        Weights ≥ 0, sum 1, of the data's three groups of face form, in its own order.
    """

    identity: int
    masculinity: float
    age: float
    blend: tuple[float, float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Expression:
    """What the face does: 0 is at rest, 1 the full movement.

    Attributes
    ----------
    smile : float
        Corners of the mouth go out and up, cheeks rise, lips stay closed.
    eyes_closed : float
        Both upper lids come down; 1 closes them.
    """

    smile: float = 0.0
    eyes_closed: float = 0.0


@dataclass(frozen=True, slots=True, eq=False)
class Head:
    """The resting surface, in mm: x to the viewer's right, y up, z toward the camera, origin between the eyeballs.

    Attributes
    ----------
    coarse_mm, coarse_quads : (Vc, 3) float64, (Qc, 4) int64
        After one subdivision: casts shadows.
    vertices_mm, normals : (V, 3) float64
        After two subdivisions (about 1 mm apart in the face).
    quads, triangles : (Q, 4), (T, 3) int64
    areas_mm2 : (T,) float64
    to_fine : callable
        Carries an attribute of the coarse vertices to the fine ones.
    lips, eyelids, ears, mouth_inside : (V,) float64
        Regions, 0 … 1.
    eye_centres_mm : (2, 3) float64
        The subject's right eye first.
    eye_radius_mm : float
        Of the eyeball that the lids fit.

    Notes
    -----
    A head equals only itself, so that what follows from it can be kept for the next photograph.
    """

    coarse_mm: FloatArray
    coarse_quads: IntArray
    vertices_mm: FloatArray
    normals: FloatArray
    quads: IntArray
    triangles: IntArray
    areas_mm2: FloatArray
    lips: FloatArray
    eyelids: FloatArray
    ears: FloatArray
    mouth_inside: FloatArray
    eye_centres_mm: FloatArray
    eye_radius_mm: float

    def to_fine(self, coarse: FloatArray) -> FloatArray:
        """Carry an attribute of the coarse vertices to the fine ones."""
        return np.asarray(_topology().second.matrix @ coarse)


def shape_head(spec: HeadSpec) -> Head:
    """Blend, scale and smooth one head."""
    topology = _topology()
    points = _blend(spec)
    skin, eyes = points[: topology.skin_vertices], points[topology.skin_vertices :]
    coarse = topology.first.matrix @ skin
    fine = topology.second.matrix @ coarse
    masks = topology.second.matrix @ (topology.first.matrix @ topology.masks.T)
    triangles = triangles_of(topology.second.quads)
    left, right = eyes[:_EYE_VERTICES], eyes[_EYE_VERTICES:]
    return Head(
        coarse_mm=coarse,
        coarse_quads=topology.first.quads,
        vertices_mm=fine,
        normals=vertex_normals(fine, triangles),
        quads=topology.second.quads,
        triangles=triangles,
        areas_mm2=triangle_areas_mm2(fine, triangles),
        lips=masks[:, 0],
        eyelids=masks[:, 1],
        ears=masks[:, 2],
        mouth_inside=masks[:, 3],
        eye_centres_mm=np.stack([_eye_centre(right), _eye_centre(left)]),
        eye_radius_mm=_eye_radius(left),
    )


@lru_cache(maxsize=4)
def move_face(head: Head, expression: Expression) -> Head:
    """Give a resting head an expression: the same skin, vertex by vertex, in another place.

    What is told in mm of skin (`Head.areas_mm2`) stays that of the resting head.
    """
    if expression == Expression():
        return head
    topology = _topology()
    moves = _face().moves_mm
    move = expression.smile * moves["smile"] + _LIDS_MEET * expression.eyes_closed * moves["eyes-closed"]
    coarse_move = topology.first.matrix @ move
    fine = head.vertices_mm + topology.second.matrix @ coarse_move
    return replace(
        head,
        coarse_mm=head.coarse_mm + coarse_move,
        vertices_mm=fine,
        normals=vertex_normals(fine, head.triangles),
    )


def face_landmarks() -> IntArray:
    """Vertices of every head that lie where the landmark model sets its 468 points on a face at rest."""
    return _face().landmarks


@dataclass(frozen=True, slots=True)
class _Face:
    """What the heads' mesh tells of faces: movements (Vs, 3) of its coarsest skin vertices, and landmarks."""

    moves_mm: dict[str, FloatArray]
    landmarks: IntArray


@cache
def _face() -> _Face:
    with (resources.files("skintexture.assets") / _FACE_ASSET).open("rb") as stream, np.load(stream) as data:
        names = [str(name) for name in data["move_names"]]
        moves_mm = data["moves_10um"] * 0.01
        landmarks = data["landmarks"].astype(np.int64)
    return _Face(dict(zip(names, moves_mm, strict=True)), landmarks)


@dataclass(frozen=True, slots=True)
class _Topology:
    """What all heads share: the base mesh with its shape targets and regions, and two subdivisions of it."""

    base_mm: FloatArray
    targets_mm: dict[str, FloatArray]
    masks: FloatArray
    first: Subdivision
    second: Subdivision

    @property
    def skin_vertices(self) -> int:
        return int(self.masks.shape[1])


@cache
def _topology() -> _Topology:
    with (resources.files("skintexture.assets") / _ASSET).open("rb") as stream, np.load(stream) as data:
        names = [str(name) for name in data["target_names"]]
        targets_mm = data["targets_10um"] * 0.01
        masks = data["masks"] / 255.0
        base_mm = data["base_10um"] * 0.01
        quads = data["quads"].astype(np.int64)
    first = subdivide(quads, masks.shape[1])
    second = subdivide(first.quads, first.matrix.shape[0])
    return _Topology(base_mm, dict(zip(names, targets_mm, strict=True)), masks, first, second)


def _blend(spec: HeadSpec) -> FloatArray:
    """Vertices of skin and eyes, in mm."""
    topology = _topology()
    sexes = (1.0 - spec.masculinity, spec.masculinity)
    weights = {name: sex * part for (sex, part), name in zip(_pairs(sexes, spec.blend), _MACRO, strict=True)}
    weights |= {"old-female": spec.age * sexes[0], "old-male": spec.age * sexes[1]}
    weights["eye-scale"] = _EYE_SCALE
    rng = np.random.default_rng([spec.identity, 0])
    for name in topology.targets_mm:
        if name not in weights:
            weights[name] = float(np.clip(rng.normal(0.0, _SPREAD), -2 * _SPREAD, 2 * _SPREAD))
    points = topology.base_mm.copy()
    for name, weight in weights.items():
        if name != _BASE:
            points += weight * topology.targets_mm[name]
    return points


def _pairs(sexes: tuple[float, float], blend: tuple[float, float, float]) -> list[tuple[float, float]]:
    return [(sex, part) for sex in sexes for part in blend]


def _eye_centre(eye: FloatArray) -> FloatArray:
    """Centre of the eyeball's sphere; the data's cornea stands out of it toward +z and is left out."""
    low, high = eye.min(axis=0), eye.max(axis=0)
    middle = (low + high) / 2
    return np.array([middle[0], middle[1], low[2] + _eye_radius(eye)])


def _eye_radius(eye: FloatArray) -> float:
    return float(np.mean(np.ptp(eye[:, :2], axis=0)) / 2)
