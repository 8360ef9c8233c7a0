"""Where jobs are done: engines speak `concurrent.futures`, and say how many jobs they take at once."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import BrokenExecutor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager, suppress
from typing import Protocol, Self

from skintexture.batch.outcomes import Job, Refused, Result, crash, hang
from skintexture.batch.worker import outcome_in_time, outcome_of, prepare_worker, ready


def one_per_core() -> int:
    """Cores that this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


class Engine(Protocol):
    """Does jobs somewhere. Used as a context: workers start on entry, and end on exit after what they have in work."""

    def room(self) -> int:
        """How many jobs may be in work at once."""

    def submit(self, work: Callable[[Job], Result], job: Job, limit_s: float | None) -> Future[Result | Refused]:
        """Start a job.

        Its future holds its outcome; or it raises `WorkerLost` if the worker went down or took longer than ``limit_s``,
        and whatever else the job raised, which is a bug.
        """

    def look_up(self) -> None:
        """See to what is in work; the driver calls it every moment."""

    def __enter__(self) -> Self: ...

    def __exit__(self, *exception: object) -> None: ...


class InProcess:
    """Does one job after the other in this process. It can't outlive a crash, and takes no time limit."""

    def __init__(self) -> None:
        self._waiting: list[Callable[[], None]] = []

    def room(self) -> int:
        return 1

    def submit(self, work: Callable[[Job], Result], job: Job, limit_s: float | None) -> Future[Result | Refused]:
        """Take a job; it is done when the driver looks up next."""
        del limit_s
        future: Future[Result | Refused] = Future()

        def do() -> None:
            try:
                future.set_result(outcome_of(work, job))
            except Exception as bug:  # noqa: BLE001  (raised where the future's result is asked for)
                future.set_exception(bug)

        self._waiting.append(do)
        return future

    def look_up(self) -> None:
        while self._waiting:
            self._waiting.pop()()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        pass


class Threads:
    """Threads of this process, for jobs that read or wait; they take no time limit."""

    def __init__(self, threads: int) -> None:
        self._threads = threads
        self._pool = ThreadPoolExecutor(threads)

    def room(self) -> int:
        return self._threads

    def submit(self, work: Callable[[Job], Result], job: Job, limit_s: float | None) -> Future[Result | Refused]:
        """Start a job."""
        del limit_s
        return self._pool.submit(outcome_of, work, job)

    def look_up(self) -> None:
        pass

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exception: object) -> None:
        self._pool.shutdown(cancel_futures=True)


class SpawnPool:
    """Processes of this machine, each a pool of its own: a crash is its own job's doing, and disturbs no other.

    Parameters
    ----------
    workers : int
        Processes, at least 1.
    """

    def __init__(self, workers: int) -> None:
        self._workers = workers
        self._free: list[ProcessPoolExecutor] = []
        self._all: dict[ProcessPoolExecutor, int] = {}  # and the number of its process

    def __enter__(self) -> Self:
        self._start(self._workers)
        return self

    def room(self) -> int:
        return self._workers

    def submit(self, work: Callable[[Job], Result], job: Job, limit_s: float | None) -> Future[Result | Refused]:
        """Start a job in a process that has none."""
        if not self._free:
            self._start(1)
        pool = self._free.pop()
        outcome: Future[Result | Refused] = Future()
        since = time.monotonic()

        def end(done: Future[Result | Refused]) -> None:
            if done.cancelled():
                return
            error = done.exception()
            if isinstance(error, BrokenExecutor):
                self._all.pop(pool, None)
                in_time = limit_s is None or time.monotonic() - since < limit_s
                outcome.set_exception(crash() if in_time or limit_s is None else hang(limit_s))
                return
            self._free.append(pool)
            if error is not None:
                outcome.set_exception(error)
            else:
                outcome.set_result(done.result())

        pool.submit(outcome_in_time, work, job, limit_s).add_done_callback(end)
        return outcome

    def look_up(self) -> None:
        pass

    def __exit__(self, *exception: object) -> None:
        endings = [threading.Thread(target=pool.shutdown) for pool in self._all]
        for ending in endings:
            ending.start()
        try:
            for ending in endings:
                ending.join()
        except KeyboardInterrupt:  # once more: what is in work isn't waited for
            for worker in list(self._all.values()):
                with suppress(ProcessLookupError):
                    os.kill(worker, signal.SIGTERM)
            raise

    def _start(self, workers: int) -> None:
        # Fork would deadlock after OpenCV has been used.
        spawn = multiprocessing.get_context("spawn")
        pools = [ProcessPoolExecutor(1, mp_context=spawn, initializer=prepare_worker) for _ in range(workers)]
        with _interrupts_held():
            started = [pool.submit(ready) for pool in pools]
        try:
            self._all |= {pool: future.result() for pool, future in zip(pools, started, strict=True)}
        except BrokenExecutor as broken:
            raise RuntimeError(
                "worker processes can't start: put the script's own work under `if __name__ == '__main__':`, or use "
                "workers=0"
            ) from broken
        self._free.extend(pools)


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
