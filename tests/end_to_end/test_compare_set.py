"""`skintexture compare-set`, run as a user runs it."""

from __future__ import annotations

import json

import pandas as pd
import pytest
from PIL import Image

from command_line import SAMPLES, skintexture

TABLES = ("pairs", "changes", "effects", "photos", "comparability", "change_map")


@pytest.fixture(scope="module")
def study(tmp_path_factory):
    """Small copies of two subjects before and after, in two arms, and a third whose later photo is broken."""
    folder = tmp_path_factory.mktemp("study")
    lines = ["photo,subject,visit,arm"]
    for subject, arm in (("s01", "verum"), ("s02", "placebo"), ("s03", "verum")):
        for visit in ("before", "after"):
            name = f"{subject}_{visit}.png"
            with Image.open(SAMPLES / f"{subject}_{visit}.jpg") as image:
                image.resize((750, 1000), Image.Resampling.LANCZOS).save(folder / name)
            lines.append(f"{name},{subject},{visit},{arm}")
    broken = folder / "s03_after.png"
    broken.write_bytes(broken.read_bytes()[:5000])
    (folder / "study.csv").write_text("\n".join(lines) + "\n", "utf-8")
    return folder


def run(study, out, *options):
    return skintexture("compare-set", study / "study.csv", "-r", "coarse", "-o", out, *options)


@pytest.fixture(scope="module")
def done(study, tmp_path_factory):
    out = tmp_path_factory.mktemp("set")
    return out, run(study, out, "--by", "arm", "-j", 0)


def test_it_writes_a_row_per_pair_zone_and_metric_and_a_page_per_pair(done):
    out, ran = done
    assert ran.code == 1, ran.err  # a photo was refused
    pairs = pd.read_csv(out / "pairs.csv").set_index("subject")
    assert pairs["status"].to_dict() == {"s01": "compared", "s02": "compared", "s03": "refused"}
    assert "PNG" in pairs.loc["s03", "reason"]
    assert pairs["arm"].to_dict() == {"s01": "verum", "s02": "placebo", "s03": "verum"}
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
    assert "2 pairs of 3 subjects compared, 1 refused" in ran.out
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
    summary = json.loads(run(study, out, "-j", 0, "--json").out)
    assert summary["pairs"] == {"compared": 2, "refused": 1}
    assert [refused["photo"] for refused in summary["refused"]] == ["s03_after.png"]
    after = {subject: page.stat().st_mtime_ns for subject, page in pages.items()}
    assert after["s01"] == before["s01"]
    assert after["s02"] > before["s02"]


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (("--by", "dose"), "no further column dose"),
        (("--baseline", "week 0"), "no photo is of the visit week 0"),
        (("--repeatability", "nowhere.json"), "nowhere.json can't be read"),
    ],
)
def test_what_cannot_be_done_is_said_before_anything_is_measured(study, tmp_path, options, says):
    ran = run(study, tmp_path / "out", *options)
    assert ran.code == 2
    assert says in ran.err
    assert not (tmp_path / "out").exists()
