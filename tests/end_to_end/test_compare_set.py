"""`skintexture compare-set`, run as a user runs it."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from PIL import Image

from command_line import SAMPLES, coarse_profile, skintexture
from skintexture import compare_set

TABLES = ("pairs", "changes", "effects", "photos", "comparability", "change_map")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Small copies of two subjects before and after, in two arms, one whose later photo is broken, and one left out."""
    folder = tmp_path_factory.mktemp("study")
    lines = ["photo,subject,visit,arm,n"]
    for subject, arm in (("s01", "verum"), ("s02", "placebo"), ("s03", "verum")):
        for visit in ("before", "after"):
            name = f"{subject}_{visit}.png"
            with Image.open(SAMPLES / f"{subject}_{visit}.jpg") as image:
                image.resize((750, 1000), Image.Resampling.LANCZOS).save(folder / name)
            lines.append(f"{name},{subject},{visit},{arm},1")
    with Image.open(folder / "s01_before.png") as image:
        image.convert("L").save(folder / "s04_before.png")
    lines.append("s04_before.png,s04,before,placebo,1")
    broken = folder / "s03_after.png"
    broken.write_bytes(broken.read_bytes()[:5000])
    (folder / "study.csv").write_text("\n".join(lines) + "\n", "utf-8")
    coarse_profile(folder)
    return folder


def run(study, out, *options):
    profile = ("--repeatability", study / "profile.json")
    return skintexture("compare-set", study / "study.csv", "-r", "coarse", "-o", out, *profile, *options)


@pytest.fixture(scope="module")
def done(study, tmp_path_factory):
    out = tmp_path_factory.mktemp("set")
    return out, run(study, out, "--by", "arm", "-j", 0)


def test_it_writes_a_row_per_pair_zone_and_metric_and_a_page_per_pair(done):
    out, ran = done
    assert ran.code == 1, ran.err  # a photo was refused
    pairs = pd.read_csv(out / "pairs.csv").set_index("subject")
    assert pairs["status"].to_dict() == {
        "s01": "compared", "s02": "compared", "s03": "refused", "s04": "no counterpart"
    }  # fmt: skip
    assert pairs.loc["s03", "reason"].startswith("s03_after.png: the PNG file")
    assert pairs.loc["s04", "reason"] == "there is no photo of this subject of a later visit"
    assert pairs["arm"].to_dict() == {"s01": "verum", "s02": "placebo", "s03": "verum", "s04": "placebo"}
    changes = pd.read_parquet(out / "changes.parquet")
    assert changes.groupby("subject").size().to_dict() == dict.fromkeys(("s01", "s02", "s03"), len(changes) // 3)
    assert set(changes.loc[changes["subject"] == "s03", "verdict"]) == {"not comparable"}
    for subject in ("s01", "s02"):
        folder = out / pairs.loc[subject, "folder"]
        assert (folder / "summary.png").is_file()
        own = pd.read_parquet(folder / "changes.parquet")
        joined = changes[changes["subject"] == subject].reset_index(drop=True)
        pd.testing.assert_frame_equal(joined[own.columns], own, check_dtype=False)
    assert list(pd.read_csv(out / "photos.csv")["photo"])[:2] == ["s01_before.png", "s01_after.png"]
    for name in TABLES:
        assert len(pd.read_csv(out / f"{name}.csv", low_memory=False)) == len(pd.read_parquet(out / f"{name}.parquet"))


def test_it_says_what_the_groups_show(done):
    out, ran = done
    effects = pd.read_parquet(out / "effects.parquet")
    face = effects[(effects["zone"] == "whole_face") & (effects["metric"] == "band_rms_1_2mm_luminance")]
    assert face.set_index("arm")[["subjects", "not_comparable"]].to_dict("index") == {
        "verum": {"subjects": 1, "not_comparable": 1},
        "placebo": {"subjects": 1, "not_comparable": 0},
    }
    assert "2 pairs of 3 subjects compared, 1 refused, 1 no counterpart" in ran.out
    assert "each held against before" in ran.out
    assert "verum, before → after" in ran.out
    assert (out / "effects.png").stat().st_size > 10_000


def test_the_same_bytes_on_any_number_of_processes(study, done, tmp_path):
    out, _ = done
    assert run(study, tmp_path, "--by", "arm", "-j", 2, "--quiet").code == 1
    for name in TABLES:
        assert (tmp_path / f"{name}.csv").read_bytes() == (out / f"{name}.csv").read_bytes(), name
    assert (tmp_path / "effects.svg").read_bytes() == (out / "effects.svg").read_bytes()


def test_pairs_that_are_done_are_kept_until_a_photo_changes(study, done):
    out, _ = done
    pages = {subject: out / f"pairs/{subject}/after/summary.png" for subject in ("s01", "s02")}
    before = {subject: page.stat().st_mtime_ns for subject, page in pages.items()}
    with Image.open(study / "s02_after.png") as image:
        image.convert("RGB").rotate(0.5).save(study / "s02_after.png")
    (out / "pairs/s03/after/pair.json").write_text("[]")
    was = (out / "pairs.csv").read_bytes()
    summary = json.loads(run(study, out, "--by", "arm", "-j", 0, "--json").out)
    assert summary["pairs"] == {"compared": 2, "refused": 1, "no counterpart": 1}
    assert [photo["photo_before"] for photo in summary["no_counterpart"]] == ["s04_before.png"]
    assert (out / "pairs.csv").read_bytes() == was
    assert [refused["photo"] for refused in summary["refused"]] == ["s03_after.png"]
    after = {subject: page.stat().st_mtime_ns for subject, page in pages.items()}
    assert after["s01"] == before["s01"]
    assert after["s02"] > before["s02"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--by", "dose"), "no further column dose"),
        (("--by", "n"), "columns n have names of these tables' own"),
        (("--baseline", "week 0"), "no photo is of the visit week 0"),
        (("--repeatability", "nowhere.json"), "nowhere.json can't be read"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_measured(study, tmp_path, options, says):
    ran = run(study, tmp_path / "out", *options)
    assert ran.code == 2
    assert says in ran.err
    assert not (tmp_path / "out").exists()


def test_a_photo_that_vanishes_is_named_and_the_other_is_not_blamed(study, tmp_path):
    small = tmp_path / "photos"
    small.mkdir()
    for name in ("s01_before.png", "s01_after.png", "s02_before.png", "s02_after.png"):
        (small / name).write_bytes((study / name).read_bytes())
    rows = [f"s0{k}_{visit}.png,s0{k},{visit}" for k in (1, 2) for visit in ("before", "after")]
    (small / "study.csv").write_text("\n".join(["photo,subject,visit", *rows]), "utf-8")
    gone = small / "s02_after.png"

    def lose(*_) -> None:
        gone.unlink(missing_ok=True)

    found = compare_set(small / "study.csv", tmp_path / "out", recipe="coarse", progress=lose)
    pair = found.pairs.set_index("subject").loc["s02"]
    assert (pair["status"], pair["reason"]) == ("refused", "s02_after.png is gone since the manifest was read")
    assert list(found.refused["photo"]) == ["s02_after.png"]
    assert str(tmp_path) not in (tmp_path / "out" / "pairs.csv").read_text("utf-8")


def test_a_pair_whose_folder_cannot_be_made_is_an_error_of_the_folder(study, tmp_path):
    (tmp_path / "out" / "pairs").mkdir(parents=True)
    (tmp_path / "out" / "pairs" / "s01").write_text("in the way")
    ran = run(study, tmp_path / "out", "-j", 0)
    assert ran.code == 2, ran.err
    assert "bug" not in ran.err
