"""Take a baseline, and check against one: for the command line and for scripts alike."""

from __future__ import annotations

import math
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from skintexture.assets import FACE_MODEL_SHA256
from skintexture.check.baseline import (
    Baseline,
    baseline_of,
    read_baseline,
    settings_of,
    surroundings,
    write_baseline,
)
from skintexture.check.difference import Cause, Difference, differ
from skintexture.errors import InputError
from skintexture.io.finding import find_photos
from skintexture.recipe import DEFAULT_RECIPE, Recipe, load_recipe
from skintexture.scoring import Progress, score
from skintexture.tabulate import Scores


@dataclass(frozen=True, slots=True)
class How:
    """How to measure; none of it changes a number.

    Attributes
    ----------
    workers : int
        Processes; 0 works in this one.
    progress : callable, optional
        Called after each photo with the numbers done, refused and given.
    """

    workers: int = 0
    progress: Progress | None = None


def check(path: Path, photos: Sequence[Path] = (), *, recipe: str | None = None, how: How = How()) -> Difference:
    """Measure photos and hold their numbers against a baseline.

    Parameters
    ----------
    path : Path
        The baseline.
    photos : sequence of Path
        Photos and folders of photos; none: those of the baseline.
    recipe : str, optional
        Name or file; by default the baseline's, which must then be a shipped one.
    how : How

    Returns
    -------
    Difference

    Raises
    ------
    InputError, RecipeError
        The baseline or the recipe can't be read, or the baseline holds no number.
    """
    then = read_baseline(path)
    if not _has_numbers(then):
        raise InputError(
            f"the baseline {path} holds no number, so there is nothing to compare with",
            "write it anew: `skintexture check FILE PHOTOS --update`, with photos that can be measured",
        )
    chosen = load_recipe(recipe or then.recipe)
    around = surroundings()
    if around.model_sha256 != FACE_MODEL_SHA256:
        damaged = "the face model in this installation is not the one it was released with: install skintexture anew"
        return Difference((Cause("model", damaged, decides=True),), (), 0, {})
    if chosen.fingerprint() != then.fingerprint:  # nothing could be compared, so nothing is measured
        unmeasured = replace(
            then, around=around, fingerprint=chosen.fingerprint(), settings=settings_of(chosen), values={}
        )
        return differ(then, unmeasured, chosen.catalogue())
    found = _paths(path, photos) if photos else {name: path.parent / name for name in then.photos}
    there = {name: photo for name, photo in found.items() if photo.is_file()}
    if not there:
        none = replace(then, around=around, photos={}, refused={}, values={})
        return differ(then, none, chosen.catalogue())
    return differ(then, baseline_of(*_measured(there, chosen, how)), chosen.catalogue())


def update(path: Path, photos: Sequence[Path] = (), *, recipe: str | None = None, how: How = How()) -> Baseline:
    """Measure photos and write their numbers as the baseline.

    Parameters
    ----------
    path : Path
        The baseline, written anew; an old one gives photos and recipe where none are named.
    photos : sequence of Path
    recipe : str, optional
    how : How

    Returns
    -------
    Baseline

    Raises
    ------
    InputError, RecipeError, OutputError
        There are no photos to measure, one of them is refused, or none gives a number; the recipe can't be read, or the
        file can't be written. An old baseline is then as it was.
    """
    old = read_baseline(path) if path.is_file() and not (photos and recipe) else None
    if not photos and old is None:
        raise InputError(f"there is no baseline {path} yet and no photo was given", "name the photos to measure")
    found = _paths(path, photos) if photos or old is None else {name: path.parent / name for name in old.photos}
    missing = [name for name, photo in found.items() if not photo.is_file()]
    if missing:
        raise InputError(f"photos are missing: {', '.join(missing[:5])}", "bring them back, or name those to measure")
    chosen = load_recipe(recipe or (old.recipe if old else DEFAULT_RECIPE))
    scores, names = _measured(found, chosen, how)
    _require_measured(scores, names)
    baseline = baseline_of(scores, names)
    if not _has_numbers(baseline):
        raise InputError(
            f"no number came out of the photos with recipe {chosen.name}; no baseline was written",
            f"`skintexture score PHOTOS --recipe {recipe or chosen.name} -o OUT` says why",
        )
    write_baseline(baseline, path)
    return baseline


def _has_numbers(baseline: Baseline) -> bool:
    return any(map(math.isfinite, baseline.values.values()))


def _require_measured(scores: Scores, names: Mapping[str, str]) -> None:
    """Refuse to forget the numbers of a photo only because it can't be measured now."""
    refused = scores.refused
    if len(refused):
        lines = [f"  {names[str(row.photo)]}: {row.reason}\n    → {row.remedy}" for row in refused.itertuples()]
        photos = "photo" if len(scores.photos) == 1 else "photos"
        raise InputError(
            f"{len(refused)} of {len(scores.photos)} {photos} can't be measured, no baseline was written:\n"
            + "\n".join(lines),
            "mend these photos, or name only the others",
        )


def _paths(baseline: Path, roots: Sequence[Path]) -> dict[str, Path]:
    """Photos by their path from the baseline's folder, so that it finds them again wherever both are copied."""
    folder = baseline.parent.resolve()
    paths = [Path(file.path) for file in find_photos([Path(root) for root in roots])]
    try:
        return {Path(os.path.relpath(path.resolve(), folder)).as_posix(): path for path in paths}
    except ValueError as error:  # on Windows, when they are on different drives
        raise InputError("photos and baseline are on different drives", "move the baseline to the photos") from error


def _measured(photos: dict[str, Path], recipe: Recipe, how: How) -> tuple[Scores, dict[str, str]]:
    """Measure photos, and tell which name in the tables is which in the baseline."""
    by_path = {photo.resolve(): name for name, photo in photos.items()}
    files = find_photos(list(photos.values()))
    names = {file.name: by_path[Path(file.path).resolve()] for file in files}
    scores = score([Path(file.path) for file in files], recipe=recipe, workers=how.workers, progress=how.progress)
    return scores, names
