"""The table of repeatability, and the profile that changes are held against."""

from __future__ import annotations

import math
from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from skintexture.errors import InputError
from skintexture.recipe import load_recipe
from skintexture.study.agreement import icc21, mean_squares, within_cv_pct, within_sd
from skintexture.study.repeatability import RepeatabilityProfile, Scatter, profile_of
from skintexture.study.repeatability_table import TABLE_COLUMNS, repeatability_table

NAN = math.nan
RECIPE = load_recipe("standard")


def paired(tables: dict[tuple[str, str], np.ndarray]) -> pd.DataFrame:
    """Pairs of tables of subjects × shots, by zone and metric."""
    return pd.DataFrame(
        [
            {
                "subject": f"s{k}", "visit": "v", "shot_before": i + 1, "shot_after": j + 1,
                "zone": zone, "metric": metric, "unit": "mm", "before": shots[i], "after": shots[j],
            }
            for (zone, metric), values in tables.items()
            for k, shots in enumerate(values)
            for i, j in combinations(range(len(shots)), 2)
        ]
    )  # fmt: skip


def table_of(**tables: np.ndarray) -> pd.DataFrame:
    """The table of one metric, by zone."""
    pairs = paired({(zone, "m"): np.array(values) for zone, values in tables.items()})
    return repeatability_table(pairs).set_index("zone")


def profile(**cv_pct: tuple[float | None, int]) -> RepeatabilityProfile:
    zones = {
        zone: {"m": Scatter(scale="linear", sd=1.0, cv_pct=cv, df=df, unit="mm")} for zone, (cv, df) in cv_pct.items()
    }
    return RepeatabilityProfile(
        format=1, skintexture="0", recipe="standard", recipe_fingerprint="f", source="photos",
        n_subjects=3, n_photos=6, zones=zones,
    )  # fmt: skip


PAIRS = [[2.0, 4.0], [4.0, 6.0], [6.0, 8.0]]


def test_a_row_has_the_known_answers():
    row = table_of(nose=PAIRS).loc["nose"]
    assert (row["icc21"], row["icc31"]) == pytest.approx((2 / 3, 1.0))
    assert (row["bias"], row["loa_low"], row["loa_high"], row["mdc95"]) == pytest.approx((2, 2, 2, 0), abs=1e-9)
    assert (row["n_subjects"], row["n_shots"], row["df"], row["mean"]) == (3, 6, 3, 5.0)
    assert row["within_sd"] == pytest.approx(math.sqrt(2))
    assert row["within_cv_pct"] == pytest.approx(within_cv_pct(np.array(PAIRS)))
    assert (row["unit"], row["reason"]) == ("mm", "")


def test_every_column_is_there_in_the_order_of_the_measurements():
    table = repeatability_table(paired({("nose", "b"): np.array(PAIRS), ("chin", "a"): np.array(PAIRS)}))
    assert table.dtypes.astype(str).to_dict() == TABLE_COLUMNS
    assert list(zip(table["zone"], table["metric"], strict=True)) == [("nose", "b"), ("chin", "a")]


def test_scatter_in_proportion_is_looked_at_on_the_log_scale():
    rng = np.random.default_rng(1)
    size = np.geomspace(1, 100, 40)[:, None]
    values = size * np.exp(0.03 * rng.standard_normal((40, 2)))
    row = table_of(nose=values).loc["nose"]
    assert (row["scale"], row["difference_unit"]) == ("log", "%")
    assert row["within_cv_pct"] == pytest.approx(3.0, rel=0.25)
    assert row["mdc95_pct"] == pytest.approx(100 * math.expm1(1.96 * math.sqrt(2) * 0.03), rel=0.25)
    assert row["mdc95"] == pytest.approx(row["mean"] * row["mdc95_pct"] / 100)
    twice = table_of(nose=2 * values).loc["nose"]
    for name in ("icc21", "loa_low", "loa_high_high", "mdc95_pct"):
        assert twice[name] == pytest.approx(row[name])
    assert twice["sem"] == pytest.approx(2 * row["sem"])


def test_zones_of_a_metric_share_their_scale():
    rng = np.random.default_rng(1)
    large = np.geomspace(1, 100, 40)[:, None] * (1 + 0.03 * rng.standard_normal((40, 2)))
    even = 50 + rng.standard_normal((40, 2))
    assert set(table_of(nose=large, chin=even)["scale"]) == {"log"}
    assert set(table_of(whole_face=large, chin=even)["scale"]) == {"linear"}
    assert set(table_of(nose=large, chin=even, whole_face=even - 50)["scale"]) == {"linear"}


def test_what_is_missing_is_nan_with_its_reason():
    table = table_of(
        nose=[[1.0, 2.0], [NAN, 3.0], [4.0, NAN]],
        chin=[[NAN, NAN], [NAN, NAN], [NAN, 3.0]],
        glabella=[[0.0, 1.0], [2.0, 3.0], [4.0, 5.5]],
        forehead=[[1.0, 1.0], [1.0, 1.0], [1.0, 1.0]],
    )
    assert "two subjects" in table.loc["nose", "reason"]
    assert math.isfinite(table.loc["nose", "within_sd"])
    assert math.isnan(table.loc["nose", "icc21"])
    assert table.loc["chin", "reason"] == "no skin was measured twice here"
    assert (table.loc["chin", "n_subjects"], table.loc["chin", "df"]) == (0, 0)
    assert "percentage" in table.loc["glabella", "reason"]
    assert math.isfinite(table.loc["glabella", "icc21"])
    assert table.loc["forehead", "reason"] == "all values are equal"


def test_a_value_that_is_always_negative_has_a_percentage():
    row = table_of(nose=[[-1.5, -1.6], [-1.2, -1.1], [-2.0, -2.2]]).loc["nose"]
    positive = table_of(nose=[[1.5, 1.6], [1.2, 1.1], [2.0, 2.2]]).loc["nose"]
    assert row["within_cv_pct"] == pytest.approx(positive["within_cv_pct"])
    assert row["mdc95_pct"] == pytest.approx(positive["mdc95_pct"])


def test_two_visits_of_a_subject_are_one_subject():
    pairs = paired({("nose", "m"): np.array(PAIRS)})
    row = repeatability_table(pairs.assign(visit=pairs["subject"], subject="one")).iloc[0]
    assert (row["n_subjects"], row["df"]) == (1, 3)
    assert row["icc31"] == pytest.approx(1.0)


def test_three_shots_give_what_their_values_give():
    values = np.array([[9.0, 11.0, NAN], [18.0, 20.0, 23.0], [30.0, 31.0, 29.0]])
    row = table_of(nose=values).loc["nose"]
    sd, df = within_sd(values)
    assert (row["within_sd"], row["df"], row["n_shots"]) == (pytest.approx(sd), df, 8)
    assert row["within_cv_pct"] == pytest.approx(within_cv_pct(values))
    assert row["icc21"] == pytest.approx(icc21(mean_squares(values)).value)


def test_scatter_is_that_of_the_pairs_where_a_shot_differs_from_pair_to_pair():
    """Three shots, equal on average, but each pair differs by 2 after it was brought to one sharpness."""
    pairs = paired({("nose", "m"): np.full((2, 3), 10.0)})
    apart = pairs.assign(after=12.0, before=10.0)
    row = repeatability_table(apart).iloc[0]
    assert row["within_sd"] == pytest.approx(2 / math.sqrt(2))
    assert row["bias"] == pytest.approx(2.0)


def test_a_pair_that_could_not_be_compared_says_nothing():
    values = np.array([[2.0, 4.0], [4.0, 6.0], [6.0, 8.0], [7.0, 30.0]])
    pairs = paired({("nose", "m"): values})
    lost = pairs["subject"] == "s3"
    row = repeatability_table(pairs.assign(before=pairs["before"].mask(lost), after=pairs["after"].mask(lost))).iloc[0]
    assert (row["n_subjects"], row["within_sd"]) == (3, pytest.approx(math.sqrt(2)))


def test_the_profile_keeps_what_is_known_and_comes_back_from_its_file():
    table = table_of(nose=PAIRS, chin=[[NAN, NAN]] * 3).reset_index()
    made = profile_of(table, RECIPE, source="photos")
    assert set(made.zones) == {"nose"}
    assert (made.n_subjects, made.n_photos, made.recipe_fingerprint) == (3, 6, RECIPE.fingerprint())
    assert RepeatabilityProfile.parse(made.model_dump_json(), "profile.json") == made


def test_without_anything_measured_twice_there_is_no_profile():
    with pytest.raises(InputError, match="measured twice"):
        profile_of(table_of(chin=[[NAN, NAN]] * 3).reset_index(), RECIPE, source="photos")


@pytest.mark.parametrize("text", ["", "{}", "[1]", '{"format": 2}', "PAR1", '{"format": 1, "zones": NaN}'])
def test_another_file_is_no_profile(text):
    with pytest.raises(InputError, match=r"x\.json is not a repeatability profile"):
        RepeatabilityProfile.parse(text, "x.json")


def test_another_recipe_is_refused_and_named():
    made = profile_of(table_of(nose=PAIRS).reset_index(), RECIPE, source="photos")
    made.require_recipe("standard", RECIPE.fingerprint())
    coarse = load_recipe("coarse")
    with pytest.raises(InputError, match=coarse.fingerprint()):
        made.require_recipe("coarse", coarse.fingerprint())


def test_the_scatter_of_a_change_is_that_of_two_shots():
    assert profile(nose=(2.0, 100_000)).sd_of_change_pct("nose", "m") == pytest.approx(2 * math.sqrt(2), rel=1e-3)
    assert profile(nose=(2.0, 100_000)).mdc_pct("nose", "m") == pytest.approx(1.96 * 2 * math.sqrt(2), rel=1e-3)


def test_few_degrees_of_freedom_widen_it():
    few, many = (profile(whole_face=(2.0, df)).sd_of_change_pct("whole_face", "m") for df in (3, 30))
    assert few == pytest.approx(3.182 / 1.96 * 2 * math.sqrt(2), rel=1e-3)
    assert few > many


def test_a_zone_that_is_poorly_known_leans_on_the_median_zone():
    made = profile(nose=(0.1, 3), chin=(3.0, 3), left_cheek=(4.0, 3), left_temple=(40.0, 3), whole_face=(0.5, 3))
    of = {zone: made.sd_of_change_pct(zone, "m") for zone in (*made.zones, "glabella")}
    assert of["nose"] == of["chin"] == pytest.approx(3.182 / 1.96 * math.sqrt(2) * 3.5, rel=1e-3)
    assert of["left_cheek"] == pytest.approx(of["nose"] * 4 / 3.5)
    assert of["left_temple"] == pytest.approx(of["nose"] * 40 / 3.5)
    assert of["glabella"] == of["whole_face"] == of["nose"]


def test_two_shots_of_one_subject_give_no_narrow_limit_of_the_face():
    made = profile(nose=(2.0, 1), chin=(3.0, 1), left_cheek=(4.0, 1), whole_face=(0.03, 1))
    assert made.mdc_pct("whole_face", "m") == pytest.approx(12.706 * math.sqrt(2) * 3.0, rel=1e-3)


@pytest.mark.parametrize("zone", ["nose", "whole_face"])
def test_what_is_well_known_stands_by_itself(zone):
    made = profile(**{"left_cheek": (4.0, 10), "chin": (3.0, 10), zone: (0.1, 10)})
    assert made.sd_of_change_pct(zone, "m") == pytest.approx(2.228 / 1.96 * math.sqrt(2) * 0.1, rel=1e-3)


def test_what_is_not_known_is_nan():
    assert math.isnan(profile(nose=(2.0, 5)).sd_of_change_pct("nose", "other"))
    assert math.isnan(profile(nose=(None, 5), chin=(2.0, 5)).sd_of_change_pct("nose", "m"))
    assert math.isnan(profile(nose=(None, 5)).mdc_pct("chin", "m"))


def test_changes_of_unchanged_skin_stay_within_the_limit_as_often_as_it_says():
    """Profiles from five subjects, each used on one more pair of shots of the same scatter."""
    rng = np.random.default_rng(7)
    exceeded = []
    for _ in range(1000):
        values = 100 * np.exp(0.03 * rng.standard_normal((5, 2)))
        made = profile(whole_face=(within_cv_pct(values), 5))
        before, after = 100 * np.exp(0.03 * rng.standard_normal(2))
        exceeded.append(abs(100 * (after / before - 1)) > made.mdc_pct("whole_face", "m"))
    assert 0.03 <= np.mean(exceeded) <= 0.07
