"""Metrics of one patch, and the same metrics with one group of tiles at a time left out.

What is left out is taken off sums, so that nothing is measured twice: counts of pairs for the co-occurrence features,
energies for the bands, moments for the roughness.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import cv2
import numpy as np
from numpy.typing import NDArray

from skintexture.metrics import bands, glcm, roughness
from skintexture.metrics.bands import BandsParams
from skintexture.metrics.glcm import GlcmParams
from skintexture.metrics.glcm_features import FEATURES, Cooccurrence
from skintexture.metrics.masked import centred
from skintexture.metrics.roughness import RoughnessParams
from skintexture.model import BoolImage, FloatArray, FloatImage, Patch

Labels = NDArray[np.uint8]

OUTSIDE = 255
"""Stands for "in no group"."""

# A Gaussian lets half of a wave as long as this many σ through (ISO 16610-61).
_SIGMA_BY_WAVELENGTH = math.sqrt(math.log(2.0) / 2.0) / math.pi
# Above this σ (pixels) a picture is smoothed at half its resolution.
_COARSE_SIGMA_PX = 2.0
# Of a band in which there is nothing, in %².
_LEAST_ENERGY = 1e-9


@dataclass(frozen=True, slots=True)
class Tally:
    """Metrics of a patch.

    Attributes
    ----------
    values : dict of str to float
        Of the whole patch, as the family gives them.
    without : dict of str to (G,) float64
        The same (or what varies in proportion to it) with each group left out; a metric that can't be had from sums
        is not there.
    least_sd : dict of str to float
        Of the relative change of what is counted: chance alone makes that much.
    """

    values: dict[str, float]
    without: dict[str, FloatArray]
    least_sd: dict[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Groups:
    """Which pixels of a mask are in which group: the same for every channel, and found once for all.

    Attributes
    ----------
    box : (slice, slice)
        Rows and columns that hold all of the mask.
    label : (h, w) uint8
        Group of each pixel in the box, from 0 on; `OUTSIDE` for those in none.
    size : int
        How many groups there are.
    sums : _Sums
        Over the groups.
    inner_sums : _Sums
        Over those of their pixels whose eight neighbours lie in the mask.
    """

    box: tuple[slice, slice]
    label: Labels
    size: int
    sums: _Sums
    inner_sums: _Sums

    @classmethod
    def of(cls, label: Labels, mask: BoolImage) -> Groups:
        """Group the pixels of a mask by their labels, (H, W) uint8."""
        rows, columns = (np.flatnonzero(mask.any(axis=axis)) for axis in (1, 0))
        box = (slice(0), slice(0)) if not len(rows) else (_span(rows), _span(columns))
        label = np.where(mask, label, np.uint8(OUTSIDE))[box]
        seen = label[label != OUTSIDE]
        whole = mask[box].view(np.uint8)
        if whole.size:
            whole = np.asarray(cv2.erode(whole, np.ones((3, 3), np.uint8), borderValue=0), np.uint8)
        inner = np.where(whole > 0, label, np.uint8(OUTSIDE))
        return cls(box, label, int(seen.max()) + 1 if seen.size else 0, _Sums.of(label), _Sums.of(inner))


def _span(places: NDArray[np.intp]) -> slice:
    return slice(int(places[0]), int(places[-1]) + 1)


def tally_glcm(patch: Patch, groups: Groups, params: GlcmParams) -> Tally:
    """Co-occurrence features; what is left out is taken off the table of all four directions."""
    if groups.size < 2:
        return Tally(glcm.measure(patch, params), {})
    levels = glcm.to_levels(patch.signal[groups.box], patch.mask[groups.box], params)
    values: dict[str, float] = {}
    without: dict[str, FloatArray] = {}
    for distance_mm in params.distances_mm:
        offsets = glcm.offsets_px(distance_mm, patch.px_per_mm)
        by_group = [_counts_by_group(levels, groups, offset, n_levels=params.levels) for offset in offsets]
        whole = [counts.sum(axis=2) for counts in by_group]
        values |= glcm.measure_counts(distance_mm, patch.px_per_mm, whole, params)
        total = np.sum([counts[..., : groups.size] for counts in by_group], axis=0)
        grouped = total.sum(axis=2)
        pairs = [_cooccurrence(grouped - total[..., group]) for group in range(groups.size)]
        for name in params.features:
            without[f"glcm_{name}_{distance_mm:g}mm"] = np.array(
                [math.nan if pair is None else FEATURES[name].value(pair) for pair in pairs]
            )
    return Tally(values, without)


def _cooccurrence(counts: FloatArray) -> Cooccurrence | None:
    return Cooccurrence.from_counts(counts) if counts.any() else None


def _counts_by_group(levels: Labels, groups: Groups, offset: tuple[int, int], *, n_levels: int) -> FloatArray:
    """Symmetric tables of pairs (N, N, G + 1), each pair in the group of its first pixel; the last holds the rest."""
    rows, columns = abs(offset[0]), abs(offset[1])
    height, width = levels.shape
    size = groups.size + 1
    if rows >= height or columns >= width:
        return np.zeros((n_levels, n_levels, size))
    above, below = np.s_[: height - rows], np.s_[rows:]
    left, right = np.s_[: width - columns], np.s_[columns:]
    first, second = (left, right) if offset[1] >= 0 else (right, left)
    group = np.minimum(groups.label, np.uint8(groups.size))
    triples = [levels[above, first], levels[below, second], group[above, first]]
    counts = cv2.calcHist(triples, [0, 1, 2], None, [n_levels, n_levels, size], [0, n_levels, 0, n_levels, 0, size])
    return (counts + counts.transpose(1, 0, 2)).astype(np.float64)


def tally_bands(patch: Patch, groups: Groups, params: BandsParams) -> Tally:
    """Band energies; what is left out is taken off the energies of Gaussian band-passes."""
    values = bands.measure(patch, params)
    without: dict[str, FloatArray] = {}
    if groups.size < 2:
        return Tally(values, without)
    signal, mask = patch.signal[groups.box], patch.mask[groups.box]
    total = groups.sums.mean_without(np.square(centred(signal, mask)))
    sigmas = tuple(_SIGMA_BY_WAVELENGTH * edge * patch.px_per_mm for edge in params.edges_mm)
    smooth = [_smoothed(signal, mask, sigma) for sigma in sigmas]
    for (finer, coarser), (fine, coarse) in zip(pairwise(params.edges_mm), pairwise(smooth), strict=True):
        between = bands.band_name(finer, coarser)
        energy = np.maximum(groups.sums.mean_without(np.square(fine - coarse)), _LEAST_ENERGY)
        without[f"band_energy_{between}"] = energy
        without[f"band_rms_{between}"] = np.sqrt(energy)
        without[f"band_fraction_{between}"] = energy / total
    return Tally(values, without)


def tally_roughness(patch: Patch, groups: Groups, params: RoughnessParams) -> Tally:
    """Roughness; what is left out is taken off the moments of the heights."""
    found = roughness.sl_surface(patch, params)
    if found is None or groups.size < 2:
        return Tally(roughness.measure(patch, params), {})
    surface, mask = found
    values = roughness.measure_surface(surface, mask, patch.px_per_mm, params)
    without: dict[str, FloatArray] = {}
    height, mean_without = centred(surface, mask), groups.sums.mean_without
    squares = np.square(height)
    variance = mean_without(squares)
    without["roughness_sa"] = mean_without(np.abs(height))
    without["roughness_sq"] = np.sqrt(variance)
    without["roughness_ssk"] = mean_without(squares * height) / variance**1.5
    without["roughness_sku"] = mean_without(squares * squares) / variance**2
    slope = np.square(cv2.Sobel(height, cv2.CV_32F, 1, 0)) + np.square(cv2.Sobel(height, cv2.CV_32F, 0, 1))
    without["roughness_sdq"] = np.sqrt(groups.inner_sums.mean_without(slope))
    return Tally(values, without)


TALLIES: Mapping[str, Callable[[Patch, Groups, Any], Tally]] = {
    "glcm": tally_glcm,
    "bands": tally_bands,
    "roughness": tally_roughness,
}
"""How each family of texture metrics is measured by groups."""


@dataclass(frozen=True, slots=True)
class _Sums:
    """Takes means over all groups but each: the pixels in the order of their groups, and where each group begins."""

    place: NDArray[np.intp]
    start: NDArray[np.intp]
    pixels: FloatArray

    @classmethod
    def of(cls, label: Labels) -> _Sums:
        flat = label.ravel()
        place = np.flatnonzero(flat != OUTSIDE)
        place = place[np.argsort(flat[place], kind="stable")]
        pixels = np.bincount(flat[place])
        start = np.minimum(np.cumsum(pixels) - pixels, max(len(place) - 1, 0))
        return cls(place, start, pixels.astype(np.float64))

    def mean_without(self, image: FloatImage) -> FloatArray:
        values = image.ravel()[self.place]
        sums = np.where(self.pixels > 0, np.add.reduceat(values, self.start, dtype=np.float64), 0.0)
        return np.asarray((sums.sum() - sums) / (self.pixels.sum() - self.pixels))


def _smoothed(image: FloatImage, mask: BoolImage, sigma_px: float) -> FloatImage:
    """Masked Gaussian; wide ones at reduced resolution."""
    shrink = max(1, int(sigma_px / _COARSE_SIGMA_PX))
    small, inside = np.where(mask, image, np.float32(0)), mask.astype(np.float32)
    if shrink > 1:
        size = (-(-image.shape[1] // shrink), -(-image.shape[0] // shrink))
        small, inside = (
            np.asarray(cv2.resize(layer, size, interpolation=cv2.INTER_AREA), np.float32) for layer in (small, inside)
        )
    total, weight = (
        cv2.GaussianBlur(layer, (0, 0), sigma_px / shrink, borderType=cv2.BORDER_CONSTANT) for layer in (small, inside)
    )
    mean = total / np.maximum(weight, np.float32(1e-3))
    if shrink > 1:
        mean = np.asarray(cv2.resize(mean, (image.shape[1], image.shape[0]), interpolation=cv2.INTER_LINEAR))
    return np.asarray(mean, np.float32)
