"""What stands around a job in its worker process: findings become outcomes, a hang ends, no orphan stays behind."""

from __future__ import annotations

import faulthandler
import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from skintexture.batch.outcomes import Job, Refused, Result, no_memory
from skintexture.errors import PhotoProblem


def outcome_of(work: Callable[[Job], Result], job: Job) -> Result | Refused:
    """Do a job; a finding about its photo is an outcome, any other error is raised.

    Lack of memory is as if it had taken the worker down: alone, the job may find enough.
    """
    try:
        return work(job)
    except PhotoProblem as problem:
        return Refused(problem.reason, problem.remedy)
    except MemoryError as error:
        raise no_memory() from error


def outcome_in_time(work: Callable[[Job], Result], job: Job, limit_s: float | None) -> Result | Refused:
    """Do a job in a process of its own, which ends itself if the job takes longer than ``limit_s``."""
    if limit_s is None:
        return outcome_of(work, job)
    with _process_ends_after(limit_s):
        return outcome_of(work, job)


@contextmanager
def _process_ends_after(limit_s: float) -> Iterator[None]:
    # This timer needs no turn of the interpreter: it ends also what hangs in a native library.
    with Path(os.devnull).open("w") as nowhere:
        faulthandler.dump_traceback_later(limit_s, exit=True, file=nowhere)
        try:
            yield
        finally:
            faulthandler.cancel_dump_traceback_later()


def prepare_worker() -> None:
    """Let Ctrl-C, which a terminal sends to every process, end the jobs in work in good order; die with the driver."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_die_with_driver, daemon=True).start()


def _die_with_driver() -> None:
    driver = multiprocessing.parent_process()
    if driver is not None:
        driver.join()
        # The driver is gone without a word (kill -9): a worker that waits for its next job would wait for ever.
        os._exit(1)


def ready() -> int:
    """Show that a worker starts, so that one that doesn't is not blamed on a photo; return its process's number."""
    return os.getpid()
