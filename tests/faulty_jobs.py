"""Jobs that go wrong in every way that photos do, for the tests of the engines."""

from __future__ import annotations

import os
import signal
import time
from dataclasses import dataclass
from pathlib import Path

from skintexture.batch import Engine, Refused, as_they_end
from skintexture.errors import PhotoProblem

LIMIT_S = 3.0
ALWAYS_KILLS, KILLS_ONCE, HANGS, IS_REFUSED = 5, 11, 17, 23
JOBS = 40


@dataclass(frozen=True)
class Job:
    number: int
    folder: Path


def work(job: Job) -> int:
    """Return the job's number squared, unless it is one of the four that go wrong."""
    marker = job.folder / f"{job.number}.once"
    if job.number == ALWAYS_KILLS or (job.number == KILLS_ONCE and not marker.exists()):
        marker.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    if job.number == HANGS:
        time.sleep(3600)
    if job.number == IS_REFUSED:
        raise PhotoProblem("no face was found", "turn round")
    return job.number**2


def run_forty(engine: Engine, folder: Path) -> dict[int, int | Refused]:
    """Do forty jobs, four of them faulty; return what became of each."""
    with engine:
        told = as_they_end((Job(number, folder) for number in range(JOBS)), work, engine, limit_s=LIMIT_S)
        outcomes = [one for ended in told for one in ended]
    assert sorted(number for number, _ in outcomes) == list(range(JOBS))
    return {number: outcome.result for number, outcome in outcomes}


def check_forty(results: dict[int, int | Refused], *, crash: str, hang: str) -> None:
    """37 done, 3 refused, each with its own reason; a cluster doesn't know whether a worker crashed or hung."""
    refused = {number: result.reason for number, result in results.items() if isinstance(result, Refused)}
    assert set(refused) == {ALWAYS_KILLS, HANGS, IS_REFUSED}
    assert crash in refused[ALWAYS_KILLS]
    assert hang in refused[HANGS]
    assert refused[IS_REFUSED] == "no face was found"
    assert all(results[number] == number**2 for number in results if number not in refused)
