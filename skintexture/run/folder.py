"""What a folder of results holds beside the tables: the ledger of what is measured, what was asked for, and the log."""

from __future__ import annotations

import io
import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from skintexture.errors import InputError, OutputError
from skintexture.io.finding import RUN_FACTS
from skintexture.io.ledger import FOLDER, Ledger
from skintexture.io.stores import Store, store_at
from skintexture.io.tables import give_memory_back, read_parquet
from skintexture.run.inputs import Inputs
from skintexture.run.records import RECORD
from skintexture.run.settings import KEY_BYTES

_RUN, _INPUTS, LOG = RUN_FACTS, f"{FOLDER}/inputs.parquet", "log.jsonl"

_ROWS_PER_GROUP = 1000  # with more, writing them takes more memory than the list itself

MEASURING, FINISHED = "measuring", "finished"


class RunFolder:
    """A folder of results.

    Parameters
    ----------
    out : str or Path
        Folder, or URL of an object store.

    Raises
    ------
    InputError
        The URL is of no object store.
    """

    def __init__(self, out: str | Path) -> None:
        self.out = out
        self.store: Store = store_at(out)
        self.ledger = Ledger(self.store, RECORD)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Keep other runs out, and see what an earlier one has left.

        Raises
        ------
        OutputError
            It can't be written, holds a comparison, or another run is at work in it.
        """
        with self.store.held():
            self._refuse_comparison()
            self.store.write(b"", f"{FOLDER}/.probe")
            self.ledger = Ledger(self.store, RECORD)
            self.ledger.sweep()
            yield

    def _refuse_comparison(self) -> None:
        """Keep off a folder whose tables would be replaced by others of their names."""
        if "changes.parquet" in self.store.names(""):
            raise OutputError(f"{self.out} holds a comparison", "name a folder of its own with -o")

    def begin(self, inputs: Inputs, facts: dict[str, Any], keys: pa.Array) -> None:
        """Note what a run was asked for.

        Parameters
        ----------
        inputs : Inputs
        facts : dict
            Recipe, settings and shard.
        keys : (N,) binary
            Key of each photo, all zero where it isn't known yet.
        """
        names = ["position", "photo", "subject", "visit", *inputs.further_columns]
        table = inputs.table.select(names).append_column("key", keys)
        data = io.BytesIO()
        # Names and keys are all different: a dictionary of them would only take memory.
        pq.write_table(table, data, compression="zstd", row_group_size=_ROWS_PER_GROUP, use_dictionary=False)
        said = {
            "photos": len(inputs),
            "set_digest": inputs.set_digest,
            "further_columns": list(inputs.further_columns),
            "first_record": len(self.ledger),
            "state": MEASURING,
        }
        self.note({**facts, **said})
        self.store.write(data.getvalue(), _INPUTS)
        give_memory_back()

    def end(self) -> None:
        """Note that the run's tables are written."""
        self.note(self.facts() | {"state": FINISHED})

    def log(self, lines: Iterable[Mapping[str, object]]) -> None:
        """Add lines to the log.

        Raises
        ------
        OutputError
            It can't be written.
        """
        self.store.append("".join(f"{json.dumps(line, ensure_ascii=False)}\n" for line in lines), LOG)

    def note(self, facts: dict[str, Any]) -> None:
        """Write the run's facts."""
        self.store.write(json.dumps(facts, indent=2, sort_keys=True).encode(), _RUN)

    def facts(self) -> dict[str, Any]:
        """Return the facts of the last run: recipe, settings, number of photos, shard, state.

        Raises
        ------
        InputError
            There was none.
        """
        try:
            facts: dict[str, Any] = json.loads(self.store.read(_RUN))
        except (FileNotFoundError, NotADirectoryError) as error:
            reason = f"{self.out} holds no run of `skintexture score`"
            raise InputError(reason, "give the folder that was named with -o") from error
        return facts

    def asked(self) -> pa.Table:
        """Photos of the last run as `begin` was given them."""
        self.facts()
        return read_parquet(self.store.read(_INPUTS))

    def where(self, photos: pa.Table) -> NDArray[np.int64]:
        """Say which record of the ledger is of which photo of the last run.

        Parameters
        ----------
        photos : Table
            See `asked`.

        Returns
        -------
        (N,) int64
            Number of its record: the newest of this run under its name, or else the newest of its key; −1 where there
            is none.
        """
        records = self.ledger.columns(["key", "photo"])
        own = records.filter(pc.greater_equal(records["number"], self.facts()["first_record"]))
        by_key = newest(photos["key"], records["key"], records["number"])
        by_name = newest(photos["photo"], own["photo"], own["number"])
        return np.where(by_name >= 0, by_name, by_key)


def newest(wanted: Any, known: Any, numbers: Any) -> NDArray[np.int64]:
    """Find the last place of each value among known ones.

    Parameters
    ----------
    wanted, known : array
        Of text or keys; a key of zeros is that of nothing.
    numbers : array of int
        Of the known ones.

    Returns
    -------
    (N,) int64
        The number at that place; −1 where the value isn't known.
    """
    backwards = pa.array(np.arange(len(known) - 1, -1, -1))
    last_first = known.take(backwards).combine_chunks()
    if pa.types.is_fixed_size_binary(last_first.type):
        last_first = pc.if_else(pc.equal(last_first, pa.scalar(bytes(KEY_BYTES), last_first.type)), None, last_first)
    at = pc.index_in(wanted, value_set=last_first, skip_nulls=True)
    found = numbers.take(backwards).take(at)
    result: NDArray[np.int64] = pc.fill_null(found, -1).to_numpy().copy()
    return result
