"""What a comparison found, in sentences: for the summary picture and the terminal."""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd

from skintexture.locate.anatomy import WHOLE_FACE
from skintexture.study.verdict import NO_CHANGE, NOT_COMPARABLE, Verdict

FINDINGS: tuple[Verdict, ...] = ("improved", "worse", "changed")
"""Verdicts that say that something happened."""

MIXED = "mixed"
"""Of an endpoint: better in some zones, worse in others."""

_GRAVEST_FIRST = ("not comparable", "caveat")
_MOST_NAMED = 3
_PERCENT = "\N{NO-BREAK SPACE}%"

Row = Mapping[Any, Any]


@dataclass(frozen=True, slots=True)
class Endpoint:
    """A metric that the reader is told of.

    Attributes
    ----------
    metric : str
        As in the tables.
    name : str
        In words, as it begins a sentence within: "pore contrast".
    """

    metric: str
    name: str


@dataclass(frozen=True, slots=True)
class Answer:
    """What was found for one endpoint.

    Attributes
    ----------
    verdict : str
        As of a zone, or `MIXED`.
    headline : str
        The verdict in a few words.
    detail : str
        By how much, where, and how sure.
    """

    verdict: str
    headline: str
    detail: str


def answer(changes: pd.DataFrame, endpoint: Endpoint) -> Answer:
    """Say what became of one endpoint.

    Parameters
    ----------
    changes : DataFrame
        ``zone``, ``metric``, ``change_pct``, ``ci_low_pct``, ``ci_high_pct``, ``mdc_pct``, ``verdict``, ``reason``.
    endpoint : Endpoint

    Returns
    -------
    Answer
        Of the whole face where that shows a change; otherwise of the zones that do.
    """
    rows = changes[changes["metric"] == endpoint.metric].to_dict("records")
    face = next((row for row in rows if row["zone"] == WHOLE_FACE), None)
    zones = [row for row in rows if row["zone"] != WHOLE_FACE]
    name = _capital(endpoint.name)
    found = [row for row in zones if row["verdict"] in FINDINGS]
    comparable = [row for row in zones if row["verdict"] != NOT_COMPARABLE]
    if face is not None and face["verdict"] in FINDINGS:
        said = f"{_amount(face)} over the whole face"
        return Answer(face["verdict"], f"{name}: {face['verdict']}", _joined(said, _elsewhere(face, zones)))
    if found:
        return _of_zones(name, found, len(comparable), face=face)
    over_face = face is not None and face["verdict"] == NO_CHANGE
    if comparable or over_face:
        only = f" in {len(comparable)} of {len(zones)} zones, the others {NOT_COMPARABLE}"
        all_said = over_face or len(comparable) == len(zones)
        return Answer(NO_CHANGE, f"{name}: {NO_CHANGE}{'' if all_said else only}", _unseen(face, comparable))
    reasons = list(dict.fromkeys(str(row["reason"]) for row in rows if row["reason"]))
    return Answer(NOT_COMPARABLE, f"{name}: {NOT_COMPARABLE}", reasons[0] if reasons else "it was not measured")


def overall(answers: Sequence[Answer]) -> list[Answer]:
    """Give the answers as they are; if nothing could be compared, one that says so."""
    if any(found.verdict != NOT_COMPARABLE for found in answers):
        return list(answers)
    reasons = "; ".join(dict.fromkeys(found.detail for found in answers))
    return [Answer(NOT_COMPARABLE, "These photos can't be compared", reasons)]


def limits(changes: pd.DataFrame, comparability: pd.DataFrame, endpoints: Sequence[Endpoint]) -> list[str]:
    """Say what limits the comparison: each mismatch of the photos, then the zones that can't be compared.

    Parameters
    ----------
    changes : DataFrame
        As for `answer`.
    comparability : DataFrame
        ``severity`` ("not comparable", "caveat" or "none") and ``text``: a row per check.
    endpoints : sequence of Endpoint

    Returns
    -------
    list of str
        Sentences; empty where nothing limits it.
    """
    checks = comparability.to_dict("records")
    said = [str(row["text"]) for grave in _GRAVEST_FIRST for row in checks if row["severity"] == grave]
    partly: dict[tuple[str, str], list[str]] = {}
    judged: Counter[str] = Counter()
    for endpoint in endpoints:
        rows = changes[changes["metric"] == endpoint.metric]
        left_out = rows[rows["verdict"] == NOT_COMPARABLE]
        if len(left_out) == len(rows):
            reasons = "; ".join(dict.fromkeys(str(reason) for reason in left_out["reason"]))
            said.append(f"{_capital(endpoint.name)} is not comparable in any zone: {reasons}")
            continue
        judged.update(str(zone) for zone in rows["zone"])
        for zone, reason in zip(left_out["zone"], left_out["reason"], strict=True):
            partly.setdefault((str(zone), str(reason)), []).append(endpoint.name)
    alike: dict[tuple[str, str], list[str]] = {}
    for (zone, reason), names in partly.items():
        of = "" if len(names) == judged[zone] else f", for {', '.join(names)}"
        alike.setdefault((reason, of), []).append(zone)
    said += [f"Not comparable in {_listed(zones, len(zones))}{of}: {reason}" for (reason, of), zones in alike.items()]
    return list(dict.fromkeys(said))


def _of_zones(name: str, found: Sequence[Row], comparable: int, *, face: Row | None) -> Answer:
    kinds = list(dict.fromkeys(row["verdict"] for row in found))
    verdict = str(kinds[0]) if len(kinds) == 1 else MIXED
    told = [
        f"{kind} in {len(of_kind)} of {comparable} zones"
        for kind in kinds
        if (of_kind := [row for row in found if row["verdict"] == kind])
    ]
    largest = sorted(found, key=lambda row: -abs(float(row["change_pct"])))[:_MOST_NAMED]
    where = ", ".join(f"{_words(row['zone'])} {percent(row['change_pct'])}" for row in largest)
    more = " and others" if len(found) > len(largest) else ""
    over_face = f"over the whole face {face['verdict']}" if face is not None else ""
    return Answer(verdict, f"{name}: {', '.join(told)}", _joined(where + more, over_face))


def _elsewhere(face: Row, zones: Sequence[Row]) -> str:
    """Say in how many zones it holds, and where it goes the other way."""
    comparable = [row for row in zones if row["verdict"] != NOT_COMPARABLE]
    alike = [row for row in comparable if row["verdict"] == face["verdict"]]
    contrary = [row for row in comparable if row["verdict"] in FINDINGS and row["verdict"] != face["verdict"]]
    said = f"{face['verdict']} in {len(alike)} of {len(comparable)} zones" if comparable else ""
    other = f"but {contrary[0]['verdict']} in {_listed([row['zone'] for row in contrary])}" if contrary else ""
    return _joined(said, other)


def _unseen(face: Row | None, comparable: Sequence[Row]) -> str:
    """Say how large a change could have gone unseen: no change shown is not no change."""
    said = f"{_amount(face)} over the whole face" if face is not None and face["verdict"] == NO_CHANGE else ""
    judged = [face] if said and face is not None else comparable
    known = sorted(least for row in judged if math.isfinite(least := _least_shown(row)))
    return _joined(
        said, f"a change of less than {known[len(known) // 2]:.0f}{_PERCENT} would not show" if known else ""
    )


def _least_shown(row: Row) -> float:
    """Change, in %, below which there is no verdict: photographs scatter by it, or the skin leaves it open."""
    open_pct = (float(row["ci_high_pct"]) - float(row["ci_low_pct"])) / 2
    return max(float(row["mdc_pct"]), 0.0 if math.isnan(open_pct) else open_pct)


def _amount(row: Row) -> str:
    change = percent(row["change_pct"])
    if math.isnan(row["ci_low_pct"]) or math.isnan(row["ci_high_pct"]):
        return change
    return f"{change} (95{_PERCENT} interval {_signed(row['ci_low_pct'])} to {_signed(row['ci_high_pct'])})"


def percent(value: float) -> str:
    """Write a change with its sign: −21 %.

    Examples
    --------
    >>> percent(-21.4).replace("\N{NO-BREAK SPACE}", " "), percent(0.2).replace("\N{NO-BREAK SPACE}", " ")
    ('−21 %', '0 %')
    """
    return f"{_signed(value)}{_PERCENT}"


def _signed(value: float) -> str:
    rounded = round(value)
    return "0" if rounded == 0 else f"{rounded:+d}".replace("-", "−")


def _listed(zones: Sequence[str], most: int = _MOST_NAMED) -> str:
    words = [_words(zone) for zone in zones]
    return ", ".join(words[:most]) + (f" and {len(words) - most} more" if len(words) > most else "")


def _words(zone: str) -> str:
    return zone.replace("_", " ")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]


def _joined(*parts: str) -> str:
    return "; ".join(part for part in parts if part)
