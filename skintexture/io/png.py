"""PNG files: whole, or refused."""

from __future__ import annotations

import io
import math
import struct
import zlib
from collections.abc import Iterator

from PIL.PngImagePlugin import PngImageFile

from skintexture.errors import PhotoProblem

_SIGNATURE_BYTES = 8
_FRAME_BYTES = 12  # of a chunk: length, name and checksum
_PIXEL_CHUNKS = {b"IHDR", b"tRNS", b"IDAT", b"IEND"}
_STEP_BYTES = 1 << 20  # unpacked at a time
_CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}  # by colour type
_ONE_PASS = ((0, 0, 1, 1),)  # first column and row, and the steps from there
_ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
_SRGB_GAMMA = 0.45455
_SRGB_CHROMATICITY = (0.3127, 0.3290, 0.64, 0.33, 0.30, 0.60, 0.15, 0.06)
_TOLERANCE = 0.01


def open_png(data: bytes) -> PngImageFile:
    """Open a PNG of which every chunk is there and whole.

    Raises
    ------
    ValueError, struct.error
        If a chunk is missing or its checksum is wrong.
    PhotoProblem
        If the file declares colours of its own without a colour profile.
    """
    for name, body, checksum in _chunks(data):
        if zlib.crc32(body, zlib.crc32(name)) != checksum:
            raise ValueError(f"wrong checksum in chunk {name!r}")
    image = PngImageFile(io.BytesIO(data))
    _check_declared_colour(image)
    return image


def png_bits(data: bytes) -> int:
    """Bits per channel of the samples once they are unpacked: 8 or 16."""
    return 16 if data[24] == 16 else 8


def check_pixels(data: bytes) -> None:
    """Check that the pixels are all there: what is missing Pillow would leave black.

    Raises
    ------
    ValueError, zlib.error
        If they end early, or can't be unpacked.
    """
    inflater = zlib.decompressobj()
    found = 0
    for name, body, _ in _chunks(data):
        packed: bytes | memoryview = body if name == b"IDAT" else b""
        while packed:
            found += len(inflater.decompress(packed, _STEP_BYTES))
            packed = inflater.unconsumed_tail
    if found < _unpacked_bytes(data):
        raise ValueError("the pixels end early")


def _unpacked_bytes(data: bytes) -> int:
    width, height, bits, colour, _, _, interlaced = struct.unpack_from(">IIBBBBB", data, 16)
    pixel_bits = bits * _CHANNELS[colour]
    total = 0
    for x, y, step_x, step_y in _ADAM7 if interlaced else _ONE_PASS:
        columns, rows = -((x - width) // step_x), -((y - height) // step_y)
        total += rows * (1 + (columns * pixel_bits + 7) // 8) if columns > 0 else 0
    return total


def pixel_chunks(data: bytes) -> bytes:
    """Return the same PNG with nothing but its pixels: libpng prints what it thinks of profiles and comments."""
    kept = [data[:_SIGNATURE_BYTES]]
    for name, body, checksum in _chunks(data):
        if name in _PIXEL_CHUNKS:
            kept += [struct.pack(">I4s", len(body), name), bytes(body), struct.pack(">I", checksum)]
    return b"".join(kept)


def _chunks(data: bytes) -> Iterator[tuple[bytes, memoryview, int]]:
    """Name, content and stored checksum of every chunk up to the last."""
    view, start, name = memoryview(data), _SIGNATURE_BYTES, b""
    while name != b"IEND":
        length, name = struct.unpack_from(">I4s", data, start)
        end = start + _FRAME_BYTES + length
        (checksum,) = struct.unpack_from(">I", data, end - 4)
        yield name, view[start + 8 : end - 4], checksum
        start = end


def _check_declared_colour(image: PngImageFile) -> None:
    """Refuse a gamma or primaries that aren't sRGB's where no profile says more."""
    if "icc_profile" in image.info or "srgb" in image.info:
        return
    declared = (image.info.get("gamma", _SRGB_GAMMA), *image.info.get("chromaticity", _SRGB_CHROMATICITY))
    expected = (_SRGB_GAMMA, *_SRGB_CHROMATICITY)
    if not all(math.isclose(a, b, abs_tol=_TOLERANCE) for a, b in zip(declared, expected, strict=True)):
        raise PhotoProblem(
            f"the PNG declares a gamma ({declared[0]:.3g}) or primaries that aren't sRGB's, without a colour profile",
            "export the photo as sRGB, or with its colour profile embedded",
        )
