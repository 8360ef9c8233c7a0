"""`skintexture phantom`, as a user runs it: what it writes, says and refuses."""

import csv
import json

import cv2
import pytest
from typer.testing import CliRunner

from skintexture.cli.phantom import app
from skintexture.errors import InputError

DRAFT = ("-m", 0.05, "--shot", "light_detail=0.1")


def phantom(*arguments):
    return CliRunner().invoke(app, [str(argument) for argument in arguments])


def rows(folder):
    with (folder / "manifest.csv").open(encoding="utf-8") as stream:
        return list(csv.DictReader(stream))


def contents(folder):
    return {path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def test_a_face_of_the_size_and_format_asked_for(tmp_path):
    asked = ("-m", 0.0675, "--ita", -40, "--shot", "png=1", "--skin", "moles=9", "--json")
    run = phantom("face", "-o", tmp_path, *asked)
    assert run.exit_code == 0, run.output
    assert json.loads(run.stdout)["photos"] == ["face.png"]
    assert cv2.imread(str(tmp_path / "face.png")).shape == (300, 225, 3)
    truth = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))
    assert truth["person"]["skin"]["ita_deg"] == -40
    assert truth["person"]["skin"]["moles"] == 9
    assert len(truth["photos"]["face.png"]["pores"]["pore"]) > 10_000


def test_a_pair_treats_the_second_photo_only_and_says_where_it_is(tmp_path):
    run = phantom(
        *("pair", "-o", tmp_path, *DRAFT, "-j", 0, "--again"),
        *("--pore-depth", 0.5, "--zone", "left_cheek", "--after", "shine=1.8"),
    )
    assert run.exit_code == 0, run.output
    assert "3 photos" in run.output
    assert [row["visit"] for row in rows(tmp_path)] == ["before", "before_again", "after"]
    photos = json.loads((tmp_path / "truth.json").read_text(encoding="utf-8"))["photos"]
    assert [photo["treatments"][0]["pore_depth"] for photo in photos.values()] == [1.0, 1.0, 0.5]
    assert photos["after.jpg"]["treatments"][0]["zones"] == ["left_cheek"]
    assert [photo["shine"] for photo in photos.values()] == [1.0, 1.0, 1.8]
    assert photos["before_again.jpg"]["pose"] == photos["after.jpg"]["pose"] != photos["before.jpg"]["pose"]


def test_a_study_is_the_same_bytes_from_one_process_and_from_two(tmp_path):
    asked = (*DRAFT, "-n", 1, "--visits", "baseline, day90", "--pore-depth", 0.75, "--quiet")
    for folder, workers in (("one", 0), ("two", 2)):
        run = phantom("study", "-o", tmp_path / folder, *asked, "-j", workers)
        assert run.exit_code == 0, run.output
        assert run.output == ""
    assert contents(tmp_path / "one") == contents(tmp_path / "two")
    assert [(row["subject"], row["visit"], row["arm"]) for row in rows(tmp_path / "one")] == [
        ("s01", "baseline", "treated"),
        ("s01", "day90", "treated"),
    ]
    assert set(rows(tmp_path / "one")[0]) == {"photo", "subject", "visit", "repeat", "arm", "age", "sex", "ita_deg"}


def test_settings_are_listed():
    listed = phantom("settings").output
    for name in ("stubble_per_cm2", "blur_px", "noise_reduction", "jpeg_quality"):
        assert name in listed


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("pair", "--zone", "left_chek"), "no such zone: left_chek"),
        (("face", "--shot", "blr_px=2"), "did you mean blur_px"),
        (("study", "--visits", "a,a"), "own name"),
        (("study", "--course", "0,soon"), "numbers with commas"),
        (("study", "--shot", "smile=2"), "smile is 2"),
    ],
)
def test_slips_are_told_before_anything_is_rendered(tmp_path, arguments, told):
    run = phantom(*arguments, "-o", tmp_path / "none")
    assert isinstance(run.exception, InputError)
    assert told in str(run.exception)
    assert not (tmp_path / "none").exists()


@pytest.mark.parametrize("arguments", [("face", "--age", 12), ("face", "-m", 100), ("study", "-n", 0)])
def test_options_out_of_range_are_usage_errors(arguments):
    assert phantom(*arguments).exit_code == 2
