"""The command `skintexture` and how it ends."""

from __future__ import annotations

import gc
import importlib
import io
import sys
import traceback
from collections.abc import Iterator, Mapping
from importlib import metadata
from types import MappingProxyType
from typing import Annotated, Any

import typer
from typer.core import TyperCommand, TyperGroup

from skintexture.cli.terminal import EXIT_BUG, EXIT_USAGE, err, out, plain, without_collecting
from skintexture.errors import SkintextureError
from skintexture.libraries import DECIDING_LIBRARIES

_COMMANDS = MappingProxyType(
    {
        "score": ("score:score", "Measure texture and pores on photos of faces, zone by zone."),
        "status": ("status:status", "Say how far a run has come: measured, refused by reason, and left."),
        "merge": (
            "merge:merge",
            "Join the results of several runs: shards of one set, or sets that were measured apart.",
        ),
        "pore-masks": (
            "pore_masks:pore_masks",
            "Paint the pores of each photo as a mask: what a person would probably outline.",
        ),
        "compare": (
            "compare:compare",
            "Say what changed on the skin between two photos of a face, and how sure that is.",
        ),
        "compare-set": (
            "compare_set:compare_set",
            "Compare every subject's visits with the first, and say what the group shows.",
        ),
        "repeatability": ("repeatability:repeatability", "Tell how far your photographs of unchanged skin differ."),
        "check": ("check:check", "Measure photos again and hold every number against a baseline."),
        "validate": (
            "validate:validate",
            "Measure what is known: published values, surfaces in closed form, and freshly made skin whose truth is "
            "known.",
        ),
        "demo": ("demo:demo", "Score the sample photos and compare one pair."),
        "metrics": (
            "catalogue:metrics",
            "Print the data dictionary: every metric of a recipe with unit, range, meaning, version and source.",
        ),
        "doctor": (
            "doctor:doctor",
            "Check this installation: libraries, face model, recipes, disk. Names the command that mends what is "
            "missing.",
        ),
        "phantom": (
            "phantom:app",
            "Photograph synthetic faces whose pores, scale and treatment are known. None of these people exists.",
        ),
        "recipe": (
            "recipes:app",
            "Recipes hold everything that changes a number. List them, show one, check your own.",
        ),
    }
)
"""Module and function, or group of commands, of each, and its first sentence: the list of commands imports none."""


class _OnDemand(Mapping[str, Any]):
    """Imports a command when it is asked for: nobody waits for the libraries of another."""

    def __getitem__(self, name: str) -> Any:
        module, attribute = _COMMANDS[name][0].split(":")
        with without_collecting():
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


class _Named(TyperCommand):
    """A command of which only name and help are known until it runs."""

    def make_context(self, info_name: str | None, args: list[str], parent: Any = None, **extra: Any) -> Any:
        return _OnDemand()[str(self.name)].make_context(info_name, args, parent=parent, **extra)


class _Commands(TyperGroup):
    def __init__(self, **settings: Any) -> None:
        super().__init__(**settings)
        on_demand: Any = _OnDemand()  # typer only reads them
        self.commands = on_demand

    def list_commands(self, ctx: Any) -> list[str]:
        del ctx
        return list(_COMMANDS)

    def get_command(self, ctx: Any, cmd_name: str) -> Any:
        del ctx
        return _Named(cmd_name, help=_COMMANDS[cmd_name][1]) if cmd_name in _COMMANDS else None


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
    finally:
        # Python ends by looking for waste in all that was imported, several times: a third of a second for nothing.
        gc.freeze()
