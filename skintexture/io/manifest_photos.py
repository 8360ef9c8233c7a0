"""The photos that a manifest names: where they are, what they are called, and what is wrong with them."""

from __future__ import annotations

import os
import stat
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from skintexture.io.finding import as_text, names_apart
from skintexture.io.places import Place, is_url, join

_NO_FILE, _URL, _FILE = 0, 1, 2


@dataclass(frozen=True, slots=True)
class LocatedPhotos:
    """Photos of a manifest, in its order.

    Attributes
    ----------
    places : list of str
        Path or URL of each.
    missing : (K,) int64
        Rows whose photo isn't there.
    again : (L, 2) int64
        Rows whose photo is that of an earlier row, and which that is.
    home : str
        The manifest's own folder, as places begin with it; with a separator at its end.
    """

    places: list[str]
    missing: NDArray[np.int64]
    again: NDArray[np.int64]
    home: str

    def names(self) -> list[str]:
        """Name every photo by its path from the manifest's folder; further photos so that no two names are the same."""
        start = len(self.home)
        if all(place.startswith(self.home) for place in self.places):
            return [as_text(place[start:].replace(os.sep, "/")) for place in self.places]
        return _names_apart(self.places, self.home)


def locate_photos(written: Iterable[str], folder: Place) -> LocatedPhotos:
    """Find the photos.

    Parameters
    ----------
    written : iterable of str
        Path or URL of each, as in the manifest; empty text is passed over.
    folder : Path or str
        That relative paths count from.

    Returns
    -------
    LocatedPhotos
        Photos at URLs are taken to be there.
    """
    places = [_located(text, folder) for text in written]
    home = f"{folder}/" if is_url(folder) else os.path.join(os.path.abspath(folder), "")  # noqa: PTH100, PTH118
    kind = np.zeros(len(places), dtype=np.int8)
    device, number = (np.zeros(len(places), dtype=np.uint64) for _ in range(2))
    for index, place in enumerate(places):
        if is_url(place):
            kind[index] = _URL
        elif place and (found := _regular(place)) is not None:
            kind[index] = _FILE
            device[index], number[index] = found
    # A URL is known by its text: the same text has the same place among the different ones.
    texts = pa.array(places, pa.string()).dictionary_encode().indices.to_numpy().astype(np.uint64)
    number = np.where(kind == _URL, texts, number)
    named = np.array([bool(place) for place in places])
    return LocatedPhotos(places, np.flatnonzero(named & (kind == _NO_FILE)), _again(kind, device, number), home)


def _located(text: str, folder: Place) -> str:
    if not text or is_url(text):
        return text
    if isinstance(folder, str):
        return str(join(folder, text))
    return os.path.abspath(os.path.join(folder, text))  # noqa: PTH100, PTH118  (a million of them; no link followed)


def _regular(path: str) -> tuple[int, int] | None:
    """Return what tells a file apart, by whatever path it is named; None where there is none."""
    try:
        status = os.stat(path)  # noqa: PTH116  (a million of them)
    except (OSError, ValueError):  # a folder that may not be entered, a name too long
        return None
    if not stat.S_ISREG(status.st_mode):
        return None
    # Hard links are files of their own to whoever made them: told apart by their paths.
    own = status.st_ino if status.st_nlink < 2 else hash(os.path.realpath(path))
    return status.st_dev & 0xFFFFFFFFFFFFFFFF, own & 0xFFFFFFFFFFFFFFFF


def _again(kind: NDArray[np.int8], device: NDArray[np.uint64], number: NDArray[np.uint64]) -> NDArray[np.int64]:
    """Find photos that an earlier row names too: pairs of (later, first), in the order of the later."""
    there = np.flatnonzero(kind != _NO_FILE)
    order = there[np.lexsort((there, number[there], device[there], kind[there]))]
    if not len(order):
        return np.zeros((0, 2), dtype=np.int64)
    is_first = np.ones(len(order), dtype=bool)
    is_first[1:] = np.any([values[order][1:] != values[order][:-1] for values in (kind, device, number)], axis=0)
    first = order[np.maximum.accumulate(np.where(is_first, np.arange(len(order)), 0))]
    pairs = np.stack([order[~is_first], first[~is_first]], axis=1)
    return pairs[np.argsort(pairs[:, 0])]


def _names_apart(places: list[str], home: str) -> list[str]:
    """Name photos of which some are not below the manifest's own folder: those by their own folders."""
    inside = os.path.dirname(_as_path(home))  # noqa: PTH120  (a million of them below)
    paths = [_as_path(place) for place in places]
    return names_apart(
        [(inside if path.startswith(inside + os.sep) else os.path.dirname(path), path) for path in paths]  # noqa: PTH120
    )


def _as_path(place: str) -> str:
    return f"{os.sep}{place.replace('://', ':/', 1)}" if is_url(place) else place
