"""One picture that tells what a comparison found: legible on a phone, and printed on a page."""

from __future__ import annotations

from dataclasses import dataclass

import pandas as pd
from matplotlib.figure import Figure

from skintexture.locate.anatomy import WHOLE_FACE
from skintexture.report.answer import FINDINGS, Answer, Endpoint, answer, limits, overall
from skintexture.report.face_maps import Outlines, crop_to, draw_map, draw_photo
from skintexture.report.forest import better, draw_forest, forest_zones, widest_pct
from skintexture.report.page import MARGIN_PX, PALE, WIDTH_PX, Canvas, Form, Page, render_page, shared_width
from skintexture.report.verdict_style import STYLES
from skintexture.report.view import Picture
from skintexture.report.zone_paint import short_name
from skintexture.study.verdict import NOT_COMPARABLE

_TITLE_PX, _HEADLINE_PX, _HEADING_PX, _TEXT_PX, _ROW_TEXT_PX = 26, 38, 30, 26, 24
_GAP_PX = 16
_MAP_PX = 440
_LEAST_ROW_PX, _MOST_ROW_PX = 30, 44
_ZONES_PX = 170  # width of the zones' names
_VERDICT_PX = 134  # width of "improved"
_AXIS_PX = 38
_MOST_LIMITS = 8


_ZONES_LEFT_PX = MARGIN_PX + _MAP_PX + _GAP_PX
_PLOT_LEFT_PX = _ZONES_LEFT_PX + _ZONES_PX
_PLOT_WIDTH_PX = WIDTH_PX - MARGIN_PX - _VERDICT_PX - _PLOT_LEFT_PX
_FURTHER_LEFT_PX = MARGIN_PX + _MAP_PX


@dataclass(frozen=True, slots=True)
class Summary:
    """What the picture shows.

    Attributes
    ----------
    before, after : (H, W, 3) uint8
        sRGB, brought to one frame for looking at.
    outlines : mapping of str to (N, 2) float
        Zones in that frame, ``(y, x)``.
    changes : DataFrame
        ``zone``, ``metric``, ``change_pct``, ``ci_low_pct``, ``ci_high_pct``, ``mdc_pct``, ``verdict``, ``reason``,
        ``direction``: a row per zone and metric.
    comparability : DataFrame
        ``severity`` ("not comparable", "caveat" or "none") and ``text``: a row per check of the two photos.
    endpoints : tuple of Endpoint
        What is shown zone by zone, the main one first; two fill a page.
    title : str
        Above it all; no name and no date unless the user gives them.
    further : tuple of Endpoint
        What is shown for the whole face only.
    """

    before: Picture
    after: Picture
    outlines: Outlines
    changes: pd.DataFrame
    comparability: pd.DataFrame
    endpoints: tuple[Endpoint, ...]
    title: str
    further: tuple[Endpoint, ...] = ()


def render_summary(summary: Summary, forms: tuple[Form, ...]) -> tuple[bytes, ...]:
    """Draw a comparison on one tall page, 1080 pixels wide.

    Parameters
    ----------
    summary : Summary
    forms : tuple of {"png", "svg"}

    Returns
    -------
    tuple of bytes
        A file of each form; same content, same bytes. Letters are outlines in SVG, so that it looks alike everywhere.
    """
    return render_page(lambda: draw_summary(summary), forms)


def draw_summary(summary: Summary) -> Figure:
    """Draw the figure that `render_summary` writes."""
    page = Page()
    answers = [answer(summary.changes, endpoint) for endpoint in summary.endpoints]
    page.paragraph(summary.title, _TITLE_PX, colour=PALE)
    page.space(8)
    _say(page, overall(answers))
    _show_photos(page, summary)
    comparable = [
        endpoint for endpoint, found in zip(summary.endpoints, answers, strict=True) if found.verdict != NOT_COMPARABLE
    ]
    for endpoint in comparable:
        _show_endpoint(page, summary, endpoint)
    if comparable:
        _show_further(page, summary)
        _explain(page)
    _tell_limits(page, summary)
    return page.draw()


def _say(page: Page, answers: list[Answer]) -> None:
    """Give the answer in words: the verdicts large, how much and how sure below each."""
    for found in answers:
        style = STYLES[found.verdict]
        page.paragraph(found.headline, _HEADLINE_PX, colour=style.colour, bold=True, left_px=46, sign=style.sign)
        if found.detail:
            page.paragraph(f"{found.detail[0].upper()}{found.detail[1:]}.", _TEXT_PX, left_px=46)
        page.space(14)


def _show_photos(page: Page, summary: Summary) -> None:
    columns = shared_width(2, _GAP_PX)
    width = round(columns[0][1])
    pictures = [crop_to(picture, summary.outlines, width)[0] for picture in (summary.before, summary.after)]
    height = pictures[0].shape[0]

    def draw(canvas: Canvas, top: float) -> None:
        for (left, _), name, picture in zip(columns, ("before", "after"), pictures, strict=True):
            canvas.write(name, (top, left), _HEADING_PX, bold=True)
            draw_photo(canvas.axes((top + 46, left), (height, width)), picture)

    page.add(46 + height + 24, draw)


def _show_endpoint(page: Page, summary: Summary, endpoint: Endpoint) -> None:
    """Set the face, coloured by change, beside the zones' intervals."""
    rows = summary.changes[summary.changes["metric"] == endpoint.metric]
    picture, outlines = crop_to(summary.after, summary.outlines, _MAP_PX)
    zones = forest_zones(rows)
    row_px = min(max(picture.shape[0] / len(zones), _LEAST_ROW_PX), _MOST_ROW_PX)
    height = max(picture.shape[0], row_px * len(zones) + _AXIS_PX)

    def draw(canvas: Canvas, top: float) -> None:
        canvas.write(_capital(endpoint.name), (top, MARGIN_PX), _HEADING_PX, bold=True)
        side = better(str(rows["direction"].iloc[0]))
        canvas.write(side, (top + 4, _PLOT_LEFT_PX), _ROW_TEXT_PX, colour=PALE)
        draw_map(canvas.axes((top + 44, MARGIN_PX), (picture.shape[0], _MAP_PX)), picture, outlines, rows)
        size = (row_px * len(zones), _PLOT_WIDTH_PX)
        draw_forest(canvas.axes((top + 44, _PLOT_LEFT_PX), size), rows, zones, limit_pct=widest_pct(rows))
        _write_rows(canvas, top + 44, rows, zones=zones, row_px=row_px)

    page.add(44 + height + 26, draw)


def _write_rows(canvas: Canvas, top: float, rows: pd.DataFrame, *, zones: list[str], row_px: float) -> None:
    """Write the zones' names at the left of the plot, and what was found at its right."""
    verdicts = dict(zip(rows["zone"], rows["verdict"], strict=True))
    for k, zone in enumerate(zones):
        at = top + (k + 0.5) * row_px - 0.6 * _ROW_TEXT_PX
        canvas.write(short_name(zone), (at, _ZONES_LEFT_PX), _ROW_TEXT_PX, bold=zone == WHOLE_FACE)
        if verdicts[zone] in FINDINGS:
            beside = (at, _PLOT_LEFT_PX + _PLOT_WIDTH_PX + 10)
            canvas.write(verdicts[zone], beside, _ROW_TEXT_PX, colour=STYLES[verdicts[zone]].colour, bold=True)


def _show_further(page: Page, summary: Summary) -> None:
    """Set further endpoints of the whole face below one another."""
    face = summary.changes[summary.changes["zone"] == WHOLE_FACE].set_index("metric")
    told = [endpoint for endpoint in summary.further if endpoint.metric in face.index]
    if not told:
        return
    names = [_capital(endpoint.name) for endpoint in told]
    rows = face.loc[[endpoint.metric for endpoint in told]].assign(zone=names)

    def draw(canvas: Canvas, top: float) -> None:
        canvas.write("Also measured, over the whole face", (top, MARGIN_PX), _HEADING_PX, bold=True)
        size = (_MOST_ROW_PX * len(names), _PLOT_WIDTH_PX)
        draw_forest(canvas.axes((top + 50, _FURTHER_LEFT_PX), size), rows, names, limit_pct=widest_pct(rows))
        for k, (name, row) in enumerate(zip(names, rows.to_dict("records"), strict=True)):
            at = top + 50 + (k + 0.5) * _MOST_ROW_PX - 0.6 * _ROW_TEXT_PX
            canvas.write(name, (at, MARGIN_PX), _ROW_TEXT_PX)
            style, bold = STYLES[row["verdict"]], row["verdict"] in FINDINGS
            beside = (at, _FURTHER_LEFT_PX + _PLOT_WIDTH_PX + 20)
            canvas.write(row["verdict"], beside, _ROW_TEXT_PX, colour=style.colour, bold=bold)

    page.add(50 + _MOST_ROW_PX * len(names) + _AXIS_PX + 26, draw)


def _explain(page: Page) -> None:
    page.paragraph(
        "Mark and line: change and its 95 % interval. Grey bar: how far photographs of unchanged skin differ. "
        "Hollow mark, zone outlined: no change shown. Hatched: not comparable. "
        "Left (L) and right (R) are the subject's own.",
        _ROW_TEXT_PX,
        colour=PALE,
    )
    page.space(22)


def _tell_limits(page: Page, summary: Summary) -> None:
    said = limits(summary.changes, summary.comparability, (*summary.endpoints, *summary.further))
    page.paragraph("What limits this comparison", _HEADING_PX, bold=True)
    page.space(6)
    for sentence in said[:_MOST_LIMITS] or ["Nothing was found that limits it."]:
        page.paragraph(_capital(sentence), _TEXT_PX, left_px=30, sign="•")
        page.space(4)
    if len(said) > _MOST_LIMITS:
        page.paragraph(f"and {len(said) - _MOST_LIMITS} more, see the table of comparability", _TEXT_PX, left_px=30)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
