"""One page that tells what changed in a group of subjects: a forest plot per endpoint, zone by zone."""

from __future__ import annotations

from collections.abc import Hashable, Mapping, Sequence

import pandas as pd
from matplotlib.figure import Figure

from skintexture.locate.anatomy import WHOLE_FACE
from skintexture.report.answer import Endpoint
from skintexture.report.forest import better, draw_forest, forest_zones, widest_pct
from skintexture.report.page import MARGIN_PX, PALE, WIDTH_PX, Canvas, Page
from skintexture.report.zone_paint import short_name
from skintexture.study.verdict import NOT_COMPARABLE, judge

_TITLE_PX, _HEADING_PX, _TEXT_PX = 34, 30, 24
_ROW_PX, _AXIS_PX = 36, 38
_NAMES_PX, _COUNTS_PX = 290, 230
_PLOT_LEFT_PX = MARGIN_PX + _NAMES_PX
_PLOT_WIDTH_PX = WIDTH_PX - MARGIN_PX - _COUNTS_PX - _PLOT_LEFT_PX
_SIDE_PX = 150  # of "← better", from the plot's left
_SHOWN_BY_ZONE = 2
_MOST_GROUPS = 20  # pictures taller than some 60,000 pixels can't be written
_CHANCE = 0.05
_PAIRS = ("improved", "worse", "changed", "no_change_shown")


def draw_effects(effects: pd.DataFrame, endpoints: Sequence[Endpoint], by: Sequence[str] = ()) -> Figure:
    """Draw what a group shows, visit after visit.

    Parameters
    ----------
    effects : DataFrame
        As `skintexture.study.effects.effect_table` gives it; what is no ratio is left out.
    endpoints : sequence of Endpoint
        What is shown where it was compared: the first two zone by zone, the others of the whole face.
    by : sequence of str
        Columns that part the subjects into groups.

    Returns
    -------
    Figure
    """
    page = Page()
    shown = effects[effects["scale"] == "ratio"]
    limits = {one.metric: widest_pct(_as_changes(_of(shown, one))) for one in endpoints}
    groups = list(shown.groupby([*by, "visit_before", "visit_after"], sort=False, dropna=False))
    for key, of_visit in groups[:_MOST_GROUPS]:
        page.paragraph(heading_of(key), _TITLE_PX, bold=True)
        page.space(10)
        told = [(one, rows) for one in endpoints if forest_zones(rows := _as_changes(_of(of_visit, one)))]
        for endpoint, rows in told[:_SHOWN_BY_ZONE]:
            names = {zone: short_name(zone) for zone in forest_zones(rows)}
            _show(page, (endpoint.name, better(str(rows["direction"].iloc[0]))), rows, names, limits[endpoint.metric])
        further = [(one, rows[rows["zone"] == WHOLE_FACE]) for one, rows in told[_SHOWN_BY_ZONE:]]
        if further:
            rows = pd.concat([rows.assign(zone=one.name) for one, rows in further])
            widest = max(limits[one.metric] for one, _ in further)
            _show(page, ("over the whole face", ""), rows, {name: name for name in forest_zones(rows)}, widest)
    if len(groups) > _MOST_GROUPS:
        page.paragraph(f"… and {len(groups) - _MOST_GROUPS} more groups and visits: see effects.csv", _TEXT_PX)
    page.paragraph(
        "Mark and line: mean change of all subjects and its 95 % interval. Filled: other than chance makes (paired t "
        "test, p < 0.05 after Holm; over the single zones together, and over the endpoints of the whole face). At the "
        "right: pairs of photos that improved by themselves, of those compared. Left (L) and right (R) are the "
        "subjects' own.",
        _TEXT_PX,
        colour=PALE,
    )
    return page.draw()


def heading_of(key: tuple[Hashable, ...]) -> str:
    """Name a group and its visits: ``arm A, before → after``.

    Parameters
    ----------
    key : tuple
        Values of the columns that part the subjects, the earlier visit, the later visit.

    Examples
    --------
    >>> heading_of(("verum", "before", "week 12"))
    'verum, before → week 12'
    """
    *group, before, after = map(str, key)
    return ", ".join([*(value or "(empty)" for value in group), f"{before} → {after}"])


def _as_changes(effects: pd.DataFrame) -> pd.DataFrame:
    """Give the effects of one endpoint the columns of a single pair's changes."""
    verdicts = [
        judge(row["change"], row["direction"], shown=bool(row["p_holm"] < _CHANCE)).verdict
        if row["subjects"] > 0
        else NOT_COMPARABLE
        for row in effects.to_dict("records")
    ]
    names = {"change": "change_pct", "ci_low": "ci_low_pct", "ci_high": "ci_high_pct"}
    return effects.rename(columns=names).assign(verdict=verdicts, mdc_pct=float("nan"))


def _of(effects: pd.DataFrame, endpoint: Endpoint) -> pd.DataFrame:
    return effects[effects["metric"] == endpoint.metric]


def _show(page: Page, heading: tuple[str, str], rows: pd.DataFrame, names: Mapping[str, str], limit_pct: float) -> None:
    """Draw a row for each of the names, below a heading and the side on which skin is better."""
    by_zone = {row["zone"]: row for row in rows.to_dict("records")}
    title, side = heading

    def draw(canvas: Canvas, top: float) -> None:
        canvas.write(title[:1].upper() + title[1:], (top, MARGIN_PX), _HEADING_PX, bold=True)
        canvas.write(side, (top + 4, _PLOT_LEFT_PX + _SIDE_PX), _TEXT_PX, colour=PALE)
        size = (_ROW_PX * len(names), _PLOT_WIDTH_PX)
        draw_forest(canvas.axes((top + 46, _PLOT_LEFT_PX), size), rows, list(names), limit_pct=limit_pct)
        for k, (zone, name) in enumerate(names.items()):
            at = top + 46 + (k + 0.5) * _ROW_PX - 0.6 * _TEXT_PX
            row = by_zone[zone]
            canvas.write(name, (at, MARGIN_PX), _TEXT_PX, bold=zone == WHOLE_FACE)
            told = f"{row['improved']} of {sum(row[verdict] for verdict in _PAIRS)} improved"
            canvas.write(told, (at, _PLOT_LEFT_PX + _PLOT_WIDTH_PX + 20), _TEXT_PX, colour=PALE)

    page.add(46 + _ROW_PX * len(names) + _AXIS_PX + 26, draw)
