"""`skintexture check`: whether the same photos still give the same numbers."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import groupby
from pathlib import Path
from typing import Annotated

import typer

from skintexture.batch import one_per_core
from skintexture.check.difference import Cause, Difference, Drift
from skintexture.check.junit import describe, write_junit
from skintexture.check.run import How, check as check_photos, update as update_baseline
from skintexture.cli.terminal import (
    QuietOption,
    WorkersOption,
    counted,
    out as screen,
    photo_progress,
    plain,
    stoppable,
)

EXIT_CODES = {"same": 0, "drift": 1, "undecided": 2}

_MOST_CAUSES, _MOST_METRICS, _MOST_PLACES = 10, 40, 3


def check(
    baseline: Annotated[Path, typer.Argument(help="Text file that holds the numbers.", show_default=False)],
    photos: Annotated[
        list[Path] | None,
        typer.Argument(help="Photos, and folders of photos; without any, those of the baseline.", show_default=False),
    ] = None,
    update: Annotated[
        bool, typer.Option("--update", help="Write the baseline from what is measured now, and compare nothing.")
    ] = False,
    junit: Annotated[
        Path | None, typer.Option(help="Write what was found as JUnit XML, for build services.", show_default=False)
    ] = None,
    recipe: Annotated[
        str | None,
        typer.Option("--recipe", "-r", help="Name or TOML file of the recipe.", show_default="the baseline's"),
    ] = None,
    workers: WorkersOption = None,
    quiet: QuietOption = False,
) -> None:
    """Measure photos again and hold every number against a baseline.

    A baseline is sorted text, made to be committed: the photos' SHA-256, every setting of the recipe, the face model,
    library versions, and every number at 9 significant digits. First comes why numbers may differ (photo, recipe,
    model, package, machine), then which metric drifted in which zone and by how much. Between machines a metric may
    move by its tolerance in the catalogue, for most of them 0.2 %.

    Exit codes: 0 the same numbers, 1 drift, 2 can't tell (a photo is missing or another file, another recipe, no
    readable baseline, or none was written: `--update` keeps the old one when a photo is refused).

    **Examples**

    `skintexture check baseline.txt photos/ --update` writes it

    `skintexture check baseline.txt --junit check.xml` checks the photos that it names
    """
    with stoppable("stopped; nothing is written"), photo_progress(shown=not quiet) as progress:
        how = How(one_per_core() if workers is None else workers, progress)
        if update:
            written = update_baseline(baseline, photos or (), recipe=recipe, how=how)
        else:
            found = check_photos(baseline, photos or (), recipe=recipe, how=how)
    if update:
        if not quiet:
            numbers, measured = counted(len(written.values), "number"), counted(len(written.photos), "photo")
            screen.print(f"{numbers} of {measured}: {plain(baseline)}")
        return
    if junit is not None:
        write_junit(found, junit)
    if not quiet:
        for line in report(found):
            screen.print(line)
    raise typer.Exit(EXIT_CODES[found.verdict])


def report(found: Difference) -> Iterator[str]:
    """Tell what a check has found, line by line."""
    if found.verdict == "undecided":
        yield "[yellow]can't tell[/]: the same photos, recipe and face model are needed"
        yield from _causes([cause for cause in found.causes if cause.decides])
    others = [cause for cause in found.causes if found.verdict != "undecided" or not cause.decides]
    if others:
        yield "why numbers may differ:"
        yield from _causes(others)
    counting = [drift for drift in found.drifts if drift.counts]
    if counting:
        yield from _drifts(counting)
    if len(counting) < len(found.drifts):
        moved = counted(len(found.drifts) - len(counting), "number")
        yield f"of photos that are other files now, {moved} moved, which says nothing of the code"
    numbers = counted(found.compared, "number")
    if found.verdict == "same":
        yield f"[green]same[/]: {numbers} within {'its tolerance' if found.compared == 1 else 'their tolerances'}"
    elif found.verdict == "drift":
        yield f"[red]drift[/]: {len(counting)} of {numbers} moved"


def _causes(causes: Sequence[Cause]) -> Iterator[str]:
    for cause in causes[:_MOST_CAUSES]:
        yield f"  {cause.kind:8} {plain(cause.what)}"
    if len(causes) > _MOST_CAUSES:
        yield f"  … and {len(causes) - _MOST_CAUSES} more; --junit lists them all"


def _drifts(found: Sequence[Drift]) -> Iterator[str]:
    by_metric = [(metric, list(drifts)) for metric, drifts in groupby(found, key=lambda drift: drift.metric)]
    yield f"numbers that moved, of {counted(len(by_metric), 'metric')}:"
    for metric, drifts in by_metric[:_MOST_METRICS]:
        yield f"  [bold]{plain(metric)}[/]  {counted(len(drifts), 'number')}, the most in"
        for drift in sorted(drifts, key=_size, reverse=True)[:_MOST_PLACES]:
            yield f"    {plain(drift.photo)} {plain(describe(drift))}"
    if len(by_metric) > _MOST_METRICS:
        yield f"  … and {counted(len(by_metric) - _MOST_METRICS, 'more metric')}; --junit lists every number"


def _size(drift: Drift) -> float:
    """By what drifts are sorted: what can't be put in % comes first."""
    change = abs(drift.change_pct)
    return change if change == change else float("inf")
