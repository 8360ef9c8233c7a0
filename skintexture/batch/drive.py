"""The driver: it hands jobs to an engine, and sees to it that each has one outcome."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, Future, wait
from dataclasses import dataclass, field
from itertools import islice
from typing import Generic

from skintexture.batch.engines import Engine, InProcess, SpawnPool
from skintexture.batch.outcomes import Job, Outcome, Refused, Result, WorkerLost

# How often the driver looks up, in s: no longer does what has ended wait to be passed on.
_LOOK_UP_S = 0.05


@dataclass(slots=True)
class _Drive(Generic[Job, Result]):
    """Jobs in work on an engine."""

    engine: Engine
    work: Callable[[Job], Result]
    limit_s: float | None
    in_work: dict[Future[Result | Refused], tuple[int, Job]] = field(default_factory=dict)

    def fill(self, coming: Iterator[tuple[int, Job]]) -> None:
        """Start as many jobs as the engine has room for."""
        for number, job in islice(coming, max(0, self.engine.room() - len(self.in_work))):
            self.in_work[self.engine.submit(self.work, job, self.limit_s)] = (number, job)

    def ended(self) -> list[tuple[int, Job, Future[Result | Refused]]]:
        """Wait a moment, and take out what has ended."""
        self.engine.look_up()
        done = wait(self.in_work, _LOOK_UP_S, FIRST_COMPLETED).done
        return [(*self.in_work.pop(future), future) for future in done]


def as_they_end(
    jobs: Iterable[Job], work: Callable[[Job], Result], engine: Engine, *, limit_s: float | None = None
) -> Iterator[list[tuple[int, Outcome[Job, Result]]]]:
    """Do every job and yield outcomes as they come.

    A job that raises `PhotoProblem` is refused with its reason. One that takes its worker down (a crash in a native
    library, lack of memory, a hang) is tried again when all others are done, alone, and then refused. Any other
    exception is a bug and is raised, after what ended with it.

    Parameters
    ----------
    jobs : iterable
        Drawn as they are needed.
    work : callable
        Picklable, as are jobs and results, unless the engine works in this process.
    engine : Engine
        Already entered.
    limit_s : float, optional
        Longest time that a job may take.

    Yields
    ------
    list of (int, Outcome)
        Which job it was (0, 1, …) and what became of it; each job once. The list is empty where nothing has ended for
        a moment: time to save what has.
    """
    drive = _Drive(engine, work, limit_s)
    suspects: list[tuple[int, Job]] = []
    coming = enumerate(jobs)
    drive.fill(coming)
    while drive.in_work:
        done = drive.ended()
        drive.fill(coming)
        yield from _told(done, suspects)
    for number, job in suspects:
        drive.fill(iter([(number, job)]))
        while drive.in_work:
            yield from _told(drive.ended(), None)


def _told(
    done: list[tuple[int, Job, Future[Result | Refused]]], suspects: list[tuple[int, Job]] | None
) -> Iterator[list[tuple[int, Outcome[Job, Result]]]]:
    """Tell the outcomes of what has ended; who lost a worker is a suspect, or, where none are taken, refused."""
    outcomes: list[tuple[int, Outcome[Job, Result]]] = []
    bug: BaseException | None = None
    for number, job, future in done:
        error = future.exception()
        if error is None:
            outcomes.append((number, Outcome(job, future.result())))
        elif not isinstance(error, WorkerLost):
            bug = error
        elif suspects is None:
            outcomes.append((number, Outcome(job, error.refused)))
        else:
            suspects.append((number, job))
    yield outcomes
    if bug is not None:
        raise bug


def run(
    jobs: Iterable[Job], work: Callable[[Job], Result], *, workers: int, limit_s: float | None = None
) -> Iterator[Outcome[Job, Result]]:
    """Do every job and yield its outcome, in the order given; see `as_they_end`.

    Parameters
    ----------
    jobs, work, limit_s
        As for `as_they_end`.
    workers : int
        Processes; 0 does the work in this one.

    Yields
    ------
    Outcome
    """
    with SpawnPool(workers) if workers else InProcess() as engine:
        early: dict[int, Outcome[Job, Result]] = {}
        turn = 0
        for ended in as_they_end(jobs, work, engine, limit_s=limit_s):
            early.update(ended)
            while turn in early:
                yield early.pop(turn)
                turn += 1
