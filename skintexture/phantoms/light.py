"""Light on a head: a key and a fill of finite size, a surrounding, and the shadows they cast."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from skintexture.model import FloatArray, FloatImage
from skintexture.phantoms.mesh import IntArray

_SHADOW_PX_PER_MM = 1.0
_SHADOW_BIAS_MM = 2.5  # larger than a quad's own depth at a slant, or the skin would shade itself
_SHADOW_BITS = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class LightSpec:
    """Three lights fixed to the camera.

    Attributes
    ----------
    key_azimuth_deg, key_elevation_deg : float
        Where the key stands: 0, 0 is at the camera; positive is to the viewer's right, and up.
    key_size_deg : float
        Half angle that it fills seen from the face: larger is softer.
    key, fill, ambient : float
        Irradiance of a surface that faces the light; 1.0 shows an albedo of 1 as white at exposure 1.
    detail : float
        Share of the directions that soft shadows are made of; 0.25 is a draft, and sooner done.
    """

    key_azimuth_deg: float = -34.0
    key_elevation_deg: float = 27.0
    key_size_deg: float = 16.0
    key: float = 0.85
    fill: float = 0.30
    ambient: float = 0.40
    detail: float = 1.0

    @property
    def key_direction(self) -> FloatArray:
        """Toward the key, in the camera's space (x right, y down, z away)."""
        return _direction(self.key_azimuth_deg, self.key_elevation_deg)

    @property
    def fill_direction(self) -> FloatArray:
        """Toward the fill, on the other side of the camera."""
        return _direction(-1.25 * self.key_azimuth_deg, 8.0)


@dataclass(frozen=True, slots=True)
class Illumination:
    """What reaches each vertex.

    Attributes
    ----------
    flow : (V, 3) float64
        Sum of the directions to all visible light, weighted: its product with a normal is the irradiance, also for
        a normal that relief has tilted a little.
    key_seen, fill_seen : (V,) float64
        Shares of the key and the fill that are not hidden, 0 … 1.
    """

    flow: FloatArray
    key_seen: FloatArray
    fill_seen: FloatArray


def illuminate(camera_mm: FloatArray, normals: FloatArray, quads: IntArray, spec: LightSpec) -> Illumination:
    """Irradiance with soft shadows at the vertices of a mesh in the camera's space."""
    counts = [max(2, round(spec.detail * count)) for count in (12, 8, 28)]
    key = _disc(spec.key_direction, math.radians(spec.key_size_deg), counts[0])
    fill = _disc(spec.fill_direction, math.radians(24.0), counts[1])
    sky = _hemisphere(counts[2])
    flow = np.zeros_like(camera_mm)
    seen = []
    for directions, weight in ((key, spec.key), (fill, spec.fill), (sky, 2.0 * spec.ambient)):
        shares = np.stack([_lit(camera_mm, normals, quads, direction) for direction in directions])
        flow += weight / len(directions) * shares.T @ directions
        seen.append(shares.mean(axis=0))
    return Illumination(flow=flow, key_seen=seen[0], fill_seen=seen[1])


def gloss(normals: FloatImage, to_eye: FloatImage, to_light: FloatArray, roughness: float) -> FloatImage:
    """Mirror-like reflection of one distant light of unit irradiance by a rough dielectric (N,).

    The distribution of facets is that of Trowbridge and Reitz, with Schlick's approximation of Fresnel's law and a
    short form of the shadowing term.
    """
    light = to_light.astype(np.float32)
    half = to_eye + light
    half /= np.sqrt(_dot(half, half))[:, None]
    n_l = np.maximum(normals @ light, 0.0)
    n_v = np.maximum(_dot(normals, to_eye), 0.08)
    n_h = np.clip(_dot(normals, half), 0.0, 1.0)
    squared = np.float32(roughness**2)
    facets = squared / (np.pi * (n_h**2 * (squared - 1.0) + 1.0) ** 2)
    fresnel = 0.028 + 0.972 * (1.0 - np.clip(_dot(half, to_eye), 0.0, 1.0)) ** 5
    k = np.float32(roughness / 2)
    shadowing = 1.0 / ((n_l * (1 - k) + k) * (n_v * (1 - k) + k))
    return np.asarray(np.pi * 0.25 * facets * fresnel * shadowing * n_l, np.float32)


def _dot(a: FloatImage, b: FloatImage) -> FloatImage:
    return np.asarray(a[:, 0] * b[:, 0] + a[:, 1] * b[:, 1] + a[:, 2] * b[:, 2])


def _direction(azimuth_deg: float, elevation_deg: float) -> FloatArray:
    azimuth, elevation = math.radians(azimuth_deg), math.radians(elevation_deg)
    across = math.cos(elevation)
    return np.array([across * math.sin(azimuth), -math.sin(elevation), -across * math.cos(azimuth)])


def _disc(towards: FloatArray, half_angle_rad: float, count: int) -> FloatArray:
    """Evenly spread directions within a cone (sunflower order)."""
    across, up = _basis(towards)
    index = np.arange(count) + 0.5
    radius = math.tan(half_angle_rad) * np.sqrt(index / count)
    angle = index * math.pi * (3.0 - math.sqrt(5.0))
    directions = towards + radius[:, None] * (np.cos(angle)[:, None] * across + np.sin(angle)[:, None] * up)
    return np.asarray(directions / np.linalg.norm(directions, axis=1, keepdims=True))


def _hemisphere(count: int) -> FloatArray:
    """Directions from above, the sides and the front: the dark floor and what is behind give nothing."""
    index = np.arange(2 * count) + 0.5
    z = 1.0 - index / count
    angle = index * math.pi * (3.0 - math.sqrt(5.0))
    ring = np.sqrt(1.0 - z**2)
    sphere = np.stack([ring * np.cos(angle), ring * np.sin(angle), z], axis=1)
    bright = sphere @ np.array([0.0, -0.6, -0.8]) > 0
    return np.asarray(sphere[bright])


def _basis(towards: FloatArray) -> tuple[FloatArray, FloatArray]:
    across = np.cross([0.0, 1.0, 0.0], towards)
    across /= np.linalg.norm(across)
    return across, np.cross(towards, across)


def _lit(camera_mm: FloatArray, normals: FloatArray, quads: IntArray, direction: FloatArray) -> FloatArray:
    """1 where a vertex faces the light and nothing hides it, with a soft edge at grazing incidence."""
    across, up = _basis(direction)
    flat_mm = np.stack([camera_mm @ across, camera_mm @ up], axis=1)
    flat_px = (flat_mm - flat_mm.min(axis=0)) * _SHADOW_PX_PER_MM + 2.0
    behind_mm = -camera_mm @ direction
    shadow = _nearest_to_light(flat_px, behind_mm, quads)
    column, row = np.rint(flat_px).astype(np.int64).T
    hidden = behind_mm > shadow[row, column] + _SHADOW_BIAS_MM
    facing = np.clip(normals @ direction * 4.0 + 0.5, 0.0, 1.0)
    return np.where(hidden, 0.0, facing)


def _nearest_to_light(flat_px: FloatArray, behind_mm: FloatArray, quads: IntArray) -> FloatImage:
    width, height = np.ceil(flat_px.max(axis=0)).astype(int) + 3
    shadow = np.full((height, width), np.inf, np.float32)
    depths = behind_mm[quads].mean(axis=1)
    order = np.argsort(-depths, kind="stable")
    outlines = np.rint(flat_px[quads[order]] * 2**_SHADOW_BITS).astype(np.int32)
    for depth, outline in zip(depths[order].tolist(), outlines, strict=True):
        cv2.fillConvexPoly(shadow, outline, (depth,), cv2.LINE_8, _SHADOW_BITS)
    return shadow
