"""Backup and restore: one sealed archive with the database, the files and the heads of the record.

The archive is encrypted (:mod:`survey_server.streams`) with the master key or a passphrase, and what is personal in it
is sealed under the studies' keys besides. The master key itself is kept apart on purpose.
"""

from __future__ import annotations

import gzip
import io
import json
import os
import tarfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO

import sqlalchemy as sa
from sqlmodel import Session, SQLModel

import survey_server.migrations.tables  # noqa: F401 - every table is known once this is read
from survey_server.audit.heads import heads_file
from survey_server.blobs import BlobStore, open_blobs
from survey_server.config import ConfigurationError, Settings
from survey_server.crypto import MasterKeys, SealBrokenError
from survey_server.db import Database, migrate
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.streams import (
    OpeningReader,
    SealingWriter,
    key_for,
    master_header,
    passphrase_header,
    read_header,
)
from survey_server.work import Services

FORMAT = "zoufang-backup/2"
BATCH = 2_000
OWN = ("secret", "signing_key", "chore")
"""Tables that an installation fills by itself as it starts; what the archive holds takes their place."""


def back_up(services: Services, target: Path, passphrase: str = "") -> None:
    """Write a consistent copy of every table and file, sealed with the passphrase or else the master key."""
    partial = target.with_name(target.name + ".part")
    masters = services.vault.masters
    header = passphrase_header() if passphrase else master_header(masters)
    key = key_for(header, masters, passphrase)
    with os.fdopen(os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        sealed = SealingWriter(file, header, key)
        with (
            gzip.GzipFile(fileobj=sealed, mode="wb", compresslevel=5) as packed,
            tarfile.open(fileobj=packed, mode="w|") as archive,
        ):
            _fill(services, archive)
        sealed.finish()
        file.flush()
        os.fsync(file.fileno())
    partial.replace(target)


def restore(settings: Settings, source: Path, passphrase: str = "") -> None:
    """Bring an archive into an empty installation, on either database; raises STATE_CONFLICT, INVALID_FIELD."""
    with source.open("rb") as file:
        opened = _opened(settings, file, passphrase)
        migrate(settings)
        blobs = open_blobs(settings.blob_url, settings.folder / "blobs")
        with _database(settings) as database, database.write() as session:
            connection = session.connection()
            _make_room(connection)
            try:
                with gzip.GzipFile(fileobj=opened) as packed, tarfile.open(fileobj=packed, mode="r|") as archive:
                    for member in archive:
                        content = archive.extractfile(member)
                        if content is not None:
                            _bring_back(connection, blobs, settings, member.name, content.read())
            except (SealBrokenError, tarfile.TarError, EOFError, gzip.BadGzipFile) as error:
                raise _unopened() from error
            _continue_numbering(connection)


def _fill(services: Services, archive: tarfile.TarFile) -> None:
    with services.database.read() as session:
        connection = _snapshot(session)
        _add(archive, "format.json", json.dumps({"format": FORMAT, "head": _head(connection)}).encode())
        for table in SQLModel.metadata.sorted_tables:
            for number, rows in enumerate(_batches(connection, table)):
                _add(archive, f"tables/{table.name}/{number:06d}.json", _encode(table, rows))
        for name in services.blobs.names():
            try:
                _add(archive, f"blobs/{name}", services.blobs.get(name))
            except FileNotFoundError:  # removed since, with the row that named it
                continue
        heads = heads_file(services.settings)
        if heads.exists():
            _add(archive, "heads/heads.jsonl", heads.read_bytes())


def _snapshot(session: Session) -> sa.Connection:
    """A connection whose every statement sees one state: SQLite's always does, PostgreSQL's where it is asked."""
    if session.get_bind().dialect.name == "sqlite":
        return session.connection()
    return session.connection(execution_options={"isolation_level": "REPEATABLE READ"})


def _opened(settings: Settings, file: BinaryIO, passphrase: str) -> OpeningReader:
    """The archive's content as it is decrypted; no master key is made where there is none."""
    try:
        masters = MasterKeys(settings.master_keys)
    except ConfigurationError:
        masters = None
    try:
        header = read_header(file)
        return OpeningReader(file, header, key_for(header, masters, passphrase))
    except (SealBrokenError, KeyError, ValueError) as error:
        raise _unopened() from error


def _unopened() -> ZoufangError:
    return ZoufangError(
        Problem.INVALID_FIELD,
        field=N_("Archive"),
        why=N_(
            "it does not open: it was changed or cut off, or it needs another key. "
            "Set ZOUFANG_MASTER_KEY to the master key of the day it was made, or give its passphrase"
        ),
    )


@contextmanager
def _database(settings: Settings) -> Generator[Database]:
    """A database that is closed at the end."""
    database = Database(settings.url)
    try:
        yield database
    finally:
        database.dispose()


def _bring_back(connection: sa.Connection, blobs: BlobStore, settings: Settings, path: str, content: bytes) -> None:
    kind, _, name = path.partition("/")
    if kind == "format.json":
        _require_format(connection, json.loads(content))
    elif kind == "tables":
        table = SQLModel.metadata.tables[name.partition("/")[0]]
        connection.execute(sa.insert(table), _decode(table, content))
    elif kind == "blobs":
        blobs.put(name, content)
    elif kind == "heads":
        heads_file(settings).parent.mkdir(parents=True, exist_ok=True)
        heads_file(settings).write_bytes(content)


def _batches(connection: sa.Connection, table: sa.Table) -> Iterator[list[sa.RowMapping]]:
    query = sa.select(table).order_by(*table.primary_key.columns)
    result = connection.execution_options(yield_per=BATCH).execute(query)
    for rows in result.mappings().partitions(BATCH):
        yield list(rows)


def _encode(table: sa.Table, rows: list[sa.RowMapping]) -> bytes:
    """Rows as JSON: bytes in hexadecimal, moments in ISO 8601."""
    return json.dumps([{column.name: _plain(row[column.name]) for column in table.columns} for row in rows]).encode()


def _plain(value: Any) -> Any:  # noqa: ANN401 - any column's value
    if isinstance(value, bytes):
        return value.hex()
    if hasattr(value, "isoformat"):
        return value.isoformat()
    return value.hex if hasattr(value, "hex") and not isinstance(value, float) else value


def _decode(table: sa.Table, content: bytes) -> list[dict[str, Any]]:
    return [{column.name: _typed(column, row[column.name]) for column in table.columns} for row in json.loads(content)]


def _typed(column: sa.Column[Any], value: Any) -> Any:  # noqa: ANN401 - any column's value
    if value is None or not isinstance(value, str):
        return value
    kind = column.type.python_type
    if kind is bytes:
        return bytes.fromhex(value)
    if hasattr(kind, "fromisoformat"):
        return kind.fromisoformat(value)
    return kind(value) if kind.__name__ == "UUID" else value


def _add(archive: tarfile.TarFile, name: str, content: bytes) -> None:
    info = tarfile.TarInfo(name)
    info.size = len(content)
    archive.addfile(info, io.BytesIO(content))


def _head(connection: sa.Connection) -> str:
    return str(connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one())


def _make_room(connection: sa.Connection) -> None:
    """Refuse an installation in which anything was done, and take away what a fresh one made by itself."""
    for table in ("person", "event"):
        if connection.execute(sa.text(f"SELECT count(*) FROM {table}")).scalar_one():  # noqa: S608 - named above
            raise ZoufangError(Problem.STATE_CONFLICT, why=N_("this installation is not empty"))
    for table in OWN:
        connection.execute(sa.delete(SQLModel.metadata.tables[table]))


def _require_format(connection: sa.Connection, stated: dict[str, str]) -> None:
    if stated != {"format": FORMAT, "head": _head(connection)}:
        raise ZoufangError(
            Problem.INVALID_FIELD,
            field=N_("Archive"),
            why=N_("it was written by another version; restore it with that version, then migrate"),
        )


def _continue_numbering(connection: sa.Connection) -> None:
    """PostgreSQL counts on from its own sequence, which an insert with numbers does not move."""
    if connection.dialect.name == "postgresql":
        connection.execute(
            sa.text("SELECT setval(pg_get_serial_sequence('event', 'id'), coalesce(max(id), 1)) FROM event")
        )
