"""From a change to a verdict."""

from __future__ import annotations

import pytest

from skintexture.study.verdict import NO_CHANGE, judge


@pytest.mark.parametrize(
    ("change", "surely", "direction", "verdict"),
    [
        (-20, (-30, -10), "lower_better", "improved"),
        (20, (10, 30), "lower_better", "worse"),
        (-20, (-30, -10), "higher_better", "worse"),
        (20, (10, 30), "higher_better", "improved"),
        (20, (10, 30), "none", "changed"),
        (-20, (-45, 5), "lower_better", NO_CHANGE),
        (-20, (-45, 0), "lower_better", NO_CHANGE),
        (float("nan"), (float("nan"), float("nan")), "lower_better", NO_CHANGE),
    ],
)
def test_only_an_interval_that_excludes_zero_is_a_change(change, surely, direction, verdict):
    assert judge(change, surely, direction).verdict == verdict
