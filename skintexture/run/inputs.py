"""The photos of a run: found, matched with their manifest, named, and cut into shards."""

from __future__ import annotations

import hashlib
import math
import os
from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from skintexture.errors import InputError
from skintexture.io.finding import PhotoFile, search_photos
from skintexture.io.manifests import SCALES, Manifest, read_manifest
from skintexture.io.places import Place, place_of
from skintexture.locate.scale import KnownScale
from skintexture.tabulate import PHOTO_COLUMNS


@dataclass(frozen=True, slots=True)
class Entry:
    """One photo of a run.

    Attributes
    ----------
    name : str
        As in every table.
    place : Path or str
        Where it is.
    known : KnownScale
        What is stated of its scale.
    notes : dict of str to str
        ``subject``, ``visit`` and further columns of the manifest.
    """

    name: str
    place: Place
    known: KnownScale
    notes: dict[str, str]


@dataclass(frozen=True, slots=True)
class Inputs:
    """The photos of a run, in order.

    Attributes
    ----------
    table : pyarrow.Table
        Columns ``photo``, ``place``, ``px_per_mm``, ``interpupillary_mm``, ``subject``, ``visit`` and the further ones,
        as in `Manifest`, and ``position``: where in the whole set the photo stands, before it was cut into shards.
    further_columns : tuple of str
    set_digest : str
        Of the names of the whole set, in order: the shards of one set share it.
    passed_over : int
        Files of the whole set that can't be read, beside a photo of the same name.
    """

    table: pa.Table
    further_columns: tuple[str, ...]
    set_digest: str
    passed_over: int = 0

    def __len__(self) -> int:
        return len(self.table)

    def entry(self, index: int, otherwise: KnownScale) -> Entry:
        """Return a photo; ``otherwise`` is its scale if the manifest says nothing."""
        row = self.table.slice(index, 1).to_pylist()[0]
        stated = [None if math.isnan(row[name]) else row[name] for name in SCALES]
        known = KnownScale(*stated) if any(stated) else otherwise
        notes = {name: row[name] for name in ("subject", "visit", *self.further_columns)}
        return Entry(row["photo"], place_of(os.fsdecode(row["place"])), known, notes)


def gather(photos: Sequence[str | Path], manifest: str | Path | None, results: Place | None) -> Inputs:
    """Find the photos of a run.

    Parameters
    ----------
    photos : sequence of str or Path
        Photos, folders of photos, patterns, URLs; may be empty where a manifest is given.
    manifest : str or Path, optional
    results : Path or str, optional
        Where results go to: pictures there are no photos of the run.

    Returns
    -------
    Inputs

    Raises
    ------
    InputError
        If there is none, or anything is wrong with the manifest or what is named.
    """
    table = None if manifest is None else read_manifest(manifest)
    further = () if table is None else table.further_columns
    _refuse_own_columns(further)
    if not photos and table is None:
        raise InputError("no photo was given", "give photos, folders of photos, or a manifest")
    passed_over = 0
    if table is not None and not photos:
        chosen = table.table
    else:
        found = search_photos([place_of(photo) for photo in photos], results=results)
        chosen, passed_over = _with_manifest(found.photos, table), found.passed_over
    digest = hashlib.sha256()
    for name in chosen["photo"]:
        digest.update(f"{name}\n".encode())
    chosen = chosen.append_column("position", pa.array(np.arange(len(chosen), dtype=np.int64)))
    return Inputs(chosen, further, digest.hexdigest(), passed_over)


def shard_of(inputs: Inputs, part: int, parts: int) -> Inputs:
    """Keep one part of a set: the photos whose names' digests fall to it, wherever they stand in the set.

    Parameters
    ----------
    inputs : Inputs
    part, parts : int
        0 … parts − 1.

    Returns
    -------
    Inputs
        Together the parts hold each photo once; a part may hold none.
    """
    names = inputs.table["photo"].to_pylist()
    mine = [int.from_bytes(hashlib.sha256(name.encode()).digest()[:8], "big") % parts == part for name in names]
    return replace(inputs, table=inputs.table.filter(pa.array(mine, pa.bool_())))


def _refuse_own_columns(further: Sequence[str]) -> None:
    taken = [name for name in further if name in PHOTO_COLUMNS or name in ("place", "position")]
    if taken:
        raise InputError(
            f"columns of the manifest have names that the results use themselves: {', '.join(taken)}",
            "rename them in the manifest",
        )


def _with_manifest(files: Sequence[PhotoFile], manifest: Manifest | None) -> pa.Table:
    """Give each photo its row of the manifest, if there is one."""
    columns: dict[str, Any] = {
        "photo": [file.name for file in files],
        "place": pa.array([os.fsencode(file.path) for file in files], pa.binary()),
    }
    if manifest is None:
        columns |= {name: [""] * len(files) for name in ("subject", "visit")}
        columns |= {name: np.full(len(files), np.nan) for name in SCALES}
        return pa.table(columns)
    places = [_identity(place_of(os.fsdecode(place.as_py()))) for place in manifest.table["place"]]
    row_of = {place: row for row, place in enumerate(places)}
    given = [_identity(file.path) for file in files]
    _refuse_missing(manifest, set(row_of) - set(given), row_of)
    rows = pa.array([row_of.get(place) for place in given], pa.int64())
    for name in manifest.table.column_names:
        if name not in columns:
            taken = manifest.table[name].take(rows)
            columns[name] = taken.fill_null(math.nan if name in SCALES else "")
    return pa.table(columns)


def _identity(place: Place) -> str:
    return str(place.resolve()) if isinstance(place, Path) else place


def _refuse_missing(manifest: Manifest, missing: set[str], row_of: dict[str, int]) -> None:
    if not missing:
        return
    rows = sorted(row_of[place] for place in missing)
    names = [manifest.table["photo"][row].as_py() for row in rows[:5]]
    listed = ", ".join(names) + (" …" if len(rows) > 5 else "")
    raise InputError(
        f"{len(rows)} of {len(manifest.table)} photos of the manifest are not among those given: {listed}",
        "give the folder that holds them, or only the manifest",
    )
