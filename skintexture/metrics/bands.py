"""Energy of the texture signal in bands of spatial wavelength, in mm.

A pore's edge, a pore, a furrow and a wrinkle differ in size. Splitting the variance of the signal by wavelength tells
how much of it is as fine as what. The split is taken from the masked autocovariance, so the outline of the zone doesn't
leak into it; the camera's own noise, whose spectrum is known, is taken off.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise
from typing import Annotated, Literal, Self

import numpy as np
from pydantic import Field, model_validator
from scipy.special import j1

from skintexture.metrics.autocovariance import Autocovariance, autocovariance
from skintexture.metrics.definition import Direction, Metric, Tolerance
from skintexture.metrics.masked import centred, crop_to_mask
from skintexture.model import BoolImage, FloatArray, Patch
from skintexture.params import Millimetres, Params

_EDGE_SOFTNESS = 0.125
"""Standard deviation of the soft edge between two bands, as a share of the edge's frequency.

Softer edges need less skin around each point; harder ones keep a tone at the middle of an octave in its band. At this
value 98 % of such a tone stays, and an edge at wavelength w looks 3.2 w far.
"""

_REACH = 2.5
"""Where the lag window ends, in its standard deviations (0.04 of its height)."""

_MIN_SUPPORT = 0.8
"""Share of a band edge's weights that must fall on lags the mask has pairs for.

Below, simulated zones (strips of 1–5 mm, squares of 1–10 mm) bias the band by 10 % and more.
"""

_FLOORS = {"energy": 1e-5, "rms": 1e-4, "fraction": 1e-6}
"""What rounding can do to a band in which nearly nothing is left once the noise is off, in its unit."""

_SOURCE = (
    "own definition, docs/metrics/bands.md; lag-window spectra: Blackman & Tukey 1958, "
    "doi 10.1002/j.1538-7305.1958.tb03874.x; masked correlation: Padfield 2012, doi 10.1109/TIP.2011.2181402"
)


class BandsParams(Params):
    """Everything that decides the value of the band energies.

    Attributes
    ----------
    version : 1
    edges_mm : tuple of float
        Wavelengths between bands, rising: n + 1 edges make n bands.
    """

    version: Literal[1]
    edges_mm: Annotated[tuple[Millimetres, ...], Field(min_length=2)]

    @model_validator(mode="after")
    def _check(self) -> Self:
        if list(self.edges_mm) != sorted(set(self.edges_mm)):
            raise ValueError("edges_mm must rise, each given once")
        return self


@dataclass(frozen=True, slots=True)
class EnergySplit:
    """Variance of a masked signal, split by wavelength; n bands make n + 2 parts.

    The first part is finer than every band, the last coarser.

    Attributes
    ----------
    texture_pct2 : (n + 2,) float64
        Without the camera's noise. Being an estimate, a part without texture can come out slightly negative.
    noise_pct2 : (n + 2,) float64
        The camera's noise. Texture and noise of all parts sum to the variance over the mask.
    measurable : (n,) bool
        Whether the grid is fine enough for the band and the mask wide enough.
    """

    texture_pct2: FloatArray
    noise_pct2: FloatArray
    measurable: BoolImage

    @property
    def total_pct2(self) -> float:
        """Variance of the texture at all wavelengths."""
        return float(self.texture_pct2.sum())


def describe(params: BandsParams) -> tuple[Metric, ...]:
    """List the metrics that `measure` returns, in its order."""
    edges = pairwise(params.edges_mm)
    return tuple(metric for finer, coarser in edges for metric in _describe(finer, coarser, params.version))


def band_name(finer_mm: float, coarser_mm: float) -> str:
    """Name of a band within the names of its metrics.

    >>> band_name(0.5, 1.0)
    '0.5_1mm'
    """
    return f"{finer_mm:g}_{coarser_mm:g}mm"


def _describe(finer_mm: float, coarser_mm: float, version: int) -> tuple[Metric, Metric, Metric]:
    between = band_name(finer_mm, coarser_mm)

    def metric(quantity: str, unit: str, high: float, larger_means: str, direction: Direction) -> Metric:
        name = f"band_{quantity}_{between}"
        tolerance = Tolerance(absolute=_FLOORS[quantity])
        return Metric(name, "bands", unit, 0.0, high, larger_means, direction, version, _SOURCE, tolerance)

    return (
        metric("energy", "%²", math.inf, "stronger texture of this size (grows with relief squared)", "lower_better"),
        metric("rms", "%", math.inf, "stronger texture of this size (grows with relief)", "lower_better"),
        metric("fraction", "1", 1.0, "more of all texture is of this size", "none"),
    )


def measure(patch: Patch, params: BandsParams) -> dict[str, float]:
    """Energy, its square root and its share of the whole, band by band.

    Parameters
    ----------
    patch : Patch
    params : BandsParams

    Returns
    -------
    dict of str to float
        By metric name. ``band_energy_<finer>_<coarser>mm`` in %² and its square root ``band_rms_…`` in %, both without
        the camera's noise and at least 0; ``band_fraction_…`` of the texture's total variance, 0 … 1. nan where the
        grid is too coarse (finer edge below 2 pixels) or the mask too narrow; the fraction also where there is no
        texture.

    Notes
    -----
    Comparable only between patches of the same grid, channel, total blur and parameters. See `split_energy`.

    Examples
    --------
    Stripes of wavelength 0.7 mm and amplitude 2 % have the variance 2²/2 = 2 %², nearly all of it between 0.5 and 1 mm.

    >>> import numpy as np
    >>> x_mm = np.arange(240) / 12.0
    >>> stripes = np.tile(2.0 * np.sin(2.0 * np.pi * x_mm / 0.7), (240, 1)).astype(np.float32)
    >>> patch = Patch(stripes, np.ones((240, 240), bool), 12.0, np.ones((240, 240), np.float32))
    >>> values = measure(patch, BandsParams(version=1, edges_mm=(0.5, 1.0)))
    >>> {name: round(value, 1) for name, value in values.items()}
    {'band_energy_0.5_1mm': 2.0, 'band_rms_0.5_1mm': 1.4, 'band_fraction_0.5_1mm': 1.0}
    """
    names = [metric.name for metric in describe(params)]
    if not patch.mask.any():
        return dict.fromkeys(names, math.nan)
    split = split_energy(patch, params.edges_mm)
    energy = np.where(split.measurable, np.maximum(split.texture_pct2[1:-1], 0.0), np.nan)
    total = split.total_pct2
    fraction = np.minimum(energy / total, 1.0) if total > 0.0 else np.full_like(energy, np.nan)
    return dict(zip(names, np.stack([energy, np.sqrt(energy), fraction], axis=1).ravel().tolist(), strict=True))


def split_energy(patch: Patch, edges_mm: tuple[float, ...]) -> EnergySplit:
    """Split the variance of the signal by wavelength, and the camera's noise out of it.

    Parameters
    ----------
    patch : Patch
        With at least one pixel inside the mask.
    edges_mm : tuple of float
        Wavelengths between bands, rising.

    Returns
    -------
    EnergySplit

    Notes
    -----
    The energy coarser than an edge is ``Σ_d C(d) w(d)`` over the lags ``d``, with ``C`` the masked autocovariance and
    ``w`` the inverse transform of a disc in the frequency plane, its radius the edge's frequency, softened by a
    Gaussian. A band is the difference of two such sums: isotropic, free of the outline, and all parts sum to the
    variance exactly. The noise has the same sums over its own autocovariance, so it comes off with the same edges.
    """
    signal, mask = crop_to_mask(patch.signal, patch.mask)
    observed = autocovariance(centred(signal, mask), mask, _reach_px(edges_mm[-1], patch.px_per_mm))
    noise = noise_autocovariance(patch, observed.lag_limit_px)
    weights = [coarser_weights(edge_mm, patch.px_per_mm) for edge_mm in edges_mm]
    noise_pct2 = _parts(noise, weights)
    supported = np.array([_support(observed, w) >= _MIN_SUPPORT for w in weights[1:]])
    resolved = np.array(edges_mm[:-1]) * patch.px_per_mm >= 2.0
    return EnergySplit(_parts(observed.values, weights) - noise_pct2, noise_pct2, supported & resolved)


@lru_cache(maxsize=32)
def coarser_weights(edge_mm: float, px_per_mm: float) -> FloatArray:
    """Weights by which lags are summed to the energy at wavelengths coarser than an edge.

    Returns
    -------
    (2 L + 1, L + 1) float64
        On the half plane of lags, as `Autocovariance` has it; a lag with a mirror image counts for both.
    """
    reach = _reach_px(edge_mm, px_per_mm)
    rows, columns = np.arange(-reach, reach + 1)[:, None], np.arange(reach + 1)
    lag_mm = np.hypot(rows, columns) / px_per_mm
    frequency = 1.0 / edge_mm
    window_sd_mm = edge_mm / (2.0 * math.pi * _EDGE_SOFTNESS)
    lag_mm[reach, 0] = 1.0  # any number but 0; the disc's own area stands here
    disc = frequency * j1(2.0 * math.pi * frequency * lag_mm) / lag_mm
    window = np.where(lag_mm <= _REACH * window_sd_mm, np.exp(-0.5 * (lag_mm / window_sd_mm) ** 2), 0.0)
    weights = disc * window
    weights[reach, 0] = math.pi * frequency**2
    weights = np.where(columns > 0, 2.0, 1.0) * weights / px_per_mm**2
    weights.setflags(write=False)
    return weights


def noise_autocovariance(patch: Patch, lag_limit_px: int) -> FloatArray:
    """Autocovariance of the camera's noise on the patch's grid, as the patch's three noise fields foretell it.

    Returns
    -------
    (2 L + 1, L + 1) float64
        In %², on the half plane of lags.

    Notes
    -----
    White noise in the photo's pixels has a flat spectrum up to their Nyquist frequency; the blur before resampling
    multiplies it by ``exp(−4 π² f² σ²)``. Its inverse transform, read at the lags of the patch's grid, holds what
    resampling folds back too. It separates into rows and columns.
    """
    if patch.noise_pct == 0.0 or math.isinf(patch.noise_px_per_mm):
        return np.zeros((2 * lag_limit_px + 1, lag_limit_px + 1))
    along = _noise_along(patch.noise_px_per_mm, patch.noise_blur_mm, patch.px_per_mm, lag_limit_px)
    return patch.noise_pct**2 * np.outer(np.concatenate([along[:0:-1], along]), along)


@lru_cache(maxsize=2)
def _noise_along(noise_px_per_mm: float, blur_mm: float, px_per_mm: float, lag_limit_px: int) -> FloatArray:
    """Autocorrelation of the noise along one axis; kept, since all channels of a zone share it."""
    nyquist = noise_px_per_mm / 2.0
    lag_mm = np.arange(lag_limit_px + 1) / px_per_mm
    points = 512 + 8 * math.ceil(nyquist * lag_mm[-1])  # eight for each turn of the fastest cosine
    frequency = nyquist * (np.arange(points) + 0.5) / points
    spectrum = np.exp(-((2.0 * math.pi * frequency * blur_mm) ** 2))
    return np.asarray(np.cos(2.0 * math.pi * np.outer(lag_mm, frequency)) @ spectrum / points)


def _reach_px(edge_mm: float, px_per_mm: float) -> int:
    return math.ceil(_REACH * edge_mm * px_per_mm / (2.0 * math.pi * _EDGE_SOFTNESS))


def _parts(values: FloatArray, weights: list[FloatArray]) -> FloatArray:
    """Energy of each part, finest first."""
    coarser = [float(np.vdot(_near(values, w), w)) for w in weights]
    return -np.diff([float(values[len(values) // 2, 0]), *coarser, 0.0])


def _support(observed: Autocovariance, weights: FloatArray) -> float:
    size = np.abs(weights)
    return float(size[_near(observed.pairs, weights) > 0].sum() / size.sum())


def _near(values: FloatArray, weights: FloatArray) -> FloatArray:
    """Cut out the block of lags that the weights reach."""
    centre, reach = len(values) // 2, len(weights) // 2
    return values[centre - reach : centre + reach + 1, : reach + 1]
