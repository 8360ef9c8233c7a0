"""How a verdict looks: a colour for every kind of colour vision, and a sign that doesn't need one."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType

from skintexture.report.answer import MIXED
from skintexture.study.verdict import NO_CHANGE, NOT_COMPARABLE


@dataclass(frozen=True, slots=True)
class VerdictStyle:
    """How a verdict is drawn.

    Attributes
    ----------
    colour : str
        Of text and marks, dark enough on white.
    fill : str
        Of a zone on the face; empty where it stays as it is.
    sign : str
        Before the verdict in text.
    marker : str
        On the forest plot.
    hatch : str
        Over a zone.
    """

    colour: str
    fill: str
    sign: str
    marker: str
    hatch: str = ""


# After Okabe and Ito's palette for all kinds of colour vision.
STYLES = MappingProxyType(
    {
        "improved": VerdictStyle("#00558c", "#0072b2", "▼", "o"),
        "worse": VerdictStyle("#a84300", "#d55e00", "▲", "s"),
        "changed": VerdictStyle("#8a3f6c", "#cc79a7", "◆", "D"),
        MIXED: VerdictStyle("#8a3f6c", "#cc79a7", "◆", "D"),
        NO_CHANGE: VerdictStyle("#4a4a4a", "", "○", "o"),
        NOT_COMPARABLE: VerdictStyle("#5a5a5a", "", "×", "x", hatch="////"),
    }
)
"""By verdict, of a zone or of an endpoint."""
