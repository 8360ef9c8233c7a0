"""Do what a section has to do on all cores."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import TypeVar

from skintexture.batch import Refused, one_per_core, run
from skintexture.validation.finding import Step

Job = TypeVar("Job")
Result = TypeVar("Result")


def on_all_cores(jobs: Sequence[Job], work: Callable[[Job], Result]) -> Iterator[tuple[Step, Result]]:
    """Do every job and yield its result, in the order given.

    Parameters
    ----------
    jobs : sequence
    work : callable
        From one job to its result; it and all jobs go to other processes.

    Yields
    ------
    Step
        How many are done.
    Result

    Raises
    ------
    RuntimeError
        A job failed: the truth is known of all of them, so that is a defect.
    """
    for done, outcome in enumerate(run(jobs, work, workers=min(one_per_core(), len(jobs))), start=1):
        if isinstance(outcome.result, Refused):
            raise RuntimeError(f"{outcome.job}: {outcome.result.reason}")
        yield Step(done, len(jobs)), outcome.result
