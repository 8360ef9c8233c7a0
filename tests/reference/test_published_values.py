"""Values that others have published, or that follow in closed form; their data come with the package."""

from __future__ import annotations

import math

import pytest

from skintexture.metrics.glcm_features import FEATURE_NAMES
from skintexture.study.agreement import mdc95
from skintexture.validation import areal, cooccurrence
from skintexture.validation.finding import Finding

IBSI = cooccurrence.ibsi_reference()


def test_the_reference_holds_every_feature_and_its_source():
    assert "10.1148/radiol.2020191145" in IBSI["source"]
    assert set(IBSI["published"]) == {"averaged", "merged"}
    assert all(set(values) == set(FEATURE_NAMES) for values in IBSI["published"].values())


@pytest.mark.parametrize("aggregation", ["averaged", "merged"])
def test_the_phantom_gives_the_published_values(aggregation):
    found = cooccurrence.phantom_features(IBSI, aggregation)
    assert {name: float(f"{value:.3g}") for name, value in found.items()} == IBSI["published"][aggregation]


def test_surfaces_in_closed_form_have_their_iso_values():
    judged = [item for item in areal.findings("quick") if isinstance(item, Finding) and item.target != "reported"]
    assert len(judged) == 7
    assert [finding.what for finding in judged if not finding.passed] == []


def test_the_wave_of_the_reference_has_the_values_that_the_standard_gives_it():
    truth = areal.wave(64).truth
    expected = {"sa": 0.031831, "sq": 0.0353553, "ssk": 0.0, "sku": 1.5, "sz": 0.1, "sdq": 0.2221441}
    assert truth == pytest.approx(expected, rel=1e-5)


def test_smallest_detectable_change_of_the_published_example():
    assert mdc95(math.sqrt(1.64)) == pytest.approx(3.55, abs=0.005)
