"""Telling what a file is by its first bytes."""

from __future__ import annotations

from skintexture.errors import PhotoProblem

# fmt: off
RAW_SUFFIXES = (
    ".3fr", ".arw", ".cr2", ".cr3", ".crw", ".dng", ".erf", ".iiq", ".mrw", ".nef",
    ".nrw", ".orf", ".pef", ".raf", ".rw2", ".rwl", ".sr2", ".srf", ".srw", ".x3f",
)
# fmt: on
"""Of raw camera files, in lower case; many begin as TIFF does, and are not whole as one."""

_CONVERT = "open it in an image editor and export it as JPEG, PNG or TIFF"
_DEVELOP = "develop it in a raw converter, with the same settings for every photo, and export it as JPEG, PNG or TIFF"
_COPY_AGAIN = "check that this is the right file, and copy it again from the camera or the archive"

_READ = (
    (0, b"\xff\xd8\xff", "JPEG"),
    (0, b"\x89PNG\r\n\x1a\n", "PNG"),
    (0, b"II*\0", "TIFF"),
    (0, b"MM\0*", "TIFF"),
    (0, b"II+\0", "TIFF"),
    (0, b"MM\0+", "TIFF"),
    (8, b"WEBP", "WebP"),
    (0, b"BM", "BMP"),
)
_RAW = (
    (4, b"ftypcrx", "CR3"),
    (8, b"CR\x02\0", "CR2"),
    (0, b"FUJIFILMCCD-RAW", "RAF"),
    (0, b"IIRO", "ORF"),
    (0, b"IIRS", "ORF"),
    (0, b"MMOR", "ORF"),
    (0, b"IIU\0", "RW2"),
    (0, b"FOVb", "X3F"),
    (0, b"\0MRM", "MRW"),
    (6, b"HEAPCCDR", "CRW"),
)
_NOT_READ = (
    (4, b"ftyphei", "a HEIC photo"),
    (4, b"ftyphev", "a HEIC photo"),
    (4, b"ftypmif1", "a HEIF photo"),
    (4, b"ftypmsf1", "a HEIF photo"),
    (4, b"ftypmiaf", "a HEIF photo"),
    (4, b"ftypavi", "an AVIF photo"),
    (4, b"ftyp", "a video"),
    (0, b"GIF8", "a GIF picture"),
    (0, b"%PDF", "a PDF document"),
    (0, b"8BPS", "a Photoshop document"),
    (0, b"\xff\x0a", "a JPEG XL picture"),
    (0, b"\0\0\0\x0cJXL ", "a JPEG XL picture"),
    (0, b"\0\0\0\x0cjP  ", "a JPEG 2000 picture"),
    (0, b"\xff\x4f\xff\x51", "a JPEG 2000 picture"),
    (128, b"DICM", "a DICOM file"),
    (0, b"\x76\x2f\x31\x01", "an OpenEXR picture"),
    (0, b"PK\x03\x04", "a ZIP archive or an office document"),
)


def recognise(data: bytes, suffix: str = "") -> str:
    """Name the format of a file by its first bytes; its suffix tells raw files that begin as TIFF from TIFF.

    Raises
    ------
    PhotoProblem
        If it isn't one of the formats that are read.
    """
    for offset, magic, label in _RAW:
        if data.startswith(magic, offset):
            raise raw_file(label)
    for offset, magic, label in _NOT_READ:
        if data.startswith(magic, offset):
            raise PhotoProblem(f"the file is {label}, which is not read", _CONVERT)
    for offset, magic, label in _READ:
        if data.startswith(magic, offset):
            if label == "TIFF" and suffix.lower() in RAW_SUFFIXES:
                raise raw_file(suffix[1:].upper())
            return label
    content = "it holds text" if _is_text(data[:512]) else "its first bytes are those of no known image format"
    raise PhotoProblem(f"the file is not a photo: {content}", _COPY_AGAIN)


def raw_file(kind: str) -> PhotoProblem:
    """Say that a file is a raw one."""
    return PhotoProblem(f"the file is a raw camera file ({kind}), which is not read", _DEVELOP)


def _is_text(start: bytes) -> bool:
    try:
        text = start.decode("utf-8", errors="strict")
    except UnicodeDecodeError as error:
        text = start[: error.start].decode("utf-8") if error.start > len(start) - 4 else "\0"
    return all(letter.isprintable() or letter.isspace() for letter in text)
