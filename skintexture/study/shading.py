"""How the light on the face differs between two photos, and what that does to the strength of texture.

Light from the side shows relief more strongly than light from the front, and it also makes that skin darker. So where
light has moved, the change of the skin's slow shading foretells part of the change of its texture. And skin that
mirrors the light shows its texture in the mirrored light too, more strongly than in its own, while the white of that
light makes it less yellow; where the light or the head moves a little, the mirrored light moves over the face. Both
parts are taken off.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from skintexture.locate.grid import Grid
from skintexture.locate.skin import luminance
from skintexture.model import BoolImage, FloatArray, FloatImage
from skintexture.study.joint import JointPlaces, Labels, Tiles

_PX_PER_MM = 4.0
# Relief of this size (σ in mm): finer is noise here, coarser is shape.
_RELIEF_MM = (0.16, 0.36)
# A tile counts where at least this share of it shows skin on both photos.
_LEAST_SHARE = 0.4
# Differences of shading as small as this (SD over tiles, natural log) are a reshot face's, and say nothing of light.
_RESHOT_SD = 0.04
# Amplitude per luminance (both as logs): light that grazes darkens skin and deepens relief, and never the reverse.
_SLOPES = (-1.0, 0.0)
# The same per share of mirrored light: that light draws texture about three times as strongly as the skin's own, over
# the phantoms' shots of unchanged skin (1.7 to 2.0 in fits of 0.5 to 2 mm and of pores).
_SLOPE_OF_SHINE = 2.0
# Red less blue, by luminance, must be at least this for a change of yellowness to tell of shine.
_LEAST_YELLOW = 0.05
_FLOOR = 1e-4
_LEAST_TILES = 3


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
    slope : float
        Log amplitude of texture per log luminance, as these two photos show it; −1 … 0.
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
    slope: float
    shine: FloatArray
    relief: FloatArray
    pixels: FloatArray
    known: BoolImage

    @property
    def log_gain(self) -> FloatArray:
        """Per tile: what light and shine do to the after photo's texture, as a natural log, (N²,)."""
        return self.slope * self.change + _SLOPE_OF_SHINE * self.shine

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
    relief_change = after.relief - before.relief
    nothing = np.zeros(tiles.per_side**2)
    if known.sum() < _LEAST_TILES:
        return Shading(tiles, nothing, 0.0, 0.0, nothing, relief_change, before.pixels, known)
    weight = np.sqrt(before.pixels)
    change = _beyond_mean(after.light - before.light, known, weight)
    relief = _beyond_mean(relief_change, known, weight)
    yellow = known & np.isfinite(after.yellowness - before.yellowness)
    shine = _beyond_mean(before.yellowness - after.yellowness, yellow, weight) if yellow.any() else nothing
    variance = float(np.average(change[known] ** 2, weights=weight[known]))
    slope = float(np.average((change * relief)[known], weights=weight[known])) / (variance + _RESHOT_SD**2)
    slope = float(np.clip(slope, *_SLOPES))
    return Shading(tiles, change, math.sqrt(variance), slope, shine, relief_change, before.pixels, known)


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
