"""Runs that are stopped, killed, repeated and split: nothing is lost, nothing is measured twice, all ends the same."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from cheap_runs import OPTIONS, command, content, kill_when, make_patches, saved_lines, score_patches
from command_line import skintexture
from skintexture import KnownScale
from skintexture.errors import InputError, OutputError
from skintexture.run import measuring
from skintexture.run.folder import RunFolder
from skintexture.run.merge import merge
from skintexture.run.options import RunOptions
from skintexture.run.status import status_of
from skintexture.scoring import score, score_set

PATCH = {"recipe": "coarse", "patch": True, "known": KnownScale(px_per_mm=6)}
KILLABLE = pytest.mark.skipif(sys.platform == "win32", reason="no SIGKILL")


@pytest.fixture(scope="module")
def patches(tmp_path_factory):
    return make_patches(tmp_path_factory.mktemp("patches") / "photos", 24)


@pytest.fixture(scope="module")
def undisturbed(patches, tmp_path_factory):
    out = tmp_path_factory.mktemp("undisturbed")
    done = score_patches(patches, out, "--workers", 0)
    assert done.returncode == 1, done.stderr
    return out


@pytest.fixture
def few(tmp_path):
    return make_patches(tmp_path / "few", 3)


def measured_names(out) -> list[str]:
    return [json.loads(line)["photo"] for line in (out / "log.jsonl").read_text(encoding="utf-8").splitlines()]


@KILLABLE
def test_a_run_killed_again_and_again_ends_with_the_same_bytes(patches, undisturbed, tmp_path):
    for saved in (1, 7, 15):
        with subprocess.Popen(command(patches, *OPTIONS, "-o", tmp_path, "-j", 2)) as run:
            kill_when(lambda: saved_lines(tmp_path) >= saved, run)  # noqa: B023  (called within the loop)
        assert not (tmp_path / "photos.csv").exists()
        found = status_of(tmp_path)
        assert found.photos == 24
        assert 24 - found.left >= saved
    done = score_patches(patches, tmp_path, "-j", 2)
    assert done.returncode == 1, done.stderr
    assert content(tmp_path) == content(undisturbed)
    assert sorted(set(measured_names(tmp_path))) == sorted(path.name for path in patches.iterdir())


def test_a_second_run_measures_nothing(few, tmp_path, monkeypatch):
    first = score(few, tmp_path / "out", **PATCH)
    before = content(tmp_path / "out")
    monkeypatch.setattr(measuring, "measure_and_show", None)
    second = score(few, tmp_path / "out", **PATCH)
    pd.testing.assert_frame_equal(first.measurements, second.measurements, check_exact=True)
    assert content(tmp_path / "out") == before


def test_the_tables_of_a_run_are_those_of_memory(few, tmp_path):
    saved, in_memory = score(few, tmp_path / "out", **PATCH), score(few, **PATCH)
    for name in ("photos", "measurements", "zones", "pores"):
        pd.testing.assert_frame_equal(getattr(saved, name), getattr(in_memory, name), check_exact=True)


def test_renamed_photos_are_not_measured_again_edited_ones_are(few, tmp_path):
    out = tmp_path / "out"
    score(few, out, **PATCH)
    (few / "p0.png").rename(few / "renamed.png")
    Image.effect_noise((160, 160), 40).convert("RGB").save(few / "p1.png")
    scores = score(few, out, **PATCH)
    assert measured_names(out)[3:] == ["p1.png"]
    assert list(scores.photos["photo"]) == ["p1.png", "p2.png", "renamed.png"]
    assert set(scores.measurements["photo"]) == {"p1.png", "p2.png", "renamed.png"}
    assert (out / "overlays/renamed.png.jpg").read_bytes() == (out / "overlays/p0.png.jpg").read_bytes()
    fresh = score(few, tmp_path / "fresh", **PATCH)
    pd.testing.assert_frame_equal(scores.measurements, fresh.measurements, check_exact=True)


def test_another_scale_or_recipe_measures_anew_and_nothing_is_lost(few, tmp_path):
    out = tmp_path / "out"
    score(few, out, **PATCH)
    first = content(out)
    score(few, out, **(PATCH | {"known": KnownScale(px_per_mm=5)}))
    assert len(measured_names(out)) == 6
    assert content(out) != first
    score(few, out, **PATCH)
    assert len(measured_names(out)) == 6
    assert content(out) == first


def test_refused_photos_are_tried_again_only_when_asked(tmp_path):
    photos = make_patches(tmp_path / "photos", 8)
    out = tmp_path / "out"
    for options, told in ((RunOptions(), 8), (RunOptions(), 8), (RunOptions(retry_refused=True), 9)):
        done = score_set(photos, out, **PATCH, options=options)
        assert (done.photos, done.refused) == (8, 1)
        assert len(measured_names(out)) == told
    assert measured_names(out)[-1] == "p7.png"


def test_a_photo_that_could_not_be_read_is_looked_at_again(few, tmp_path):
    manifest = few / "m.csv"
    manifest.write_text("photo\np0.png\np1.png\n")
    out = tmp_path / "out"
    hidden = few / "p1.png"
    data = hidden.read_bytes()

    def vanish(*_: int) -> None:
        hidden.unlink(missing_ok=True)

    first = score([], out, manifest=manifest, progress=vanish, **PATCH)
    assert list(first.photos["status"]) == ["measured", "refused"]
    hidden.write_bytes(data)
    assert list(score([], out, manifest=manifest, **PATCH).photos["status"]) == ["measured", "measured"]


def test_a_missing_overlay_that_is_wanted_is_drawn(few, tmp_path):
    out = tmp_path / "out"
    score(few, out, **PATCH, options=RunOptions(overlays="none", contact_sheets=False))
    assert not (out / "overlays").exists()
    assert not (out / "contact_sheets").exists()
    score(few, out, **PATCH, options=RunOptions(overlays="sample:1"))
    assert len(list((out / "overlays").iterdir())) == 1
    score(few, out, **PATCH)
    assert {path.name for path in (out / "overlays").iterdir()} == {f"p{n}.png.jpg" for n in range(3)}
    assert len(measured_names(out)) == 6


def test_refused_photos_get_a_picture_with_the_reason(tmp_path):
    photos = make_patches(tmp_path / "photos", 1)
    Image.new("RGB", (300, 200), (120, 130, 140)).save(photos / "wall.jpg")
    scores = score(photos / "wall.jpg", tmp_path / "out", recipe="coarse", options=RunOptions(overlays="refused"))
    assert scores.photos["status"].tolist() == ["refused"]
    with Image.open(tmp_path / "out/refused/wall.jpg") as picture:
        assert picture.height > 200
    assert not (tmp_path / "out/overlays").exists()


@KILLABLE
def test_one_folder_takes_one_run_at_a_time(few, tmp_path):
    folder = RunFolder(tmp_path / "out")
    with folder.held(), pytest.raises(OutputError, match="another run"):
        score(few, tmp_path / "out", **PATCH)
    score(few, tmp_path / "out", **PATCH)


def test_what_a_killed_run_left_unfinished_goes(few, tmp_path):
    out = tmp_path / "out"
    (out / "ledger").mkdir(parents=True)
    (out / "ledger/.0123456789abcdef.tmp").touch()
    (out / ".0123456789abcdef.tmp").mkdir()
    (out / ".0123456789abcdef.tmp/photos.parquet").touch()
    score(few, out, **PATCH)
    assert not list(out.rglob("*.tmp"))


def test_status_counts_reasons_and_what_is_left(undisturbed):
    run = skintexture("status", undisturbed)
    assert run.code == 0
    assert "22 measured, 2 refused, 0 left, of 24 photos" in run.out
    assert "2 refused  the PNG file is damaged" in run.out
    answer = json.loads(skintexture("status", undisturbed, "--json").out)
    assert (answer["measured"], answer["left"], answer["finished"]) == (22, 0, True)
    assert skintexture("status", undisturbed / "overlays").code == 2


def test_shards_joined_give_the_same_bytes(patches, undisturbed, tmp_path):
    outs = [tmp_path / name for name in ("one", "two")]
    for part, out in enumerate(outs):
        score_set(patches, out, **PATCH, options=RunOptions(shard=(part, 2)))
    halves = [set(measured_names(out)) for out in outs]
    assert halves[0]
    assert halves[1]
    assert not halves[0] & halves[1]
    with pytest.raises(InputError, match="shards are missing: 1/2"):
        merge(outs[:1], tmp_path / "all", options=RunOptions())
    run = skintexture("merge", *outs, "-o", tmp_path / "all")
    assert run.code == 1, run.err
    assert content(tmp_path / "all") == content(undisturbed)
    assert {path.name for path in (tmp_path / "all/overlays").iterdir()} == {
        path.name for path in (undisturbed / "overlays").iterdir()
    }
    again = merge([*outs, outs[0]], tmp_path / "all", options=RunOptions())
    assert (again.photos, again.dropped) == (24, 0)
    assert content(tmp_path / "all") == content(undisturbed)


def test_sets_measured_apart_are_joined_without_the_same_content_twice(few, tmp_path):
    other = make_patches(tmp_path / "other", 2)
    shutil.copy(few / "p2.png", other / "copy.png")
    Image.effect_noise((160, 160), 40).convert("RGB").save(other / "p0.png")
    for photos in (few, other):
        score(photos, tmp_path / f"out_{photos.name}", **PATCH)
    done = merge([tmp_path / "out_few", tmp_path / "out_other"], tmp_path / "both", options=RunOptions())
    assert (done.photos, done.dropped) == (4, 2)
    names = pd.read_csv(tmp_path / "both/photos.csv")["photo"].tolist()
    assert names == ["out_few/p0.png", "out_few/p1.png", "out_few/p2.png", "out_other/p0.png"]
    assert (tmp_path / "both/overlays/out_other/p0.png.jpg").exists()


def test_runs_of_other_settings_or_unfinished_ones_are_not_joined(few, tmp_path):
    score(few, tmp_path / "a", **PATCH)
    score(few, tmp_path / "b", **(PATCH | {"recipe": "standard"}))
    with pytest.raises(InputError, match="recipe_fingerprint"):
        merge([tmp_path / "a", tmp_path / "b"], tmp_path / "all", options=RunOptions())
    part = next((tmp_path / "a/ledger").glob("part-*.parquet"))
    part.unlink()
    with pytest.raises(InputError, match="3 photos are not measured yet"):
        merge([tmp_path / "a"], tmp_path / "all", options=RunOptions())


def test_an_unfinished_run_can_be_looked_at(patches, tmp_path, monkeypatch):
    original = measuring.measure_and_show

    def stop_at_ten(job):
        if job.about.name == "p10.png":
            raise KeyboardInterrupt
        return original(job)

    monkeypatch.setattr(measuring, "measure_and_show", stop_at_ten)
    with pytest.raises(KeyboardInterrupt):
        score(patches, tmp_path / "out", **PATCH)
    assert not (tmp_path / "out/photos.csv").exists()
    assert status_of(tmp_path / "out").left == 14
    done = merge([tmp_path / "out"], tmp_path / "so_far", options=RunOptions(), partial=True)
    assert (done.photos, done.left) == (10, 14)
    assert len(pd.read_csv(tmp_path / "so_far/photos.csv")) == 10


ROOT = pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can mount")


def mounted(folder, *arguments: str) -> bool:
    folder.mkdir()
    done = subprocess.run(["mount", *arguments, str(folder)], capture_output=True, check=False)
    return done.returncode == 0


@ROOT
@pytest.mark.skipif(sys.platform != "linux", reason="tmpfs")
def test_a_full_disk_ends_the_run_and_keeps_what_was_saved(patches, undisturbed, tmp_path):
    disk = tmp_path / "disk"
    if not mounted(disk, "-t", "tmpfs", "-o", "size=700k", "tmpfs"):
        pytest.skip("nothing can be mounted here")
    try:
        done = score_patches(patches, disk / "out", "-j", 0, "--overlays", "none")
        assert done.returncode == 2, done.stderr
        assert "No space left" in done.stderr
        assert "Traceback" not in done.stderr
        found = status_of(disk / "out")
        assert 0 < found.measured <= 22  # the disk may be full only when the tables are written
        numbers = np.arange(found.measured)
        assert len(RunFolder(disk / "out").ledger.take(numbers)) == found.measured
        shutil.copytree(disk / "out", tmp_path / "larger")
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert score_patches(patches, tmp_path / "larger", "-j", 0).returncode == 1
    assert content(tmp_path / "larger") == content(undisturbed)


@ROOT
@pytest.mark.skipif(sys.platform != "linux", reason="tmpfs")
def test_a_folder_that_may_only_be_read_is_told_before_the_first_photo(few, tmp_path):
    disk = tmp_path / "disk"
    if not mounted(disk, "-t", "tmpfs", "-o", "ro", "tmpfs"):
        pytest.skip("nothing can be mounted here")
    try:
        done = score_patches(few, disk / "out", "-j", 0)
    finally:
        subprocess.run(["umount", str(disk)], check=True)
    assert done.returncode == 2
    assert "Read-only file system" in done.stderr
    assert "Traceback" not in done.stderr
