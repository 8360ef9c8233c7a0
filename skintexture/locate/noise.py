"""The camera's noise by channel, the finest detail of the skin, and what compression has left in the picture."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from skintexture.locate.scene import Scene
from skintexture.locate.skin import SKIN, luminance
from skintexture.model import BoolImage, FloatArray, FloatImage

_BLOCK_PX = 24
_MOST_PIXELS = 800_000
# The quietest blocks of skin hold the least texture; by chance alone their noise seems this much weaker (white noise).
_QUIET_SHARE = 0.1
_QUIET_BIAS = 0.81
_SECOND_DIFFERENCE = np.outer([1, -2, 1], [1, -2, 1]).astype(np.float32)
_GRID_PX = 8  # of JPEG's blocks
_FLOOR = 1e-4
# Detail of this size (σ in the photo's own pixels) is the first to go where noise is reduced; finer is all noise.
_DETAIL_PX = (1.1, 1.6)
_DETAIL_REACH_PX = 5
_MEDIAN_OF_NORMAL = 0.6745


@dataclass(frozen=True, slots=True)
class CameraNoise:
    """Noise and finest detail of a photo's skin; nan where there is too little skin.

    Attributes
    ----------
    per_channel : (4,) float64
        Variance of linear light per unit of linear light, in red, green, blue and luminance: shot noise is
        proportional to the light.
    contrast_pct : float
        Standard deviation of luminance in one pixel of the skin, in % of it.
    detail_pct : float
        Median size of the skin's finest detail (between Gaussians of σ 1.1 and 1.6 px), the noise's share taken off,
        in % contrast. Noise reduction takes it away and leaves hair and edges.
    blockiness : float
        Steps across the borders of JPEG's blocks by steps elsewhere, minus 1. About 1 at quality 90, 2 at 75, 3 at 60,
        whatever the file was saved as since.
    """

    per_channel: FloatArray
    contrast_pct: float
    detail_pct: float
    blockiness: float


def see_noise(scene: Scene) -> CameraNoise:
    """Measure the noise and the finest detail of the bare skin.

    Parameters
    ----------
    scene : Scene

    Returns
    -------
    CameraNoise
    """
    light, skin = _skin_strips(scene)
    bright = luminance(light) if light.size else np.zeros(skin.shape, np.float32)
    layers = [*(np.ascontiguousarray(light[..., k]) for k in range(3)), bright]
    ratios = np.array([_noise_per_light(layer, skin) for layer in layers])
    if not np.isfinite(ratios).all():
        return CameraNoise(np.full(4, np.nan), math.nan, math.nan, 0.0)
    contrast_pct = 100.0 * math.sqrt(ratios[3] / float(bright[skin].mean()))
    log = np.log(np.maximum(bright, _FLOOR))
    return CameraNoise(ratios, contrast_pct, _detail_pct(log, skin, contrast_pct), _blockiness(log, skin))


def _skin_strips(scene: Scene) -> tuple[FloatImage, BoolImage]:
    """Evenly spaced strips of the face in the photo's own pixels, and where they show bare, unclipped skin.

    Strips start at multiples of JPEG's blocks and are as many blocks high, so that its grid stays in phase.
    """
    skin, photo = scene.skin, scene.photo
    first = [_GRID_PX * (max(0, round(at)) // _GRID_PX) for at in skin.origin_px]
    spans = [side * skin.step_px for side in skin.kinds.shape]
    last = [
        min(most, round(at + span))
        for most, at, span in zip((photo.height_px, photo.width_px), skin.origin_px, spans, strict=True)
    ]
    strip = 4 * _BLOCK_PX
    every = max(1, (last[0] - first[0]) * (last[1] - first[1]) // _MOST_PIXELS)
    columns = slice(first[1], last[1])
    parts = [slice(top, top + strip) for top in range(first[0], last[0] - strip + 1, strip * every)]
    if not parts:
        return np.zeros((0, 0, 3), np.float32), np.zeros((0, 0), dtype=bool)
    light = np.concatenate([photo.linear_rgb[rows, columns] for rows in parts])
    return light, np.concatenate([_bare(scene, rows, columns) & ~photo.clipped[rows, columns] for rows in parts])


def _bare(scene: Scene, rows: slice, columns: slice) -> BoolImage:
    skin = scene.skin
    y, x = (
        np.clip(np.rint((np.arange(part.start, part.stop) - first) / skin.step_px).astype(int), 0, size - 1)
        for part, first, size in zip((rows, columns), skin.origin_px, skin.kinds.shape, strict=True)
    )
    return np.asarray(skin.kinds[np.ix_(y, x)] == SKIN)


def _noise_per_light(layer: FloatImage, skin: BoolImage) -> float:
    """Variance per unit of light in the quietest blocks, by a second difference in both directions.

    See Immerkær 1996, doi 10.1006/cviu.1996.0060.
    """
    rows, columns = (side // _BLOCK_PX for side in skin.shape)
    part = (slice(rows * _BLOCK_PX), slice(columns * _BLOCK_PX))
    shape = (rows, _BLOCK_PX, columns, _BLOCK_PX)
    whole = skin[part].reshape(shape).all(axis=(1, 3))
    if not whole.any():
        return math.nan
    rough = cv2.filter2D(layer, cv2.CV_32F, _SECOND_DIFFERENCE)
    # A block's outermost pixels are left out: the kernel reaches over its border, where strips are joined.
    inner = (slice(None), slice(1, -1), slice(None), slice(1, -1))
    variance = (rough[part].reshape(shape)[inner] ** 2).mean(axis=(1, 3))[whole] / 36.0
    mean = layer[part].reshape(shape).mean(axis=(1, 3))[whole]
    quiet = np.sort(variance / np.maximum(mean, _FLOOR))[: max(1, round(_QUIET_SHARE * variance.size))]
    return float(quiet.mean()) / _QUIET_BIAS


def _detail_pct(log: FloatImage, skin: BoolImage, noise_pct: float) -> float:
    fine, coarse = (cv2.GaussianBlur(log, (0, 0), sigma) for sigma in _DETAIL_PX)
    reach = 2 * _DETAIL_REACH_PX + 1
    deep = cv2.erode(skin.astype(np.uint8), np.ones((reach, reach), np.uint8)) > 0
    if not deep.any():
        return math.nan
    size = 100.0 * float(np.median(np.abs((fine - coarse)[deep])))
    of_noise = _MEDIAN_OF_NORMAL * _share_of_white_noise() * noise_pct
    return math.sqrt(max(size**2 - of_noise**2, 0.0))


def _share_of_white_noise() -> float:
    """RMS of white noise of unit variance between the two Gaussians of `_DETAIL_PX`."""
    fine, coarse = _DETAIL_PX
    own = (1 / fine**2 + 1 / coarse**2) / (4 * math.pi)
    return math.sqrt(own - 1 / (math.pi * (fine**2 + coarse**2)))


def _blockiness(log: FloatImage, skin: BoolImage) -> float:
    """How much larger the bends across the borders of 8-pixel blocks are than elsewhere."""
    excess = []
    for axis in (0, 1):
        bend = np.abs(np.diff(log, n=2, axis=axis))
        inside = skin[1:-1] if axis == 0 else skin[:, 1:-1]
        sums = np.where(inside, bend, np.float32(0)).sum(axis=1 - axis, dtype=np.float64)
        counts = inside.sum(axis=1 - axis)
        phase = np.arange(len(sums)) % _GRID_PX
        total, number = (np.bincount(phase, of, minlength=_GRID_PX) for of in (sums, counts))
        if number.min() > 0 and total.min() > 0:
            means = total / number
            # A border lies between two pixels: both bend.
            pairs = (means + np.roll(means, -1)) / 2
            excess.append(float(pairs.max() / np.median(means)) - 1.0)
    return max(0.0, float(np.mean(excess))) if excess else 0.0
