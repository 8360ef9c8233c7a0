"""Results: whole or not at all, the same bytes for the same values, and harmless in a spreadsheet."""

from __future__ import annotations

import csv
import json
import math
import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest

from skintexture.errors import OutputError
from skintexture.io.tables import read_parquet, write_bytes, write_json, write_table


@pytest.fixture
def frame() -> pd.DataFrame:
    return pd.DataFrame(
        {
            "photo": ["größe.jpg", None, 'a,"b"\nc'],
            "value": [1 / 3, math.nan, 1e-12],
            "count": np.array([1, -2, 3], np.int32),
            "ratio": np.array([0.1, math.inf, -1], np.float32),
            "good": [True, False, True],
        }
    )


def test_csv_is_utf_8_with_line_feeds_nine_digits_and_empty_cells(frame, tmp_path):
    write_table(frame, tmp_path / "results.v1")
    assert (tmp_path / "results.v1.csv").read_bytes().decode() == (
        "photo,value,count,ratio,good\n"
        "größe.jpg,0.333333333,1,0.100000001,True\n"
        ",,-2,inf,False\n"
        '"a,""b""\nc",1e-12,3,-1,True\n'
    )


def test_parquet_keeps_every_value(frame, tmp_path):
    write_table(frame, tmp_path / "results")
    found = pq.read_table(tmp_path / "results.parquet").to_pydict()
    assert found["photo"] == ["größe.jpg", None, 'a,"b"\nc']
    assert found["value"][0] == 1 / 3
    assert math.isnan(found["value"][1])
    assert found["ratio"][0] == float(np.float32(0.1))
    assert (found["count"], found["good"]) == ([1, -2, 3], [True, False, True])


def test_an_empty_table_has_the_same_column_types(frame, tmp_path):
    write_table(frame, tmp_path / "full")
    write_table(frame.iloc[:0], tmp_path / "empty")
    full, empty = (pq.read_schema(tmp_path / f"{name}.parquet") for name in ("full", "empty"))
    assert [(field.name, str(field.type)) for field in empty] == [
        ("photo", "string"),
        ("value", "double"),
        ("count", "int64"),
        ("ratio", "double"),
        ("good", "bool"),
    ]
    assert empty == full
    assert (tmp_path / "empty.csv").read_text() == "photo,value,count,ratio,good\n"
    write_table(pd.DataFrame({"photo": pd.Series([], dtype=object)}), tmp_path / "empty")
    assert str(pq.read_schema(tmp_path / "empty.parquet").field("photo").type) == "string"


def test_the_same_table_gives_the_same_bytes_whatever_its_index(frame, tmp_path):
    write_table(frame, tmp_path / "one")
    write_table(frame.set_axis([7, 8, 9]).copy(), tmp_path / "two")
    for suffix in ("csv", "parquet"):
        assert (tmp_path / f"one.{suffix}").read_bytes() == (tmp_path / f"two.{suffix}").read_bytes()


@pytest.mark.parametrize("text", ["=1+1", "+39 055 1", "-x", "@SUM(A1)", "\tx", "\rx", "-", "+", "=", "-1e", "+-1"])
def test_text_that_would_run_in_a_spreadsheet_is_defused_in_csv_only(text, tmp_path):
    write_table(pd.DataFrame({text: ["x", text, None]}), tmp_path / "results")
    with (tmp_path / "results.csv").open(newline="", encoding="utf-8") as file:
        header, *cells = csv.reader(file)
    defused = f"'{text}".replace("\r", "\n")
    assert (header, cells) == ([defused], [["x"], [defused], [""]])
    assert pq.read_table(tmp_path / "results.parquet").to_pydict() == {text: ["x", text, None]}


@pytest.mark.parametrize("text", ["-1.5", "+2", "-3e-5", "a=b", "'x", "", "x-1"])
def test_harmless_text_is_left_as_it_is(text, tmp_path):
    write_table(pd.DataFrame({"a": [1], "text": [text]}), tmp_path / "results")
    with (tmp_path / "results.csv").open(newline="", encoding="utf-8") as file:
        assert list(csv.reader(file))[1] == ["1", text]


def test_negative_numbers_are_not_defused(tmp_path):
    write_table(pd.DataFrame({"value": [-1.5], "count": [-2]}), tmp_path / "results")
    assert (tmp_path / "results.csv").read_text() == "value,count\n-1.5,-2\n"


def test_line_ends_within_text_don_t_break_rows(tmp_path):
    write_table(pd.DataFrame({"text": ["a\rb", "a\r\nb"], "value": [1, 2]}), tmp_path / "results")
    assert (tmp_path / "results.csv").read_bytes() == b'text,value\n"a\nb",1\n"a\nb",2\n'


@pytest.mark.parametrize("value", [(1, 2), {}, b"x", pd.Timestamp(2020, 1, 1)])
def test_values_that_are_neither_numbers_nor_text_are_refused(value, tmp_path):
    with pytest.raises(TypeError):
        write_table(pd.DataFrame({"a": ["text"], "b": [value]}), tmp_path / "results")
    assert list(tmp_path.iterdir()) == []


def test_two_columns_of_one_name_are_refused(tmp_path):
    with pytest.raises(ValueError, match="same name"):
        write_table(pd.DataFrame([[1, 2]], columns=["a", "a"]), tmp_path / "results")


def test_json_is_sorted_indented_and_ends_its_last_line(tmp_path):
    value = {"b": [np.float32(0.5), np.int64(2), math.nan, (True, None)], "a": {"ü": np.bool_(True)}}
    write_json(value, tmp_path / "run.json")
    assert (tmp_path / "run.json").read_bytes().decode() == (
        '{\n  "a": {\n    "ü": true\n  },\n  "b": [\n    0.5,\n    2,\n    null,\n'
        "    [\n      true,\n      null\n    ]\n  ]\n}\n"
    )
    assert json.loads((tmp_path / "run.json").read_text(encoding="utf-8"))["b"][2] is None


@pytest.mark.parametrize(("value", "error"), [(math.inf, ValueError), (Path("x"), TypeError), ({1, 2}, TypeError)])
def test_json_refuses_what_it_can_t_say(value, error, tmp_path):
    with pytest.raises(error):
        write_json({"value": value}, tmp_path / "run.json")
    assert list(tmp_path.iterdir()) == []


def test_missing_folders_are_made(tmp_path):
    write_bytes(b"x", tmp_path / "a" / "b" / "c.bin")
    assert (tmp_path / "a" / "b" / "c.bin").read_bytes() == b"x"


@pytest.mark.parametrize("step", ["fsync", "replace"])
def test_a_failure_leaves_the_old_file_and_nothing_else(step, tmp_path, monkeypatch):
    path = tmp_path / "results.csv"
    write_bytes(b"old", path)

    def fail(*_: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", fail) if step == "fsync" else monkeypatch.setattr(Path, "replace", fail)
    with pytest.raises(OutputError, match="No space left on device") as caught:
        write_bytes(b"new and longer", path)
    assert "room" in caught.value.remedy
    assert path.read_bytes() == b"old"
    assert list(tmp_path.iterdir()) == [path]


def test_the_file_appears_only_when_it_is_whole(tmp_path, monkeypatch):
    path = tmp_path / "results.csv"
    seen = []
    monkeypatch.setattr(os, "fsync", lambda _: seen.append(path.exists()))
    write_bytes(b"x", path)
    assert seen[0] is False
    assert path.exists()


def test_new_files_have_the_usual_permissions(tmp_path):
    (tmp_path / "usual").write_bytes(b"")
    write_bytes(b"", tmp_path / "ours")
    assert (tmp_path / "ours").stat().st_mode == (tmp_path / "usual").stat().st_mode


def test_a_file_in_place_of_a_folder_is_named(tmp_path):
    (tmp_path / "out").touch()
    with pytest.raises(OutputError, match="out"):
        write_bytes(b"x", tmp_path / "out" / "results.csv")
    with pytest.raises(OutputError, match="out"):
        write_table(pd.DataFrame({"a": [1]}), tmp_path / "out" / "results")


def test_a_folder_in_place_of_the_file_is_named(tmp_path):
    (tmp_path / "run.json").mkdir()
    with pytest.raises(OutputError, match=r"run\.json"):
        write_json({}, tmp_path / "run.json")
    assert [path.name for path in tmp_path.iterdir()] == ["run.json"]


@pytest.mark.skipif(not Path("/proc/self/task").is_dir(), reason="threads are counted as Linux lists them")
def test_parquet_is_read_without_threads_that_outlive_the_command(frame, tmp_path):
    write_table(frame, tmp_path / "results")
    code = (
        "import os, pathlib, sys; from skintexture.io.tables import read_parquet\n"
        "data = pathlib.Path(sys.argv[1]).read_bytes()\n"
        "before = os.listdir('/proc/self/task')\n"
        "read_parquet(data); print(len(os.listdir('/proc/self/task')) - len(before))"
    )
    table = tmp_path / "results.parquet"
    more = subprocess.run([sys.executable, "-c", code, table], capture_output=True, text=True, check=True).stdout
    assert int(more) == 0


def test_parquet_is_read_as_pandas_reads_it(frame, tmp_path):
    write_table(frame, tmp_path / "results")
    file = tmp_path / "results.parquet"
    read = read_parquet(file.read_bytes(), ["photo", "count"]).to_pandas()
    pd.testing.assert_frame_equal(read, pd.read_parquet(file)[["photo", "count"]])
