"""The command line, run as a user runs it, on the sample photos."""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from importlib import resources
from pathlib import Path

import pytest

from skintexture.recipe import load_recipe
from skintexture.study.change import compared_metrics

SAMPLES = Path(str(resources.files("skintexture.sample_images")))


@dataclass(frozen=True)
class Run:
    code: int
    out: str
    err: str


def skintexture(*arguments: object, timeout: float = 300) -> Run:
    done = subprocess.run(
        [sys.executable, "-m", "skintexture", *map(str, arguments)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        timeout=timeout,
        check=False,
    )
    return Run(done.returncode, done.stdout, done.stderr)


def coarse_profile(folder: Path) -> Path:
    """Write a profile of repeated shots for recipe `coarse`, in which every metric scatters by 3 %."""
    recipe = load_recipe("coarse")
    scatter = {"scale": "log", "sd": 0.03, "cv_pct": 3.0, "df": 20, "unit": "1"}
    of_zone = dict.fromkeys(compared_metrics(recipe), scatter)
    profile = {
        "format": 1, "skintexture": "0", "recipe": "coarse", "recipe_fingerprint": recipe.fingerprint(),
        "source": "pairs", "n_subjects": 20, "n_photos": 40, "zones": dict.fromkeys(recipe.zones.names, of_zone),
    }  # fmt: skip
    path = folder / "profile.json"
    path.write_text(json.dumps(profile), "utf-8")
    return path


@pytest.fixture(scope="session")
def small_photos(tmp_path_factory) -> Path:
    """Small copies of sample photos (fast; too coarse for `standard`), a bad file and one without a face."""
    from PIL import Image

    folder = tmp_path_factory.mktemp("photos")
    (folder / "visit 1").mkdir()
    for name, place in (("s01_before", "visit 1/s01.jpg"), ("s02_before", "s02.jpg"), ("s03_before", "s03.jpg")):
        with Image.open(SAMPLES / f"{name}.jpg") as image:
            image.resize((900, 1200), Image.Resampling.LANCZOS).save(folder / place, quality=95, subsampling=0)
    Image.new("RGB", (600, 600), (120, 130, 140)).save(folder / "wall.png")
    (folder / "broken.jpg").write_bytes((folder / "s02.jpg").read_bytes()[:20_000])
    return folder


@pytest.fixture(scope="session")
def compared(tmp_path_factory) -> tuple[Path, Run]:
    """`skintexture compare` of one sample subject before and after, at full size."""
    out = tmp_path_factory.mktemp("compared")
    run = skintexture("compare", SAMPLES / "s01_before.jpg", SAMPLES / "s01_after.jpg", "-o", out)
    return out, run
