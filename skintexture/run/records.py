"""What is kept of each photo while a run goes on: one row with everything measured, and from there to the tables.

A record says what was measured, not what the photo is called or whom it shows: a photo that was renamed, or whose
subject was corrected in the manifest, is not measured again.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from skintexture.tabulate import (
    MEASUREMENT_COLUMNS,
    PHOTO_COLUMNS,
    PORE_COLUMNS,
    ZONE_COLUMNS,
    PhotoRows,
    Row,
)

_IDENTITY = ("photo", "photo_sha256", "subject", "visit", "recipe", "recipe_fingerprint")
_TYPES = {"string": pa.string(), "float64": pa.float64(), "Int64": pa.int64()}
TABLES = {
    "photos": PHOTO_COLUMNS,
    "measurements": MEASUREMENT_COLUMNS,
    "zones": ZONE_COLUMNS,
    "pores": PORE_COLUMNS,
}


def arrow_schema(columns: dict[str, str]) -> pa.Schema:
    """Types of a table's columns as they are in Parquet."""
    return pa.schema([(name, _TYPES[kind]) for name, kind in columns.items()])


def _own(columns: dict[str, str]) -> pa.StructType:
    """Columns of a table that say what was measured."""
    return pa.struct([(name, _TYPES[kind]) for name, kind in columns.items() if name not in _IDENTITY])


RECORD = pa.schema(
    [
        ("key", pa.binary(16)),
        ("photo", pa.string()),
        ("photo_sha256", pa.string()),
        ("status", pa.string()),
        ("reason", pa.string()),
        ("seconds", pa.float64()),
        ("thumbnail", pa.binary()),
        ("photos", _own(PHOTO_COLUMNS)),
        ("measurements", pa.list_(_own(MEASUREMENT_COLUMNS))),
        ("zones", pa.list_(_own(ZONE_COLUMNS))),
        ("pores", pa.list_(_own(PORE_COLUMNS))),
    ]
)
"""One photo's row in the ledger; ``key`` is of its content and of all that decides its numbers."""


@dataclass(frozen=True, slots=True)
class Taken:
    """What goes into a record beside what was measured.

    Attributes
    ----------
    key : bytes
        16 bytes; empty where the photo could not even be read.
    seconds : float
        That the measurement took.
    thumbnail : bytes
        Small JPEG; empty where the photo can't be shown.
    """

    key: bytes
    seconds: float
    thumbnail: bytes


def record_of(rows: PhotoRows, taken: Taken) -> pa.RecordBatch:
    """Put the rows of one photo into a record."""
    record: Row = {
        "key": taken.key or bytes(16),
        "photo": rows.photo["photo"],
        "photo_sha256": rows.photo["photo_sha256"],
        "status": rows.photo["status"],
        "reason": rows.photo["reason"],
        "seconds": taken.seconds,
        "thumbnail": taken.thumbnail,
        "photos": rows.photo,
        "measurements": rows.measurements,
        "zones": rows.zones,
        "pores": rows.pores,
    }
    return pa.RecordBatch.from_pylist([record], schema=RECORD)


def flatten(records: pa.Table, identity: pa.Table, name: str) -> pa.Table:
    """Lay one table of the results out flat.

    Parameters
    ----------
    records : Table
        Of schema `RECORD`, a row per photo, in the order of the photos.
    identity : Table
        Row by row the columns that say which photo it is: ``photo``, ``subject``, ``visit``, further columns of the
        manifest, ``recipe`` and ``recipe_fingerprint``.
    name : str
        Of the table, as in `TABLES`.

    Returns
    -------
    Table
        With the columns of that table, for ``photos`` also the further ones; missing numbers are nan.
    """
    identity = identity.append_column("photo_sha256", records["photo_sha256"])
    column = records[name].combine_chunks()
    if name == "photos":
        own, said = column, identity
        further = [one for one in identity.column_names if one not in PHOTO_COLUMNS]
    else:
        own, said, further = pc.list_flatten(column), identity.take(pc.list_parent_indices(column)), []
    fields = {field.name: own.field(at) for at, field in enumerate(own.type)}
    columns = {one: said[one] if one in said.column_names else fields[one] for one in [*TABLES[name], *further]}
    return pa.table({one: _whole(values) for one, values in columns.items()})


def _whole(values: Any) -> pa.Array:
    """One piece, so that the same values are written as the same bytes; nan for a missing number."""
    if isinstance(values, pa.ChunkedArray):
        values = values.combine_chunks()
    return pc.fill_null(values, float("nan")) if pa.types.is_floating(values.type) else values


def joined(records: Sequence[pa.RecordBatch]) -> pa.Table:
    """Put records below each other."""
    return pa.Table.from_batches(records, schema=RECORD)
