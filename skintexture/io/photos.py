"""Photographs: finding them in folders, and reading one into linear light.

`read_photo` is the only reader of this package: every stage sees the same pixels, upright, in the same colours.
"""

from __future__ import annotations

import hashlib
import os
import re
import stat
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import cv2
import numpy as np

from skintexture.errors import InputError, PhotoProblem
from skintexture.io.colour import Samples, to_linear
from skintexture.io.formats import Decoded, decode
from skintexture.model import BoolImage, Photo

SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp")
"""Files in a folder are taken for photos by these, in upper or lower case."""

_MAX_FILE_BYTES = 4 << 30  # more than 300 megapixels of 16 bits ever need


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """A photo to be read.

    Attributes
    ----------
    name : str
        How it is called in every table: never an absolute path, always with ``/``, unique within a run.
    path : Path
        Where it is.
    """

    name: str
    path: Path


def read_photo(path: Path, *, name: str | None = None) -> Photo:
    """Read one photograph, turn it upright and bring it to linear light.

    JPEG, PNG, TIFF, WebP and BMP; 8 and 16 bits per channel; grey, colour, palette, CMYK. What the file is is decided
    by its content, not by its suffix. EXIF orientation is applied. An embedded ICC profile is honoured: curves and a
    matrix (Display P3, Adobe RGB, …) at full precision and without clipping colours to sRGB's gamut; look-up tables
    (CMYK) with littleCMS at 8 bits. A file without a profile is sRGB, unless its EXIF says Adobe RGB.

    Parameters
    ----------
    path : Path
        The file. It is read once.
    name : str, optional
        How the photo is called in tables; the file's own name by default.

    Returns
    -------
    Photo
        Its ``clipped`` marks a pixel where any channel is at the top of the file's range, or all are at the bottom, or
        which isn't opaque. In lossy files the last two numbers at either end count, since compression rings. A
        pixel under transparency keeps the colour that the file stores for it.

    Raises
    ------
    PhotoProblem
        If the file is missing, unreadable, empty, damaged, incomplete, of another format, an animation or of several
        pages, smaller than 64 pixels on a side or larger than 300 megapixels (found from the header). A photo is never
        read in part.

    Notes
    -----
    The two photos of a comparison are on one scale of light only relative to their own white: exposure is not known.
    """
    data = _read_bytes(path)
    try:
        decoded = decode(data)
        linear_rgb = to_linear(decoded.pixels, decoded.encoding)
    except MemoryError as error:
        raise PhotoProblem("the photo needs more memory than there is", "use fewer workers") from error
    return Photo(
        name=path.name if name is None else name,
        sha256=hashlib.sha256(data).hexdigest(),
        linear_rgb=linear_rgb,
        clipped=_clipped(decoded),
        has_colour=decoded.pixels.ndim == 3,
        bits=decoded.storage.bits,
        chroma_full=decoded.storage.chroma_full,
        jpeg_quality=decoded.storage.jpeg_quality,
        focal_length_35mm=decoded.focal_length_35mm,
    )


def _read_bytes(path: Path) -> bytes:
    try:
        status = path.stat()
        if not stat.S_ISREG(status.st_mode):
            found = "a folder" if stat.S_ISDIR(status.st_mode) else "no ordinary file"
            raise PhotoProblem(f"this is {found}", "name a photo")
        if status.st_size > _MAX_FILE_BYTES:
            size = f"{status.st_size / 2**30:.1f} GiB"
            raise PhotoProblem(f"the file is too large ({size}; up to 4 are read)", "check that it is a photo")
        data = path.read_bytes()
    except FileNotFoundError as error:
        raise PhotoProblem("there is no such file", "check the path; was the file moved or renamed?") from error
    except PermissionError as error:
        raise PhotoProblem("the file may not be read", "ask for the permission to read it") from error
    except OSError as error:
        reason = f"the file can't be read ({error.strerror or type(error).__name__})"
        raise PhotoProblem(reason, "check the disk or the network share that it is on") from error
    if not data:
        raise PhotoProblem("the file is empty", "copy it again from the camera or the archive")
    return data


def _clipped(decoded: Decoded) -> BoolImage:
    """Where a value is not known: at the ends of the file's range, or not opaque."""
    margin = 1 if decoded.storage.lossy else 0
    top = np.iinfo(decoded.pixels.dtype).max - margin
    clipped: BoolImage = ~_all_between(decoded.pixels, 0, top - 1) | _all_between(decoded.pixels, 0, margin)
    if decoded.opaque is not None:
        clipped |= ~decoded.opaque
    return clipped


def _all_between(pixels: Samples, low: int, high: int) -> BoolImage:
    """Where all channels are within these numbers, both included."""
    return cv2.inRange(pixels, (low,) * 4, (high,) * 4).astype(np.bool_)


def find_photos(roots: Sequence[Path], *, results: Path | None = None) -> list[PhotoFile]:
    """Find the photos in folders and among files.

    Parameters
    ----------
    roots : sequence of Path
        Folders, searched with their subfolders for files that end in one of `SUFFIXES`; and files, taken whatever
        their suffix. Hidden files and folders are skipped, and so are links to folders, unless they are named here;
        and so are the pictures of results: ``overlays`` and ``changes.png`` beside a ``provenance.json``.
    results : Path, optional
        Folder that results go to; its pictures are skipped too, whether or not an earlier run came to its end.

    Returns
    -------
    list of PhotoFile
        Each file once, in natural order of the names (``img2`` before ``img10``), the same on every system. A photo is
        named by its path within the folder given, or by its file name. Where that would give two files one name, the
        photos of the roots concerned are named by their paths from the folder that those roots have in common.

    Raises
    ------
    InputError
        If a root doesn't exist or can't be listed, or if no photo is found at all.
    """
    missing = [root for root in roots if not root.exists()]
    if missing:
        raise InputError(f"not found: {', '.join(map(str, missing))}", "check the spelling of the paths")
    once: dict[Path, tuple[Path, Path]] = {}
    for root in roots:
        base = root if root.is_dir() else root.parent
        for path in _photos_in(root, results) if root.is_dir() else (root,):
            once.setdefault(path.resolve(), (base, path))
    if not once:
        raise InputError(
            f"no photo found in {', '.join(map(str, roots)) or 'nothing'}: looked for {' '.join(SUFFIXES)}",
            "give a folder that holds photos, or photos",
        )
    return sorted(named_apart(once.values()), key=lambda photo: _natural(photo.name))


def _photos_in(folder: Path, results: Path | None) -> Iterator[Path]:
    def stop(error: OSError) -> None:
        raise InputError(f"can't list {error.filename}: {error.strerror}", "ask for the permission to read it")

    for where, folders, files in os.walk(folder, onerror=stop):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        ours = "provenance.json" in files or (results is not None and Path(where).resolve() == results.resolve())
        if ours:
            folders[:] = [name for name in folders if name != "overlays"]
        for name in sorted(files):
            if not name.startswith(".") and not (ours and name == "changes.png") and name.lower().endswith(SUFFIXES):
                yield Path(where, name)


def named_apart(files: Iterable[tuple[Path, Path]]) -> list[PhotoFile]:
    """Name every file by its path from its base, and where names clash, from the common parent of those bases.

    Parameters
    ----------
    files : iterable of (base, path)
        The folder that a file was found in, and the file; every file once.

    Returns
    -------
    list of PhotoFile
        In the order given, no two names the same.
    """
    pairs = [(Path(os.path.abspath(base)), path) for base, path in files]  # noqa: PTH100  (resolve would follow links)
    apart: set[Path] = set()
    while True:
        parent = _common_parent(apart)
        names = [_relative(path, parent if base in apart else base) for base, path in pairs]
        counts = Counter(names)
        clashing = {base for (base, _), name in zip(pairs, names, strict=True) if counts[name] > 1}
        if clashing <= apart:
            return [PhotoFile(name, path) for name, (_, path) in zip(names, pairs, strict=True)]
        apart |= clashing


def _common_parent(folders: set[Path]) -> Path:
    try:
        return Path(os.path.commonpath(folders)) if folders else Path()
    except ValueError as error:
        raise InputError(
            "two photos of the same name are on different drives", "copy the photos below one folder"
        ) from error


def _relative(path: Path, folder: Path) -> str:
    return as_text(Path(os.path.relpath(path, folder)).as_posix())


def as_text(name: str) -> str:
    r"""Write a file name so that tables can hold it: bytes that are not UTF-8, as in old archives, become ``\xe9``."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _natural(name: str) -> tuple[object, ...]:
    """Sort key: folder by folder, numbers by their value, letters whatever their case; ties by the exact name."""
    pieces = [re.split(r"([0-9]+)", part.casefold()) for part in name.split("/")]
    keys = [[(int(piece), "") if at % 2 else (-1, piece) for at, piece in enumerate(part)] for part in pieces]
    return keys, name
