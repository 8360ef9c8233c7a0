"""Tables of a pair, where they decide something of their own."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import stats

from skintexture.study.pair_tables import _few_by_chance


@pytest.mark.parametrize("seed", range(20))
def test_tiles_are_chosen_as_benjamini_and_hochberg_do(seed):
    rng = np.random.default_rng(seed)
    chance = np.concatenate([rng.uniform(size=80), rng.uniform(0, 0.01, size=seed), [0.004, 0.004]])
    np.testing.assert_array_equal(_few_by_chance(chance), stats.false_discovery_control(chance) <= 0.05)


def test_no_tile_is_chosen_where_nothing_is_sure():
    assert not _few_by_chance(np.array([0.3, 0.06, 0.9])).any()
