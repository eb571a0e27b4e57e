from __future__ import annotations

import tarfile
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from survey_server.actors import Role
from survey_server.archive import back_up, restore
from survey_server.audit.service import record
from survey_server.config import Settings
from survey_server.errors import Problem, ZoufangError
from survey_server.studies.models import Channel
from survey_server.submissions.service import receive
from survey_server.work import Services
from tests.support.installation import make_settings
from tests.support.studies import NOBODY_HOME, filled, make_study, person


@pytest.fixture
def archive(services: Services, tmp_path: Path) -> Path:
    """A backup of a small study with an answer and a file."""
    drawn = make_study(services, {("柳湾县", "1"): 2})
    interviewer = person(services, Role.INTERVIEWER)
    xml = filled(services, drawn.study, drawn.main[0], NOBODY_HOME).xml
    files = {"照片.jpg": b"picture"}
    receive(services, interviewer, drawn.study.id, xml, files, channel=Channel.VISIT, case_id=drawn.main[0].id)
    target = tmp_path / "backup.tar.gz"
    back_up(services, target)
    return target


@pytest.fixture(params=["sqlite", "postgresql"])
def empty(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Another, empty installation; the test runs once on each kind of database."""
    folder = tmp_path_factory.mktemp("other")
    if request.param == "sqlite":
        yield make_settings(f"sqlite:///{folder / 'other.db'}", folder)
        return
    server = request.getfixturevalue("postgres_server")
    server.execute("CREATE DATABASE {}", "restored")
    yield make_settings(server.url("restored"), folder)
    server.execute("DROP DATABASE {} WITH (FORCE)", "restored")


def contents(services: Services) -> dict[str, list[tuple[object, ...]]]:
    with services.read() as work:
        return {
            table.name: sorted(map(repr, map(tuple, work.session.execute(sa.select(table)))))
            for table in SQLModel.metadata.sorted_tables
        }


def test_everything_comes_back_on_either_database(services: Services, archive: Path, empty: Settings) -> None:
    restore(empty, archive)
    other = Services.open(empty)
    try:
        assert contents(other) == contents(services)
        assert [other.blobs.get(name) for name in other.blobs.names()] == [
            services.blobs.get(name) for name in services.blobs.names()
        ]
        with other.write() as work:
            record(work, "after.restore", "test", "1")
    finally:
        other.database.dispose()


def test_a_backup_holds_neither_the_master_key_nor_a_readable_answer(services: Services, archive: Path) -> None:
    with tarfile.open(archive) as opened:
        members = {member.name: opened.extractfile(member) for member in opened}
        text = b"".join(file.read() for file in members.values() if file)
    assert not any("master" in name for name in members)
    assert "门锁着".encode() not in text
    assert services.settings.master_key.encode() not in text


def test_nothing_is_restored_over_what_is_there(services: Services, archive: Path) -> None:
    before = contents(services)
    with pytest.raises(ZoufangError) as caught:
        restore(services.settings, archive)
    assert caught.value.problem is Problem.STATE_CONFLICT
    assert contents(services) == before
