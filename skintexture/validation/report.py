"""The report of a validation: Markdown with its plots beside it, and one HTML file that holds everything."""

from __future__ import annotations

from pathlib import Path

from jinja2 import Environment, PackageLoader, StrictUndefined

from skintexture.io.tables import write_bytes
from skintexture.validation.drawing import draw
from skintexture.validation.finding import Finding
from skintexture.validation.run import Validation

PLOTS_FOLDER = "validation_plots"
WORDS = {"pass": "✓", "fail": "✗ **failed**", "told": "·"}
_HTML_WORDS = {"pass": "pass", "fail": "failed", "told": "reported"}
_OPTIONS = {"quick": " --quick", "standard": "", "full": " --full"}


def verdict(finding: Finding) -> str:
    """``pass``, ``fail``, or ``told`` where there is no target."""
    if finding.target == "reported":
        return "told"
    return "pass" if finding.passed else "fail"


def summary(found: Validation) -> str:
    """Say in a sentence how many targets are met."""
    if not found.failed:
        return f"All {found.judged} targets are met."
    names = "; ".join(f"{finding.section}: {finding.what}" for finding in found.failed)
    return f"{found.judged - len(found.failed)} of {found.judged} targets are met. Not met: {names}."


def made_with(found: Validation) -> str:
    """Say what the numbers hold for."""
    return (
        f"skintexture {found.version}, recipe `{found.recipe}`, fingerprint `{found.fingerprint}`, "
        f"effort {found.effort}."
    )


def write_report(found: Validation, folder: Path) -> None:
    """Write ``validation.md``, ``validation.html`` and ``validation_plots/*.svg``: the same bytes for the same numbers.

    Parameters
    ----------
    found : Validation
    folder : Path
        Made if it isn't there.

    Raises
    ------
    OutputError
        It can't be written.
    """
    drawn = {plot.name: draw(plot) for chapter in found.chapters for plot in chapter.plots}
    for name, svg in drawn.items():
        write_bytes(svg.encode(), folder / PLOTS_FOLDER / f"{name}.svg")
    write_bytes(markdown(found).encode(), folder / "validation.md")
    write_bytes(html(found, drawn).encode(), folder / "validation.html")


def markdown(found: Validation) -> str:
    """Write the report as Markdown, its plots linked."""
    environment = Environment(
        loader=PackageLoader("skintexture.validation", ""),
        autoescape=False,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.filters["cell"] = _cell
    template = environment.get_template("report.md.j2")
    text = template.render(
        it=found,
        words=WORDS,
        verdict=verdict,
        option=_OPTIONS[found.effort],
        summary=summary(found),
        made_with=made_with(found),
        plots_folder=PLOTS_FOLDER,
    )
    return text.rstrip() + "\n"


def html(found: Validation, drawn: dict[str, str]) -> str:
    """Write the report as one HTML file.

    Parameters
    ----------
    found : Validation
    drawn : dict of str to str
        Every plot's ``<svg>``, by its name.
    """
    environment = Environment(
        loader=PackageLoader("skintexture.validation", ""),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    return environment.get_template("report.html.j2").render(
        it=found,
        words=_HTML_WORDS,
        verdict=verdict,
        summary=summary(found),
        made_with=made_with(found).replace("`", ""),
        drawn=drawn,
    )


def known_failures(text: str) -> frozenset[tuple[str, str]]:
    """Read from a report in Markdown which targets it says are not met, as (title of the section, what)."""
    found, title = set(), ""
    for line in text.splitlines():
        if line.startswith("## "):
            title = line.removeprefix("## ")
        elif line.startswith(f"| {WORDS['fail']} | "):
            found.add((title, line.split(" | ")[1]))
    return frozenset(found)


def unexpected(found: Validation, known: frozenset[tuple[str, str]]) -> tuple[Finding, ...]:
    """Return the findings that miss their target and are not known to."""
    return tuple(
        finding
        for chapter in found.chapters
        for finding in chapter.findings
        if not finding.passed and (chapter.section.title, _cell(finding.what)) not in known
    )


def _cell(text: str) -> str:
    """Keep a text within its cell of a table."""
    return text.replace("|", "\\|").replace("*", "\\*")
