"""One row of the data dictionary: what a metric is called, what it means, and which way is better."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Direction = Literal["lower_better", "higher_better", "none"]
"""Which way a metric moves when skin gets smoother; ``none`` where it can move either way."""


@dataclass(frozen=True, slots=True)
class Tolerance:
    """How far a number may move between two machines and still be called the same.

    Processors round differently in the last places. Two values are the same if they differ by no more than the larger
    of the two bounds; a change of the definition by half a per cent must still stand out.

    Attributes
    ----------
    relative : float
        Share of the value.
    absolute : float
        In the metric's unit: what rounding can do to a value near zero.

    Examples
    --------
    >>> Tolerance().allows(20.0, 20.01), Tolerance().allows(20.0, 20.1)
    (True, False)
    """

    relative: float = 2e-3
    absolute: float = 0.0

    def allows(self, then: float, now: float) -> bool:
        """Whether two values are the same number; nan is the same as nan alone."""
        if math.isnan(then) or math.isnan(now):
            return math.isnan(then) and math.isnan(now)
        return abs(now - then) <= max(self.relative * abs(then), self.absolute)


@dataclass(frozen=True, slots=True)
class Metric:
    """What stands behind one number.

    Attributes
    ----------
    name : str
        As in every table; it carries the parameters that tell it from its siblings (``glcm_contrast_0.25mm``).
    family : str
        Key of its family in the catalogue, and name of its page in ``docs/metrics``.
    unit : str
        ``1`` for a pure number.
    low, high : float
        The value can't lie outside; infinite where there is no bound.
    larger_means : str
        Completes the sentence "a larger value means …".
    direction : {"lower_better", "higher_better", "none"}
        Which way is smoother skin.
    version : int
        Counts the definitions that this name has had.
    source : str
        Where the definition comes from, with DOI or number of the standard.
    tolerance : Tolerance
        By how much its values may differ between machines.
    """

    name: str
    family: str
    unit: str
    low: float
    high: float
    larger_means: str
    direction: Direction
    version: int
    source: str
    tolerance: Tolerance = Tolerance()
