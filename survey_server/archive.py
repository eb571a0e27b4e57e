"""Backup and restore: one archive with the database and the files, everything personal still sealed."""

from __future__ import annotations

import io
import json
import tarfile
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from sqlmodel import SQLModel

import survey_server.migrations.tables  # noqa: F401 - every table is known once this is read
from survey_server.blobs import BlobStore, open_blobs
from survey_server.config import Settings
from survey_server.db import Database, migrate
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.work import Services

FORMAT = "zoufang-backup/1"
BATCH = 2_000


def back_up(services: Services, target: Path) -> None:
    """Write a consistent copy of every table and every file; the master key is kept apart on purpose."""
    partial = target.with_name(target.name + ".part")
    with tarfile.open(partial, "w:gz", compresslevel=5) as archive, services.database.read() as session:
        connection = session.connection()
        _add(archive, "format.json", json.dumps({"format": FORMAT, "head": _head(connection)}).encode())
        for table in SQLModel.metadata.sorted_tables:
            for number, rows in enumerate(_batches(connection, table)):
                _add(archive, f"tables/{table.name}/{number:06d}.json", _encode(table, rows))
        for name in services.blobs.names():
            _add(archive, f"blobs/{name}", services.blobs.get(name))
    partial.replace(target)


def restore(settings: Settings, source: Path) -> None:
    """Bring an archive into an empty installation, on either database; raises STATE_CONFLICT, INVALID_FIELD."""
    migrate(settings)
    blobs = open_blobs(settings.blob_url, settings.folder / "blobs")
    with _database(settings) as database, tarfile.open(source, "r:gz") as archive, database.write() as session:
        connection = session.connection()
        _require_empty(connection)
        for member in archive:
            content = archive.extractfile(member)
            if content is not None:
                _bring_back(connection, blobs, member.name, content.read())
        _continue_numbering(connection)


@contextmanager
def _database(settings: Settings) -> Generator[Database]:
    """A database that is closed at the end."""
    database = Database(settings.url)
    try:
        yield database
    finally:
        database.dispose()


def _bring_back(connection: sa.Connection, blobs: BlobStore, path: str, content: bytes) -> None:
    kind, _, name = path.partition("/")
    if kind == "format.json":
        _require_format(connection, json.loads(content))
    elif kind == "tables":
        table = SQLModel.metadata.tables[name.partition("/")[0]]
        connection.execute(sa.insert(table), _decode(table, content))
    elif kind == "blobs":
        blobs.put(name, content)


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


def _require_empty(connection: sa.Connection) -> None:
    if connection.execute(sa.text("SELECT count(*) FROM person")).scalar_one():
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("this installation is not empty"))


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
