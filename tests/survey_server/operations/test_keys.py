"""The master key is rotated while a server runs, and nothing that was printed, stored or signed is lost."""

from __future__ import annotations

import stat
import uuid
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import sqlalchemy as sa

from survey_server.archive import back_up, restore
from survey_server.audit.service import events_of
from survey_server.config import ConfigurationError, Settings, new_master_key
from survey_server.crypto import signed_by
from survey_server.errors import ZoufangError
from survey_server.keyring import public_keys
from survey_server.operations.keys import add_key, hanging, renew, retire, rewrap
from survey_server.privacy.service import cipher_of, create_key
from survey_server.studies.service import create_study
from survey_server.submissions.receipts import canonical
from survey_server.work import Services
from tests.support.installation import SteppingClock

ROW = uuid.UUID(int=9)


@pytest.fixture
def in_file(settings: Settings, clock: SteppingClock) -> Iterator[Services]:
    """An installation whose master key stands in a file, with a study; it runs all the while."""
    running = Services.open(settings.model_copy(update={"master_key": ""}), clock)
    new_study(running)
    yield running
    running.database.dispose()


def new_study(services: Services) -> uuid.UUID:
    with services.write() as work:
        return create_study(work, name="某区评价", client="某区民政局", company="", hotline="", practice=False).id


@contextmanager
def another(services: Services, **changed: str) -> Generator[Services]:
    """Another process of the same installation, such as the command line."""
    opened = Services.open(services.settings.model_copy(update=changed), services.clock)
    try:
        yield opened
    finally:
        opened.database.dispose()


def rotate(services: Services) -> int:
    assert add_key(services.settings)
    with another(services) as command:
        return rewrap(command)


def retire_old(services: Services) -> int:
    with another(services) as command:
        return retire(command)


def test_a_running_server_opens_what_was_sealed_before_during_and_after_a_rotation(in_file: Services) -> None:
    study = new_study(in_file)
    token, index = in_file.vault.token("case", ROW), in_file.vault.index("phone", "19000000001")
    with in_file.read() as work:
        sealed = cipher_of(work, study).seal(ROW, "王某".encode())
    old = in_file.settings.key_file.read_text("ascii").split()

    assert rotate(in_file) > 0
    new = in_file.settings.key_file.read_text("ascii").split()
    assert new[1:] == old
    with in_file.read() as work:
        assert cipher_of(work, study).open(ROW, sealed).decode() == "王某"

    assert retire_old(in_file) == 1
    assert in_file.settings.key_file.read_text("ascii").split() == new[:1]
    assert stat.S_IMODE(in_file.settings.key_file.stat().st_mode) == 0o600
    with in_file.read() as work:
        assert cipher_of(work, study).open(ROW, sealed).decode() == "王某"
    assert in_file.vault.read_token("case", token) == ROW

    with another(in_file) as restarted:
        assert restarted.vault.read_token("case", token) == ROW
        assert restarted.vault.index("phone", "19000000001") == index
        assert restarted.vault.key_id == in_file.vault.key_id


def test_the_old_key_opens_nothing_any_more(in_file: Services) -> None:
    old = in_file.settings.key_file.read_text("ascii").strip()
    rotate(in_file)
    retire_old(in_file)
    with pytest.raises(ConfigurationError):
        Services.open(in_file.settings.model_copy(update={"master_key": old}))


def test_a_study_that_a_server_makes_in_the_middle_of_a_rotation_hangs_on_the_newest_key(in_file: Services) -> None:
    assert add_key(in_file.settings)
    study = new_study(in_file)  # by the process that started with the old key alone
    with another(in_file) as command:
        newest, oldest = hanging(command).values()
        assert newest > 0
        assert oldest > 0
        assert rewrap(command) == oldest
        assert list(hanging(command).values()) == [newest + oldest, 0]
    retire_old(in_file)
    with in_file.read() as work:
        assert cipher_of(work, study)


def test_a_rotation_is_in_the_record_and_a_second_one_finds_nothing_to_do(in_file: Services) -> None:
    rotate(in_file)
    with another(in_file) as command:
        assert rewrap(command) == 0
        with command.read() as work:
            (event,) = events_of(work, "installation", command.vault.masters.fingerprints[0])
    assert event.action == "keys.rotate"


def test_a_study_whose_key_was_destroyed_stays_destroyed(in_file: Services) -> None:
    study = new_study(in_file)
    with in_file.write() as work:
        work.session.execute(sa.text("DELETE FROM study_key"))
    rotate(in_file)
    with in_file.read() as work, pytest.raises(ZoufangError):
        cipher_of(work, study)


def test_keys_in_the_environment_are_rotated_by_setting_both(services: Services) -> None:
    with services.write() as work:
        create_key(work, ROW)
    old = services.settings.master_key
    new = new_master_key()
    assert not add_key(services.settings)
    with another(services, master_key=f"{new} {old}") as both:
        assert rewrap(both) > 0
        with pytest.raises(ConfigurationError, match="leave only the first"):
            retire(both)
    with another(services, master_key=new) as alone, alone.read() as work:
        assert cipher_of(work, ROW)


def test_a_backup_from_before_a_rotation_opens_with_the_key_of_its_day(in_file: Services, tmp_path: Path) -> None:
    archive = tmp_path / "before.zf"
    back_up(in_file, archive)
    old = in_file.settings.key_file.read_text("ascii").strip()
    rotate(in_file)
    retire_old(in_file)

    folder = tmp_path / "elsewhere"
    folder.mkdir()
    empty = Settings(data=folder, master_key=old)
    restore(empty, archive)
    restored = Services.open(empty)
    assert restored.vault.key_id == in_file.vault.key_id
    restored.database.dispose()


def test_receipts_signed_before_the_signing_key_was_renewed_stay_verifiable(in_file: Services) -> None:
    body = {"instance_id": "uuid:1", "key_id": in_file.vault.key_id}
    signature = in_file.vault.sign(canonical(body))
    fresh = renew(in_file)
    with another(in_file) as restarted, restarted.read() as work:
        assert restarted.vault.key_id == fresh != body["key_id"]
        known = public_keys(work.session)
    assert signed_by(known[body["key_id"]], signature, canonical(body))
    assert not signed_by(known[fresh], signature, canonical(body))
