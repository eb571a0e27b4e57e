"""Files too large for a row: a folder, or S3-compatible storage. Their content is sealed by the caller."""

from __future__ import annotations

import datetime as dt
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol

import obstore
from obstore.store import from_url

PART = ".part-"


class BlobStore(Protocol):
    """Whole files by name; what ``put`` has returned from survives a loss of power."""

    def put(self, name: str, content: bytes) -> None:
        """Store ``content``; the same name again replaces it."""

    def get(self, name: str) -> bytes:
        """The content stored under ``name``; raises FileNotFoundError."""

    def delete(self, name: str) -> None:
        """Remove ``name`` where it is."""

    def names(self) -> list[str]:
        """Every name stored."""

    def names_before(self, moment: dt.datetime) -> list[str]:
        """The names of what was written before a moment."""


class FolderBlobs:
    """Files in a folder."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        folder.mkdir(parents=True, exist_ok=True)

    def put(self, name: str, content: bytes) -> None:
        """Write beside, flush to the disk, then take the name."""
        path = self.folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        descriptor, part = tempfile.mkstemp(dir=path.parent, prefix=PART)
        try:
            with os.fdopen(descriptor, "wb") as file:
                file.write(content)
                file.flush()
                os.fsync(file.fileno())
            Path(part).replace(path)
        finally:
            Path(part).unlink(missing_ok=True)
        _flush_folder(path.parent)

    def get(self, name: str) -> bytes:
        """The content stored under ``name``; raises FileNotFoundError."""
        return (self.folder / name).read_bytes()

    def delete(self, name: str) -> None:
        """Remove ``name`` where it is."""
        (self.folder / name).unlink(missing_ok=True)

    def names(self) -> list[str]:
        """Every name stored."""
        return sorted(path.relative_to(self.folder).as_posix() for path in self._files())

    def names_before(self, moment: dt.datetime) -> list[str]:
        """The names of what was written before a moment."""
        old = (path for path in self._files() if path.stat().st_mtime < moment.timestamp())
        return sorted(path.relative_to(self.folder).as_posix() for path in old)

    def _files(self) -> Iterator[Path]:
        return (path for path in self.folder.rglob("*") if path.is_file() and not path.name.startswith(PART))


class BucketBlobs:
    """Files in S3-compatible storage."""

    def __init__(self, url: str) -> None:
        self._store: Any = from_url(url)

    def put(self, name: str, content: bytes) -> None:
        """Store ``content``; the same name again replaces it."""
        obstore.put(self._store, name, content)

    def get(self, name: str) -> bytes:
        """The content stored under ``name``; raises FileNotFoundError."""
        return bytes(obstore.get(self._store, name).bytes())

    def delete(self, name: str) -> None:
        """Remove ``name`` where it is."""
        obstore.delete(self._store, name)

    def names(self) -> list[str]:
        """Every name stored."""
        return [item["path"] for page in obstore.list(self._store) for item in page]

    def names_before(self, moment: dt.datetime) -> list[str]:
        """The names of what was written before a moment."""
        items = (item for page in obstore.list(self._store) for item in page)
        return sorted(item["path"] for item in items if item["last_modified"] < moment)


def open_blobs(url: str, folder: Path) -> BlobStore:
    """The store at ``url`` (such as ``s3://bucket/prefix``), or the folder where none is set."""
    return BucketBlobs(url) if url else FolderBlobs(folder)


def _flush_folder(folder: Path) -> None:
    if os.name == "nt":  # Windows cannot open a folder; its rename is journalled
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
