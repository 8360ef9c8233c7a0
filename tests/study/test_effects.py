"""What changed in a group of subjects, against the libraries of statistics."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from statsmodels.stats.multitest import multipletests
from statsmodels.stats.weightstats import DescrStatsW

from skintexture.study.effects import EFFECT_COLUMNS, effect_table, holm

ZONES, METRICS = ("whole_face", "nose", "chin"), ("m", "signed", "other")


def _changes(subjects=9, shots=1, seed=0):
    """Lognormal values that fall by a tenth; those of ``signed`` are of either sign."""
    rng = np.random.default_rng(seed)
    rows = []
    for subject in range(subjects):
        for metric in METRICS:
            for zone in ZONES:
                for shot in range(shots):
                    before = rng.lognormal(1, 0.2) if metric != "signed" else rng.normal()
                    after = before * rng.lognormal(-0.1, 0.1) if metric != "signed" else before + rng.normal(0.5, 0.4)
                    row = {"subject": f"s{subject}", "visit_before": "x", "visit_after": "y", "shot": shot + 1}
                    row |= {"zone": zone, "metric": metric, "before": before, "after": after, "unit": "mm"}
                    rows.append(row | {"direction": "lower_better", "verdict": "no change shown", "arm": subject % 2})
    return pd.DataFrame(rows)


def _row(table, zone="nose", metric="m"):
    return table.set_index(["zone", "metric"]).loc[(zone, metric)]


def test_ratios_are_averaged_and_tested_as_logarithms():
    changes = _changes()
    table = effect_table(changes, ["m"])
    assert list(table.columns) == list(EFFECT_COLUMNS)
    of = changes[(changes["zone"] == "nose") & (changes["metric"] == "m")]
    log = np.log(of["after"] / of["before"]).to_numpy()
    row = _row(table)
    assert row["change"] == pytest.approx(100 * (stats.gmean(of["after"] / of["before"]) - 1))
    interval = DescrStatsW(log).tconfint_mean()
    assert (row["ci_low"], row["ci_high"]) == pytest.approx(tuple(100 * np.expm1(interval)))
    assert row["p_t"] == pytest.approx(stats.ttest_rel(np.log(of["after"]), np.log(of["before"])).pvalue)
    assert row["p_wilcoxon"] == pytest.approx(stats.wilcoxon(log).pvalue)
    assert (row["subjects"], row["change_unit"], row["scale"]) == (9, "%", "ratio")
    assert row["mean_before"] == pytest.approx(of["before"].mean())


def test_values_of_either_sign_are_averaged_and_tested_as_differences():
    changes = _changes()
    row = _row(effect_table(changes, ["signed"]), metric="signed")
    of = changes[(changes["zone"] == "nose") & (changes["metric"] == "signed")]
    assert row["change"] == pytest.approx((of["after"] - of["before"]).mean())
    assert (row["change_unit"], row["scale"]) == ("mm", "difference")
    assert row["p_t"] == pytest.approx(stats.ttest_rel(of["after"], of["before"]).pvalue)


def test_holm_is_that_of_statsmodels_over_the_face_and_over_the_zones():
    table = effect_table(_changes(), ["m", "signed"])
    for family in (table["zone"] == "whole_face", table["zone"] != "whole_face"):
        of = table[family & table["endpoint"]]
        expected = multipletests(of["p_t"].to_numpy(float), method="holm")[1]
        assert of["p_holm"].to_numpy(float) == pytest.approx(expected)
    assert table.loc[table["metric"] == "other", ["p_t", "p_wilcoxon", "p_holm"]].isna().all(axis=None)


@pytest.mark.parametrize("seed", range(5))
def test_holm_leaves_out_what_was_not_tested(seed):
    p = np.random.default_rng(seed).uniform(size=20) ** 3
    adjusted = holm(np.append(p, np.nan))
    assert adjusted[:-1] == pytest.approx(multipletests(p, method="holm")[1])
    assert np.isnan(adjusted[-1])


def test_a_subject_counts_once_however_many_shots_it_has():
    once = effect_table(_changes(), ["m"])
    thrice = effect_table(pd.concat([_changes().assign(shot=k) for k in (1, 2, 3)]), ["m"])
    assert _row(thrice)["subjects"] == 9
    pd.testing.assert_series_equal(
        _row(once)[["change", "ci_low", "p_t"]].astype(float), _row(thrice)[["change", "ci_low", "p_t"]].astype(float)
    )


def test_what_cannot_be_compared_is_counted_and_left_out():
    changes = _changes()
    lost = (changes["zone"] == "nose") & (changes["metric"] == "m") & changes["subject"].isin(("s0", "s1"))
    changes.loc[lost, ["before", "after", "verdict"]] = [np.nan, np.nan, "not comparable"]
    changes.loc[(changes["zone"] == "chin") & (changes["metric"] == "m"), "verdict"] = "not comparable"
    changes.loc[changes["subject"] == "s3", "verdict"] = "improved"
    table = effect_table(changes, ["m"])
    nose, chin = _row(table), _row(table, "chin")
    assert (nose["subjects"], nose["not_comparable"], nose["improved"], nose["no_change_shown"]) == (7, 2, 1, 6)
    assert (chin["subjects"], chin["not_comparable"]) == (1, 8)
    assert np.isnan(chin["ci_low"])
    assert chin["p_t"] is pd.NA or np.isnan(chin["p_t"])


def test_groups_are_told_apart():
    table = effect_table(_changes().assign(arm=lambda t: t["arm"].map({0: "verum", 1: "placebo"})), ["m"], ["arm"])
    counts = table[(table["zone"] == "nose") & (table["metric"] == "m")].set_index("arm")["subjects"]
    assert counts.to_dict() == {"verum": 5, "placebo": 4}


def test_all_groups_have_one_scale_and_differences_of_shares_are_points():
    changes = _changes().assign(unit="%")
    one = changes[(changes["zone"] == "nose") & (changes["metric"] == "m")].index[0]
    changes.loc[one, "after"] = -0.1
    table = effect_table(changes, ["m"], ["arm"])
    nose = table[(table["zone"] == "nose") & (table["metric"] == "m")]
    assert set(nose["scale"]) == {"difference"}
    assert set(nose["change_unit"]) == {"points"}
    assert set(table.loc[(table["zone"] == "chin") & (table["metric"] == "m"), "change_unit"]) == {"%"}


@pytest.mark.parametrize("name", ["whole", "each", "group", "mean", "is_ratio", "log_sd"])
def test_no_name_of_a_column_disturbs_the_tests(name):
    plain = effect_table(_changes(), ["m"], ["arm"])
    other = effect_table(_changes().rename(columns={"arm": name}), ["m"], [name])
    pd.testing.assert_frame_equal(other.rename(columns={name: "arm"}), plain)


def test_every_shot_counts_in_verdicts_and_empty_groups_have_an_empty_name():
    changes = pd.concat([_changes(2).assign(shot=k, verdict="improved", arm=None) for k in (1, 2)])
    row = _row(effect_table(changes, ["m"], ["arm"]))
    assert (row["subjects"], row["improved"], row["arm"]) == (2, 4, "")
