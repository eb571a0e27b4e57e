"""Rotation of the master key while the server runs.

A key file holds one key a line, the newest first. Rotating puts a new key before the others and wraps every study's
key and every root anew; a running server that meets a key it cannot open reads the file again. Only when nothing
hangs on the older keys are they taken out of the file. Printed codes, look-up, receipts and the record hang on the
roots, which stay.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from sqlmodel import col, select

from survey_server.audit.service import record
from survey_server.config import ConfigurationError, Settings, new_master_key, write_keys
from survey_server.keyring import Secret, renew_signature
from survey_server.privacy.models import StudyKey
from survey_server.work import Services, Work

Wrapped = StudyKey | Secret


def add_key(settings: Settings) -> bool:
    """Put a new key before the others in the key file; False where the environment holds the keys.

    Raises ConfigurationError where the file cannot be written, as with a credential of systemd.
    """
    if settings.master_key:
        return False
    settings.load_master_keys()
    _write(settings, [new_master_key(), *_lines(settings)])
    return True


def rewrap(services: Services) -> int:
    """Wrap with the newest master key whatever an older one wraps; returns how many keys that were."""
    masters = services.vault.masters
    with services.write() as work:
        old = [row for row in _all(work) if not masters.newest_opens(_owner(row), row.wrapped)]
        for row in old:
            row.wrapped = masters.wrap(_owner(row), masters.unwrap(_owner(row), row.wrapped))
            work.session.add(row)
        if old:
            record(work, "keys.rotate", "installation", masters.fingerprints[0], keys=len(old))
    return len(old)


def hanging(services: Services) -> Mapping[str, int]:
    """How many keys each master key wraps, by its fingerprint, newest first."""
    masters = services.vault.masters
    counts = dict.fromkeys(masters.fingerprints, 0)
    with services.read() as work:
        for row in _all(work):
            counts[masters.opener(_owner(row), row.wrapped)] += 1
    return counts


def retire(services: Services) -> int:
    """Take the older keys out of the key file, once nothing hangs on them; returns how many.

    Backups that were sealed with them still need them: keep them with those backups.
    """
    rewrap(services)  # a server that did not know the newest key yet may have wrapped with an older one
    settings = services.settings
    if settings.master_key:
        raise ConfigurationError(
            "ZOUFANG_MASTER_KEY holds the keys: leave only the first in it, and restart the server"
        )
    lines = _lines(settings)
    _write(settings, lines[:1])
    with services.write() as work:
        record(work, "keys.retire", "installation", services.vault.masters.fingerprints[0], keys=len(lines) - 1)
    return len(lines) - 1


def renew(services: Services) -> str:
    """Sign with a new key from the next start on; returns its id. What the old one signed stays verifiable."""
    with services.write() as work:
        key_id = renew_signature(work.session, services.vault.masters, work.now)
        record(work, "keys.renew_signature", "installation", key_id, before=services.vault.key_id)
    return key_id


def _all(work: Work) -> Iterator[Wrapped]:
    yield from work.session.exec(select(StudyKey).order_by(col(StudyKey.study_id)).with_for_update())
    yield from work.session.exec(select(Secret).order_by(col(Secret.purpose)).with_for_update())


def _owner(row: Wrapped) -> bytes:
    return row.owner if isinstance(row, Secret) else row.study_id.bytes


def _lines(settings: Settings) -> list[str]:
    return settings.key_file.read_text("ascii").split()


def _write(settings: Settings, lines: list[str]) -> None:
    try:
        write_keys(settings.key_file, lines)
    except OSError as error:
        raise ConfigurationError(f"{settings.key_file}: the key file cannot be written ({error.strerror})") from error
