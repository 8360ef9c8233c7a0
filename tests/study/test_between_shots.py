"""The scatter between shots of unchanged skin."""

from __future__ import annotations

import math

import numpy as np
import pytest

from known_head import photo_of
from skintexture.recipe import load_recipe, shipped_recipes
from skintexture.study.between_shots import (
    Scatter,
    Situation,
    compression_between,
    scatter_between_shots,
    scatter_of,
    shipped_scatter,
)
from skintexture.study.change import compared_metrics
from skintexture.study.repeatability import RepeatabilityProfile, Scatter as Shots

ALIKE = Situation(0.0, 0.0)


def _profile(cv_pct):
    shots = Shots(scale="log", sd=cv_pct / 100, cv_pct=cv_pct, df=200, unit="%")
    return RepeatabilityProfile(
        format=1,
        skintexture="0",
        recipe="standard",
        recipe_fingerprint="f",
        source="pairs",
        n_subjects=50,
        n_photos=250,
        zones={"nose": {"roughness_sq_luminance": shots}},
    )


def test_every_metric_of_the_default_recipe_has_its_own_figure():
    assert set(compared_metrics(load_recipe("standard"))) == set(shipped_scatter())


@pytest.mark.parametrize("recipe", shipped_recipes())
def test_every_metric_of_every_recipe_has_some_figure(recipe):
    for name in compared_metrics(load_recipe(recipe)):
        assert scatter_of(name).sd("nose", ALIKE) > 0, name


def test_a_metric_that_phantoms_did_not_measure_is_as_unsure_as_its_least_sure_kin():
    kin = [scatter.reshot for name, scatter in shipped_scatter().items() if name.startswith("band_rms_")]
    assert scatter_of("band_rms_3_5mm_luminance").reshot == max(kin)


def test_what_was_equalised_adds_to_the_scatter():
    scatter = Scatter(0.03, 0.01, 0.4, 2.0, 0.04, 0.5, 0.08, 0.4, 2.0, 0.8)
    assert scatter.sd("nose", ALIKE) == 0.03
    assert scatter.sd("whole_face", ALIKE) == 0.01
    assert scatter.sd("nose", Situation(1.0, 0.0)) == pytest.approx(0.05)
    assert scatter.sd("nose", Situation(0.0, 0.1)) > 0.05
    assert scatter.sd("nose", Situation(0.0, 0.0, turn=0.1)) == pytest.approx(0.05)
    assert scatter.sd("nose", Situation(0.0, 0.0, shine=0.02)) == pytest.approx(0.05)
    assert scatter.sd("nose", Situation(compression=0.5)) == pytest.approx(0.05)
    assert scatter.sd("nose", Situation(slant=0.1)) == pytest.approx(0.05)
    assert scatter.sd("nose", Situation(contrast=0.02)) == pytest.approx(0.05)
    assert scatter.sd("nose", Situation(sharpening=0.05)) == pytest.approx(0.05)


def test_contrast_and_sharpening_make_strength_less_sure():
    for name in ("band_rms_0.5_1mm_luminance", "paired_pore_contrast_luminance", "roughness_sq_luminance"):
        scatter = scatter_of(name)
        assert scatter.sd("nose", Situation(contrast=0.03)) > 1.25 * scatter.sd("nose", ALIKE), name
        assert scatter.sd("nose", Situation(sharpening=0.12)) > 1.25 * scatter.sd("nose", ALIKE), name


def _stored(quality, colour=None):
    return photo_of(np.full((8, 8, 3), 0.3), jpeg_quality=quality, chroma_quality=quality if colour is None else colour)


def test_photos_stored_in_different_steps_differ_by_the_ratio_of_the_steps():
    assert compression_between(_stored(95.0), _stored(90.0)) == pytest.approx(math.log(2))
    assert compression_between(_stored(90.0), _stored(95.0)) == pytest.approx(math.log(2))
    assert compression_between(_stored(90.0), _stored(90.0)) == 0.0
    lossless = _stored(math.nan, 100.0)
    assert compression_between(lossless, _stored(98.0)) == 0.0
    assert compression_between(lossless, _stored(96.0)) == pytest.approx(math.log(2))
    # Colour that is stored worse than luminance counts; at reduced resolution it is not measured at all.
    assert compression_between(_stored(95.0, 90.0), _stored(95.0)) == pytest.approx(math.log(2))
    assert compression_between(_stored(95.0, 0.0), _stored(95.0)) == 0.0


def test_the_users_own_shots_come_first():
    scatter = scatter_between_shots(_profile(10.0), load_recipe("standard"))
    assert scatter("nose", "roughness_sq_luminance", ALIKE) == pytest.approx(0.1 * 2**0.5, rel=0.02)
    assert scatter("nose", "roughness_sa_luminance", ALIKE) == scatter_of("roughness_sa_luminance").sd("nose", ALIKE)


def test_on_another_grid_only_the_users_own_shots_count():
    """The same name is another quantity there: texture of 1 to 2 mm with twice the surround and five times the blur."""
    coarse = load_recipe("coarse")
    assert math.isnan(scatter_between_shots(None, coarse)("nose", "band_rms_1_2mm_luminance", ALIKE))
    scatter = scatter_between_shots(_profile(10.0), coarse)
    assert scatter("nose", "roughness_sq_luminance", ALIKE) == pytest.approx(0.1 * 2**0.5, rel=0.02)
    assert math.isnan(scatter("nose", "roughness_sa_luminance", ALIKE))
    of_study = scatter_between_shots(None, load_recipe("microbotulinum"))
    assert of_study("nose", "band_rms_1_2mm_luminance", ALIKE) > 0


def test_development_that_cannot_be_read_counts_as_much_as_would_pass_unnamed():
    standard, unknown = load_recipe("standard"), Situation(contrast=math.nan, sharpening=math.nan)
    shipped = scatter_between_shots(None, standard)
    as_much = Situation(contrast=0.035, sharpening=0.1)
    assert shipped("nose", "roughness_sq_luminance", unknown) == shipped("nose", "roughness_sq_luminance", as_much)
    own = scatter_between_shots(_profile(10.0), standard)
    assert own("nose", "roughness_sq_luminance", unknown) == own("nose", "roughness_sq_luminance", Situation())


def test_photos_of_unknown_sharpness_differ_by_the_users_own_shots_alone():
    standard, unknown = load_recipe("standard"), Situation(blur_px=math.nan)
    assert math.isnan(scatter_between_shots(None, standard)("nose", "roughness_sq_luminance", unknown))
    own = scatter_between_shots(_profile(10.0), standard)
    assert own("nose", "roughness_sq_luminance", unknown) == own("nose", "roughness_sq_luminance", Situation())
