"""Which photos are taken to show the same skin."""

from __future__ import annotations

import pandas as pd
import pytest

from skintexture.errors import InputError
from skintexture.study.repeats import PAIR_COLUMNS, REPEAT_COLUMNS, paired_values, pairs_of, repeated_photos


def photos(*rows: tuple[str, ...], repeat: bool = False) -> pd.DataFrame:
    columns = ["photo", "subject", "visit", "repeat"]
    return pd.DataFrame(rows, columns=columns if repeat else columns[:3], dtype="string")


def skins(repeats: pd.DataFrame) -> dict[tuple[str, str], list[str]]:
    """Photos of each skin in the order of their shots."""
    ordered = repeats.sort_values(["subject", "visit", "shot"])
    return {key: list(rows["photo"]) for key, rows in ordered.groupby(["subject", "visit"])}


def test_photos_of_one_subject_and_visit_show_the_same_skin():
    repeats = repeated_photos(
        photos(("a1", "a", "v1"), ("b1", "b", "v1"), ("a2", "a", "v1"), ("a3", "a", "v2"), ("b2", "b", "v1"))
    )
    assert list(repeats.columns) == list(REPEAT_COLUMNS)
    assert list(repeats["photo"]) == ["a1", "b1", "a2", "b2"]
    assert skins(repeats) == {("a", "v1"): ["a1", "a2"], ("b", "v1"): ["b1", "b2"]}
    assert list(repeats["shot"]) == [1, 1, 2, 2]


def test_without_visits_all_photos_of_a_subject_are_repeats():
    repeats = repeated_photos(photos(("a1", "a", ""), ("a2", "a", ""), ("b1", "b", "")))
    assert skins(repeats) == {("a", ""): ["a1", "a2"]}


def test_repeat_gives_the_order_of_shots_as_numbers():
    rows = [("z", "a", "", "10"), ("y", "a", "", "2"), ("x", "a", "", "1")]
    assert skins(repeated_photos(photos(*rows, repeat=True))) == {("a", ""): ["x", "y", "z"]}


def test_visits_of_similar_names_are_not_taken_for_one():
    rows = photos(("a1", "a", "before"), ("a2", "a", "before_again"), ("a3", "a", "after"))
    with pytest.raises(InputError, match="twice") as problem:
        repeated_photos(rows)
    assert "--same-skin" in problem.value.remedy
    assert skins(repeated_photos(rows, [["before", "before_again"]])) == {("a", "before"): ["a1", "a2"]}


def test_joined_visits_may_number_their_shots_each():
    rows = [("a1", "a", "v1", "1"), ("a3", "a", "v2", "1"), ("a2", "a", "v1", "2"), ("a4", "a", "v2", "2")]
    assert skins(repeated_photos(photos(*rows, repeat=True), [["v1", "v2"]])) == {("a", "v1"): ["a1", "a2", "a3", "a4"]}


@pytest.mark.parametrize(
    ("rows", "joined", "words"),
    [
        ([("a1", "", "", ""), ("a2", "a", "", "")], [], "1 of 2 photos have no subject: a1"),
        ([("a1", "a", "v1", "1"), ("a2", "a", "v1", "1")], [], "repeat 1 of one visit: a1, a2"),
        ([("a1", "a", "v1", ""), ("a2", "a", "v2", "")], [["v1", "v3"]], "no photo has: v3"),
        ([("a1", "a", "v1", ""), ("a2", "a", "v2", "")], [["v1", "v2"], ["v2", "v1"]], "named twice"),
        ([("a1", "a", "v1", ""), ("b1", "b", "v1", "")], [], "no skin was photographed twice"),
    ],
)
def test_what_can_not_be_taken_for_repeats_is_refused(rows, joined, words):
    with pytest.raises(InputError, match=words) as problem:
        repeated_photos(photos(*rows, repeat=True), joined)
    assert problem.value.remedy


def test_every_later_shot_is_set_against_every_earlier_one():
    repeats = repeated_photos(
        photos(("a1", "a", ""), ("b1", "b", ""), ("a2", "a", ""), ("a3", "a", ""), ("b2", "b", ""))
    )
    pairs = pairs_of(repeats)
    found = set(zip(pairs["photo_before"], pairs["photo_after"], strict=True))
    assert found == {("a1", "a2"), ("a1", "a3"), ("a2", "a3"), ("b1", "b2")}


def test_values_are_paired_zone_by_zone():
    pairs = pairs_of(repeated_photos(photos(("a1", "a", ""), ("a2", "a", ""))))
    measurements = pd.DataFrame(
        [("a1", "nose", 1.0), ("a1", "chin", 2.0), ("a2", "chin", 4.0), ("a2", "nose", 3.0), ("b", "nose", 9.0)],
        columns=["photo", "zone", "value"],
    ).assign(metric="m", unit="mm")
    paired = paired_values(measurements, pairs)
    assert list(paired.columns[: len(PAIR_COLUMNS)]) == list(PAIR_COLUMNS)
    by_zone = paired.set_index("zone")
    assert (by_zone.loc["nose", "before"], by_zone.loc["nose", "after"]) == (1.0, 3.0)
    assert (by_zone.loc["chin", "before"], by_zone.loc["chin", "after"]) == (2.0, 4.0)
    assert len(paired) == 2
