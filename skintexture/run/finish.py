"""From the ledger to the finished tables: photo by photo in the order given, whatever the number of photos."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from skintexture.errors import InputError
from skintexture.io.stores import store_at
from skintexture.io.table_sets import TableFiles, frame_of, put_tables
from skintexture.io.tables import cant_write, json_bytes, read_parquet
from skintexture.recipe import Recipe
from skintexture.report.contact_sheet import ContactSheet
from skintexture.run.folder import RunFolder
from skintexture.run.options import ORDINARY_PHOTOS, RunOptions
from skintexture.run.records import TABLES, arrow_schema, flatten
from skintexture.tabulate import REFUSED, Scores, provenance

_AT_ONCE = 50  # photos whose rows are in memory
_PER_FILE = ORDINARY_PHOTOS  # of a table in pieces; a multiple of the above
SHEETS, PROVENANCE = "contact_sheets", "provenance.json"


def write_results(folder: RunFolder, photos: pa.Table, recipe: Recipe, options: RunOptions) -> int:
    """Write the finished tables, the contact sheets and the provenance.

    Parameters
    ----------
    folder : RunFolder
        Held.
    photos : Table
        Columns ``photo``, ``subject``, ``visit``, further ones, and ``record``: number of its record.
    recipe : Recipe
        That they were measured with.
    options : RunOptions

    Returns
    -------
    int
        How many of the photos were refused.

    Raises
    ------
    OutputError
        The results can't be written. Those that were there before are whole.
    """
    further = [name for name in photos.column_names if name not in ("photo", "subject", "visit", "record")]
    in_pieces, csv = len(photos) > ORDINARY_PHOTOS, options.writes_csv(len(photos))
    digests: dict[str, str] = {}
    refused = 0
    with folder.store.staging() as staging, cant_write(folder.out):
        tables = []
        for name, columns in TABLES.items():
            schema = arrow_schema(columns | (dict.fromkeys(further, "string") if name == "photos" else {}))
            tables.append(TableFiles(staging, name, schema, csv=csv, in_pieces=in_pieces))
        sheets = _Sheets(staging / SHEETS) if options.contact_sheets else None
        for start, records, identity in _portions(folder, photos, recipe):
            if in_pieces and start and start % _PER_FILE == 0:
                for table in tables:
                    table.end_piece()
            for table in tables:
                table.add(flatten(records, identity, table.name))
            if sheets is not None:
                sheets.add(records, identity)
            refused += sum(status == REFUSED for status in records["status"].to_pylist())
            if not in_pieces:
                digests |= dict(zip(identity["photo"].to_pylist(), records["photo_sha256"].to_pylist(), strict=True))
        for table in tables:
            table.end_piece()
        # Where it is, the tables are whole and belong together.
        folder.store.remove(PROVENANCE)
        put_tables(folder.store, tables)
        if sheets is not None:
            sheets.end()
            folder.store.put_folder(sheets.folder, SHEETS)
        else:
            folder.store.remove(SHEETS)
    # Of large sets, the photos' digests are in the table of photos alone.
    folder.store.write(json_bytes(provenance(recipe, digests)), PROVENANCE)
    return refused


def _portions(folder: RunFolder, photos: pa.Table, recipe: Recipe) -> Iterator[tuple[int, pa.Table, pa.Table]]:
    """Give a few photos at a time: where they begin, their records, and what identifies them."""
    for start in range(0, len(photos), _AT_ONCE):
        portion = photos.slice(start, _AT_ONCE)
        numbers: NDArray[np.int64] = portion["record"].to_numpy()
        identity = portion.drop_columns("record")
        for name, text in (("recipe", recipe.name), ("recipe_fingerprint", recipe.fingerprint())):
            identity = identity.append_column(name, pa.repeat(pa.scalar(text), len(portion)))
        yield start, folder.ledger.take(numbers), identity


class _Sheets:
    """Contact sheets of a whole set, in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir()
        self._sheet = ContactSheet()
        self._drawn = 0

    def add(self, records: pa.Table, identity: pa.Table) -> None:
        columns = (identity["photo"], records["reason"], records["thumbnail"])
        for name, reason, small in zip(*(column.to_pylist() for column in columns), strict=True):
            self._sheet.add(name, reason, small)
            if self._sheet.is_full:
                self._draw()

    def end(self) -> None:
        if not self._sheet.is_empty:
            self._draw()

    def _draw(self) -> None:
        self._drawn += 1
        (self.folder / f"{self._drawn:05d}.jpg").write_bytes(self._sheet.draw())


def read_results(out: str | Path) -> Scores:
    """Read the finished tables of a run back, all of them.

    Parameters
    ----------
    out : path
        Folder of results, or its URL.

    Returns
    -------
    Scores

    Raises
    ------
    InputError
        There are none.
    """
    facts = RunFolder(out).facts()
    frames: dict[str, pd.DataFrame] = {}
    for name, columns in TABLES.items():
        types = columns | (dict.fromkeys(facts["further_columns"], "string") if name == "photos" else {})
        frames[name] = frame_of(pa.concat_tables(_pieces(out, name))).astype(types)
    return Scores(**frames, recipe=Recipe.model_validate_json(json.dumps(facts["recipe"])))


def read_refused(out: str | Path) -> pd.DataFrame:
    """Read which photos were refused, why, and what to do: columns ``photo``, ``reason`` and ``remedy``."""
    pieces = [
        piece.filter(pc.equal(piece["status"], REFUSED))
        for piece in _pieces(out, "photos", ["photo", "status", "reason", "remedy"])
    ]
    return frame_of(pa.concat_tables(pieces).select(["photo", "reason", "remedy"]))


def read_caveats(out: str | Path) -> dict[str, list[str]]:
    """Read the caveats of photos that hold for a photo as a whole; photos without any are left out."""
    pieces = pa.concat_tables(_pieces(out, "photos", ["photo", "caveats"]))
    given = pieces.filter(pc.not_equal(pieces["caveats"], ""))
    return {row["photo"]: row["caveats"].split(";") for row in given.to_pylist()}


def _pieces(out: str | Path, name: str, columns: list[str] | None = None) -> Iterator[pa.Table]:
    store = store_at(out)
    for file in [f"{name}.parquet/{piece}" for piece in store.names(f"{name}.parquet")] or [f"{name}.parquet"]:
        try:
            yield read_parquet(store.read(file), columns)
        except FileNotFoundError as error:
            raise InputError(
                f"{out} holds no table `{name}`", "let the run that writes there come to its end"
            ) from error
