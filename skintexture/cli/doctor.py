"""`skintexture doctor`: what is missing on this machine."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from importlib import metadata

import numpy as np
import typer

from skintexture.assets import face_model
from skintexture.cli.terminal import EXIT_USAGE, out as screen, plain
from skintexture.errors import PhotoProblem
from skintexture.libraries import DECIDING_LIBRARIES
from skintexture.locate.landmarks import MediapipeFaceFinder
from skintexture.model import Photo
from skintexture.recipe import load_recipe, shipped_recipes

_LEAST_FREE_BYTES = 1 << 30
_REINSTALL = "python -m pip install --force-reinstall -c constraints.txt ."


def doctor() -> None:
    """Check this installation: libraries, face model, recipes, disk. Names the command that mends what is missing."""
    failed = False
    for name, check, remedy in _checks():
        try:
            found = check()
        except Exception as error:  # noqa: BLE001  (whatever is wrong with the machine is what we are here to say)
            failed = True
            screen.print(f"[red]✗[/] {name}: {plain(error)}\n  → {remedy}")
        else:
            screen.print(f"[green]✓[/] {name}: {found}")
    raise typer.Exit(EXIT_USAGE if failed else 0)


def _checks() -> Iterator[tuple[str, Callable[[], str], str]]:
    yield "libraries", _libraries, _REINSTALL
    yield "face model", _model, _REINSTALL
    yield (
        "face finder",
        _finder,
        "python -m pip install mediapipe==0.10.31 (there are builds for Linux x86-64 with glibc, Windows x64 and macOS "
        "on Apple silicon)",
    )
    yield "recipes", _recipes, _REINSTALL
    yield "disk", _disk, "free some space: overlays of 12-megapixel photos take about 2 MB each"


def _libraries() -> str:
    return ", ".join(f"{name} {metadata.version(name)}" for name in DECIDING_LIBRARIES)


def _model() -> str:
    return f"{len(face_model()):,} bytes, checksum right"


def _finder() -> str:
    grey = np.full((256, 256, 3), 0.2, dtype=np.float32)
    nobody = Photo("", "", grey, np.zeros((256, 256), dtype=bool), True, 8, 100.0, np.nan, np.nan)
    with MediapipeFaceFinder(face_model()) as find_face:
        try:
            find_face(nobody)
        except PhotoProblem:
            return "works"
    raise RuntimeError("it sees a face where there is none")


def _recipes() -> str:
    return ", ".join(f"{name} ({load_recipe(name).fingerprint()})" for name in shipped_recipes())


def _disk() -> str:
    free = shutil.disk_usage(".").free
    if free < _LEAST_FREE_BYTES:
        raise RuntimeError(f"{free / 2**30:.1f} GB free")
    return f"{free / 2**30:.0f} GB free"
