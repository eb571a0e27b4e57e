"""Files of answers: kept sealed, matched to a questionnaire, decided by a person, remembered for the next."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlmodel import col, select

from mobile_forms.definition import Question
from survey_server.actors import Actor
from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.imports.files import AnswerTable, read_answers
from survey_server.imports.items import Item, items_of
from survey_server.imports.matching import (
    CHOOSING,
    Decisions,
    Match,
    adapted,
    decide,
    match_columns,
    match_values,
    may_be_fixed,
    takers,
)
from survey_server.imports.models import AnswerFile, AnswerMapping, FileState, Linking
from survey_server.privacy.service import cipher_of
from survey_server.studies.forms import definition_of, forms_of
from survey_server.studies.models import FormVersion, Purpose, Study
from survey_server.studies.service import study_of
from survey_server.work import Services, Work

OF_VOLUNTEERS = frozenset({Purpose.PUBLIC.value, Purpose.TRAINING.value})
"""Questionnaires whose answers belong to no drawn household."""


@dataclass(frozen=True)
class Opened:
    """A file as its page shows it."""

    file: AnswerFile
    table: AnswerTable
    items: Sequence[Item]


def upload(services: Services, actor: Actor, study_id: uuid.UUID, name: str, data: bytes) -> AnswerFile:
    """Keep a file and guess which questionnaire it answers.

    Raises ANSWERS_UNREADABLE, STUDY_CLOSED, NOT_FOUND.
    """
    table = read_answers(name, data)
    items = items_of(table)
    with services.read(actor) as work:
        require_open(study_of(work, study_id))
        cipher = cipher_of(work, study_id)
    file = AnswerFile(
        study_id=study_id,
        person_id=actor.id,
        name=name,
        digest=hashlib.sha256(data).hexdigest(),
        size=len(data),
        source=table.source,
        fingerprint=services.vault.pseudonym("answers", "\n".join(item.key for item in items)),
        total=len(table.rows),
        uploaded_at=services.clock(),
    )
    services.blobs.put(file.blob, cipher.seal(file.id, data))
    with services.write(actor) as work:
        study = study_of(work, study_id)
        require_open(study)
        work.session.add(file)
        form = likeliest_form(work, study_id, items)
        if form is not None:
            choose_form(work, Opened(file, table, items), form)
        record(work, "answers.upload", "answer_file", file.id, study_id=study_id, rows=file.total, source=file.source)
    return file


def file_of(work: Work, study_id: uuid.UUID, file_id: uuid.UUID) -> AnswerFile:
    """The file; raises NOT_FOUND."""
    study_of(work, study_id)
    file = work.session.get(AnswerFile, file_id)
    if file is None or file.study_id != study_id:
        raise ZoufangError(Problem.NOT_FOUND)
    return file


def files_of(work: Work, study_id: uuid.UUID) -> Sequence[AnswerFile]:
    """The files of a study, newest first."""
    query = select(AnswerFile).where(AnswerFile.study_id == study_id)
    return work.session.exec(query.order_by(col(AnswerFile.uploaded_at).desc())).all()


def open_file(work: Work, file: AnswerFile) -> Opened:
    """Read a kept file again."""
    content = cipher_of(work, file.study_id).open(file.id, work.blobs.get(file.blob))
    table = read_answers(file.name, content)
    return Opened(file, table, items_of(table))


def form_of(work: Work, file: AnswerFile) -> FormVersion | None:
    """The questionnaire that it is matched to."""
    return work.session.get(FormVersion, file.form_version_id) if file.form_version_id else None


def current_forms(work: Work, study_id: uuid.UUID) -> list[FormVersion]:
    """The newest version of each questionnaire."""
    newest: dict[tuple[str, str], FormVersion] = {}
    for form in forms_of(work, study_id):
        newest.setdefault((form.purpose, form.form_id), form)
    return list(newest.values())


def likeliest_form(work: Work, study_id: uuid.UUID, items: Sequence[Item]) -> FormVersion | None:
    """The questionnaire that fits best: most columns, most surely; None where less than a third is known."""
    scored = [
        (sum(match.confidence for match in match_columns(items, takers(definition_of(form))).values()), form)
        for form in current_forms(work, study_id)
    ]
    best, form = max(scored, key=lambda pair: pair[0], default=(0.0, None))
    return form if best * 3 >= max(len(items), 1) else None


def choose_form(work: Work, opened: Opened, form: FormVersion) -> None:
    """Match the file to this questionnaire anew: what was decided for its like before, else the best guess."""
    file = opened.file
    require_waiting(file)
    file.form_version_id = form.id
    volunteers = form.purpose in OF_VOLUNTEERS
    file.linking = (Linking.VOLUNTEERS if volunteers else Linking.CASES).value
    fresh = decide(opened.items, definition_of(form), file.source)
    old = _remembered(work, file, form, opened.items, fresh)
    keep_decisions(work, file, adapted(old, fresh, opened.items) if old else fresh)


def decisions_of(work: Work, file: AnswerFile) -> Decisions:
    """What is decided so far."""
    if not file.decisions:
        return Decisions()
    return Decisions.from_json(json.loads(cipher_of(work, file.study_id).open(file.id, file.decisions)))


def keep_decisions(work: Work, file: AnswerFile, decisions: Decisions) -> None:
    """Seal them beside the file."""
    content = json.dumps(decisions.as_json(), ensure_ascii=False).encode()
    file.decisions = cipher_of(work, file.study_id).seal(file.id, content)
    work.session.add(file)


def correct(work: Work, opened: Opened, typed: Mapping[str, str]) -> bool:
    """Take what somebody chose on the page; True where a column became another question, so that its values are new.

    ``typed`` has ``column|i``, ``value|i|j``, ``fixed|question`` and ``key|kind``; what is not there stays.
    """
    file, form = opened.file, form_of(work, opened.file)
    require_waiting(file)
    if form is None:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("choose the questionnaire first"))
    old = decisions_of(work, file)
    questions = {question.name: question for question in takers(definition_of(form))}
    columns, values, changed = dict(old.columns), {key: dict(found) for key, found in old.values.items()}, False
    for place, item in enumerate(opened.items):
        target = typed.get(f"column|{place}")
        if target is not None and target != columns[item.key].target and target in {"", *questions}:
            columns[item.key] = Match(target, 1.0, "hand")
            values[item.key] = _values_of(item, questions.get(target), file.source)
            changed = True
        else:
            _correct_values(values.get(item.key, {}), place, questions.get(columns[item.key].target), typed)
    _require_single(columns)
    able = [name for name, question in questions.items() if may_be_fixed(question)]
    fixed = {name: code for name in able if (code := typed.get(f"fixed|{name}", old.fixed.get(name, "")))}
    here = {item.key for item in opened.items}
    keys = {kind: key for kind in typed.get("keys", "").split() if (key := typed.get(f"key|{kind}")) in here and key}
    decisions = Decisions(columns, values, fixed, keys if "keys" in typed else old.keys)
    keep_decisions(work, file, decisions)
    _remember(work, file, form, decisions)
    record(work, "answers.match", "answer_file", file.id, study_id=file.study_id)
    return changed


def _values_of(item: Item, question: Question | None, source: str) -> dict[str, Match]:
    return match_values(item, question, source) if question and question.kind in CHOOSING else {}


def _correct_values(found: dict[str, Match], place: int, question: Question | None, typed: Mapping[str, str]) -> None:
    allowed = {"", "!drop", *(choice.value for choice in question.choices)} if question else set()
    for number, value in enumerate(list(found)):
        target = typed.get(f"value|{place}|{number}")
        if target is not None and target in allowed and target != found[value].target:
            found[value] = Match(target, 1.0, "hand")


def _require_single(columns: Mapping[str, Match]) -> None:
    """Two columns cannot answer one question."""
    seen: set[str] = set()
    for key, match in columns.items():
        if match.target and match.target in seen:
            raise ZoufangError(
                Problem.INVALID_FIELD, field=key[:60], why=N_("another column answers this question already")
            )
        seen.add(match.target)


def require_open(study: Study) -> None:
    """Raises STUDY_CLOSED."""
    if study.closed_at is not None:
        raise ZoufangError(Problem.STUDY_CLOSED)


def require_waiting(file: AnswerFile) -> None:
    """Raises STATE_CONFLICT once the answers are being taken."""
    if file.state != FileState.UPLOADED:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("the answers of this file were taken already"))


def remove(work: Work, file: AnswerFile) -> None:
    """Forget a file that was not taken."""
    require_waiting(file)
    work.blobs.delete(file.blob)
    record(work, "answers.remove", "answer_file", file.id, study_id=file.study_id)
    work.session.delete(file)


def _remember(work: Work, file: AnswerFile, form: FormVersion, decisions: Decisions) -> None:
    """Keep the decisions for the next file of this shape; values stand under keyed names that nobody can read."""
    raw = decisions.as_json()
    raw["values"] = {
        key: {work.vault.pseudonym("answer", value): match for value, match in found.items()}
        for key, found in raw["values"].items()
    }
    kept = work.session.get(AnswerMapping, (file.study_id, file.fingerprint))
    kept = kept or AnswerMapping(study_id=file.study_id, fingerprint=file.fingerprint, changed_at=work.now)
    kept.decisions, kept.changed_at = {"form_id": form.form_id, **raw}, work.now
    work.session.add(kept)


def _remembered(
    work: Work, file: AnswerFile, form: FormVersion, items: Sequence[Item], fresh: Decisions
) -> Decisions | None:
    """What was decided for files of this shape: in this study, else in another of the same bureau."""
    study = study_of(work, file.study_id)
    query = (
        select(AnswerMapping, Study.client)
        .join(Study, col(Study.id) == col(AnswerMapping.study_id))
        .where(AnswerMapping.fingerprint == file.fingerprint)
        .order_by(col(AnswerMapping.changed_at).desc())
    )
    own: dict[bool, dict[str, Any]] = {}
    for kept, client in work.session.exec(query).all():
        if kept.decisions.get("form_id") == form.form_id and (kept.study_id == file.study_id or _same(client, study)):
            own.setdefault(kept.study_id == file.study_id, kept.decisions)
    raw = own.get(True) or own.get(False)
    if raw is None:
        return None
    values = {
        item.key: {
            value: raw["values"][item.key][name]
            for value in {**fresh.values.get(item.key, {}), **item.values}
            if (name := work.vault.pseudonym("answer", value)) in raw["values"][item.key]
        }
        for item in items
        if item.key in raw["values"]
    }
    return _still_possible(Decisions.from_json({**raw, "values": values}), form)


def _same(client: str, study: Study) -> bool:
    return bool(client) and client == study.client


def _still_possible(old: Decisions, form: FormVersion) -> Decisions:
    """The questionnaire may have another version now: what it does not ask any more is forgotten."""
    names = {question.name for question in takers(definition_of(form))}
    columns = {key: match for key, match in old.columns.items() if match.target in {"", *names}}
    fixed = {name: code for name, code in old.fixed.items() if name in names}
    return Decisions(columns, {key: old.values[key] for key in old.values if key in columns}, fixed, old.keys)
