"""Bad files: each is refused with its reason and a remedy, never read in part, and no library speaks in between."""

from __future__ import annotations

import os
import struct
import subprocess
import sys
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import cv2
import numpy as np
import pytest
from PIL import Image

from skintexture.errors import PhotoProblem
from skintexture.io.jpeg import scan_damage
from skintexture.io.photos import read_photo

FILES = {
    "jpeg": lambda e, p: e["Pillow"](p, "JPEG", quality=95),
    "jpeg_progressive": lambda e, p: e["Pillow"](p, "JPEG", quality=95, progressive=True),
    "png": lambda e, p: e["Pillow"](p, "PNG"),
    "png_16": lambda e, p: e["PNG 16"](p * np.uint16(257)),
    "tiff": lambda e, p: e["Pillow"](p, "TIFF"),
    "tiff_lzw": lambda e, p: e["Pillow"](p, "TIFF", compression="tiff_lzw"),
    "tiff_deflate": lambda e, p: e["TIFF"](p, compression="zlib"),
    "tiff_jpeg": lambda e, p: e["Pillow"](p, "TIFF", compression="jpeg"),
    "tiff_16": lambda e, p: e["TIFF"](p * np.uint16(257)),
    "tiff_16_deflate": lambda e, p: e["TIFF"](p * np.uint16(257), compression="zlib"),
    "tiff_16_big": lambda e, p: e["TIFF"](p * np.uint16(257), bigtiff=True),
    "webp": lambda e, p: e["Pillow"](p, "WEBP"),
    "webp_lossless": lambda e, p: e["Pillow"](p, "WEBP", lossless=True),
    "bmp": lambda e, p: e["Pillow"](p, "BMP"),
}
JUNK = b"not padding, since it says something"


def refusal(path: Path) -> PhotoProblem:
    with pytest.raises(PhotoProblem) as caught:
        read_photo(path)
    problem = caught.value
    assert problem.reason
    assert problem.remedy
    assert str(path.parent) not in str(problem)
    return problem


@pytest.mark.parametrize("kind", FILES)
def test_a_file_cut_anywhere_is_refused_in_silence(kind, encode, busy, write, capfd):
    data = FILES[kind](encode, busy)
    read_photo(write(data))
    inside = [round(len(data) * share) for share in (0.002, 0.01, 0.03, 0.1, 0.3, 0.5, 0.7, 0.9, 0.98)]
    for length in [3, 10, *inside, len(data) - 20, len(data) - 2, len(data) - 1]:
        refusal(write(data[:length]))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", ["png", "png_16", "tiff_deflate"])
def test_damage_within_is_refused_in_silence(kind, encode, busy, write, capfd):
    data = bytearray(FILES[kind](encode, busy))
    middle = len(data) // 2
    data[middle : middle + 50] = bytes(50)
    assert "damaged" in refusal(write(bytes(data))).reason
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("kind", ["jpeg", "jpeg_progressive"])
def test_a_jpeg_out_of_step_is_refused_in_silence(kind, encode, busy, write, capfd):
    data = bytearray(FILES[kind](encode, busy))
    middle = len(data) // 2
    data[middle : middle + 20] = b"\x5a" * 20
    assert "the JPEG file is damaged: " in refusal(write(bytes(data))).reason
    assert capfd.readouterr() == ("", "")


def test_zeros_before_the_end_of_a_jpeg_are_padding(encode, busy, write, capfd):
    data = FILES["jpeg"](encode, busy)
    read_photo(write(data[:-2] + bytes(60) + data[-2:]))
    assert "extraneous bytes" in refusal(write(data[:-2] + JUNK + data[-2:])).reason
    assert capfd.readouterr() == ("", "")


def test_what_an_editor_left_in_the_header_of_a_jpeg_is_no_damage(encode, busy, write, capfd):
    data = FILES["jpeg"](encode, busy)
    for marker in (b"\xff\xdb", b"\xff\xc4", b"\xff\xda"):
        at = data.index(marker)
        read_photo(write(data[:at] + JUNK + data[at:]))
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("quality", [5, 50, 100])
@pytest.mark.parametrize(
    "options",
    [
        {},
        {"progressive": True},
        {"restart_marker_blocks": 3},
        {"restart_marker_rows": 1, "progressive": True},
        {"subsampling": 2, "optimize": True},
        {"comment": b"Corrupt JPEG data: bad Huffman code"},
        {"mode": "CMYK"},
    ],
    ids=str,
)
def test_a_whole_jpeg_is_not_taken_for_damaged(quality, options, encode, busy, capfd):
    data = encode["Pillow"](busy, "JPEG", quality=quality, **options)
    thumbnail = encode["Pillow"](busy[:64, :64], "JPEG")
    with_thumbnail = data[:2] + b"\xff\xe5" + struct.pack(">H", len(thumbnail) + 2) + thumbnail + data[2:]
    filled_up = data[:-2] + b"\xff" * 5 + data[-2:]
    for whole in (data, with_thumbnail, filled_up, data + b"what a phone adds", data + data, data + bytes(999)):
        assert scan_damage(whole) == ""
    assert capfd.readouterr() == ("", "")


def test_what_others_print_while_a_jpeg_is_checked_is_kept(encode, busy, monkeypatch, capfd):
    def decode_beside_another_thread(*_: object) -> None:
        os.write(2, b"of another thread\nCorrupt JPEG data: bad Huffman code\n")

    monkeypatch.setattr(cv2, "imdecode", decode_beside_another_thread)
    assert scan_damage(FILES["jpeg"](encode, busy)) == "bad Huffman code"
    assert capfd.readouterr().err == "of another thread\n"


def test_threads_each_hear_of_their_own_jpeg(encode, busy, capfd):
    whole = FILES["jpeg"](encode, np.tile(busy, (8, 8, 1)))
    junk = whole[:-2] + JUNK + whole[-2:]
    with ThreadPoolExecutor(4) as threads:
        found = list(threads.map(scan_damage, [whole, junk] * 20))
    assert [bool(damage) for damage in found] == [False, True] * 20
    assert capfd.readouterr() == ("", "")


def test_damage_is_found_without_a_standard_error(encode, busy, write):
    data = FILES["jpeg"](encode, busy)
    path = write(data[:-2] + JUNK + data[-2:])
    code = "import sys; from pathlib import Path; from skintexture.io.jpeg import scan_damage; " + (
        "print(scan_damage(Path(sys.argv[1]).read_bytes()))"
    )
    shell = ["sh", "-c", 'exec "$@" 0<&- 2>&-', "sh", sys.executable, "-c", code, str(path)]
    done = subprocess.run(shell, capture_output=True, text=True, check=True)
    assert "extraneous bytes" in done.stdout


@pytest.mark.parametrize("bits", [8, 16])
@pytest.mark.parametrize("interlaced", [0, 1])
def test_a_png_whose_pixels_end_early_is_refused_in_silence(bits, interlaced, write, capfd):
    def png(pixels: bytes) -> bytes:
        head = struct.pack(">IIBBBBB", 100, 100, bits, 2, 0, 0, interlaced)
        return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(pixels)) + chunk(b"IEND", b"")

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    rows = 100 if not interlaced else 13 + 13 + 12 + 25 + 25 + 50 + 50  # of the seven passes over 100 × 100 pixels
    pixels = 100 * 100 * 3 * bits // 8 + rows
    assert read_photo(write(png(bytes(pixels)))).clipped.all()
    assert "damaged" in refusal(write(png(bytes(pixels - 1)))).reason
    assert capfd.readouterr() == ("", "")


@pytest.mark.parametrize("seed", range(12))
def test_random_damage_is_a_photo_problem_or_nothing(seed, encode, busy, write, capfd):
    rng = np.random.default_rng(seed)
    for make in FILES.values():
        data = bytearray(make(encode, busy))
        reach = min(len(data), 600) if seed % 2 else len(data)
        for place in rng.integers(0, reach, 5):
            data[place] = rng.integers(0, 256)
        try:
            read_photo(write(bytes(data)))
        except PhotoProblem as problem:
            assert problem.remedy  # noqa: PT017  (either outcome is right)
    assert capfd.readouterr() == ("", "")


def test_an_empty_file_is_named_as_such(write):
    assert "empty" in refusal(write(b"")).reason


@pytest.mark.parametrize("text", [b"not a photo", "Straße 5, Zürich".encode() * 50, b"<!DOCTYPE html><html></html>"])
def test_text_is_named_as_such(text, write):
    assert "holds text" in refusal(write(text, "photo.jpg")).reason


def test_unknown_bytes_are_no_photo(write):
    assert "no known image format" in refusal(write(b"\xfa\xfb\0\x01" * 100)).reason


@pytest.mark.parametrize(
    ("start", "named"),
    [
        (b"\0\0\0\x18ftypheic", "HEIC"),
        (b"\0\0\0\x18ftypmif1", "HEIF"),
        (b"\0\0\0\x18ftypavif", "AVIF"),
        (b"\0\0\0\x18ftypcrx ", "raw camera file"),
        (b"\0\0\0\x18ftypqt  ", "video"),
        (b"II*\0\x10\0\0\0CR\x02\0", "raw camera file"),
        (b"FUJIFILMCCD-RAW", "raw camera file (RAF)"),
        (b"IIRS\x08\0\0\0", "raw camera file (ORF)"),
        (b"IIU\0\x18\0\0\0", "raw camera file (RW2)"),
        (b"GIF89a", "GIF"),
        (b"%PDF-1.7", "PDF"),
        (b"8BPS", "Photoshop"),
        (b"\0\0\0\x0cJXL \r\n\x87\n", "JPEG XL"),
        (b"\0\0\0\x0cjP  \r\n\x87\n", "JPEG 2000"),
        (bytes(128) + b"DICM", "DICOM"),
        (b"PK\x03\x04", "ZIP"),
    ],
)
def test_other_formats_are_recognised_and_named(start, named, write):
    problem = refusal(write(start + bytes(200), "photo.jpg"))
    assert named in problem.reason
    assert "JPEG, PNG or TIFF" in problem.remedy


def test_a_missing_file_is_named_as_such(tmp_path):
    assert "no such file" in refusal(tmp_path / "gone.jpg").reason


def test_a_folder_is_no_photo(tmp_path):
    (tmp_path / "photos.jpg").mkdir()
    assert "folder" in refusal(tmp_path / "photos.jpg").reason


def test_a_file_that_may_not_be_read_is_named_as_such(encode, picture, write, monkeypatch):
    path = write(encode["Pillow"](picture, "PNG"))

    def refuse(self: Path) -> bytes:
        raise PermissionError(13, "Permission denied", str(self))

    monkeypatch.setattr(Path, "read_bytes", refuse)
    problem = refusal(path)
    assert "may not be read" in problem.reason
    assert "permission" in problem.remedy


def test_a_disk_error_is_the_photo_s_problem(encode, picture, write, monkeypatch):
    path = write(encode["Pillow"](picture, "PNG"))

    def fail(self: Path) -> bytes:
        raise OSError(5, "Input/output error", str(self))

    monkeypatch.setattr(Path, "read_bytes", fail)
    assert "Input/output error" in refusal(path).reason


def test_too_little_memory_is_the_photo_s_problem(encode, picture, write, monkeypatch):
    def fail(*_: object) -> None:
        raise MemoryError

    monkeypatch.setattr("skintexture.io.photos.to_linear", fail)
    assert "memory" in refusal(write(encode["Pillow"](picture, "PNG"))).reason


def resized_in_header(kind: str, data: bytes) -> bytes:
    """The file, whose header says 60000 × 60000 pixels."""
    side = 60_000
    if kind == "png":
        header = struct.pack(">II", side, side) + data[24:29]
        return data[:16] + header + struct.pack(">I", zlib.crc32(b"IHDR" + header)) + data[33:]
    if kind == "jpeg":
        at = data.index(b"\xff\xc0") + 5
        return data[:at] + struct.pack(">HH", side, side) + data[at + 4 :]
    return data[:18] + struct.pack("<ii", side, side) + data[26:]


@pytest.mark.parametrize("kind", ["png", "jpeg", "bmp"])
def test_a_bomb_is_refused_by_its_header(kind, encode, busy, write):
    bomb = resized_in_header(kind, FILES[kind](encode, busy))
    assert "60000 × 60000 pixels, more than" in refusal(write(bomb)).reason


def test_a_tiff_bomb_is_refused_by_its_header(encode, busy, write):
    data = encode["Pillow"](busy, "TIFF")
    for tag in (256, 257):
        entry = data.index(struct.pack("<HHI", tag, 4, 1))
        data = data[: entry + 8] + struct.pack("<I", 60_000) + data[entry + 12 :]
    assert "60000 × 60000 pixels, more than" in refusal(write(data)).reason


@pytest.mark.parametrize("shape", [(63, 200), (200, 63), (1, 1)])
def test_a_tiny_photo_is_refused(shape, encode, busy, write):
    pixels = np.zeros((*shape, 3), np.uint8)
    assert f"{shape[1]} × {shape[0]} pixels; at least 64" in refusal(write(encode["Pillow"](pixels, "PNG"))).reason


def test_64_pixels_are_enough(encode, busy, write):
    assert read_photo(write(encode["Pillow"](busy[:64, :64], "PNG"))).height_px == 64


@pytest.mark.parametrize("kind", ["PNG", "WEBP"])
def test_an_animation_is_refused(kind, encode, busy, write):
    second = Image.fromarray(busy[::-1])
    problem = refusal(write(encode["Pillow"](busy, kind, save_all=True, append_images=[second])))
    assert "animation of 2 frames" in problem.reason


def test_a_tiff_of_two_pages_is_refused(encode, busy, write):
    second = Image.fromarray(busy[::-1])
    problem = refusal(write(encode["Pillow"](busy, "TIFF", save_all=True, append_images=[second])))
    assert "2 pages" in problem.reason
    assert "export each page" in problem.remedy


def test_a_tiff_that_begins_with_a_preview_is_a_raw_file(encode, busy, write):
    assert "raw camera file" in refusal(write(encode["TIFF"](busy, subfiletype=1))).reason


@pytest.mark.parametrize("suffix", [".NEF", ".arw", ".dng", ".pef"])
def test_a_raw_file_is_called_so_though_it_begins_as_tiff(suffix, encode, busy, write):
    data = encode["TIFF"](busy)
    assert read_photo(write(data, "photo.tif")).has_colour
    for broken in (data, data[:100], data[:8]):
        problem = refusal(write(broken, f"photo{suffix}"))
        assert problem.reason == f"the file is a raw camera file ({suffix[1:].upper()}), which is not read"
        assert "raw converter" in problem.remedy


def test_samples_of_a_sensor_are_raw_whatever_the_suffix(encode, write):
    mosaic = encode["TIFF"](np.zeros((96, 96), np.uint16), photometric=32803)
    assert "raw camera file" in refusal(write(mosaic, "photo.tif")).reason


def test_a_dng_is_a_raw_file(encode, busy, write):
    data = encode["TIFF"](busy, extratags=[(50706, 1, 4, (1, 4, 0, 0), True)])
    assert "raw camera file" in refusal(write(data)).reason


@pytest.mark.parametrize(
    ("pixels", "options", "named"),
    [
        (np.zeros((96, 96, 3), np.float32), {}, "32 bits per channel"),
        (np.zeros((96, 96), np.int16), {}, "aren't unsigned integers"),
        (np.zeros((96, 96), np.uint32), {}, "32 bits per channel"),
        (np.zeros((3, 96, 96), np.uint16), {"planarconfig": "separate"}, "not read"),
        (np.zeros((96, 96), np.uint16), {"photometric": "miniswhite"}, "not read"),
        (np.zeros((96, 96, 2), np.uint16), {"photometric": "minisblack", "extrasamples": ["unassalpha"]}, "not read"),
        (np.zeros((96, 96, 4), np.uint16), {"extrasamples": ["unspecified"]}, "not read"),
        (np.zeros((96, 96, 3), np.uint8), {"photometric": "cielab"}, "not read"),
    ],
    ids=["float", "signed", "32 bits", "planes", "inverted", "grey and alpha", "a spare channel", "Lab"],
)
def test_samples_that_can_t_be_read_exactly_are_refused(pixels, options, named, encode, write):
    problem = refusal(write(encode["TIFF"](pixels, **options)))
    assert named in problem.reason
    assert "8 or 16 bits" in problem.remedy


@pytest.mark.parametrize("kind", ["PNG", "TIFF", "BMP"])
def test_black_and_white_drawings_are_refused(kind, encode, busy, write):
    problem = refusal(write(encode["Pillow"](busy, kind, mode="1")))
    assert "8 or 16 bits" in problem.remedy


def test_a_photo_that_is_transparent_everywhere_is_refused(encode, busy, write):
    pixels = np.dstack([busy, np.zeros(busy.shape[:2], np.uint8)])
    assert "transparent everywhere" in refusal(write(encode["Pillow"](pixels, "PNG"))).reason
