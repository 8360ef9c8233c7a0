"""A mismatch between two photos: how large it is, what it touches, and what to do about it."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Literal

from skintexture.locate.edges import EdgeChange, edges_between
from skintexture.locate.lighting import LightChange, light_between
from skintexture.locate.limits import ComparabilityParams, Limit
from skintexture.locate.register import Registration
from skintexture.locate.sharpness import BlurDifference, blur_between
from skintexture.study.look import Look

Severity = Literal["none", "caveat", "not comparable"]

EVERYTHING = ("*",)
"""Every metric, or every zone."""

ALIKE = "alike enough"
UNKNOWN = "can't be told"


@dataclass(frozen=True, slots=True)
class Reading:
    """One quantity on both photos.

    Attributes
    ----------
    check : str
        What is judged, in the vocabulary of ISO/IEC 29794-5 where it has a word.
    quantity : str
        What was measured, in plain words.
    unit : str
    sides : (float, float)
        Before and after.
    scores : (float, float)
        0 … 100, higher is better; nan where no score makes sense.
    """

    check: str
    quantity: str
    unit: str
    sides: tuple[float, float]
    scores: tuple[float, float] = (math.nan, math.nan)


@dataclass(frozen=True, slots=True)
class Gap:
    """How far two photos are apart in one respect.

    Attributes
    ----------
    size : float
        nan where it isn't known: nothing is then said of it.
    unit : str
    limit : Limit or None
        None where it is only reported.
    """

    size: float
    unit: str
    limit: Limit | None

    def severity(self) -> Severity:
        """Grade by the limit."""
        if self.limit is None or math.isnan(self.size) or self.size < self.limit.caveat:
            return "none"
        return "caveat" if self.size < self.limit.refuse else "not comparable"


@dataclass(frozen=True, slots=True)
class Reach:
    """What a mismatch touches.

    Attributes
    ----------
    metrics : tuple of str
        Families, or patterns of metric names (``*_red_minus_blue``).
    zones : tuple of str
        Zone names, or ``*``.
    """

    metrics: tuple[str, ...] = EVERYTHING
    zones: tuple[str, ...] = EVERYTHING


@dataclass(frozen=True, slots=True)
class Mismatch:
    """One row of the `comparability` table.

    Attributes
    ----------
    reading : Reading
    gap : Gap
    severity : {"none", "caveat", "not comparable"}
    reach : Reach
    text : str
        For a person: what differs, what was done about it, what to do next time.
    """

    reading: Reading
    gap: Gap
    severity: Severity
    reach: Reach
    text: str

    @property
    def reason(self) -> str:
        """What limits a comparison, in two or three words."""
        return self.reading.quantity

    def touches(self, zone: str, metric: str, family: str) -> bool:
        """Whether it bears on this metric in this zone."""
        here = any(name in ("*", zone) for name in self.reach.zones)
        return here and any(name == family or fnmatchcase(metric, name) for name in self.reach.metrics)


@dataclass(frozen=True, slots=True)
class LookPair:
    """Two photos that were looked at, and what was measured between them.

    Attributes
    ----------
    before, after : Look
    registration : Registration or None
        None where they were not registered.
    blur : BlurDifference
    edges : EdgeChange
        What focus doesn't explain.
    light : LightChange or None
        None where they show too little skin in common.
    """

    before: Look
    after: Look
    registration: Registration | None
    blur: BlurDifference
    edges: EdgeChange
    light: LightChange | None

    @classmethod
    def of(cls, before: Look, after: Look, registration: Registration | None) -> LookPair:
        """Measure sharpness, processing and light of one against the other."""
        blur = blur_between(before.reference, after.reference)
        edges = edges_between(before.reference, after.reference, blur)
        return cls(before, after, registration, blur, edges, light_between(before.skin_light, after.skin_light))

    def both(self, of: Callable[[Look], float]) -> tuple[float, float]:
        """Return one quantity of the before and of the after photo."""
        return of(self.before), of(self.after)


Check = Callable[[LookPair, ComparabilityParams], Iterator[Mismatch]]
"""Judges a pair in one respect."""


def graded(reading: Reading, gap: Gap, texts: tuple[str, str], reach: Reach = Reach()) -> Mismatch:
    """Grade a gap by its limit.

    Parameters
    ----------
    reading : Reading
    gap : Gap
    texts : (str, str)
        Of a caveat, and of what is not comparable.
    reach : Reach

    Returns
    -------
    Mismatch
    """
    severity = gap.severity()
    alike = UNKNOWN if gap.limit is not None and math.isnan(gap.size) else ALIKE
    text = {"none": alike, "caveat": texts[0], "not comparable": texts[1]}[severity]
    return Mismatch(reading, gap, severity, reach if severity != "none" else Reach(reach.metrics, ()), text)
