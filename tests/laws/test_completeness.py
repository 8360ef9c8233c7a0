"""No metric without a value in the samples' baseline, a law, a tolerance and a page."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import pytest

from command_line import SAMPLES
from skintexture.check.baseline import read_baseline
from skintexture.metrics.catalogue import FAMILIES
from skintexture.recipe import load_recipe, shipped_recipes

ROOT = Path(__file__).parents[2]
EXAMPLES = json.loads((ROOT / "tests/metrics/family_params.json").read_text("utf-8"))
UNDER_LAWS = {
    re.sub(r"(_[\d.]+)+mm$", "", metric.name)
    for name, family in FAMILIES.items()
    for metric in family.describe(family.params.model_validate(EXAMPLES[name]))
}
CATALOGUES = {name: load_recipe(name).catalogue() for name in shipped_recipes()}
BASELINE = read_baseline(SAMPLES / "baseline.txt")
STANDARD = CATALOGUES["standard"]
EVERY = {(recipe, name): metric for recipe, catalogue in CATALOGUES.items() for name, metric in catalogue.items()}


def values_of(name):
    return [abs(value) for (_, _, metric), value in BASELINE.values.items() if metric == name and not math.isnan(value)]


def test_the_baseline_is_of_the_shipped_recipe_and_photos():
    assert BASELINE.fingerprint == load_recipe("standard").fingerprint(), "run `skintexture check … --update`"
    sums = dict(reversed(line.split("  ")) for line in (SAMPLES / "checksums.txt").read_text("utf-8").splitlines())
    assert BASELINE.photos == {name: sums[name] for name in BASELINE.photos}
    assert len({name.split("_")[0] for name in BASELINE.photos}) == 3  # every subject


@pytest.mark.parametrize("name", STANDARD)
def test_a_metric_has_values_in_the_baseline(name):
    assert any(value > 0 for value in values_of(name))


@pytest.mark.parametrize(("recipe", "name"), EVERY)
def test_a_metric_is_under_the_laws(recipe, name):
    assert re.sub(r"(_[\d.]+)+mm$", "", EVERY[recipe, name].name) in UNDER_LAWS


@pytest.mark.parametrize(("recipe", "name"), EVERY)
def test_a_metric_has_a_tolerance_that_half_a_per_cent_exceeds(recipe, name):
    tolerance = EVERY[recipe, name].tolerance
    assert 0.0 < tolerance.relative < 5e-3
    if recipe == "standard":
        assert tolerance.absolute < 5e-3 * max(values_of(name))


@pytest.mark.parametrize(("recipe", "name"), EVERY)
def test_a_metric_has_its_page(recipe, name):
    metric = EVERY[recipe, name]
    base_name = re.sub(r"(_[\d.]+)+mm$", "", metric.name)
    assert f"`{base_name}`" in (ROOT / "docs" / "metrics" / f"{metric.family}.md").read_text("utf-8")
