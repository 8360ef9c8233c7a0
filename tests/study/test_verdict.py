"""From a change to a verdict."""

from __future__ import annotations

import pytest

from skintexture.study.verdict import NO_CHANGE, ONE_OF_MANY, WITHIN, Finding, judge


@pytest.mark.parametrize(
    ("change", "direction", "verdict"),
    [
        (-20, "lower_better", "improved"),
        (20, "lower_better", "worse"),
        (-20, "higher_better", "worse"),
        (20, "higher_better", "improved"),
        (20, "none", "changed"),
    ],
)
def test_what_is_shown_gets_its_side(change, direction, verdict):
    assert judge(change, direction, shown=True) == Finding(verdict, "")


def test_what_is_not_shown_says_whether_it_would_be_alone():
    assert judge(-20, "lower_better", shown=False) == Finding(NO_CHANGE, WITHIN)
    assert judge(-20, "lower_better", shown=False, alone=True) == Finding(NO_CHANGE, ONE_OF_MANY)
