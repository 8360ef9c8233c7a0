"""Bare skin: what is left when features, hair, shine and shadow are taken away.

Works on the face at a fixed few pixels per mm, so that the same rules hold for every camera. Every threshold is
relative to the skin around it: dark skin is not shadow, light skin is not shine.
"""

from __future__ import annotations

from dataclasses import dataclass

import cv2
import numpy as np

from skintexture.locate.anatomy import FACE_OVAL, not_skin_outlines
from skintexture.locate.grid import Grid, look_up
from skintexture.model import BoolImage, Face, FloatArray, FloatImage, Photo
from skintexture.params import Millimetres, Params, PositiveFloat, PxPerMm

_LUMINANCE = np.array([[0.2126, 0.7152, 0.0722]], dtype=np.float32)

SKIN, FEATURE, HAIR, SHINE, SHADOW, OUTSIDE = range(6)
"""What a pixel of `SkinMap.kinds` shows."""

# Smaller islands of skin lie in beards.
_LEAST_ISLAND_MM2 = 60.0
_FLOOR = 1e-4  # of linear light, so that black has a logarithm


class SkinParams(Params):
    """What counts as bare, measurable skin.

    Attributes
    ----------
    px_per_mm : float
        Working resolution (or the photo's own, where that is less).
    eye_margin_mm, brow_margin_mm, lip_margin_mm, nostril_margin_mm : float
        By how much the features' outlines are grown.
    level_mm : float
        σ of the Gaussian that gives the skin's local brightness.
    hair_contrast : float
        RMS of log luminance between wavelengths of about 1.5 and 7 mm above which it is hair, beard or an edge.
    dark_step, bright_step : float
        How far, in natural-log units, spots may lie below (hair, deep folds) or above (shine) the local level.
    shadow_step : float
        How far below the lit skin of this face shadow begins, in natural-log units.
    least_light : float
        Linear light below which 8-bit steps are as coarse as skin texture.
    """

    px_per_mm: PxPerMm
    eye_margin_mm: Millimetres
    brow_margin_mm: Millimetres
    lip_margin_mm: Millimetres
    nostril_margin_mm: Millimetres
    level_mm: Millimetres
    hair_contrast: PositiveFloat
    dark_step: PositiveFloat
    bright_step: PositiveFloat
    shadow_step: PositiveFloat
    least_light: PositiveFloat


@dataclass(frozen=True, slots=True)
class SkinMap:
    """What each piece of the face shows, at working resolution.

    Attributes
    ----------
    kinds : (H, W) uint8
        ``SKIN``, ``FEATURE`` (eye, brow, lip, nostril), ``HAIR``, ``SHINE``, ``SHADOW`` or ``OUTSIDE`` the face.
    origin_px : tuple of float
        ``(y, x)`` in the photo of the centre of the map's first pixel.
    step_px : float
        Photo pixels per map pixel.
    """

    kinds: np.ndarray[tuple[int, ...], np.dtype[np.uint8]]
    origin_px: tuple[float, float]
    step_px: float

    def bare_at(self, places: Grid) -> BoolImage:
        """Whether there is bare skin at each place (the map's nearest pixels agree)."""
        bare = (self.kinds == SKIN).astype(np.float32)
        here = Grid(self.origin_px, self.step_px, self.kinds.shape)
        return np.asarray(look_up(bare, here, places, border=cv2.BORDER_CONSTANT) > 0.75)


def bare_skin(photo: Photo, face: Face, px_per_mm: float, params: SkinParams) -> SkinMap:
    """Find the bare skin of a face.

    Parameters
    ----------
    photo : Photo
    face : Face
    px_per_mm : float
        Of the photo, at the eyes.
    params : SkinParams

    Returns
    -------
    SkinMap
    """
    shrink = min(1.0, params.px_per_mm / px_per_mm)
    light, origin = _face_crop(photo, face, shrink)
    resolution = px_per_mm * shrink
    points = (face.points_px - origin) * shrink + 0.5 * shrink - 0.5
    features = _features(points, light.shape[:2], (resolution, params))
    oval = fill(points[list(FACE_OVAL)], light.shape[:2])
    kinds = _classify(light, oval & ~features, (resolution, params))
    kinds[features & oval] = FEATURE
    kinds[~oval] = OUTSIDE
    first = origin + (0.5 / shrink - 0.5)
    return SkinMap(kinds, (float(first[0]), float(first[1])), 1.0 / shrink)


def luminance(linear_rgb: FloatImage) -> FloatImage:
    """Luminance of linear light (weights of IEC 61966-2-1), ``(H, W, 3)`` → ``(H, W)``."""
    return np.asarray(cv2.transform(linear_rgb, _LUMINANCE))


def _face_crop(photo: Photo, face: Face, shrink: float) -> tuple[FloatImage, FloatArray]:
    """Cut out the face's box at working resolution; return it with the photo coordinates of its first pixel."""
    reach = 0.05 * float(np.ptp(face.points_px, axis=0).max())
    low = np.maximum(np.floor(face.points_px.min(axis=0) - reach), 0).astype(int)
    high = np.minimum(np.ceil(face.points_px.max(axis=0) + reach), (photo.height_px - 1, photo.width_px - 1))
    crop = photo.linear_rgb[low[0] : int(high[0]) + 1, low[1] : int(high[1]) + 1]
    if shrink < 1.0:
        height, width = crop.shape[:2]
        size = (max(1, round(width * shrink)), max(1, round(height * shrink)))
        crop = np.asarray(cv2.resize(crop, size, interpolation=cv2.INTER_AREA), np.float32)
    return crop, low.astype(np.float64)


def fill(outline: FloatArray, shape: tuple[int, ...]) -> BoolImage:
    """Draw the inside of a polygon, ``(y, x)`` in the picture's own pixels."""
    filled = np.zeros(shape, dtype=np.uint8)
    cv2.fillPoly(filled, [np.rint(outline[:, ::-1]).astype(np.int32)], 1)
    return filled.astype(bool)


def _features(points: FloatArray, shape: tuple[int, ...], how: tuple[float, SkinParams]) -> BoolImage:
    """Eyes, brows, lips and nostrils, each grown by its margin."""
    resolution, params = how
    margins_mm = {
        "eyes": params.eye_margin_mm,
        "brows": params.brow_margin_mm,
        "lips": params.lip_margin_mm,
        "nostrils": params.nostril_margin_mm,
    }
    features = np.zeros(shape, dtype=bool)
    for name, outlines in not_skin_outlines().items():
        drawn = np.zeros(shape, dtype=bool)
        for outline in outlines:
            drawn |= fill(points[list(outline)], shape)
        features |= _dilated(drawn, margins_mm[name] * resolution)
    return features


def _classify(
    light: FloatImage, candidates: BoolImage, how: tuple[float, SkinParams]
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Tell hair, shine and shadow from skin among the candidates."""
    resolution, params = how
    bright = luminance(light)
    log = np.log(np.maximum(bright, _FLOOR))
    if not candidates.any():
        return np.full(log.shape, OUTSIDE, dtype=np.uint8)
    lit = float(np.percentile(log[candidates], 75))
    dim = cv2.GaussianBlur(log, (0, 0), 1.0 * resolution)
    shadow = (dim < lit - params.shadow_step) | (bright < params.least_light)
    spot = cv2.GaussianBlur(log, (0, 0), 0.4 * resolution)
    # Twice: what is found the first time does not pull the level the second time.
    plain = candidates & ~shadow
    for _ in range(2):
        step = spot - _local_level(log, plain, params.level_mm * resolution)
        plain = candidates & ~shadow & (step > -params.dark_step) & (step < params.bright_step)
    hair = (step < -params.dark_step) | (_roughness(log, resolution) > params.hair_contrast)
    shine = step > params.bright_step
    kinds = np.full(log.shape, SKIN, dtype=np.uint8)
    kinds[_dilated(hair, 0.3 * resolution)] = HAIR
    kinds[shadow] = SHADOW
    kinds[_dilated(shine, 0.3 * resolution)] = SHINE
    return _without_slivers(kinds, resolution)


def _local_level(log: FloatImage, where: BoolImage, sigma_px: float) -> FloatImage:
    """Mean of the log light over the skin around each pixel."""
    weight = cv2.GaussianBlur(where.astype(np.float32), (0, 0), sigma_px)
    total = cv2.GaussianBlur(np.where(where, log, 0).astype(np.float32), (0, 0), sigma_px)
    overall = float(log[where].mean()) if where.any() else 0.0
    return np.asarray((total + 1e-3 * overall) / (weight + 1e-3), dtype=np.float32)


def _roughness(log: FloatImage, resolution: float) -> FloatImage:
    """Local RMS of structure coarser than pores and finer than folds: strands of hair, beards, edges.

    Only what is darker than its surround counts (twice, so that even texture keeps its RMS): dark skin that sparkles is
    not hair.
    """
    band = cv2.GaussianBlur(log, (0, 0), 0.25 * resolution) - cv2.GaussianBlur(log, (0, 0), 1.2 * resolution)
    dark = np.minimum(band, 0)
    return np.asarray(np.sqrt(cv2.GaussianBlur(2 * dark * dark, (0, 0), 1.2 * resolution)), np.float32)


def _without_slivers(
    kinds: np.ndarray[tuple[int, ...], np.dtype[np.uint8]], resolution: float
) -> np.ndarray[tuple[int, ...], np.dtype[np.uint8]]:
    """Give strips of skin narrower than about 1.5 mm, and small islands, to what surrounds them."""
    skin = kinds == SKIN
    radius_px = 0.75 * resolution
    wide = _dilated(_distance_px(skin) > radius_px, radius_px)
    kinds[skin & ~_without_islands(wide, round(_LEAST_ISLAND_MM2 * resolution**2))] = HAIR
    return kinds


def _dilated(area: BoolImage, radius_px: float) -> BoolImage:
    """Grow an area by a disc."""
    return np.asarray(_distance_px(~area) <= radius_px)


def _distance_px(area: BoolImage) -> FloatArray:
    """From each pixel of an area to the nearest outside it; 0 outside."""
    distance = cv2.distanceTransform(area.view(np.uint8), cv2.DIST_L2, cv2.DIST_MASK_PRECISE)
    # Single precision would round a radius of nearly whole pixels to whole ones.
    return distance.astype(np.float64)


def _without_islands(area: BoolImage, largest_px: int) -> BoolImage:
    """Take out what hangs together in no more pixels than this."""
    _, labels, stats, _ = cv2.connectedComponentsWithStats(area.view(np.uint8), connectivity=4)
    kept = stats[:, cv2.CC_STAT_AREA] > largest_px
    kept[0] = False  # what surrounds them
    return np.asarray(kept[labels])


def flat_skin(mask: BoolImage) -> SkinMap:
    """Take a mask at the photo's own resolution for the bare skin."""
    kinds = np.where(mask, SKIN, OUTSIDE).astype(np.uint8)
    return SkinMap(kinds, (0.0, 0.0), 1.0)
