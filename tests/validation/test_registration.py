"""What the validation says of registrations whose truth is known."""

from __future__ import annotations

from types import SimpleNamespace

import numpy as np
import pandas as pd

from skintexture.phantoms.truth import PoreTruth
from skintexture.validation import pair_cases
from skintexture.validation.finding import Finding
from skintexture.validation.pair_cases import Case, Pair, shots_of
from skintexture.validation.registration import (
    STRAIGHT,
    TURNED,
    KnownPair,
    Matches,
    _are_right,
    _tree,
    judge_errors,
    judge_matches,
    pore_errors,
)

PX_PER_MM = 14.0
SHIFT_PX = np.array([20.0, -9.0])


def truth(shift_px=(0.0, 0.0), count=400):
    """Pores on a lattice of 1 mm, two zones; the last is hidden."""
    number = np.arange(count)
    places = PX_PER_MM * np.column_stack(np.divmod(number, 20)) + shift_px
    ones, shown = np.ones(count), number < count - 1
    zone = np.where(number % 2, "nose", "chin")
    return PoreTruth(
        number, places[:, 0], places[:, 1], ones, ones, ones, ones, 0 * ones, PX_PER_MM * ones, zone, shown, shown
    )


def registered(error_px=(0.0, 0.0), *, kept=True):
    def carry(points, *, to):
        return np.where(points[:, 1:] < 0.5, np.nan, points + SHIFT_PX + error_px)  # the first column leads nowhere

    def shared_at(points, *, side):
        return points[:, 0] > 0

    def trusted_at(points, *, side):
        return np.full(len(points), kept)

    registration = SimpleNamespace(carry=carry, shared_at=shared_at, trusted_at=trusted_at)
    return SimpleNamespace(pair=SimpleNamespace(registration=registration))


def all_errors(turn=STRAIGHT, **how):
    pair = KnownPair("p", turn, (None, None), (truth(), truth(SHIFT_PX)))
    return pore_errors(pair, registered(**how))


def errors(turn=STRAIGHT, **how):
    found = all_errors(turn, **how)
    return found[found["error_mm"] < 1].reset_index(drop=True)


def failed(exhibits):
    return {item.what for item in exhibits if isinstance(item, Finding) and not item.passed}


def test_errors_are_in_mm_of_pores_that_both_photos_show():
    found = all_errors(error_px=(0.0, 0.1 * PX_PER_MM))
    assert len(found) == 400 - 20 - 1  # the first row isn't shared, the last pore isn't seen
    assert sorted(found["error_mm"].round(6).unique()) == [0.1, 10.0]
    assert (found["error_mm"] == 10.0).sum() == 19  # carried nowhere


def test_right_places_pass_and_wrong_ones_fail():
    assert failed(judge_errors(pd.concat([errors(), errors(TURNED)]))) == set()
    off = errors(error_px=(0.0, 0.2 * PX_PER_MM))
    assert failed(judge_errors(off)) == {
        f"{STRAIGHT}: {what}"
        for what in ("median error", "95 % of errors", "median error, worst zone", "95 % of errors, worst zone")
    }


def test_one_bad_zone_fails_though_the_face_is_right():
    good, bad = errors(), errors()
    bad.loc[bad["zone"] == "nose", "error_mm"] = 0.04
    few = pd.concat(
        [good] * 9 + [bad[bad["zone"] == "chin"]] * 9 + [bad[bad["zone"] == "nose"].assign(zone="temple")[:90]]
    )
    assert failed(judge_errors(few)) == set()
    many = pd.concat([bad[bad["zone"] == "chin"]] * 9 + [bad] * 2)
    assert failed(judge_errors(many)) == {f"{STRAIGHT}: median error, worst zone"}


def test_lost_pores_fail_unless_the_check_gives_them_up():
    lost = errors()
    lost.iloc[:4, lost.columns.get_loc("error_mm")] = 10.0
    assert failed(judge_errors(lost)) == {f"{STRAIGHT}: 99 % of errors where the self-check keeps"}
    lost.iloc[:4, lost.columns.get_loc("kept")] = False
    assert failed(judge_errors(lost)) == set()


def test_a_match_is_right_where_both_lie_on_one_pore():
    pores = truth(), truth(SHIFT_PX)
    before = np.column_stack([pores[0].y_px, pores[0].x_px])[[40, 50, 60]] + (0.5, 0.5)
    after = np.column_stack([pores[1].y_px, pores[1].x_px])[[40, 51, 60]]
    before[2] += 0.3 * PX_PER_MM  # on no pore
    assert _are_right(before, after, [_tree(one) for one in pores], pores).tolist() == [True, False]


def table(*forced):
    return pd.DataFrame({"before_forced_contrast": [5.0] * len(forced), "after_forced_contrast": forced})


def test_matches_and_tables_are_held_against_the_targets():
    good = Matches("p", STRAIGHT, np.ones(1000, dtype=bool), kept=86, single=28)
    assert failed(judge_matches([good], [table(5.0, -1.0)])) == set()
    turned = Matches("q", TURNED, np.ones(1000, dtype=bool), kept=10, single=90)
    assert failed(judge_matches([good, turned], [table(5.0, -1.0)])) == set()
    bad = Matches("r", STRAIGHT, np.arange(1000) > 20, kept=80, single=40)
    assert failed(judge_matches([good, bad], [table(5.0, np.nan)])) == {
        "matched pores that are the same pore",
        f"{STRAIGHT}: detections matched",
        "pores not measured on both photos",
    }


def test_shots_are_those_that_were_rendered(monkeypatch, tmp_path):
    taken = []
    monkeypatch.setattr(pair_cases, "grown", lambda name: name)
    monkeypatch.setattr(pair_cases, "photograph", lambda _person, shot, _treatment: taken.append(shot))
    monkeypatch.setattr(pair_cases, "write_photo", lambda _photo, path, _file: path.touch())
    case = Case("head raised", "null", ("pitch_deg=10",))
    pair = pair_cases.rendered_pair(case, "s01_ita+22", tmp_path)
    assert isinstance(pair, Pair)
    assert list(shots_of(pair)) == taken
    assert taken[1].pose.pitch_deg == 10.0
