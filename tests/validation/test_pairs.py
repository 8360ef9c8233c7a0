"""What the validation says of comparisons whose truth is known."""

from __future__ import annotations

import pandas as pd
import pytest

from skintexture.validation import pair_cases, pairs
from skintexture.validation.pair_cases import CASES, TONES_ITA_DEG, Case, people
from skintexture.validation.pairs import (
    AREA,
    CONTRAST,
    DENSITY,
    DIAMETER,
    judge_coverage,
    judge_nulls,
    judge_treatments,
)

ZONES = ("nose", "chin", "forehead", "left_cheek", "right_cheek", "whole_face")


def _table(kind, metrics, *, truth_pct=0.0, found_pct=0.0, verdict="no change shown", half_width_pct=2.0):
    rows = [
        {
            "case": f"{kind} {truth_pct:g}",
            "kind": kind,
            "person": "p",
            "zone": zone,
            "metric": metric,
            "truth_pct": truth_pct,
            "change_pct": found_pct,
            "ci_low_pct": found_pct - half_width_pct,
            "ci_high_pct": found_pct + half_width_pct,
            "relative": found_pct / 100,
            "verdict": verdict,
        }
        for zone in ZONES
        for metric in metrics
    ]
    return pd.DataFrame(rows)


def _passed(findings):
    return {finding.what: finding.passed for finding in findings}


NULLS = (CONTRAST, *pairs.TEXTURE, pairs.FINE_TEXTURE, DENSITY, pairs.AREA)


def test_silence_about_unchanged_skin_passes_and_a_false_verdict_fails():
    quiet = _table("null", NULLS)
    assert all(_passed(judge_nulls(quiet)).values())
    loud = quiet.assign(verdict=["improved"] * 2 + ["no change shown"] * (len(quiet) - 2))
    assert not _passed(judge_nulls(loud))["same skin shot again: improved or worse"]


def test_scatter_is_judged_as_that_of_one_shot():
    assert all(_passed(judge_nulls(_table("null", NULLS, found_pct=2.7))).values())
    assert not all(_passed(judge_nulls(_table("null", NULLS, found_pct=3.0))).values())


def test_silence_by_comparing_nothing_fails():
    mute = _table("null", NULLS, verdict="not comparable")
    assert not _passed(judge_nulls(mute))["same skin shot again: not comparable"]


def _shots(persons, **of_one):
    return pd.concat([_table("null", NULLS, **of_one).assign(person=f"p{number}") for number in range(persons)])


@pytest.mark.parametrize("off_pct", [0.0, 1.99, 2.01])
def test_intervals_that_always_or_never_hold_the_truth_fail(off_pct):
    (finding,) = judge_coverage(_shots(12, found_pct=off_pct))
    assert not finding.passed


def test_a_few_pairs_may_all_hold_the_truth_but_not_miss_it():
    (held,), (missed,) = judge_coverage(_shots(3)), judge_coverage(_shots(3, found_pct=2.01))
    assert held.passed
    assert not missed.passed


def test_intervals_that_mostly_hold_the_truth_pass():
    table = pd.concat([_shots(19), _table("null", NULLS, found_pct=9.0)])
    (finding,) = judge_coverage(table)
    assert finding.passed
    assert finding.value == pytest.approx(95.0)


def test_a_treatment_must_be_seen_and_nothing_else():
    seen = _table("depth", (CONTRAST, pairs.VOLUME), truth_pct=-40.0, found_pct=-38.0, verdict="improved")
    rest = _table("depth", (DENSITY, DIAMETER), truth_pct=-40.0)
    assert all(_passed(judge_treatments(pd.concat([seen, rest]))).values())
    gone = _passed(judge_treatments(pd.concat([seen, rest.assign(verdict="improved")])))
    assert {what for what, passed in gone.items() if not passed} == {
        f"depth -40: {metric} improved or worse" for metric in (DENSITY, DIAMETER)
    }
    missed = _passed(judge_treatments(pd.concat([seen.assign(verdict="no change shown"), rest])))
    assert sum(not passed for passed in missed.values()) == 3


def test_furrows_must_be_seen_and_no_kind_of_pore():
    texture = _table("furrows", (pairs.TEXTURE[0],), truth_pct=-40.0, verdict="improved")
    pores = _table("furrows", (CONTRAST, DENSITY, AREA), truth_pct=-40.0)
    assert all(_passed(judge_treatments(pd.concat([texture, pores]))).values())
    found = _passed(judge_treatments(pd.concat([texture, pores.assign(verdict="improved")])))
    assert {what for what, passed in found.items() if not passed} == {
        f"furrows -40: {what} improved or worse" for what in (CONTRAST, "all of pores")
    }
    assert not all(_passed(judge_treatments(pd.concat([texture.assign(verdict="no change shown"), pores]))).values())


def test_small_pores_are_asked_for_over_the_whole_face_only():
    faint = _table("area", (AREA,), truth_pct=-17.0, found_pct=-14.0)
    faint.loc[faint["zone"] == "whole_face", "verdict"] = "improved"
    assert all(_passed(judge_treatments(faint)).values())


def test_the_cases_are_those_of_the_issue():
    assert {case.kind for case in CASES} == {"null", "blur", "mismatch", "area", "depth", "furrows", "cheek"}
    assert len({case.name for case in CASES}) == len(CASES)
    assert sorted(case.truth_pct for case in CASES if case.kind == "area") == [-62, -38, -24, -17]
    assert len(people()) >= 12
    assert min(TONES_ITA_DEG) < -30


def test_a_photograph_is_rendered_once(tmp_path, monkeypatch):
    drawn = []
    monkeypatch.setattr(pair_cases, "grown", lambda name: name)
    monkeypatch.setattr(pair_cases, "photograph", lambda *of: drawn.append(of))
    monkeypatch.setattr(pair_cases, "write_photo", lambda _photo, path, _file: path.touch())
    cases = (Case("shot again", "null"), Case("shot another time", "null"))
    first = [pair_cases.rendered_pair(case, "s01_ita+22", tmp_path) for case in cases]
    assert len(drawn) == 3
    assert [pair_cases.rendered_pair(case, "s01_ita+22", tmp_path) for case in cases] == first
    assert len(drawn) == 3
    assert len({pair.after for pair in first}) == 2


def test_what_is_not_compared_has_no_scatter():
    lost = _table("null", NULLS, found_pct=40.0, verdict="not comparable")
    passed = _passed(judge_nulls(pd.concat([_table("null", NULLS)] * 20 + [lost])))
    assert all(found for what, found in passed.items() if "CV" in what)
