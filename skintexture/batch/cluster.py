"""Jobs on the cluster of a dask scheduler: SSH, SLURM and other queues, Kubernetes."""

from __future__ import annotations

import time
from collections.abc import Callable
from concurrent.futures import Future
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Self

from skintexture.batch.outcomes import Job, Refused, Result, lost
from skintexture.batch.worker import outcome_in_time
from skintexture.errors import InputError

_CONNECT_S = 30
_ASK_EVERY_S = 1.0
# A worker ends itself at the time limit, and the scheduler gives its job to the next. When workers have had it for this
# much longer, which is more than one needs to start, the job is taken back instead of going round all workers.
_GRACE_S = 60.0


@dataclass(slots=True)
class _AtWork:
    remote: Any
    outcome: Future[Any]
    limit_s: float | None
    had_s: float = 0.0  # how long workers were seen to have it, all tries together


class Cluster:
    """The workers of a dask scheduler. Each should have one thread (``--nthreads 1``) and a nanny, which restarts it.

    Parameters
    ----------
    scheduler : str
        Address (``tcp://host:8786``) or path of a scheduler file.
    """

    def __init__(self, scheduler: str) -> None:
        self._scheduler = scheduler
        self._at_work: dict[str, _AtWork] = {}
        self._asked = time.monotonic()
        self._threads = 1

    def __enter__(self) -> Self:
        try:
            from distributed import Client  # an extra
        except ImportError as error:
            raise InputError("--scheduler needs more libraries", "pip install 'skintexture[cluster]'") from error
        where = {"address": self._scheduler} if "://" in self._scheduler else {"scheduler_file": self._scheduler}
        if "scheduler_file" in where and not Path(self._scheduler).is_file():
            raise InputError(
                f"there is no scheduler file {self._scheduler}", "give the scheduler's address (tcp://…) or its file"
            )
        try:
            self._client: Any = Client(**where, timeout=_CONNECT_S, set_as_default=False)  # type: ignore[no-untyped-call]
        except (OSError, ValueError) as error:
            raise InputError(
                f"no dask scheduler answers at {self._scheduler} ({error})",
                "start `dask scheduler`, or mend the address",
            ) from error
        self._ask()
        return self

    def room(self) -> int:
        return max(1, self._threads)

    def submit(self, work: Callable[[Job], Result], job: Job, limit_s: float | None) -> Future[Result | Refused]:
        """Send a job to the cluster."""
        outcome: Future[Result | Refused] = Future()
        remote = self._client.submit(outcome_in_time, work, job, limit_s, pure=False)
        self._at_work[str(remote.key)] = _AtWork(remote, outcome, limit_s)
        remote.add_done_callback(self._ended)
        return outcome

    def look_up(self) -> None:
        """Ask the scheduler, now and then, how many workers there are and which jobs they have had for too long."""
        if time.monotonic() - self._asked >= _ASK_EVERY_S:
            self._ask()

    def __exit__(self, *exception: object) -> None:
        self._client.close()

    def _ask(self) -> None:
        before, self._asked = self._asked, time.monotonic()
        self._threads = sum(self._client.nthreads().values())
        held = {key for keys in self._client.processing().values() for key in keys}
        for key, at in list(self._at_work.items()):
            at.had_s += self._asked - before if key in held else 0.0
            if at.limit_s is not None and at.had_s > at.limit_s + _GRACE_S:
                self._give_up(key, at)

    def _give_up(self, key: str, at: _AtWork) -> None:
        del self._at_work[key]
        at.remote.cancel(force=True)
        at.outcome.set_exception(lost(at.limit_s))

    def _ended(self, remote: Any) -> None:
        from distributed import KilledWorker

        at = self._at_work.pop(remote.key, None)
        if at is None:
            return
        if remote.status == "finished":
            at.outcome.set_result(remote.result())
            return
        error = remote.exception() if remote.status == "error" else None
        # Cancelled is what the scheduler has lost: the worker with the result, or itself.
        is_lost = error is None or isinstance(error, KilledWorker)
        at.outcome.set_exception(lost(at.limit_s) if is_lost else error)
