"""The masked autocovariance against its definition, pair by pair."""

from __future__ import annotations

import numpy as np
import pytest

from skintexture.metrics.autocovariance import autocovariance
from skintexture.metrics.masked import centred


@pytest.fixture
def signal():
    return np.random.default_rng(1).normal(3.0, 2.0, (13, 9)).astype(np.float32)


@pytest.fixture
def mask():
    return np.random.default_rng(2).random((13, 9)) < 0.6


@pytest.mark.parametrize("lag_limit_px", [1, 4, 20])  # 20: farther than the image is wide
def test_each_lag_is_the_mean_over_the_pairs_inside_the_mask(signal, mask, lag_limit_px):
    inside = signal - signal[mask].mean()
    places = set(map(tuple, np.argwhere(mask).tolist()))
    found = autocovariance(centred(signal, mask), mask, lag_limit_px)
    for (row, dx), value in np.ndenumerate(found.values):
        dy = row - lag_limit_px
        products = [inside[y, x] * inside[y + dy, x + dx] for y, x in places if (y + dy, x + dx) in places]
        assert found.pairs[row, dx] == len(products)
        assert value == pytest.approx(np.mean(products) if products else 0.0, abs=1e-5)


def test_lag_zero_is_the_variance(signal, mask):
    found = autocovariance(centred(signal, mask), mask, 3)
    assert found.variance == pytest.approx(signal[mask].var(), rel=1e-5)


def test_a_constant_is_exactly_zero(mask):
    constant = np.full(mask.shape, 0.1, np.float32)
    assert not autocovariance(centred(constant, mask), mask, 3).values.any()
