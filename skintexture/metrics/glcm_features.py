"""The 25 co-occurrence features of the Image Biomarker Standardisation Initiative (IBSI), by their IBSI names.

Each row of `FEATURES` holds a feature's definition and what to know of it. Levels count from 1, entropies are in bits,
and 0 · log 0 = 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np
from numpy.typing import NDArray

from skintexture.metrics.definition import Direction
from skintexture.model import FloatArray

FeatureName = Literal[
    "joint_maximum",
    "joint_average",
    "joint_variance",
    "joint_entropy",
    "difference_average",
    "difference_variance",
    "difference_entropy",
    "sum_average",
    "sum_variance",
    "sum_entropy",
    "angular_second_moment",
    "contrast",
    "dissimilarity",
    "inverse_difference",
    "normalised_inverse_difference",
    "inverse_difference_moment",
    "normalised_inverse_difference_moment",
    "inverse_variance",
    "correlation",
    "autocorrelation",
    "cluster_tendency",
    "cluster_shade",
    "cluster_prominence",
    "first_information_correlation",
    "second_information_correlation",
]

FEATURE_NAMES: tuple[FeatureName, ...] = get_args(FeatureName)
"""In IBSI's order."""


@dataclass(frozen=True, slots=True)
class Cooccurrence:
    """A symmetric co-occurrence distribution and the distributions that follow from it.

    Attributes
    ----------
    joint : (N, N) float64
        Probability of the pair of levels ``(i, j)``; symmetric, sums to 1.
    level : (N,) float64
        1 … N.
    marginal : (N,) float64
        Probability of level ``i``.
    difference : (N,) float64
        Probability of ``|i − j| = k``, ``k = 0 … N − 1``.
    total : (2 N − 1,) float64
        Probability of ``i + j = k``, ``k = 2 … 2 N``.
    """

    joint: FloatArray
    level: FloatArray
    marginal: FloatArray
    difference: FloatArray
    total: FloatArray

    @classmethod
    def from_counts(cls, counts: FloatArray) -> Cooccurrence:
        """Make the distributions from a symmetric ``(N, N)`` table of counts with at least one pair."""
        joint = counts / counts.sum()
        index = np.arange(len(joint))
        apart = np.abs(index[:, None] - index)
        together = index[:, None] + index
        return cls(
            joint=joint,
            level=np.arange(1.0, len(joint) + 1.0),
            marginal=joint.sum(axis=1),
            difference=_sum_by(apart, joint),
            total=_sum_by(together, joint),
        )

    @property
    def mean(self) -> float:
        return float(self.level @ self.marginal)

    @property
    def variance(self) -> float:
        return float((self.level - self.mean) ** 2 @ self.marginal)

    @property
    def steps(self) -> FloatArray:
        """The values of ``|i − j|`` that `difference` belongs to."""
        return self.level - 1.0

    @property
    def sums(self) -> FloatArray:
        """The values of ``i + j`` that `total` belongs to."""
        return np.arange(2.0, 2.0 * len(self.level) + 1.0)

    def cluster(self, power: int) -> float:
        """Central moment of ``i + j``."""
        return float((self.sums - 2.0 * self.mean) ** power @ self.total)


def _sum_by(key: NDArray[np.intp], weights: FloatArray) -> FloatArray:
    return np.bincount(key.ravel(), weights.ravel()).astype(np.float64, copy=False)


def _entropy(probability: FloatArray) -> float:
    positive = probability[probability > 0]
    return float(-(positive @ np.log2(positive))) + 0.0  # + 0.0 turns −0 into 0


def _difference_average(pairs: Cooccurrence) -> float:
    return float(pairs.steps @ pairs.difference)


def _difference_variance(pairs: Cooccurrence) -> float:
    return float((pairs.steps - _difference_average(pairs)) ** 2 @ pairs.difference)


def _inverse_variance(pairs: Cooccurrence) -> float:
    return float(pairs.difference[1:] @ (1.0 / pairs.steps[1:] ** 2))


def _correlation(pairs: Cooccurrence) -> float:
    variance = pairs.variance
    if variance == 0.0:
        return math.nan
    return (_autocorrelation(pairs) - pairs.mean**2) / variance


def _autocorrelation(pairs: Cooccurrence) -> float:
    return float(pairs.level @ pairs.joint @ pairs.level)


def _first_information_correlation(pairs: Cooccurrence) -> float:
    # For a symmetric distribution both of IBSI's reference entropies, HXY1 and HXY2, are twice the marginal's.
    single = _entropy(pairs.marginal)
    if single == 0.0:
        return math.nan
    return (_entropy(pairs.joint.ravel()) - 2.0 * single) / single


def _second_information_correlation(pairs: Cooccurrence) -> float:
    shared = 2.0 * _entropy(pairs.marginal) - _entropy(pairs.joint.ravel())
    return math.sqrt(max(0.0, 1.0 - math.exp(-2.0 * shared)))


@dataclass(frozen=True, slots=True)
class Feature:
    """Definition and meaning of one feature.

    Attributes
    ----------
    value : callable
        From the distribution to the feature; nan where undefined.
    unit : str
        In grey levels; one level is one bin of contrast.
    bounds : callable
        From the number of levels to the smallest and largest possible value.
    larger_means : str
    direction : {"lower_better", "higher_better", "none"}
        Given only where fainter texture can move the feature to one side alone.
    """

    value: Callable[[Cooccurrence], float]
    unit: str
    bounds: Callable[[int], tuple[float, float]]
    larger_means: str
    direction: Direction


FEATURES: Mapping[FeatureName, Feature] = MappingProxyType(
    {
        "joint_maximum": Feature(
            lambda p: float(p.joint.max()),
            "1",
            lambda n: (1 / n**2, 1.0),
            "one pair of levels dominates",
            "higher_better",
        ),
        "joint_average": Feature(
            lambda p: p.mean, "level", lambda n: (1.0, float(n)), "brighter against the local mean", "none"
        ),
        "joint_variance": Feature(
            lambda p: p.variance,
            "level²",
            lambda n: (0.0, (n - 1) ** 2 / 4),
            "stronger texture, at any distance",
            "lower_better",
        ),
        "joint_entropy": Feature(
            lambda p: _entropy(p.joint.ravel()),
            "bit",
            lambda n: (0.0, 2 * math.log2(n)),
            "more kinds of pairs, less order",
            "lower_better",
        ),
        "difference_average": Feature(
            _difference_average,
            "level",
            lambda n: (0.0, n - 1.0),
            "larger steps between pixels this far apart",
            "lower_better",
        ),
        "difference_variance": Feature(
            _difference_variance,
            "level²",
            lambda n: (0.0, (n - 1) ** 2 / 4),
            "steps of more unequal size",
            "lower_better",
        ),
        "difference_entropy": Feature(
            lambda p: _entropy(p.difference),
            "bit",
            lambda n: (0.0, math.log2(n)),
            "more kinds of steps",
            "lower_better",
        ),
        "sum_average": Feature(
            lambda p: float(p.sums @ p.total),
            "level",
            lambda n: (2.0, 2.0 * n),
            "brighter against the local mean",
            "none",
        ),
        "sum_variance": Feature(
            lambda p: p.cluster(2),
            "level²",
            lambda n: (0.0, (n - 1.0) ** 2),
            "stronger texture coarser than this distance",
            "lower_better",
        ),
        "sum_entropy": Feature(
            lambda p: _entropy(p.total),
            "bit",
            lambda n: (0.0, math.log2(2 * n - 1)),
            "more kinds of pair sums",
            "lower_better",
        ),
        "angular_second_moment": Feature(
            lambda p: float(np.vdot(p.joint, p.joint)),
            "1",
            lambda n: (1 / n**2, 1.0),
            "fewer kinds of pairs, more uniform",
            "higher_better",
        ),
        "contrast": Feature(
            lambda p: float(p.steps**2 @ p.difference),
            "level²",
            lambda n: (0.0, (n - 1.0) ** 2),
            "larger steps between pixels this far apart",
            "lower_better",
        ),
        "dissimilarity": Feature(
            _difference_average,
            "level",
            lambda n: (0.0, n - 1.0),
            "larger steps between pixels this far apart",
            "lower_better",
        ),
        "inverse_difference": Feature(
            lambda p: float(p.difference @ (1 / (1 + p.steps))),
            "1",
            lambda n: (1 / n, 1.0),
            "smaller steps between pixels this far apart",
            "higher_better",
        ),
        "normalised_inverse_difference": Feature(
            lambda p: float(p.difference @ (1 / (1 + p.steps / len(p.steps)))),
            "1",
            lambda n: (n / (2 * n - 1), 1.0),
            "smaller steps between pixels this far apart",
            "higher_better",
        ),
        "inverse_difference_moment": Feature(
            lambda p: float(p.difference @ (1 / (1 + p.steps**2))),
            "1",
            lambda n: (1 / (1 + (n - 1) ** 2), 1.0),
            "smaller steps between pixels this far apart",
            "higher_better",
        ),
        "normalised_inverse_difference_moment": Feature(
            lambda p: float(p.difference @ (1 / (1 + (p.steps / len(p.steps)) ** 2))),
            "1",
            lambda n: (n**2 / (n**2 + (n - 1) ** 2), 1.0),
            "smaller steps between pixels this far apart",
            "higher_better",
        ),
        "inverse_variance": Feature(
            _inverse_variance, "1", lambda _: (0.0, 1.0), "more steps of just one level, neither none nor large", "none"
        ),
        "correlation": Feature(
            _correlation, "1", lambda _: (-1.0, 1.0), "texture coarser than this distance prevails", "none"
        ),
        "autocorrelation": Feature(
            _autocorrelation, "level²", lambda n: (1.0, float(n**2)), "brighter against the local mean", "none"
        ),
        "cluster_tendency": Feature(
            lambda p: p.cluster(2),
            "level²",
            lambda n: (0.0, (n - 1.0) ** 2),
            "stronger texture coarser than this distance",
            "lower_better",
        ),
        # In an interval of width w the third central moment is at most w³/√108, the fourth w⁴/12; here w = 2 (N − 1).
        "cluster_shade": Feature(
            lambda p: p.cluster(3),
            "level³",
            lambda n: (-((2 * n - 2) ** 3) / math.sqrt(108), (2 * n - 2) ** 3 / math.sqrt(108)),
            "bright spots on darker ground; negative: dark spots on brighter ground",
            "none",
        ),
        "cluster_prominence": Feature(
            lambda p: p.cluster(4),
            "level⁴",
            lambda n: (0.0, (2 * n - 2) ** 4 / 12),
            "more of the texture in few strong spots or lines",
            "lower_better",
        ),
        "first_information_correlation": Feature(
            _first_information_correlation,
            "1",
            lambda _: (-1.0, 0.0),
            "a pixel tells less of its partner (0: nothing)",
            "none",
        ),
        "second_information_correlation": Feature(
            _second_information_correlation,
            "1",
            lambda _: (0.0, 1.0),
            "a pixel tells more of its partner (0: nothing)",
            "none",
        ),
    }
)
"""What each feature is, by name."""
