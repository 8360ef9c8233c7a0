"""A baseline of one sample photo, made small so that it takes little time, measured once."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from pathlib import Path

import pytest
from PIL import Image

from command_line import SAMPLES
from skintexture.check.baseline import Baseline, read_baseline
from skintexture.check.run import update


@dataclass(frozen=True)
class Checked:
    """A folder with a photo, and its baseline."""

    folder: Path
    path: Path
    baseline: Baseline


@pytest.fixture(scope="session")
def measured_once(tmp_path_factory) -> Checked:
    folder = tmp_path_factory.mktemp("checked")
    (folder / "photos").mkdir()
    with Image.open(SAMPLES / "s01_before.jpg") as photo:
        photo.reduce(3).save(folder / "photos" / "small.jpg", quality=95, subsampling=0)
    path = folder / "baseline.txt"
    update(path, [folder / "photos"], recipe="coarse")
    return Checked(folder, path, read_baseline(path))


@pytest.fixture
def checked(measured_once, tmp_path) -> Checked:
    """A copy that a test may spoil."""
    shutil.copytree(measured_once.folder, tmp_path / "copy")
    path = tmp_path / "copy" / "baseline.txt"
    return Checked(tmp_path / "copy", path, measured_once.baseline)
