"""95 % intervals of what is counted and averaged over pores, in closed form: same pores, same interval."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from skintexture.model import BoolImage, FloatArray

Interval = tuple[float, float]
"""Lower and upper end."""

NO_INTERVAL: Interval = (math.nan, math.nan)

_TAIL = 0.025
_TILES = 5
"""Tiles along each side of the skin's box, in which counts are compared: enough to see clusters, few enough for each to
hold several pores."""
_LEAST_EXPECTED = 2.0
"""A tile that is expected to hold fewer pores than this says nothing about clusters."""
_LEAST_TILES = 6


def dispersion(places_px: FloatArray, skin: BoolImage) -> float:
    """Tell by how much counts vary more than by chance, as a factor on the variance.

    Parameters
    ----------
    places_px : (N, 2) float64
        ``(y, x)`` of the pores.
    skin : (H, W) bool
        Where they could lie.

    Returns
    -------
    float
        Pearson's χ² of the counts in tiles by its degrees of freedom; at least 1, and 1 where there are too few pores
        to tell. Pores that keep their distance are not rewarded.
    """
    if len(places_px) == 0 or not skin.any():
        return 1.0
    rows, columns = (np.flatnonzero(skin.any(axis=axis)) for axis in (1, 0))
    edges = [np.linspace(at[0] - 0.5, at[-1] + 0.5, _TILES + 1) for at in (rows, columns)]
    found = np.histogram2d(places_px[:, 0], places_px[:, 1], bins=edges)[0].ravel()
    y, x = (at.astype(np.float64) for at in np.nonzero(skin))
    area = np.histogram2d(y, x, bins=edges)[0].ravel()
    expected = area * found.sum() / area.sum()
    told = expected >= _LEAST_EXPECTED
    if told.sum() < _LEAST_TILES:
        return 1.0
    chi2 = np.sum((found[told] - expected[told]) ** 2 / expected[told])
    return max(1.0, float(chi2 / (told.sum() - 1)))


def count_interval(count: int, spread: float) -> Interval:
    """Interval of a Poisson count (Garwood 1936, doi 10.1093/biomet/28.3-4.437), its variance widened by `spread`.

    Examples
    --------
    >>> low, high = count_interval(10, 1.0)
    >>> round(low, 2), round(high, 2)
    (4.8, 18.39)
    """
    effective = count / spread
    low = float(special.gammaincinv(effective, _TAIL)) if count else 0.0
    high = float(special.gammaincinv(effective + 1.0, 1.0 - _TAIL))
    return low * spread, high * spread


def sum_interval(values: FloatArray, spread: float) -> Interval:
    """Interval of a sum over a Poisson number of pores, on the log scale; nan below 2 pores.

    The variance of such a sum is the sum of the squares.
    """
    if len(values) < 2:
        return NO_INTERVAL
    total = float(values.sum())
    reach = -float(special.ndtri(_TAIL)) * math.sqrt(spread * float(np.sum(values**2))) / total
    return total * math.exp(-reach), total * math.exp(reach)


def mean_interval(values: FloatArray) -> Interval:
    """Student's interval of a mean; nan below 2 values."""
    if len(values) < 2:
        return NO_INTERVAL
    error = float(np.std(values, ddof=1)) / math.sqrt(len(values))
    reach = float(special.stdtrit(len(values) - 1, 1.0 - _TAIL)) * error
    mean = float(np.mean(values))
    return max(0.0, mean - reach), mean + reach


def quantile_interval(values: FloatArray, share: float) -> Interval:
    """Interval of a quantile between two of the sorted values themselves, whatever their distribution.

    It is nan where so few values can't hold the quantile with 95 % confidence (6 for the median).
    """
    n = len(values)
    below = special.bdtr(np.arange(n + 1), n, share)  # chance of at most so many values under the quantile
    first, last = (int(np.searchsorted(below, tail)) for tail in (_TAIL, 1.0 - _TAIL))
    first -= 1
    if first < 0 or last >= n:
        return NO_INTERVAL
    ordered = np.sort(values)
    return float(ordered[first]), float(ordered[last])


def share_interval(count: int, total: int) -> Interval:
    """Exact interval of a share (Clopper and Pearson 1934, doi 10.1093/biomet/26.4.404)."""
    if total == 0:
        return NO_INTERVAL
    low = float(special.betaincinv(count, total - count + 1, _TAIL)) if count else 0.0
    high = float(special.betaincinv(count + 1, total - count, 1.0 - _TAIL)) if count < total else 1.0
    return low, high


def scaled(interval: Interval, factor: float) -> Interval:
    """Interval of the number times a factor."""
    return interval[0] * factor, interval[1] * factor
