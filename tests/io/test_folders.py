"""Folders for results: made, and refused by their own name where they can't be written."""

from __future__ import annotations

import os
import sys

import pytest

from command_line import skintexture
from skintexture.errors import OutputError
from skintexture.io.folders import prepare_folder


def test_a_folder_is_made_and_left_empty(tmp_path):
    prepare_folder(tmp_path / "a" / "b")
    prepare_folder(tmp_path / "a" / "b")
    assert list((tmp_path / "a" / "b").iterdir()) == []


def test_a_file_in_its_place_is_told(tmp_path):
    file = tmp_path / "afile"
    file.write_text("kept", encoding="utf-8")
    with pytest.raises(OutputError, match=r"afile is a file, ") as problem:
        prepare_folder(file)
    assert problem.value.remedy == "name a folder"
    assert file.read_text("utf-8") == "kept"


def test_a_run_of_score_keeps_its_folder_for_itself(tmp_path):
    (tmp_path / "ledger").mkdir()
    (tmp_path / "ledger" / "run.json").write_text("{}", encoding="utf-8")
    (tmp_path / "photos.csv").write_text("kept", encoding="utf-8")
    photos = [tmp_path / name for name in ("before.jpg", "after.jpg")]
    for photo in photos:
        photo.touch()
    done = skintexture("compare", *photos, "-o", tmp_path)
    assert (done.code, (tmp_path / "photos.csv").read_text("utf-8")) == (2, "kept")
    assert "holds a run of `skintexture score`" in " ".join(done.err.split())


def test_a_comparison_keeps_its_folder_for_itself(tmp_path):
    out = tmp_path / "out"
    out.mkdir()
    for name in ("changes.parquet", "photos.csv"):
        (out / name).write_text("kept", encoding="utf-8")
    (tmp_path / "photo.png").touch()
    done = skintexture("score", tmp_path / "photo.png", "-o", out)
    assert (done.code, (out / "photos.csv").read_text("utf-8")) == (2, "kept")
    assert "holds a comparison" in " ".join(done.err.split())
    assert not (out / "ledger" / "run.json").exists()


def test_a_file_above_it_is_told_by_the_name_that_was_given(tmp_path):
    (tmp_path / "afile").touch()
    with pytest.raises(OutputError, match=r"afile.sub can't be written \(") as problem:
        prepare_folder(tmp_path / "afile" / "sub")
    assert problem.value.remedy


@pytest.mark.skipif(sys.platform == "win32" or os.getuid() == 0, reason="nothing is closed to this user")
def test_a_folder_that_is_closed_is_told_by_its_own_name(tmp_path):
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(OutputError, match=rf"^{tmp_path} can't be written"):
            prepare_folder(tmp_path)
    finally:
        tmp_path.chmod(0o700)


def test_a_command_says_so_before_it_works(tmp_path):
    (tmp_path / "afile").touch()
    done = skintexture("phantom", "face", "-o", tmp_path / "afile")
    assert done.code == 2
    assert "afile is a file" in done.err
