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
            row |= {"scale": "ratio", "worse": 0, "changed": 0, "no_change_shown": 3}
            rows.append(row | {"direction": "lower_better"} | special.get(f"{metric}_{zone}", {}))
    return pd.DataFrame(rows)


def _texts(effects):
    return [text.get_text() for text in draw_effects(effects, ENDPOINTS).texts]


def test_the_first_two_endpoints_are_shown_by_zone_and_the_others_of_the_face():
    said = _texts(_effects())
    assert "before → week 4" in said
    assert [text for text in said if text.startswith("Depth of")] == ["Depth of a", "Depth of b"]
    assert "depth of c" in said
    assert said.count("7 of 10 improved") == 2 * 3 + 1
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


def test_differences_are_not_drawn_among_ratios():
    assert "nose" not in _texts(_effects(a_nose={"scale": "difference"}, b_nose={"scale": "difference"}))


def test_of_many_groups_the_first_are_drawn_and_the_others_counted():
    effects = pd.concat([_effects().assign(arm=str(k)) for k in range(23)], ignore_index=True)
    said = [text.get_text() for text in draw_effects(effects, ENDPOINTS, ["arm"]).texts]
    assert "19, before → week 4" in said
    assert "20, before → week 4" not in said
    assert "… and 3 more groups and visits: see effects.csv" in said


def test_an_empty_group_has_a_name():
    assert "(empty), before → week 4" in [
        text.get_text() for text in draw_effects(_effects().assign(arm=""), ENDPOINTS, ["arm"]).texts
    ]
