"""The database: SQLite with one writer, or PostgreSQL with many; the same code on both."""

from __future__ import annotations

import datetime as dt
import threading
import uuid
from collections.abc import Generator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

import sqlalchemy as sa
import sqlalchemy.event
from alembic import command
from alembic.config import Config
from filelock import FileLock
from sqlmodel import Session

from survey_server.config import Settings

BUSY_SECONDS = 30
BATCH = 32
"""Writers that share one commit at most."""


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
        self._turns = Turns(self.writer) if self.is_sqlite else None

    @contextmanager
    def read(self) -> Generator[Session]:
        """A transaction that is always rolled back."""
        with Session(self.reader, expire_on_commit=False) as session:
            yield session

    @contextmanager
    def write(self) -> Generator[Session]:
        """A transaction that is committed when the block ends, rolled back when it raises."""
        with ExitStack() as turn:
            bind = turn.enter_context(self._turns.take()) if self._turns else self.writer
            mode = "create_savepoint"  # inside a batch; elsewhere there is nothing to join
            session = Session(bind, expire_on_commit=False, join_transaction_mode=mode)
            with session, session.begin():
                yield session

    def dispose(self) -> None:
        """Close every connection."""
        self.reader.dispose()
        self.writer.dispose()


class CommitFailedError(RuntimeError):
    """The disk did not take a batch of changes; none of them is kept."""


class Batch:
    """Changes of several writers, one after the other in one transaction, so that one sync of the disk keeps all."""

    def __init__(self, connection: sa.Connection) -> None:
        self.connection = connection
        self.writers = 0
        self.settled = threading.Event()
        self.failure: BaseException | None = None

    @property
    def whole(self) -> bool:
        """Whether the transaction still stands: SQLite itself gives it up when the disk is full or fails."""
        driver: Any = self.connection.connection.driver_connection
        return bool(driver.in_transaction)

    def commit(self) -> None:
        """Keep everything, or remember why not."""
        try:
            if self.whole:
                self.connection.commit()
            else:
                self.failure = CommitFailedError("SQLite gave the transaction up")
        except BaseException as error:  # noqa: BLE001 - every writer of the batch is told
            self.failure = error
        finally:
            self.connection.close()


class Turns:
    """SQLite's one writer: a lock among threads, and a file lock among processes.

    Whoever waits for the lock when a writer is done joins that writer's transaction, in a savepoint of its own;
    the last one commits for all of them (group commit). Nobody goes on before the disk has what it wrote, and a
    block that raises takes back its own changes only.
    """

    def __init__(self, engine: sa.Engine) -> None:
        self._engine = engine
        self._file = FileLock(f"{engine.url.database}.lock", thread_local=False, poll_interval=0.01)
        self._turn = threading.Lock()
        self._counting = threading.Lock()
        self._waiting = 0
        self._batch: Batch | None = None

    @contextmanager
    def take(self) -> Generator[sa.Connection]:
        """The connection to write on, in its transaction; when the block has ended, what it wrote is on the disk.

        Raises:
            CommitFailedError: the disk did not take it.
        """
        batch = self._join()
        try:
            yield batch.connection
        finally:
            self._leave(batch)
            self._await(batch)

    def _join(self) -> Batch:
        with self._counting:
            self._waiting += 1
        self._turn.acquire()
        with self._counting:
            self._waiting -= 1
        try:
            batch = self._batch = self._batch or self._begin()
        except BaseException:
            self._turn.release()
            raise
        batch.writers += 1
        return batch

    def _begin(self) -> Batch:
        self._file.acquire(timeout=BUSY_SECONDS)
        try:
            connection = self._engine.connect()
            connection.begin()
        except BaseException:
            self._file.release()
            raise
        return Batch(connection)

    def _leave(self, batch: Batch) -> None:
        try:
            if not self._waiting or batch.writers >= BATCH or not batch.whole:
                self._settle(batch)
        finally:
            self._turn.release()

    def _settle(self, batch: Batch) -> None:
        self._batch = None
        try:
            batch.commit()
        finally:
            self._file.release()
            batch.settled.set()

    def _await(self, batch: Batch) -> None:
        while not batch.settled.wait(timeout=1):
            with self._turn:  # whoever was to join was interrupted
                if self._batch is batch:
                    self._settle(batch)
        if batch.failure is not None:
            raise CommitFailedError("the database could not keep the changes") from batch.failure


def _engine(url: str, *, writes: bool) -> sa.Engine:
    if not url.startswith("sqlite"):
        return sa.create_engine(url, pool_size=16, max_overflow=32, pool_pre_ping=True, hide_parameters=True)
    Path(sa.engine.make_url(url).database or "").parent.mkdir(parents=True, exist_ok=True)
    # A failing statement is logged without what it was about to write.
    engine = sa.create_engine(
        url, connect_args={"timeout": BUSY_SECONDS}, pool_size=1 if writes else 32, hide_parameters=True
    )
    sqlalchemy.event.listen(engine, "connect", _configure_sqlite)
    begin = "BEGIN IMMEDIATE" if writes else "BEGIN"
    sqlalchemy.event.listen(engine, "begin", lambda connection: connection.exec_driver_sql(begin))
    return engine


def _configure_sqlite(connection: Any, _record: object) -> None:  # noqa: ANN401 - the driver's own type
    connection.isolation_level = None
    for pragma in (
        "journal_mode=WAL",
        "synchronous=FULL",
        "foreign_keys=ON",
        "secure_delete=ON",  # what is withdrawn or destroyed is overwritten, not only let go
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
