"""The other commands."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from command_line import SAMPLES, skintexture
from skintexture.caveats import CAVEATS
from skintexture.recipe import load_recipe, shipped_recipes
from skintexture.study.compare import CHANGE_COLUMNS


def test_compare_shows_the_shallower_pores(compared):
    out, run = compared
    assert run.code == 0
    changes = pd.read_csv(out / "changes.csv")
    assert list(changes.columns) == list(CHANGE_COLUMNS)
    assert changes.equals(pd.read_parquet(out / "changes.parquet")) or len(changes) == len(
        pd.read_parquet(out / "changes.parquet")
    )
    contrast = changes[changes["metric"] == "pore_contrast"].set_index("zone")["change_pct"]
    for zone in ("forehead", "left_cheek", "right_cheek", "nose", "whole_face"):
        assert -45 < contrast[zone] < -10
    assert "whole_face" in run.out
    assert (out / "changes.png").read_bytes().startswith(b"\x89PNG")


def test_compare_of_the_same_skin_moves_less_than_a_treatment(compared, tmp_path):
    treated, _ = compared
    skintexture("compare", SAMPLES / "s01_before.jpg", SAMPLES / "s01_before_again.jpg", "-o", tmp_path)
    moved = {}
    for name, folder in (("again", tmp_path), ("treated", treated)):
        changes = pd.read_csv(folder / "changes.csv").query("zone == 'whole_face'").set_index("metric")["change_pct"]
        moved[name] = changes[["pore_contrast", "pore_density", "roughness_sq_luminance", "band_rms_0.5_1mm_luminance"]]
    assert moved["again"].abs().max() < 5
    assert moved["treated"].max() < -10


def test_compare_with_a_refused_photo_writes_its_tables_and_ends_with_1(small_photos, tmp_path):
    run = skintexture("compare", small_photos / "s02.jpg", small_photos / "wall.png", "-r", "coarse", "-o", tmp_path)
    assert run.code == 1
    assert "no face" in run.out
    assert list(pd.read_csv(tmp_path / "changes.csv").columns) == list(CHANGE_COLUMNS)


def test_compare_takes_one_scale_or_two(small_photos, tmp_path):
    photo = small_photos / "s02.jpg"
    run = skintexture("compare", photo, photo, "-r", "coarse", "--px-per-mm", "4.3,4.1", "-o", tmp_path)
    assert run.code == 0
    assert list(pd.read_csv(tmp_path / "photos.csv")["px_per_mm"]) == [4.3, 4.1]
    wrong = skintexture("compare", photo, photo, "--px-per-mm", "4.3;4.1", "-o", tmp_path)
    assert wrong.code == 2
    assert "BEFORE,AFTER" in wrong.err


def test_the_data_dictionary_has_every_metric():
    run = skintexture("metrics", "--json")
    assert set(json.loads(run.out)) == set(load_recipe("standard").catalogue())
    assert "pore_density" in skintexture("metrics").out


@pytest.mark.parametrize("name", shipped_recipes())
def test_a_recipe_that_is_shown_can_be_checked(name, tmp_path):
    text = skintexture("recipe", "show", name).out
    (tmp_path / "mine.toml").write_text(text, encoding="utf-8")
    run = skintexture("recipe", "check", tmp_path / "mine.toml")
    assert run.code == 0
    assert load_recipe(name).fingerprint() in run.out


def test_recipe_list_and_schema():
    listed = skintexture("recipe", "list").out
    assert all(name in listed for name in shipped_recipes())
    assert json.loads(skintexture("recipe", "schema").out)["title"] == "Recipe"


def test_doctor_finds_nothing_missing():
    run = skintexture("doctor")
    assert run.code == 0, run.out
    assert "✗" not in run.out


def test_version_names_the_libraries_that_decide_a_number():
    out = skintexture("--version").out
    assert "mediapipe 0.10.31" in out
    assert "opencv" in out


@pytest.mark.parametrize("command", [[], ["score"], ["compare"], ["demo"], ["metrics"], ["doctor"], ["recipe", "show"]])
def test_help_teaches(command):
    run = skintexture(*command, "--help")
    assert run.code == 0
    assert len(run.out) > 200


def test_every_caveat_says_what_to_do():
    for caveat in CAVEATS.values():
        assert len(caveat.meaning) > 15
        assert caveat.remedy


def test_a_console_that_knows_only_ascii_stops_nothing(small_photos, tmp_path, monkeypatch):
    monkeypatch.setenv("PYTHONIOENCODING", "ascii")
    run = skintexture("score", small_photos / "wall.png", "-r", "coarse", "-o", tmp_path)
    assert run.code == 1
    assert "refused" in run.out
