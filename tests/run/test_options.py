"""Options of large runs: what makes no sense is told, and samples are spread evenly."""

from __future__ import annotations

from itertools import pairwise

import pytest

from skintexture.errors import InputError
from skintexture.run.options import RunOptions, parse_shard


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"workers": -1}, "workers is -1"),
        ({"timeout_s": 0.0}, "time-out"),
        ({"shard": (2, 2)}, "shard 2/2"),
        ({"overlays": "some"}, "`some`"),
        ({"overlays": "sample:0"}, "sample:0"),
        ({"overlays": "sample:x"}, "sample:x"),
    ],
)
def test_what_makes_no_sense_is_told(wrong, told):
    with pytest.raises(InputError, match=told):
        RunOptions(**wrong)


@pytest.mark.parametrize("photos", [1, 7, 10, 11, 1000])
def test_a_sample_has_its_number_of_photos_spread_evenly(photos):
    options = RunOptions(overlays="sample:10")
    chosen = [at for at in range(photos) if options.has_overlay(at, photos)]
    assert len(chosen) == min(10, photos)
    gaps = [after - before for before, after in pairwise(chosen)]
    assert not gaps or max(gaps) - min(gaps) <= 1


def test_all_refused_and_none():
    assert [RunOptions(overlays=kind).has_overlay(3, 9) for kind in ("all", "refused", "none")] == [True, False, False]
    assert [RunOptions(overlays=kind).has_refusals for kind in ("all", "refused", "none")] == [True, True, False]


def test_shards_are_read_as_they_are_written():
    assert parse_shard(None) is None
    assert parse_shard("3/16") == (3, 16)
    for text in ("3", "a/b", "-1/2", "1/2/3"):
        with pytest.raises(InputError, match="0/4"):
            parse_shard(text)


def test_csv_is_for_ordinary_sets_unless_asked():
    assert RunOptions().writes_csv(1000)
    assert not RunOptions().writes_csv(1001)
    assert RunOptions(csv=True).writes_csv(10**6)
    assert not RunOptions(csv=False).writes_csv(1)
