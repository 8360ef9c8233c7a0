"""From files to tables: the main job, for the command line and for notebooks alike."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from skintexture.errors import InputError, PhotoProblem
from skintexture.io.masks import read_mask
from skintexture.io.places import place_of
from skintexture.io.tables import memory_of_the_system
from skintexture.locate.scale import KnownScale
from skintexture.model import BoolImage
from skintexture.photo_job import PhotoJob, checked_scale, measure_files
from skintexture.recipe import DEFAULT_RECIPE, Recipe, load_recipe
from skintexture.run.finish import read_results, write_results
from skintexture.run.folder import RunFolder
from skintexture.run.inputs import Inputs, gather, shard_of
from skintexture.run.measuring import Progress, SetRun, measure_rest
from skintexture.run.options import RunOptions
from skintexture.run.resume import find_kept
from skintexture.run.settings import Settings
from skintexture.tabulate import REFUSED, About, PhotoRows, Scores, tables

__all__ = ["Progress", "Summary", "score", "score_set"]


@dataclass(frozen=True, slots=True)
class Summary:
    """What became of a set.

    Attributes
    ----------
    photos, refused : int
        How many were given, and how many of them could not be measured.
    kept : int
        How many of them an earlier run into the same folder had looked at.
    passed_over : int
        How many files of kinds that can't be read lay beside a photo of the same name, and are none of these.
    recipe : Recipe
        That they were measured with.
    """

    photos: int
    refused: int
    kept: int
    passed_over: int
    recipe: Recipe


@memory_of_the_system()
def score(
    photos: str | Path | Sequence[str | Path],
    out: str | Path | None = None,
    *,
    recipe: str | Recipe = DEFAULT_RECIPE,
    manifest: str | Path | None = None,
    known: KnownScale | None = None,
    patch: bool = False,
    mask: str | Path | None = None,
    workers: int = 0,
    progress: Progress | None = None,
    options: RunOptions | None = None,
) -> Scores:
    """Measure photos of faces, zone by zone.

    Parameters
    ----------
    photos : path or sequence of path
        Photos, folders of photos, patterns (``photos/**/*.jpg``) and URLs; may be empty where a manifest is given.
    out : path, optional
        Folder for tables and overlays, or URL of one in an object store; without it nothing is written. Each photo is
        saved as it ends: a run that was stopped or killed goes on where it was when it is called again, and photos that
        are measured there already are not measured again, whatever they are called now. A run that fails leaves the
        tables of an earlier one as they are.
    recipe : str or Recipe
        Name of a shipped recipe, path of a recipe file, or a recipe.
    manifest : path, optional
        Table of photos with ``subject``, ``visit``, ``px_per_mm`` and further columns.
    known : KnownScale, optional
        Scale of every photo for which the manifest names none: one of its three values, on a patch ``px_per_mm``.
    patch : bool
        The photos show bare skin: no face is sought.
    mask : path, optional
        With ``patch``: picture that is white where the skin is.
    workers : int
        Processes; 0 works in this one. The tables don't depend on it. More than 0 needs the script's own work to stand
        under ``if __name__ == "__main__":``.
    progress : callable, optional
        Called after photos are done, with the numbers done, refused and given.
    options : RunOptions, optional
        How to work through a large set; ``workers`` is taken from here if it is given.

    Returns
    -------
    Scores
        All tables, in memory: for very large sets, use `score_set` and read the files.

    Raises
    ------
    RecipeError, InputError, OutputError
        What was asked for can't be done; a photo that can't be measured is a row instead.
    """
    chosen = options or RunOptions(workers=workers)
    inputs, settings = _prepared((photos, manifest, out), recipe, (known, patch, mask), options=chosen)
    if out is None:
        return _in_memory(inputs, settings, chosen, progress=progress)
    _run(inputs, Path(out) if isinstance(out, Path) else out, settings, how=(chosen, progress))
    return read_results(out)


@memory_of_the_system()
def score_set(
    photos: str | Path | Sequence[str | Path],
    out: str | Path,
    *,
    recipe: str | Recipe = DEFAULT_RECIPE,
    manifest: str | Path | None = None,
    known: KnownScale | None = None,
    patch: bool = False,
    mask: str | Path | None = None,
    progress: Progress | None = None,
    options: RunOptions | None = None,
) -> Summary:
    """Measure a set of any size into a folder: as `score`, with the tables in files only.

    The memory that this takes does not grow with what is measured. Parameters and errors are those of `score`.

    Returns
    -------
    Summary
    """
    chosen = options or RunOptions()
    inputs, settings = _prepared((photos, manifest, out), recipe, (known, patch, mask), options=chosen)
    return _run(inputs, out, settings, how=(chosen, progress))


_Photos = str | Path | Sequence[str | Path]


def _prepared(
    named: tuple[_Photos, str | Path | None, str | Path | None],
    recipe: str | Recipe,
    said: tuple[KnownScale | None, bool, str | Path | None],
    *,
    options: RunOptions,
) -> tuple[Inputs, Settings]:
    """Check all that was asked for, before the first photo."""
    photos, manifest, out = named
    known, patch, mask = said
    chosen = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
    settings = Settings(chosen, checked_scale(known or KnownScale(), patch=patch), patch, _mask(mask, patch=patch))
    roots = [photos] if isinstance(photos, str | Path) else photos
    inputs = gather(roots, manifest, None if out is None else place_of(out))
    return (inputs if options.shard is None else shard_of(inputs, *options.shard)), settings


def _mask(path: str | Path | None, *, patch: bool) -> BoolImage | None:
    if path is None:
        return None
    if not patch:
        raise InputError("a mask belongs to a patch of skin", "on faces the bare skin is found by itself")
    try:
        return read_mask(Path(path))
    except PhotoProblem as problem:
        raise InputError(f"the mask {path} can't be used: {problem.reason}", problem.remedy) from problem


def _in_memory(inputs: Inputs, settings: Settings, options: RunOptions, *, progress: Progress | None) -> Scores:
    rows: list[PhotoRows] = []
    refused = 0
    for row in measure_files(_jobs(inputs, settings), 0 if len(inputs) == 1 else min(options.workers, len(inputs))):
        rows.append(row)
        refused += row.photo["status"] == REFUSED
        if progress is not None:
            progress(len(rows), refused, len(inputs))
    return tables(rows, inputs.further_columns, settings.recipe)


def _jobs(inputs: Inputs, settings: Settings) -> Iterator[PhotoJob]:
    for index in range(len(inputs)):
        entry = inputs.entry(index, settings.known)
        about = About(entry.name, settings.recipe, entry.notes)
        yield PhotoJob(about, entry.place, entry.known, settings.patch, settings.mask)


def _run(inputs: Inputs, out: str | Path, settings: Settings, *, how: tuple[RunOptions, Progress | None]) -> Summary:
    """Measure what is not yet measured in a folder, and write its tables."""
    options, progress = how
    folder = RunFolder(out)
    with folder.held():
        kept = find_kept(folder, inputs, settings, options)
        folder.begin(inputs, _facts(settings, options), kept.keys)
        records = measure_rest(SetRun(folder, inputs, settings, options), kept, progress)
        photos = inputs.table.select(["photo", "subject", "visit", *inputs.further_columns])
        refused = write_results(folder, photos.append_column("record", pa.array(records)), settings.recipe, options)
        folder.end()
    kept_photos = int(np.count_nonzero(kept.records >= 0))
    return Summary(len(inputs), refused, kept_photos, inputs.passed_over, settings.recipe)


def _facts(settings: Settings, options: RunOptions) -> dict[str, Any]:
    part, parts = options.shard or (0, 1)
    return {
        "recipe": settings.recipe.model_dump(mode="json"),
        "settings": settings.details(),
        "shard": [part, parts],
    }
