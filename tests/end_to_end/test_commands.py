"""The other commands."""

from __future__ import annotations

import json

import pandas as pd
import pytest

from command_line import SAMPLES, coarse_profile, skintexture
from skintexture.caveats import CAVEATS
from skintexture.recipe import load_recipe, shipped_recipes
from skintexture.study.comparability import COMPARABILITY_COLUMNS
from skintexture.study.pair_tables import CHANGE_COLUMNS, CHANGE_MAP_COLUMNS, PORE_PAIR_COLUMNS

ZONES = ("forehead", "left_cheek", "right_cheek", "nose", "whole_face")


def _verdicts(folder, metric):
    changes = pd.read_csv(folder / "changes.csv")
    return changes[changes["metric"] == metric].set_index("zone")


def test_compare_shows_the_shallower_pores(compared):
    """Every pore of the sample is 40 % shallower after; number and diameter are what they were."""
    out, run = compared
    assert run.code == 0
    contrast = _verdicts(out, "paired_pore_contrast_luminance")
    volume = _verdicts(out, "paired_pore_volume")
    for zone in ZONES:
        assert contrast.loc[zone, "verdict"] == volume.loc[zone, "verdict"] == "improved"
        assert contrast.loc[zone, "change_pct"] == pytest.approx(-40, abs=8)
        assert contrast.loc[zone, "ci_low_pct"] < contrast.loc[zone, "change_pct"] < contrast.loc[zone, "ci_high_pct"]
    for metric in ("pore_density_all", "pore_density", "pore_diameter", "paired_pore_area"):
        assert not set(_verdicts(out, metric)["verdict"]) & {"improved", "worse"}, metric
    assert "Pore contrast: improved" in run.out
    assert _verdicts(out, "pore_false_density").empty


def test_compare_writes_its_tables_twice_and_its_pictures(compared):
    out, _ = compared
    for name, columns in (
        ("changes", CHANGE_COLUMNS),
        ("pore_pairs", PORE_PAIR_COLUMNS),
        ("change_map", CHANGE_MAP_COLUMNS),
        ("comparability", COMPARABILITY_COLUMNS),
    ):
        text, binary = pd.read_csv(out / f"{name}.csv"), pd.read_parquet(out / f"{name}.parquet")
        assert list(text.columns) == list(binary.columns) == list(columns)
        assert len(text) == len(binary) > 0
    assert (out / "summary.png").read_bytes().startswith(b"\x89PNG")
    assert (out / "summary.svg").read_bytes().rstrip().endswith(b"</svg>")
    assert len(list((out / "overlays").rglob("*.jpg"))) == 2


def test_compare_keeps_pores_that_became_fainter(compared):
    pairs = pd.read_csv(compared[0] / "pore_pairs.csv")
    assert set(pairs["kind"]) == {"kept", "gone", "new"}
    gone = pairs[pairs["kind"] == "gone"]
    left = (gone["after_forced_contrast"] / gone["before_forced_contrast"]).median()
    assert 0.4 < left < 0.75


def test_the_map_shows_change_all_over_the_face(compared):
    tiles = pd.read_csv(compared[0] / "change_map.csv")
    pores = tiles[tiles["metric"] == "pore_contrast"]
    assert pores["significant"].mean() > 0.9
    assert pores["change_pct"].median() == pytest.approx(-38, abs=6)
    assert pores["face_u"].between(0, 1).all()
    assert pores["face_v"].between(0, 1).all()


def test_compare_of_the_same_skin_shows_no_change(tmp_path):
    run = skintexture("compare", SAMPLES / "s01_before.jpg", SAMPLES / "s01_before_again.jpg", "-o", tmp_path)
    assert run.code == 0
    changes = pd.read_csv(tmp_path / "changes.csv")
    assert changes["verdict"].isin(["improved", "worse"]).mean() <= 0.03
    assert (changes["verdict"] == "not comparable").mean() <= 0.1
    contrast = _verdicts(tmp_path, "paired_pore_contrast_luminance")
    assert contrast.loc["whole_face", "change_pct"] == pytest.approx(0, abs=2)
    assert contrast.loc["whole_face", "verdict"] == "no change shown"


def test_compare_as_json_tells_a_program_everything(small_photos, tmp_path):
    photo = small_photos / "s02.jpg"
    profile = coarse_profile(tmp_path)
    run = skintexture("compare", photo, photo, "-r", "coarse", "-o", tmp_path, "--repeatability", profile, "--json")
    told = json.loads(run.out)
    assert told["verdicts"] == pd.read_csv(tmp_path / "changes.csv")["verdict"].value_counts().to_dict()
    # The registration isn't told that the files are the same, so a few skewnesses may move.
    assert len(told["shown"]) <= 0.01 * sum(told["verdicts"].values())
    assert told["equalised"]["added_blur_mm"] == {"before": 0.0, "after": 0.0}
    assert told["equalised"]["total_blur_mm"] >= load_recipe("coarse").grid.blur_mm
    assert (told["one_photo"], told["comparable"]) == (True, True)
    assert "the same photo" in skintexture("compare", photo, photo, "-r", "coarse", "-o", tmp_path).out


def test_compare_of_a_file_that_is_not_there_writes_nothing(small_photos, tmp_path):
    run = skintexture("compare", small_photos / "s02.jpg", tmp_path / "nope.jpg", "-o", tmp_path / "out")
    assert run.code == 2
    assert "there is no file" in run.err
    assert "nope.jpg" in run.err
    assert not (tmp_path / "out").exists()


def test_compare_with_a_refused_photo_gives_every_row_its_reason_and_ends_with_1(small_photos, tmp_path):
    earlier = tmp_path / "overlays/before/other.jpg"
    earlier.parent.mkdir(parents=True)
    earlier.write_bytes(b"of another pair")
    run = skintexture("compare", small_photos / "s02.jpg", small_photos / "wall.png", "-r", "coarse", "-o", tmp_path)
    assert run.code == 1
    assert "no face" in run.out
    assert not earlier.exists()
    changes = pd.read_csv(tmp_path / "changes.csv")
    assert list(changes.columns) == list(CHANGE_COLUMNS)
    assert len(changes) > 100
    assert set(changes["verdict"]) == {"not comparable"}
    assert changes["reason"].notna().all()


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
    assert len(run.out.splitlines()) == 1


def test_a_changed_recipe_under_a_shipped_name_is_told(tmp_path):
    changed = skintexture("recipe", "show", "standard").out.replace("min_area_mm2 = 40.0", "min_area_mm2 = 41.0")
    (tmp_path / "mine.toml").write_text(changed, encoding="utf-8")
    run = skintexture("recipe", "check", tmp_path / "mine.toml")
    assert run.code == 0
    assert load_recipe("standard").fingerprint() in run.out
    assert "name of its own" in run.out
    renamed = changed.replace('name = "standard"', 'name = "mine"')
    (tmp_path / "mine.toml").write_text(renamed, encoding="utf-8")
    assert "name of its own" not in skintexture("recipe", "check", tmp_path / "mine.toml").out


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
