"""The database: SQLite with one writer, or PostgreSQL with many; the same code on both."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from filelock import FileLock
from sqlmodel import Session

from survey_server.config import Settings

BUSY_SECONDS = 30


class UtcDateTime(sa.types.TypeDecorator[dt.datetime]):
    """A moment: aware on our side, UTC in the database, on both databases."""

    impl = sa.DateTime(timezone=True)
    cache_ok = True

    @property
    def python_type(self) -> type[dt.datetime]:
        """What it is on our side."""
        return dt.datetime

    def process_bind_param(self, value: dt.datetime | None, dialect: sa.Dialect) -> dt.datetime | None:
        """Refuse a moment without zone; SQLite keeps UTC without one."""
        if value is None:
            return None
        if value.tzinfo is None:
            raise ValueError("a moment needs its time zone")
        moment = value.astimezone(dt.UTC)
        return moment.replace(tzinfo=None) if dialect.name == "sqlite" else moment

    def process_result_value(self, value: dt.datetime | None, dialect: sa.Dialect) -> dt.datetime | None:  # noqa: ARG002
        """Give the moment its zone back."""
        if value is None:
            return None
        return value.astimezone(dt.UTC) if value.tzinfo else value.replace(tzinfo=dt.UTC)


def new_id() -> uuid.UUID:
    """A new row's id: it must be known before the row is encrypted, for it is bound to it."""
    return uuid.uuid4()


class Database:
    """Two ways in: ``read`` sees a consistent state, ``write`` commits whole or not at all."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.is_sqlite = url.startswith("sqlite")
        self.reader = _engine(url, writes=False)
        self.writer = _engine(url, writes=True) if self.is_sqlite else self.reader
        self._lock = WriteLock(url) if self.is_sqlite else None

    @contextmanager
    def read(self) -> Iterator[Session]:
        """A transaction that is always rolled back."""
        with Session(self.reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Iterator[Session]:
        """A transaction that is committed when the block ends, rolled back when it raises."""
        if self._lock is None:
            with Session(self.writer, expire_on_commit=False) as session, session.begin():
                yield session
            return
        with self._lock, Session(self.writer, expire_on_commit=False) as session, session.begin():
            yield session

    def dispose(self) -> None:
        """Close every connection."""
        self.reader.dispose()
        self.writer.dispose()


class WriteLock:
    """SQLite's one writer: a lock among threads, then a file lock among processes."""

    def __init__(self, url: str) -> None:
        self._threads = threading.Lock()
        path = sa.engine.make_url(url).database
        self._processes = FileLock(f"{path}.lock", thread_local=False, poll_interval=0.01)

    def __enter__(self) -> None:
        self._threads.acquire()
        try:
            self._processes.acquire(timeout=BUSY_SECONDS)
        except BaseException:
            self._threads.release()
            raise

    def __exit__(self, *_: object) -> None:
        self._processes.release()
        self._threads.release()


def _engine(url: str, *, writes: bool) -> sa.Engine:
    if not url.startswith("sqlite"):
        return sa.create_engine(url, pool_size=16, max_overflow=32, pool_pre_ping=True)
    Path(sa.engine.make_url(url).database or "").parent.mkdir(parents=True, exist_ok=True)
    engine = sa.create_engine(url, connect_args={"timeout": BUSY_SECONDS}, pool_size=1 if writes else 32)
    sa.event.listen(engine, "connect", _configure_sqlite)
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"
    sa.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _configure_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own type
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "cache_size=-65536",
        "temp_store=MEMORY",
    ):
        connection.execute(f"PRAGMA {pragma}")


def migrate(settings: Settings) -> None:
    """Bring the database to the newest shape."""
    command.upgrade(alembic_config(settings.url), "head")


def alembic_config(url: str) -> Config:
    """Alembic's configuration, without a file of its own."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent / "migrations"))
    config.attributes["url"] = url
    return config
