"""Tables that are written as they come, whatever their length, and appear when they are whole."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from skintexture.io.stores import Store
from skintexture.io.tables import cant_write, csv_text, give_memory_back, sync_file

_ROWS_PER_GROUP = 100_000
_FRAME_TYPES = {pa.string(): pd.StringDtype(), pa.int64(): pd.Int64Dtype()}


class TableFiles:
    """One table, in the making: a Parquet file or a folder of them, and a CSV file where one is wanted.

    Parameters
    ----------
    folder : Path
        For unfinished files.
    name : str
        Of the table.
    schema : pyarrow.Schema
    csv, in_pieces : bool
        Whether to write CSV; whether ``name.parquet`` is to be a folder of files.
    """

    def __init__(self, folder: Path, name: str, schema: pa.Schema, *, csv: bool, in_pieces: bool) -> None:
        self.name, self._schema, self._has_csv, self._in_pieces = name, schema, csv, in_pieces
        self.parquet = folder / f"{name}.parquet"
        self.csv = folder / f"{name}.csv"
        self._waiting: list[pa.Table] = []
        self._pieces = 0
        self._writer: pq.ParquetWriter | None = None
        if in_pieces:
            self.parquet.mkdir()
        if csv:
            self.csv.write_text(csv_text(frame_of(schema.empty_table())), encoding="utf-8", newline="")

    def add(self, rows: pa.Table) -> None:
        """Add rows at the end. The same rows in the same portions give the same bytes."""
        self._waiting.append(rows.cast(self._schema))
        if self._has_csv and len(rows):
            with self.csv.open("a", encoding="utf-8", newline="") as file:
                file.write(csv_text(frame_of(rows), header=False))
        if sum(len(table) for table in self._waiting) >= _ROWS_PER_GROUP:
            self._write_group()

    def end_piece(self) -> None:
        """End a file of the folder, or the only file."""
        self._write_group()
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _write_group(self) -> None:
        rows = pa.concat_tables(self._waiting).combine_chunks() if self._waiting else self._schema.empty_table()
        self._waiting = []
        if self._writer is None:
            path = self.parquet / f"{self._pieces:05d}.parquet" if self._in_pieces else self.parquet
            self._pieces += 1
            self._writer = pq.ParquetWriter(path, self._schema)
        if len(rows) or not self._in_pieces:
            self._writer.write_table(rows, row_group_size=max(1, len(rows)))
        del rows
        give_memory_back()


def put_tables(store: Store, tables: list[TableFiles]) -> None:
    """Move finished tables to where they belong; those of an earlier run that have no successor go."""
    for table in tables:
        for path in (table.parquet, *table.parquet.glob("*"), table.csv):
            if path.is_file():
                with cant_write(path):
                    sync_file(path)
    for table in tables:
        name = f"{table.name}.parquet"
        if table.parquet.is_dir():
            store.put_folder(table.parquet, name)
        else:
            store.put(table.parquet, name)
        if table.csv.exists():
            store.put(table.csv, f"{table.name}.csv")
        else:
            store.remove(f"{table.name}.csv")


def frame_of(rows: pa.Table) -> pd.DataFrame:
    """Turn rows into a DataFrame whose whole numbers and texts may be missing."""
    frame: pd.DataFrame = rows.to_pandas(types_mapper=_FRAME_TYPES.get, use_threads=False)
    return frame
