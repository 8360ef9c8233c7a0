"""What is said of a pair in a set."""

from __future__ import annotations

from types import SimpleNamespace

import pandas as pd
import pytest

from skintexture.pair_sets import _told
from skintexture.report.answer import Answer


@pytest.mark.parametrize(
    ("severities", "reason"),
    [
        (("not comparable", "caveat", "not comparable"), "smile; make-up"),
        (("none", "caveat", "none"), "too little is shown"),
    ],
)
def test_a_pair_that_cannot_be_compared_names_every_mismatch_of_the_photos(severities, reason):
    """Or, where the photos match, what is lacking."""
    mismatches = pd.DataFrame({"quantity": ["smile", "exposure", "make-up"], "severity": severities})
    answers = [Answer("not comparable", "Pore contrast: not comparable", "too little is shown")]
    compared = SimpleNamespace(refused=[], is_comparable=False, comparability=mismatches, answers=answers)
    assert _told(compared, None) == {"status": "not comparable", "reason": reason, "remedy": ""}
