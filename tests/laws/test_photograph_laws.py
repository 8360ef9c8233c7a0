"""What holds for every metric from the photograph on: more light, deeper pores, the same skin."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings, strategies as st

from skintexture.phantoms.patches import SkinSpec
from skintexture.recipe import load_recipe
from skintexture.validation.flat_skin import (
    FlatCamera,
    FlatSkin,
    as_photo,
    exposed,
    grow,
    linear_picture,
    measured,
    photographed,
)

RECIPE = load_recipe("standard")
SPEC = SkinSpec(seed=11, side_mm=12.0, relief_pct=2.0)
CAMERA = FlatCamera(px_per_mm=14.0, exposure=0.6)

few = settings(max_examples=8, deadline=None, derandomize=True)


@pytest.fixture(scope="module")
def light():
    return exposed(linear_picture(grow(SPEC), CAMERA), CAMERA)


@pytest.fixture(scope="module")
def values(light):
    return measured(as_photo(light), CAMERA, RECIPE)


def test_every_metric_of_the_recipe_is_looked_at(values):
    assert set(values) == set(RECIPE.catalogue())
    assert [name for name, value in values.items() if math.isnan(value)] == []


@few
@given(gain=st.floats(0.5, 2.0))
def test_more_light_changes_no_metric(light, values, gain):
    brighter = measured(as_photo(np.float32(gain) * light), CAMERA, RECIPE)
    for name, value in values.items():
        assert brighter[name] == pytest.approx(value, rel=5e-3, abs=1e-4), name


@few
@given(gain=st.floats(0.5, 2.0))
def test_more_light_through_8_bit_files_changes_no_band(gain):
    """Bands are free of the camera's noise; of the other families only those metrics that noise hardly touches."""
    skin = grow(SPEC)
    one, other = (
        measured(photographed(skin, camera), camera, RECIPE)
        for camera in (CAMERA, replace(CAMERA, exposure=gain * CAMERA.exposure))
    )
    robust = (
        "glcm_joint_entropy",
        "roughness_sq",
        "roughness_sa",
        "roughness_sal",
        "roughness_sdq",
        "glcm_dissimilarity",
    )
    for name, value in one.items():
        if name.endswith("_luminance") and name.startswith(("band_", *robust)):
            assert other[name] == pytest.approx(value, rel=0.03, abs=1e-3), name


@few
@given(depth=st.floats(0.5, 1.3), more=st.floats(1.05, 1.4))
def test_deeper_pores_never_lower_pore_contrast(depth, more):
    ground = grow(replace(SPEC, pores_per_cm2=0.0)).contrast_pct
    pores = grow(SPEC).contrast_pct - ground
    shallow, deep = (
        measured(photographed(FlatSkin(ground + d * pores, ()), CAMERA), CAMERA, RECIPE)["pore_contrast"]
        for d in (depth, more * depth)
    )
    assert deep >= shallow


@few
@given(blur_px=st.floats(0.5, 1.4), more=st.floats(1.1, 1.6))
def test_a_softer_photo_never_has_more_fine_texture(blur_px, more):
    sharp, soft = (
        measured(photographed(grow(SPEC), camera), camera, RECIPE)
        for camera in (replace(CAMERA, blur_px=blur_px), replace(CAMERA, blur_px=more * blur_px))
    )
    for channel in ("luminance", "red"):
        name = f"band_energy_0.25_0.5mm_{channel}"
        assert soft[name] <= sharp[name] * 1.001
