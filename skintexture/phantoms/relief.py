"""Micro-relief: the network of furrows that divides skin into small fields, as one seamless tile in millimetres."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import cv2
import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.spatial import KDTree

from skintexture.model import FloatArray, FloatImage

TILE_MM = 51.2
TILE_PX_PER_MM = 20.0
_TILE_PX = round(TILE_MM * TILE_PX_PER_MM)
_ROW = 4096


@dataclass(frozen=True, slots=True)
class ReliefTile:
    """A square of skin that continues at its opposite edges.

    Attributes
    ----------
    layers : (N, N, 3) float32
        Slope along x (columns), slope along y (rows), and height in mm; furrows are negative.
    """

    layers: FloatImage


@lru_cache(maxsize=2)
def relief_tile(seed: int) -> ReliefTile:
    """Furrows of two generations (fields of about 0.55 and 1.2 mm) and finer unevenness."""
    rng = np.random.default_rng([seed, 1])
    primary = _furrows(rng, spacing_mm=1.2, width_mm=0.16)
    secondary = _furrows(rng, spacing_mm=0.55, width_mm=0.10)
    depth = 1.0 + 0.45 * _noise(rng, 2.5)
    height_mm = -0.017 * primary * np.clip(depth, 0.2, None) - 0.011 * secondary * np.clip(2.0 - depth, 0.3, None)
    height_mm += 0.0022 * _noise(rng, 0.12) + 0.005 * _noise(rng, 0.45)
    height = np.asarray(gaussian_filter(height_mm, 1.0, mode="wrap"), np.float32)
    return ReliefTile(layers=np.concatenate([_slopes(height), height[..., None]], axis=-1))


def lay_on_surface(tile: ReliefTile, resting_mm: FloatImage, normals: FloatImage) -> tuple[FloatImage, FloatImage]:
    """Gradient (N, 3) in resting space and height in mm (N,) of the tile, laid on the surface from three sides.

    Parameters
    ----------
    resting_mm, normals : (N, 3) float32
        Of the resting surface, in its own axes.
    """
    weights = np.abs(normals) ** 6
    weights /= np.maximum(weights.sum(axis=-1, keepdims=True), 1e-6)
    gradient = np.zeros_like(resting_mm)
    height_mm = np.zeros(len(resting_mm), np.float32)
    for side, (u, v) in enumerate(((2, 1), (0, 2), (0, 1))):
        seen = _look_up(tile.layers, resting_mm[:, u] + 17.3 * side, resting_mm[:, v] + 5.9 * side)
        gradient[:, u] += weights[:, side] * seen[:, 0]
        gradient[:, v] += weights[:, side] * seen[:, 1]
        height_mm += weights[:, side] * seen[:, 2]
    return gradient, height_mm


def lip_creases(resting_mm: FloatImage) -> FloatImage:
    """Slope (N,) across the upright creases of lips, along x, on lips of strength 1."""
    x, y = resting_mm[:, 0], resting_mm[:, 1]
    coarse = np.sin(4.8 * x + 1.5 * np.sin(0.4 * y + 0.21 * x))
    fine = np.sin(9.3 * x + 2.0 * np.sin(0.33 * y + 1.0))
    return np.asarray((0.16 * coarse + 0.11 * fine) * (0.7 + 0.3 * np.sin(0.9 * x)), np.float32)


def _look_up(layers: FloatImage, u_mm: FloatImage, v_mm: FloatImage) -> FloatImage:
    """Layers at N places; they are folded into rows because OpenCV takes no row longer than 32,767."""
    rows = -(-len(u_mm) // _ROW)
    folded = np.zeros((2, rows * _ROW), np.float32)
    for place, along in zip(folded, (u_mm, v_mm), strict=True):
        place[: len(along)] = np.mod(along * TILE_PX_PER_MM, _TILE_PX)
    u, v = folded.reshape(2, rows, _ROW)
    seen = cv2.remap(layers, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_WRAP)
    return np.asarray(seen.reshape(-1, layers.shape[-1])[: len(u_mm)], np.float32)


def _furrows(rng: np.random.Generator, *, spacing_mm: float, width_mm: float) -> FloatArray:
    """1 in the middle of the lines between neighbouring fields, 0 within the fields."""
    per_side = round(TILE_MM / spacing_mm)
    grid = np.stack(np.meshgrid(np.arange(per_side), np.arange(per_side), indexing="ij"), axis=-1).reshape(-1, 2)
    seeds = np.mod((grid + 0.5 + rng.uniform(-0.48, 0.48, grid.shape)) * (TILE_MM / per_side), TILE_MM)
    pixel = (np.indices((_TILE_PX, _TILE_PX)).reshape(2, -1).T + 0.5) / TILE_PX_PER_MM
    bent = np.mod(pixel + np.stack([_noise(rng, 0.5), _noise(rng, 0.5)], axis=-1).reshape(-1, 2) * 0.05, TILE_MM)
    near, _ = KDTree(seeds, boxsize=np.array([TILE_MM, TILE_MM])).query(bent, k=2)
    across = np.diff(near, axis=1).reshape(_TILE_PX, _TILE_PX)
    return np.asarray(np.exp(-0.5 * (across / width_mm) ** 2))


def _noise(rng: np.random.Generator, sigma_mm: float) -> FloatArray:
    """Seamless Gaussian noise of unit variance."""
    noise = gaussian_filter(rng.standard_normal((_TILE_PX, _TILE_PX)), sigma_mm * TILE_PX_PER_MM, mode="wrap")
    return np.asarray(noise / noise.std())


def _slopes(height_mm: FloatImage) -> FloatImage:
    along_x = (np.roll(height_mm, -1, 1) - np.roll(height_mm, 1, 1)) * (TILE_PX_PER_MM / 2)
    along_y = (np.roll(height_mm, -1, 0) - np.roll(height_mm, 1, 0)) * (TILE_PX_PER_MM / 2)
    return np.asarray(np.stack([along_x, along_y], axis=-1), np.float32)
