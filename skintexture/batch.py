"""Many jobs, one outcome each, in the order given, on any number of processes."""

from __future__ import annotations

import multiprocessing
import signal
from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Generic, TypeVar

from skintexture.errors import PhotoProblem

Job = TypeVar("Job")
Result = TypeVar("Result")

# Jobs handed to a worker ahead of time; results wait in memory no longer than this many per worker.
_AHEAD = 2


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


def run(jobs: Iterable[Job], work: Callable[[Job], Result], *, workers: int) -> Iterator[Outcome[Job, Result]]:
    """Do every job and yield its outcome, in the order given.

    A job that raises `PhotoProblem` is refused with its reason. One that takes its worker process down (a crash in a
    native library, lack of memory) is tried once more alone, then refused. Any other exception is a bug and is raised.

    Parameters
    ----------
    jobs : iterable
    work : callable
        Picklable, as are jobs and results where there is more than one process.
    workers : int
        Processes; 0 does the work in this one.

    Yields
    ------
    Outcome
    """
    if workers == 0:
        for job in jobs:
            yield Outcome(job, _done(work, job))
        return
    with ExitStack() as stack:
        yield from _run_in_pool(jobs, work, (stack, workers))


def _done(work: Callable[[Job], Result], job: Job) -> Result | Refused:
    try:
        return work(job)
    except PhotoProblem as problem:
        return Refused(problem.reason, problem.remedy)


def _run_in_pool(
    jobs: Iterable[Job], work: Callable[[Job], Result], pool_in: tuple[ExitStack, int]
) -> Iterator[Outcome[Job, Result]]:
    stack, workers = pool_in
    pool = _pool(workers, stack)
    waiting: deque[tuple[Job, Future[Result | Refused]]] = deque()
    coming = iter(jobs)
    exhausted = False
    while waiting or not exhausted:
        while not exhausted and len(waiting) < _AHEAD * workers:
            try:
                job = next(coming)
            except StopIteration:
                exhausted = True
                break
            waiting.append((job, _submit(pool, work, job)))
        if not waiting:
            break
        job, future = waiting.popleft()
        try:
            yield Outcome(job, future.result())
        except BrokenProcessPool:
            # Any of the jobs in work may have done it: this one, the oldest, is tried alone, the others again.
            yield Outcome(job, _alone(work, job))
            pool = _pool(workers, stack)
            waiting = deque((other, done if _is_whole(done) else _submit(pool, work, other)) for other, done in waiting)


def _pool(workers: int, stack: ExitStack) -> ProcessPoolExecutor:
    # Fork would deadlock after OpenCV has been used.
    spawn = multiprocessing.get_context("spawn")
    pool = ProcessPoolExecutor(workers, mp_context=spawn, initializer=_leave_interrupts_to_the_driver)
    stack.callback(pool.shutdown, wait=True, cancel_futures=True)
    try:
        with _interrupts_held():
            ready = pool.submit(_ready)
        ready.result()
    except BrokenProcessPool as broken:
        raise RuntimeError(
            "worker processes can't start: put the script's own work under `if __name__ == '__main__':`, or use "
            "workers=0"
        ) from broken
    return pool


@contextmanager
def _interrupts_held() -> Iterator[None]:
    """Start workers with Ctrl-C held, which they inherit: it would break one that is still importing."""
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    mask = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, mask)


def _leave_interrupts_to_the_driver() -> None:
    """Let Ctrl-C, which a terminal sends to every process, end the jobs in work in good order."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)


def _ready() -> None:
    """Show that a worker starts, so that one that doesn't is not blamed on a photo."""


def _submit(pool: ProcessPoolExecutor, work: Callable[[Job], Result], job: Job) -> Future[Result | Refused]:
    try:
        with _interrupts_held():
            return pool.submit(_done, work, job)
    except BrokenProcessPool as broken:
        failed: Future[Result | Refused] = Future()
        failed.set_exception(broken)
        return failed


def _is_whole(future: Future[Result | Refused]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is None


def _alone(work: Callable[[Job], Result], job: Job) -> Result | Refused:
    with ExitStack() as stack:
        try:
            return _submit(_pool(1, stack), work, job).result()
        except BrokenProcessPool:
            return Refused(
                "the photo crashed the process that measured it, twice",
                "open and save it anew in an image editor; if it crashes again, report it with the file",
            )
