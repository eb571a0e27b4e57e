"""The databases that storage tests are given."""

from __future__ import annotations

import pytest
import sqlalchemy as sa

from tests.support.postgres import Postgres


def test_the_database_is_of_the_kind_that_was_asked_for(database_url: str) -> None:
    engine = sa.create_engine(database_url)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT 1").scalar() == 1
        assert connection.dialect.name == database_url.split(":", maxsplit=1)[0].split("+", maxsplit=1)[0]
    engine.dispose()


@pytest.mark.parametrize("time", ["first", "second"])
def test_every_test_begins_with_an_empty_database(database_url: str, time: str) -> None:
    engine = sa.create_engine(database_url)
    with engine.begin() as connection:
        connection.exec_driver_sql("CREATE TABLE visit (time TEXT)")
        connection.execute(sa.text("INSERT INTO visit VALUES (:time)"), {"time": time})
        assert connection.exec_driver_sql("SELECT time FROM visit").scalars().all() == [time]
    engine.dispose()


def test_the_server_is_a_real_postgresql(postgres_server: Postgres) -> None:
    engine = sa.create_engine(postgres_server.url("postgres"))
    with engine.connect() as connection:
        assert str(connection.exec_driver_sql("SELECT version()").scalar()).startswith("PostgreSQL 18")
    engine.dispose()
