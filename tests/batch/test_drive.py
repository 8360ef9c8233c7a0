"""One outcome per job, in order, whatever happens to the workers."""

from __future__ import annotations

import os
import signal
from pathlib import Path

import pytest

from skintexture.batch import Outcome, Refused, run
from skintexture.errors import PhotoProblem

WORKERS = pytest.mark.parametrize("workers", [0, 2])


def square(number: int) -> int:
    if number == 13:
        raise PhotoProblem("thirteen", "take another")
    return number * number


def die_on_three(number: int) -> int:
    if number == 3:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def die_once(marker: str) -> str:
    path = Path(marker)
    if path.suffix == ".once" and not path.exists():
        path.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return path.name


def slip(number: int) -> int:
    return 1 // number


@WORKERS
def test_outcomes_come_in_the_order_given(workers):
    outcomes = list(run(range(12), square, workers=workers))
    assert outcomes == [Outcome(n, n * n) for n in range(12)]


@WORKERS
def test_a_photo_problem_refuses_its_own_job_only(workers):
    results = [outcome.result for outcome in run([1, 13, 2], square, workers=workers)]
    assert results == [1, Refused("thirteen", "take another"), 4]


def test_a_job_that_kills_its_worker_is_refused_and_the_others_are_done():
    results = [outcome.result for outcome in run(range(8), die_on_three, workers=2)]
    assert [r for r in results if not isinstance(r, Refused)] == [0, 1, 2, 4, 5, 6, 7]
    assert "crashed" in results[3].reason


def test_a_job_that_kills_its_worker_once_is_done(tmp_path):
    jobs = [str(tmp_path / name) for name in ("a", "b.once", "c", "d")]
    assert [outcome.result for outcome in run(jobs, die_once, workers=2)] == ["a", "b.once", "c", "d"]


@WORKERS
def test_a_bug_stops_the_run(workers):
    outcomes = run([2, 1, 0, 1], slip, workers=workers)
    with pytest.raises(ZeroDivisionError):
        list(outcomes)
