"""The command `skintexture` and how it ends."""

from __future__ import annotations

import io
import sys
import traceback
from importlib import metadata
from typing import Annotated

import typer

from skintexture.cli import (
    catalogue,
    check,
    compare,
    demo,
    doctor,
    merge,
    phantom,
    recipes,
    repeatability,
    score,
    status,
    validate,
)
from skintexture.cli.terminal import EXIT_BUG, EXIT_USAGE, err, out, plain
from skintexture.errors import SkintextureError
from skintexture.tabulate import DECIDING_LIBRARIES

app = typer.Typer(
    name="skintexture",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
    rich_markup_mode="markdown",
    help="""
    Facial skin texture and pores from photographs, per zone, in millimetres.

    **Start with** `skintexture demo`, then `skintexture score PHOTOS -o OUT` for a set of photos, or
    `skintexture compare BEFORE AFTER -o OUT` for two of one face.

    Exit codes: 0 all measured, 1 some photo refused, 2 wrong usage, recipe or output folder, 3 a bug of ours,
    130 stopped with Ctrl-C.
    """,
)
app.command("score")(score.score)
app.command("status")(status.status)
app.command("merge")(merge.merge)
app.command("compare")(compare.compare)
app.command("repeatability")(repeatability.repeatability)
app.command("check")(check.check)
app.command("validate")(validate.validate)
app.command("demo")(demo.demo)
app.add_typer(phantom.app, name="phantom")
app.add_typer(recipes.app, name="recipe")
app.command("metrics")(catalogue.metrics)
app.command("doctor")(doctor.doctor)


def _print_version(*, wanted: bool) -> None:
    if not wanted:
        return
    out.print(f"skintexture {metadata.version('skintexture')}")
    for name in DECIDING_LIBRARIES:
        out.print(f"  {name} {metadata.version(name)}")
    raise typer.Exit


@app.callback()
def _root(
    version: Annotated[
        bool,
        typer.Option(
            "--version",
            is_eager=True,
            callback=lambda wanted: _print_version(wanted=wanted),
            help="Print the version, and those of the libraries that decide a number.",
        ),
    ] = False,
) -> None:
    del version


def main() -> None:
    """Run the command line; turn what went wrong into a message and an exit code."""
    for stream in (sys.stdout, sys.stderr):
        # A console or pipe that can't say → or µ must not stop a run.
        if isinstance(stream, io.TextIOWrapper):
            stream.reconfigure(errors="replace")
    try:
        app()
    except SkintextureError as error:
        err.print(f"[bold red]error[/] {plain(error.reason)}")
        if error.remedy:
            err.print(f"→ {plain(error.remedy)}")
        sys.exit(EXIT_USAGE)
    except Exception:  # noqa: BLE001  (the last place: whatever comes here is a bug of ours)
        traceback.print_exc()
        err.print(
            "\n[bold red]This is a bug in skintexture, not in your photos.[/] What was measured is saved. "
            "Please report it with the lines above and `skintexture --version`."
        )
        sys.exit(EXIT_BUG)
