"""How sure a change is."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from skintexture.study.intervals import Estimate, chance_of, estimate, few_by_chance, interval_pct, jackknife_sd
from skintexture.study.tallies import Tally


def _tally(values, groups=()):
    return Tally({"m": values}, {"m": np.array(groups)} if len(groups) else {})


def test_a_ratio_is_told_in_percent_of_before():
    found = estimate("m", _tally(2.0), _tally(1.0), 0.0)
    assert found.percent(found.relative) == pytest.approx(-50)


def test_what_can_be_negative_changes_by_its_difference():
    found = estimate("m", _tally(-0.5), _tally(-0.25), -math.inf)
    assert not found.is_log
    assert found.percent(found.relative) == pytest.approx(50)


def test_a_change_from_nothing_has_no_percentage():
    assert math.isnan(estimate("m", _tally(0.0), _tally(1.0), 0.0).relative)


def test_the_jackknife_of_means_is_the_standard_error_of_the_mean():
    sample = np.random.default_rng(3).normal(5.0, 2.0, 400)
    without = (sample.sum() - sample) / (len(sample) - 1)
    assert jackknife_sd(without) == pytest.approx(sample.std(ddof=1) / math.sqrt(len(sample)), rel=0.02)


def test_few_groups_widen_the_interval():
    many, few = np.tile([0.9, 1.1], 20), np.array([0.9, 1.1, 0.9, 1.1])
    assert jackknife_sd(few) / np.sqrt(3 / 4 * 4) > jackknife_sd(many) / np.sqrt(39 / 40 * 40)
    assert math.isnan(jackknife_sd(np.array([0.9, np.nan, 1.1])))


def test_a_change_that_is_the_same_everywhere_has_no_sampling_error():
    before, after = _tally(2.0, [2.0, 2.2, 1.8]), _tally(1.0, [1.0, 1.1, 0.9])
    assert estimate("m", before, after, 0.0).sampling_sd == pytest.approx(0.0, abs=1e-12)


def test_the_interval_holds_the_change_and_grows_with_confidence():
    found = Estimate(1.0, 0.8, math.log(0.8), True, 0.0)
    narrow, wide = interval_pct(found, 0.05, 0.9), interval_pct(found, 0.05, 0.99)
    assert wide[0] < narrow[0] < -20 < narrow[1] < wide[1]
    assert interval_pct(found, 0.05, 0.95)[0] == pytest.approx(100 * math.expm1(math.log(0.8) - 1.96 * 0.05), abs=0.01)


def test_intervals_cover_the_truth_as_often_as_they_say():
    """Blocks of skin that differ: 95 % intervals of 12 blocks hold the true ratio in about 95 % of cases."""
    rng, held = np.random.default_rng(8), 0
    for _ in range(400):
        before = rng.gamma(20.0, 1.0, 12)
        after = before * 0.8 * np.exp(rng.normal(0.0, 0.1, 12))
        sides = [_tally(x.mean(), (x.sum() - x) / 11) for x in (before, after)]
        found = estimate("m", *sides, 0.0)
        low, high = interval_pct(found, found.sampling_sd, 0.95)
        held += low < 100 * (0.8 * math.exp(0.005) - 1) < high
    assert 0.92 < held / 400 < 0.98


def test_signed_values_change_by_as_much_the_other_way_round():
    small, large = Tally({"a": 0.1}, {}), Tally({"a": -2.0}, {})
    there, back = estimate("a", small, large, -math.inf), estimate("a", large, small, -math.inf)
    assert there.relative == pytest.approx(-back.relative)
    assert there.percent(there.relative) == pytest.approx(-2100)
    assert back.percent(back.relative) == pytest.approx(105)


def test_the_widest_interval_is_still_a_number():
    found = Estimate(1.0, 1.0, 0.0, True, 900.0)
    assert math.isfinite(interval_pct(found, found.sampling_sd, 0.95)[1])


@pytest.mark.parametrize("seed", range(20))
def test_changes_are_chosen_as_benjamini_and_hochberg_do(seed):
    rng = np.random.default_rng(seed)
    chance = np.concatenate([rng.uniform(size=80), rng.uniform(0, 0.01, size=seed), [0.004, 0.004]])
    np.testing.assert_array_equal(few_by_chance(chance, 0.05), stats.false_discovery_control(chance) <= 0.05)


def test_no_change_is_chosen_where_nothing_is_sure():
    assert not few_by_chance(np.array([0.3, 0.06, 0.9]), 0.05).any()


def test_chance_is_two_sided():
    found = Estimate(2.0, 1.0, -0.2, True, 0.05)
    assert chance_of(found, 0.1) == pytest.approx(2 * stats.norm.sf(2.0))
