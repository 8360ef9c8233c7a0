"""The face with its zones: as photographed, and coloured by what became of each zone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import cv2
import matplotlib.patheffects as effects
import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.patches import Polygon

from skintexture.locate.anatomy import WHOLE_FACE
from skintexture.model import FloatArray
from skintexture.report.answer import FINDINGS, percent
from skintexture.report.labels import Ground, place_labels
from skintexture.report.lettering import font
from skintexture.report.page import DPI
from skintexture.report.verdict_style import STYLES
from skintexture.report.view import Picture
from skintexture.report.zone_paint import filled
from skintexture.study.verdict import NOT_COMPARABLE

Outlines = Mapping[str, FloatArray]
"""(N, 2) corners ``(y, x)`` of each zone, in pixels of the picture."""

_ROOM = 0.03  # around the zones, relative to their larger side
_GROUND = 4  # labels are placed on a copy this many times smaller
_LABEL_PX = 23
_WORD_PX = 19
_LEAST_ALPHA, _MOST_ALPHA = 0.3, 0.75
_FULL_CHANGE_PCT = 40.0


def crop_to(picture: Picture, outlines: Outlines, width_px: int) -> tuple[Picture, Outlines]:
    """Cut a picture to its zones and bring it to a width.

    Parameters
    ----------
    picture : (H, W, 3) uint8
    outlines : mapping of str to (N, 2) float
    width_px : int

    Returns
    -------
    picture : (h, width_px, 3) uint8
    outlines : mapping of str to (N, 2) float
        In the new picture's pixels.
    """
    height, width = picture.shape[:2]
    corners = np.vstack([*outlines.values()]) if outlines else np.array([[0.0, 0.0], [height, width]])
    low, high = corners.min(axis=0), corners.max(axis=0)
    room = _ROOM * float((high - low).max())
    y0, x0 = (int(v) for v in np.maximum(np.floor(low - room), 0))
    y1, x1 = (int(v) for v in np.minimum(np.ceil(high + room) + 1, (height, width)))
    zoom = width_px / (x1 - x0)
    size = (width_px, max(1, round((y1 - y0) * zoom)))
    how = cv2.INTER_AREA if zoom < 1 else cv2.INTER_CUBIC
    cut = np.ascontiguousarray(picture[y0:y1, x0:x1])
    moved = {name: (line - (y0, x0) + 0.5) * zoom - 0.5 for name, line in outlines.items()}
    return np.asarray(cv2.resize(cut, size, interpolation=how), np.uint8), moved


class Pixels(Artist):
    """A picture that fills axes of its own size, pixel for pixel.

    `Axes.imshow` would resample it for either file, which takes longer than all else on a page.

    Attributes
    ----------
    picture : (H, W, 3) uint8
    """

    def __init__(self, picture: Picture) -> None:
        super().__init__()
        self.picture = picture
        self.set_zorder(0)

    def draw(self, renderer: Any) -> None:
        """Set the picture, its last row at the lower end of the axes."""
        assert self.axes is not None
        corner, gc = self.axes.bbox.min, renderer.new_gc()
        renderer.draw_image(gc, *corner, cv2.cvtColor(np.ascontiguousarray(self.picture[::-1]), cv2.COLOR_RGB2RGBA))
        gc.restore()


def draw_photo(axes: Axes, picture: Picture) -> None:
    """Show a picture as it is, on axes as large as it is.

    Parameters
    ----------
    axes : Axes
    picture : (H, W, 3) uint8
    """
    height, width = picture.shape[:2]
    axes.set(xlim=(-0.5, width - 0.5), ylim=(height - 0.5, -0.5))
    axes.set_axis_off()
    axes.add_artist(Pixels(picture))


def draw_map(axes: Axes, picture: Picture, outlines: Outlines, changes: pd.DataFrame) -> None:
    """Colour each zone by its change.

    Parameters
    ----------
    axes : Axes
        As large as the picture.
    picture : (H, W, 3) uint8
        Drawn pale and grey, so that a colour is the same on every skin.
    outlines : mapping of str to (N, 2) float
    changes : DataFrame
        ``zone``, ``change_pct`` and ``verdict`` of one metric.

    Notes
    -----
    Zones with a change bear its size and its verdict in words; a zone of which no change is shown is only outlined, one
    that can't be compared is hatched.
    """
    pale = cv2.convertScaleAbs(cv2.cvtColor(picture, cv2.COLOR_RGB2GRAY), alpha=0.45, beta=0.55 * 255)
    draw_photo(axes, np.asarray(cv2.cvtColor(pale, cv2.COLOR_GRAY2RGB), np.uint8))
    rows = {str(row["zone"]): row for row in changes.to_dict("records")}
    zones = [zone for zone in outlines if zone != WHOLE_FACE and zone in rows]
    for zone in zones:
        _paint(axes, outlines[zone], rows[zone])
    told = [zone for zone in zones if rows[zone]["verdict"] in FINDINGS]
    _label(axes, {zone: outlines[zone] for zone in told}, rows, shape=picture.shape)


def _paint(axes: Axes, outline_px: FloatArray, row: Mapping[Any, Any]) -> None:
    style, corners = STYLES[row["verdict"]], outline_px[:, ::-1]
    if style.fill:
        share = min(abs(float(row["change_pct"])) / _FULL_CHANGE_PCT, 1.0)
        alpha = _LEAST_ALPHA + (_MOST_ALPHA - _LEAST_ALPHA) * share
        axes.add_patch(Polygon(corners, facecolor=style.fill, alpha=alpha, linewidth=0))
    if style.hatch:
        axes.add_patch(Polygon(corners, fill=False, hatch=style.hatch, edgecolor="#8a8a8a", linewidth=0))
    edge = "#8a8a8a" if row["verdict"] == NOT_COMPARABLE else style.colour
    axes.add_patch(Polygon(corners, fill=False, edgecolor=edge, linewidth=1.2))


def _label(axes: Axes, outlines: Outlines, rows: Mapping[str, Mapping[Any, Any]], *, shape: tuple[int, ...]) -> None:
    small = (shape[0] // _GROUND, shape[1] // _GROUND)
    if not outlines:
        return
    areas = np.array([filled(line / _GROUND, small) for line in outlines.values()])
    ground = Ground(areas, np.ones(small, dtype=bool), np.zeros(small, dtype=bool))
    texts = {zone: (percent(rows[zone]["change_pct"]), str(rows[zone]["verdict"])) for zone in outlines}
    sizes = [_size(*texts[zone]) for zone in outlines]
    places = place_labels(ground, [(height // _GROUND + 1, width // _GROUND + 1) for height, width in sizes])
    for zone, place, size in zip(outlines, places, sizes, strict=True):
        if place is not None:
            middle = (_GROUND * place[1] + size[1] / 2, _GROUND * place[0])
            _write(axes, texts[zone], middle, colour=STYLES[rows[zone]["verdict"]].colour)


def _size(number: str, word: str) -> tuple[int, int]:
    width = max(font(_LABEL_PX, "-Bold").getlength(number), font(_WORD_PX, "-Bold").getlength(word))
    return _LABEL_PX + _WORD_PX + 6, int(width) + 4


def _write(axes: Axes, text: tuple[str, str], at: tuple[float, float], *, colour: str) -> None:
    halo = [effects.withStroke(linewidth=4, foreground="white")]
    x, y = at
    for line, size_px, below_px in zip(text, (_LABEL_PX, _WORD_PX), (_LABEL_PX, _LABEL_PX + _WORD_PX), strict=True):
        axes.text(
            x,
            y + below_px,
            line,
            fontsize=size_px * 72 / DPI,
            fontweight="bold",
            color=colour,
            ha="center",
            va="baseline",
            path_effects=halo,
        )
