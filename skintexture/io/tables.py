"""Results: written whole or not at all, and the same bytes for the same values."""

from __future__ import annotations

import io
import json
import math
import os
import re
import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import IO

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from skintexture.errors import OutputError

_ARROWS_OWN = pa.default_memory_pool()  # reading and writing Parquet always takes some from it
_RUNS_IN_SPREADSHEETS = ("=", "+", "-", "@", "\t", "\r")
_NUMBER = re.compile(r"[+-]?[0-9]+(\.[0-9]*)?([eE][+-]?[0-9]+)?")
_REMEDY = "check that the folder can be written, has room, and that no other program has the file open"


def write_table(frame: pd.DataFrame, stem: Path) -> None:
    """Write a table as ``stem.csv``, for people, and ``stem.parquet``, for programs.

    Each file appears whole or not at all, and is the same, byte for byte, for the same table and library versions. The
    index is not written.

    The CSV file is UTF-8 with line feeds; numbers have 9 significant digits, nan is an empty cell, and text that a
    spreadsheet would run as a formula (it begins with ``=``, ``+``, ``-``, ``@``, tab or carriage return, and is no
    plain number) gets a leading ``'``; line ends within text are line feeds. The Parquet file keeps every value as it
    is; its columns are bool, int64, double or string, also where there is no row.

    Parameters
    ----------
    frame : DataFrame
        Columns of bool, int, float or text, each of its own name; text may be missing.
    stem : Path
        Where to, without suffix. Missing folders are made.

    Raises
    ------
    TypeError, ValueError
        If a column holds anything else, or two have one name.
    OutputError
        If a file can't be written.
    """
    if not frame.columns.is_unique:
        raise ValueError("two columns have the same name")
    parquet = io.BytesIO()
    pq.write_table(pa.table({str(name): _arrow_column(column) for name, column in frame.items()}), parquet)
    write_bytes(csv_text(frame).encode(), stem.with_name(f"{stem.name}.csv"))
    write_bytes(parquet.getvalue(), stem.with_name(f"{stem.name}.parquet"))


def read_parquet(file: bytes | IO[bytes], columns: Sequence[str] | None = None) -> pa.Table:
    """Read a Parquet file on this thread alone.

    Arrow's own threads may still hold a file's bytes when a command ends; to give them back they need an interpreter
    that is no more, and the process aborts.

    Parameters
    ----------
    file : bytes or binary file
        What to read.
    columns : sequence of str, optional
        Columns to read, of those that the file has; all of them otherwise.

    Returns
    -------
    pyarrow.Table

    Raises
    ------
    pyarrow.ArrowException
        If it is no Parquet file.
    """
    stream = io.BytesIO(file) if isinstance(file, bytes) else file
    return pq.ParquetFile(stream, pre_buffer=False).read(columns, use_threads=False)


def _arrow_column(column: pd.Series) -> pa.Array:
    kind = column.dtype
    if pd.api.types.is_bool_dtype(kind):
        return pa.array(column, type=pa.bool_())
    if pd.api.types.is_integer_dtype(kind):
        return pa.array(column, type=pa.int64())
    if pd.api.types.is_float_dtype(kind):
        return pa.array(column.to_numpy(np.float64, na_value=math.nan), type=pa.float64(), from_pandas=False)
    try:
        return pa.array(column.to_numpy(object), type=pa.string(), from_pandas=True)
    except pa.ArrowException as error:
        raise TypeError(f"column {column.name!r} holds values that are neither numbers nor text") from error


def csv_text(frame: pd.DataFrame, *, header: bool = True) -> str:
    """Write a table as CSV, harmless in a spreadsheet; see `write_table`."""
    safe = pd.DataFrame({_defused(str(name)): _defused_column(column) for name, column in frame.items()})
    return safe.to_csv(index=False, header=header, float_format="%.9g", lineterminator="\n")


def _defused_column(column: pd.Series) -> pd.Series:
    if pd.api.types.is_numeric_dtype(column):
        return column
    texts = {text: _defused(text) for text in column.dropna().unique()}
    return column.map(texts)


def _defused(text: str) -> str:
    runs = text.startswith(_RUNS_IN_SPREADSHEETS) and not _NUMBER.fullmatch(text)
    # a lone carriage return would be written unquoted, and read as the end of the row
    return ("'" if runs else "") + text.replace("\r\n", "\n").replace("\r", "\n")


def write_json(value: object, path: Path) -> None:
    """Write a value as JSON: keys sorted, two spaces of indent, nan as ``null``, a line end at the end.

    Parameters
    ----------
    value : object
        Mappings with text keys, sequences, text, numbers (numpy's too), bool, None.
    path : Path
        Where to. Missing folders are made.

    Raises
    ------
    TypeError, ValueError
        If it holds anything else, or an infinite number, which JSON can't say.
    OutputError
        If the file can't be written.
    """
    write_bytes(json_bytes(value), path)


def json_bytes(value: object) -> bytes:
    """Write a value as JSON; see `write_json`."""
    text = json.dumps(_plain(value), indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False)
    return f"{text}\n".encode()


def _plain(value: object) -> object:
    if isinstance(value, np.generic):
        value = value.item()
    if isinstance(value, float) and math.isnan(value):
        return None
    if isinstance(value, Mapping):
        return {key: _plain(item) for key, item in value.items()}
    if isinstance(value, Sequence) and not isinstance(value, str | bytes):
        return [_plain(item) for item in value]
    return value


def write_bytes(data: bytes, path: Path) -> None:
    """Write a file so that it is there whole or not at all; one that was there before is replaced in one step.

    Parameters
    ----------
    data : bytes
        Its content.
    path : Path
        Where to. Missing folders are made.

    Raises
    ------
    OutputError
        If it can't be written. What was there before is untouched.
    """
    unfinished = path.with_name(f".{secrets.token_hex(8)}.tmp")
    with cant_write(path):
        path.parent.mkdir(parents=True, exist_ok=True)
        try:
            with unfinished.open("xb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            unfinished.replace(path)
        finally:
            unfinished.unlink(missing_ok=True)
        sync(path.parent)


@contextmanager
def cant_write(path: object) -> Iterator[None]:
    """Turn what the system says of a file that can't be written into OutputError."""
    try:
        yield
    except OSError as error:
        reason = error.strerror or str(error) or type(error).__name__
        raise OutputError(f"{path} can't be written ({reason})", _REMEDY) from error


def sync(folder: Path) -> None:
    """See to it that a folder's list of files is on the disk too, so that a loss of power can't take a file back."""
    if os.name != "posix":
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    except OSError:
        pass  # some network file systems can't
    finally:
        os.close(handle)


def sync_file(path: Path) -> None:
    """See to it that a file's content is on the disk."""
    with path.open("rb+") as file:
        os.fsync(file.fileno())


@contextmanager
def memory_of_the_system() -> Iterator[None]:
    """Have Arrow's tables take their memory from the system: its own pool keeps more than they need."""
    before = pa.default_memory_pool()
    pa.set_memory_pool(pa.system_memory_pool())
    try:
        yield
    finally:
        pa.set_memory_pool(before)


def give_memory_back() -> None:
    """Give back to the system what is held ready for the next table."""
    for pool in (_ARROWS_OWN, pa.system_memory_pool()):
        pool.release_unused()
