"""Grey-level co-occurrence (GLCM) of the masked texture signal, with the features of the IBSI standard.

How often do two pixels a given distance apart hold a given pair of contrast levels? A fixed bin size over a fixed range
of contrast makes the answer comparable between photos; a pair counts only where both pixels lie inside the mask.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Annotated, Literal, Self

import cv2
import numpy as np
from numpy.typing import NDArray
from pydantic import Field, model_validator

from skintexture.metrics.definition import Metric, Tolerance
from skintexture.metrics.glcm_features import FEATURES, Cooccurrence, FeatureName
from skintexture.metrics.masked import crop_to_mask
from skintexture.model import BoolImage, FloatArray, FloatImage, Patch
from skintexture.params import Millimetres, Params

_OUTSIDE = 255
"""Stands for "not in the mask" in a byte image of levels: above every level, so no histogram bin takes it."""

_SOURCE = (
    "Zwanenburg et al. 2020 (IBSI), doi 10.1148/radiol.2020191145; Haralick et al. 1973, doi 10.1109/TSMC.1973.4309314"
)

_FLOORS = {
    "correlation": 1e-4,
    "first_information_correlation": 1e-4,
    "cluster_shade": 0.05,
}
"""What rounding can do to the features that lie about zero, in their unit."""

Levels = NDArray[np.uint8]
Offset = tuple[int, int]


class GlcmParams(Params):
    """Everything that decides the value of the co-occurrence features.

    Attributes
    ----------
    version : 1
    distances_mm : tuple of float
        From pixel to pixel, rising. Brought to whole pixels of the patch's grid, see `offsets_px`: two distances that
        meet in the same offsets give the same values under both names.
    levels : int
        Number of bins, 2 … 255.
    contrast_range_pct : (float, float)
        What the bins span. A bin is ``(high − low) / levels`` wide, always: the values of two photos are comparable. A
        signal beyond the range counts in the bin at that end.
    aggregation : {"averaged", "merged"}
        Over the four directions: mean of the features, or features of the merged table (IBSI's two 2-D aggregations).
    features : tuple of str
        IBSI names.
    """

    version: Literal[1]
    distances_mm: Annotated[tuple[Millimetres, ...], Field(min_length=1)]
    levels: Annotated[int, Field(ge=2, le=255)]
    contrast_range_pct: tuple[float, float]
    aggregation: Literal["averaged", "merged"]
    features: Annotated[tuple[FeatureName, ...], Field(min_length=1)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        if list(self.distances_mm) != sorted(set(self.distances_mm)):
            raise ValueError("distances_mm must rise, each given once")
        if self.contrast_range_pct[0] >= self.contrast_range_pct[1]:
            raise ValueError("contrast_range_pct must be (low, high) with low < high")
        if len(set(self.features)) < len(self.features):
            raise ValueError("features must differ, each given once")
        return self


def describe(params: GlcmParams) -> tuple[Metric, ...]:
    """List the metrics that `measure` returns, in its order."""
    return tuple(
        _describe(feature, distance_mm, params) for distance_mm in params.distances_mm for feature in params.features
    )


def _describe(name: FeatureName, distance_mm: float, params: GlcmParams) -> Metric:
    feature = FEATURES[name]
    low, high = feature.bounds(params.levels)
    return Metric(
        name=_metric_name(name, distance_mm),
        family="glcm",
        unit=feature.unit,
        low=low,
        high=high,
        larger_means=feature.larger_means,
        direction=feature.direction,
        version=params.version,
        source=_SOURCE,
        tolerance=Tolerance(absolute=_FLOORS.get(name, 0.0)),
    )


def _metric_name(feature: FeatureName, distance_mm: float) -> str:
    return f"glcm_{feature}_{distance_mm:g}mm"


def measure(patch: Patch, params: GlcmParams) -> dict[str, float]:
    """Co-occurrence features of a patch.

    Parameters
    ----------
    patch : Patch
    params : GlcmParams

    Returns
    -------
    dict of str to float
        By metric name, ``glcm_<feature>_<distance>mm``. nan where undefined: no pair inside the mask along one of the
        four directions, a distance below the grid's step, correlation of a constant.

    Notes
    -----
    Comparable only between patches of the same grid, channel and parameters. The exact way to the levels:
    ``floor((signal − low) / (high − low) · levels)``, clamped to ``0 … levels − 1`` and counted from 1.

    Examples
    --------
    Stripes one pixel wide, two levels. Along the stripes both pixels are equal; across and on the diagonals they always
    differ, by one level: contrast is 0, 1, 1 and 1 in the four directions.

    >>> import numpy as np
    >>> stripes = np.float32([[-1, 1, -1, 1]] * 4)
    >>> patch = Patch(stripes, np.ones((4, 4), bool), 1.0, np.ones((4, 4), np.float32))
    >>> params = GlcmParams(version=1, distances_mm=(1.0,), levels=2, contrast_range_pct=(-2.0, 2.0),
    ...                     aggregation="averaged", features=("contrast",))
    >>> measure(patch, params)
    {'glcm_contrast_1mm': 0.75}
    """
    if not patch.mask.any():
        return {metric.name: math.nan for metric in describe(params)}
    signal, mask = crop_to_mask(patch.signal, patch.mask)
    levels = to_levels(signal, mask, params)
    values: dict[str, float] = {}
    for distance_mm in params.distances_mm:
        offsets = offsets_px(distance_mm, patch.px_per_mm)
        counts = [count_pairs(levels, offset, params.levels) for offset in offsets]
        values |= measure_counts(distance_mm, patch.px_per_mm, counts, params)
    return values


def offsets_px(distance_mm: float, px_per_mm: float) -> tuple[Offset, Offset, Offset, Offset]:
    """Turn a distance into the four ``(row, column)`` steps from a pixel to its partner, in whole pixels.

    Along rows and columns the distance is rounded; on the diagonals each of the two steps is ``distance / √2``,
    rounded, so that all four partners are about equally far. Halves round up.

    Examples
    --------
    >>> offsets_px(0.25, 12.0)
    ((0, 3), (2, 2), (3, 0), (2, -2))
    """
    straight = math.floor(distance_mm * px_per_mm + 0.5)
    diagonal = math.floor(distance_mm * px_per_mm / math.sqrt(2.0) + 0.5)
    return (0, straight), (diagonal, diagonal), (straight, 0), (diagonal, -diagonal)


def to_levels(signal: FloatImage, mask: BoolImage, params: GlcmParams) -> Levels:
    """Sort the signal into bins of fixed size.

    Returns
    -------
    (H, W) uint8
        ``0 … levels − 1`` inside the mask, 255 outside.
    """
    low, high = params.contrast_range_pct
    bins = (signal - np.float32(low)) * np.float32(params.levels / (high - low))
    clamped = np.clip(bins, 0, params.levels - 1, out=bins).astype(np.uint8)
    clamped[~mask] = _OUTSIDE
    return clamped


def count_pairs(levels: Levels, offset: Offset, n_levels: int) -> FloatArray:
    """Count how often each pair of levels stands one offset apart, in both orders.

    Parameters
    ----------
    levels : (H, W) uint8
        ``0 … n_levels − 1``; 255 = not to be counted.
    offset : (int, int)
        Rows down, columns to the right (negative: to the left).
    n_levels : int
        At most 255.

    Returns
    -------
    (n_levels, n_levels) float64
        Symmetric; whole numbers as long as no count exceeds 2²⁴.

    Notes
    -----
    Counted by ``cv2.calcHist``, which skips what lies out of its range: exact, and three times as fast as
    ``np.bincount``.
    """
    rows, columns = abs(offset[0]), abs(offset[1])
    height, width = levels.shape
    if rows >= height or columns >= width:
        return np.zeros((n_levels, n_levels))
    above, below = levels[: height - rows], levels[rows:]
    left, right = np.s_[:, : width - columns], np.s_[:, columns:]
    start, partner = (above[left], below[right]) if offset[1] >= 0 else (above[right], below[left])
    counts = cv2.calcHist([start, partner], [0, 1], None, [n_levels, n_levels], [0, n_levels, 0, n_levels])
    return (counts + counts.T).astype(np.float64)


def measure_counts(
    distance_mm: float, px_per_mm: float, counts: Sequence[FloatArray], params: GlcmParams
) -> dict[str, float]:
    """Metrics, as `measure` names them, of one distance's tables of pairs.

    Parameters
    ----------
    distance_mm, px_per_mm : float
    counts : sequence of (N, N) float64
        As `count_pairs` has them, one for each of `offsets_px`.
    params : GlcmParams
    """
    names = {feature: _metric_name(feature, distance_mm) for feature in params.features}
    if (0, 0) in offsets_px(distance_mm, px_per_mm) or not all(table.any() for table in counts):
        return dict.fromkeys(names.values(), math.nan)
    tables = counts if params.aggregation == "averaged" else [np.sum(counts, axis=0)]
    pairs = [Cooccurrence.from_counts(table) for table in tables]
    return {name: _mean([FEATURES[feature].value(p) for p in pairs]) for feature, name in names.items()}


def _mean(values: list[float]) -> float:
    return math.fsum(values) / len(values)
