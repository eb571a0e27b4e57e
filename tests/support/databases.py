"""Fresh, migrated, empty databases of both kinds; the migrations run once for each kind."""

from __future__ import annotations

import shutil
import sqlite3
import uuid
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from tests.support.postgres import Postgres

TEMPLATE = "zoufang_template"


def migrate(url: str, folder: Path) -> None:
    """Run every migration on the database at ``url``."""
    from survey_server import db  # noqa: PLC0415 - the pure packages' tests need no server
    from survey_server.config import Settings  # noqa: PLC0415 - likewise

    db.migrate(Settings(data=folder, database_url=url))


@pytest.fixture(scope="session")
def sqlite_template(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A migrated SQLite database to copy from."""
    path = tmp_path_factory.mktemp("sqlite") / "template.db"
    migrate(f"sqlite:///{path}", path.parent)
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    return path


@pytest.fixture(scope="session")
def postgresql_template(postgres_server: Postgres, tmp_path_factory: pytest.TempPathFactory) -> str:
    """The name of a migrated PostgreSQL database to copy from."""
    postgres_server.execute("CREATE DATABASE {}", TEMPLATE)
    migrate(postgres_server.url(TEMPLATE), tmp_path_factory.mktemp("postgresql"))
    return TEMPLATE


@pytest.fixture
def sqlite_url(sqlite_template: Path, tmp_path: Path) -> str:
    """The address of a fresh SQLite database."""
    path = tmp_path / "zoufang.db"
    shutil.copyfile(sqlite_template, path)
    return f"sqlite:///{path}"


@pytest.fixture
def postgresql_url(postgres_server: Postgres, postgresql_template: str) -> Iterator[str]:
    """The address of a fresh PostgreSQL database."""
    name = f"test_{uuid.uuid4().hex}"
    postgres_server.execute("CREATE DATABASE {} TEMPLATE {}", name, postgresql_template)
    yield postgres_server.url(name)
    postgres_server.execute("DROP DATABASE {} WITH (FORCE)", name)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest) -> str:
    """The address of a fresh database; the test runs once on each kind."""
    return request.getfixturevalue(f"{request.param}_url")
