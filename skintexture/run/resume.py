"""What of a set is measured already, by content: a photo that was renamed or moved is, one that was edited is not."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from skintexture.batch import Engine, Refused, Threads, as_they_end
from skintexture.batch.cluster import Cluster
from skintexture.io.facts import digest_of
from skintexture.io.places import Place
from skintexture.io.stores import copy_place, exists
from skintexture.photo_job import overlay_path
from skintexture.run.folder import RunFolder, newest
from skintexture.run.inputs import Inputs
from skintexture.run.options import RunOptions
from skintexture.run.settings import KEY_BYTES, Settings, key_of
from skintexture.tabulate import REFUSED

_FILES_PER_JOB = 16
_READERS = 4  # so that a disk or a network is kept busy
_KEYS = pa.binary(KEY_BYTES)


@dataclass(frozen=True, slots=True)
class Kept:
    """What is there of each photo of a set, in its order.

    Attributes
    ----------
    keys : (N,) binary
        All zero where the photo isn't known yet.
    records : (N,) int64
        Its record in the ledger; −1 where it is to be measured.
    refused : int
        How many of the records are of refused photos.
    """

    keys: pa.Array
    records: NDArray[np.int64]
    refused: int


def find_kept(folder: RunFolder, inputs: Inputs, settings: Settings, options: RunOptions) -> Kept:
    """Find what an earlier run into this folder has measured.

    Parameters
    ----------
    folder : RunFolder
    inputs : Inputs
    settings : Settings
    options : RunOptions

    Returns
    -------
    Kept
        A photo that can't be read is to be looked at again; so is one whose overlay is wanted and missing. Every
        photo's bytes are read, unless the ledger is empty.
    """
    nothing = np.full(len(inputs), -1, dtype=np.int64)
    if not len(folder.ledger):
        return Kept(pa.repeat(pa.scalar(bytes(KEY_BYTES), _KEYS), len(inputs)), nothing, 0)
    reading: AbstractContextManager[Engine] = (
        Threads(max(_READERS, options.workers)) if options.scheduler is None else Cluster(options.scheduler)
    )
    with reading as engine:
        keys = _keys(inputs, settings, engine)
    ledger = folder.ledger.columns(["key", "status", "photo"])
    records = newest(keys, ledger["key"], ledger["number"])
    known = pc.index_in(pa.array(records), value_set=ledger["number"])
    is_refused = pc.equal(ledger["status"].take(known), REFUSED).fill_null(False).to_numpy()
    if options.retry_refused:
        records[is_refused] = -1
    for index in np.flatnonzero((records >= 0) & ~is_refused):
        at_first = ledger["photo"][known[int(index)].as_py()].as_py()
        if options.has_overlay(int(index), len(inputs)) and not _has_overlay(folder, inputs, int(index), at_first):
            records[index] = -1
    return Kept(keys, records, int(np.count_nonzero(is_refused & (records >= 0))))


def _has_overlay(folder: RunFolder, inputs: Inputs, index: int, name_at_first: str) -> bool:
    """Whether a photo's overlay is there; that of one that was renamed is copied."""
    name = inputs.table["photo"][index].as_py()
    root = folder.store.place("")
    mine, first = overlay_path(root, name), overlay_path(root, name_at_first)
    if mine is None or first is None:
        return False
    if exists(mine):
        return True
    if not exists(first):
        return False
    copy_place(first, mine)
    return True


def _keys(inputs: Inputs, settings: Settings, engine: Engine) -> pa.Array:
    digest = settings.digest()
    keys = [bytes(KEY_BYTES)] * len(inputs)
    starts = range(0, len(inputs), _FILES_PER_JOB)
    jobs = ([inputs.entry(at, settings.known).place for at in _span(start, inputs)] for start in starts)
    for ended in as_they_end(jobs, digests_of, engine):
        for number, outcome in ended:
            if isinstance(outcome.result, Refused):
                continue
            for index, found in zip(_span(starts[number], inputs), outcome.result, strict=True):
                keys[index] = key_of(found, inputs.entry(index, settings.known).known, digest)
    return pa.array(keys, _KEYS)


def _span(start: int, inputs: Inputs) -> range:
    return range(start, min(start + _FILES_PER_JOB, len(inputs)))


def digests_of(places: list[Place]) -> list[str]:
    """Return the SHA-256 of files, in hex; empty where one can't be read. Runs in a worker."""
    return [digest_of(place) for place in places]
