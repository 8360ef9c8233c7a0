"""What becomes of a job."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Generic, TypeVar

Job = TypeVar("Job")
Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class Refused:
    """A job that could not be done.

    Attributes
    ----------
    reason, remedy : str
        What was found, and what to do about it.
    """

    reason: str
    remedy: str


@dataclass(frozen=True, slots=True)
class Outcome(Generic[Job, Result]):
    """What became of one job."""

    job: Job
    result: Result | Refused


class WorkerLost(Exception):  # noqa: N818  (what happened to a worker, not a fault of the program)
    """A job's worker went down with it.

    Parameters
    ----------
    refused : Refused
        What the job's outcome is if that happens again.
    """

    def __init__(self, refused: Refused) -> None:
        super().__init__(refused)
        self.refused = refused


def crash() -> WorkerLost:
    """Say that a job took its process down."""
    return WorkerLost(
        Refused(
            "the photo crashed the process that measured it, twice",
            "open and save it anew in an image editor, or use fewer workers if memory is short; if it crashes again, "
            "report it with the file",
        )
    )


def hang(limit_s: float) -> WorkerLost:
    """Say that a job took longer than it may."""
    return WorkerLost(
        Refused(
            f"the photo took more than {limit_s:g} s, twice",
            "check the disk or network share that it is on; give large photos more time with --timeout",
        )
    )


def lost(limit_s: float | None) -> WorkerLost:
    """Say that a cluster lost a job's worker, which doesn't tell why."""
    or_slow = "" if limit_s is None else f", or took more than {limit_s:g} s"
    return WorkerLost(
        Refused(
            f"the photo took its worker down, again and again: it crashed, ran out of memory{or_slow}",
            "measure it by itself on one machine, which tells which; then open and save it anew in an image editor",
        )
    )


def no_memory() -> WorkerLost:
    """Say that a job found no memory."""
    return WorkerLost(
        Refused(
            "the photo needs more memory than there is, also when it is measured alone",
            "measure it on a machine with more memory, or export it smaller",
        )
    )
