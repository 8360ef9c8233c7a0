"""Plots of what changed between two photographs."""

from __future__ import annotations

import io
import math
import re
import textwrap
import warnings
from collections.abc import Hashable, Mapping, Sequence
from typing import Any

import matplotlib as mpl
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from skintexture.metrics.definition import Metric

ENDPOINTS = (
    "pore_density",
    "pore_area_fraction",
    "pore_contrast",
    "band_energy_0.25_0.5mm_luminance",
    "band_energy_0.5_1mm_luminance",
    "roughness_sq_luminance",
    "glcm_contrast_0.25mm_luminance",
)
"""What is plotted, where the recipe measures it: one of each kind. Everything is in the table."""

NOTE = "Difference of two photographs; not yet compared with the photographs' own scatter."

_SMOOTHER = {"lower_better": "← smoother", "higher_better": "smoother →", "none": ""}
# Caveats for which a number is missing; the others make one doubtful.
_REASONS = ("not_visible", "too_small", "too_coarse", "too_soft", "no_colour", "subsampled_colour", "undefined")

_MOST_COLUMNS = 4
_WIDTH_IN = 7.2  # an A4 page's text
_ROW_IN = 0.19
_PANEL_IN = 0.85  # a panel's heading and axis
_FRAME_IN = 0.95  # title, note and legend
_DPI = 200
_TITLE_LETTERS = 75
_BLUE, _PALE_BLUE, _GREY = "#0b5394", "#9fc0e0", "#6b6b6b"
# Changes beyond this are drawn at the edge, with their number; axes are never narrower than the lesser.
_WIDEST_PCT = 100.0
_NARROWEST_PCT = 10.0


def plot_changes(changes: pd.DataFrame, metrics: Mapping[str, Metric], title: str) -> bytes:
    """Plot the change in per cent of a few endpoints: a panel per endpoint, a row per zone.

    Parameters
    ----------
    changes : DataFrame
        One row per zone and metric, as `skintexture.study.compare.changes_between` gives it.
    metrics : mapping of str to Metric
        The recipe's metrics, by name.
    title : str
        Above the plot.

    Returns
    -------
    bytes
        PNG. Same changes, same bytes.

    Notes
    -----
    All panels have one scale, so that they can be compared. A filled dot is a change, a pale one carries a caveat, a
    hollow mark stands where there is no number, with the reason.
    """
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams["font.family"] = "DejaVu Sans"
        mpl.rcParams["text.parse_math"] = False  # a file's name may hold a $
        mpl.rcParams["font.size"] = mpl.rcParams["axes.titlesize"] = 8.5
        mpl.rcParams["legend.fontsize"] = mpl.rcParams["legend.title_fontsize"] = 8.0
        figure = draw_changes(changes, metrics, title)
        FigureCanvasAgg(figure)
        file = io.BytesIO()
        with warnings.catch_warnings():
            # A letter of a file's name that the font lacks is drawn as a box.
            warnings.filterwarnings("ignore", "Glyph", UserWarning)
            figure.savefig(file, format="png", metadata={"Software": None})
    return file.getvalue()


def _endpoints(changes: pd.DataFrame, metrics: Mapping[str, Metric]) -> list[str]:
    """Those of `ENDPOINTS` that are there; failing that, the first few that tell smooth skin from rough."""
    names = [name for name in dict.fromkeys(changes["metric"]) if name in metrics]
    telling = [name for name in names if metrics[name].direction != "none"]
    return [name for name in ENDPOINTS if name in names] or telling[: len(ENDPOINTS)]


def draw_changes(changes: pd.DataFrame, metrics: Mapping[str, Metric], title: str) -> Figure:
    """Draw the figure that `plot_changes` writes; the parameters are the same."""
    shown = _endpoints(changes, metrics)
    changes = changes[changes["metric"].isin(shown)]
    zones = list(dict.fromkeys(changes["zone"]))
    rows = max(1, math.ceil(len(shown) / _MOST_COLUMNS))
    columns = max(1, math.ceil(len(shown) / rows))
    height_in = rows * (len(zones) * _ROW_IN + _PANEL_IN) + _FRAME_IN
    figure = Figure(figsize=(_WIDTH_IN, height_in), dpi=_DPI, layout="constrained")
    panels = figure.subplots(rows, columns, sharex=True, sharey=True, squeeze=False).ravel()
    limit = _limit_pct(changes["change_pct"])
    for panel, name in zip(panels, shown, strict=False):
        _draw_panel(panel, changes[changes["metric"] == name], zones, limit=limit)
        panel.set_title(_heading(name))
        panel.set_xlabel("\n".join(line for line in ("change in %", _SMOOTHER[metrics[name].direction]) if line))
    for panel in panels[len(shown) :]:
        panel.set_axis_off()
    figure.suptitle(textwrap.fill(title, _TITLE_LETTERS), fontsize=10, fontweight="bold")
    _add_legend(figure)
    return figure


def _add_legend(figure: Figure) -> None:
    """Say what the marks mean and what the plot does not show, below the panels."""
    marks = {
        "change": (_BLUE, _BLUE),
        "change with a caveat (see the table)": (_PALE_BLUE, _PALE_BLUE),
        "no number, and why": (_GREY, "white"),
    }
    handles = [
        Line2D([], [], linestyle="", marker="o", markersize=4.5, label=name, color=edge, markerfacecolor=face)
        for name, (edge, face) in marks.items()
    ]
    legend = figure.legend(handles=handles, title=NOTE, loc="outside lower center", ncols=len(handles), frameon=False)
    legend.get_title().set_fontweight("bold")


def _heading(name: str) -> str:
    """Say a metric's name in words: ``band_energy_0.25_0.5mm_luminance`` is band energy, 0.25–0.5 mm."""
    words = re.sub(r"_(?=[\d.]+(_|mm))", "\n", name.removesuffix("_luminance"), count=1)
    words = re.sub(r"(?<=\d)_(?=\d)", "–", words)
    return re.sub(r"(?<=\d)mm\b", " mm", words).replace("_", " ")


def _limit_pct(changes_pct: pd.Series[float]) -> float:
    """Half width of the axes: the next step of 1-2-5 above the largest change."""
    largest = float(changes_pct.abs().max())
    if math.isnan(largest):
        return _NARROWEST_PCT
    steps = [10.0, 20.0, 50.0, _WIDEST_PCT]
    return next((step for step in steps if largest <= step), _WIDEST_PCT)


def _draw_panel(panel: Axes, changes: pd.DataFrame, zones: Sequence[str], *, limit: float) -> None:
    panel.axvline(0.0, color="black", linewidth=0.8)
    panel.set_xlim(-1.15 * limit, 1.15 * limit)
    panel.set_ylim(len(zones) - 0.4, -0.6)
    panel.set_yticks(range(len(zones)), [zone.replace("_", " ") for zone in zones])
    panel.set_xticks([-limit, 0.0, limit])
    panel.grid(visible=True, color="#dddddd", linewidth=0.5)
    panel.set_axisbelow(True)
    panel.tick_params(length=0, labelbottom=True)
    for row in changes.to_dict("records"):
        _draw_change(panel, zones.index(row["zone"]), row, limit=limit)


def _draw_change(panel: Axes, k: int, row: Mapping[Hashable, Any], *, limit: float) -> None:
    change = float(row["change_pct"])
    if math.isnan(change):
        panel.plot(-limit, k, "o", color=_GREY, markerfacecolor="white", markersize=4)
        panel.text(-0.88 * limit, k, reason(row), va="center", color=_GREY, fontsize=7, style="italic")
        return
    colour = _PALE_BLUE if row["caveats"] else _BLUE
    end = math.copysign(min(abs(change), limit), change)
    panel.plot([0, end], [k, k], color=colour, linewidth=1.0)
    if end == change:
        panel.plot(end, k, "o", color=colour, markersize=4.5)
        return
    panel.plot(end, k, ">" if end > 0 else "<", color=colour, markersize=5)
    number = f"{change:+.0f} %".replace("-", "−")
    panel.text(0.88 * end, k, number, va="bottom", ha="right" if end > 0 else "left", fontsize=6.5)


def reason(row: Mapping[Hashable, Any]) -> str:
    """Say why a change has no number."""
    missing = [caveat for caveat in str(row["caveats"]).split(";") if caveat in _REASONS]
    if missing:
        return missing[0].replace("_", " ")
    return "was 0 before" if row["before"] == 0 else "not measured"
