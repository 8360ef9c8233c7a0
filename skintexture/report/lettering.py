"""Text on pictures, in a font that has ×, ± and ° and is the same on every machine."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import matplotlib as mpl
import numpy as np
from PIL import Image, ImageDraw, ImageFont

from skintexture.report.view import Picture

Colour = tuple[int, int, int]

INK: Colour = (16, 16, 20)

# Width of the halo around letters, in units of the letters' height.
_HALO = 0.14
_ELLIPSIS = "…"


def sheet(height_px: int, width_px: int, colour: Colour = INK) -> Picture:
    """Return a picture of one colour: one row, repeated, since numpy spreads three bytes slowly over many pixels."""
    row = np.empty((1, width_px, 3), np.uint8)
    row[:] = colour
    return np.repeat(row, height_px, axis=0)


@cache
def font(size_px: int, weight: str = "") -> ImageFont.FreeTypeFont:
    """Return DejaVu Sans as matplotlib ships it; ``weight`` is empty or ``-Bold``."""
    file = Path(mpl.get_data_path(), "fonts", "ttf", f"DejaVuSans{weight}.ttf")
    # The basic layout is the same whether or not a shaping library is installed.
    return ImageFont.truetype(str(file), size_px, layout_engine=ImageFont.Layout.BASIC)


def label_size_px(text: str, size_px: int) -> tuple[int, int]:
    """Height and width that a label takes, halo included."""
    halo = halo_px(size_px)
    left, top, right, bottom = font(size_px, "-Bold").getbbox(text, anchor="lt", stroke_width=halo)
    return int(np.ceil(bottom - top)), int(np.ceil(right - left))


def halo_px(size_px: int) -> int:
    """Width of the halo around letters of this size."""
    return max(1, round(_HALO * size_px))


def write_label(picture: Picture, text: str, corner: tuple[int, int], *, size_px: int, colour: Colour) -> None:
    """Write a label with a dark halo into a picture, in place.

    Parameters
    ----------
    picture : (H, W, 3) uint8
    text : str
    corner : (y, x)
        Upper left corner of the box that `label_size_px` gives; the box lies inside the picture.
    size_px : int
    colour : (red, green, blue)
    """
    height, width = label_size_px(text, size_px)
    box = picture[corner[0] : corner[0] + height, corner[1] : corner[1] + width]
    image = Image.fromarray(np.ascontiguousarray(box))
    halo = halo_px(size_px)
    pen = ImageDraw.Draw(image)
    face = font(size_px, "-Bold")
    pen.text((halo, halo), text, fill=colour, font=face, anchor="lt", stroke_width=halo, stroke_fill=INK)
    box[:] = np.asarray(image)[: box.shape[0], : box.shape[1]]


def wrap(text: str, face: ImageFont.FreeTypeFont, width_px: float) -> list[str]:
    """Break a text at its spaces into lines of at most this width; a word that is longer is broken, too."""
    lines: list[str] = []
    line = ""
    for word in text.split(" "):
        for piece in _pieces(word, face, width_px):
            longer = f"{line} {piece}" if line else piece
            if line and face.getlength(longer) > width_px:
                lines.append(line)
                longer = piece
            line = longer
    return [*lines, line] if line else lines


def _pieces(word: str, face: ImageFont.FreeTypeFont, width_px: float) -> list[str]:
    pieces = [""]
    for letter in word:
        if pieces[-1] and face.getlength(pieces[-1] + letter) > width_px:
            pieces.append("")
        pieces[-1] += letter
    return pieces


def shorten(text: str, face: ImageFont.FreeTypeFont, width_px: float) -> str:
    """Take letters out of a text's middle until it fits; line ends in it, which file names may have, become blanks."""
    text = " ".join(text.splitlines())
    if face.getlength(text) <= width_px:
        return text
    kept = len(text)
    while kept > 2 and face.getlength(_without_middle(text, kept)) > width_px:
        kept -= 1
    return _without_middle(text, kept)


def _without_middle(text: str, kept: int) -> str:
    return text[: kept // 2] + _ELLIPSIS + text[len(text) - (kept - kept // 2) :]
