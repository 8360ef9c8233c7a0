"""A comparison in sentences."""

from __future__ import annotations

import math

import pandas as pd
import pytest

from skintexture.report.answer import MIXED, Answer, Endpoint, answer, limits, overall

PORES = Endpoint("pore_contrast", "pore contrast")


def row(zone, verdict, change_pct=-20.0, reason="", metric="pore_contrast"):
    if verdict == "not comparable":
        change_pct = math.nan
    return {
        "zone": zone, "metric": metric, "change_pct": change_pct, "ci_low_pct": change_pct - 4.4,
        "ci_high_pct": change_pct + 4.4, "mdc_pct": 7.0, "verdict": verdict, "reason": reason,
    }  # fmt: skip


def said(*rows):
    found = answer(pd.DataFrame(rows), PORES)
    return Answer(found.verdict, found.headline, found.detail.replace("\N{NO-BREAK SPACE}", " "))


def checks(*rows):
    return pd.DataFrame(rows, columns=["severity", "text"])


def test_the_whole_face_speaks_first():
    found = said(row("whole_face", "improved", -21.3), row("nose", "improved"), row("chin", "no change shown", -3.0))
    assert found.headline == "Pore contrast: improved"
    assert found.detail == "−21 % (95 % interval −26 to −17) over the whole face; improved in 1 of 2 zones"


def test_no_change_in_the_one_zone_that_can_be_compared_is_not_told_of_the_face():
    rest = [row(zone, "not comparable", reason="smile") for zone in ("whole_face", "nose", "chin")]
    found = said(*rest, row("glabella", "no change shown", 1.0))
    assert found.headline == "Pore contrast: no change shown in 1 of 3 zones, the others not comparable"


def test_what_goes_the_other_way_is_not_hidden():
    found = said(row("whole_face", "improved"), row("nose", "improved"), row("left_cheek", "worse", 15.0))
    assert "but worse in left cheek" in found.detail


def test_single_zones_are_counted_among_the_comparable_ones():
    found = said(
        row("whole_face", "no change shown", -2.0),
        row("nose", "improved", -18.0),
        row("left_cheek", "improved", -24.0),
        row("chin", "no change shown", 1.0),
        row("left_temple", "not comparable", reason="turned away"),
    )
    assert (found.verdict, found.headline) == ("improved", "Pore contrast: improved in 2 of 3 zones")
    assert found.detail == "left cheek −24 %, nose −18 %; over the whole face no change shown"


def test_zones_that_disagree_are_both_told():
    found = said(row("nose", "improved"), row("chin", "worse", 12.0))
    assert found.verdict == MIXED
    assert found.headline == "Pore contrast: improved in 1 of 2 zones, worse in 1 of 2 zones"


def test_no_change_shown_says_what_would_not_show():
    found = said(row("whole_face", "no change shown", 0.3), row("nose", "no change shown", 2.0))
    assert found.headline == "Pore contrast: no change shown"
    assert found.detail == "0 % (95 % interval −4 to +5) over the whole face; a change of less than 7 % would not show"
    assert said(row("nose", "no change shown")).detail == "a change of less than 7 % would not show"


def test_what_can_not_be_compared_says_why():
    rows = [row(zone, "not comparable", reason="the light comes from another side") for zone in ("nose", "whole_face")]
    assert said(*rows) == Answer("not comparable", "Pore contrast: not comparable", "the light comes from another side")
    assert said(row("nose", "improved", metric="other")).detail == "it was not measured"


def test_nothing_comparable_at_all_is_one_answer():
    none = Answer("not comparable", "Pores: not comparable", "light")
    other = Answer("not comparable", "Texture: not comparable", "light")
    (found,) = overall([none, other])
    assert (found.headline, found.detail) == ("These photos can't be compared", "light")
    one = Answer("improved", "Pores: improved", "")
    assert overall([one, other]) == [one, other]


def test_limits_name_the_gravest_first_and_leave_out_what_is_none():
    table = checks(("none", "fine"), ("caveat", "softer"), ("not comparable", "other light"))
    rows = pd.DataFrame([row("nose", "improved")])
    assert limits(rows, table, [PORES]) == ["other light", "softer"]
    assert limits(rows, checks(("none", "fine")), [PORES]) == []


def test_zones_that_can_not_be_compared_are_listed_by_reason():
    rows = pd.DataFrame(
        [
            row("nose", "improved"),
            row("left_temple", "not comparable", reason="turned away"),
            row("right_temple", "not comparable", reason="turned away"),
            row("nose", "not comparable", reason="too coarse", metric="texture"),
            row("chin", "not comparable", reason="too coarse", metric="texture"),
        ]
    )
    found = limits(rows, checks(), [PORES, Endpoint("texture", "texture")])
    assert found == [
        "Texture is not comparable in any zone: too coarse",
        "Not comparable in left temple, right temple: turned away",
    ]


@pytest.mark.parametrize("mdc", [math.nan, 7.0])
def test_unknown_repeatability_is_not_told_as_a_number(mdc):
    rows = pd.DataFrame([row("nose", "no change shown") | {"mdc_pct": mdc}])
    assert ("nan" in answer(rows, PORES).detail) is False


def test_what_would_not_show_is_never_less_than_what_the_interval_leaves_open():
    face = row("whole_face", "no change shown", 0.0) | {"ci_low_pct": -20.0, "ci_high_pct": 26.0, "mdc_pct": 8.0}
    assert said(face).detail.endswith("a change of less than 23 % would not show")


def test_a_zone_that_some_endpoints_can_be_compared_in_names_the_others():
    rows = pd.DataFrame(
        [
            row("left_temple", "not comparable", reason="too few pores"),
            row("nose", "improved"),
            row("left_temple", "improved", metric="texture"),
            row("nose", "improved", metric="texture"),
        ]
    )
    found = limits(rows, checks(), [PORES, Endpoint("texture", "texture")])
    assert found == ["Not comparable in left temple, for pore contrast: too few pores"]


def test_all_reasons_why_nothing_is_comparable_are_said_at_once():
    changes = pd.DataFrame(
        [row("nose", "not comparable", reason="smile"), row("chin", "not comparable", reason="shine")]
    )
    assert limits(changes, checks(), [PORES]) == ["Pore contrast is not comparable in any zone: smile; shine"]
