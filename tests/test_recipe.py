"""Recipes hold everything that changes a number, and nothing they don't know."""

from __future__ import annotations

import json
from importlib import resources

import pytest

from skintexture.errors import RecipeError
from skintexture.recipe import load_recipe, parse_recipe, recipe_schema, shipped_recipes

STANDARD = (resources.files("skintexture.pipelines") / "standard.toml").read_text(encoding="utf-8")


def test_the_three_recipes_are_shipped():
    assert {"standard", "coarse", "microbotulinum"} <= set(shipped_recipes())


@pytest.mark.parametrize("name", shipped_recipes())
def test_a_shipped_recipe_is_named_as_its_file(name):
    assert load_recipe(name).name == name


def test_pores_are_measured_alike_in_every_recipe_that_measures_them():
    assert load_recipe("standard").metrics.pores == load_recipe("microbotulinum").metrics.pores
    assert load_recipe("coarse").metrics.pores is None


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        (
            "levels = 64",
            "levles = 64",
            ["metrics.glcm.levles: unknown key (did you mean `levels`?)"],
        ),
        ("levels = 64", 'levels = "many"', ["metrics.glcm.levels = 'many'"]),
        ("local_mean_mm = 2.0", "local_mean_mm = nan", ["grid.local_mean_mm = 'nan'"]),
        ("local_mean_mm = 2.0", "local_mean_mm = -2.0", ["grid.local_mean_mm = -2.0", "greater than 0"]),
        ('"forehead",', '"forhead",', ["zones.names.0 = 'forhead'", "did you mean `forehead`?"]),
        ("[grid]\n", "[grid]\nextra = 1\n", ["grid.extra: unknown key"]),
        ("glcm = { px_per_mm = 12.0", "glcm = { px_per_mm = 6.0", ["needs.glcm.px_per_mm must not be below"]),
        (
            "glcm = { px_per_mm = 12.0, max_blur_mm = 0.16, own_px_per_mm = 9.0 }\n",
            "",
            ["needs.glcm and metrics.glcm go together"],
        ),
        ("\nblur_mm = 0.056", "\nblur_mm = 0.02", ["too sharp for this grid"]),
        ("grid_blur_mm = 0.056", "grid_blur_mm = 0.06", ["grid_blur_mm must be grid.blur_mm"]),
        ("[scale]", "[scale", ["is not TOML"]),
        ('"forehead",', '"forehead", "forehead",', ["zones.names", "named twice: forehead"]),
        ('"luminance", "red",', '"luminance", "luminance",', ["grid.channels", "named twice: luminance"]),
        ("levels = 64", "levels = 64.0", ["metrics.glcm.levels = 64.0"]),
        ("iris_mm = 11.71", 'iris_mm = "11.71"', ["scale.iris_mm = '11.71'"]),
    ],
)
def test_a_wrong_recipe_is_refused_with_the_path_of_its_key(old, new, told):
    assert old in STANDARD
    with pytest.raises(RecipeError) as refusal:
        parse_recipe(STANDARD.replace(old, new, 1), "mine.toml")
    for words in told:
        assert words in refusal.value.reason


def test_every_wrong_key_is_told_at_once():
    text = STANDARD.replace("levels = 64", "levles = 64").replace("s_filter_mm", "s_filtre_mm")
    with pytest.raises(RecipeError) as refusal:
        parse_recipe(text, "mine.toml")
    assert "levles" in refusal.value.reason
    assert "s_filtre_mm" in refusal.value.reason


def test_an_unknown_name_is_answered_with_the_nearest():
    with pytest.raises(RecipeError, match="did you mean `standard`"):
        load_recipe("standart")


def test_the_fingerprint_follows_what_changes_a_number_and_nothing_else():
    recipe = parse_recipe(STANDARD, "a")
    renamed = parse_recipe(STANDARD.replace('name = "standard"', 'name = "mine"'), "b")
    changed = parse_recipe(STANDARD.replace("levels = 64", "levels = 65"), "c")
    reordered = parse_recipe("\n".join(line.split("#")[0].rstrip() for line in STANDARD.splitlines()), "d")
    assert recipe.fingerprint() == renamed.fingerprint() == reordered.fingerprint()
    assert recipe.fingerprint() != changed.fingerprint()


def test_the_schema_is_json_and_closed():
    schema = json.loads(json.dumps(recipe_schema()))
    assert schema["additionalProperties"] is False
    assert set(schema["required"]) >= {"name", "scale", "zones", "skin", "grid", "needs", "metrics"}


def test_a_recipe_file_can_be_anywhere(tmp_path):
    path = tmp_path / "mine.toml"
    path.write_text(STANDARD.replace('name = "standard"', 'name = "mine"'), encoding="utf-8")
    assert load_recipe(str(path)).name == "mine"
