"""Completeness: every metric is fully described, documented and measured as described."""

from __future__ import annotations

import json
import math
import re
from pathlib import Path

import numpy as np
import pytest
from scipy import ndimage

from skintexture.metrics.catalogue import FAMILIES
from skintexture.model import Patch

DOCS = Path(__file__).parents[2] / "docs" / "metrics"
EXAMPLES = json.loads((Path(__file__).parent / "family_params.json").read_text("utf-8"))
PARAMS = {name: family.params.model_validate(EXAMPLES[name]) for name, family in FAMILIES.items()}
METRICS = [metric for name, family in FAMILIES.items() for metric in family.describe(PARAMS[name])]


def random_patch(seed, strength_pct=8.0, blur_px=1.2, px_per_mm=12.0, side_px=90):
    """Blotchy texture in a blotchy mask."""
    rng = np.random.default_rng(seed)
    texture = ndimage.gaussian_filter(rng.normal(size=(side_px, side_px)), blur_px)
    mask = ndimage.gaussian_filter(rng.normal(size=texture.shape), 6.0) > -0.02
    signal = (strength_pct * texture / texture.std()).astype(np.float32)
    return Patch(signal, mask, px_per_mm, np.full_like(signal, 0.9), 0.5, 16.0, 0.04)


def test_the_four_families_are_there():
    assert set(FAMILIES) == {"glcm", "bands", "roughness", "pores"}
    assert {name for name, family in FAMILIES.items() if family.per_channel} == {"glcm", "bands", "roughness"}
    assert all(name == family.name for name, family in FAMILIES.items())


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_is_fully_described(metric):
    assert metric.family in FAMILIES
    assert metric.unit
    assert metric.low < metric.high  # also refuses nan
    assert metric.larger_means
    assert not metric.larger_means.endswith(".")
    assert metric.direction in {"lower_better", "higher_better", "none"}
    assert metric.version >= 1
    assert metric.source


@pytest.mark.parametrize("metric", METRICS, ids=lambda metric: metric.name)
def test_a_metric_has_its_place_on_its_family_page(metric):
    base_name = re.sub(r"(_[\d.]+)+mm$", "", metric.name)
    assert f"`{base_name}`" in (DOCS / f"{metric.family}.md").read_text("utf-8")


@pytest.mark.parametrize("name", FAMILIES)
def test_names_are_unique_and_of_their_family(name):
    names = [metric.name for metric in FAMILIES[name].describe(PARAMS[name])]
    assert len(set(names)) == len(names)
    assert {metric.family for metric in FAMILIES[name].describe(PARAMS[name])} == {name}
    assert len({metric.split("_")[0] for metric in names}) == 1


@pytest.mark.parametrize("name", FAMILIES)
def test_options_are_closed_and_have_no_defaults(name):
    fields = FAMILIES[name].params.model_fields
    assert "version" in fields
    assert all(field.is_required() for field in fields.values())
    with pytest.raises(ValueError, match="levles"):
        FAMILIES[name].params.model_validate(EXAMPLES[name] | {"levles": 3})


@pytest.mark.parametrize(
    "changes",
    [{}, {"strength_pct": 60.0}, {"blur_px": 0.3}, {"blur_px": 5.0}, {"strength_pct": 1e-3}, {"px_per_mm": 3.0}],
    ids=str,
)
@pytest.mark.parametrize("name", FAMILIES)
def test_values_are_as_described_and_in_their_range(name, changes):
    for seed in range(3):
        described = FAMILIES[name].describe(PARAMS[name])
        values = FAMILIES[name].measure(random_patch(seed, **changes), PARAMS[name])
        assert list(values) == [metric.name for metric in described]
        for metric in described:
            value = values[metric.name]
            assert type(value) is float
            slack = 1e-9 * max(1.0, abs(value))
            assert math.isnan(value) or metric.low - slack <= value <= metric.high + slack, metric.name


@pytest.mark.parametrize("name", FAMILIES)
def test_most_metrics_have_a_value_on_ordinary_texture(name):
    values = FAMILIES[name].measure(random_patch(0, side_px=150), PARAMS[name])
    assert [metric for metric, value in values.items() if math.isnan(value)] == []


@pytest.mark.parametrize("pixels", [0, 1, 2])
@pytest.mark.parametrize("name", FAMILIES)
def test_next_to_no_skin_is_no_error(name, pixels):
    patch = random_patch(1)
    patch.mask[:] = False
    patch.mask[40, 40 : 40 + pixels] = True
    values = FAMILIES[name].measure(patch, PARAMS[name])
    assert set(values) == {metric.name for metric in FAMILIES[name].describe(PARAMS[name])}
    if pixels == 0:
        assert all(math.isnan(value) for value in values.values())
