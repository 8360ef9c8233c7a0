"""Manifests as they are written: columns of text from CSV or Parquet, nothing checked but that it is a table."""

from __future__ import annotations

import csv
import io
import math
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray

from skintexture.errors import InputError
from skintexture.io.places import Place, last_name
from skintexture.io.stores import read_place
from skintexture.io.tables import read_parquet

_SEPARATORS = ",;\t"
_NUMBER = r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?$"
# Spreadsheet programs write and read such a line above the table.
_SAYS_SEPARATOR = re.compile(f"sep=([{_SEPARATORS}])\\r?\\n", re.IGNORECASE)
_ROWS_AT_ONCE = 50_000


@dataclass(frozen=True, slots=True)
class WrittenTable:
    """A table as written.

    Attributes
    ----------
    names : sequence of str
        Of the columns.
    columns : sequence of ChunkedArray of string
        Empty where `odd_rows` isn't.
    at : (N,) int64
        Line (CSV) or number (Parquet) of each row.
    row_is : str
        ``line`` or ``row``.
    decimal_mark : str
        ``.``, or ``,`` where a comma may stand for it.
    odd_rows : sequence of str
        Rows that have another number of cells than there are columns.
    """

    names: Sequence[str]
    columns: Sequence[Any]
    at: NDArray[np.int64]
    row_is: str
    decimal_mark: str
    odd_rows: Sequence[str] = ()

    def __len__(self) -> int:
        return len(self.at)

    def place(self, index: int) -> str:
        """Where a row stands."""
        return f"{self.row_is} {self.at[index]}"

    def written(self, name: str) -> Any:
        """Return a column as it is; empty text where there is no such column."""
        if name not in self.names:
            return pa.chunked_array([pa.repeat(pa.scalar(""), len(self))])
        return self.columns[list(self.names).index(name)]

    def text(self, name: str) -> Any:
        """Return a column without blanks around it."""
        return pc.utf8_trim_whitespace(self.written(name))

    def numbers(self, name: str) -> NDArray[np.float64]:
        """Return a column as numbers; nan where there is none, or where the cell holds something else."""
        text = self.text(name)
        if self.decimal_mark != ".":
            with_point = pc.replace_substring(text, self.decimal_mark, ".")
            text = pc.if_else(pc.match_substring(text, "."), text, with_point)
        plain = pc.if_else(pc.match_substring_regex(text, _NUMBER), text, None)
        numbers: NDArray[np.float64] = pc.cast(plain, pa.float64()).to_numpy(zero_copy_only=False)
        return numbers


def read_written(place: Place) -> WrittenTable:
    """Read a CSV or Parquet file.

    Raises
    ------
    InputError
        If it can't be read, or is no table.
    """
    name = last_name(place)
    try:
        data = read_place(place)
    except OSError as error:
        reason = f"the manifest {place} can't be read ({error.strerror or error or type(error).__name__})"
        raise InputError(reason, "check the path and the permission to read it") from error
    if data.startswith(b"PK\x03\x04"):
        reason = f"the manifest {name} is an office workbook"
        raise InputError(reason, "save it from the spreadsheet program as CSV UTF-8")
    try:
        return _from_parquet(data) if data.startswith(b"PAR1") else _from_csv(data.decode("utf-8-sig"))
    except UnicodeDecodeError as error:
        line = data.count(b"\n", 0, error.start) + 1
        reason = f"the manifest {name} is not UTF-8 text (line {line})"
        raise InputError(reason, "save it from the spreadsheet program as CSV UTF-8") from error
    except (csv.Error, pa.ArrowException) as error:
        reason = f"the manifest {name} is not a whole table ({error})"
        raise InputError(reason, "save it again, as CSV UTF-8 or Parquet") from error


def _from_csv(text: str) -> WrittenTable:
    said = _SAYS_SEPARATOR.match(text)
    text, above = (text[said.end() :], 1) if said else (text, 0)
    separator = said[1] if said else max(_SEPARATORS, key=text.partition("\n")[0].count)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=separator, strict=True)
    names = [name.strip() for name in next(reader, [])]
    columns: list[list[Any]] = [[] for _ in names]
    at: list[NDArray[np.int64]] = []
    odd: list[str] = []
    for lines, rows in _row_chunks(reader, above):
        at.append(np.array(lines, dtype=np.int64))
        odd += [
            f"line {line}: {len(row)} cells, and there are {len(names)} columns"
            for line, row in zip(lines, rows, strict=True)
            if len(row) != len(names)
        ]
        if not odd:
            for column, cells in zip(columns, zip(*rows, strict=True), strict=True):
                column.append(pa.array(cells, pa.string()))
    made = [pa.chunked_array(column, pa.string()) for column in columns]
    lines_of_rows = np.concatenate(at) if at else np.zeros(0, dtype=np.int64)
    return WrittenTable(names, made, lines_of_rows, "line", "." if separator == "," else ",", odd)


def _row_chunks(reader: Any, above: int) -> Iterator[tuple[list[int], list[list[str]]]]:
    """Rows that hold anything, each with the line that it begins on; ``above`` the table stand so many lines."""
    lines: list[int] = []
    rows: list[list[str]] = []
    line = above + reader.line_num + 1
    for row in reader:
        if any(map(str.strip, row)):
            lines.append(line)
            rows.append(row)
        line = above + reader.line_num + 1
        if len(rows) == _ROWS_AT_ONCE:
            yield lines, rows
            lines, rows = [], []
    if rows:
        yield lines, rows


def _from_parquet(data: bytes) -> WrittenTable:
    table = read_parquet(data)
    columns = [_texts(column) for column in table.columns]
    return WrittenTable(table.column_names, columns, np.arange(1, len(table) + 1), "row", ".")


def _texts(column: Any) -> Any:
    """Write a column's values as text; nothing where there is none."""
    if pa.types.is_string(column.type) or pa.types.is_large_string(column.type):
        return pc.fill_null(column.cast(pa.string()), "")
    texts = [
        "" if value is None or (isinstance(value, float) and math.isnan(value)) else str(value)
        for value in column.to_pylist()
    ]
    return pa.chunked_array([pa.array(texts, pa.string())])
