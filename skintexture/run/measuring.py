"""Work through a set of photos and save each as it ends."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import UTC, datetime

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from skintexture.batch import Engine, InProcess, Outcome, Refused, SpawnPool, as_they_end
from skintexture.batch.cluster import Cluster
from skintexture.errors import InputError
from skintexture.io.facts import identify
from skintexture.io.places import join
from skintexture.photo_job import PhotoJob, close_face_finder, measure_and_show, overlay_path, picture_name
from skintexture.run.folder import RunFolder
from skintexture.run.inputs import Inputs
from skintexture.run.options import RunOptions
from skintexture.run.records import Taken, record_of
from skintexture.run.resume import Kept
from skintexture.run.settings import Settings, key_of, versions
from skintexture.tabulate import REFUSED, About, refused_rows

Progress = Callable[[int, int, int], None]
"""Called after photos were saved, with the numbers done, refused and given."""

# Photos that end one right after the other are saved together: saving each by itself would take longer than they do.
_SAVE_AFTER_S = 0.05
_SAVE_AT = 256


@dataclass(frozen=True, slots=True)
class RecordJob:
    """A photo to measure for the ledger.

    Attributes
    ----------
    photo : PhotoJob
    settings_digest : str
    versions : tuple
        Of the driver: a worker with others would give other numbers.
    """

    photo: PhotoJob
    settings_digest: str
    versions: tuple[tuple[str, str], ...]


def measure_record(job: RecordJob) -> pa.RecordBatch:
    """Measure a photo and put all that was found into a record. Runs in a worker.

    Raises
    ------
    InputError
        The worker has other versions than the driver.
    """
    if job.versions != versions():
        pairs = zip(job.versions, versions(), strict=True)
        other = [f"{name} {there}, not {here}" for (name, here), (_, there) in pairs if here != there]
        raise InputError(f"a worker has {'; '.join(other)}", "install the same versions on all machines")
    start = time.monotonic()
    rows, small = measure_and_show(job.photo)
    key = key_of(rows.photo["photo_sha256"], job.photo.known, job.settings_digest)
    return record_of(rows, Taken(key, time.monotonic() - start, small))


def _engine_for(options: RunOptions, photos: int) -> AbstractContextManager[Engine]:
    """Choose where the work is done; for a single photo no process is worth its start."""
    if photos == 0:
        return InProcess()
    if options.scheduler is not None:
        return Cluster(options.scheduler)
    workers = 0 if photos == 1 else min(options.workers, photos)
    return SpawnPool(workers) if workers else InProcess()


@dataclass(slots=True)
class Saving:
    """Saves outcomes, and keeps count.

    Attributes
    ----------
    folder : RunFolder
    records : (N,) int64
        Record of each photo; filled in as photos are saved.
    refused : int
    """

    folder: RunFolder
    records: NDArray[np.int64]
    refused: int
    _waiting: list[tuple[int, pa.RecordBatch]] = field(default_factory=list)
    _last: float = 0.0

    def add(self, index: int, record: pa.RecordBatch) -> None:
        """Take a record; it is saved when `save_if_due` finds it time."""
        self._waiting.append((index, record))
        if len(self._waiting) >= _SAVE_AT:
            self.save()

    def save_if_due(self) -> bool:
        """Save, unless that was done a moment ago; return whether anything was saved."""
        if not self._waiting or time.monotonic() - self._last < _SAVE_AFTER_S:
            return False
        self.save()
        return True

    def save(self) -> None:
        """Save all that waits."""
        if not self._waiting:
            return
        waiting, self._waiting = self._waiting, []
        first = self.folder.ledger.add([record for _, record in waiting])
        for number, (index, record) in enumerate(waiting, start=first):
            self.records[index] = number
            self.refused += record["status"][0].as_py() == REFUSED
        self.folder.log(_log_line(record) for _, record in waiting)
        self._last = time.monotonic()


@dataclass(frozen=True, slots=True)
class SetRun:
    """A set of photos, and how to work through it."""

    folder: RunFolder
    inputs: Inputs
    settings: Settings
    options: RunOptions


def measure_rest(run: SetRun, kept: Kept, progress: Progress | None) -> NDArray[np.int64]:
    """Measure every photo that isn't, and save each as it ends.

    Parameters
    ----------
    run : SetRun
        Its folder is held.
    kept : Kept
        What is measured already.
    progress : callable, optional

    Returns
    -------
    (N,) int64
        The record of each photo.
    """
    todo = np.flatnonzero(kept.records < 0)
    saving = Saving(run.folder, kept.records.copy(), kept.refused)
    try:
        with _engine_for(run.options, len(todo)) as engine:
            for ended in as_they_end(_jobs(run, todo), measure_record, engine, limit_s=run.options.timeout_s):
                for number, outcome in ended:
                    saving.add(int(todo[number]), _record(outcome))
                if saving.save_if_due() and progress is not None:
                    progress(int(np.count_nonzero(saving.records >= 0)), saving.refused, len(run.inputs))
    finally:
        saving.save()
        run.folder.ledger.join_small()
        close_face_finder()
    return saving.records


def _jobs(run: SetRun, todo: NDArray[np.int64]) -> Iterator[RecordJob]:
    settings, options, digest = run.settings, run.options, run.settings.digest()
    root = run.folder.store.place("")
    for index in todo:
        entry = run.inputs.entry(int(index), settings.known)
        overlay = overlay_path(root, entry.name) if options.has_overlay(int(index), len(run.inputs)) else None
        refusal = join(root, f"refused/{picture_name(entry.name)}") if options.has_refusals else None
        about = About(entry.name, settings.recipe, entry.notes)
        photo = PhotoJob(about, entry.place, entry.known, settings.patch, settings.mask, overlay, refusal)
        yield RecordJob(photo, digest, versions())


def _record(outcome: Outcome[RecordJob, pa.RecordBatch]) -> pa.RecordBatch:
    """Return the record of a photo, also of one that took its worker down."""
    if not isinstance(outcome.result, Refused):
        return outcome.result
    photo = outcome.job.photo
    rows = refused_rows(photo.about, outcome.result, identify(photo.path))
    key = key_of(rows.photo["photo_sha256"], photo.known, outcome.job.settings_digest)
    return record_of(rows, Taken(key, math.nan, b""))


def _log_line(record: pa.RecordBatch) -> dict[str, object]:
    names = ("photo", "photo_sha256", "status", "reason")
    seconds = record["seconds"][0].as_py()
    said = {name: record[name][0].as_py() for name in names}
    now = datetime.now(UTC).isoformat(timespec="seconds")
    return {"saved": now, **said, "seconds": None if math.isnan(seconds) else round(seconds, 3)}
