"""Join the results of several runs: the shards of one set, or sets that were measured apart."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from skintexture.errors import InputError
from skintexture.io.places import join, last_name, place_of
from skintexture.io.stores import copy_place, exists
from skintexture.io.tables import memory_of_the_system
from skintexture.photo_job import picture_name
from skintexture.recipe import Recipe
from skintexture.run.finish import write_results
from skintexture.run.folder import RunFolder, newest
from skintexture.run.inputs import Inputs
from skintexture.run.options import RunOptions
from skintexture.run.settings import KEY_BYTES

_RECORDS_AT_ONCE = 64
_COLUMNS = ("photo", "subject", "visit")


@dataclass(frozen=True, slots=True)
class Merged:
    """What was joined.

    Attributes
    ----------
    photos, refused : int
        In the joined tables.
    dropped : int
        Photos left out, because another has the same content.
    left : int
        Photos that no run has measured yet.
    """

    photos: int
    refused: int
    dropped: int
    left: int


@dataclass(frozen=True, slots=True)
class _Source:
    """A run to be joined: its photos, each with its key and the number of its record (−1: not measured)."""

    folder: RunFolder
    facts: dict[str, Any]
    photos: pa.Table


@memory_of_the_system()
def merge(outs: Sequence[str | Path], out: str | Path, *, options: RunOptions, partial: bool = False) -> Merged:
    """Join results into a new folder.

    Shards of one set give the same tables as the whole set in one run. Of different sets, the photos follow each other
    in the order of the folders; a photo whose content an earlier folder has, too, is left out. Where two photos of
    different folders have one name, the names in those folders begin with the folder's name.

    Parameters
    ----------
    outs : sequence of path
        Folders of results, or their URLs.
    out : path
        Where to; none of the above.
    options : RunOptions
        ``csv``, ``contact_sheets`` and ``overlays``, of which ``none`` leaves all pictures behind.
    partial : bool
        Join also what is not finished: photos that aren't measured have no row then.

    Returns
    -------
    Merged

    Raises
    ------
    InputError
        A folder holds no run, the runs differ in what decides the numbers, or a run or shard is missing or unfinished.
    OutputError
        The results can't be written.
    """
    sources = [_source(one) for one in outs]
    if any(str(one) == str(out) for one in outs):
        raise InputError(f"{out} is also to be joined", "name a new folder with -o")
    _refuse_unequal(sources)
    left = sum(int((source.photos["record"].to_numpy() < 0).sum()) for source in sources)
    if not partial:
        _refuse_gaps(sources, left)
    further = list(dict.fromkeys(name for source in sources for name in source.facts["further_columns"]))
    photos, dropped = _joined(sources, further)
    folder = RunFolder(out)
    recipe = Recipe.model_validate_json(json.dumps(sources[0].facts["recipe"]))
    names = _unique_names(photos, sources)
    table = photos.set_column(photos.column_names.index("photo"), "photo", pa.array(names, pa.string()))
    inputs = Inputs(table, tuple(further), _digest_of_sets(sources))
    with folder.held():
        folder.begin(inputs, sources[0].facts | {"shard": [0, 1]}, table["key"])
        records = _copy_records(folder, sources, table)
        if options.overlays != "none":
            _copy_pictures(folder, sources, photos, names)
        table = table.select([*_COLUMNS, *further]).append_column("record", pa.array(records))
        refused = write_results(folder, table, recipe, options)
        folder.end()
    return Merged(len(table), refused, dropped, left)


def _source(out: str | Path) -> _Source:
    folder = RunFolder(out)
    asked = folder.asked()
    records = folder.where(asked)
    ledger = folder.ledger.columns(["key"])
    place = pa.array(np.searchsorted(ledger["number"].to_numpy(), records), mask=records < 0)
    keys = pc.if_else(pa.array(records >= 0), ledger["key"].take(place), asked["key"])
    photos = asked.set_column(asked.column_names.index("key"), "key", keys)
    return _Source(folder, folder.facts(), photos.append_column("record", pa.array(records)))


def _refuse_unequal(sources: Sequence[_Source]) -> None:
    first = sources[0].facts["settings"]
    for source in sources[1:]:
        other = [name for name, value in source.facts["settings"].items() if value != first.get(name)]
        if other:
            raise InputError(
                f"{source.folder.out} was measured otherwise than {sources[0].folder.out}: {', '.join(other)}",
                "measure both with one recipe and one version; numbers of different settings don't go together",
            )


def _refuse_gaps(sources: Sequence[_Source], left: int) -> None:
    if left:
        unfinished = [str(one.folder.out) for one in sources if (one.photos["record"].to_numpy() < 0).any()]
        raise InputError(
            f"{left} photos are not measured yet, in {', '.join(unfinished)}",
            "let `skintexture score` finish there, or join what is there with --partial",
        )
    for digest in {source.facts["set_digest"] for source in sources}:
        shards = [tuple(source.facts["shard"]) for source in sources if source.facts["set_digest"] == digest]
        missing = [f"{part}/{parts}" for _, parts in shards for part in range(parts) if (part, parts) not in shards]
        if missing and (0, 1) not in shards:
            raise InputError(
                f"shards are missing: {', '.join(dict.fromkeys(missing))}",
                "name their folders too, or join what is there with --partial",
            )


def _joined(sources: Sequence[_Source], further: Sequence[str]) -> tuple[pa.Table, int]:
    """Put the photos of all runs into one order, each once; return how many were dropped for their content, too."""
    sets = list(dict.fromkeys(source.facts["set_digest"] for source in sources))
    tables = []
    for run, source in enumerate(sources):
        table = source.photos
        for name in further:
            if name not in table.column_names:
                table = table.append_column(name, pa.repeat(pa.scalar(""), len(table)))
        table = table.select([*_COLUMNS, *further, "position", "key", "record"])
        table = table.append_column("run", pa.array(np.full(len(table), run)))
        tables.append(table.append_column("set", pa.array(np.full(len(table), sets.index(source.facts["set_digest"])))))
    whole = pa.concat_tables(tables)
    whole = whole.filter(pc.greater_equal(whole["record"], 0))
    order = pc.sort_indices(whole, sort_keys=[("set", "ascending"), ("position", "ascending"), ("run", "ascending")])
    whole = whole.take(order)
    of_set, position = whole["set"].to_numpy(), whole["position"].to_numpy()
    again = np.zeros(len(whole), dtype=bool)
    again[1:] = (of_set[1:] == of_set[:-1]) & (position[1:] == position[:-1])
    whole = whole.filter(pa.array(~again))
    elsewhere = _held_by_an_earlier_set(whole)
    return whole.filter(pa.array(~elsewhere)), int(elsewhere.sum())


def _held_by_an_earlier_set(photos: pa.Table) -> NDArray[np.bool_]:
    keys = photos["key"].combine_chunks()
    of_set = photos["set"].to_numpy()
    codes = keys.dictionary_encode()
    earliest = np.full(len(codes.dictionary), np.iinfo(np.int64).max)
    np.minimum.at(earliest, codes.indices.to_numpy(), of_set)
    has_key = pc.not_equal(keys, pa.scalar(bytes(KEY_BYTES), keys.type)).to_numpy(zero_copy_only=False)
    held: NDArray[np.bool_] = has_key & (earliest[codes.indices.to_numpy()] < of_set)
    return held


def _digest_of_sets(sources: Sequence[_Source]) -> str:
    digests = list(dict.fromkeys(source.facts["set_digest"] for source in sources))
    return digests[0] if len(digests) == 1 else hashlib.sha256("".join(digests).encode()).hexdigest()


def _unique_names(photos: pa.Table, sources: Sequence[_Source]) -> list[str]:
    """Name the photos; where two have one name, those of their folders begin with the folder's name."""
    names, runs = photos["photo"].to_pylist(), photos["run"].to_pylist()
    counts = Counter(names)
    clashing = {run for name, run in zip(names, runs, strict=True) if counts[name] > 1}
    folders = [last_name(place_of(source.folder.out)) for source in sources]
    heads = [name if folders.count(name) == 1 else f"{name}~{at}" for at, name in enumerate(folders, start=1)]
    return [f"{heads[run]}/{name}" if run in clashing else name for name, run in zip(names, runs, strict=True)]


def _copy_records(folder: RunFolder, sources: Sequence[_Source], photos: pa.Table) -> NDArray[np.int64]:
    """Copy the photos' records, unless an earlier merge has; return their numbers."""
    there = folder.ledger.columns(["key"])
    numbers = newest(photos["key"], there["key"], there["number"])
    for start in range(0, len(photos), _RECORDS_AT_ONCE):
        todo = np.flatnonzero(numbers[start : start + _RECORDS_AT_ONCE] < 0) + start
        rows = photos.take(pa.array(todo))
        for run in dict.fromkeys(rows["run"].to_pylist()):
            is_mine = pc.equal(rows["run"], run)
            mine, at = rows.filter(is_mine), todo[is_mine.to_numpy()]
            records = sources[run].folder.ledger.take(mine["record"].to_numpy())
            named = records.set_column(records.column_names.index("photo"), "photo", mine["photo"])
            first = folder.ledger.add(named.combine_chunks().to_batches())
            numbers[at] = np.arange(first, first + len(named))
    folder.ledger.join_small()
    return numbers


def _copy_pictures(folder: RunFolder, sources: Sequence[_Source], photos: pa.Table, names: Sequence[str]) -> None:
    target = folder.store.place("")
    for old, name, run in zip(photos["photo"].to_pylist(), names, photos["run"].to_pylist(), strict=True):
        for kind in ("overlays", "refused"):
            picture = join(sources[run].folder.store.place(""), f"{kind}/{picture_name(old)}")
            if exists(picture):
                copy_place(picture, join(target, f"{kind}/{picture_name(name)}"))
