"""Changes with their intervals against what photographs of unchanged skin differ by: a forest plot."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pandas as pd
from matplotlib.axes import Axes

from skintexture.locate.anatomy import WHOLE_FACE
from skintexture.report.page import DPI
from skintexture.report.verdict_style import STYLES
from skintexture.study.verdict import NO_CHANGE, NOT_COMPARABLE

BAND_COLOUR = "#d9d9d9"
TICK_PX = 22

_HELD = 0.9  # of the rows
_STEPS_PCT = (10.0, 20.0, 30.0, 50.0, 100.0)
_BETTER = {"lower_better": "← better", "higher_better": "better →", "none": ""}


def forest_zones(changes: pd.DataFrame) -> list[str]:
    """Zones in which something could be compared, the whole face first.

    Parameters
    ----------
    changes : DataFrame
        ``zone`` and ``verdict`` of the metrics that are shown.

    Returns
    -------
    list of str
    """
    shown = dict.fromkeys(changes.loc[changes["verdict"] != NOT_COMPARABLE, "zone"])
    return sorted(shown, key=lambda zone: zone != WHOLE_FACE)


def widest_pct(changes: pd.DataFrame) -> float:
    """Half width of the axes: the next step of 10, 20, 30, 50, 100 that holds all changes and most intervals and bands.

    A zone that is hardly seen, and hence hardly known, doesn't squeeze the others: its interval ends in an arrow.
    """
    shown = changes.loc[changes["verdict"] != NOT_COMPARABLE, ["change_pct", "ci_low_pct", "ci_high_pct", "mdc_pct"]]
    if shown.empty:
        return _STEPS_PCT[0]
    most = float(shown.abs().max(axis=1).quantile(_HELD, interpolation="lower"))
    largest = max(most, float(shown["change_pct"].abs().max()))
    return next((step for step in _STEPS_PCT if largest <= step), _STEPS_PCT[-1])


def draw_forest(axes: Axes, changes: pd.DataFrame, zones: Sequence[str], *, limit_pct: float) -> None:
    """Draw one endpoint: a row per zone with its repeatability band, its interval and its change.

    Parameters
    ----------
    axes : Axes
    changes : DataFrame
        Rows of one metric: ``zone``, ``change_pct``, ``ci_low_pct``, ``ci_high_pct``, ``mdc_pct``, ``verdict``.
    zones : sequence of str
        From top to bottom.
    limit_pct : float
        Half width of the axis; what lies beyond ends at its edge in an arrow.
    """
    axes.set_xlim(-1.06 * limit_pct, 1.06 * limit_pct)
    axes.set_ylim(len(zones) - 0.5, -0.5)
    axes.axvline(0.0, color="black", linewidth=1.2)
    axes.set_yticks([])
    axes.set_xticks([-limit_pct, 0.0, limit_pct], [f"−{limit_pct:g} %", "0", f"+{limit_pct:g} %"])
    axes.tick_params(length=5, labelsize=TICK_PX * 72 / DPI, pad=4)
    for side in ("left", "right", "top"):
        axes.spines[side].set_visible(False)
    rows = {row["zone"]: row for row in changes.to_dict("records")}
    for k, zone in enumerate(zones):
        axes.axhline(k + 0.5, color="#e6e6e6", linewidth=0.8, zorder=0)
        if zone in rows and rows[zone]["verdict"] != NOT_COMPARABLE:
            _draw_row(axes, k, rows[zone], limit_pct=limit_pct)


def better(direction: str) -> str:
    """Say to which side skin gets better; empty where neither side is."""
    return _BETTER[direction]


def _draw_row(axes: Axes, k: int, row: Mapping[Any, Any], *, limit_pct: float) -> None:
    style = STYLES[row["verdict"]]
    if math.isfinite(row["mdc_pct"]):
        band = min(float(row["mdc_pct"]), limit_pct)
        axes.barh(k, 2 * band, left=-band, height=0.7, color=BAND_COLOUR, linewidth=0, zorder=1)
    low, high = float(row["ci_low_pct"]), float(row["ci_high_pct"])
    ends = [max(low, -limit_pct), min(high, limit_pct)]
    if math.isfinite(low) and math.isfinite(high):
        axes.plot(ends, [k, k], color=style.colour, linewidth=3.2, solid_capstyle="butt", zorder=2)
        for end, beyond, mark in ((ends[0], low < -limit_pct, "<"), (ends[1], high > limit_pct, ">")):
            if beyond:
                axes.plot(end, k, mark, color=style.colour, markersize=9, zorder=3)
    change = float(row["change_pct"])
    if abs(change) <= limit_pct:
        face = "white" if row["verdict"] == NO_CHANGE else style.colour
        axes.plot(
            change,
            k,
            style.marker,
            color=style.colour,
            markerfacecolor=face,
            markeredgewidth=2,
            markersize=7.5,
            zorder=4,
        )
