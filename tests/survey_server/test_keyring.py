"""The roots: made once, the same for ever, whatever becomes of the master key."""

from __future__ import annotations

import threading
import uuid
from pathlib import Path

import pytest
import sqlalchemy as sa

from survey_server.config import ConfigurationError, Settings, new_master_key
from survey_server.crypto import Vault
from survey_server.keyring import public_keys
from survey_server.privacy.service import cipher_of, create_key
from survey_server.work import Services
from tests.support.installation import make_settings

STUDY, ROW = uuid.UUID(int=1), uuid.UUID(int=2)
FIRST = new_master_key()


def says(vault: Vault) -> tuple[object, ...]:
    """Everything that must be the same after a rotation."""
    return (
        vault.index("phone", "19000000001"),
        vault.pseudonym("unit", "x"),
        vault.token("case", ROW),
        vault.fingerprint(b"xml"),
        vault.key_id,
        vault.event_mac(b"event"),
        vault.bureau_pseudonym("bureau", b"index"),
    )


def reopened(services: Services, **changed: object) -> Services:
    return Services.open(services.settings.model_copy(update=changed), services.clock)


def test_the_roots_stay_from_one_start_to_the_next(services: Services) -> None:
    again = reopened(services)
    assert says(again.vault) == says(services.vault)
    assert again.vault.open_state("q", services.vault.seal_state("q", b"page")) == b"page"
    again.database.dispose()


def test_the_roots_of_two_installations_with_the_same_master_key_differ(
    services: Services, sqlite_template: Path, tmp_path: Path
) -> None:
    other = tmp_path / "other"
    other.mkdir()
    (other / "zoufang.db").write_bytes(sqlite_template.read_bytes())
    second = Services.open(make_settings(f"sqlite:///{other / 'zoufang.db'}", other))
    assert not set(says(second.vault)) & set(says(services.vault))
    second.database.dispose()


def test_an_installation_from_before_there_were_roots_keeps_what_it_derived(settings: Settings) -> None:
    key = settings.load_master_keys()[0]
    before = Vault.derived(key)
    first = Services.open(settings)
    with first.write() as work:
        create_key(work, STUDY)
        for table in ("secret", "signing_key"):
            work.session.execute(sa.text(f"DELETE FROM {table}"))
    first.database.dispose()
    upgraded = Services.open(settings)
    assert says(upgraded.vault) == says(before)
    upgraded.database.dispose()


def test_another_master_key_is_refused_with_the_remedy(services: Services) -> None:
    with pytest.raises(ConfigurationError, match="ZOUFANG_MASTER_KEY"):
        reopened(services, master_key=FIRST)


def test_a_key_file_that_is_lost_is_not_replaced_by_a_new_one(services: Services) -> None:
    with pytest.raises(ConfigurationError, match="cannot be read"):
        reopened(services, master_key="")
    assert not services.settings.key_file.exists()


def test_processes_that_start_at_the_same_moment_agree(settings: Settings) -> None:
    opened: list[Services] = []
    threads = [threading.Thread(target=lambda: opened.append(Services.open(settings))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len({says(services.vault) for services in opened}) == 1
    for services in opened:
        services.database.dispose()


def test_every_signing_key_stays_known_by_its_id(services: Services) -> None:
    with services.read() as work:
        assert public_keys(work.session) == {services.vault.key_id: services.vault.public_key}


def test_a_new_key_before_the_old_one_opens_everything_and_wraps_what_is_new(services: Services) -> None:
    with services.write() as work:
        create_key(work, STUDY)
        sealed = cipher_of(work, STUDY).seal(ROW, b"answer")
    old = services.settings.master_key
    both = reopened(services, master_key=f"{FIRST} {old}")
    assert says(both.vault) == says(services.vault)
    other = uuid.UUID(int=3)
    with both.write() as work:
        assert cipher_of(work, STUDY).open(ROW, sealed) == b"answer"
        assert both.vault.masters.newest_opens(other.bytes, both.vault.new_study_key(other))
    both.database.dispose()
