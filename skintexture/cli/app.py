"""The command `skintexture` and how it ends."""

from __future__ import annotations

import importlib
import io
import sys
import traceback
from collections.abc import Iterator, Mapping
from importlib import metadata
from types import MappingProxyType
from typing import Annotated, Any

import typer
from typer.core import TyperGroup

from skintexture.cli.terminal import EXIT_BUG, EXIT_USAGE, err, out, plain
from skintexture.errors import SkintextureError

_COMMANDS = MappingProxyType(
    {
        "score": "score:score",
        "status": "status:status",
        "merge": "merge:merge",
        "compare": "compare:compare",
        "repeatability": "repeatability:repeatability",
        "check": "check:check",
        "validate": "validate:validate",
        "demo": "demo:demo",
        "metrics": "catalogue:metrics",
        "doctor": "doctor:doctor",
        "phantom": "phantom:app",
        "recipe": "recipes:app",
    }
)
"""Module and function, or group of commands, of each."""


class _OnDemand(Mapping[str, Any]):
    """Imports a command when it is asked for: nobody waits for the libraries of another."""

    def __getitem__(self, name: str) -> Any:
        module, attribute = _COMMANDS[name].split(":")
        found = getattr(importlib.import_module(f"skintexture.cli.{module}"), attribute)
        if isinstance(found, typer.Typer):
            return typer.main.get_command(found)
        alone = typer.Typer(add_completion=False, rich_markup_mode="markdown")
        alone.command(name)(found)
        return typer.main.get_command(alone)

    def __iter__(self) -> Iterator[str]:
        return iter(_COMMANDS)

    def __len__(self) -> int:
        return len(_COMMANDS)


class _Commands(TyperGroup):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        on_demand: Any = _OnDemand()  # typer only reads them
        self.commands = on_demand


app = typer.Typer(
    name="skintexture",
    cls=_Commands,
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


def _print_version(*, wanted: bool) -> None:
    if not wanted:
        return
    from skintexture.tabulate import DECIDING_LIBRARIES

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
