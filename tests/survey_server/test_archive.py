from __future__ import annotations

import base64
import io
import stat
import tarfile
import uuid
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlmodel import SQLModel

from survey_server.actors import Role
from survey_server.archive import back_up, restore
from survey_server.audit.chain import link_events
from survey_server.audit.heads import heads_file, read_heads, write_head
from survey_server.audit.service import record
from survey_server.audit.verifying import verify
from survey_server.config import Settings
from survey_server.db import Database, migrate
from survey_server.errors import Problem, ZoufangError
from survey_server.operations.chores import each_minute
from survey_server.streams import OpeningReader, key_for, read_header
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
    link_events(services)
    write_head(services)
    target = tmp_path / "backup.zf"
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


def test_a_backup_holds_neither_the_master_key_nor_anything_readable(services: Services, archive: Path) -> None:
    sealed = archive.read_bytes()
    assert stat.S_IMODE(archive.stat().st_mode) == 0o600
    packed = io.BytesIO(opened(sealed, services))
    with tarfile.open(fileobj=packed) as tar:
        members = {member.name: tar.extractfile(member) for member in tar}
        text = b"".join(file.read() for file in members.values() if file)
    assert not any("master" in name for name in members)
    assert "heads/heads.jsonl" in members
    for content in (sealed, text):
        assert "门锁着".encode() not in content
        assert services.settings.master_key.encode() not in content
    county = "柳湾县".encode("unicode_escape")
    assert county in text
    assert county not in sealed


def opened(sealed: bytes, services: Services) -> bytes:
    """What is inside, for who has the key."""
    source = io.BytesIO(sealed)
    header = read_header(source)
    return OpeningReader(source, header, key_for(header, services.vault.masters, "")).readall()


def test_a_restored_record_verifies_against_the_heads_that_came_with_it(archive: Path, empty: Settings) -> None:
    restore(empty, archive)
    other = Services.open(empty)
    heads = read_heads(heads_file(empty))
    verdict = verify(other, heads)
    assert (len(heads), verdict.found) == (1, None)
    other.database.dispose()


def test_an_installation_that_was_started_but_never_used_takes_a_backup(archive: Path, empty: Settings) -> None:
    migrate(empty)
    fresh = Services.open(empty)
    each_minute(fresh)
    token = fresh.vault.token("case", uuid.UUID(int=1))
    fresh.database.dispose()
    restore(empty, archive)
    other = Services.open(empty)
    assert other.vault.read_token("case", token) is None
    other.database.dispose()


@pytest.mark.parametrize("place", [0, 100, -1])
def test_a_backup_that_was_changed_does_not_open_and_leaves_nothing(archive: Path, empty: Settings, place: int) -> None:
    content = bytearray(archive.read_bytes())
    content[place] ^= 1
    archive.write_bytes(content)
    refuse(empty, archive)


@pytest.mark.parametrize("left", [0, 40, -200, -1])
def test_a_backup_that_was_cut_off_does_not_open_and_leaves_nothing(archive: Path, empty: Settings, left: int) -> None:
    archive.write_bytes(archive.read_bytes()[:left])
    refuse(empty, archive)


def test_a_backup_does_not_open_with_another_master_key_and_none_is_made(archive: Path, empty: Settings) -> None:
    refuse(empty.model_copy(update={"master_key": base64.b64encode(b"other key" * 4)[:43].decode() + "="}), archive)
    refuse(empty.model_copy(update={"master_key": ""}), archive)
    assert not (empty.folder / "master.key").exists()


def test_a_backup_under_a_passphrase_opens_with_it_alone(services: Services, archive: Path, empty: Settings) -> None:
    back_up(services, archive, "四个 随机 的词")
    refuse(empty, archive)
    with pytest.raises(ZoufangError):
        restore(empty, archive, "another")
    restore(empty, archive, "四个 随机 的词")
    other = Services.open(empty)
    assert contents(other) == contents(services)
    other.database.dispose()


def refuse(settings: Settings, archive: Path) -> None:
    with pytest.raises(ZoufangError) as caught:
        restore(settings, archive)
    assert caught.value.problem is Problem.INVALID_FIELD
    migrate(settings)
    database = Database(settings.url)
    with database.read() as session:
        assert session.execute(sa.text("SELECT count(*) FROM study")).scalar_one() == 0
    database.dispose()


def test_nothing_is_restored_over_what_is_there(services: Services, archive: Path) -> None:
    before = contents(services)
    with pytest.raises(ZoufangError) as caught:
        restore(services.settings, archive)
    assert caught.value.problem is Problem.STATE_CONFLICT
    assert contents(services) == before
