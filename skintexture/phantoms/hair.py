"""Brows, lashes and short hair: single strokes that grow from the resting surface."""

from __future__ import annotations

from dataclasses import dataclass, replace

import cv2
import numpy as np
from scipy.spatial import KDTree

from skintexture.model import FloatArray, FloatImage
from skintexture.phantoms.camera import View
from skintexture.phantoms.head import Head
from skintexture.phantoms.mesh import IntArray
from skintexture.phantoms.skin import Skin, SkinSpec

_SUBPIXEL_BITS = 4
_LEVELS = 12
_LASHES = 105  # of one upper lid
_VELLUS_PALER = (0.42, 0.34, 0.26)
_VELLUS_OPACITY = 0.12  # a hair of 0.02 mm within a pixel of 0.07 mm
_STEPS = np.linspace(0.0, 1.0, 5)


@dataclass(frozen=True, slots=True, kw_only=True)
class HairSpec:
    """Hair of one person.

    Attributes
    ----------
    colour : tuple of float
        Linear sRGB.
    brow_colour : tuple of float or None
        Of brows and lashes, where not the same.
    per_cm2 : float
        Hairs of the scalp.
    length_mm : float
        Of the scalp's hair.
    brow_hairs : int
        Per brow.
    seed : int
    """

    colour: tuple[float, float, float]
    per_cm2: float
    length_mm: float
    brow_hairs: int
    seed: int
    brow_colour: tuple[float, float, float] | None = None


@dataclass(frozen=True, slots=True)
class Strokes:
    """Hairs in resting space.

    Attributes
    ----------
    points_mm : (N, S, 3) float64
        From root to tip.
    root : (N,) int64
        The vertex that each grows from.
    tone : (N,) float64
        Brightness relative to the others, about 1.
    colour : (float, float, float)
        Linear sRGB.
    opacity : float
        Of a hair one pixel wide, 0 … 1.
    """

    points_mm: FloatArray
    root: IntArray
    tone: FloatArray
    colour: tuple[float, float, float]
    opacity: float = 1.0


@dataclass(frozen=True, slots=True)
class HairLayer:
    """Hair in a picture: how much of each pixel it covers (0 … 1) and how bright it is there, (H, W) each."""

    cover: FloatImage
    tone: FloatImage


@dataclass(frozen=True, slots=True)
class Hair:
    """All hair that grows from one resting head, whatever is photographed of it.

    Attributes
    ----------
    scalp, brows, stubble, vellus : Strokes
    """

    scalp: Strokes
    brows: Strokes
    stubble: Strokes
    vellus: Strokes


def grow_hair(head: Head, skin: Skin, specs: tuple[HairSpec, SkinSpec]) -> Hair:
    """Let hair grow: on scalp and brows as the hair's spec tells, in the face as the skin's does."""
    spec, face = specs
    bare = (1 - skin.scalp) * (1 - head.lips) ** 6 * (1 - head.mouth_inside) * (1 - head.ears)
    return Hair(
        scalp=scalp_hair(head, skin.scalp, spec),
        brows=brow_hair(head, spec),
        stubble=_stubble(head, bare * _beard(head), (spec, face)),
        vellus=_vellus(head, bare * (1 - head.eyelids) * (head.vertices_mm[:, 2] > -60), (spec, face)),
    )


def scalp_hair(head: Head, scalp: FloatArray, spec: HairSpec) -> Strokes:
    """Short hair, combed from the crown outward."""
    rng = np.random.default_rng([spec.seed, 8])
    weight = np.where(scalp > 0.08, scalp, 0.0)[head.triangles].mean(axis=1) * head.areas_mm2 / 100
    weight *= head.vertices_mm[head.triangles[:, 0], 2] > -150
    triangle = rng.choice(len(weight), size=round(spec.per_cm2 * weight.sum()), p=weight / weight.sum())
    corners = head.triangles[triangle]
    barycentric = rng.dirichlet((1.0, 1.0, 1.0), len(triangle))
    roots = np.einsum("nc,nck->nk", barycentric, head.vertices_mm[corners])
    normals = head.normals[corners[:, 0]]
    crown = np.array([0.0, 90.0, -90.0])
    outward = roots - crown + rng.normal(0.0, 38.0, roots.shape)
    along = _tangent(outward, normals)
    length = spec.length_mm * rng.uniform(0.6, 1.2, len(roots)) * np.clip(scalp[corners[:, 0]] * 1.2, 0.4, 1)
    return _grow(roots, along, (normals, corners[:, 0], spec.colour), length_mm=length, lift=0.75, rng=rng)


def brow_hair(head: Head, spec: HairSpec) -> Strokes:
    """Both brows: upright hairs next to the nose, lying outward further on."""
    rng = np.random.default_rng([spec.seed, 9])
    sides = [_one_brow(head, spec, side, rng) for side in (-1.0, 1.0)]
    return Strokes(
        points_mm=np.concatenate([side.points_mm for side in sides]),
        root=np.concatenate([side.root for side in sides]),
        tone=np.concatenate([side.tone for side in sides]),
        colour=spec.brow_colour or spec.colour,
    )


def _beard(head: Head) -> FloatArray:
    """1 where a beard grows: below a line from the sideburns over the cheek to the nose, down to the throat."""
    x, y, _ = head.vertices_mm.T
    side = np.abs(x)
    line = np.where(side < 24.0, -46.0, -46.0 - 0.9 * (side - 24.0))
    line = np.maximum(line, np.where(side > 40.0, -60.0 + 2.2 * (side - 40.0), -np.inf))
    line = np.minimum(line, -12.0)
    return np.asarray(np.clip((line - y) / 7.0, 0.0, 1.0) * np.clip((y + 135.0) / 12.0, 0.0, 1.0))


def _stubble(head: Head, where: FloatArray, specs: tuple[HairSpec, SkinSpec]) -> Strokes:
    """Hairs of 0.3–1.1 mm that grow downward and outward."""
    spec, face = specs
    rng = np.random.default_rng([face.seed, 15])
    roots, normals, vertex = _roots(head, where * face.stubble_per_cm2, rng)
    downward = np.array([0.0, -1.0, 0.0]) + 0.012 * roots * (1.0, 0.0, 0.0) + rng.normal(0.0, 0.35, roots.shape)
    length = rng.uniform(0.3, 1.1, len(roots))
    return _grow(
        roots, _tangent(downward, normals), (normals, vertex, spec.colour), length_mm=length, lift=0.9, rng=rng
    )


def _vellus(head: Head, where: FloatArray, specs: tuple[HairSpec, SkinSpec]) -> Strokes:
    """Pale hairs of 0.8–2.5 mm that hardly cover anything."""
    spec, face = specs
    rng = np.random.default_rng([face.seed, 16])
    roots, normals, vertex = _roots(head, where * face.vellus_per_cm2, rng)
    outward = np.array([0.0, -0.8, 0.0]) + 0.02 * roots * (1.0, 0.0, 0.0) + rng.normal(0.0, 0.30, roots.shape)
    length = rng.uniform(0.8, 2.5, len(roots))
    red, green, blue = (min(own + paler, 0.7) for own, paler in zip(spec.colour, _VELLUS_PALER, strict=True))
    colour = (red, green, blue)
    grown = _grow(roots, _tangent(outward, normals), (normals, vertex, colour), length_mm=length, lift=0.35, rng=rng)
    return replace(grown, opacity=_VELLUS_OPACITY)


def _roots(head: Head, per_cm2: FloatArray, rng: np.random.Generator) -> tuple[FloatArray, FloatArray, IntArray]:
    """Places, normals and nearest vertices of hairs scattered with this density at the vertices."""
    expected = per_cm2[head.triangles].mean(axis=1) * head.areas_mm2 / 100
    count = round(expected.sum())
    share = expected / expected.sum() if count else np.full(len(expected), 1.0 / len(expected))
    corners = head.triangles[rng.choice(len(expected), size=count, p=share)]
    barycentric = rng.dirichlet((1.0, 1.0, 1.0), count)
    roots = np.einsum("nc,nck->nk", barycentric, head.vertices_mm[corners])
    return roots, head.normals[corners[:, 0]], corners[:, 0]


def draw_strokes(strokes: Strokes, brightness: FloatArray, view: View, size: tuple[int, int]) -> HairLayer:
    """Draw hairs whose roots can be seen.

    Parameters
    ----------
    brightness : (N,) float64
        Light at each hair's root times its tone; 0 or less leaves the hair out.
    """
    shown = np.flatnonzero(brightness > 0)
    points = strokes.points_mm[shown]
    pixels = view.project(view.to_camera(points.reshape(-1, 3))).reshape(*points.shape[:2], 2)
    fixed = np.rint(pixels * 2**_SUBPIXEL_BITS).astype(np.int32)
    level = np.clip(np.rint(brightness[shown] / 1.6 * _LEVELS), 1, _LEVELS).astype(int)
    cover, tone = np.zeros(size, np.uint8), np.zeros(size, np.uint8)
    blocks = np.array_split(np.arange(len(shown)), 24)  # in turns, so that no brightness lies on top everywhere
    for block in blocks:
        for step in range(1, _LEVELS + 1):
            lines = list(fixed[block[level[block] == step]])
            cv2.polylines(tone, lines, False, (step * 255 // _LEVELS,), 1, cv2.LINE_AA, _SUBPIXEL_BITS)
    cv2.polylines(cover, list(fixed), False, (255,), 1, cv2.LINE_AA, _SUBPIXEL_BITS)
    share = np.asarray(cover / np.float32(255), np.float32)
    return HairLayer(cover=share, tone=np.asarray(tone * np.float32(1.6 / 255) / np.maximum(share, 0.05), np.float32))


def draw_lashes(lid: IntArray, px_per_mm: float, growth: tuple[int, float], size: tuple[int, int]) -> FloatImage:
    """Upper lashes as coverage (H, W): they leave the lid's rim forward, so they look short and bend upward.

    Parameters
    ----------
    lid : (N, 2) int64
        ``(row, column)`` along the rim.
    px_per_mm : float
    growth : (int, float)
        Seed, and how far they bend upward: 1 over open eyes, negative is downward.
    size : tuple of int
        Height and width.
    """
    seed, lift = growth
    rng = np.random.default_rng([seed, 10])
    cover = np.zeros(size, np.uint8)
    if len(lid) == 0:
        return np.zeros(size, np.float32)
    middle, half = lid[:, 1].mean(), np.ptp(lid[:, 1]) / 2
    picked = lid[rng.integers(0, len(lid), _LASHES)] + rng.uniform(-0.5, 0.5, (_LASHES, 2))
    away = (picked[:, 1] - middle) / half
    length = px_per_mm * rng.uniform(2.0, 4.8, _LASHES) * (1 - 0.35 * away**4)
    across = away * 0.8 + rng.normal(0, 0.22, _LASHES)
    rise = rng.uniform(0.7, 1.05, _LASHES)[:, None]
    t = _STEPS[None, :]
    x = picked[:, 1:] + length[:, None] * across[:, None] * t**1.3
    y = picked[:, :1] + length[:, None] * (0.30 * t - lift * rise * t**2)
    lines = np.rint(np.stack([x, y], axis=-1) * 2**_SUBPIXEL_BITS).astype(np.int32)
    cv2.polylines(cover, list(lines), False, (220,), 1, cv2.LINE_AA, _SUBPIXEL_BITS)
    cv2.polylines(cover, list(lines[:, :3]), False, (240,), 2, cv2.LINE_AA, _SUBPIXEL_BITS)
    rim = np.rint(lid[:, ::-1] * 2**_SUBPIXEL_BITS).astype(np.int32)
    cv2.polylines(cover, [rim], False, (150,), max(round(0.35 * px_per_mm), 1), cv2.LINE_AA, _SUBPIXEL_BITS)
    return np.asarray(cv2.GaussianBlur(cover, (0, 0), 0.6) / np.float32(255), np.float32)


def _one_brow(head: Head, spec: HairSpec, side: float, rng: np.random.Generator) -> Strokes:
    eye = head.eye_centres_mm[1] * (side, 1, 1)
    t = rng.beta(1.15, 1.35, spec.brow_hairs)
    x = eye[0] + side * (-17.5 + 43.0 * t)
    middle = eye[1] + 12.5 + 5.0 * np.sin(np.pi * 0.9 * t**1.15)
    thickness = 2.9 * (1 - t) ** 0.6 * np.clip(t / 0.06, 0.4, 1.0) + 0.8
    y = middle + thickness * np.clip(rng.normal(0, 0.55, len(t)), -1.2, 1.2)
    front = np.flatnonzero((head.vertices_mm[:, 2] > -30) & (head.normals[:, 2] > 0.1))
    near = front[KDTree(head.vertices_mm[front, :2]).query(np.stack([x, y], axis=1))[1]]
    normals = head.normals[near]
    offset = np.stack([x, y, head.vertices_mm[near, 2]], axis=1) - head.vertices_mm[near]
    roots = head.vertices_mm[near] + _flat(offset, normals)
    upward = 1.25 * (1 - t) ** 2.2 - 0.55 * t - 0.35 * (y - middle) / 2.5
    direction = np.stack([side * (0.25 + t), upward, np.zeros_like(t)], axis=1) + rng.normal(0, 0.16, (len(t), 3))
    length = rng.uniform(3.5, 7.0, len(t)) * (1 - 0.25 * t)
    grown = (normals, near, spec.colour)
    return _grow(roots, _tangent(direction, normals), grown, length_mm=length, lift=0.10, rng=rng)


def _grow(
    roots: FloatArray,
    along: FloatArray,
    ground: tuple[FloatArray, IntArray, tuple[float, float, float]],
    *,
    length_mm: FloatArray,
    lift: float,
    rng: np.random.Generator,
) -> Strokes:
    """Curved hairs: they rise from the skin (its normals and vertices, and the hairs' colour) and bend back to it."""
    normals, vertex, colour = ground
    t = _STEPS[None, :, None]
    rise = normals[:, None] * (lift * (t - 0.55 * t**2))
    points = roots[:, None] + length_mm[:, None, None] * (along[:, None] * (t - 0.1 * t**2) + rise)
    tone = np.clip(rng.normal(1.0, 0.30, len(roots)), 0.35, 1.6)
    return Strokes(points_mm=points, root=vertex, tone=tone, colour=colour)


def _flat(vectors: FloatArray, normals: FloatArray) -> FloatArray:
    return np.asarray(vectors - normals * np.sum(vectors * normals, axis=1, keepdims=True))


def _tangent(vectors: FloatArray, normals: FloatArray) -> FloatArray:
    flat = _flat(vectors, normals)
    return np.asarray(flat / np.maximum(np.linalg.norm(flat, axis=1, keepdims=True), 1e-6))
