"""`skintexture demo`: the main job on the photos that come with the package."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Annotated

import typer

from skintexture.batch import one_per_core
from skintexture.cli.terminal import out as screen, photo_progress, plain, stoppable
from skintexture.comparison import compare
from skintexture.errors import InputError
from skintexture.scoring import score


def demo(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the results.")] = Path("skintexture_demo"),
) -> None:
    """Score the sample photos and compare one pair.

    The photos are synthetic: no such person exists. Their pores are known; after "treatment" each is shallower.
    """
    with stoppable(), resources.as_file(resources.files("skintexture.sample_images")) as folder:
        photos = sorted(path for path in folder.iterdir() if path.suffix == ".jpg")
        if not photos:
            raise InputError("the sample photos are missing from this installation", "install skintexture anew")
        screen.print(f"scoring {len(photos)} sample photos …")
        with photo_progress(shown=True) as progress:
            scores = score(
                [], out / "scores", manifest=folder / "manifest.csv", workers=one_per_core(), progress=progress
            )
        before, after = _pair(photos)
        screen.print(f"comparing {before.name} with {after.name} …")
        compare(before, after, out / "comparison")
    measured = len(scores.photos) - len(scores.refused)
    screen.print(f"\n{measured} of {len(scores.photos)} photos measured. Look at")
    for name, what in (
        ("scores/overlays", "each photo with its zones, its bare skin and its pores"),
        ("scores/measurements.csv", "every number, tidy: one row per photo, zone and metric"),
        ("scores/photos.csv", "every photo: scale, pose, sharpness, or why it was refused"),
        ("comparison/summary.png", "what changed between two photos, and how sure that is"),
        ("comparison/changes.csv", "the same as a table, zone by zone"),
    ):
        screen.print(f"  {plain(out / name)}  {what}")
    if len(scores.refused):
        raise typer.Exit(1)


def _pair(photos: list[Path]) -> tuple[Path, Path]:
    """Choose the first subject's photos before and after."""
    before = next(path for path in photos if path.stem.endswith("_before"))
    return before, before.with_name(before.name.replace("_before", "_after"))
