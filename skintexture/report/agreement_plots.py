"""Bland and Altman's plots of repeated shots: a page per metric, a panel per zone."""

from __future__ import annotations

import io
import math
from collections.abc import Mapping
from typing import Any

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure

from skintexture.model import FloatArray

_COLUMNS = 4
_WIDTH_IN = 7.6  # an A4 page's text
_ROW_IN = 1.75
_FRAME_IN = 1.35  # heading and explanation
_DPI = 200
_BLUE, _GREY, _BAND = "#0b5394", "#6b6b6b", "#d6e4f2"
# A zone that scatters far more than the others would flatten them all: axes end at this many times the median zone.
_WIDEST = 3.0


def plot_agreement(pairs: pd.DataFrame, agreement: pd.DataFrame, heading: str) -> bytes:
    """Plot the differences of repeated shots of one metric against their means.

    Parameters
    ----------
    pairs : DataFrame
        ``zone``, ``before``, ``after`` of the metric: a row per pair of shots of the same skin, see
        `skintexture.study.repeats.paired_values`.
    agreement : DataFrame
        The metric's rows of `skintexture.study.repeatability_table.repeatability_table`, in the order of the panels.
    heading : str
        Above the plot.

    Returns
    -------
    bytes
        PNG. Same values, same bytes.

    Notes
    -----
    All panels have one vertical scale, so that zones can be compared; what lies beyond it is drawn as a triangle at the
    edge, and the limits stand in each panel's title as numbers.
    """
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams["font.family"] = "DejaVu Sans"
        mpl.rcParams["text.parse_math"] = False
        mpl.rcParams["font.size"] = 7.5
        figure = draw_agreement(pairs, agreement, heading)
        FigureCanvasAgg(figure)
        file = io.BytesIO()
        figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def draw_agreement(pairs: pd.DataFrame, agreement: pd.DataFrame, heading: str) -> Figure:
    """Draw the figure that `plot_agreement` writes; the parameters are the same."""
    rows = agreement.to_dict("records")
    count = math.ceil(len(rows) / _COLUMNS)
    figure = Figure(figsize=(_WIDTH_IN, count * _ROW_IN + _FRAME_IN), dpi=_DPI, layout="constrained")
    panels = figure.subplots(count, _COLUMNS, sharey=True, squeeze=False).ravel()
    in_percent = bool(rows) and rows[0]["difference_unit"] == "%"
    drawn = [_differences(pairs[pairs["zone"] == row["zone"]], in_percent=in_percent) for row in rows]
    extent = _extent(drawn, agreement)
    for panel, row, (means, differences) in zip(panels, rows, drawn, strict=False):
        _draw_panel(panel, row, (means, differences), extent=extent)
    for panel in panels[len(rows) :]:
        panel.set_axis_off()
    unit = rows[0]["unit"] if rows else ""
    figure.suptitle(heading, fontsize=11, fontweight="bold")
    figure.supylabel(_vertical(unit, in_percent=in_percent), fontsize=8.5)
    figure.supxlabel(
        f"mean of the two shots, {_said(unit)}\n"
        "dot: two shots of one skin · line: bias · dashed: limits of 95 % of differences · shaded: their intervals",
        fontsize=8.5,
    )
    return figure


def _vertical(unit: str, *, in_percent: bool) -> str:
    if in_percent:
        return "later against earlier shot, in % of its value"
    return "later − earlier shot, " + ("percentage points" if unit == "%" else _said(unit))


def _said(unit: str) -> str:
    return "a pure number" if unit == "1" else unit


def _differences(pairs: pd.DataFrame, *, in_percent: bool) -> tuple[FloatArray, FloatArray]:
    before, after = pairs["before"].to_numpy(np.float64), pairs["after"].to_numpy(np.float64)
    there = np.isfinite(before) & np.isfinite(after)
    before, after = before[there], after[there]
    differences = 100 * (after / before - 1) if in_percent else after - before
    return (before + after) / 2, differences


def _extent(drawn: list[tuple[FloatArray, FloatArray]], agreement: pd.DataFrame) -> float:
    """Half height of the axes."""
    limits = agreement[["loa_low", "loa_high"]].abs().max(axis=1).to_numpy(np.float64)
    dots = [np.abs(differences).max(initial=0.0) for _, differences in drawn]
    extents = np.fmax(limits, dots)
    if not extents.any():
        return 1.0
    return 1.15 * min(float(extents.max()), _WIDEST * float(np.median(extents[extents > 0])))


def _draw_panel(panel: Axes, row: Mapping[Any, Any], dots: tuple[FloatArray, FloatArray], *, extent: float) -> None:
    means, differences = dots
    panel.set_ylim(-extent, extent)
    panel.axhline(0.0, color=_GREY, linewidth=0.5)
    panel.tick_params(length=2, labelsize=7)
    panel.locator_params(axis="x", nbins=4)
    zone = str(row["zone"]).replace("_", " ")
    if not len(means):
        panel.set_title(zone, fontsize=8, fontweight="bold", loc="left")
        panel.text(0.5, 0.6, "not measured twice", transform=panel.transAxes, ha="center", color=_GREY, style="italic")
        panel.set_xticks([])
        return
    limits = (
        f"{_number(row['loa_low'])} … {_number(row['loa_high'])}" if math.isfinite(row["loa_low"]) else "one subject"
    )
    panel.set_title(f"{zone}\n", fontsize=8, fontweight="bold", loc="left")
    panel.text(0.0, 1.03, limits, transform=panel.transAxes, fontsize=7.5)
    for edge in ("loa_low", "loa_high"):
        panel.axhspan(row[f"{edge}_low"], row[f"{edge}_high"], color=_BAND, linewidth=0)
        panel.axhline(row[edge], color=_BLUE, linewidth=0.8, linestyle="--")
    panel.axhline(row["bias"], color=_BLUE, linewidth=1.0)
    inside = np.abs(differences) <= extent
    panel.plot(means[inside], differences[inside], "o", color="black", markersize=2.5)
    for sign, mark in ((1, "^"), (-1, "v")):
        beyond = ~inside & (np.sign(differences) == sign)
        panel.plot(means[beyond], np.full(beyond.sum(), 0.95 * sign * extent), mark, color="black", markersize=4)


def _number(value: float) -> str:
    return f"{value:+.2g}".replace("-", "−")
