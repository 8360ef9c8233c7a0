"""One photo from its file to rows: what a worker does."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from functools import cache
from multiprocessing.util import Finalize

import cv2
from threadpoolctl import ThreadpoolController

from skintexture.assets import face_model
from skintexture.batch import Refused, run
from skintexture.errors import InputError, OutputError, PhotoProblem
from skintexture.io.facts import identify
from skintexture.io.finding import SUFFIXES
from skintexture.io.photos import read_photo
from skintexture.io.places import Place, join
from skintexture.io.stores import remove_place, write_place
from skintexture.locate.landmarks import MediapipeFaceFinder
from skintexture.locate.scale import KnownScale
from skintexture.measure import PhotoResult, measure_patch, measure_photo
from skintexture.model import BoolImage, Photo
from skintexture.report.contact_sheet import draw_refused, thumbnail
from skintexture.report.overlays import draw_overlay, encode_jpeg
from skintexture.tabulate import About, PhotoRows, measured_rows, refused_rows

_LONGEST_FILE_NAME_BYTES = 255  # of every common file system


@dataclass(frozen=True, slots=True)
class PhotoJob:
    """One photo to measure, with all that is known of it.

    Attributes
    ----------
    about : About
        Name, recipe and notes.
    path : Path or str
        Where it is; a path or a URL.
    known : KnownScale
    patch : bool
        No face is sought: the frame, or the mask, is one zone.
    mask : (H, W) bool or None
        Where the skin is; only with ``patch``.
    overlay : Path, str or None
        Where to write the picture to check; a path or a URL.
    refusal : Path, str or None
        Where to write a picture of the photo with the reason, if it is refused.
    """

    about: About
    path: Place
    known: KnownScale
    patch: bool = False
    mask: BoolImage | None = None
    overlay: Place | None = None
    refusal: Place | None = None


def refuse_odd_workers(workers: int) -> None:
    """Raise InputError for a number of processes that can't be."""
    if workers < 0:
        raise InputError(f"workers is {workers}", "give the number of processes, or 0 to work in this one")


def checked_scale(known: KnownScale, *, patch: bool) -> KnownScale:
    """Return the scale that the user gave, or raise InputError where it isn't one."""
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


def overlay_path(out: Place | None, name: str) -> Place | None:
    """Give the overlay the photo's own name, shortened where need be; it is always a JPEG."""
    return None if out is None else join(out, f"overlays/{picture_name(name)}")


def picture_name(photo: str) -> str:
    """Name the JPEG that belongs to a photo; no two photos share one.

    >>> [picture_name(name) for name in ("a.jpg", "a.png", "a.png.jpg")]
    ['a.jpg', 'a.png.jpg', 'a.png.jpg.jpg']
    """
    stem, dot, suffix = photo.rpartition(".")
    if f"{dot}{suffix}".lower() not in SUFFIXES:
        name = f"{photo}~{_short_digest(photo)}.jpg"
    elif suffix.lower() == "jpg" and not stem.lower().endswith(SUFFIXES):
        name = photo
    else:
        name = f"{photo}.jpg"
    folder, slash, last = name.rpartition("/")
    encoded = os.fsencode(last)
    if len(encoded) <= _LONGEST_FILE_NAME_BYTES:
        return name
    start = encoded[: _LONGEST_FILE_NAME_BYTES - 15].decode("utf-8", "ignore")
    return f"{folder}{slash}{start}~{_short_digest(last)}.jpg"


def _short_digest(text: str) -> str:
    return hashlib.sha256(os.fsencode(text)).hexdigest()[:8]


def measure_files(jobs: Iterable[PhotoJob], workers: int) -> Iterator[PhotoRows]:
    """Yield the rows of every photo in the order given, measured or refused."""
    try:
        for outcome in run(jobs, measure_file, workers=workers):
            if isinstance(outcome.result, Refused):
                if outcome.job.overlay is not None:
                    remove_stale(outcome.job.overlay)
                yield refused_rows(outcome.job.about, outcome.result, identify(outcome.job.path))
            else:
                yield outcome.result
    finally:
        close_face_finder()


def measure_file(job: PhotoJob) -> PhotoRows:
    """Read, measure and draw one photo. Runs in a worker.

    Raises
    ------
    PhotoProblem
        It can't be measured.
    """
    return _measured(job, read_photo(job.path, name=job.about.name))


def measure_and_show(job: PhotoJob) -> tuple[PhotoRows, bytes]:
    """Read, measure and draw one photo, whatever becomes of it. Runs in a worker.

    Returns
    -------
    rows : PhotoRows
        Of a measured photo, or of a refused one.
    small : bytes
        Thumbnail, JPEG; empty where the photo can't be read.
    """
    photo: Photo | None = None
    try:
        photo = read_photo(job.path, name=job.about.name)
        rows = _measured(job, photo)
        if job.refusal is not None:
            remove_stale(job.refusal)
        return rows, thumbnail(photo)
    except PhotoProblem as problem:
        rows = refused_rows(job.about, Refused(problem.reason, problem.remedy), identify(job.path))
        if job.overlay is not None:
            remove_stale(job.overlay)
        if photo is None:
            return rows, b""
        if job.refusal is not None:
            write_place(draw_refused(photo, problem.reason, problem.remedy), job.refusal)
        return rows, thumbnail(photo)


def _measured(job: PhotoJob, photo: Photo) -> PhotoRows:
    cv2.setNumThreads(1)
    # One photo, one core: threads of the linear algebra library wait busily and slow the other workers down.
    with _thread_pools().limit(limits=1, user_api="blas"):
        result = _measure(photo, job)
    if job.overlay is not None:
        slant = job.about.recipe.zones.max_slant_deg
        write_place(encode_jpeg(draw_overlay(photo, result, max_slant_deg=slant)), job.overlay)
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


def close_face_finder() -> None:
    """Close this process's face finder, if there is one."""
    if _face_finder.cache_info().currsize:
        _, close = _face_finder()
        close()  # which also takes it off the list of what to close at exit
        _face_finder.cache_clear()


def remove_stale(path: Place) -> None:
    """Remove what an earlier run left and no longer holds."""
    try:
        remove_place(path)
    except OSError as error:
        reason = f"{path} is of an earlier run and can't be removed ({error.strerror or type(error).__name__})"
        raise OutputError(reason, "remove it, or choose another folder") from error
