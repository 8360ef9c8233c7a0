"""How far a run has come: of a folder of results, while it is at work, after it was stopped, or at its end."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from skintexture.run.folder import FINISHED, RunFolder
from skintexture.tabulate import REFUSED


@dataclass(frozen=True, slots=True)
class Status:
    """How far a run has come.

    Attributes
    ----------
    photos, measured, refused, left : int
        How many were asked for, and what became of them.
    reasons : dict of str to int
        Why photos were refused, the most frequent reason first.
    finished : bool
        Whether the tables of this run are written.
    """

    photos: int
    measured: int
    refused: int
    left: int
    reasons: dict[str, int]
    finished: bool


def status_of(out: str | Path) -> Status:
    """Look at a folder of results, without changing anything.

    Raises
    ------
    InputError
        It holds no run.
    """
    folder = RunFolder(out)
    facts = folder.facts()
    numbers = folder.where(folder.asked())
    saved = numbers[numbers >= 0]
    records = folder.ledger.columns(["status", "reason"])
    place = np.searchsorted(records["number"].to_numpy(), saved)
    reasons = Counter(
        reason
        for status, reason in zip(
            *(records[name].take(place).to_pylist() for name in ("status", "reason")), strict=True
        )
        if status == REFUSED
    )
    refused = reasons.total()
    return Status(
        photos=len(numbers),
        measured=len(saved) - refused,
        refused=refused,
        left=len(numbers) - len(saved),
        reasons=dict(reasons.most_common()),
        finished=facts["state"] == FINISHED,
    )
