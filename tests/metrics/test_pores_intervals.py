"""Intervals hold the truth as often as they say."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy import stats

from skintexture.metrics.pore_intervals import (
    NO_INTERVAL,
    count_interval,
    dispersion,
    mean_interval,
    quantile_interval,
    share_interval,
    sum_interval,
)

TRIES = 400
RNG = np.random.default_rng(11)


def covered(intervals, truth: float) -> float:
    return float(np.mean([low <= truth <= high for low, high in intervals]))


@pytest.mark.parametrize("mean", [3.0, 30.0, 300.0])
def test_counts(mean: float) -> None:
    rates = covered([count_interval(int(n), 1.0) for n in RNG.poisson(mean, TRIES)], mean)
    assert 0.93 <= rates <= 0.995


def test_no_pore_has_an_upper_end() -> None:
    low, high = count_interval(0, 1.0)
    assert low == 0.0
    assert high == pytest.approx(-math.log(0.025), rel=1e-6)


def test_sums_over_a_chance_number_of_pores() -> None:
    sums = [sum_interval(RNG.uniform(0.02, 0.2, RNG.poisson(80)), 1.0) for _ in range(TRIES)]
    assert covered(sums, 80 * 0.11) == pytest.approx(0.95, abs=0.03)


def test_means_and_quantiles_and_shares() -> None:
    draws = [RNG.uniform(0.1, 0.5, 60) for _ in range(TRIES)]
    assert covered([mean_interval(draw) for draw in draws], 0.3) == pytest.approx(0.95, abs=0.03)
    assert covered([quantile_interval(draw, 0.5) for draw in draws], 0.3) >= 0.93
    assert covered([quantile_interval(draw, 0.9) for draw in draws], 0.46) >= 0.93
    large = [int((draw >= 0.4).sum()) for draw in draws]
    assert covered([share_interval(n, 60) for n in large], 0.25) >= 0.94


def test_too_few_values_say_nothing() -> None:
    few = np.array([0.3, 0.4])
    assert all(math.isnan(end) for end in quantile_interval(few, 0.5))
    assert all(math.isnan(end) for end in mean_interval(few[:1]))
    assert all(math.isnan(end) for end in sum_interval(few[:0], 1.0))
    assert all(math.isnan(end) for end in share_interval(0, 0))
    assert not math.isnan(quantile_interval(np.linspace(0, 1, 6), 0.5)[0])


def test_clusters_widen_the_interval_and_order_does_not_narrow_it() -> None:
    skin = np.ones((200, 200), bool)
    scattered = RNG.uniform(0, 199, (300, 2))
    clustered = np.clip(RNG.uniform(0, 199, (20, 2))[RNG.integers(0, 20, 300)] + RNG.normal(0, 6, (300, 2)), 0, 199)
    grid = np.stack(np.meshgrid(np.arange(5, 200, 11), np.arange(5, 200, 11)), axis=-1).reshape(-1, 2).astype(float)
    assert dispersion(scattered, skin) < 2.0
    assert dispersion(clustered, skin) > 4.0
    assert dispersion(grid, skin) == 1.0
    assert dispersion(scattered[:5], skin) == 1.0
    narrow, wide = count_interval(300, 1.0), count_interval(300, 4.0)
    assert wide[1] - wide[0] == pytest.approx(2 * (narrow[1] - narrow[0]), rel=0.05)


@pytest.mark.parametrize("count", [0, 1, 7, 150])
@pytest.mark.parametrize("spread", [1.0, 2.5])
def test_a_count_s_interval_is_the_quantile_of_chi_squared(count, spread):
    low, high = count_interval(count, spread)
    effective = count / spread
    assert low == pytest.approx(spread * stats.chi2.ppf(0.025, 2 * effective) / 2 if count else 0.0, rel=1e-12)
    assert high == pytest.approx(spread * stats.chi2.ppf(0.975, 2 * effective + 2) / 2, rel=1e-12)


@pytest.mark.parametrize("share", [0.1, 0.5, 0.9])
def test_a_quantile_s_interval_ends_at_the_quantiles_of_the_binomial(share):
    for n in range(1, 200):
        values = np.arange(n, dtype=np.float64)
        first, last = int(stats.binom.ppf(0.025, n, share)) - 1, int(stats.binom.ppf(0.975, n, share))
        wanted = (float(first), float(last)) if first >= 0 and last < n else NO_INTERVAL
        np.testing.assert_array_equal(quantile_interval(values, share), wanted)
