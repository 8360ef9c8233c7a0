"""From files to tables: the main job, for the command line and for notebooks alike."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from multiprocessing.util import Finalize
from pathlib import Path

import cv2
import pandas as pd
from threadpoolctl import ThreadpoolController

from skintexture.assets import face_model
from skintexture.batch import Refused, run
from skintexture.errors import InputError, OutputError, PhotoProblem
from skintexture.io.facts import identify
from skintexture.io.folders import prepare_folder
from skintexture.io.manifests import Manifest, ManifestRow, read_manifest
from skintexture.io.masks import read_mask
from skintexture.io.photos import PhotoFile, as_text, find_photos, read_photo
from skintexture.io.tables import write_bytes, write_table
from skintexture.locate.landmarks import MediapipeFaceFinder
from skintexture.locate.scale import KnownScale
from skintexture.measure import PhotoResult, measure_patch, measure_photo
from skintexture.model import BoolImage, Photo
from skintexture.recipe import DEFAULT_RECIPE, Recipe, load_recipe
from skintexture.report.overlays import draw_overlay, encode_jpeg
from skintexture.report.plots import plot_changes
from skintexture.study.compare import changes_between
from skintexture.tabulate import (
    PHOTO_COLUMNS,
    REFUSED,
    About,
    PhotoRows,
    Scores,
    measured_rows,
    refused_rows,
    tables,
)

_LONGEST_FILE_NAME_BYTES = 255  # of every common file system

Progress = Callable[[int, int, int], None]
"""Called after each photo with the numbers done, refused and given."""


@dataclass(frozen=True, slots=True)
class PhotoJob:
    """One photo to measure, with all that is known of it.

    Attributes
    ----------
    about : About
        Name, recipe and notes.
    path : Path
        Where it is.
    known : KnownScale
    patch : bool
        No face is sought: the frame, or the mask, is one zone.
    mask : (H, W) bool or None
        Where the skin is; only with ``patch``.
    overlay : Path or None
        Where to write the picture to check.
    """

    about: About
    path: Path
    known: KnownScale
    patch: bool = False
    mask: BoolImage | None = None
    overlay: Path | None = None


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
    _refuse_odd_workers(workers)
    plan = _Plan(chosen, _checked(known or KnownScale(), patch=patch), patch, _mask(mask, patch=patch), folder)
    table = None if manifest is None else read_manifest(Path(manifest))
    further = () if table is None else table.further_columns
    _refuse_own_columns(further)
    roots = [photos] if isinstance(photos, str | Path) else photos
    jobs = list(_jobs([Path(root) for root in roots], table, plan))
    if folder is not None:
        prepare_folder(folder)
    rows: list[PhotoRows] = []
    try:
        for rows_of_photo in _measured(jobs, 0 if len(jobs) == 1 else min(workers, len(jobs))):
            rows.append(rows_of_photo)
            if progress is not None:
                progress(len(rows), sum(row.photo["status"] == REFUSED for row in rows), len(jobs))
    finally:
        scores = tables(rows, further, chosen)
        if folder is not None and rows:
            scores.write(folder)
    return scores


def compare(
    before: str | Path,
    after: str | Path,
    out: str | Path | None = None,
    *,
    recipe: str | Recipe = DEFAULT_RECIPE,
    known: tuple[KnownScale, KnownScale] | None = None,
    workers: int = 0,
) -> tuple[pd.DataFrame, Scores]:
    """Measure two photos of one face and set them against each other.

    Parameters
    ----------
    before, after : path
    out : path, optional
        Folder for tables, overlays and the plot of changes.
    recipe : str or Recipe
    known : (KnownScale, KnownScale), optional
        Scale of either photo.
    workers : int
        Processes; 0 works in this one.

    Returns
    -------
    changes : DataFrame
        See `skintexture.study.compare.changes_between`; empty where either photo was refused.
    scores : Scores
        Of the two photos, named ``before/…`` and ``after/…``.
    """
    chosen = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
    folder = None if out is None else Path(out)
    _refuse_odd_workers(workers)
    scales = [_checked(scale, patch=False) for scale in known or (KnownScale(), KnownScale())]
    names = (f"before/{as_text(Path(before).name)}", f"after/{as_text(Path(after).name)}")
    jobs = [
        PhotoJob(About(name, chosen, {"visit": visit}), Path(path), scale, overlay=_overlay_path(folder, name))
        for name, path, scale, visit in zip(names, (before, after), scales, ("before", "after"), strict=True)
    ]
    if folder is not None:
        prepare_folder(folder)
    scores = tables(_measured(jobs, workers), (), chosen)
    rows = scores.measurements if scores.refused.empty else scores.measurements.iloc[:0]
    changes = changes_between(rows[rows["photo"] == names[0]], rows[rows["photo"] == names[1]], chosen.catalogue())
    if folder is not None:
        scores.write(folder)
        write_table(changes, folder / "changes")
        if changes.empty:
            _remove(folder / "changes.png")
        else:
            title = " → ".join(as_text(Path(path).name) for path in (before, after))
            write_bytes(plot_changes(changes, chosen.catalogue(), title), folder / "changes.png")
    return changes, scores


@dataclass(frozen=True, slots=True)
class _Plan:
    """What holds for every photo of a run."""

    recipe: Recipe
    known: KnownScale
    patch: bool
    mask: BoolImage | None
    out: Path | None


def _refuse_odd_workers(workers: int) -> None:
    if workers < 0:
        raise InputError(f"workers is {workers}", "give the number of processes, or 0 to work in this one")


def _checked(known: KnownScale, *, patch: bool) -> KnownScale:
    given = [
        option
        for option, value in (
            ("--px-per-mm", known.px_per_mm),
            ("--interpupillary-mm", known.interpupillary_mm),
            ("--marker-mm", known.marker_mm),
        )
        if value is not None
    ]
    if len(given) > 1:
        raise InputError(f"more than one scale is given: {', '.join(given)}", "give the one that you trust most")
    if patch and given not in ([], ["--px-per-mm"]):
        raise InputError(f"a patch of skin takes no {given[0]}", "give its scale with --px-per-mm or in the manifest")
    return known


def _mask(path: str | Path | None, *, patch: bool) -> BoolImage | None:
    if path is None:
        return None
    if not patch:
        raise InputError("a mask belongs to a patch of skin", "on faces the bare skin is found by itself")
    try:
        return read_mask(Path(path))
    except PhotoProblem as problem:
        raise InputError(f"the mask {path} can't be used: {problem.reason}", problem.remedy) from problem


def _remove(path: Path) -> None:
    """Remove what an earlier run left and no longer holds."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        reason = f"{path} is of an earlier run and can't be removed ({error.strerror or type(error).__name__})"
        raise OutputError(reason, "remove it, or choose another folder") from error


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
    overlay = _overlay_path(plan.out, file.name)
    return PhotoJob(About(file.name, plan.recipe, notes), file.path, known, plan.patch, plan.mask, overlay)


def _overlay_path(out: Path | None, name: str) -> Path | None:
    """Give the overlay the photo's own name, shortened where need be; it is always a JPEG."""
    if out is None:
        return None
    path = out / "overlays" / (name if name.lower().endswith(".jpg") else f"{name}.jpg")
    encoded = os.fsencode(path.name)
    if len(encoded) <= _LONGEST_FILE_NAME_BYTES:
        return path
    start = encoded[: _LONGEST_FILE_NAME_BYTES - 15].decode("utf-8", "ignore")
    return path.with_name(f"{start}~{hashlib.sha256(encoded).hexdigest()[:8]}.jpg")


def _measured(jobs: Iterable[PhotoJob], workers: int) -> Iterator[PhotoRows]:
    try:
        for outcome in run(jobs, measure_file, workers=workers):
            if isinstance(outcome.result, Refused):
                if outcome.job.overlay is not None:
                    _remove(outcome.job.overlay)
                yield refused_rows(outcome.job.about, outcome.result, identify(outcome.job.path))
            else:
                yield outcome.result
    finally:
        _close_face_finder()


def measure_file(job: PhotoJob) -> PhotoRows:
    """Read, measure and draw one photo. Runs in a worker.

    Raises
    ------
    PhotoProblem
        It can't be measured.
    """
    cv2.setNumThreads(1)
    # One photo, one core: threads of the linear algebra library wait busily and slow the other workers down.
    with _thread_pools().limit(limits=1, user_api="blas"):
        photo = read_photo(job.path, name=job.about.name)
        result = _measure(photo, job)
    if job.overlay is not None:
        slant = job.about.recipe.zones.max_slant_deg
        write_bytes(encode_jpeg(draw_overlay(photo, result, max_slant_deg=slant)), job.overlay)
    return measured_rows(job.about, photo, result)


@cache
def _thread_pools() -> ThreadpoolController:
    return ThreadpoolController()


def _measure(photo: Photo, job: PhotoJob) -> PhotoResult:
    if not job.patch:
        return measure_photo(photo, job.about.recipe, _face_finder()[0], job.known)
    if job.known.px_per_mm is None:
        raise PhotoProblem("a patch of skin has no scale of its own", "give it with --px-per-mm or in the manifest")
    return measure_patch(photo, job.mask, job.about.recipe, job.known.px_per_mm)


@cache
def _face_finder() -> tuple[MediapipeFaceFinder, Finalize]:
    """One per process, and what closes it: building it takes longer than measuring with it."""
    finder = MediapipeFaceFinder(face_model())
    # Worker processes run this before their threads end, which mediapipe needs to close.
    return finder, Finalize(finder, finder.close, exitpriority=1)


def _close_face_finder() -> None:
    """Close this process's face finder, if there is one."""
    if _face_finder.cache_info().currsize:
        _, close = _face_finder()
        close()  # which also takes it off the list of what to close at exit
        _face_finder.cache_clear()
