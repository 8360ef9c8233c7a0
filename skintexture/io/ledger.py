"""The ledger of a run: records, saved as they come in Parquet parts that appear whole or not at all.

Records are numbered 0, 1, 2 … in the order in which they were saved, and never change. A part is a file named by the
first and last record that it holds. Small parts are joined into larger ones as a run goes on: the joined part appears
first, and only then the small ones go, so that at every moment every record is in a part. A part whose records another
part holds too is what an interrupted join has left.
"""

from __future__ import annotations

import io
import re
from collections import OrderedDict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from skintexture.errors import OutputError
from skintexture.io.stores import Store
from skintexture.io.tables import give_memory_back, read_parquet

FOLDER = "ledger"

_NAME = re.compile(r"part-([0-9]{9})-([0-9]{9})\.parquet")
_JOIN_PARTS = 64
_LARGE_BYTES = 16 << 20  # a part of this size is not joined any further
_GROUP_BYTES = 512 << 10  # of a joined part's groups of rows, unpacked: with more, joining takes more memory
_KEPT_IN_MEMORY = 2  # parts, once read


@dataclass(frozen=True, slots=True, order=True)
class _Part:
    first: int
    last: int

    @property
    def name(self) -> str:
        return f"{FOLDER}/part-{self.first:09d}-{self.last:09d}.parquet"

    def holds(self, other: _Part) -> bool:
        return self.first <= other.first and other.last <= self.last


class Ledger:
    """Records of a run, on disk.

    Parameters
    ----------
    store : Store
        Folder of the run.
    schema : pyarrow.Schema
        Of a record.
    """

    def __init__(self, store: Store, schema: pa.Schema) -> None:
        self._store, self._schema = store, schema
        found = sorted(_parts_in(store), key=lambda part: (part.first, -part.last))
        self._parts: list[_Part] = []
        self.superseded: list[_Part] = []
        for part in found:
            held = bool(self._parts) and self._parts[-1].holds(part)
            (self.superseded if held else self._parts).append(part)
        self._small: list[tuple[_Part, bytes]] = []
        self._read: OrderedDict[_Part, pa.Table] = OrderedDict()

    def __len__(self) -> int:
        """One more than the last record's number."""
        return self._parts[-1].last + 1 if self._parts else 0

    def sweep(self) -> None:
        """Remove what interrupted joins have left. Only for who writes."""
        for part in self.superseded:
            self._store.remove(part.name)
        self.superseded.clear()

    def add(self, records: Sequence[pa.RecordBatch]) -> int:
        """Save records; once this returns they are safe. Returns the first one's number."""
        table = pa.Table.from_batches(records, schema=self._schema)
        part = _Part(len(self), len(self) + len(table) - 1)
        data = _parquet(table)
        self._store.write(data, part.name)
        self._parts.append(part)
        self._small.append((part, data))
        if len(self._small) >= _JOIN_PARTS or sum(len(data) for _, data in self._small) >= _LARGE_BYTES:
            self.join_small()
        return part.first

    def join_small(self) -> None:
        """Join the small parts that this run has saved."""
        small, self._small = self._small, []
        if len(small) < 2:
            return
        joined = _Part(small[0][0].first, small[-1][0].last)
        self._store.write(_joined([data for _, data in small], self._schema), joined.name)
        gone = {part for part, _ in small}
        self._parts = [part for part in self._parts if part not in gone] + [joined]
        for part in gone:
            self._store.remove(part.name)
        give_memory_back()

    def columns(self, names: Sequence[str]) -> pa.Table:
        """Return some columns of all records, by number; nulls where an older part lacks one.

        The column ``number`` is added.
        """
        fields = pa.schema([self._schema.field(name) for name in names] + [("number", pa.int64())])
        pieces = []
        for part in self._parts:
            table = self._load(part, names)
            columns = {name: _typed(table, fields.field(name)) for name in names}
            numbers = np.arange(part.first, part.first + len(table), dtype=np.int64)
            pieces.append(pa.table({**columns, "number": numbers}, schema=fields))
        return pa.concat_tables(pieces) if pieces else fields.empty_table()

    def take(self, numbers: NDArray[np.int64]) -> pa.Table:
        """Return records by their numbers, in the order asked for."""
        starts = np.array([part.first for part in self._parts], dtype=np.int64)
        where = np.searchsorted(starts, numbers, side="right") - 1
        pieces, order = [], []
        for index in np.unique(where):
            part, asked = self._parts[index], np.flatnonzero(where == index)
            pieces.append(self._whole(part).take(pa.array(numbers[asked] - part.first)))
            order.append(asked)
        if not pieces:
            return self._schema.empty_table()
        return pa.concat_tables(pieces).take(pa.array(np.argsort(np.concatenate(order))))

    def _whole(self, part: _Part) -> pa.Table:
        if part not in self._read:
            self._read[part] = self._load(part, None).cast(self._schema)
            while len(self._read) > _KEPT_IN_MEMORY:
                self._read.popitem(last=False)
        self._read.move_to_end(part)
        return self._read[part]

    def _load(self, part: _Part, names: Sequence[str] | None) -> pa.Table:
        try:
            with self._store.open(part.name) as stream:
                table = read_parquet(stream, names)
        except (OSError, pa.ArrowException) as error:
            raise OutputError(
                f"{self._store.place(part.name)} can't be read ({error})",
                "restore it from a copy; or remove it, and what it holds is measured again",
            ) from error
        if len(table) != part.last - part.first + 1:
            raise OutputError(f"{self._store.place(part.name)} holds other records than its name says", "remove it")
        return table


def _parts_in(store: Store) -> Iterator[_Part]:
    for name in store.names(FOLDER):
        match = _NAME.fullmatch(name)
        if match:
            yield _Part(int(match[1]), int(match[2]))


def _parquet(table: pa.Table) -> bytes:
    data = io.BytesIO()
    pq.write_table(table, data, compression="zstd")
    return data.getvalue()


def _joined(parts: Sequence[bytes], schema: pa.Schema) -> bytes:
    """Make one file of several, a group of rows at a time, so that never all of them are in memory unpacked."""
    data = io.BytesIO()
    with pq.ParquetWriter(data, schema, compression="zstd") as writer:
        waiting: list[pa.Table] = []
        for number, part in enumerate(parts, start=1):
            waiting.append(read_parquet(part))
            if number == len(parts) or sum(table.nbytes for table in waiting) >= _GROUP_BYTES:
                writer.write_table(pa.concat_tables(waiting))
                waiting = []
    return data.getvalue()


def _typed(table: pa.Table, field: pa.Field) -> pa.Array | pa.ChunkedArray:
    """Return a column, or nulls where an older part has none or another kind."""
    if field.name in table.column_names and table.schema.field(field.name).type == field.type:
        return table[field.name]
    return pa.nulls(len(table), field.type)
