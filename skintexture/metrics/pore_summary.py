"""The pores of a zone in numbers, each with the interval that so many pores allow."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from skintexture.metrics.definition import Direction, Metric
from skintexture.metrics.pore_detection import Search, cropped, inner_region
from skintexture.metrics.pore_intervals import (
    NO_INTERVAL,
    Interval,
    count_interval,
    dispersion,
    mean_interval,
    quantile_interval,
    scaled,
    share_interval,
    sum_interval,
)
from skintexture.metrics.pore_noise import contrast_noise_pct, false_blobs_per_mm2
from skintexture.metrics.pore_params import PoreParams
from skintexture.model import BoolImage, FloatArray, Patch, Pore

_FLAMENT = "Flament 2015, doi:10.2147/CCID.S74401"

PERCENTILES = (10, 25, 75, 90)
"""Of the diameters, beside the median: the distribution in five numbers."""

_ROWS: tuple[tuple[str, str, float, str, Direction, str], ...] = (
    ("density", "1/cm²", math.inf, "more pores of at least min_diameter_mm per area", "lower_better", _FLAMENT),
    ("density_all", "1/cm²", math.inf, "more pores of any size per area", "lower_better", "this package"),
    ("mean_area", "mm²", math.inf, "larger pores among those of min_diameter_mm", "lower_better", _FLAMENT),
    ("area_fraction", "%", 100.0, "more skin covered by pores of at least min_diameter_mm", "lower_better", _FLAMENT),
    ("diameter", "mm", math.inf, "a larger median pore", "lower_better", "this package"),
    *(
        (f"diameter_p{p}", "mm", math.inf, f"{p} % of all pores are smaller than this", "lower_better", "this package")
        for p in PERCENTILES
    ),
    ("contrast", "%", math.inf, "darker pores", "lower_better", "this package"),
    ("optical_volume", "%·mm²/cm²", math.inf, "more, larger or darker pores", "lower_better", "this package"),
    ("enlarged_share", "%", 100.0, "more of the pores are enlarged", "lower_better", "this package"),
    ("false_density", "1/cm²", math.inf, "more false pores may come from noise", "none", "doi:10.1137/1.9780898718980"),
)
"""Name, unit, upper bound, what a larger value means, which way is better, source."""


@dataclass(frozen=True, slots=True)
class _Columns:
    """Pores as columns (N), those of them that count as visible, and the skin that they were sought on."""

    diameter_mm: FloatArray
    area_mm2: FloatArray
    contrast_pct: FloatArray
    visible: BoolImage
    skin_mm2: float

    @property
    def volumes(self) -> FloatArray:
        return self.contrast_pct * self.area_mm2


def _columns(pores: Sequence[Pore], patch: Patch, params: PoreParams) -> _Columns:
    rows = [(pore.diameter_mm, pore.area_mm2, pore.contrast_pct) for pore in pores]
    diameter, area, contrast = np.array(rows, np.float64).reshape(-1, 3).T
    return _Columns(diameter, area, contrast, diameter >= params.min_diameter_mm, judged_area_mm2(patch, params))


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
    at = _columns(pores, patch, params)
    if at.skin_mm2 == 0.0:
        return dict.fromkeys((metric.name for metric in describe(params)), math.nan)
    return {
        "pore_density": 100.0 * float(np.sum(at.visible)) / at.skin_mm2,
        "pore_density_all": 100.0 * len(pores) / at.skin_mm2,
        "pore_mean_area": _mean(at.area_mm2[at.visible]),
        "pore_area_fraction": 100.0 * float(np.sum(at.area_mm2[at.visible])) / at.skin_mm2,
        "pore_diameter": _percentile(at.diameter_mm, 50),
        **{f"pore_diameter_p{p}": _percentile(at.diameter_mm, p) for p in PERCENTILES},
        "pore_contrast": _mean(at.contrast_pct),
        "pore_optical_volume": 100.0 * float(np.sum(at.volumes)) / at.skin_mm2,
        "pore_enlarged_share": 100.0 * _mean(at.diameter_mm >= params.enlarged_mm),
        "pore_false_density": 100.0 * _false_per_mm2(patch, params),
    }


def intervals(pores: Sequence[Pore], patch: Patch, params: PoreParams) -> dict[str, Interval]:
    """State between which values each number of `summarise` lies, with 95 % confidence.

    Parameters
    ----------
    pores, patch, params
        As for `summarise`.

    Returns
    -------
    dict of str to (float, float)
        By the names in `describe`; (nan, nan) where there are too few pores to tell, and for ``pore_false_density``,
        which is a bound already.

    Notes
    -----
    The interval speaks of chance alone: of what as large a piece of the same skin would show beside this one. Pores
    that come in clusters widen it. It does not hold what light, focus or pose add from photo to photo.
    """
    at = _columns(pores, patch, params)
    if at.skin_mm2 == 0.0:
        return dict.fromkeys((metric.name for metric in describe(params)), NO_INTERVAL)
    spread = dispersion(np.array([(pore.y_px, pore.x_px) for pore in pores]).reshape(-1, 2), inner_skin(patch, params))
    per_cm2 = 100.0 / at.skin_mm2
    large = at.diameter_mm >= params.enlarged_mm
    return {
        "pore_density": scaled(count_interval(int(at.visible.sum()), spread), per_cm2),
        "pore_density_all": scaled(count_interval(len(pores), spread), per_cm2),
        "pore_mean_area": mean_interval(at.area_mm2[at.visible]),
        "pore_area_fraction": scaled(sum_interval(at.area_mm2[at.visible], spread), per_cm2),
        "pore_diameter": quantile_interval(at.diameter_mm, 0.5),
        **{f"pore_diameter_p{p}": quantile_interval(at.diameter_mm, p / 100.0) for p in PERCENTILES},
        "pore_contrast": mean_interval(at.contrast_pct),
        "pore_optical_volume": scaled(sum_interval(at.volumes, spread), per_cm2),
        "pore_enlarged_share": scaled(share_interval(int(large.sum()), len(pores)), 100.0),
        "pore_false_density": NO_INTERVAL,
    }


def describe(params: PoreParams) -> tuple[Metric, ...]:
    """List the metrics that `summarise` returns, in its order."""
    return tuple(
        Metric(f"pore_{name}", "pores", unit, 0.0, high, larger_means, direction, params.version, source)
        for name, unit, high, larger_means, direction, source in _ROWS
    )


def piece_of(patch: Patch, params: PoreParams) -> tuple[Patch, tuple[int, int]]:
    """Cut the patch to what matters, and tell where that begins."""
    return cropped(patch, float(params.scales_px(patch.px_per_mm)[-1]))


def inner_skin(patch: Patch, params: PoreParams) -> BoolImage:
    """Where a pore's centre may lie."""
    inner = inner_region(patch.mask, params.margin_mm * patch.px_per_mm)
    return inner if patch.counted is None else inner & patch.counted


def judged_area_mm2(patch: Patch, params: PoreParams) -> float:
    """Area of the skin in which a pore's centre may lie, slant taken into account."""
    return replace(patch, mask=inner_skin(patch, params)).area_mm2


def search_on(patch: Patch, params: PoreParams, *, least: float = 1.0) -> tuple[Search, FloatArray]:
    """Scales and thresholds on this patch, and the noise of the contrast at each scale.

    The share `least` of the prominence that is asked for will do.
    """
    sigmas_px = params.scales_px(patch.px_per_mm)
    noise_pct = contrast_noise_pct(patch, sigmas_px)
    needed = np.maximum(params.min_contrast_pct, params.min_snr * noise_pct)
    # A contrast is twice a response. Noise that isn't known is bounded by what is seen: it would leave no texture.
    known = noise_pct / 2.0 if patch.noise_pct > 0.0 else np.zeros_like(noise_pct)
    return Search(sigmas_px, needed, least * params.min_prominence, known), noise_pct


def _false_per_mm2(patch: Patch, params: PoreParams) -> float:
    search, noise_pct = search_on(piece_of(patch, params)[0], params)
    height = search.min_contrast_pct / noise_pct
    return false_blobs_per_mm2(search.sigmas_px / patch.px_per_mm, patch.noise_blur_mm, height)


def _mean(values: NDArray[np.float64] | NDArray[np.bool_]) -> float:
    return float(np.mean(values)) if values.size else math.nan


def _percentile(values: FloatArray, percent: float) -> float:
    return float(np.percentile(values, percent)) if values.size else math.nan
