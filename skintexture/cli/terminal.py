"""What every command shares: where it prints, how it fails, how it shows progress."""

from __future__ import annotations

import gc
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

if TYPE_CHECKING:
    import pandas as pd  # the list of commands does without

EXIT_OK, EXIT_REFUSED, EXIT_USAGE, EXIT_BUG, EXIT_STOPPED = 0, 1, 2, 3, 130

RecipeOption = Annotated[
    str,
    typer.Option("--recipe", "-r", help="A shipped recipe (see `skintexture recipe list`) or the path of a TOML file."),
]
WorkersOption = Annotated[
    int | None,
    typer.Option(
        "--workers",
        "-j",
        min=0,
        show_default="one per core, at most one per photo",
        help="Processes; 0 uses none but this one.",
    ),
]
RepeatabilityOption = Annotated[
    Path | None,
    typer.Option(
        "--repeatability",
        help="Profile of your own repeated shots, from `skintexture repeatability`; without it, changes are held "
        "against the scatter of phantoms.",
        show_default=False,
    ),
]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print nothing but errors.")]
JsonOption = Annotated[bool, typer.Option("--json", help="Print the summary as JSON on standard output, nothing else.")]

MOST_SHOWN = 20
"""Photos that are named one by one; the rest is counted."""

out = Console(highlight=False, soft_wrap=True, emoji=False)
err = Console(stderr=True, highlight=False, soft_wrap=True, emoji=False)


def plain(value: object) -> str:
    """Text as it is: rich would take what stands in square brackets for its markup."""
    return escape(str(value))


def counted(number: int, thing: str) -> str:
    """Say how many there are.

    >>> counted(1, "photo"), counted(2, "photo")
    ('1 photo', '2 photos')
    """
    return f"{number} {thing}{'' if number == 1 else 's'}"


@contextmanager
def stoppable(message: str = "stopped; what was measured is written") -> Iterator[None]:
    """Turn Ctrl-C into a message and an exit code."""
    try:
        yield
    except KeyboardInterrupt:
        err.print(message)
        raise typer.Exit(EXIT_STOPPED) from None


@contextmanager
def without_collecting() -> Iterator[None]:
    """Keep the garbage collector still while what is made stays: looking for waste in it takes time."""
    was_collecting = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_collecting:
            gc.enable()


def print_refused(refused: pd.DataFrame) -> None:
    """Say which photos were refused, why, and what to do."""
    for row in refused.head(MOST_SHOWN).itertuples():
        out.print(f"[red]refused[/]  {plain(row.photo)}  {plain(row.reason)}\n         → {plain(row.remedy)}")
    if len(refused) > MOST_SHOWN:
        out.print(f"         … and {len(refused) - MOST_SHOWN} more, see the table of photos")


def print_json(value: Any) -> None:
    """Print for machines."""
    typer.echo(json.dumps(value, indent=2))


class PhotoProgress:
    """A bar that counts photos, or other things; a no-op where nobody is to see it."""

    def __init__(self, bar: Progress | None, what: str = "photos") -> None:
        self._bar = bar
        self._what = what
        self._task = None if bar is None else bar.add_task("measuring", total=None, refused="", rate="")

    def __call__(self, done: int, refused: int, given: int) -> None:
        """Show how many photos are done."""
        if self._bar is None or self._task is None:
            return
        speed = self._bar.tasks[self._task].speed
        self._bar.update(
            self._task,
            completed=done,
            total=given,
            refused=f"{refused} refused" if refused else "",
            rate=f"{60 * speed:.0f} {self._what}/min" if speed else "",
        )


@contextmanager
def photo_progress(*, shown: bool, what: str = "photos") -> Iterator[PhotoProgress]:
    """Show a progress bar with rate and time left on standard error, where that is a terminal."""
    if not shown or not err.is_terminal:
        yield PhotoProgress(None)
        return
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        MofNCompleteColumn(),
        TextColumn("{task.fields[refused]}"),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True) as bar:
        yield PhotoProgress(bar, what)
