"""From files to tables: the main job, for the command line and for notebooks alike."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from skintexture.errors import InputError, PhotoProblem
from skintexture.io.folders import prepare_folder
from skintexture.io.manifests import Manifest, ManifestRow, read_manifest
from skintexture.io.masks import read_mask
from skintexture.io.photos import PhotoFile, find_photos
from skintexture.locate.scale import KnownScale
from skintexture.model import BoolImage
from skintexture.photo_job import PhotoJob, checked_scale, measure_files, overlay_path, refuse_odd_workers
from skintexture.recipe import DEFAULT_RECIPE, Recipe, load_recipe
from skintexture.tabulate import PHOTO_COLUMNS, REFUSED, About, PhotoRows, Scores, tables

Progress = Callable[[int, int, int], None]
"""Called after each photo with the numbers done, refused and given."""


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
) -> Scores:
    """Measure photos of faces, zone by zone.

    Parameters
    ----------
    photos : path or sequence of path
        Photos and folders of photos; may be empty where a manifest is given.
    out : path, optional
        Folder for tables and overlays; without it nothing is written. A run that fails before its first photo leaves
        the tables of an earlier one as they are.
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
        Called after each photo.

    Returns
    -------
    Scores

    Raises
    ------
    RecipeError, InputError, OutputError
        What was asked for can't be done; a photo that can't be measured is a row instead.
    """
    chosen = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
    folder = None if out is None else Path(out)
    refuse_odd_workers(workers)
    plan = _Plan(chosen, checked_scale(known or KnownScale(), patch=patch), patch, _mask(mask, patch=patch), folder)
    table = None if manifest is None else read_manifest(Path(manifest))
    further = () if table is None else table.further_columns
    _refuse_own_columns(further)
    roots = [photos] if isinstance(photos, str | Path) else photos
    jobs = list(_jobs([Path(root) for root in roots], table, plan))
    if folder is not None:
        prepare_folder(folder)
    rows: list[PhotoRows] = []
    try:
        for rows_of_photo in measure_files(jobs, 0 if len(jobs) == 1 else min(workers, len(jobs))):
            rows.append(rows_of_photo)
            if progress is not None:
                progress(len(rows), sum(row.photo["status"] == REFUSED for row in rows), len(jobs))
    finally:
        scores = tables(rows, further, chosen)
        if folder is not None and rows:
            scores.write(folder)
    return scores


@dataclass(frozen=True, slots=True)
class _Plan:
    """What holds for every photo of a run."""

    recipe: Recipe
    known: KnownScale
    patch: bool
    mask: BoolImage | None
    out: Path | None


def _mask(path: str | Path | None, *, patch: bool) -> BoolImage | None:
    if path is None:
        return None
    if not patch:
        raise InputError("a mask belongs to a patch of skin", "on faces the bare skin is found by itself")
    try:
        return read_mask(Path(path))
    except PhotoProblem as problem:
        raise InputError(f"the mask {path} can't be used: {problem.reason}", problem.remedy) from problem


def _refuse_own_columns(further: Sequence[str]) -> None:
    taken = [name for name in further if name in PHOTO_COLUMNS]
    if taken:
        raise InputError(
            f"columns of the manifest have names that the results use themselves: {', '.join(taken)}",
            "rename them in the manifest",
        )


def _jobs(roots: list[Path], manifest: Manifest | None, plan: _Plan) -> Iterator[PhotoJob]:
    if manifest is None:
        if not roots:
            raise InputError("no photo was given", "give photos, folders of photos, or a manifest")
        for file in find_photos(roots, results=plan.out):
            yield _job(file, None, plan)
        return
    rows = manifest.rows
    if not roots:
        for row in rows:
            yield _job(row.photo, row, plan)
        return
    files = find_photos(roots, results=plan.out)
    by_path = {row.photo.path.resolve(): row for row in rows}
    given = {file.path.resolve() for file in files}
    missing = [row.photo.name for path, row in by_path.items() if path not in given]
    if missing:
        listed = ", ".join(missing[:5]) + (" …" if len(missing) > 5 else "")
        raise InputError(
            f"{len(missing)} of {len(rows)} photos of the manifest are not among those given: {listed}",
            "give the folder that holds them, or only the manifest",
        )
    for file in files:
        yield _job(file, by_path.get(file.path.resolve()), plan)


def _job(file: PhotoFile, row: ManifestRow | None, plan: _Plan) -> PhotoJob:
    known, notes = plan.known, dict[str, str]()
    if row is not None:
        notes = {"subject": row.subject, "visit": row.visit, **row.further}
        stated = [None if math.isnan(value) else value for value in (row.px_per_mm, row.interpupillary_mm)]
        known = KnownScale(*stated) if any(stated) else known
    overlay = overlay_path(plan.out, file.name)
    return PhotoJob(About(file.name, plan.recipe, notes), file.path, known, plan.patch, plan.mask, overlay)
