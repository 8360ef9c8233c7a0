"""A tall page of text and drawings, laid out from top to bottom in pixels."""

from __future__ import annotations

import base64
import io
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any, Literal

import cv2
import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import RendererSVG
from matplotlib.figure import Figure
from numpy.typing import NDArray

from skintexture.report.lettering import font, wrap

WIDTH_PX = 1080
"""Of a phone's screen held upright."""
MARGIN_PX = 36
INNER_PX = WIDTH_PX - 2 * MARGIN_PX
DPI = 100

Form = Literal["png", "svg"]
"""Files that a page can be saved as."""

INK, PALE = "#141414", "#5a5a5a"

_LINE = 1.35  # height of a line, in letters
_ASCENT = 0.93  # of DejaVu Sans, in letters
_POINTS = 72 / DPI
# Photographs hardly shrink further at higher levels, or if every filter is tried, and take three times as long.
_PNG_PACKING = (cv2.IMWRITE_PNG_COMPRESSION, 2, cv2.IMWRITE_PNG_FILTER, cv2.IMWRITE_PNG_FILTER_UP)
_SVG_DPI = 72  # its lengths are in points


@dataclass(frozen=True, slots=True)
class Canvas:
    """A figure on which places are given in pixels from the upper left corner.

    Attributes
    ----------
    figure : Figure
    height_px : float
    """

    figure: Figure
    height_px: float

    def write(
        self, text: str, at_px: tuple[float, float], size_px: float, *, colour: str = INK, bold: bool = False
    ) -> None:
        """Write one line; ``at_px`` is (top, left) of its letters."""
        self.figure.text(
            at_px[1] / WIDTH_PX,
            1 - (at_px[0] + _ASCENT * size_px) / self.height_px,
            text,
            fontsize=size_px * _POINTS,
            color=colour,
            fontweight="bold" if bold else "normal",
            va="baseline",
            ha="left",
        )

    def axes(self, corner_px: tuple[float, float], size_px: tuple[float, float]) -> Axes:
        """Make axes at (top, left) of (height, width)."""
        (top, left), (height, width) = corner_px, size_px
        box = (left / WIDTH_PX, 1 - (top + height) / self.height_px, width / WIDTH_PX, height / self.height_px)
        return self.figure.add_axes(box)


Draw = Callable[[Canvas, float], None]
"""Draws a block of which the top is given."""


@dataclass(slots=True)
class Page:
    """Blocks, one below the other."""

    _blocks: list[tuple[float, Draw]] = field(default_factory=list)

    def add(self, height_px: float, draw: Draw) -> None:
        """Add a block of a certain height."""
        self._blocks.append((height_px, draw))

    def space(self, height_px: float) -> None:
        """Leave room."""
        self.add(height_px, lambda _canvas, _top: None)

    def paragraph(
        self, text: str, size_px: int, *, colour: str = INK, bold: bool = False, left_px: float = 0, sign: str = ""
    ) -> None:
        """Add text, broken into lines; a sign stands before its first line."""
        lines = wrap(text, font(size_px, "-Bold" if bold else ""), INNER_PX - left_px)

        def draw(canvas: Canvas, top: float) -> None:
            if sign:
                canvas.write(sign, (top, MARGIN_PX), size_px, colour=colour, bold=True)
            for k, line in enumerate(lines):
                at = (top + k * _LINE * size_px, MARGIN_PX + left_px)
                canvas.write(line, at, size_px, colour=colour, bold=bold)

        self.add(len(lines) * _LINE * size_px, draw)

    def draw(self) -> Figure:
        """Draw all blocks on a figure as tall as they need."""
        height = 2 * MARGIN_PX + sum(block for block, _ in self._blocks)
        figure = Figure(figsize=(WIDTH_PX / DPI, height / DPI), dpi=DPI, facecolor="white")
        canvas, top = Canvas(figure, height), float(MARGIN_PX)
        for block, draw in self._blocks:
            draw(canvas, top)
            top += block
        return figure


def shared_width(count: int, gap_px: float) -> list[tuple[float, float]]:
    """Left edge and width of each of some columns that share the page."""
    width = (INNER_PX - (count - 1) * gap_px) / count
    return [(MARGIN_PX + k * (width + gap_px), width) for k in range(count)]


def render_page(draw: Callable[[], Figure], forms: tuple[Form, ...]) -> tuple[bytes, ...]:
    """Draw a page and save it.

    Parameters
    ----------
    draw : callable
        Returns the figure.
    forms : tuple of {"png", "svg"}

    Returns
    -------
    tuple of bytes
        A file of each form; same content, same bytes. Letters are outlines in SVG, so that it looks alike everywhere.
    """
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams["font.family"] = "DejaVu Sans"
        mpl.rcParams["text.parse_math"] = False
        mpl.rcParams["svg.hashsalt"] = "skintexture"
        mpl.rcParams["hatch.linewidth"] = 0.8
        figure = draw()
        with warnings.catch_warnings():
            # A letter that the font lacks is drawn as a box.
            warnings.filterwarnings("ignore", "Glyph", UserWarning)
            return tuple(_png(figure) if form == "png" else _svg(figure) for form in forms)


def _png(figure: Figure) -> bytes:
    figure.set_dpi(DPI)
    canvas: Any = FigureCanvasAgg(figure)
    canvas.draw()
    return _packed(np.asarray(canvas.buffer_rgba()))


def _svg(figure: Figure) -> bytes:
    figure.set_dpi(_SVG_DPI)
    stream = io.StringIO()
    renderer: Any = _SvgRenderer(figure, stream)
    figure.draw(renderer)
    renderer.finalize()
    return stream.getvalue().encode()


class _SvgRenderer(RendererSVG):
    """Packs the photographs on a page as the PNG is: else they take longer than all the rest of both files."""

    writer: Any

    def __init__(self, figure: Figure, stream: io.StringIO) -> None:
        width, height = figure.get_size_inches() * _SVG_DPI
        undated = {"Date": None, "Creator": None}
        super().__init__(width, height, stream, image_dpi=DPI, metadata=undated)  # type: ignore[no-untyped-call]

    def draw_image(self, gc: Any, x: float, y: float, im: Any, transform: Any = None) -> None:
        """Embed a picture, of which the first row is the lowest; its lower left corner lies at (x, y)."""
        del gc, transform  # what is set on a page is upright and opaque
        height, width = (side * _SVG_DPI / self.image_dpi for side in im.shape[:2])
        box = {"x": x, "y": self.height - y - height, "width": width, "height": height}
        data = base64.b64encode(_packed(im[::-1])).decode()
        attributes = {name: f"{value:.6f}" for name, value in box.items()}
        self.writer.element("image", attrib=attributes | {"xlink:href": f"data:image/png;base64,{data}"})


def _packed(picture: NDArray[np.uint8]) -> bytes:
    """Encode an opaque picture, (H, W, 4) sRGB, as PNG."""
    _, data = cv2.imencode(".png", cv2.cvtColor(np.ascontiguousarray(picture), cv2.COLOR_RGBA2BGR), _PNG_PACKING)
    return bytes(data)
