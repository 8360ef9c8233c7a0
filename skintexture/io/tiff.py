"""TIFF files: one photograph of 8 or 16 bits, or refused."""

from __future__ import annotations

import io
from collections.abc import Iterator, Mapping
from typing import Any

from PIL.TiffImagePlugin import ImageFileDirectory_v2, TiffImageFile

from skintexture.errors import PhotoProblem
from skintexture.io.signatures import raw_file

_SUBFILE, _WIDTH, _BITS, _COMPRESSION, _PHOTOMETRIC = 254, 256, 258, 259, 262
_CHANNELS, _PLANAR, _EXTRA_SAMPLES, _SAMPLE_FORMAT, _DNG_VERSION = 277, 284, 338, 339, 50706
_MOST_CHANNELS = 5  # cyan, magenta, yellow, black and transparency
_REDUCED = 1  # bit of the subfile type: a smaller copy of another page
_GREY_INVERTED, _GREY, _RGB, _PALETTE, _CMYK, _YCBCR = 0, 1, 2, 3, 5, 6
_OF_SENSORS = {32803, 34892}  # a mosaic of colours, or what was made of one
_JPEG = 7
_TRANSPARENCY = {(1,), (2,)}
_LOSSY = {6, _JPEG, 34892, 50001, 52546}  # JPEG old and new, lossy DNG, WebP, JPEG XL
_INTEGER = 1
_FEW_PAGES = 100  # beyond this no one keeps thumbnails: don't walk a damaged file for ever
_CONVERT = "open it in an image editor, flatten it, and export it as TIFF or PNG, RGB, 8 or 16 bits per channel"

_Tags = Mapping[int, Any]


def open_tiff(data: bytes) -> TiffImageFile:
    """Open a TIFF that holds one photograph in samples that can be read exactly.

    Raises
    ------
    ValueError, and what Pillow raises
        If the file is damaged.
    PhotoProblem
        If it holds several pages, a raw image, or samples of another kind.
    """
    pages = list(_pages(data))
    if not pages or _WIDTH not in pages[0]:
        raise ValueError("no page")
    _check_pages(pages)
    _check_samples(pages[0])
    return TiffImageFile(io.BytesIO(data))


def tiff_bits(image: TiffImageFile) -> int:
    """Bits per channel as stored: 8 or 16."""
    return int(_bits(image.tag_v2)[0])


def is_lossy(image: TiffImageFile) -> bool:
    """Whether the compression may have changed the samples."""
    return image.tag_v2.get(_COMPRESSION, 1) in _LOSSY


def _pages(data: bytes) -> Iterator[_Tags]:
    file = io.BytesIO(data)
    is_big = b"+" in data[2:4]
    directory = ImageFileDirectory_v2(data[:16] if is_big else data[:8])
    seen: set[int] = set()
    while directory.next and directory.next not in seen and len(seen) < _FEW_PAGES:
        seen.add(directory.next)
        file.seek(directory.next)
        directory.load(file)
        yield dict(directory)


def _check_pages(pages: list[_Tags]) -> None:
    if _DNG_VERSION in pages[0]:
        raise raw_file("DNG")
    if pages[0].get(_SUBFILE, 0) & _REDUCED:
        raise raw_file("or one that begins with a preview")
    if any(page.get(_PHOTOMETRIC) in _OF_SENSORS for page in pages):
        raise raw_file("samples of a sensor")
    whole = sum(not page.get(_SUBFILE, 0) & _REDUCED for page in pages)
    if whole > 1:
        raise PhotoProblem(f"the TIFF holds {whole} pages, and only one can be the photo", "export each page as a file")


def _bits(tags: _Tags) -> tuple[int, ...]:
    return tuple(tags.get(_BITS, (1,)))


def _check_samples(tags: _Tags) -> None:
    bits, formats = _bits(tags), tuple(tags.get(_SAMPLE_FORMAT, (_INTEGER,)))
    if set(bits) not in ({8}, {16}) or set(formats) != {_INTEGER}:
        kind = "unsigned integers" if set(formats) == {_INTEGER} else "numbers that aren't unsigned integers"
        raise PhotoProblem(
            f"the TIFF stores {max(bits)} bits per channel as {kind}; unsigned integers of 8 or 16 bits are read",
            _CONVERT,
        )
    if not (_is_read_at_16_bits(tags) if bits[0] == 16 else _is_read_at_8_bits(tags)):
        raise PhotoProblem("the TIFF stores its channels in a way that is not read", _CONVERT)


def _is_read_at_8_bits(tags: _Tags) -> bool:
    colour = tags.get(_PHOTOMETRIC)
    if tags.get(_CHANNELS, 1) > _MOST_CHANNELS:
        return False
    if colour == _YCBCR:
        return tags.get(_COMPRESSION) == _JPEG
    return colour in {_GREY_INVERTED, _GREY, _RGB, _PALETTE, _CMYK}


def _is_read_at_16_bits(tags: _Tags) -> bool:
    """Whether OpenCV's reader gets it right: not planes one by one, nor grey with transparency or inverted."""
    channels = tags.get(_CHANNELS, 1)
    if channels == 1:
        return tags.get(_PHOTOMETRIC) == _GREY
    is_chunky = tags.get(_PLANAR, 1) == 1
    is_known = channels == 3 or (channels == 4 and tags.get(_EXTRA_SAMPLES) in _TRANSPARENCY)
    return tags.get(_PHOTOMETRIC) == _RGB and is_chunky and is_known
