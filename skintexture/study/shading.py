"""How the light on the face differs between two photos, and what that does to the strength of texture.

Relief shows because it tilts the skin, and tilted skin gives back more light or less: as strongly as light changes with
the direction that skin faces. How it changes over the face, whose shape is known, tells that of either photo. And skin
that mirrors the light shows its texture in the mirrored light too, more strongly than in its own, while the white of
that light makes it less yellow; where the light or the head moves a little, the mirrored light moves over the face.
Both parts are taken off.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import cv2
import numpy as np

from skintexture.locate.canonical import normals_at
from skintexture.locate.grid import Grid
from skintexture.locate.skin import luminance
from skintexture.model import BoolImage, FloatArray, FloatImage
from skintexture.study.joint import JointPlaces, Labels, Tiles

_PX_PER_MM = 4.0
# Relief of this size (σ in mm): finer is noise here, coarser is shape.
_RELIEF_MM = (0.16, 0.36)
# A tile counts where at least this share of it shows skin on both photos.
_LEAST_SHARE = 0.4
# What pits and lines swallow shows under any light, what tilts the skin by the gradient of log irradiance over its
# directions. Their powers add; where that gradient is as much as this, per radian, they are equal. Over phantoms of
# unchanged skin from 2.5 to 3.5 fit alike, texture of 0.25 to 2 mm as well as pores.
_EQUAL_GRADIENT = 3.0
# Log amplitude per share of mirrored light: that light draws texture about three times as strongly as the skin's own,
# over the phantoms' shots of unchanged skin (1.7 to 2.0 in fits of 0.5 to 2 mm and of pores).
_SLOPE_OF_SHINE = 2.0
# Red less blue, by luminance, must be at least this for a change of yellowness to tell of shine.
_LEAST_YELLOW = 0.05
_FLOOR = 1e-4
_LEAST_TILES = 3
# Fewer places than this don't tell nine numbers of the light.
_LEAST_LIT = 40


@dataclass(frozen=True, slots=True)
class Shading:
    """Change of light between two photos.

    Attributes
    ----------
    tiles : Tiles
    change : (N²,) float64
        Per tile: log luminance after less before, the mean over the face taken off. 0 where it isn't known.
    sd : float
        Of that change over the tiles: 0.01–0.05 for a reshot face, 0.2 for light moved by 18°.
    grazing : (N²,) float64
        Per tile: change of the log amplitude of texture that the light's direction makes. 0 where it isn't known.
    shine : (N²,) float64
        Per tile: rise of the share of mirrored light, after less before, the mean over the face taken off. 0 where it
        isn't known.
    relief : (N²,) float64
        Per tile: change of the log amplitude of relief of about 1 mm.
    pixels : (N²,) float64
        Per tile: how much of it is seen.
    known : (N²,) bool
        Tiles of which enough is seen.
    """

    tiles: Tiles
    change: FloatArray
    sd: float
    grazing: FloatArray
    shine: FloatArray
    relief: FloatArray
    pixels: FloatArray
    known: BoolImage

    @property
    def log_gain(self) -> FloatArray:
        """Per tile: what light and shine do to the after photo's texture, as a natural log, (N²,)."""
        return self.grazing + _SLOPE_OF_SHINE * self.shine

    @property
    def foretold_pct(self) -> float:
        """How far light and shine are held to have moved the strength of texture: RMS over the known tiles, in %."""
        return 100.0 * float(np.sqrt(np.mean(self.log_gain[self.known] ** 2))) if self.known.any() else 0.0

    def gain_at(self, chart: FloatImage) -> FloatImage:
        """By what the after photo's texture is to be divided, at places of the chart: (H, W) float32."""
        n = self.tiles.per_side
        at = np.nan_to_num(chart, nan=-1.0) * np.float32(n) - np.float32(0.5)
        table = np.exp(self.log_gain).reshape(n, n).astype(np.float32)
        v, u = np.ascontiguousarray(at[..., 0]), np.ascontiguousarray(at[..., 1])
        return np.asarray(cv2.remap(table, u, v, cv2.INTER_LINEAR, borderMode=cv2.BORDER_REPLICATE), np.float32)


def compare_shading(places: JointPlaces, tiles: Tiles, extra_blur_mm: tuple[float, float]) -> Shading:
    """Compare the light on two photos, tile by tile.

    Parameters
    ----------
    places : JointPlaces
        Which skin the photos share.
    tiles : Tiles
    extra_blur_mm : tuple of float
        What is added to either photo.

    Returns
    -------
    Shading
    """
    sums = []
    for (name, side), extra_mm in zip(places.pair.sides(), extra_blur_mm, strict=True):
        seen, grid = _small(side.scene.photo.linear_rgb, side.scene.scale.px_per_mm, extra_mm)
        skin = places.at(grid, name)
        sums.append(_Sums.over(seen, np.where(skin.usable, tiles.label(skin.chart), -1), tiles))
    before, after = sums
    seen_before = before.pixels[before.pixels > 0]
    least = _LEAST_SHARE * np.median(seen_before) if seen_before.size else math.inf
    known = np.minimum(before.pixels, after.pixels) >= least
    relief = after.relief - before.relief
    nothing = np.zeros(tiles.per_side**2)
    if known.sum() < _LEAST_TILES:
        return Shading(tiles, nothing, 0.0, nothing, nothing, relief, before.pixels, known)
    weight = np.sqrt(before.pixels)
    change = _beyond_mean(after.light - before.light, known, weight)
    yellow = known & np.isfinite(after.yellowness - before.yellowness)
    shine = _beyond_mean(before.yellowness - after.yellowness, yellow, weight) if yellow.any() else nothing
    sd = math.sqrt(float(np.average(change[known] ** 2, weights=weight[known])))
    normals = _tile_normals(tiles)
    lit = known & np.isfinite(normals).all(axis=1)
    grazing = np.zeros_like(nothing)
    grazing[lit] = _grazing(normals[lit], (before.light[lit], (change - shine)[lit]), weight[lit])
    return Shading(tiles, change, sd, grazing, shine, relief, before.pixels, known)


@cache
def _tile_normals(tiles: Tiles) -> FloatArray:
    """Look up unit normals of the canonical face at the tiles' centres, (N², 3); nan outside it."""
    return normals_at(tiles.centre(np.arange(tiles.per_side**2, dtype=np.int32))[:, ::-1])


def _grazing(normals: FloatArray, light: tuple[FloatArray, FloatArray], weight: FloatArray) -> FloatArray:
    """Tell what the direction of light does to the log amplitude of texture, (T,).

    Parameters
    ----------
    normals : (T, 3) float64
    light : tuple of (T,) float64
        Log luminance of the before photo, and by how much that of the skin's own light has changed.
    weight : (T,) float64
        Square root of how much of each is seen.
    """
    if len(normals) < _LEAST_LIT:
        return np.zeros(len(normals))
    was, rise = (_gradient(normals, values, weight) for values in light)
    before, after = (np.sum(gradient**2, axis=1) for gradient in (was, was + rise))
    return np.asarray(0.5 * np.log((_EQUAL_GRADIENT**2 + after) / (_EQUAL_GRADIENT**2 + before)))


def _gradient(normals: FloatArray, values: FloatArray, weight: FloatArray) -> FloatArray:
    """Slope over directions of what is fitted to values: spherical harmonics up to the second order, (T, 3)."""
    x, y, z = normals.T
    one, none = np.ones_like(x), np.zeros_like(x)
    basis = np.column_stack([one, x, y, z, x * y, x * z, y * z, x * x - y * y, 3 * z * z - 1])
    slopes = np.array(
        [
            [none, one, none, none, y, z, none, 2 * x, none],
            [none, none, one, none, x, none, z, -2 * y, none],
            [none, none, none, one, none, x, y, none, 6 * z],
        ]
    )
    found = np.linalg.lstsq(basis * weight[:, None], values * weight, rcond=None)[0]
    gradient = np.einsum("kct,c->tk", slopes, found)
    # Directions differ along the sphere only.
    return np.asarray(gradient - normals * np.sum(gradient * normals, axis=1, keepdims=True))


def _beyond_mean(values: FloatArray, known: BoolImage, weight: FloatArray) -> FloatArray:
    """Take the mean over the known tiles off; 0 where they aren't known."""
    found = np.zeros(len(values))
    found[known] = values[known] - np.average(values[known], weights=weight[known])
    return found


@dataclass(frozen=True, slots=True)
class _Sums:
    """Per tile: pixels, mean log luminance, log RMS of relief, log of red less blue by luminance (nan where little)."""

    pixels: FloatArray
    light: FloatArray
    relief: FloatArray
    yellowness: FloatArray

    @classmethod
    def over(cls, seen: FloatImage, tile: Labels, tiles: Tiles) -> _Sums:
        skin = tile >= 0
        bright = luminance(seen)
        log = np.log(np.maximum(bright, _FLOOR))
        fine, coarse = (_smooth(log, skin, sigma * _PX_PER_MM) for sigma in _RELIEF_MM)
        size = tiles.per_side**2
        pixels = np.bincount(tile[skin], minlength=size).astype(np.float64)
        count = np.maximum(pixels, 1.0)

        def mean(image: FloatImage) -> FloatArray:
            return np.asarray(np.bincount(tile[skin], image[skin], minlength=size) / count)

        relief = mean((fine - coarse) ** 2)
        yellow = mean(seen[..., 0] - seen[..., 2]) / np.maximum(mean(bright), _FLOOR)
        yellowness = np.where(yellow >= _LEAST_YELLOW, np.log(np.maximum(yellow, _LEAST_YELLOW)), np.nan)
        return cls(pixels, mean(log), 0.5 * np.log(np.maximum(relief, _FLOOR**2)), yellowness)


def _smooth(image: FloatImage, mask: BoolImage, sigma_px: float) -> FloatImage:
    weight = cv2.GaussianBlur(mask.astype(np.float32), (0, 0), sigma_px)
    total = cv2.GaussianBlur(np.where(mask, image, np.float32(0)), (0, 0), sigma_px)
    return np.asarray(total / np.maximum(weight, 1e-3), np.float32)


def _small(linear_rgb: FloatImage, px_per_mm: float, extra_blur_mm: float) -> tuple[FloatImage, Grid]:
    """Shrink a photo to what relief of 1 mm needs, and blur it."""
    shrink = min(1.0, _PX_PER_MM / px_per_mm)
    height, width = linear_rgb.shape[:2]
    size = max(1, round(width * shrink)), max(1, round(height * shrink))
    small = np.asarray(cv2.resize(linear_rgb, size, interpolation=cv2.INTER_AREA), np.float32)
    sigma_px = extra_blur_mm * px_per_mm * shrink
    if sigma_px > 0.0:
        small = np.asarray(cv2.GaussianBlur(small, (0, 0), sigma_px), np.float32)
    first = 0.5 / shrink - 0.5
    return small, Grid((first, first), 1.0 / shrink, small.shape[:2])
