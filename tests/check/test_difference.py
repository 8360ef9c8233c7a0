"""Why numbers may differ, and which do."""

from __future__ import annotations

import math
from dataclasses import replace
from xml.etree import ElementTree as ET

import pytest

from command_line import SAMPLES
from skintexture.check.baseline import read_baseline
from skintexture.check.difference import Drift, differ
from skintexture.check.junit import describe, write_junit
from skintexture.cli.check import report
from skintexture.recipe import load_recipe

STANDARD = load_recipe("standard").catalogue()
CATALOGUE = load_recipe("coarse").catalogue()
METRIC = "roughness_sq_luminance"
PHOTO = "photos/small.jpg"


@pytest.fixture(scope="module")
def then(measured_once):
    return measured_once.baseline


def scaled(baseline, metric, factor):
    values = {key: value * (factor if key[2] == metric else 1.0) for key, value in baseline.values.items()}
    return replace(baseline, values=values)


def test_the_same_numbers_are_the_same(then):
    found = differ(then, then, CATALOGUE)
    assert found.verdict == "same"
    assert found.causes == found.drifts == ()
    assert found.compared == len(then.values)


@pytest.mark.parametrize("metric", STANDARD)
def test_half_a_per_cent_in_any_metric_of_the_samples_is_drift_and_is_named(metric):
    then = read_baseline(SAMPLES / "baseline.txt")
    found = differ(then, scaled(then, metric, 1.005), STANDARD)
    assert found.verdict == "drift"
    assert {drift.metric for drift in found.drifts} == {metric}
    assert found.drifts[0].change_pct == pytest.approx(0.5 * math.copysign(1, found.drifts[0].then), rel=1e-6)


@pytest.mark.parametrize("metric", CATALOGUE)
def test_rounding_is_no_drift(then, metric):
    assert differ(then, scaled(then, metric, 1.0 + 2e-5), CATALOGUE).verdict == "same"


def test_a_number_that_is_gone_or_new_is_drift(then):
    key = next(iter(then.values))
    fewer = replace(then, values={k: v for k, v in then.values.items() if k != key})
    for sides, how in (((then, fewer), "gone"), ((fewer, then), "new")):
        found = differ(*sides, CATALOGUE)
        assert [(drift.how, drift.metric) for drift in found.drifts] == [(how, key[2])]
        assert found.verdict == "drift"


def test_a_number_that_became_missing_is_drift(then):
    key = next(key for key, value in then.values.items() if not math.isnan(value))
    found = differ(then, replace(then, values={**then.values, key: math.nan}), CATALOGUE)
    assert [drift.metric for drift in found.drifts] == [key[2]]


def with_other_photo(then):
    return replace(scaled(then, METRIC, 2.0), photos={PHOTO: "00" * 32})


def with_other_setting(then):
    return replace(then, fingerprint="other", settings={**then.settings, "grid.blur_mm": "0.07"})


def with_other_model(then):
    return replace(then, around=replace(then.around, model_sha256="cd" * 32))


def with_other_numpy(then):
    return replace(then, around=replace(then.around, packages={**then.around.packages, "numpy": "9.9"}))


def on_another_machine(then):
    return replace(then, around=replace(then.around, machine="Darwin arm64"))


def without_the_photo(then):
    return replace(then, photos={}, values={})


@pytest.mark.parametrize(
    ("change", "kind", "word", "verdict"),
    [
        (with_other_photo, "photo", PHOTO, "undecided"),
        (without_the_photo, "photo", "missing", "undecided"),
        (with_other_setting, "recipe", "grid.blur_mm", "undecided"),
        (with_other_model, "model", "cdcdcdcd", "same"),
        (with_other_numpy, "package", "numpy", "same"),
        (on_another_machine, "machine", "Darwin", "same"),
    ],
)
def test_causes_are_told_apart(then, change, kind, word, verdict):
    found = differ(then, change(then), CATALOGUE)
    assert [cause.kind for cause in found.causes] == [kind]
    assert word in found.causes[0].what
    assert found.verdict == verdict


def test_numbers_of_another_file_are_shown_but_say_nothing_of_the_code(then):
    found = differ(then, with_other_photo(then), CATALOGUE)
    assert {drift.metric for drift in found.drifts} == {METRIC}
    assert not any(drift.counts for drift in found.drifts)


def test_another_file_is_told_first_and_in_a_few_lines(then):
    other = with_other_numpy(replace(then, photos={PHOTO: "00" * 32}))
    doubled = replace(other, values={key: 2 * value + 1 for key, value in other.values.items()})
    lines = list(report(differ(then, doubled, CATALOGUE)))
    assert "can't tell" in lines[0]
    assert f"{PHOTO} is another file" in lines[1]
    assert any("numpy" in line for line in lines)
    assert "says nothing of the code" in lines[-1]
    assert len(lines) <= 5


def test_many_causes_are_told_in_a_few_lines(then):
    more = replace(then, photos={**then.photos, **{f"gone{k}.jpg": "1" for k in range(30)}})
    lines = list(report(differ(more, then, CATALOGUE)))
    assert "can't tell" in lines[0]
    assert "20 more" in lines[-1]
    assert len(lines) == 12


def test_drift_is_listed_without_the_numbers_of_another_file(then):
    two = replace(then, photos={**then.photos, "b.jpg": "1"})
    two = replace(two, values={**two.values, ("b.jpg", "chin", METRIC): 1.0})
    now = scaled(replace(two, photos={**two.photos, "b.jpg": "2"}), METRIC, 4.5)
    lines = list(report(differ(two, now, CATALOGUE)))
    assert not any("b.jpg chin" in line for line in lines)
    assert any("1 number moved, which says nothing" in line for line in lines)
    assert any("(+350 %)" in line for line in lines)
    assert "drift" in lines[-1]


def test_one_is_told_as_one(then, tmp_path):
    key = (PHOTO, "chin", METRIC)
    one = replace(then, values={key: then.values[key]})
    lines = list(report(differ(one, scaled(one, METRIC, 2.0), CATALOGUE)))
    assert "numbers that moved, of 1 metric:" in lines
    assert any("1 number, the most in" in line for line in lines)
    assert "1 of 1 number moved" in lines[-1]
    assert "1 number within its tolerance" in next(report(differ(one, one, CATALOGUE)))
    write_junit(differ(one, scaled(one, METRIC, 2.0), CATALOGUE), tmp_path / "check.xml")
    assert f'"{METRIC} drifted in 1 zone"' in (tmp_path / "check.xml").read_text("utf-8")


@pytest.mark.parametrize(
    ("factor", "told"), [(4.5, "+350 %"), (1.005, "+0.5 %"), (0.5, "-50 %"), (1e6, "+100000000 %")]
)
def test_a_change_is_told_with_two_digits_and_no_exponent(factor, told):
    assert f"({told})" in describe(Drift("a.jpg", "chin", METRIC, 20.0, 20.0 * factor, "moved", True))


def test_a_photo_that_is_not_in_the_baseline_leaves_it_open(then):
    found = differ(then, replace(then, photos={**then.photos, "new.jpg": "1"}), CATALOGUE)
    assert found.verdict == "undecided"


def test_a_photo_that_is_refused_now_is_drift(then):
    refused = replace(then, refused={PHOTO: "no face was found"}, values={})
    found = differ(then, refused, CATALOGUE)
    assert found.verdict == "drift"
    assert "no face was found" in found.causes[0].what


def test_another_file_that_is_refused_is_told_with_its_reason(then):
    now = replace(then, photos={PHOTO: "00" * 32}, refused={PHOTO: "it holds text"}, values={})
    assert any("it holds text" in line for line in report(differ(then, now, CATALOGUE)))


def test_drift_is_told_also_where_another_photo_is_missing(then):
    more = replace(then, photos={**then.photos, "gone.jpg": "1"})
    found = differ(more, scaled(then, METRIC, 1.1), CATALOGUE)
    assert found.verdict == "drift"


def test_junit_has_a_case_for_each_photo_and_metric(then, tmp_path):
    found = differ(then, scaled(with_other_numpy(then), METRIC, 1.1), CATALOGUE)
    write_junit(found, tmp_path / "check.xml")
    root = ET.parse(tmp_path / "check.xml").getroot()
    cases = {case.get("name"): case for case in root.iter("testcase") if case.get("classname") == PHOTO}
    assert set(cases) == set(CATALOGUE)
    assert [name for name, case in cases.items() if case.find("failure") is not None] == [METRIC]
    text = cases[METRIC].find("failure").text
    assert "whole_face" in text
    assert "+10 %" in text
    assert (root.get("failures"), root.get("errors"), root.get("tests")) == ("1", "0", str(len(CATALOGUE) + 1))


def test_junit_has_an_error_where_it_can_not_be_told(then, tmp_path):
    write_junit(differ(then, with_other_setting(then), CATALOGUE), tmp_path / "check.xml")
    root = ET.parse(tmp_path / "check.xml").getroot()
    assert int(root.get("errors")) == 2  # the setting, and that nothing was compared
