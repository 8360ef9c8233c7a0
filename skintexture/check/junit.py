"""What a check has found, as the JUnit XML that build services read."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from xml.etree import ElementTree as ET

from skintexture.check.difference import Difference, Drift
from skintexture.io.tables import write_bytes


def write_junit(found: Difference, path: Path) -> None:
    """Write a test case for each photo and metric, and one for each cause that leaves things undecided.

    Raises
    ------
    OutputError
        The file can't be written.
    """
    suites = ET.Element("testsuites", name="skintexture check")
    suites.append(_conditions(found))
    moved: dict[tuple[str, str], list[Drift]] = {}
    for drift in found.drifts:
        moved.setdefault((drift.photo, drift.metric), []).append(drift)
    for photo, metrics in found.per_photo.items():
        suites.append(_photo(photo, {metric: moved.get((photo, metric), []) for metric in metrics}))
    for count in ("tests", "failures", "errors"):
        suites.set(count, str(sum(int(suite.get(count, "0")) for suite in suites)))
    ET.indent(suites)
    write_bytes(ET.tostring(suites, encoding="utf-8", xml_declaration=True) + b"\n", path)


def _conditions(found: Difference) -> ET.Element:
    suite = ET.Element("testsuite", name="conditions")
    for cause in found.causes:
        case = ET.SubElement(suite, "testcase", classname="conditions", name=_sayable(f"{cause.kind}: {cause.what}"))
        if cause.decides:
            ET.SubElement(case, "error", message=_sayable(f"can't tell: {cause.kind} {cause.what}"))
        else:
            ET.SubElement(case, "system-out").text = _sayable(f"numbers may differ: {cause.kind} {cause.what}")
    if not found.compared:
        case = ET.SubElement(suite, "testcase", classname="conditions", name="numbers to compare")
        ET.SubElement(case, "error", message="can't tell: no number could be compared")
    return _counted(suite)


def _photo(photo: str, metrics: dict[str, list[Drift]]) -> ET.Element:
    suite = ET.Element("testsuite", name=_sayable(photo))
    for metric, drifts in metrics.items():
        case = ET.SubElement(suite, "testcase", classname=_sayable(photo), name=metric)
        counting = [drift for drift in drifts if drift.counts]
        if counting:
            zones = "1 zone" if len(counting) == 1 else f"{len(counting)} zones"
            failure = ET.SubElement(case, "failure", message=f"{metric} drifted in {zones}")
            failure.text = "\n".join(describe(drift) for drift in counting)
    return _counted(suite)


def _counted(suite: ET.Element) -> ET.Element:
    suite.set("tests", str(len(suite)))
    for tag, count in (("failure", "failures"), ("error", "errors")):
        suite.set(count, str(len(suite.findall(f"testcase/{tag}"))))
    return suite


def describe(drift: Drift) -> str:
    """Say in a line where a number drifted and by how much.

    Examples
    --------
    >>> describe(Drift("a.jpg", "chin", "pore_contrast", 20.0, 20.1, "moved", True))
    'chin 20 → 20.1 (+0.5 %)'
    >>> describe(Drift("a.jpg", "chin", "pore_contrast", 20.0, 90.7, "moved", True))
    'chin 20 → 90.7 (+350 %)'
    """
    if drift.how != "moved":
        word = "no such number in the baseline" if drift.how == "new" else "no such number now"
        return f"{drift.zone} {drift.then:.6g} → {drift.now:.6g} ({word})"
    change = drift.change_pct
    # Decimal writes two digits without an exponent: 350, not 3.5e+02.
    share = "" if change != change else f" ({Decimal(f'{change:.2g}'):+f} %)"
    return f"{drift.zone} {drift.then:.6g} → {drift.now:.6g}{share}"


def _sayable(text: str) -> str:
    """Leave out what XML can't say."""
    return "".join(letter for letter in text if letter.isprintable())
