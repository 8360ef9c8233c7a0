"""Which photos are before and after."""

from __future__ import annotations

import pandas as pd
import pytest

from skintexture.errors import InputError
from skintexture.study.visits import VISIT_COLUMNS, visit_pairs


def _photos(*rows):
    columns = ("subject", "visit", "repeat")
    table = pd.DataFrame([dict(zip(columns, (*row, "")[:3], strict=True)) for row in rows], dtype="string")
    return table.assign(photo=[f"{k}.jpg" for k in range(len(rows))])


def _told(photos, baseline=None):
    pairs, _ = visit_pairs(photos, baseline)
    assert list(pairs.columns) == list(VISIT_COLUMNS)
    return [tuple(row) for row in pairs.itertuples(index=False)]


def test_each_later_visit_is_held_against_the_one_named_first():
    photos = _photos(("a", "before"), ("a", "week 4"), ("b", "week 4"), ("b", "before"), ("a", "week 12"))
    assert _told(photos) == [
        ("a", "before", "week 4", "1", "0.jpg", "1.jpg"),
        ("b", "before", "week 4", "1", "3.jpg", "2.jpg"),
        ("a", "before", "week 12", "1", "0.jpg", "4.jpg"),
    ]


def test_another_baseline_can_be_named():
    photos = _photos(("a", "screening"), ("a", "before"), ("a", "after"))
    assert _told(photos, "before") == [
        ("a", "before", "screening", "1", "1.jpg", "0.jpg"),
        ("a", "before", "after", "1", "1.jpg", "2.jpg"),
    ]


def test_shots_go_together_by_their_name_or_else_by_their_order():
    photos = _photos(("a", "x", "3"), ("a", "x", "2"), ("a", "y", "1"), ("a", "y", "2"), ("a", "y", "3"))
    assert _told(photos) == [("a", "x", "y", "2", "1.jpg", "3.jpg"), ("a", "x", "y", "3", "0.jpg", "4.jpg")]
    sides = _photos(("a", "x", "left"), ("a", "x", "front"), ("a", "y", "front"), ("a", "y", "left"))
    assert _told(sides) == [("a", "x", "y", "front", "1.jpg", "2.jpg"), ("a", "x", "y", "left", "0.jpg", "3.jpg")]
    nameless = _photos(("a", "x"), ("a", "x"), ("a", "y"), ("a", "y"), ("a", "y"))
    assert _told(nameless) == [("a", "x", "y", "1", "0.jpg", "2.jpg"), ("a", "x", "y", "2", "1.jpg", "3.jpg")]


def test_photos_without_a_counterpart_are_told_with_the_reason():
    photos = _photos(("a", "x"), ("a", "y"), ("b", "x"), ("c", "y"), ("a", "y"))
    _, alone = visit_pairs(photos)
    told = {
        row["photo_before"]
        if row["visit_before"] == "x" and pd.notna(row["photo_before"])
        else row["photo_after"]: row["reason"]
        for row in alone.to_dict("records")
    }
    assert told == {
        "2.jpg": "there is no photo of this subject of a later visit",
        "3.jpg": "there is no photo of this subject of the visit x",
        "4.jpg": "there is no photo of this subject of the visit x and shot 2",
    }


@pytest.mark.parametrize(
    ("rows", "baseline", "says"),
    [
        ([("", "x"), ("a", "y")], None, "have no subject"),
        ([("a", ""), ("a", "y")], None, "1 of 2 photos have no visit: 0.jpg"),
        ([("a", "x"), ("a", "y")], "z", "no photo is of the visit z"),
        ([("a", "x"), ("b", "y")], None, "no subject has a photo of the visit x and one of another"),
        ([("a", "x", "1"), ("a", "x", "1"), ("a", "y", "1")], None, "2 photos are repeat 1"),
    ],
)
def test_what_cannot_be_paired_is_refused(rows, baseline, says):
    with pytest.raises(InputError, match=says):
        visit_pairs(_photos(*rows), baseline)
