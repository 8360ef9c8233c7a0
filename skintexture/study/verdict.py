"""What a change means: improved, worse, changed, nothing shown, or not to be compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from skintexture.metrics.definition import Direction

Verdict = Literal["improved", "worse", "changed", "no change shown", "not comparable"]

NOT_COMPARABLE: Verdict = "not comparable"
NO_CHANGE: Verdict = "no change shown"
WITHIN = "within the scatter of photographs"
ONE_OF_MANY = "of many zones, one may change as much by chance alone"
SCATTER_UNKNOWN = (
    "how far such photos of unchanged skin differ isn't known; take repeated shots, and give their profile with "
    "--repeatability"
)
"""Alone, it says that values are comparable, and only the verdict lacks."""


@dataclass(frozen=True, slots=True)
class Finding:
    """A verdict with its reason.

    Attributes
    ----------
    verdict : str
    reason : str
        Why nothing can be said, or why nothing is shown; empty for a change that is shown.
    """

    verdict: Verdict
    reason: str


def judge(change: float, direction: Direction, *, shown: bool, alone: bool = False) -> Finding:
    """Turn a change into a verdict.

    Parameters
    ----------
    change : float
        On any scale; its sign counts.
    direction : {"lower_better", "higher_better", "none"}
        Which way is smoother skin.
    shown : bool
        Whether it is more than chance makes.
    alone : bool
        Whether it would be if this zone were the only one.

    Returns
    -------
    Finding

    Examples
    --------
    >>> judge(-0.2, "lower_better", shown=True).verdict
    'improved'
    >>> judge(-0.2, "lower_better", shown=False).verdict
    'no change shown'
    """
    if not shown:
        return Finding(NO_CHANGE, ONE_OF_MANY if alone else WITHIN)
    if direction == "none":
        return Finding("changed", "")
    better = (change < 0.0) == (direction == "lower_better")
    return Finding("improved" if better else "worse", "")
