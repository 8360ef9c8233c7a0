"""The ledger: records come back as they were saved, whatever was interrupted."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from skintexture.errors import OutputError
from skintexture.io import ledger as ledgers
from skintexture.io.ledger import Ledger
from skintexture.io.stores import LocalStore

SCHEMA = pa.schema([("name", pa.string()), ("values", pa.list_(pa.float64()))])


def record(number: int) -> pa.RecordBatch:
    return pa.RecordBatch.from_pylist([{"name": f"r{number}", "values": [float(number)] * (number % 3)}], schema=SCHEMA)


@pytest.fixture
def store(tmp_path):
    return LocalStore(tmp_path)


def names(ledger: Ledger, *numbers: int) -> list[str]:
    return ledger.take(np.array(numbers, dtype=np.int64))["name"].to_pylist()


def parts(store: LocalStore) -> list[str]:
    return store.names("ledger")


def test_records_come_back_by_number_in_the_order_asked_for(store):
    ledger = Ledger(store, SCHEMA)
    assert [ledger.add([record(number)]) for number in range(3)] == [0, 1, 2]
    assert ledger.add([record(number) for number in range(3, 6)]) == 3
    for one in (ledger, Ledger(store, SCHEMA)):
        assert len(one) == 6
        assert names(one, 4, 0, 5, 4) == ["r4", "r0", "r5", "r4"]
        assert one.take(np.array([5]))["values"].to_pylist() == [[5.0, 5.0]]
        assert one.columns(["name"]).to_pydict() == {"name": [f"r{n}" for n in range(6)], "number": list(range(6))}
    assert names(ledger) == []


def test_small_parts_are_joined_and_hold_the_same(store, monkeypatch):
    monkeypatch.setattr(ledgers, "_JOIN_PARTS", 4)
    ledger = Ledger(store, SCHEMA)
    for number in range(10):
        ledger.add([record(number)])
    assert parts(store) == [
        "part-000000000-000000003.parquet",
        "part-000000004-000000007.parquet",
        "part-000000008-000000008.parquet",
        "part-000000009-000000009.parquet",
    ]
    ledger.join_small()
    assert len(parts(store)) == 3
    for one in (ledger, Ledger(store, SCHEMA)):
        assert names(one, *range(10)) == [f"r{n}" for n in range(10)]


@pytest.mark.parametrize("fails_at", range(6))
def test_a_join_that_is_interrupted_anywhere_loses_and_doubles_nothing(store, fails_at, monkeypatch):
    ledger = Ledger(store, SCHEMA)
    for number in range(5):
        ledger.add([record(number)])
    left = fails_at

    def stop(*_: object) -> None:
        nonlocal left
        if left == 0:
            raise KeyboardInterrupt
        left -= 1

    remove, write = store.remove, store.write
    monkeypatch.setattr(store, "remove", lambda name: (stop(), remove(name)))
    monkeypatch.setattr(store, "write", lambda data, name: (stop(), write(data, name)))
    with pytest.raises(KeyboardInterrupt):
        ledger.join_small()
    monkeypatch.undo()
    again = Ledger(store, SCHEMA)
    assert again.columns(["name"])["name"].to_pylist() == [f"r{n}" for n in range(5)]
    again.sweep()
    assert again.add([record(5)]) == 5
    assert names(Ledger(store, SCHEMA), *range(6)) == [f"r{n}" for n in range(6)]
    assert len(parts(store)) in (2, 6)


def test_a_part_that_was_removed_leaves_a_gap(store):
    ledger = Ledger(store, SCHEMA)
    for number in range(3):
        ledger.add([record(number)])
    store.remove("ledger/part-000000001-000000001.parquet")
    again = Ledger(store, SCHEMA)
    assert again.columns(["name"])["number"].to_pylist() == [0, 2]
    assert again.add([record(3)]) == 3
    assert names(again, 3, 2) == ["r3", "r2"]


def test_a_damaged_part_is_named(store, tmp_path):
    Ledger(store, SCHEMA).add([record(0)])
    part = tmp_path / "ledger/part-000000000-000000000.parquet"
    whole = part.read_bytes()
    part.write_bytes(whole[:-5])
    with pytest.raises(OutputError, match="part-000000000"):
        Ledger(store, SCHEMA).columns(["name"])
    part.write_bytes(whole)
    part.rename(part.with_name("part-000000000-000000007.parquet"))
    with pytest.raises(OutputError, match="other records"):
        Ledger(store, SCHEMA).columns(["name"])


def test_columns_that_an_older_part_lacks_are_missing_there(store):
    Ledger(store, SCHEMA.remove(1)).add([pa.RecordBatch.from_pylist([{"name": "old"}], schema=SCHEMA.remove(1))])
    ledger = Ledger(store, SCHEMA)
    ledger.add([record(1)])
    assert ledger.columns(["name", "values"])["values"].to_pylist() == [None, [1.0]]
    assert names(ledger, 1) == ["r1"]


def test_a_few_columns_are_read_without_the_rest_of_a_part(store, monkeypatch):
    ledger = Ledger(store, SCHEMA)
    ledger.add([record(number) for number in range(3)])
    monkeypatch.setattr(store, "read", None)  # reads a file whole
    assert ledger.columns(["name"])["name"].to_pylist() == ["r0", "r1", "r2"]


def test_a_join_of_much_is_made_group_by_group(store, tmp_path, monkeypatch):
    monkeypatch.setattr(ledgers, "_GROUP_BYTES", 1)
    ledger = Ledger(store, SCHEMA)
    for number in range(5):
        ledger.add([record(number)])
    ledger.join_small()
    (part,) = parts(store)
    assert pq.ParquetFile(tmp_path / "ledger" / part).num_row_groups == 5
    assert names(ledger, *range(5)) == [f"r{n}" for n in range(5)]
