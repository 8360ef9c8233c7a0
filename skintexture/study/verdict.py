"""What a change means: improved, worse, changed, nothing shown, or not to be compared."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from skintexture.metrics.definition import Direction

Verdict = Literal["improved", "worse", "changed", "no change shown", "not comparable"]

NOT_COMPARABLE: Verdict = "not comparable"
NO_CHANGE: Verdict = "no change shown"
WITHIN = "within the scatter of photographs"


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


def judge(change_pct: float, surely_pct: tuple[float, float], direction: Direction) -> Finding:
    """Turn a change into a verdict.

    Parameters
    ----------
    change_pct : float
    surely_pct : tuple of float
        Interval that must exclude 0 for a change to be shown.
    direction : {"lower_better", "higher_better", "none"}
        Which way is smoother skin.

    Returns
    -------
    Finding

    Examples
    --------
    >>> judge(-20.0, (-30.0, -10.0), "lower_better").verdict
    'improved'
    >>> judge(-20.0, (-45.0, 5.0), "lower_better").verdict
    'no change shown'
    """
    low, high = surely_pct
    if not (low > 0.0 or high < 0.0):
        return Finding(NO_CHANGE, WITHIN)
    if direction == "none":
        return Finding("changed", "")
    better = (change_pct < 0.0) == (direction == "lower_better")
    return Finding("improved" if better else "worse", "")
