"""Areal roughness parameters of ISO 25178-2, of the band-limited texture signal.

A photograph shows how bright skin is, not how high: these are *optical* roughness parameters, in % contrast, and never
micrometres.
"""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Literal, Self

import cv2
import numpy as np
from pydantic import model_validator
from scipy.ndimage import map_coordinates, spline_filter

from skintexture.metrics.autocovariance import autocovariance
from skintexture.metrics.definition import Direction, Metric, Tolerance
from skintexture.metrics.masked import centred, crop_to_mask, mean_inside
from skintexture.model import BoolImage, FloatArray, FloatImage, Patch
from skintexture.params import Millimetres, Params

_SIGMA_BY_NESTING_INDEX = math.sqrt(math.log(2.0) / 2.0) / math.pi
"""ISO 16610-61's Gaussian lets through half of a wave as long as the nesting index: σ = 0.1874 of it."""

_KERNEL_BY_NESTING_INDEX = 0.6
"""Half-width of that Gaussian, the wider of ISO 16610's truncations: 0.07 % of the weight lies beyond either end."""

_DECAYED = 0.2
"""Height of the autocorrelation at which ISO 25178-2 reads Sal and Str unless told otherwise."""

_LAG_LIMIT_BY_L_FILTER = 2.0
"""How far the autocorrelation is followed: what is still alike at twice the L-filter's index is a line."""

_SLOPE_STENCIL = np.array([-1, 9, -45, 0, 45, -9, 1], np.float32) / np.float32(60)
"""Seven-point derivative per pixel: 0.01 % low on a wave of 12 pixels (two points: 4.5 % low)."""

_SKEWNESS_FLOOR = 1e-4
"""What rounding can do to a skewness about zero."""

_RAYS = 180
_STEP_PX = 0.25
_PIECE = 32  # of a ray, in steps


class RoughnessParams(Params):
    """Everything that decides the value of the roughness parameters.

    Attributes
    ----------
    version : 1
    s_filter_mm : float
        Nesting index (50 % wavelength) of the Gaussian that takes off what is finer. At least 2 pixels of the grid.
    l_filter_mm : float
        Nesting index of the Gaussian that takes off what is coarser.
    """

    version: Literal[1]
    s_filter_mm: Millimetres
    l_filter_mm: Millimetres

    @model_validator(mode="after")
    def _check(self) -> Self:
        if self.s_filter_mm >= self.l_filter_mm:
            raise ValueError("s_filter_mm must be smaller than l_filter_mm")
        return self


@dataclass(frozen=True, slots=True)
class ArealParameters:
    """ISO 25178-2 parameters of a surface; height and slope in the unit of its heights.

    Attributes
    ----------
    sa, sq : float
        Mean absolute and root mean square height.
    ssk, sku : float
        Skewness and kurtosis of the heights (0 and 3 for a Gaussian); nan on a flat surface.
    sp, sv, sz : float
        Highest peak, deepest pit (positive) and their sum.
    sdq : float
        Root mean square slope, per mm; nan where no pixel has three neighbours on all four sides.
    sal : float
        Autocorrelation length in mm: the shortest way to an autocorrelation of 0.2; nan if it never falls so low.
    str : float
        Aspect ratio of texture: Sal by the longest such way. 1 = alike in all directions; nan if in some direction the
        autocorrelation never falls so low.
    """

    sa: float
    sq: float
    ssk: float
    sku: float
    sp: float
    sv: float
    sz: float
    sdq: float
    sal: float
    str: float


@dataclass(frozen=True, slots=True)
class _Row:
    unit: str
    low: float
    high: float
    larger_means: str
    direction: Direction


_ROWS = {
    "sa": _Row("%", 0.0, math.inf, "rougher (mean departure from the mean)", "lower_better"),
    "sq": _Row("%", 0.0, math.inf, "rougher (root mean square departure)", "lower_better"),
    "ssk": _Row("1", -math.inf, math.inf, "bright peaks prevail; negative: dark pits prevail", "none"),
    "sku": _Row("1", 1.0, math.inf, "few strong peaks or pits on even ground", "none"),
    "sp": _Row("%", 0.0, math.inf, "a brighter brightest spot", "lower_better"),
    "sv": _Row("%", 0.0, math.inf, "a darker darkest spot", "lower_better"),
    "sz": _Row("%", 0.0, math.inf, "a larger span from darkest to brightest spot", "lower_better"),
    "sdq": _Row("%/mm", 0.0, math.inf, "steeper changes from place to place", "lower_better"),
    "sal": _Row("mm", 0.0, math.inf, "coarser texture", "none"),
    "str": _Row("1", 0.0, 1.0, "more alike in all directions; small: lines in one direction", "none"),
}


def describe(params: RoughnessParams) -> tuple[Metric, ...]:
    """List the metrics that `measure` returns, in its order."""
    return tuple(
        Metric(
            name=f"roughness_{name}",
            family="roughness",
            unit=row.unit,
            low=row.low,
            high=row.high,
            larger_means=row.larger_means,
            direction=row.direction,
            version=params.version,
            source="ISO 25178-2:2021; filters: ISO 16610-61:2015",
            tolerance=Tolerance(absolute=_SKEWNESS_FLOOR if name == "ssk" else 0.0),
        )
        for name, row in _ROWS.items()
    )


def measure(patch: Patch, params: RoughnessParams) -> dict[str, float]:
    """Optical areal roughness of a patch.

    Parameters
    ----------
    patch : Patch
    params : RoughnessParams

    Returns
    -------
    dict of str to float
        By metric name, ``roughness_<parameter>``; see `ArealParameters`. Heights in %, slope in % per mm. All nan where
        the mask is empty or the S-filter is finer than 2 pixels of the grid.

    Notes
    -----
    Comparable only between patches of the same grid, channel, total blur and parameters. The camera's noise that passes
    the S-filter is in these numbers.

    Examples
    --------
    Stripes of amplitude 1 % and wavelength 1 mm, well between the two filters: Sq = 1/√2, Sa = 2/π.

    >>> import numpy as np
    >>> stripes = np.tile(np.sin(2.0 * np.pi * np.arange(240) / 12.0), (240, 1)).astype(np.float32)
    >>> patch = Patch(stripes, np.ones((240, 240), bool), 12.0, np.ones((240, 240), np.float32))
    >>> values = measure(patch, RoughnessParams(version=1, s_filter_mm=0.2, l_filter_mm=8.0))
    >>> round(values["roughness_sq"], 1), round(values["roughness_sa"], 1)
    (0.7, 0.6)
    """
    found = sl_surface(patch, params)
    if found is None:
        return {metric.name: math.nan for metric in describe(params)}
    return measure_surface(*found, patch.px_per_mm, params)


def sl_surface(patch: Patch, params: RoughnessParams) -> tuple[FloatImage, BoolImage] | None:
    """Band-limited heights of a patch, cut down to its mask.

    Parameters
    ----------
    patch : Patch
    params : RoughnessParams

    Returns
    -------
    surface : (h, w) float32
        In %, zero outside the mask.
    mask : (h, w) bool
        None in place of both where the mask is empty or the S-filter is finer than 2 pixels of the grid.
    """
    if not patch.mask.any() or params.s_filter_mm * patch.px_per_mm < 2.0:
        return None
    signal, mask = crop_to_mask(patch.signal, patch.mask)
    filters_px = (params.s_filter_mm * patch.px_per_mm, params.l_filter_mm * patch.px_per_mm)
    return band_limit(centred(signal, mask), mask, s_filter_px=filters_px[0], l_filter_px=filters_px[1]), mask


def measure_surface(
    surface: FloatImage, mask: BoolImage, px_per_mm: float, params: RoughnessParams
) -> dict[str, float]:
    """Metrics, as `measure` names them, of what `sl_surface` returned."""
    lag_limit_mm = _LAG_LIMIT_BY_L_FILTER * params.l_filter_mm
    parameters = areal_parameters(surface, mask, px_per_mm, lag_limit_mm=lag_limit_mm)
    return {f"roughness_{name}": value for name, value in asdict(parameters).items()}


def band_limit(height: FloatImage, mask: BoolImage, *, s_filter_px: float, l_filter_px: float) -> FloatImage:
    """Keep what lies between two Gaussian nesting indices: the S-L surface of ISO 25178.

    Parameters
    ----------
    height : (H, W) float32
        Zero outside the mask.
    mask : (H, W) bool
    s_filter_px, l_filter_px : float
        Wavelengths that pass by half, in pixels.

    Returns
    -------
    (H, W) float32
        Zero outside the mask. At the mask's edge the Gaussian's weights are those that lie inside, made to sum to 1.
    """
    smooth = _masked_gaussian(height, mask, s_filter_px)
    return smooth - _masked_gaussian(smooth, mask, l_filter_px)


def _masked_gaussian(image: FloatImage, mask: BoolImage, nesting_index_px: float) -> FloatImage:
    sigma = _SIGMA_BY_NESTING_INDEX * nesting_index_px
    side = 2 * math.ceil(_KERNEL_BY_NESTING_INDEX * nesting_index_px) + 1
    outside = cv2.BORDER_CONSTANT  # beyond the frame is outside the mask: zero, with no weight
    total = cv2.GaussianBlur(image, (side, side), sigma, borderType=outside)
    weight = cv2.GaussianBlur(mask.astype(np.float32), (side, side), sigma, borderType=outside)
    return np.divide(total, weight, out=np.zeros_like(total), where=mask)


def areal_parameters(height: FloatImage, mask: BoolImage, px_per_mm: float, *, lag_limit_mm: float) -> ArealParameters:
    """ISO 25178-2 parameters of a surface that is already band-limited.

    Parameters
    ----------
    height : (H, W) float32
    mask : (H, W) bool
        With at least one pixel inside; what lies outside has no influence.
    px_per_mm : float
    lag_limit_mm : float
        How far to follow the autocorrelation.

    Returns
    -------
    ArealParameters

    Notes
    -----
    Heights count from their mean over the mask. Sz is the standard's, highest peak plus deepest pit: two single pixels
    decide it, so it grows with the area measured.

    Examples
    --------
    >>> import numpy as np
    >>> steps = np.float32([[3, 3, -1, -1, -1, -1, -1, -1]])
    >>> found = areal_parameters(steps, np.ones((1, 8), bool), 12.0, lag_limit_mm=1.0)
    >>> found.sa, found.sp, found.sv, found.sz
    (1.5, 3.0, 1.0, 4.0)
    """
    surface = centred(height, mask)
    sal_mm, longest_mm = _decay_lengths_mm(surface, mask, px_per_mm, lag_limit_mm)
    heights = surface[mask].astype(np.float64)
    squares = heights * heights
    variance = float(squares.mean())
    peak, pit = float(heights.max()), float(-heights.min())
    return ArealParameters(
        sa=float(np.abs(heights).mean()),
        sq=math.sqrt(variance),
        ssk=float((squares * heights).mean()) / variance**1.5 if variance > 0.0 else math.nan,
        sku=float((squares * squares).mean()) / variance**2 if variance > 0.0 else math.nan,
        sp=peak,
        sv=pit,
        sz=peak + pit,
        sdq=_rms_slope_per_px(surface, mask) * px_per_mm,
        sal=sal_mm,
        str=sal_mm / longest_mm,
    )


def _rms_slope_per_px(surface: FloatImage, mask: BoolImage) -> float:
    """Root mean square slope over the pixels whose whole stencil lies inside the mask."""
    along = np.ones((1, len(_SLOPE_STENCIL)), np.uint8)
    inside = mask.view(np.uint8)
    whole = cv2.bitwise_and(cv2.erode(inside, along, borderValue=0), cv2.erode(inside, along.T, borderValue=0))
    here = np.ones(1, np.float32)
    slope_x = cv2.sepFilter2D(surface, cv2.CV_32F, _SLOPE_STENCIL, here)
    slope_y = cv2.sepFilter2D(surface, cv2.CV_32F, here, _SLOPE_STENCIL)
    return math.sqrt(mean_inside(slope_x * slope_x + slope_y * slope_y, whole.view(np.bool_)))


def _decay_lengths_mm(
    surface: FloatImage, mask: BoolImage, px_per_mm: float, lag_limit_mm: float
) -> tuple[float, float]:
    """Shortest and longest way from the origin to an autocorrelation of 0.2, over all directions.

    A direction in which it never falls so low, within the lags the mask has pairs for, makes the longest way nan.
    """
    farthest_px = max(surface.shape)  # no pair of pixels is farther apart along an axis
    found = autocovariance(surface, mask, min(math.ceil(lag_limit_mm * px_per_mm), farthest_px))
    if found.variance == 0.0:
        return math.nan, math.nan
    correlation = _whole_plane(found.values / found.variance)
    known = _surrounded(_whole_plane(found.pairs) > 0)
    ways_mm = _decayed_after(correlation, known) * _STEP_PX / px_per_mm
    return (float(np.nanmin(ways_mm)) if np.isfinite(ways_mm).any() else math.nan), float(np.max(ways_mm))


def _decayed_after(correlation: FloatArray, known: BoolImage) -> FloatArray:
    """Follow rays from the origin to where each first falls to 0.2, in steps; nan where it never does.

    A ray is followed piece by piece, since most of them need not be followed far.
    """
    centre = len(correlation) // 2
    spline = spline_filter(correlation, order=3, output=np.float64, mode="constant")
    angle = np.arange(_RAYS) * (math.pi / _RAYS)
    radius_px = np.arange(0.0, centre, _STEP_PX)
    after = np.full(_RAYS, np.nan)
    for begun in range(0, len(radius_px), _PIECE):
        first = max(begun - 1, 0)
        left = np.isnan(after)
        piece = radius_px[first : begun + _PIECE]
        at = centre + np.stack([np.outer(np.sin(angle[left]), piece), np.outer(np.cos(angle[left]), piece)])
        profiles = map_coordinates(spline, at, order=3, prefilter=False)
        profiles[~known[tuple(np.rint(at).astype(np.intp))]] = 1.0
        after[left] = _first_crossings(profiles, first)
        if not np.isnan(after).any():
            break
    return after


def _first_crossings(profiles: FloatArray, begun: int) -> FloatArray:
    """Where each row, begun so many steps from the origin, first falls to 0.2; nan where it never does."""
    below = profiles <= _DECAYED
    crossed = below.any(axis=1)
    after = np.where(crossed, below.argmax(axis=1), 1)
    rows = np.arange(len(profiles))
    high, low = profiles[rows, after - 1], profiles[rows, after]
    steps = begun + after - (_DECAYED - low) / np.where(crossed, high - low, 1.0)
    return np.where(crossed, steps, np.nan)


def _surrounded(known: BoolImage) -> BoolImage:
    """Keep the lags whose neighbours are known too: interpolation there rests on no missing value."""
    return cv2.erode(known.view(np.uint8), np.ones((3, 3), np.uint8)).view(np.bool_)


def _whole_plane(half: FloatArray) -> FloatArray:
    """Add the mirror image to values on the half plane of lags."""
    return np.concatenate([half[::-1, :0:-1], half], axis=1)
