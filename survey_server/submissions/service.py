"""The only door for answers, whatever the channel: ``receive``.

Idempotent by instanceID; the bytes are kept as they came; a broken rule is a flag and never a refusal; only
what cannot be read at all is refused. The slow work (reading, checking, sealing) is done outside the
transaction, so that SQLite's one writer is held for a moment only.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy.exc import IntegrityError
from sqlmodel import select

from survey_server import outbox
from survey_server.actors import Actor
from survey_server.audit.service import record
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork.models import Case
from survey_server.fieldwork.service import note_attempt
from survey_server.studies.lock import note_first_answer
from survey_server.studies.models import Channel
from survey_server.submissions.clues import new_clue
from survey_server.submissions.consents import Given, rows_for
from survey_server.submissions.models import Submission, SubmissionFile
from survey_server.submissions.reading import FILE_RULES, Envelope, Reading, look_up, read
from survey_server.submissions.receipts import Receipt, receipt_for
from survey_server.work import Services, Work

MOST_FILES = 500
"""Files of one submission, in all its requests."""
MARKED = "findings.collect"
"""The outbox row of a submission whose answers are signs of a problem."""


@dataclass(frozen=True)
class _Sealed:
    """A submission with everything slow already done."""

    row: Submission
    files: list[SubmissionFile] = field(default_factory=list)
    consents: list[Given] = field(default_factory=list)
    clues: list[list[str]] = field(default_factory=list)
    marked: bool = False


def receive(
    services: Services,
    actor: Actor,
    study_id: uuid.UUID,
    xml: bytes,
    files: Mapping[str, bytes],
    *,
    channel: Channel,
    case_id: uuid.UUID | None = None,
    place_id: uuid.UUID | None = None,
) -> Receipt:
    """Take one instance and its files.

    The case is the one given (preset by the channel), else the one that the answers name. Raises
    SUBMISSION_UNREADABLE, FORM_UNKNOWN, INSTANCE_CONFLICT (same instanceID, other bytes), NOT_FOUND, WITHDRAWN,
    STUDY_CLOSED, TOO_MANY_FILES.
    """
    envelope = Envelope(study_id, xml, files, channel, case_id, place_id)
    with services.read(actor) as work:
        looked_up = look_up(work, envelope)
    reading = read(envelope, looked_up)
    sealed = _seal(services, actor, envelope, reading)
    try:
        return _keep(services, actor, sealed)
    except ZoufangError:  # withdrawn or closed in this moment, or other answers under the same number
        for file in sealed.files:
            services.blobs.delete(file.blob)
        raise


def _keep(services: Services, actor: Actor, sealed: _Sealed) -> Receipt:
    try:
        with services.write(actor) as work:
            _keep_new(work, sealed)
    except IntegrityError:  # the same instance is here already
        with services.write(actor) as work:
            row, held, fresh = _keep_again(work, sealed)
        return receipt_for(services.vault, row, held, fresh=fresh)
    return receipt_for(services.vault, sealed.row, sealed.files, fresh=True)


def _seal(services: Services, actor: Actor, envelope: Envelope, reading: Reading) -> _Sealed:
    row = Submission(
        study_id=envelope.study_id,
        form_version_id=reading.form_version_id,
        case_id=reading.case_id,
        place_id=envelope.place_id,
        channel=envelope.channel.value,
        instance_id=reading.checked.instance_id,
        corrects=reading.checked.deprecated_id,
        person_id=actor.id,
        device_id=actor.device_id,
        received_at=services.clock(),
        outcome=reading.checked.outcome,
        outcome_class=reading.outcome_class,
        headline=bool(reading.checked.headline),
        flags=reading.flags,
        missing=sorted(set(reading.checked.files) - set(envelope.files)),
        fingerprint=services.vault.fingerprint(envelope.xml),
        xml=b"",
        answers=b"",
        clues=reading.clue_cipher is not None,
        unusable=reading.unusable,
    )
    xml = reading.clue_cipher.seal(row.id, envelope.xml) if reading.clue_cipher else envelope.xml
    row.xml = reading.cipher.seal(row.id, xml)
    row.answers = reading.cipher.seal(row.id, json.dumps(reading.answers, ensure_ascii=False).encode())
    files = [_seal_file(services, reading, row, name) for name in sorted(envelope.files)]
    return _Sealed(row, files, reading.consents, reading.clues, reading.marked)


def _seal_file(services: Services, reading: Reading, row: Submission, name: str) -> SubmissionFile:
    content = reading.files[name]
    file = SubmissionFile(
        submission_id=row.id,
        name=name,
        fingerprint=services.vault.fingerprint(content),
        size=len(content),
        received_at=row.received_at,
    )
    services.blobs.put(file.blob, reading.cipher.seal(file.id, content))
    return file


def _keep_new(work: Work, sealed: _Sealed) -> None:
    """Store it and move its case on; raises IntegrityError, at the latest on commit, where the instance is here."""
    row = sealed.row
    note_first_answer(work, row.study_id)
    if row.case_id is not None:
        # Locked before the row that refers to it is added: two visits to one household would wait for each other.
        case = work.session.get_one(Case, row.case_id, with_for_update={"key_share": True})
        if case.withdrawn_at is not None:
            raise ZoufangError(Problem.WITHDRAWN)
        if row.outcome:
            note_attempt(work, case, channel=Channel(row.channel), outcome=row.outcome, instance_id=row.instance_id)
    record(
        work,
        "submission.receive",
        "submission",
        row.id,
        study_id=row.study_id,
        channel=row.channel,
        flags=len(row.flags),
    )
    work.session.add(row)
    if sealed.files or sealed.consents or sealed.clues:
        work.session.flush()
        work.session.add_all([*sealed.files, *rows_for(row, sealed.consents)])
    if sealed.clues:
        new_clue(work, row.study_id, sealed.clues, case_id=row.case_id, submission_id=row.id)
    if sealed.marked:
        outbox.put(work, MARKED, submission_id=str(row.id))


def _keep_again(work: Work, sealed: _Sealed) -> tuple[Submission, list[SubmissionFile], bool]:
    """Whatever is here stays as it is; files that were missing are added. The row, its files, whether it is new."""
    new = sealed.row
    query = select(Submission).where(Submission.study_id == new.study_id, Submission.instance_id == new.instance_id)
    row = work.session.exec(query.with_for_update()).first()
    if row is None:  # the one that was in the way was not kept
        _keep_new(work, sealed)
        return new, sealed.files, True
    if row.withdrawn_at is not None:
        raise ZoufangError(Problem.WITHDRAWN)
    if row.fingerprint != new.fingerprint:
        raise ZoufangError(Problem.INSTANCE_CONFLICT)
    return row, _add_files(work, row, sealed), False


def _add_files(work: Work, row: Submission, sealed: _Sealed) -> list[SubmissionFile]:
    query = select(SubmissionFile).where(SubmissionFile.submission_id == row.id)
    held = list(work.session.exec(query).all())
    names = {file.name for file in held}
    if len(names.union(file.name for file in sealed.files)) > MOST_FILES:
        raise ZoufangError(Problem.TOO_MANY_FILES, limit=MOST_FILES)
    for file in sealed.files:
        if file.name not in names:
            file.submission_id = row.id
            held.append(file)
            work.session.add(file)
    missing = sorted(set(row.missing) - {file.name for file in held})
    if missing != row.missing:
        row.missing = missing
    found = [flag for flag in sealed.row.flags if flag["rule"] in FILE_RULES and flag not in row.flags]
    if found:
        row.flags = [*row.flags, *found]
    return held
