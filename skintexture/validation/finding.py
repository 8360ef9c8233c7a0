"""What a section of the validation hands over: findings, and the tables and plots behind them."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal

Effort = Literal["quick", "standard", "full"]
"""How much is made and measured: less than 3 minutes in all on two cores, less than 10, or as much as it takes."""


@dataclass(frozen=True, slots=True)
class Finding:
    """One target, and what was found.

    Attributes
    ----------
    section : str
        Key of the section that it belongs to.
    what : str
        What was looked at, in a few words, unique within the section.
    target : str
        What is asked for, with unit ("≤ 2 %").
    found : str
        What was measured, in the target's unit, rounded so that it is the same on every machine ("1.3 %").
    passed : bool
        Whether the target is met.
    note : str
        Which metric or zone was worst, or why the target isn't met.
    value : float
        What was found, as a number; nan where it is none.
    """

    section: str
    what: str
    target: str
    found: str
    passed: bool
    note: str = ""
    value: float = math.nan


@dataclass(frozen=True, slots=True)
class Table:
    """Numbers behind the findings.

    Attributes
    ----------
    title : str
    columns : sequence of str
    rows : sequence of sequence of str
        Formatted; the first column names the row, the others hold numbers.
    """

    title: str
    columns: Sequence[str]
    rows: Sequence[Sequence[str]]


@dataclass(frozen=True, slots=True)
class Series:
    """Points or a line of a plot.

    Attributes
    ----------
    label : str
        For the legend; empty for none.
    x, y : sequence of float
    style : {"points", "line", "both"}
    """

    label: str
    x: Sequence[float]
    y: Sequence[float]
    style: Literal["points", "line", "both"] = "points"


@dataclass(frozen=True, slots=True)
class Plot:
    """A plot behind the findings; how it is drawn is the report's business.

    Attributes
    ----------
    name : str
        Of its file: letters, digits and underscores, unique in the report.
    title, x_label, y_label : str
        The labels with unit.
    series : sequence of Series
    guides : sequence of (float, str)
        Horizontal lines, each with what it means: a limit, a bias.
    """

    name: str
    title: str
    x_label: str
    y_label: str
    series: Sequence[Series]
    guides: Sequence[tuple[float, str]] = ()


Exhibit = Finding | Table | Plot
"""What a section may yield, in the order in which it is to be read."""


@dataclass(frozen=True, slots=True)
class Step:
    """How far a section is that takes long: it may yield one at any time. It is no part of the report."""

    done: int
    total: int


@dataclass(frozen=True, slots=True)
class Section:
    """A part of the validation.

    Attributes
    ----------
    key : str
        One word; it stands in each of the section's findings.
    title : str
        Heading in the report.
    about : str
        A sentence or two: what is made, and how it is measured.
    findings : callable
        From effort to what was found. It makes its own phantoms, and is deterministic.
    """

    key: str
    title: str
    about: str
    findings: Callable[[Effort], Iterator[Exhibit | Step]]


def at_most(section: str, what: str, worst: float, *, limit: float, unit: str = "%", note: str = "") -> Finding:
    """State a finding that is to stay at or below a limit; nan never does.

    Examples
    --------
    >>> finding = at_most("bands", "rotation", 1.234, limit=2.0)
    >>> finding.target, finding.found, finding.passed
    ('≤ 2 %', '1.23 %', True)
    """
    return Finding(section, what, f"≤ {_number(limit)} {unit}", f"{_number(worst)} {unit}", worst <= limit, note, worst)


def at_least(section: str, what: str, worst: float, *, limit: float, unit: str = "%", note: str = "") -> Finding:
    """State a finding that is to stay at or above a limit; nan never does."""
    return Finding(section, what, f"≥ {_number(limit)} {unit}", f"{_number(worst)} {unit}", worst >= limit, note, worst)


def reported(section: str, what: str, value: float, *, unit: str = "%", note: str = "") -> Finding:
    """State what was found where there is no target: it is told, and can't fail."""
    return Finding(section, what, "reported", f"{_number(value)} {unit}", True, note, value)


def _number(value: float) -> str:
    """Three digits, which every machine agrees on; a plain 0 for what is only rounding."""
    return "0" if abs(value) < 5e-7 else f"{value:.3g}".replace("-", "−")
