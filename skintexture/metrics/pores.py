"""Pores: each of them in a list, by place, size and depth.

A pore is a dark compact pit. What decides is physical: its contrast in per cent, its width in mm, its roundness, how
well a Gaussian pit explains it, and how far it stands out of the camera's noise and of the skin's texture around it;
never the picture's own percentiles.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TypeVar

import cv2
import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from skintexture.metrics.pore_detection import Blobs, fill_outside, find_blobs, prominence_over
from skintexture.metrics.pore_fit import PitFits, fit_pits, laplacian_of_pits, without_pits
from skintexture.metrics.pore_params import FWHM_PER_SIGMA, ROOM_MM, PoreParams
from skintexture.metrics.pore_summary import describe, inner_skin, intervals, piece_of, search_on, summarise
from skintexture.model import BoolImage, FloatArray, Patch, Pore

__all__ = ["ROOM_MM", "PoreParams", "describe", "detect", "intervals", "measure", "summarise"]

_SHARPEST = 0.4
"""Least σ left of an axis once the grid's blur is taken off, in units of that blur: below, it isn't resolved."""

_LEAST_DRAFT = 0.6
"""Blobs with this share of the least prominence are fitted: taking clear pits away can lift them above it."""

_USUAL_PCT = 10.0
"""Contrast of a pit whose prominence counts as it is."""

_HIDDEN_SIGMAS = 1.0
"""A blob nearer to the mask's edge than this many σ of its scale shows the filter too little of itself."""

_FIT_SHARE = 0.7
"""Power with which the fitted pit answers there, the filter having the rest: the fit knows what it can't see, but is
less certain. With this, as many pits are found along the edges of rough phantoms as inside, pores and others alike."""

_Scalar = TypeVar("_Scalar", bound=np.generic)


def detect(patch: Patch, params: PoreParams) -> tuple[Pore, ...]:
    """Find the pores of a patch.

    Dark round blobs of a scale space are fitted, all at once, by elliptical Gaussian pits on a sloping ground. Those
    that clearly stand out are taken away, and what is left is the texture that every pit has to stand out of.

    Parameters
    ----------
    patch : Patch
        Signal in % contrast on the recipe's grid. Nothing outside its mask has any influence.
    params : PoreParams
        What a pore is.

    Returns
    -------
    tuple of Pore
        Sorted by (y, x); empty where there are none.

    Notes
    -----
    The diameter is the full width at half depth of the pit itself: the grid's blur is taken off its σ² along both
    axes, and its foreshortening by the slant off its area. The contrast is that pit's, too: it is larger than the dip
    one sees, by as much as the blur has flattened it.
    """
    if not patch.mask.any():
        return ()
    piece, (top, left) = piece_of(patch, params)
    filled = fill_outside(piece.signal, piece.mask, piece.px_per_mm)
    inner = inner_skin(piece, params)
    search, noise_pct = search_on(piece, params, least=_LEAST_DRAFT)
    blobs = find_blobs(filled, piece.mask, piece.px_per_mm, search)
    sigmas_px = search.sigmas_px[blobs.scale]
    fits = fit_pits(filled, piece.mask, np.column_stack([blobs.y_px, blobs.x_px, sigmas_px, blobs.contrast_pct]))
    blobs = _seen_whole(blobs, fits, search.sigmas_px, piece.mask)
    pits = _pits(piece, fits, params)
    snr = blobs.contrast_pct / noise_pct[blobs.scale]
    compact = _distinct(_compact(pits, fits, params) & _at(piece.mask, fits), (fits, pits, blobs), piece.px_per_mm)
    rest = without_pits(filled, fits, compact & (blobs.prominence >= params.min_prominence))
    prominence = prominence_over(rest, piece.mask, blobs, (search, piece.px_per_mm))
    clear = prominence * (blobs.contrast_pct / _USUAL_PCT) ** params.depth_weight
    rows = np.column_stack([fits.y_px + top, fits.x_px + left, _rows(pits, snr, _probability(clear, params))])
    rows = rows[compact & (clear >= params.min_prominence) & _at(inner, fits)]
    return tuple(map(Pore._make, rows[np.lexsort((rows[:, 1], rows[:, 0]))].tolist()))


def measure(patch: Patch, params: PoreParams) -> dict[str, float]:
    """Find the pores of a patch and summarise them: `summarise` of `detect`."""
    return summarise(detect(patch, params), patch, params)


def _seen_whole(blobs: Blobs, fits: PitFits, sigmas_px: FloatArray, mask: BoolImage) -> Blobs:
    """Let the fitted pit answer, too, where the mask's edge hides part of the blob from the filter."""
    skin, cut_off = mask.astype(np.uint8), np.empty(len(blobs.scale), bool)
    for index, sigma in enumerate(sigmas_px):
        side = 2 * math.ceil(_HIDDEN_SIGMAS * sigma) + 1
        whole = cv2.erode(skin, np.ones((side, side), np.uint8))
        here = blobs.scale == index
        cut_off[here] = whole[blobs.y_px[here], blobs.x_px[here]] == 0
    fitted = laplacian_of_pits(fits, sigmas_px[blobs.scale])
    more = np.where(cut_off, (fitted / blobs.response_pct) ** _FIT_SHARE, 1.0)
    return replace(blobs, response_pct=blobs.response_pct * more, prominence=blobs.prominence * more)


@dataclass(frozen=True, slots=True)
class _Pits:
    """What the fits mean, one entry per fit; ``seen`` is before the grid's blur and the slant are taken off."""

    diameter_mm: FloatArray
    contrast_pct: FloatArray
    elongation: FloatArray
    angle_deg: FloatArray
    cos_slant: FloatArray
    seen_elongation: FloatArray


def _pits(patch: Patch, fits: PitFits, params: PoreParams) -> _Pits:
    blur_mm2 = params.grid_blur_mm**2
    (yy, yx), (_, xx) = fits.covariance_px2.transpose(1, 2, 0)
    seen_mm2 = np.stack(fits.axes_px2()) / patch.px_per_mm**2
    pit_mm2 = np.maximum(seen_mm2 - blur_mm2, _SHARPEST**2 * blur_mm2)
    seen_area, pit_area = np.sqrt(np.prod(seen_mm2, axis=0)), np.sqrt(np.prod(pit_mm2, axis=0))
    cos = _at(patch.cos_slant, fits).astype(np.float64)
    return _Pits(
        diameter_mm=FWHM_PER_SIGMA * np.sqrt(pit_area / cos),
        contrast_pct=fits.depth * seen_area / pit_area,
        elongation=np.sqrt(pit_mm2[1] / pit_mm2[0]),
        angle_deg=(np.rad2deg(np.arctan2(-2.0 * yx, xx - yy) / 2.0) + 90.0) % 180.0 - 90.0,
        cos_slant=cos,
        seen_elongation=np.sqrt(seen_mm2[1] / seen_mm2[0]),
    )


def _compact(pits: _Pits, fits: PitFits, params: PoreParams) -> BoolImage:
    """Whether each pit has a pore's size, depth and shape: what is dark, long and narrow is a hair."""
    narrow = pits.diameter_mm < params.hair_mm * np.sqrt(pits.elongation)
    darkness = np.where(narrow, pits.contrast_pct / params.max_contrast_pct, 0.0)
    longest = 1.0 + (params.max_elongation - 1.0) * (1.0 - darkness)
    return np.asarray(
        (pits.diameter_mm >= params.smallest_mm)
        & (pits.diameter_mm <= params.largest_mm)
        & (pits.contrast_pct <= params.max_contrast_pct)
        & (pits.seen_elongation <= longest / pits.cos_slant)
        & (fits.explained >= params.min_explained)
    )


def _probability(clear: FloatArray, params: PoreParams) -> FloatArray:
    at_least = math.log(params.probability_at_least / (1.0 - params.probability_at_least))
    above = np.log(np.maximum(clear, 1e-6) / max(params.min_prominence, 1e-6))
    return np.asarray(1.0 / (1.0 + np.exp(-at_least - params.probability_rise * above)))


def _rows(pits: _Pits, snr: FloatArray, probability: FloatArray) -> FloatArray:
    """Fields of `Pore` from the diameter on."""
    area_mm2 = math.pi / 4.0 * pits.diameter_mm**2
    shape = (pits.contrast_pct, pits.elongation, pits.angle_deg)
    return np.column_stack([pits.diameter_mm, area_mm2, *shape, snr, probability])


def _at(image: NDArray[_Scalar], fits: PitFits) -> NDArray[_Scalar]:
    """Values at the pixels nearest to the pits' centres."""
    y = np.clip(np.rint(fits.y_px).astype(np.intp), 0, image.shape[0] - 1)
    x = np.clip(np.rint(fits.x_px).astype(np.intp), 0, image.shape[1] - 1)
    return image[y, x]


def _distinct(chosen: BoolImage, found: tuple[PitFits, _Pits, Blobs], px_per_mm: float) -> BoolImage:
    """Of the chosen fits that ended in one pit, keep the one whose blob stands out most.

    Centres closer than half the larger diameter are one pore. Found are fits, pits and blobs.
    """
    fits, pits, blobs = found
    order = np.flatnonzero(chosen)
    order = order[np.lexsort((fits.x_px[order], fits.y_px[order], -blobs.prominence[order]))]
    kept = np.zeros(len(chosen), bool)
    kept[order] = True
    if len(order) < 2:
        return kept
    places_mm = np.column_stack([fits.y_px, fits.x_px])[order] / px_per_mm
    radius_mm = pits.diameter_mm[order] / 2.0
    pairs = cKDTree(places_mm).query_pairs(float(radius_mm.max()), output_type="ndarray")
    apart_mm = np.linalg.norm(places_mm[pairs[:, 0]] - places_mm[pairs[:, 1]], axis=1)
    double = np.zeros(len(order), bool)
    for first, second in sorted(pairs[apart_mm < radius_mm[pairs].max(axis=1)].tolist()):  # the first is the clearer
        double[second] |= not double[first]
    kept[order[double]] = False
    return kept
