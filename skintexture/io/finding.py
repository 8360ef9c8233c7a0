"""Finding photos: in folders, by patterns, and among files, on this machine or at URLs."""

from __future__ import annotations

import glob
import itertools
import os
import re
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from skintexture.errors import InputError
from skintexture.io.places import Place, files_at
from skintexture.io.signatures import RAW_SUFFIXES

SUFFIXES = (".jpg", ".jpeg", ".png", ".tif", ".tiff", ".webp", ".bmp")
"""Files in a folder are taken for photos by these, in upper or lower case."""

# Photos, too, and not lost in silence: each is a refused row.
_UNREAD_SUFFIXES = (*RAW_SUFFIXES, ".heic", ".heif", ".hif", ".avif", ".gif", ".jxl", ".jp2")

OWN_PICTURES = ("overlays", "refused", "contact_sheets")
"""Folders of pictures that a run writes beside its `provenance.json`."""

RUN_FACTS = "ledger/run.json"
"""What a run writes first, before any picture."""


@dataclass(frozen=True, slots=True)
class PhotoFile:
    """A photo to be read.

    Attributes
    ----------
    name : str
        How it is called in every table: never an absolute path, always with ``/``, unique within a run.
    path : Path or str
        Where it is: a path, or a URL.
    """

    name: str
    path: Place


@dataclass(frozen=True, slots=True)
class FoundPhotos:
    """What a search came to.

    Attributes
    ----------
    photos : list of PhotoFile
        Each file once.
    passed_over : int
        Files in folders, of kinds that can't be read (raw, HEIC, …), beside a photo of the same name: cameras and
        phones write both of one shot.
    """

    photos: list[PhotoFile]
    passed_over: int


@dataclass(frozen=True, slots=True)
class _Found:
    """A photo that was found.

    Attributes
    ----------
    base : Path
        What its name counts from.
    path : Path
        Where it is; of a URL, made into a path so that one rule names all.
    place : Path or str
        Where it is.
    """

    base: Path
    path: Path
    place: Place

    @property
    def identity(self) -> Path:
        """The same for the same file, however it was found."""
        return self.path.resolve() if isinstance(self.place, Path) else self.path

    @property
    def shot(self) -> tuple[Path, str]:
        """The same for files that one release of the shutter gave: IMG_1.CR3 and IMG_1.JPG."""
        return self.path.parent, self.path.stem.casefold()


def find_photos(roots: Sequence[Place], *, results: Place | None = None) -> list[PhotoFile]:
    """Find photos as `search_photos` does, and tell nothing else."""
    return search_photos(roots, results=results).photos


def search_photos(roots: Sequence[Place], *, results: Place | None = None) -> FoundPhotos:
    """Find the photos in folders, by patterns and among files.

    Parameters
    ----------
    roots : sequence of Path or str
        Folders, searched with their subfolders for files that end in one of `SUFFIXES`; patterns (``*``, ``?``,
        ``[…]``; ``**`` for any folders) of such files; and files, taken whatever their suffix. Or URLs of these. Photos
        of kinds that can't be read are taken too, to be refused, unless one that can lies beside, of one name. Hidden
        files and folders are skipped, and so are links to folders, unless they are named here; and so are the pictures
        of results: `OWN_PICTURES` and ``summary.png`` beside a ``provenance.json`` or `RUN_FACTS`.
    results : Path or str, optional
        Folder that results go to; its pictures are skipped too, whether or not an earlier run came to its end.

    Returns
    -------
    FoundPhotos
        In natural order of the names (``img2`` before ``img10``), the same on every system. A photo is
        named by its path within the folder given, or by its file name. Where that would give two files one name, the
        photos of the roots concerned are named by their paths from the folder that those roots have in common.

    Raises
    ------
    InputError
        If a root doesn't exist or can't be listed, or if no photo is found at all.
    """
    missing = [root for root in roots if isinstance(root, Path) and not root.exists() and not _is_pattern(str(root))]
    if missing:
        raise InputError(f"not found: {', '.join(map(str, missing))}", "check the spelling of the paths")
    once: dict[Path, _Found] = {}
    named: set[Path] = set()
    for root in roots:
        for found in _local(root, results) if isinstance(root, Path) else _at_url(root, results):
            once.setdefault(found.identity, found)
            if found.place == root:
                named.add(found.identity)
    if not once:
        raise InputError(
            f"no photo found in {', '.join(map(str, roots)) or 'nothing'}: looked for {' '.join(SUFFIXES)}",
            "give a folder that holds photos, or photos",
        )
    chosen = _one_of_each_shot(once, named)
    apart = named_apart((found.base, found.path) for found in chosen)
    files = [PhotoFile(file.name, found.place) for file, found in zip(apart, chosen, strict=True)]
    return FoundPhotos(sorted(files, key=lambda photo: _natural(photo.name)), len(once) - len(chosen))


def _one_of_each_shot(found: dict[Path, _Found], named: set[Path]) -> list[_Found]:
    """Leave out what can't be read beside what can, unless it was named."""
    unread = {key for key, file in found.items() if key not in named and _ends_in(file.path.name, _UNREAD_SUFFIXES)}
    if not unread:
        return list(found.values())
    shots = {file.shot for key, file in found.items() if key not in unread and _ends_in(file.path.name, SUFFIXES)}
    return [file for key, file in found.items() if key not in unread or file.shot not in shots]


def _is_pattern(text: str) -> bool:
    return glob.has_magic(text)


def _local(root: Path, results: Place | None) -> Iterator[_Found]:
    if root.is_dir():
        yield from (_Found(root, path, path) for path in _photos_in(root, results))
    elif root.exists():
        yield _Found(root.parent, root, root)
    else:
        fixed = Path(*itertools.takewhile(lambda part: not _is_pattern(part), root.parts))
        for path in map(Path, glob.iglob(str(root), recursive=True)):  # noqa: PTH207  (the pattern may be absolute)
            if path.is_file() and _is_photo(path.name):
                yield _Found(fixed, path, path)


def _photos_in(folder: Path, results: Place | None) -> Iterator[Path]:
    def stop(error: OSError) -> None:
        raise InputError(f"can't list {error.filename}: {error.strerror}", "ask for the permission to read it")

    own = results.resolve() if isinstance(results, Path) else None
    for where, folders, files in os.walk(folder, onerror=stop):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        ours = "provenance.json" in files or Path(where, RUN_FACTS).is_file()
        ours = ours or (own is not None and Path(where).resolve() == own)
        if ours:
            folders[:] = [name for name in folders if name not in OWN_PICTURES]
        for name in sorted(files):
            if _is_photo(name) and not (ours and name == "summary.png"):
                yield Path(where, name)


def _is_photo(name: str) -> bool:
    return not name.startswith(".") and (_ends_in(name, SUFFIXES) or _ends_in(name, _UNREAD_SUFFIXES))


def _ends_in(name: str, suffixes: tuple[str, ...]) -> bool:
    return name.lower().endswith(suffixes)


def _at_url(root: str, results: Place | None) -> Iterator[_Found]:
    """Photos below a URL, or that one file."""
    try:
        urls = list(files_at(root))
    except OSError as error:
        raise InputError(f"can't list {root}: {error}", "check the address and the permission to read it") from error
    if urls == [root]:
        yield _Found(_as_path(root).parent, _as_path(root), root)
        return
    home = root.rstrip("/") if not _is_pattern(root) else re.split(r"/[^/]*[*?\[]", root)[0]
    ours = {url.removesuffix("provenance.json") for url in urls if url.endswith("/provenance.json")}
    ours |= {url.removesuffix(RUN_FACTS) for url in urls if url.endswith(f"/{RUN_FACTS}")}
    ours |= {f"{str(results).rstrip('/')}/"} if isinstance(results, str) else set()
    for url in urls:
        inside = url[len(home) + 1 :].split("/")
        own = any(url.startswith(f"{folder}{name}/") for folder in ours for name in OWN_PICTURES)
        hidden = any(part.startswith(".") for part in inside)
        if _is_photo(inside[-1]) and not own and not hidden:
            yield _Found(_as_path(home), _as_path(url), url)


def _as_path(url: str) -> Path:
    return Path("/", url.replace("://", ":/", 1))


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
    pairs = list(files)
    names = names_apart([(str(base), str(path)) for base, path in pairs])
    return [PhotoFile(name, path) for name, (_, path) in zip(names, pairs, strict=True)]


def names_apart(files: Sequence[tuple[str, str]]) -> list[str]:
    """Name files as `named_apart` does; a million of them in seconds."""
    # resolve would follow links
    homes = {base: os.path.abspath(base) for base in {base for base, _ in files}}  # noqa: PTH100
    apart: set[str] = set()
    while True:
        parent = _common_parent(apart)
        froms = {base: parent if home in apart else home for base, home in homes.items()}
        names = [_relative(path, froms[base]) for base, path in files]
        counts = Counter(names)
        clashing = {homes[base] for (base, _), name in zip(files, names, strict=True) if counts[name] > 1}
        if clashing <= apart:
            return names
        apart |= clashing


def _common_parent(folders: set[str]) -> str:
    try:
        return os.path.commonpath(folders) if folders else ""
    except ValueError as error:
        raise InputError(
            "two photos of the same name are on different drives", "copy the photos below one folder"
        ) from error


def _relative(path: str, folder: str) -> str:
    start = folder.rstrip(os.sep) + os.sep
    inside = path[len(start) :] if path.startswith(start) else os.path.relpath(path, folder)
    return as_text(inside.replace(os.sep, "/"))


def as_text(name: str) -> str:
    r"""Write a file name so that tables can hold it: bytes that are not UTF-8, as in old archives, become ``\xe9``."""
    if name.isascii():
        return name
    return os.fsencode(name).decode("utf-8", "backslashreplace")


def _natural(name: str) -> tuple[object, ...]:
    """Sort key: folder by folder, numbers by their value, letters whatever their case; ties by the exact name."""
    pieces = [re.split(r"([0-9]+)", part.casefold()) for part in name.split("/")]
    keys = [[(int(piece), "") if at % 2 else (-1, piece) for at, piece in enumerate(part)] for part in pieces]
    return keys, name
