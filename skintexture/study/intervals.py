"""How sure a change between two photos is.

Two things make it uncertain. The skin that happens to be measured: told by leaving out one part of it after the other.
And that each photo is one shot: light, pose and focus shift all of a zone's skin together, so that no look at the pair
itself can tell by how much. That part comes from repeated shots of unchanged skin.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import special

from skintexture.model import FloatArray
from skintexture.study.tallies import Tally

_LEAST_GROUPS = 3
# Factors beyond e to the power of this are no numbers that anyone needs.
_MOST_LOG = 50.0


@dataclass(frozen=True, slots=True)
class Estimate:
    """A change and its sampling error.

    Attributes
    ----------
    before, after : float
        In the metric's unit.
    relative : float
        Natural log of their ratio; for metrics that can be zero or negative, the difference by the larger of the two
        sizes, so that it is the same, but for its sign, the other way round.
    is_log : bool
        Which of the two.
    sampling_sd : float
        Standard deviation of ``relative`` over the skin measured, nan where it can't be told.
    """

    before: float
    after: float
    relative: float
    is_log: bool
    sampling_sd: float

    def percent(self, relative: float) -> float:
        """Turn a value on the scale of ``relative`` into per cent of ``before``."""
        if self.is_log:
            return 100.0 * math.expm1(min(relative, _MOST_LOG))
        return 100.0 * relative * _size(self.before, self.after) / abs(self.before) if self.before else math.nan


def estimate(metric: str, before: Tally, after: Tally, least: float) -> Estimate:
    """Set the two sides of a pair against each other.

    Parameters
    ----------
    metric : str
        Name in both tallies.
    before, after : Tally
    least : float
        Least value that the metric can have: a ratio is taken where it is 0 or more.

    Returns
    -------
    Estimate

    Examples
    --------
    >>> same = Tally({"a": 2.0}, {"a": np.array([2.0, 2.0, 2.0])})
    >>> half = Tally({"a": 1.0}, {"a": np.array([1.0, 1.1, 0.9])})
    >>> found = estimate("a", same, half, 0.0)
    >>> round(found.percent(found.relative)), round(found.sampling_sd, 2)
    (-50, 0.25)
    """
    first, second = before.values[metric], after.values[metric]
    is_log = least >= 0.0 and first > 0.0 and second > 0.0
    size = _size(first, second)
    difference = (second - first) / size if first != 0.0 else math.nan  # from nothing, no percentage leads anywhere
    relative = math.log(second / first) if is_log else difference
    pair = [side.without.get(metric) for side in (before, after)]
    least_sd = after.least_sd.get(metric, math.nan)
    if pair[0] is None or pair[1] is None or len(pair[0]) != len(pair[1]) or math.isnan(relative):
        return Estimate(first, second, relative, is_log, least_sd)
    with np.errstate(divide="ignore", invalid="ignore"):
        each = np.log(pair[1] / pair[0]) if is_log else (pair[1] - pair[0]) / size
    return Estimate(first, second, relative, is_log, float(np.fmax(jackknife_sd(each), least_sd)))


def _size(before: float, after: float) -> float:
    """Size that a difference of signed values is held against."""
    return max(abs(before), abs(after))


def jackknife_sd(without: FloatArray) -> float:
    """Tell the standard deviation of a statistic from its values with one group left out at a time.

    Parameters
    ----------
    without : (G,) float64
        Groups whose value is nan are passed over.

    Returns
    -------
    float
        Widened by Student's t over the normal, so that ± 1.96 of it covers 95 % also with few groups; nan for fewer
        than 3.
    """
    known = without[np.isfinite(without)]
    size = len(known)
    if size < _LEAST_GROUPS:
        return math.nan
    spread = math.sqrt((size - 1) / size * float(np.sum((known - known.mean()) ** 2)))
    return spread * float(special.stdtrit(size - 1, 0.975)) / 1.96


def chance_of(found: Estimate, sd: float) -> float:
    """How often chance alone makes a change of this size or more, in either direction: 0 … 1."""
    return 2.0 * float(special.ndtr(-abs(found.relative) / sd))


def few_by_chance(chance: FloatArray, share: float) -> NDArray[np.bool_]:
    """Choose changes of which at most a share is expected to be by chance (Benjamini and Hochberg 1995).

    Parameters
    ----------
    chance : (N,) float64
        Of each, 0 … 1.
    share : float
        0 … 1.

    Returns
    -------
    (N,) bool

    Examples
    --------
    >>> few_by_chance(np.array([0.001, 0.03, 0.04, 0.9]), 0.05)
    array([ True, False, False, False])
    >>> few_by_chance(np.array([0.001, 0.02, 0.03, 0.04]), 0.05)
    array([ True,  True,  True,  True])
    """
    allowed = share * np.arange(1, len(chance) + 1) / max(len(chance), 1)
    passing = np.flatnonzero(np.sort(chance) <= allowed)
    return np.asarray(chance <= (allowed[passing[-1]] if len(passing) else -1.0))


def interval_pct(found: Estimate, sd: float, confidence: float) -> tuple[float, float]:
    """Interval of the change, in per cent of ``before``.

    Parameters
    ----------
    found : Estimate
    sd : float
        Of ``found.relative``, all parts of it.
    confidence : float
        0 … 1.

    Returns
    -------
    low, high : float
    """
    reach = float(special.ndtri(0.5 + confidence / 2)) * sd
    return found.percent(found.relative - reach), found.percent(found.relative + reach)
