"""Plots of the validation, as SVG: the same bytes for the same numbers."""

from __future__ import annotations

import io

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from skintexture.validation.finding import Plot

_COLOURS = ("#0b5394", "#b45f06", "#38761d", "#741b47", "#6b6b6b")
_MARKERS = ("o", "s", "^", "D", "v")
_LINES = {"points": "none", "line": "-", "both": "-"}
_GREY = "#6b6b6b"
_SIZE_IN = (6.4, 3.6)


def draw(plot: Plot) -> str:
    """Draw a plot.

    Returns
    -------
    str
        An ``<svg>`` element, without a date or anything else that differs from run to run.
    """
    with mpl.rc_context({"svg.hashsalt": plot.name, "svg.fonttype": "none", "font.size": 9}):
        figure = Figure(figsize=_SIZE_IN, layout="constrained")
        FigureCanvasSVG(figure)
        axes = figure.add_subplot()
        _fill(axes, plot)
        stream = io.StringIO()
        figure.savefig(stream, format="svg", metadata={"Date": None, "Creator": None})
    text = stream.getvalue()
    return text[text.index("<svg") :]


def _fill(axes: Axes, plot: Plot) -> None:
    for height, _ in plot.guides:
        axes.axhline(height, color=_GREY, linewidth=0.8, linestyle="--")
    _name_guides(axes, plot)
    for at, series in enumerate(plot.series):
        axes.plot(
            series.x,
            series.y,
            color=_COLOURS[at % len(_COLOURS)],
            marker="" if series.style == "line" else _MARKERS[at % len(_MARKERS)],
            markersize=4,
            linestyle=_LINES[series.style],
            linewidth=1.2,
            label=series.label or None,
        )
    axes.set_title(plot.title, loc="left", fontsize=10)
    axes.set_xlabel(plot.x_label)
    axes.set_ylabel(plot.y_label)
    axes.spines[["top", "right"]].set_visible(False)
    if any(series.label for series in plot.series) and len(plot.series) > 1:
        axes.legend(edgecolor="none", framealpha=0.9)


def _name_guides(axes: Axes, plot: Plot) -> None:
    """Write what each line means at its right end, outside the plot."""
    for height, meaning in plot.guides:
        axes.annotate(
            f"{meaning} {height:.3g}".replace("-", "−"),
            (1.01, height),
            xycoords=("axes fraction", "data"),
            color=_GREY,
            fontsize=8,
            verticalalignment="center",
        )
