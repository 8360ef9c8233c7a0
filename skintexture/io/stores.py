"""Folders for results, on this machine or in an object store: files appear whole or not at all."""

from __future__ import annotations

import io
import os
import re
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import BinaryIO, Protocol

from skintexture.errors import InputError, OutputError
from skintexture.io.places import Place, file_system, join, place_of, remote
from skintexture.io.tables import cant_write, sync, write_bytes

_ATOMIC = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "memory")  # where what is put appears in one step
_UNFINISHED = re.compile(r"\.[0-9a-f]{16}\.tmp")


class Store(Protocol):
    """A folder for results. Names are paths below it, with ``/``."""

    def place(self, name: str) -> Place:
        """Where a file of this name is."""

    def read(self, name: str) -> bytes:
        """Return a file's content; FileNotFoundError where there is none."""

    def open(self, name: str) -> BinaryIO:
        """Open a file to read parts of it; FileNotFoundError where there is none."""

    def write(self, data: bytes, name: str) -> None:
        """Write a file whole, or not at all; OutputError."""

    def append(self, text: str, name: str) -> None:
        """Add lines to a file of lines; OutputError. In an object store they appear when `held` ends."""

    def put(self, file: Path, name: str) -> None:
        """Move a finished file of this machine there, in one step; OutputError."""

    def put_folder(self, folder: Path, name: str) -> None:
        """Move a folder of finished files there; one that was there before goes first."""

    def names(self, folder: str) -> list[str]:
        """Names of the files right in a folder, sorted; none where there is no such folder."""

    def remove(self, name: str) -> None:
        """Remove a file or folder, if it is there; OutputError."""

    def staging(self) -> AbstractContextManager[Path]:
        """Give a folder of this machine for unfinished files; it goes in the end."""

    def held(self) -> AbstractContextManager[None]:
        """Keep other runs out; OutputError where one is at work."""


class LocalStore:
    """A folder of this machine, or a shared one."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def place(self, name: str) -> Path:
        return self.root / name

    def read(self, name: str) -> bytes:
        return (self.root / name).read_bytes()

    def open(self, name: str) -> BinaryIO:
        return (self.root / name).open("rb")

    def write(self, data: bytes, name: str) -> None:
        write_bytes(data, self.root / name)

    def append(self, text: str, name: str) -> None:
        path = self.root / name
        with cant_write(path), path.open("a+b") as file:
            end = file.seek(0, os.SEEK_END)
            if end:
                file.seek(end - 1)
                # A run that was killed may have left half a line.
                text = text if file.read(1) == b"\n" else f"\n{text}"
            file.write(text.encode("utf-8", "backslashreplace"))

    def put(self, file: Path, name: str) -> None:
        target = self.root / name
        with cant_write(target):
            target.parent.mkdir(parents=True, exist_ok=True)
            if target.is_dir():
                self.remove(name)
            file.replace(target)
            sync(target.parent)

    def put_folder(self, folder: Path, name: str) -> None:
        self.remove(name)
        with cant_write(self.root / name):
            folder.replace(self.root / name)
            sync(self.root)

    def names(self, folder: str) -> list[str]:
        where = self.root / folder
        if not where.is_dir():
            return []
        return sorted(path.name for path in where.iterdir() if path.is_file())

    def remove(self, name: str) -> None:
        path = self.root / name
        with cant_write(path):
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path)
            else:
                path.unlink(missing_ok=True)

    @contextmanager
    def staging(self) -> Iterator[Path]:
        # Beside the results: what is moved within one file system appears in one step.
        folder = self.root / f".{secrets.token_hex(8)}.tmp"
        with cant_write(folder):
            folder.mkdir(parents=True)
        try:
            yield folder
        finally:
            shutil.rmtree(folder, ignore_errors=True)

    @contextmanager
    def held(self) -> Iterator[None]:
        if self.root.exists() and not self.root.is_dir():
            raise OutputError(f"{self.root} is a file, and results can't be written into it", "name a folder")
        with cant_write(self.root):
            self.root.mkdir(parents=True, exist_ok=True)
            handle = os.open(self.root / ".lock", os.O_RDWR | os.O_CREAT, 0o666)
        try:
            _lock(handle, self.root)
            self._sweep()
            yield
        finally:
            os.close(handle)

    def _sweep(self) -> None:
        """Remove what a run that was killed left unfinished."""
        for folder in (self.root, self.root / "ledger"):
            for path in folder.iterdir() if folder.is_dir() else ():
                if _UNFINISHED.fullmatch(path.name):
                    self.remove(str(path.relative_to(self.root)))


def _lock(handle: int, root: Path) -> None:
    """Lock an open file for as long as this process has it open; the system lets go of it if the process is killed."""
    try:
        import fcntl  # not on Windows, where the folder stays unlocked
    except ImportError:
        return
    try:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise OutputError(f"another run is writing to {root}", "wait for its end, or choose another folder") from error
    except OSError:
        return  # a network file system without locks


class RemoteStore:
    """A folder of an object store. Only one run may write to it at a time: nothing locks it."""

    def __init__(self, url: str) -> None:
        self.url = url.rstrip("/")
        self._files, self._root = file_system(self.url)
        self._lines: dict[str, list[str]] = {}

    def place(self, name: str) -> str:
        return str(join(self.url, name))

    def read(self, name: str) -> bytes:
        with remote():
            return bytes(self._files.cat_file(self._path(name)))

    def open(self, name: str) -> BinaryIO:
        return io.BytesIO(self.read(name))

    def write(self, data: bytes, name: str) -> None:
        with cant_write(self.place(name)), remote():
            self._files.pipe_file(self._path(name), data)

    def append(self, text: str, name: str) -> None:
        self._lines.setdefault(name, []).append(text)

    def put(self, file: Path, name: str) -> None:
        with cant_write(self.place(name)), remote():
            self._files.put_file(str(file), self._path(name))

    def put_folder(self, folder: Path, name: str) -> None:
        self.remove(name)
        for file in sorted(folder.iterdir()):
            self.put(file, f"{name}/{file.name}")

    def names(self, folder: str) -> list[str]:
        where = self._path(folder) if folder else self._root
        with remote():
            self._files.invalidate_cache()
            try:
                found = self._files.ls(where, detail=True)
            except FileNotFoundError:
                return []
        # Asked for a file, a store lists that file.
        files = [
            facts["name"] for facts in found if facts["type"] == "file" and facts["name"].strip("/") != where.strip("/")
        ]
        return sorted(name.rsplit("/", 1)[-1] for name in files)

    def remove(self, name: str) -> None:
        with cant_write(self.place(name)), remote():
            self._files.invalidate_cache()
            if self._files.exists(self._path(name)):
                self._files.rm(self._path(name), recursive=True)

    @contextmanager
    def staging(self) -> Iterator[Path]:
        with tempfile.TemporaryDirectory() as folder:
            yield Path(folder)

    @contextmanager
    def held(self) -> Iterator[None]:
        try:
            yield
        finally:
            for name, texts in self._lines.items():
                self._append_now("".join(texts), name)
            self._lines.clear()

    def _append_now(self, text: str, name: str) -> None:
        try:
            before = self.read(name)
        except FileNotFoundError:
            before = b""
        self.write(before + text.encode("utf-8", "backslashreplace"), name)

    def _path(self, name: str) -> str:
        return f"{self._root.rstrip('/')}/{name}"


def store_at(text: str | Path) -> Store:
    """Open a folder for results by its path or URL.

    Raises
    ------
    InputError
        If the URL is of no object store.
    """
    place = place_of(text)
    if isinstance(place, Path):
        return LocalStore(place)
    if place.partition("://")[0].lower() not in _ATOMIC:
        raise InputError(
            f"results can't be written to {place}: half-written files would show there",
            "name a folder, or an object store (s3://, gs://, az://)",
        )
    return RemoteStore(place)


def read_place(place: Place) -> bytes:
    """Return a file's content; OSError where it can't be read."""
    if isinstance(place, Path):
        return place.read_bytes()
    files, path = file_system(place)
    with remote():
        return bytes(files.cat_file(path))


def size_of(place: Place) -> int:
    """Return a file's size in bytes; OSError where it can't be told."""
    if isinstance(place, Path):
        return place.stat().st_size
    files, path = file_system(place)
    with remote():
        return int(files.size(path) or 0)


def write_place(data: bytes, place: Place) -> None:
    """Write a file whole, or not at all.

    Raises
    ------
    OutputError
        If it can't be written.
    """
    if isinstance(place, Path):
        write_bytes(data, place)
        return
    files, path = file_system(place)
    with cant_write(place), remote():
        files.pipe_file(path, data)


def remove_place(place: Place) -> None:
    """Remove a file, if it is there; OSError where it can't be removed."""
    if isinstance(place, Path):
        place.unlink(missing_ok=True)
        return
    files, path = file_system(place)
    with remote():
        if files.exists(path):
            files.rm_file(path)


def exists(place: Place) -> bool:
    """Whether there is a file; OSError where it can't be told."""
    if isinstance(place, Path):
        return place.is_file()
    files, path = file_system(place)
    with remote():
        return bool(files.isfile(path))


def copy_place(source: Place, target: Place) -> None:
    """Copy a file, whole or not at all; OutputError."""
    with cant_write(target):
        data = read_place(source)
    write_place(data, target)
