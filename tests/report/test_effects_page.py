"""The page that tells what a group shows."""

from __future__ import annotations

import numpy as np
import pandas as pd

from skintexture.report.answer import Endpoint
from skintexture.report.effects_page import draw_effects
from skintexture.report.page import render_page

ENDPOINTS = tuple(Endpoint(metric, f"depth of {metric}") for metric in "abcd")


def _effects(**special):
    rows = []
    for metric in "abc":
        for zone in ("whole_face", "nose", "left_cheek"):
            row = {"visit_before": "before", "visit_after": "week 4", "zone": zone, "metric": metric, "subjects": 9}
            row |= {"change": -20.0, "ci_low": -30.0, "ci_high": -10.0, "p_holm": 0.01, "improved": 7}
            rows.append(row | {"direction": "lower_better"} | special.get(f"{metric}_{zone}", {}))
    return pd.DataFrame(rows)


def _texts(effects):
    return [text.get_text() for text in draw_effects(effects, ENDPOINTS).texts]


def test_the_first_two_endpoints_are_shown_by_zone_and_the_others_of_the_face():
    said = _texts(_effects())
    assert "before → week 4" in said
    assert [text for text in said if text.startswith("Depth of")] == ["Depth of a", "Depth of b"]
    assert "depth of c" in said
    assert said.count("7 of 9 improved") == 2 * 3 + 1
    assert said.count("L cheek") == 2


def test_what_was_compared_in_nobody_has_no_row():
    nobody = {"subjects": 0, "change": np.nan, "ci_low": np.nan, "ci_high": np.nan, "p_holm": np.nan}
    said = _texts(_effects(a_nose=nobody, b_nose=nobody))
    assert "nose" not in said
    assert said.count("L cheek") == 2


def test_the_same_effects_are_the_same_bytes():
    first, second = (render_page(lambda: draw_effects(_effects(), ENDPOINTS), ("png", "svg")) for _ in range(2))
    assert first == second
    assert first[0].startswith(b"\x89PNG")
