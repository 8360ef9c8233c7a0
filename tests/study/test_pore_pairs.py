"""Which pore is which, on a registration that shifts everything by a known way."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from skintexture.locate.correspondence import Sheet, correspondence
from skintexture.locate.grid import Grid
from skintexture.locate.register import Registration, Sameness
from skintexture.recipe import load_recipe
from skintexture.study.pore_pairs import match_pores

PARAMS = load_recipe("standard").registration
SHIFT = np.array([30.0, -12.0], dtype=np.float32)
PX_PER_MM = 10.0
GRID = Grid((0.0, 0.0), 2.0, (200, 200))


def shifted(hidden=None, lost=None) -> Registration:
    """After = before + SHIFT; ``hidden`` columns of the frame have no shared skin, ``lost`` ones no registration."""

    def one_way(shift):
        shared, errors = np.ones(GRID.shape, np.float32), np.full(GRID.shape, 0.01, np.float32)
        if hidden:
            shared[:, hidden] = 0
        if lost:
            errors[:, lost] = 5.0
        return correspondence(Sheet(GRID, np.tile(shift, (*GRID.shape, 1))), shared, errors, tile_px=5.0)

    sameness = Sameness(0.9, 0.01, same=True)
    return Registration(1.0, (PX_PER_MM, PX_PER_MM), sameness, one_way(SHIFT), one_way(-SHIFT), PARAMS.max_error_mm)


PLAIN = shifted()


def match(before, after, registration=PLAIN):
    return match_pores(
        np.array(before, float).reshape(-1, 2), np.array(after, float).reshape(-1, 2), registration, PARAMS
    )


def test_kept_gone_and_new_are_told_apart():
    before = np.array([(100.0, 200.0), (150.0, 90.0), (60.0, 300.0)])
    after = np.vstack([before[2] + SHIFT + 0.5, before[0] + SHIFT, (250.0, 250.0)])
    found = match(before, after)
    assert found.kept.tolist() == [[0, 1], [2, 0]]
    assert found.distance_mm == pytest.approx([0.0, np.hypot(0.5, 0.5) / PX_PER_MM], abs=1e-4)
    assert found.gone.tolist() == [1]
    assert found.new.tolist() == [2]


def test_the_limit_is_in_millimetres():
    before = np.array([(100.0, 200.0)])
    reach = PARAMS.match_mm * PX_PER_MM
    assert len(match(before, before + SHIFT + (0.95 * reach, 0.0)).kept) == 1
    beyond = match(before, before + SHIFT + (1.05 * reach, 0.0))
    assert len(beyond.kept) == 0
    assert (beyond.gone.tolist(), beyond.new.tolist()) == ([0], [0])


def test_two_pores_never_share_one():
    before = np.array([(100.0, 200.0), (100.0, 201.2)])
    after = np.array([(100.0, 200.9)]) + SHIFT
    found = match(before, after)
    assert found.kept.tolist() == [[1, 0]]
    assert found.gone.tolist() == [0]


def test_of_what_only_one_photo_shows_nothing_is_said():
    before = np.array([(200.0, 100.0), (200.0, 300.0)])
    after = np.array([(200.0, 100.0)])
    for registration in (shifted(hidden=slice(0, 90)), shifted(lost=slice(0, 90))):
        found = match(before, after, registration)
        assert found.unseen_before.tolist() == [0]
        assert found.unseen_after.tolist() == [0]
        assert found.gone.tolist() == [1]
        assert len(found.new) == len(found.kept) == 0


@pytest.mark.parametrize(("before", "after"), [([], []), ([(100, 100)], []), ([], [(100, 100)])])
def test_no_pores_are_no_pairs(before, after):
    found = match(before, after)
    assert found.kept.shape == (0, 2)
    assert len(found.distance_mm) == 0
    assert (len(found.gone), len(found.new)) == (len(before), len(after))


points = st.lists(st.tuples(st.floats(0, 399), st.floats(0, 399)), max_size=12)


@settings(max_examples=40, deadline=None)
@given(before=points, after=points, close=st.booleans())
def test_every_pore_is_in_exactly_one_list_whichever_photo_comes_first(before, after, close):
    after = [(y + float(SHIFT[0]), x + float(SHIFT[1])) for y, x in before] if close else after
    found = match(before, after)
    first = [*found.kept[:, 0], *found.gone, *found.unseen_before]
    second = [*found.kept[:, 1], *found.new, *found.unseen_after]
    assert sorted(first) == list(range(len(before)))
    assert sorted(second) == list(range(len(after)))
    assert (found.distance_mm <= PARAMS.match_mm).all()
