"""`skintexture repeatability`, run as a user runs it."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from command_line import SAMPLES, skintexture
from skintexture.errors import InputError
from skintexture.locate.anatomy import ZONE_NAMES
from skintexture.recipe import load_recipe
from skintexture.repeated_shots import repeatability
from skintexture.study.repeatability import RepeatabilityProfile
from skintexture.study.repeatability_table import TABLE_COLUMNS

TEXTURE = "roughness_sq_luminance"


@pytest.fixture(scope="module")
def shots(tmp_path_factory):
    """Small copies of two subjects' repeated shots, with a manifest that calls them two visits."""
    folder = tmp_path_factory.mktemp("shots")
    lines = ["photo,subject,visit"]
    for subject, visit in (("s01", "before"), ("s01", "before_again"), ("s02", "before"), ("s02", "before_again")):
        with Image.open(SAMPLES / f"{subject}_{visit}.jpg") as image:
            image.resize((750, 1000), Image.Resampling.LANCZOS).save(folder / f"{subject}_{visit}.png")
        lines.append(f"{subject}_{visit}.png,{subject},{visit}")
    (folder / "shots.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def run(shots, out, *options):
    same = ("--same-skin", "before,before_again")
    return skintexture("repeatability", shots / "shots.csv", *same, "-r", "coarse", "-j", 0, "-o", out, *options)


@pytest.fixture(scope="module")
def in_pairs(shots, tmp_path_factory):
    out = tmp_path_factory.mktemp("pairs")
    return out, run(shots, out)


@pytest.fixture(scope="module")
def each_photo(shots, tmp_path_factory):
    out = tmp_path_factory.mktemp("each")
    return out, run(shots, out, "--each-photo", "--json")


def profile_in(out):
    return RepeatabilityProfile.parse((out / "profile.json").read_text("utf-8"), "profile.json")


@pytest.mark.parametrize("how", ["in_pairs", "each_photo"])
def test_it_writes_tables_plots_and_profile(how, request):
    out, done = request.getfixturevalue(how)
    assert done.code == 0, done.err
    table = pd.read_csv(out / "repeatability.csv")
    assert list(table.columns) == list(TABLE_COLUMNS)
    assert set(table["zone"]) == set(ZONE_NAMES)
    assert len(pd.read_parquet(out / "repeatability.parquet")) == len(table)
    plots = {path.stem for path in (out / "bland_altman").iterdir()}
    assert TEXTURE in plots
    assert plots <= set(table["metric"])
    assert list(pd.read_csv(out / "photos.csv")["photo"]) == [
        "s01_before.png", "s01_before_again.png", "s02_before.png", "s02_before_again.png",
    ]  # fmt: skip
    profile = profile_in(out)
    profile.require_recipe("coarse", load_recipe("coarse").fingerprint())
    assert (profile.n_subjects, profile.n_photos) == (2, 4)
    assert profile.source == {"in_pairs": "pairs", "each_photo": "photos"}[how]


@pytest.mark.parametrize("how", ["in_pairs", "each_photo"])
def test_the_profile_agrees_with_the_table_and_the_pairs(how, request):
    out, _ = request.getfixturevalue(how)
    row = pd.read_parquet(out / "repeatability.parquet").set_index(["zone", "metric"]).loc[("whole_face", TEXTURE)]
    pairs = pd.read_parquet(out / "pairs.parquet").query(f"zone == 'whole_face' and metric == '{TEXTURE}'")
    assert list(pairs["photo_before"]) == ["s01_before.png", "s02_before.png"]
    before, after = pairs["before"].to_numpy(), pairs["after"].to_numpy()
    expected = 100 * np.sqrt(np.mean((after - before) ** 2 / 2 / ((before + after) / 2) ** 2))
    assert row["within_cv_pct"] == pytest.approx(expected)
    assert profile_in(out).zones["whole_face"][TEXTURE].cv_pct == row["within_cv_pct"]


def test_photos_by_themselves_give_what_score_gives(each_photo):
    out, _ = each_photo
    scored = pd.read_parquet(out / "scores/measurements.parquet")
    before = scored.query(f"photo == 's02_before.png' and zone == 'chin' and metric == '{TEXTURE}'")["value"].item()
    pairs = pd.read_parquet(out / "pairs.parquet")
    found = pairs.query(f"photo_before == 's02_before.png' and zone == 'chin' and metric == '{TEXTURE}'")
    assert found["before"].item() == before


def test_it_says_what_it_found_in_a_few_lines(in_pairs):
    out, done = in_pairs
    assert "4 shots of 2 subjects" in done.out
    assert "few shots" in done.out
    assert "roughness sq" in done.out
    assert str(out / "profile.json") in done.out
    assert len(done.out.splitlines()) <= 16


def test_one_subject_is_told_as_one(shots, tmp_path):
    one = tmp_path / "one.csv"
    one.write_text(f"photo,subject\n{shots / 's01_before.png'},s01\n{shots / 's01_before_again.png'},s01\n", "utf-8")
    done = skintexture("repeatability", one, "-r", "coarse", "-j", 0, "-o", tmp_path / "out")
    assert "2 shots of 1 subject, " in done.out


def test_json_is_for_machines(each_photo):
    told = json.loads(each_photo[1].out)
    assert (told["subjects"], told["shots"], told["refused"]) == (2, 4, [])


def test_without_repeats_nothing_is_measured(shots, tmp_path):
    done = skintexture("repeatability", shots / "shots.csv", "-o", tmp_path / "out")
    assert done.code == 2
    assert "--same-skin" in done.err
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("each_photo", [False, True])
def test_copies_of_a_shot_are_refused_before_anything_is_measured(tmp_path, each_photo):
    for name, grey in (("a.png", 120), ("b.png", 130), ("b (1).png", 130)):
        Image.new("RGB", (300, 300), (grey, grey, grey)).save(tmp_path / name)
    (tmp_path / "m.csv").write_text("photo,subject\na.png,s\nb.png,s\nb (1).png,s\n", "utf-8")
    with pytest.raises(InputError, match=r"^b\.png and b \(1\)\.png of subject s .* photograph of its own") as problem:
        repeatability(tmp_path / "m.csv", tmp_path / "out", recipe="coarse", each_photo=each_photo)
    assert problem.value.remedy
    assert not (tmp_path / "out").exists()


@pytest.mark.parametrize("each_photo", [False, True])
def test_if_too_few_shots_could_be_measured_it_says_which_and_why(tmp_path, each_photo):
    for name, blue in (("a", 140), ("b", 141)):
        Image.new("RGB", (300, 300), (120, 130, blue)).save(tmp_path / f"{name}.png")
    (tmp_path / "m.csv").write_text("photo,subject\na.png,s\nb.png,s\n", "utf-8")
    with pytest.raises(InputError, match=r"2 of 2 repeated shots were refused; a\.png: .*face") as problem:
        repeatability(tmp_path / "m.csv", tmp_path / "out", recipe="coarse", each_photo=each_photo)
    assert problem.value.remedy
    assert set(pd.read_csv(tmp_path / "out/photos.csv")["status"]) == {"refused"}
