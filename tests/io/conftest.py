"""Photos to be read: one small picture in every format, and the colour profiles that say what its numbers mean."""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Callable, Sequence
from pathlib import Path
from types import SimpleNamespace

import cv2
import numpy as np
import pytest
import tifffile
from PIL import Image

S15F16 = 65536


def tag_xyz(values: Sequence[float]) -> bytes:
    return struct.pack(">4s4x3i", b"XYZ ", *(round(value * S15F16) for value in values))


def tag_para(kind: int, *values: float) -> bytes:
    return struct.pack(f">4s4xH2x{len(values)}i", b"para", kind, *(round(value * S15F16) for value in values))


def tag_curv(*values: int) -> bytes:
    return struct.pack(f">4s4xI{len(values)}H", b"curv", len(values), *values)


def icc_profile(space: bytes, tags: dict[str, bytes], connection: bytes = b"XYZ ") -> bytes:
    """A minimal ICC profile of version 4, from its tags."""
    start = 128 + 4 + 12 * len(tags)
    table, body = b"", b""
    for name, tag in tags.items():
        padded = tag + bytes(-len(tag) % 4)
        table += struct.pack(">4sII", name.encode(), start + len(body), len(tag))
        body += padded
    white = struct.pack(">3i", *(round(value * S15F16) for value in (0.9642, 1.0, 0.8249)))
    kind = b"prtr" if space == b"CMYK" else b"mntr"
    head = struct.pack(
        ">I4sI4s4s4s12x4s4x24x12s48x", start + len(body), b"test", 0x04300000, kind, space, connection, b"acsp", white
    )
    return head + struct.pack(">I", len(tags)) + table + body


def rgb_profile(primaries: Sequence[Sequence[float]], curve: bytes) -> bytes:
    white = {"wtpt": tag_xyz((0.9642, 1.0, 0.8249))}
    colours = {f"{name}XYZ": tag_xyz(xyz) for name, xyz in zip("rgb", primaries, strict=True)}
    return icc_profile(b"RGB ", white | colours | {f"{name}TRC": curve for name in "rgb"})


SRGB_CURVE = tag_para(3, 2.4, 1 / 1.055, 0.055 / 1.055, 1 / 12.92, 0.04045)
SRGB_PRIMARIES = ((0.43607, 0.22249, 0.01392), (0.38515, 0.71687, 0.09708), (0.14307, 0.06061, 0.71410))
P3_PRIMARIES = ((0.51512, 0.24120, -0.00105), (0.29198, 0.69225, 0.04189), (0.15710, 0.06657, 0.78407))
ADOBE_PRIMARIES = ((0.60974, 0.31111, 0.01947), (0.20528, 0.62567, 0.06087), (0.14919, 0.06322, 0.74457))


@pytest.fixture(scope="session")
def profiles() -> dict[str, bytes]:
    return {
        "sRGB": rgb_profile(SRGB_PRIMARIES, SRGB_CURVE),
        "Display P3": rgb_profile(P3_PRIMARIES, SRGB_CURVE),
        "Adobe RGB": rgb_profile(ADOBE_PRIMARIES, tag_curv(563)),
        "grey, gamma 1.8": icc_profile(b"GRAY", {"wtpt": tag_xyz((0.9642, 1, 0.8249)), "kTRC": tag_curv(461)}),
        "CMYK": cmyk_profile(),
    }


def cmyk_profile() -> bytes:
    """Ink tables with two knots an axis: paper is L* 100, full black L* 0, in between L* falls evenly."""
    even = bytes(range(256))
    corners = bytearray()
    for index in range(16):
        black = index & 1
        light = 0 if black else 255 - 40 * (index >> 1).bit_count()
        corners += bytes((light, 128, 128))
    identity = struct.pack(">9i", *(S15F16 * (row == column) for row in range(3) for column in range(3)))
    table = struct.pack(">4s4xBBBx", b"mft1", 4, 3, 2) + identity + even * 4 + bytes(corners) + even * 3
    return icc_profile(b"CMYK", {"wtpt": tag_xyz((0.9642, 1, 0.8249)), "A2B0": table}, b"Lab ")


@pytest.fixture(scope="session")
def icc() -> SimpleNamespace:
    """The pieces of a profile: ``curv`` and ``para`` curves, and a profile of sRGB's primaries with a curve."""
    return SimpleNamespace(
        curv=tag_curv, para=tag_para, with_curve=lambda curve: rgb_profile(SRGB_PRIMARIES, curve), build=icc_profile
    )


@pytest.fixture(scope="session")
def picture() -> np.ndarray:
    """(96, 128, 3) uint8: coloured flat blocks of 16 pixels, no two alike, so that even JPEG keeps them when turned."""
    rng = np.random.default_rng(7)
    blocks = rng.integers(40, 216, (6, 8, 3), dtype=np.uint8)
    return np.kron(blocks, np.ones((16, 16, 1), np.uint8))


@pytest.fixture(scope="session")
def busy() -> np.ndarray:
    """(96, 128, 3) uint8: noise, which does not compress: a cut file misses something."""
    return np.random.default_rng(8).integers(0, 256, (96, 128, 3), dtype=np.uint8)


def png_chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def with_png_chunk(png: bytes, name: bytes, body: bytes) -> bytes:
    """The PNG with one chunk more, right after its header."""
    return png[:33] + png_chunk(name, body) + png[33:]


def png_16(pixels: np.ndarray) -> bytes:
    ordered = pixels if pixels.ndim == 2 else pixels[..., [2, 1, 0, 3][: pixels.shape[2]]]
    return cv2.imencode(".png", ordered)[1].tobytes()


def tiff(pixels: np.ndarray, **options: object) -> bytes:
    file = io.BytesIO()
    options.setdefault("photometric", "minisblack" if pixels.ndim == 2 else "rgb")
    tifffile.imwrite(file, pixels, metadata=None, **options)
    return file.getvalue()


def saved(
    pixels: np.ndarray, kind: str, *, stored: str | None = None, mode: str | None = None, **options: object
) -> bytes:
    """The pixels, which are already ``stored`` as a mode of Pillow, converted to another mode."""
    image = (
        Image.fromarray(pixels) if stored is None else Image.frombytes(stored, pixels.shape[1::-1], pixels.tobytes())
    )
    file = io.BytesIO()
    (image.convert(mode) if mode else image).save(file, kind, **options)
    return file.getvalue()


@pytest.fixture(scope="session")
def encode() -> dict[str, Callable[..., bytes]]:
    """From pixels to the bytes of a file."""
    return {"Pillow": saved, "TIFF": tiff, "PNG 16": png_16, "PNG chunk": with_png_chunk}


@pytest.fixture
def write(tmp_path: Path) -> Callable[..., Path]:
    def write(data: bytes, name: str = "photo.jpg") -> Path:
        path = tmp_path / name
        path.write_bytes(data)
        return path

    return write


def srgb_to_linear(encoded: np.ndarray) -> np.ndarray:
    """IEC 61966-2-1, of values from 0 to 1."""
    return np.where(encoded <= 0.04045, encoded / 12.92, ((encoded + 0.055) / 1.055) ** 2.4)


@pytest.fixture(scope="session")
def linear_of() -> Callable[[np.ndarray], np.ndarray]:
    """Linear light of sRGB samples of 8 or 16 bits."""
    return lambda pixels: srgb_to_linear(pixels / np.iinfo(pixels.dtype).max)
