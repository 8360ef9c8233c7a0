"""How well two photos agree once one is registered to the other: same skin or not, at what scale, how near per zone."""

from __future__ import annotations

import math
from dataclasses import dataclass

import cv2
import numpy as np

from skintexture.locate.common_frame import BARE
from skintexture.locate.correspondence import Correspondence, places_of
from skintexture.locate.flow import Texture, halved, resized
from skintexture.locate.scene import Scene
from skintexture.locate.skin import fill
from skintexture.locate.surface import LEAST_COS
from skintexture.model import FloatImage, Zone

# A pixel of half the resolution counts where all that it is made of does.
WHOLLY = 0.99


@dataclass(frozen=True, slots=True)
class Sameness:
    """Whether two photos show the same skin.

    Attributes
    ----------
    correlation : float
        Of the two photos' levelled texture over the skin that both show, once registered; −1 … 1, larger is more
        alike; nan where they share none.
    error_mm : float
        Median over that skin of the error there and back.
    same : bool
    mirrored : bool
        Whether it would be the same if one of the photos were turned over, left and right exchanged.
    """

    correlation: float
    error_mm: float
    same: bool
    mirrored: bool = False


@dataclass(frozen=True, slots=True)
class ZoneResidual:
    """How well a zone is registered.

    Attributes
    ----------
    zone : str
    median_mm, p95_mm : float
        Of the error there and back, over the skin that both photos show; nan where there is none.
    kept : float
        Share of that skin in tiles that are kept, 0 … 1; nan where there is none.
    """

    zone: str
    median_mm: float
    p95_mm: float
    kept: float


def sameness(
    textures: tuple[Texture, Texture],
    flow: FloatImage,
    onward: Correspondence,
    *,
    min_correlation: float,
    max_error_mm: float,
) -> Sameness:
    """Tell one person from another.

    Parameters
    ----------
    textures : tuple of (h, w) uint8
        Of the first, coarser stage: it outlasts noise and blur.
    flow : (H, W, 2) float32
        From the first to the second.
    onward : Correspondence
        That this flow has given.
    min_correlation, max_error_mm : float
        What the same skin reaches.

    Returns
    -------
    Sameness
        A flow can pull any texture toward any other, so strangers correlate by some 0.3. What it can't do is
        to come back: strangers miss by half a millimetre and more.
    """
    here, there = textures
    small = resized(flow, here.shape)
    rows, columns = np.indices(here.shape, dtype=np.float32)
    brought = cv2.remap(there, columns + small[..., 0], rows + small[..., 1], cv2.INTER_LINEAR)
    shared = halved(onward.shared.values) > WHOLLY
    if not shared.any():
        return Sameness(math.nan, math.nan, False)
    correlation = float(np.corrcoef(here[shared], brought[shared])[0, 1])
    error_mm = float(np.median(onward.error_mm.values[onward.shared.values > 0]))
    return Sameness(correlation, error_mm, correlation >= min_correlation and error_mm <= max_error_mm)


def scale_ratio(onward: Correspondence, before: Scene, after: Scene, max_error_mm: float) -> float:
    """Pixels per mm, after by before, from the areas that the same skin covers in both.

    Slant and depth, known from each photo's fitted face, are taken out.

    Parameters
    ----------
    onward : Correspondence
    before, after : Scene
    max_error_mm : float
        Up to which a tile counts.

    Returns
    -------
    float
        At the eyes; nan where no tile counts.
    """
    ratio = onward.area_ratio
    there = places_of(ratio.grid) + onward.shift_px.at(ratio.grid)
    kept = (onward.shared.at(ratio.grid) > BARE) & (onward.local_error_mm.at(ratio.grid) <= max_error_mm)
    good = np.asarray(kept & np.isfinite(ratio.values) & np.isfinite(there[..., 0]), dtype=bool)
    if not good.any():
        return math.nan
    expected = _px_per_mm_at(after, there) / _px_per_mm_at(before, places_of(ratio.grid))
    drift = float(np.median(np.sqrt(ratio.values[good]) / expected[good]))
    return after.scale.px_per_mm / before.scale.px_per_mm * drift


def _px_per_mm_at(scene: Scene, places_px: FloatImage) -> FloatImage:
    """Pixels per mm of skin at these places, (h, w, 2) → (h, w): the root of the pixels that a mm² of skin covers."""
    surface, scale = scene.surface, scene.scale
    known = np.nan_to_num(places_px)
    maps = surface.sample(np.ascontiguousarray(known[..., 0]), np.ascontiguousarray(known[..., 1]))
    at_depth = np.float32(scale.px_per_mm) / (1 + maps[..., 1] / np.float32(scale.distance_mm))
    return np.asarray(at_depth * np.sqrt(np.maximum(maps[..., 0], np.float32(LEAST_COS))), np.float32)


def zone_residual(onward: Correspondence, zone: Zone, max_error_mm: float) -> ZoneResidual:
    """How well a zone of the first photo is registered.

    Parameters
    ----------
    onward : Correspondence
    zone : Zone
    max_error_mm : float
        Up to which a tile is kept.

    Returns
    -------
    ZoneResidual
    """
    grid = onward.error_mm.grid
    inside = fill((zone.outline_px - np.array(grid.origin_px)) / grid.step_px, grid.shape) & (onward.shared.values > 0)
    if not inside.any():
        return ZoneResidual(zone.name, math.nan, math.nan, math.nan)
    median_mm, p95_mm = np.percentile(onward.error_mm.values[inside], [50, 95])
    kept = onward.local_error_mm.values[inside] <= max_error_mm
    return ZoneResidual(zone.name, float(median_mm), float(p95_mm), float(kept.mean()))
