"""One row of the data dictionary: what a metric is called, what it means, and which way is better."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

Direction = Literal["lower_better", "higher_better", "none"]
"""Which way a metric moves when skin gets smoother; ``none`` where it can move either way."""


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
