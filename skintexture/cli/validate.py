"""`skintexture validate`: the package held against the truth."""

from __future__ import annotations

import textwrap
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from skintexture.cli.terminal import err, out as screen, plain, stoppable
from skintexture.errors import InputError
from skintexture.io.folders import prepare_folder

if TYPE_CHECKING:
    from skintexture.validation.finding import Effort, Step
    from skintexture.validation.run import Chapter

EXIT_FAILED = 1
_COLUMNS = 100

_MARKS = {"pass": "[green]✓[/]", "fail": "[red]✗[/]", "told": "·"}


def validate(
    out: Annotated[Path, typer.Option("--out", "-o", help="Folder for the report.", show_default=False)] = Path(
        "skintexture_validation"
    ),
    quick: Annotated[bool, typer.Option("--quick", help="Less skin and fewer shots: less than 3 minutes.")] = False,
    known: Annotated[
        Path | None,
        typer.Option(
            help="An earlier validation.md: targets that it says are missed may be missed again.", show_default=False
        ),
    ] = None,
    full: Annotated[bool, typer.Option("--full", help="More skin, for as long as it takes.")] = False,
) -> None:
    """Measure what is known: published values, surfaces in closed form, and freshly made skin whose truth is known.

    Prints each target with what was found, and writes `OUT/validation.md` and `OUT/validation.html` with tables and
    plots. A target that isn't met stays in the report, with the reason.

    Exit codes: 0 all targets met, 1 some target missed; with `--known`, one that was not missed before.

    **Examples**

    `skintexture validate -o report`

    `skintexture validate --quick --known docs/validation.md` fails only on what is worse than the committed report
    """
    if quick and full:
        raise InputError("--quick and --full exclude each other", "give one of them, or none")
    effort: Effort = "quick" if quick else "full" if full else "standard"
    # These modules pull in what other commands don't need and would wait for.
    from skintexture.validation.report import known_failures, summary, unexpected, write_report
    from skintexture.validation.run import validation_of

    expected = frozenset() if known is None else known_failures(_text(known))
    prepare_folder(out)
    with stoppable("stopped; nothing is written"):
        found = validation_of(list(_shown(effort)), effort)
    write_report(found, out)
    told = "\n".join(textwrap.wrap(summary(found), _COLUMNS))
    screen.print(f"\n{plain(told)}\nreport: {plain(out / 'validation.html')}")
    raise typer.Exit(EXIT_FAILED if unexpected(found, expected) else 0)


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} can't be read: {error}", "give a validation.md of `skintexture validate`") from error


def _shown(effort: Effort) -> Iterator[Chapter]:
    """Run the sections under a progress bar, and print each as soon as it is done."""
    from skintexture.validation.run import run_sections
    from skintexture.validation.sections import SECTIONS

    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=err, transient=True, disable=not err.is_terminal) as bar:
        task = bar.add_task(SECTIONS[0].title, total=len(SECTIONS))
        part = bar.add_task("", visible=False)

        def tell(step: Step) -> None:
            bar.update(part, completed=step.done, total=step.total, description="  pairs of photos", visible=True)

        for done, chapter in enumerate(run_sections(SECTIONS, effort, tell), start=1):
            following = SECTIONS[done].title if done < len(SECTIONS) else "writing"
            bar.update(task, completed=done, description=following)
            bar.update(part, visible=False)
            for line in lines_of(chapter):
                bar.console.print(line) if err.is_terminal and screen.is_terminal else screen.print(line)
            yield chapter


def lines_of(chapter: Chapter) -> Iterator[str]:
    """Tell what a section has found, in lines of at most 100 letters where names allow."""
    from skintexture.validation.report import verdict

    yield f"[bold]{plain(chapter.section.title)}[/]"
    for finding in chapter.findings:
        mark = _MARKS[verdict(finding)]
        what, target, found = plain(finding.what), plain(finding.target), plain(finding.found)
        yield f"  {mark} {what:<64} {target:>14} {found:>14}"
        if finding.note and not finding.passed:
            yield from (f"      {plain(line)}" for line in textwrap.wrap(finding.note, _COLUMNS - 6))
