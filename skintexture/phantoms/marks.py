"""Pores and spots as they fall into a picture: foreshortened Gaussians, drawn pixel by pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from skintexture.model import FloatArray, FloatImage
from skintexture.phantoms.camera import View
from skintexture.phantoms.head import Head
from skintexture.phantoms.skin import FWHM_PER_SIGMA, Pits

_REACH_SIGMAS = 3.3
_SMALLEST_COSINE = 0.12


@dataclass(frozen=True, slots=True)
class SeenMarks:
    """Marks in one photograph; rows as in the `Pits` they come from.

    Attributes
    ----------
    yx_px : (N, 2) float64
    depth_mm : (N,) float64
        From the camera, along the optical axis.
    normals : (N, 3) float64
        In a frame whose third axis is the line of sight to the mark.
    slant_deg : (N,) float64
        Between the skin's normal and the line of sight, 0 … 180.
    px_per_mm : (N,) float64
        Across the line of sight.
    stretched : (N, 2, 2) float64 or None
        Of marks that aren't round: in a row each ``(y, x)`` of their long and short half axes in the picture, in units
        of a round mark's own; None where all are round.
    """

    yx_px: FloatArray
    depth_mm: FloatArray
    normals: FloatArray
    slant_deg: FloatArray
    px_per_mm: FloatArray
    stretched: FloatArray | None


def see_marks(pits: Pits, head: Head, view: View) -> SeenMarks:
    """Project marks into a picture."""
    points = view.to_camera(pits.at(head.triangles, head.vertices_mm))
    normals = pits.at(head.triangles, head.normals) @ view.rotation.T
    normals /= np.linalg.norm(normals, axis=1, keepdims=True)
    sight = points / np.linalg.norm(points, axis=1, keepdims=True)
    toward = -np.sum(normals * sight, axis=1)
    return SeenMarks(
        yx_px=view.project(points)[:, ::-1],
        depth_mm=points[:, 2],
        normals=normals - sight * np.sum(normals * sight, axis=1, keepdims=True),
        slant_deg=np.rad2deg(np.arccos(np.clip(toward, -1.0, 1.0))),
        px_per_mm=view.focal_px / points[:, 2],
        stretched=None if pits.stretch is None else _stretched(pits.stretch, normals, sight, view),
    )


def _stretched(stretch: FloatArray, normals: FloatArray, sight: FloatArray, view: View) -> FloatArray:
    """Long and short half axes as they fall into the picture."""
    up = np.broadcast_to(view.rotation[:, 1], normals.shape)
    up = up - normals * np.sum(up * normals, axis=1, keepdims=True)
    up /= np.linalg.norm(up, axis=1, keepdims=True)
    across = np.cross(normals, up)
    cosine, sine = np.cos(stretch[:, 1:]), np.sin(stretch[:, 1:])
    root = np.sqrt(stretch[:, :1])
    axes = np.stack([root * (cosine * up + sine * across), (cosine * across - sine * up) / root], axis=1)
    seen = axes - sight[:, None] * np.sum(axes * sight[:, None], axis=2, keepdims=True)
    return np.asarray(seen[..., 1::-1])


def draw_marks(pits: Pits, seen: SeenMarks, size: tuple[int, int]) -> FloatImage:
    """Sum of the marks' depths in every pixel (H, W).

    A round mark on slanted skin is an ellipse in the picture, shortened by the cosine of the slant.
    """
    canvas = np.zeros(size[0] * size[1], np.float32)
    sigma_px = pits.fwhm_mm / FWHM_PER_SIGMA * seen.px_per_mm
    reach_px = np.ceil(_REACH_SIGMAS * np.sqrt(pits.elongation) * sigma_px).astype(np.int64)
    shown = (np.cos(np.deg2rad(seen.slant_deg)) > _SMALLEST_COSINE) & (pits.depth > 0) & (sigma_px > 0)
    shown &= np.all((seen.yx_px > reach_px[:, None]) & (seen.yx_px < np.array(size) - reach_px[:, None] - 1), axis=1)
    for reach in np.unique(reach_px[shown]).tolist():
        group = np.flatnonzero(shown & (reach_px == reach))
        flat, values = _windows(seen, group, sigma_px[group], reach, size[1])
        np.add.at(canvas, flat.ravel(), (values * pits.depth[group, None]).ravel().astype(np.float32))
    return canvas.reshape(size)


def _windows(
    seen: SeenMarks, group: NDArray[np.int64], sigma_px: FloatArray, reach: int, width: int
) -> tuple[NDArray[np.int64], FloatArray]:
    """Flat pixel numbers and unit-height values of equally large windows, one row per mark."""
    offsets = np.indices((2 * reach + 1, 2 * reach + 1)).reshape(2, -1).T - reach
    corner = np.rint(seen.yx_px[group]).astype(np.int64)
    away = corner[:, None] + offsets - seen.yx_px[group, None]
    flat = (corner[:, None, 0] + offsets[:, 0]) * width + corner[:, None, 1] + offsets[:, 1]
    squared = _round(seen, group, away) if seen.stretched is None else _oblong(seen.stretched[group], away)
    return flat, np.exp(-0.5 * squared / sigma_px[:, None] ** 2)


def _round(seen: SeenMarks, group: NDArray[np.int64], away: FloatArray) -> FloatArray:
    """Squared distances (G, P) on the skin, in px, from round marks."""
    # Covariance of the ellipse is σ² (I − n nᵀ) with n the normal's part across the line of sight; its inverse is
    # (I + n nᵀ / cos²) / σ².
    across = seen.normals[group][:, 1::-1]
    along = np.einsum("gpc,gc->gp", away, across)
    cosine_squared = np.maximum(1.0 - np.sum(across**2, axis=1), _SMALLEST_COSINE**2)
    return np.asarray(np.sum(away**2, axis=-1) + along**2 / cosine_squared[:, None])


def _oblong(axes: FloatArray, away: FloatArray) -> FloatArray:
    """Squared distances (G, P) in units of the marks' own half axes (G, 2, 2)."""
    determinant = axes[:, 0, 0] * axes[:, 1, 1] - axes[:, 0, 1] * axes[:, 1, 0]
    determinant = np.copysign(np.maximum(np.abs(determinant), _SMALLEST_COSINE), determinant)
    along = (away[..., 0] * axes[:, None, 1, 1] - away[..., 1] * axes[:, None, 1, 0]) / determinant[:, None]
    across = (away[..., 1] * axes[:, None, 0, 0] - away[..., 0] * axes[:, None, 0, 1]) / determinant[:, None]
    return np.asarray(along**2 + across**2)
