"""Pores: how many, how large, how deep, and each of them in a list.

A pore is a dark compact pit. What decides is physical: its contrast in per cent, its width in mm, its roundness, how
well a Gaussian pit explains it, and how far it stands out of the camera's noise and of the skin's texture around it;
never the picture's own percentiles.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Annotated, Literal, Self, TypeVar

import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator
from scipy.spatial import cKDTree

from skintexture.metrics.definition import Direction, Metric
from skintexture.metrics.pore_detection import (
    Search,
    cropped,
    fill_outside,
    find_blobs,
    inner_region,
    scales_px,
)
from skintexture.metrics.pore_fit import PitFits, fit_pits
from skintexture.metrics.pore_noise import contrast_noise_pct, false_blobs_per_mm2
from skintexture.model import BoolImage, FloatArray, Patch, Pore
from skintexture.params import Fraction, Millimetres, Params

FWHM_PER_SIGMA = 2.0 * math.sqrt(2.0 * math.log(2.0))
"""Full width at half depth of a Gaussian by its σ: 2.355."""

_SHARPEST = 0.4
"""Least σ left of an axis once the grid's blur is taken off, in units of that blur: below, it isn't resolved."""

_FLAMENT = "Flament 2015, doi:10.2147/CCID.S74401"

_ROWS: tuple[tuple[str, str, float, str, Direction, str], ...] = (
    ("density", "1/cm²", math.inf, "more pores of at least min_diameter_mm per area", "lower_better", _FLAMENT),
    ("density_all", "1/cm²", math.inf, "more pores of any size per area", "lower_better", "this package"),
    ("mean_area", "mm²", math.inf, "larger pores among those of min_diameter_mm", "lower_better", _FLAMENT),
    ("area_fraction", "%", 100.0, "more skin covered by pores of at least min_diameter_mm", "lower_better", _FLAMENT),
    ("diameter", "mm", math.inf, "a larger median pore", "lower_better", "this package"),
    ("contrast", "%", math.inf, "darker pores", "lower_better", "this package"),
    ("optical_volume", "%·mm²/cm²", math.inf, "more, larger or darker pores", "lower_better", "this package"),
    ("enlarged_share", "%", 100.0, "more of the pores are enlarged", "lower_better", "this package"),
    ("false_density", "1/cm²", math.inf, "more false pores may come from noise", "none", "doi:10.1137/1.9780898718980"),
)
"""Name, unit, upper bound, what a larger value means, which way is better, source."""

_Scalar = TypeVar("_Scalar", bound=np.generic)


class PoreParams(Params):
    """Everything that decides which pits are pores.

    Attributes
    ----------
    version : 1
        Of the definition.
    smallest_mm, largest_mm : float
        Diameters (FWHM) between which a pit can be a pore at all.
    min_diameter_mm : float
        From here on a pore counts for density, mean area and covered area; 0.25 in Flament 2015.
    enlarged_mm : float
        From here on a pore is called enlarged.
    min_contrast_pct : float
        Least depth, as seen on the grid in the pit's least curved direction.
    max_contrast_pct : float
        Greatest depth of the pit itself: what is darker is a hair's end.
    min_snr : float
        Least depth by its noise.
    min_prominence : float
        Least response of a blob by what is expected, at its scale, of skin with the texture around it.
    max_elongation : float
        Greatest long by short axis as seen on the grid, for skin that faces the camera; divided by the cosine of the
        slant elsewhere.
    min_explained : float
        Least share that the fitted pit has of its own and the residual's energy, 0 … 1.
    grid_blur_mm : float
        Total blur of the signal, σ, which is taken off every pit's width.
    margin_mm : float
        Pores nearer to the mask's edge are left out, and so is that skin's area.
    """

    version: Literal[1]
    smallest_mm: Millimetres
    largest_mm: Millimetres
    min_diameter_mm: Millimetres
    enlarged_mm: Millimetres
    min_contrast_pct: Annotated[float, Field(gt=0)]
    max_contrast_pct: Annotated[float, Field(gt=0)]
    min_snr: Annotated[float, Field(ge=0)]
    min_prominence: Annotated[float, Field(ge=0)]
    max_elongation: Annotated[float, Field(ge=1)]
    min_explained: Fraction
    grid_blur_mm: Annotated[float, Field(ge=0)]
    margin_mm: Annotated[float, Field(ge=0)]

    @model_validator(mode="after")
    def _limits_ascend(self) -> Self:
        ladder = (self.smallest_mm, self.min_diameter_mm, self.enlarged_mm, self.largest_mm)
        if sorted(ladder) != list(ladder) or self.smallest_mm == self.largest_mm:
            raise ValueError(f"smallest_mm ≤ min_diameter_mm ≤ enlarged_mm ≤ largest_mm must ascend, found {ladder}")
        if self.max_contrast_pct <= self.min_contrast_pct:
            raise ValueError("max_contrast_pct must be above min_contrast_pct")
        return self

    def scales_px(self, px_per_mm: float) -> FloatArray:
        """σ of the scale space on a grid of this resolution, the grid's blur included."""
        ends = (self.smallest_mm, self.largest_mm)
        small, large = (math.hypot(d / FWHM_PER_SIGMA, self.grid_blur_mm) * px_per_mm for d in ends)
        return scales_px(small, large)


def detect(patch: Patch, params: PoreParams) -> tuple[Pore, ...]:
    """Find the pores of a patch.

    Dark round blobs of a scale space are fitted, all at once, by elliptical Gaussian pits on a sloping ground; what
    the fit finds is judged by `params`.

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
    piece, (top, left) = _piece(patch, params)
    filled = fill_outside(piece.signal, piece.mask, piece.px_per_mm)
    inner = _inner(piece, params)
    search, noise_pct = _search(piece, params)
    blobs = find_blobs(filled, (piece.mask, inner), piece.px_per_mm, search)
    starts = np.column_stack([blobs.y_px, blobs.x_px, search.sigmas_px[blobs.scale], blobs.contrast_pct])
    fits = fit_pits(filled, piece.mask, starts)
    pits = _pits(piece, fits, params)
    is_pore = (
        (pits.diameter_mm >= params.smallest_mm)
        & (pits.diameter_mm <= params.largest_mm)
        & (pits.contrast_pct <= params.max_contrast_pct)
        & (pits.seen_elongation <= params.max_elongation / pits.cos_slant)
        & (fits.explained >= params.min_explained)
        & _at(inner, fits)
    )
    snr = blobs.contrast_pct / noise_pct[blobs.scale]
    area_mm2 = math.pi / 4.0 * pits.diameter_mm**2
    shape = (pits.contrast_pct, pits.elongation, pits.angle_deg)
    table = np.column_stack([fits.y_px + top, fits.x_px + left, pits.diameter_mm, area_mm2, *shape, snr])[is_pore]
    return tuple(Pore(*row) for row in _without_doubles(table, patch.px_per_mm).tolist())


def summarise(pores: Sequence[Pore], patch: Patch, params: PoreParams) -> dict[str, float]:
    """Pores of a patch in numbers, per area of the skin in which they could be found.

    Parameters
    ----------
    pores : sequence of Pore
        From `detect`, with the same patch and params.
    patch : Patch
        For the area, and for its noise.
    params : PoreParams
        For the limits of size.

    Returns
    -------
    dict of str to float
        By the names in `describe`. Without any pore, densities, covered area and volume are 0 and means nan; without
        any skin far enough from the mask's edge, everything is nan.
    """
    area_mm2 = _judged_area_mm2(patch, params)
    if area_mm2 == 0.0:
        return dict.fromkeys((metric.name for metric in describe(params)), math.nan)
    rows = [(pore.diameter_mm, pore.area_mm2, pore.contrast_pct) for pore in pores]
    diameter, area, contrast = np.array(rows, np.float64).reshape(-1, 3).T
    visible = diameter >= params.min_diameter_mm
    return {
        "pore_density": 100.0 * float(np.sum(visible)) / area_mm2,
        "pore_density_all": 100.0 * len(pores) / area_mm2,
        "pore_mean_area": _mean(area[visible]),
        "pore_area_fraction": 100.0 * float(np.sum(area[visible])) / area_mm2,
        "pore_diameter": float(np.median(diameter)) if len(pores) else math.nan,
        "pore_contrast": _mean(contrast),
        "pore_optical_volume": 100.0 * float(np.sum(contrast * area)) / area_mm2,
        "pore_enlarged_share": 100.0 * _mean(diameter >= params.enlarged_mm),
        "pore_false_density": 100.0 * _false_per_mm2(patch, params),
    }


def describe(params: PoreParams) -> tuple[Metric, ...]:
    """List the metrics that `measure` returns, in its order."""
    return tuple(
        Metric(f"pore_{name}", "pores", unit, 0.0, high, larger_means, direction, params.version, source)
        for name, unit, high, larger_means, direction, source in _ROWS
    )


def measure(patch: Patch, params: PoreParams) -> dict[str, float]:
    """Find the pores of a patch and summarise them: `summarise` of `detect`."""
    return summarise(detect(patch, params), patch, params)


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
    seen_mm2, axes = np.linalg.eigh(fits.covariance_px2 / patch.px_per_mm**2)
    pit_mm2 = np.maximum(seen_mm2 - blur_mm2, _SHARPEST**2 * blur_mm2)
    seen_area, pit_area = np.sqrt(np.prod(seen_mm2, axis=1)), np.sqrt(np.prod(pit_mm2, axis=1))
    cos = _at(patch.cos_slant, fits).astype(np.float64)
    return _Pits(
        diameter_mm=FWHM_PER_SIGMA * np.sqrt(pit_area / cos),
        contrast_pct=fits.depth * seen_area / pit_area,
        elongation=np.sqrt(pit_mm2[:, 1] / pit_mm2[:, 0]),
        angle_deg=(np.rad2deg(np.arctan2(-axes[:, 0, 1], axes[:, 1, 1])) + 90.0) % 180.0 - 90.0,
        cos_slant=cos,
        seen_elongation=np.sqrt(seen_mm2[:, 1] / seen_mm2[:, 0]),
    )


def _at(image: NDArray[_Scalar], fits: PitFits) -> NDArray[_Scalar]:
    """Values at the pixels nearest to the pits' centres."""
    y = np.clip(np.rint(fits.y_px).astype(np.intp), 0, image.shape[0] - 1)
    x = np.clip(np.rint(fits.x_px).astype(np.intp), 0, image.shape[1] - 1)
    return image[y, x]


def _without_doubles(table: FloatArray, px_per_mm: float) -> FloatArray:
    """Of fits that ended in one pit, the clearest: centres closer than half the larger diameter are one pore.

    Rows are the fields of `Pore`, and come back sorted by (y, x).
    """
    if len(table) < 2:
        return table
    clearest = table[np.lexsort((table[:, 1], table[:, 0], -table[:, 7]))]
    places_mm, radius_mm = clearest[:, :2] / px_per_mm, clearest[:, 2] / 2.0
    pairs = cKDTree(places_mm).query_pairs(float(radius_mm.max()), output_type="ndarray")
    apart_mm = np.linalg.norm(places_mm[pairs[:, 0]] - places_mm[pairs[:, 1]], axis=1)
    double = np.zeros(len(clearest), bool)
    for first, second in sorted(pairs[apart_mm < radius_mm[pairs].max(axis=1)].tolist()):  # the first is the clearer
        double[second] |= not double[first]
    kept = clearest[~double]
    return kept[np.lexsort((kept[:, 1], kept[:, 0]))]


def _piece(patch: Patch, params: PoreParams) -> tuple[Patch, tuple[int, int]]:
    return cropped(patch, float(params.scales_px(patch.px_per_mm)[-1]))


def _inner(patch: Patch, params: PoreParams) -> BoolImage:
    return inner_region(patch.mask, params.margin_mm * patch.px_per_mm)


def _judged_area_mm2(patch: Patch, params: PoreParams) -> float:
    """Area of the skin in which a pore's centre may lie, slant taken into account."""
    return replace(patch, mask=_inner(patch, params)).area_mm2


def _search(patch: Patch, params: PoreParams) -> tuple[Search, FloatArray]:
    """Scales and thresholds on this patch, and the noise of the contrast at each scale."""
    sigmas_px = params.scales_px(patch.px_per_mm)
    noise_pct = contrast_noise_pct(patch, sigmas_px)
    needed = np.maximum(params.min_contrast_pct, params.min_snr * noise_pct)
    return Search(sigmas_px, needed, params.min_prominence), noise_pct


def _false_per_mm2(patch: Patch, params: PoreParams) -> float:
    search, noise_pct = _search(_piece(patch, params)[0], params)
    height = search.min_contrast_pct / noise_pct
    return false_blobs_per_mm2(search.sigmas_px / patch.px_per_mm, patch.noise_blur_mm, height)


def _mean(values: NDArray[np.float64] | NDArray[np.bool_]) -> float:
    return float(np.mean(values)) if values.size else math.nan
