"""How well repeated measurements of the same subjects agree: plain statistics over arrays.

Two forms of array come in. ``values`` of shape (n, k) has a row per subject and a column per shot. ``differences`` of
shape (n, p) has a row per subject and a column per pair of shots, later less earlier; they may be of values, of
logarithms, or relative. Either has nan where something is missing. Subjects with fewer than two shots say nothing of
agreement and are left out.

What is reported, and that intervals are reported with it, follows the Guidelines for Reporting Reliability and
Agreement Studies (Kottner 2011, doi 10.1016/j.jclinepi.2010.03.002).
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from numpy.typing import NDArray
from scipy import linalg, special

from skintexture.model import FloatArray

LEVEL = 0.95
"""Of every interval."""

_NORMAL = 1.96
_TAIL = (1 + LEVEL) / 2
_LARGEST_LOG_SD = 0.5


@dataclass(frozen=True, slots=True)
class Estimate:
    """A number and its 95 % interval; nan where it can't be told."""

    value: float
    low: float
    high: float


UNKNOWN = Estimate(math.nan, math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class MeanSquares:
    """Analysis of variance of subjects × shots, one value per cell.

    Attributes
    ----------
    between, shots, error : float
        Mean squares of subjects (MSB), shots (MSJ) and the rest (MSE); nan where they can't be told.
    between_df, shots_df, error_df : int
        Their degrees of freedom.
    shots_per_subject, subjects_per_shot : float
        How often the variance of subjects is in MSB, and that of shots in MSJ: k and n where no shot is missing.
    """

    between: float
    shots: float
    error: float
    between_df: int
    shots_df: int
    error_df: int
    shots_per_subject: float
    subjects_per_shot: float


def repeated(values: FloatArray) -> FloatArray:
    """Keep the subjects with at least two shots, and the shots that are left."""
    kept = values[np.isfinite(values).sum(axis=1) >= 2]
    return np.asarray(kept[:, np.isfinite(kept).any(axis=0)])


def mean_squares(values: FloatArray) -> MeanSquares:
    """Split the variance into that of subjects, of shots, and the rest.

    Parameters
    ----------
    values : (n, k) float

    Returns
    -------
    MeanSquares
        All nan where fewer than two subjects have two shots.

    Notes
    -----
    Where shots are missing, subjects are adjusted for shots and shots for subjects (fitting constants: Henderson's
    method III, doi 10.2307/3001853), and the variances are contained in the mean squares as often as their expectations
    say. With no shot missing, this is the common table.

    Examples
    --------
    >>> squares = mean_squares(np.array([[2.0, 4.0], [4.0, 6.0], [6.0, 8.0]]))
    >>> round(squares.between, 6), round(squares.shots, 6), abs(round(squares.error, 6))
    (8.0, 6.0, 0.0)
    """
    kept = repeated(values)
    n, k = kept.shape
    if n < 2 or k < 2:
        return MeanSquares(math.nan, math.nan, math.nan, 0, 0, 0, math.nan, math.nan)
    there = np.isfinite(kept)
    subject, shot = np.nonzero(there)
    y = kept[there] - kept[there].mean()
    within = y - _means(y, subject)[subject]
    # The shots as they differ within subjects: what subjects can't explain of them.
    shots = np.eye(k)[shot] - (there / there.sum(axis=1, keepdims=True))[subject]
    axes = np.asarray(linalg.orth(shots))
    by_shots = _squares(axes.T @ within)
    by_subjects = _squares(y) - _squares(within) + by_shots - _squares(_means(y, shot)[shot])
    shots_df = axes.shape[1]
    between_df, error_df = n + shots_df - k, len(y) - n - shots_df
    return MeanSquares(
        _ratio(max(by_subjects, 0.0), between_df),
        _ratio(by_shots, shots_df),
        _ratio(_squares(within - axes @ (axes.T @ within)), error_df),
        between_df,
        shots_df,
        error_df,
        _ratio(len(y) - k, between_df),
        _ratio(len(y) - n, shots_df),
    )


def _means(values: FloatArray, group: NDArray[np.intp]) -> FloatArray:
    return np.asarray(np.bincount(group, values) / np.bincount(group))


def _squares(values: FloatArray) -> float:
    return float(np.sum(values**2))


def _ratio(above: float, below: float) -> float:
    return above / below if below > 0 else math.nan


def icc31(squares: MeanSquares) -> Estimate:
    """Consistency of single shots: ICC(3,1), in which a difference common to all subjects doesn't count.

    Parameters
    ----------
    squares : MeanSquares

    Returns
    -------
    Estimate
        At most 1, larger means better told apart; (MSB − MSE) / (MSB + (k − 1) MSE), with the interval of Shrout &
        Fleiss 1979 (doi 10.1037/0033-2909.86.2.420). nan without scatter of any kind.

    Notes
    -----
    It depends on how much the subjects differ, and is comparable only between samples that differ alike.

    Examples
    --------
    >>> round(icc31(mean_squares(np.array([[2.0, 4.0], [4.0, 6.0], [6.0, 8.0]]))).value, 6)
    1.0
    """
    above, error, k = squares.between, squares.error, squares.shots_per_subject
    if not _told(squares):
        return UNKNOWN

    def at(factor_above: float, factor_error: float) -> float:
        return _ratio(
            factor_above * above - factor_error * error, factor_above * above + (k - 1) * factor_error * error
        )

    lower = float(special.fdtri(squares.between_df, squares.error_df, _TAIL))
    upper = float(special.fdtri(squares.error_df, squares.between_df, _TAIL))
    return Estimate(at(1.0, 1.0), at(1.0, lower), at(upper, 1.0))


def icc21(squares: MeanSquares) -> Estimate:
    """Agreement of single shots: ICC(2,1), in which a difference common to all subjects counts.

    Parameters
    ----------
    squares : MeanSquares

    Returns
    -------
    Estimate
        At most 1, larger means better agreement; (MSB − MSE) / (MSB + (k − 1) MSE + k (MSJ − MSE) / n), with the
        interval of McGraw & Wong 1996 (doi 10.1037/1082-989X.1.1.30), there ICC(A,1). nan without scatter of any kind.

    Examples
    --------
    >>> round(icc21(mean_squares(np.array([[2.0, 4.0], [4.0, 6.0], [6.0, 8.0]]))).value, 6)
    0.666667
    """
    above, shots, error = squares.between, squares.shots, squares.error
    k, n = squares.shots_per_subject, squares.subjects_per_shot
    if not _told(squares):
        return UNKNOWN
    value = _ratio(above - error, above + (k - 1) * error + k * (shots - error) / n)
    if math.isnan(value) or value >= 1:
        return Estimate(value, value, value)
    df = _pooled_df(squares, value)
    lower = float(special.fdtri(squares.between_df, df, _TAIL))
    upper = float(special.fdtri(df, squares.between_df, _TAIL))
    rest = k * shots + (k * n - k - n) * error
    return Estimate(
        value,
        _ratio(n * (above - lower * error), lower * rest + n * above),
        _ratio(n * (upper * above - error), rest + n * upper * above),
    )


def _pooled_df(squares: MeanSquares, icc: float) -> float:
    """Degrees of freedom of the error and the shots together, after Satterthwaite."""
    k, n = squares.shots_per_subject, squares.subjects_per_shot
    a = k * icc / (n * (1 - icc))
    b = 1 + k * icc * (n - 1) / (n * (1 - icc))
    shots, error = a * squares.shots, b * squares.error
    return _ratio((shots + error) ** 2, shots**2 / squares.shots_df + error**2 / squares.error_df)


def _told(squares: MeanSquares) -> bool:
    """Tell whether there are degrees of freedom for everything, and any scatter at all."""
    enough = min(squares.between_df, squares.shots_df, squares.error_df) > 0
    return enough and squares.between + squares.shots + squares.error > 0


def sem(squares: MeanSquares) -> float:
    """Give the standard error of measurement, √MSE: the scatter of a shot beyond what all subjects share in it."""
    return math.sqrt(squares.error)


def mdc95(standard_error: float) -> float:
    """Minimal detectable change: the difference of two shots that unchanged subjects exceed in 5 % of cases.

    Parameters
    ----------
    standard_error : float
        Standard error of measurement.

    Returns
    -------
    float
        1.96 · √2 · SEM, in the same unit.

    Examples
    --------
    >>> round(mdc95(math.sqrt(1.64)), 2)
    3.55
    """
    return _NORMAL * math.sqrt(2) * standard_error


def differences_of(values: FloatArray) -> FloatArray:
    """Set every later shot against every earlier one.

    Parameters
    ----------
    values : (n, k) float
        Columns in the order of the shots.

    Returns
    -------
    (n, k (k − 1) / 2) float

    Examples
    --------
    >>> differences_of(np.array([[1.0, 3.0, 7.0]]))
    array([[2., 6., 4.]])
    """
    pairs = [values[:, j] - values[:, i] for i, j in combinations(range(values.shape[1]), 2)]
    return np.array(pairs).T if pairs else np.empty((len(values), 0))


def pair_sd(differences: FloatArray, df: NDArray[np.integer]) -> float:
    """Give the standard deviation of single shots within their subject, from their pairs.

    Parameters
    ----------
    differences : (n, p) float
    df : (n,) int
        Each subject's shots less one: its weight.

    Returns
    -------
    float
        √(mean of differences² / 2), the mean taken over each subject's pairs and then over subjects; in the unit of the
        differences. Whatever differs between shots is in it, also what all subjects share. nan where nobody has two
        shots.
    """
    counts = np.isfinite(differences).sum(axis=1)
    known = (counts > 0) & (df > 0)
    if not known.any():
        return math.nan
    variances = np.nansum(differences[known] ** 2, axis=1) / counts[known] / 2
    return math.sqrt(float(np.average(variances, weights=df[known])))


def within_sd(values: FloatArray) -> tuple[float, int]:
    """Give the standard deviation of single shots within their subject.

    Parameters
    ----------
    values : (n, k) float

    Returns
    -------
    sd : float
        Root mean square of the subjects' own standard deviations, weighted by shots less one, which is the same as
        `pair_sd` of their differences; in the values' unit. nan where no subject has two shots.
    df : int
        Shots less subjects.

    Examples
    --------
    >>> within_sd(np.array([[1.0, 3.0, math.nan], [5.0, 6.0, 7.0]]))
    (1.1547005383792515, 3)
    """
    kept = repeated(values)
    df = np.isfinite(kept).sum(axis=1) - 1
    return pair_sd(differences_of(kept), df), int(df.sum())


def within_cv_pct(values: FloatArray) -> float:
    """Within-subject coefficient of variation, the root mean square over subjects.

    Parameters
    ----------
    values : (n, k) float
        All above zero, or all below.

    Returns
    -------
    float
        100 · √(mean of (SD / mean)²), each subject weighted by its shots less one; in %. nan where a value is zero or
        their signs differ, so that a percentage has no meaning, or no subject has two shots.

    Notes
    -----
    `log_cv_pct` of the logarithms' SD is nearly the same number, and the one to take where scatter grows in proportion.
    """
    kept = repeated(values)
    if not has_percentage(kept):
        return math.nan
    sd, _ = within_sd(kept / np.nanmean(kept, axis=1, keepdims=True))
    return 100 * sd


def has_percentage(values: FloatArray) -> bool:
    """Whether a percentage of these values has a meaning: none is zero, and all have one sign."""
    there = values[np.isfinite(values)]
    return bool(there.size) and bool(np.all(there > 0) or np.all(there < 0))


def log_cv_pct(log_sd: float) -> float:
    """Coefficient of variation of values whose natural logarithm has this SD: 100 · √(exp(SD²) − 1), in %."""
    return 100 * math.sqrt(math.expm1(log_sd**2))


@dataclass(frozen=True, slots=True)
class Limits:
    """Bland and Altman's bias and limits of agreement.

    Attributes
    ----------
    bias : Estimate
        Mean of later − earlier.
    low, high : Estimate
        Bias ± 1.96 standard deviations of the differences.
    """

    bias: Estimate
    low: Estimate
    high: Estimate


def bland_altman(differences: FloatArray) -> Limits:
    """Bias between an earlier and a later shot, and the limits that hold 95 % of their differences.

    Parameters
    ----------
    differences : (n, p) float

    Returns
    -------
    Limits
        In the differences' unit; nan with fewer than two subjects.

    Notes
    -----
    Bland & Altman 1999 (doi 10.1177/096228029900800204): the standard error of the bias is SD / √n, that of a limit
    SD · √(1/n + 1.96² / (2 (n − 1))), with Student's t. With more than two shots, a subject's pairs share one subject's
    weight; n stays the number of subjects.
    """
    kept = differences[np.isfinite(differences).any(axis=1)]
    n = len(kept)
    if n < 2:
        return Limits(UNKNOWN, UNKNOWN, UNKNOWN)
    counts = np.isfinite(kept).sum(axis=1)
    bias = float((np.nansum(kept, axis=1) / counts).mean())
    sd = math.sqrt(float((np.nansum((kept - bias) ** 2, axis=1) / counts).sum()) / (n - 1))
    t = float(special.stdtrit(n - 1, _TAIL))
    of_bias, of_limit = t * sd / math.sqrt(n), t * sd * math.sqrt(1 / n + _NORMAL**2 / (2 * (n - 1)))
    low, high = bias - _NORMAL * sd, bias + _NORMAL * sd
    return Limits(
        Estimate(bias, bias - of_bias, bias + of_bias),
        Estimate(low, low - of_limit, low + of_limit),
        Estimate(high, high - of_limit, high + of_limit),
    )


def scatter_grows(values: FloatArray) -> bool:
    """Tell whether subjects with larger values scatter more, so that ratios are to be looked at, not differences.

    Parameters
    ----------
    values : (n, k) float

    Returns
    -------
    bool
        True where all values are above zero and Kendall's rank correlation of the subjects' standard deviations with
        their means is positive with p < 0.05 (two-sided). False also where too few subjects are there to tell, and
        where the logarithms' own standard deviation is above 0.5: values that scatter by orders of magnitude, most
        of them next to nothing, are not described by a percentage.
    """
    kept = repeated(values)
    if len(kept) < 2 or bool(np.nanmin(kept) <= 0):
        return False
    if within_sd(np.log(kept))[0] > _LARGEST_LOG_SD:
        return False
    from scipy import stats  # takes half a second, and only studies need it

    found = stats.kendalltau(np.nanmean(kept, axis=1), np.nanstd(kept, axis=1, ddof=1))
    return bool(found.statistic > 0 and found.pvalue < 1 - LEVEL)
