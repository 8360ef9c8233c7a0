"""Contact sheets: a whole set at a glance, each photo small, with its name and whether it was measured."""

from __future__ import annotations

import cv2
import numpy as np
from PIL import Image, ImageDraw

from skintexture.locate.landmarks import encode_srgb
from skintexture.model import Photo
from skintexture.report.lettering import INK, Colour, font, shorten, wrap
from skintexture.report.overlays import encode_jpeg
from skintexture.report.view import Picture

THUMBNAIL_PX = 160
COLUMNS, ROWS = 12, 10
TILES = COLUMNS * ROWS
"""Photos on a sheet."""

_GAP_PX = 8
_NAME_PX = 12  # height of a name's letters
_LINE_PX = 18
_FRAME_PX = 3
_REFUSED: Colour = (232, 96, 80)
_NAMED: Colour = (214, 214, 220)
_REFUSED_LONGEST_PX = 1200


def thumbnail(photo: Photo, longest_px: int = THUMBNAIL_PX) -> bytes:
    """Make a photo small.

    Parameters
    ----------
    photo : Photo
    longest_px : int
        Of the longer side; a smaller photo is left as it is.

    Returns
    -------
    bytes
        JPEG; same photo, same bytes.
    """
    return encode_jpeg(_shrunk(photo, longest_px), quality=85)


def draw_refused(photo: Photo, reason: str, remedy: str) -> bytes:
    """Show a photo that could not be measured, with the reason below it.

    Parameters
    ----------
    photo : Photo
    reason, remedy : str

    Returns
    -------
    bytes
        JPEG, 600 to 1200 pixels along its longer side and a strip with the text.
    """
    picture = Image.fromarray(_shrunk(photo, _REFUSED_LONGEST_PX))
    width = max(picture.width, 600)
    face, size = font(20), 28
    lines = [*wrap(f"refused: {reason}", face, width - 24), *wrap(f"→ {remedy}", face, width - 24)]
    sheet = Image.new("RGB", (width, picture.height + 24 + size * len(lines)), INK)
    sheet.paste(picture, ((width - picture.width) // 2, 0))
    pen = ImageDraw.Draw(sheet)
    for row, line in enumerate(lines):
        pen.text((12, picture.height + 12 + row * size), line, fill=_NAMED, font=face, anchor="lt")
    return encode_jpeg(np.asarray(sheet))


class ContactSheet:
    """A sheet that fills up, photo by photo."""

    def __init__(self) -> None:
        self._tiles: list[tuple[str, str, bytes]] = []

    def add(self, name: str, refused: str, small: bytes) -> None:
        """Add a photo.

        Parameters
        ----------
        name : str
        refused : str
            Why it was refused; empty where it was measured.
        small : bytes
            Its thumbnail, or nothing where it can't be shown.
        """
        self._tiles.append((name, refused, small))

    @property
    def is_full(self) -> bool:
        return len(self._tiles) == TILES

    @property
    def is_empty(self) -> bool:
        return not self._tiles

    def draw(self) -> bytes:
        """Draw the sheet as a JPEG, and begin a new one."""
        columns = min(COLUMNS, len(self._tiles))
        rows = -(-len(self._tiles) // COLUMNS)
        step_x, step_y = THUMBNAIL_PX + _GAP_PX, THUMBNAIL_PX + _LINE_PX + _GAP_PX
        sheet = Image.new("RGB", (columns * step_x + _GAP_PX, rows * step_y + _GAP_PX), INK)
        for index, tile in enumerate(self._tiles):
            row, column = divmod(index, COLUMNS)
            sheet.paste(_tile(*tile), (_GAP_PX + column * step_x, _GAP_PX + row * step_y))
        self._tiles = []
        return encode_jpeg(np.asarray(sheet), quality=85)


def _tile(name: str, refused: str, small: bytes) -> Image.Image:
    tile = Image.new("RGB", (THUMBNAIL_PX, THUMBNAIL_PX + _LINE_PX), INK)
    pen = ImageDraw.Draw(tile)
    face = font(_NAME_PX)
    if small:
        picture = Image.fromarray(np.asarray(cv2.imdecode(np.frombuffer(small, np.uint8), cv2.IMREAD_COLOR_RGB)))
        tile.paste(picture, ((THUMBNAIL_PX - picture.width) // 2, (THUMBNAIL_PX - picture.height) // 2))
    else:
        for row, line in enumerate(wrap(refused, face, THUMBNAIL_PX - 16)[:8]):
            pen.text((8, 12 + row * _LINE_PX), line, fill=_NAMED, font=face, anchor="lt")
    if refused:
        pen.rectangle((0, 0, THUMBNAIL_PX - 1, THUMBNAIL_PX - 1), outline=_REFUSED, width=_FRAME_PX)
    text = shorten(name, face, THUMBNAIL_PX)
    colour = _REFUSED if refused else _NAMED
    pen.text((THUMBNAIL_PX / 2, THUMBNAIL_PX + 2), text, fill=colour, font=face, anchor="mt")
    return tile


def _shrunk(photo: Photo, longest_px: int) -> Picture:
    """Shrink in linear light, and encode for the screen."""
    zoom = min(1.0, longest_px / max(photo.height_px, photo.width_px))
    size = (max(1, round(photo.width_px * zoom)), max(1, round(photo.height_px * zoom)))
    linear = photo.linear_rgb if zoom == 1.0 else cv2.resize(photo.linear_rgb, size, interpolation=cv2.INTER_AREA)
    return np.asarray(encode_srgb(np.clip(np.asarray(linear, np.float32), 0.0, 1.0)))
