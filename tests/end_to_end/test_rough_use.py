"""Second runs, odd names, wrong options and Ctrl-C: no result is lost, none is wrong."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
import time
from multiprocessing import util
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

from command_line import SAMPLES, skintexture
from skintexture.comparison import compare
from skintexture.errors import InputError, OutputError
from skintexture.io.facts import identify
from skintexture.io.finding import find_photos
from skintexture.locate.scale import KnownScale
from skintexture.run import finish, measuring
from skintexture.run.status import status_of
from skintexture.scoring import score

WALL = Image.new("RGB", (80, 80), (120, 130, 140))


@pytest.fixture
def wall(tmp_path) -> Path:
    """A folder with one photo, which is refused."""
    folder = tmp_path / "photos"
    folder.mkdir()
    WALL.save(folder / "wall.png")
    return folder


def test_results_in_the_folder_of_the_photos_are_not_measured(wall):
    (wall / "out/overlays").mkdir(parents=True)
    (wall / "old/overlays").mkdir(parents=True)
    (wall / "old/provenance.json").touch()
    for name in ("out/overlays/wall.png.jpg", "old/overlays/wall.png.jpg", "old/summary.png", "old/kept.png"):
        WALL.save(wall / name)
    assert list(score(wall, wall / "out").photos["photo"]) == ["old/kept.png", "wall.png"]
    assert [file.name for file in find_photos([wall])] == ["old/kept.png", "wall.png"]


def test_pictures_of_a_run_that_has_not_ended_are_not_measured(wall):
    (wall / "stopped/overlays").mkdir(parents=True)
    (wall / "stopped/ledger").mkdir()
    WALL.save(wall / "stopped/overlays/wall.png.jpg")
    (wall / "stopped/ledger/run.json").touch()
    assert [file.name for file in find_photos([wall])] == ["wall.png"]


@pytest.mark.skipif(sys.platform == "win32", reason="no such names there")
def test_odd_names_are_rows_and_come_back(wall):
    names = ['"quoted".png', "=cmd.png", "a,b.png", "two\nlines.png", "wall.png", "Zoë 王.png"]
    for name in names[:4] + names[5:]:
        shutil.copy(wall / "wall.png", wall / name)
    (wall / "dangling.png").symlink_to("nowhere.png")
    (wall / "empty.jpg").touch()
    out = wall.parent / "out"
    score(wall, out)
    for rows in (pd.read_csv(out / "photos.csv"), pd.read_parquet(out / "photos.parquet")):
        told = [name.removeprefix("'") for name in rows["photo"]]
        assert sorted(told) == sorted([*names, "dangling.png", "empty.jpg"])
        reasons = dict(zip(rows["photo"], rows["reason"], strict=True))
        assert (reasons["dangling.png"], reasons["empty.jpg"]) == ("there is no such file", "the file is empty")


def test_an_empty_name_is_not_the_working_folder(wall, monkeypatch):
    monkeypatch.chdir(wall)
    for photos, out in (("", "out"), (["wall.png", ""], "out"), ("wall.png", "")):
        with pytest.raises(InputError, match="empty name"):
            score(photos, out)


def test_a_file_in_place_of_the_folder_for_results_is_told(wall):
    with pytest.raises(OutputError, match=r"wall\.png is a file"):
        score(wall, wall / "wall.png")


def test_tables_that_are_being_replaced_do_not_pass_for_whole(wall, monkeypatch):
    out = wall.parent / "out"
    score(wall, out)
    monkeypatch.setattr(finish, "put_tables", lambda *_: 1 / 0)
    with pytest.raises(ZeroDivisionError):
        score(wall, out)
    assert not (out / "provenance.json").exists()
    assert not status_of(out).finished


def test_square_brackets_in_names_are_shown(tmp_path):
    photo = tmp_path / "a [bold] [1].png"
    WALL.save(photo)
    for command in (["score", photo], ["compare", photo, photo]):
        out = tmp_path / command[0] / "out [/red]"
        run = skintexture(*command, "-o", out)
        assert (run.code, run.err) == (1, "")
        assert "a [bold] [1].png" in run.out
        assert str(out) in run.out
    assert "[/red].toml" in skintexture("recipe", "check", tmp_path / "[/red].toml").err


@pytest.mark.skipif(sys.platform != "linux", reason="other systems refuse such names")
def test_a_name_that_is_not_utf8_is_a_row(wall):
    shutil.copy(wall / "wall.png", os.fsencode(wall) + b"/caf\xe9.png")
    out = wall.parent / "out"
    score(wall, out)
    assert list(pd.read_csv(out / "photos.csv")["photo"]) == [r"caf\xe9.png", "wall.png"]


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="no named pipes here")
def test_a_named_pipe_is_refused_at_once(tmp_path):
    os.mkfifo(tmp_path / "pipe.jpg")
    assert identify(tmp_path / "pipe.jpg").sha256 == ""


@pytest.mark.parametrize("suffix", ["jpg", "tif"])
def test_the_size_of_a_refused_photo_is_that_of_the_upright_picture(tmp_path, suffix):
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.new("RGB", (90, 70)).save(tmp_path / f"turned.{suffix}", exif=exif)
    facts = identify(tmp_path / f"turned.{suffix}")
    assert (facts.width_px, facts.height_px) == (70, 90)


def test_a_run_that_fails_early_leaves_the_tables_of_an_earlier_one(wall, monkeypatch):
    out = wall.parent / "out"
    score(wall, out)
    before = (out / "photos.csv").read_bytes()

    def broken(job: object) -> None:
        raise ZeroDivisionError

    Image.new("RGB", (90, 80)).save(wall / "wall.png")
    monkeypatch.setattr(measuring, "measure_and_show", broken)
    with pytest.raises(ZeroDivisionError):
        score(wall, out)
    assert (out / "photos.csv").read_bytes() == before


def test_the_overlay_of_a_photo_that_is_now_refused_goes(wall):
    overlay = wall.parent / "out/overlays/wall.png.jpg"
    overlay.parent.mkdir(parents=True)
    overlay.touch()
    score(wall, wall.parent / "out")
    assert not overlay.exists()


def test_a_comparison_with_a_refused_photo_leaves_no_old_pictures(small_photos, tmp_path):
    (tmp_path / "summary.png").touch()
    compared = compare(small_photos / "s02.jpg", small_photos / "wall.png", tmp_path, recipe="coarse")
    assert len(compared.refused) == 1
    assert compared.comparison is None
    assert not (tmp_path / "summary.png").exists()


@pytest.mark.parametrize(
    ("options", "told"),
    [
        ({"patch": True, "mask": "missing.png"}, "mask missing.png"),
        ({"mask": "missing.png"}, "belongs to a patch"),
        ({"patch": True, "known": KnownScale(interpupillary_mm=60)}, "--interpupillary-mm"),
        ({"known": KnownScale(px_per_mm=9, marker_mm=10)}, "--px-per-mm, --marker-mm"),
        ({"workers": -1}, "-1"),
    ],
)
def test_options_that_make_no_sense_stop_the_run_before_its_first_photo(wall, options, told):
    out = wall.parent / "out"
    with pytest.raises(InputError, match=told):
        score(wall, out, **options)
    assert not out.exists()


def test_a_scale_out_of_range_is_told_the_range(tmp_path):
    run = skintexture("compare", "a.jpg", "b.jpg", "--px-per-mm", "0", "-o", tmp_path)
    assert run.code == 2
    assert "0.1 … 1000" in run.err


# Where the tests run in the background, the shell has told them to ignore Ctrl-C, and every child inherits that.
HEEDING_CTRL_C = """
import signal
signal.signal(signal.SIGINT, signal.default_int_handler)
from skintexture.cli import main
main()
"""


@pytest.mark.skipif(sys.platform == "win32", reason="no SIGINT to a group")
@pytest.mark.parametrize("workers", [0, 2])
def test_ctrl_c_keeps_what_was_measured(tmp_path, workers):
    photos = tmp_path / "photos"
    photos.mkdir()
    WALL.save(photos / "a.png")
    with Image.open(SAMPLES / "s01_before.jpg") as image:
        small = image.resize((900, 1200))
    for number in range(40):
        small.save(photos / f"b{number}.jpg", quality=95)
    out = tmp_path / "out"
    command = [sys.executable, "-c", HEEDING_CTRL_C, "score", photos, "-r", "coarse", "-o", out, "-j", str(workers)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, start_new_session=True) as run:
        patience = time.monotonic() + 60
        while not list(out.glob("overlays/b*")) and time.monotonic() < patience:
            time.sleep(0.05)
        time.sleep(1)  # the overlay comes before the numbers
        os.killpg(run.pid, signal.SIGINT)
        _, errors = run.communicate(timeout=60)
    assert run.returncode == 130
    assert "stopped; what was measured is saved" in errors
    assert "Traceback" not in errors
    assert not (out / "photos.csv").exists()
    found = status_of(out)
    assert not found.finished
    assert 1 <= found.measured < 40
    assert found.left > 0


def test_the_face_finder_is_let_go(small_photos):
    kept = set(util._finalizer_registry)
    score(small_photos / "s02.jpg", recipe="coarse")
    assert set(util._finalizer_registry) <= kept


def test_a_name_too_long_for_an_overlay_is_shortened(small_photos, tmp_path):
    for last in "ab":
        with Image.open(small_photos / "s02.jpg") as image:
            image.save(tmp_path / f"{'n' * 250}{last}.png")
    score(tmp_path, tmp_path / "out", recipe="coarse")
    overlays = list((tmp_path / "out/overlays").iterdir())
    assert len(overlays) == 2
    assert all(path.name.endswith(".jpg") for path in overlays)


def test_a_photo_without_a_number_is_told_the_finest_recipe_that_fits(tmp_path):
    own = tmp_path / "finest.toml"
    own.write_text(skintexture("recipe", "show", "standard").out.replace("12.0", "20.0"), encoding="utf-8")
    run = skintexture("score", SAMPLES / "s01_before.jpg", "-r", own, "-o", tmp_path / "out")
    assert "no number" in run.out
    assert "--recipe standard (needs 12 px/mm)" in run.out
