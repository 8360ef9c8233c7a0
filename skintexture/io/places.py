"""Places of files: paths on this machine, and URLs that a remote file system (fsspec) reads and writes.

No connection is opened for a path; for a URL, the user has named where to.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote, urlsplit

from skintexture.errors import InputError

if TYPE_CHECKING:
    from fsspec import AbstractFileSystem

Place = Path | str
"""Where a file is: a path, or a URL as text."""

_URL = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+://")
_EXTRAS = {"s3": "s3", "s3a": "s3", "gs": "gs", "gcs": "gs", "http": "http", "https": "http"}


def is_url(text: object) -> bool:
    """Whether this is the URL of a remote place; a path, a drive letter included, is not."""
    return isinstance(text, str) and _URL.match(text) is not None


def place_of(text: str | Path) -> Place:
    """Tell a URL from a path; ``file://`` is a path.

    Raises
    ------
    InputError
        It is empty: as a path it would be the working folder.
    """
    if text == "":
        raise InputError("an empty name was given", "check what the command or variable was to hold")
    if not is_url(text):
        return Path(text)
    text = str(text)
    return Path(unquote(urlsplit(text).path)) if text.startswith("file://") else text


def join(folder: Place, name: str) -> Place:
    """Place of a file below a folder; ``name`` is its path from there, with ``/``."""
    return folder / name if isinstance(folder, Path) else f"{folder.rstrip('/')}/{name}"


def last_name(place: Place) -> str:
    """Return the file's own name."""
    return place.name if isinstance(place, Path) else place.rstrip("/").rsplit("/", 1)[-1]


def file_system(url: str) -> tuple[AbstractFileSystem, str]:
    """Find what reads a URL, and the place's name there.

    Raises
    ------
    InputError
        If it isn't installed, or there is no such kind of URL.
    """
    scheme = url.partition("://")[0].lower()
    extra = _EXTRAS.get(scheme)
    try:
        from fsspec.core import url_to_fs  # remote places are an extra

        system, path = url_to_fs(url)
    except (ImportError, ValueError) as error:
        if extra is None:
            raise InputError(f"{scheme}:// can't be read ({error})", "copy the files to this machine") from error
        raise InputError(f"{scheme}:// needs more libraries", f"pip install 'skintexture[{extra}]'") from error
    return system, path


@contextmanager
def remote() -> Iterator[None]:
    """Turn whatever a remote store's own libraries raise into OSError."""
    try:
        yield
    except (OSError, InputError):
        raise
    except Exception as error:
        # Each store has exceptions of its own (credentials, time-outs, protocol), with no root in common.
        raise OSError(f"{type(error).__name__}: {error}") from error


def files_at(url: str) -> list[str]:
    """List every file below a URL, that fits it as a pattern, or that it names; asked anew each time.

    Raises
    ------
    OSError
        If the store can't be asked, or has no such thing.
    """
    system, path = file_system(url)
    with remote():
        system.invalidate_cache()
        if any(mark in path for mark in "*?["):
            found = [name for name in system.glob(path) if not name.endswith("/")]
        elif system.isfile(path):
            return [url]
        else:
            found = system.find(path)
        if not found:
            raise FileNotFoundError(f"there is nothing at {url}")
        scheme = url.partition("://")[0]
        return [name if is_url(name) else f"{scheme}://{name.lstrip('/')}" for name in found]
