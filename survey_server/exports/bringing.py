"""An archive from another installation becomes a study here, with the same figures to the last digit.

The file is read as an enemy wrote it: bounded in number, size and depth, every part checked against the manifest and
the manifest against its signature. What it holds is a study without households to visit: their personal facts never
left where they were.
"""

from __future__ import annotations

import base64
import hashlib
import io
import json
import uuid
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from flask_babel import gettext
from pydantic import TypeAdapter, ValidationError
from sqlalchemy.exc import StatementError
from sqlmodel import select

from survey_server.audit.service import record
from survey_server.crypto import StudyCipher, key_id_of, signed_by
from survey_server.db import new_id
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.exports.archive import CASE_FIELDS, FORM_FIELDS, FORMAT, STUDY_FIELDS, SUBMISSION_FIELDS, stated
from survey_server.exports.models import ArchiveOrigin
from survey_server.fieldwork.models import Case
from survey_server.privacy.service import cipher_of, create_key
from survey_server.results.service import results_of
from survey_server.rosters.models import Household
from survey_server.samples.models import Draw
from survey_server.scores.models import ScoreEntry, StudyTable
from survey_server.studies.models import FormVersion, Study
from survey_server.submissions.models import Submission
from survey_server.submissions.receipts import canonical
from survey_server.work import Work

MOST_FILES = 400
MOST_BYTES = 1024**3
MOST_OF_ONE = 512 * 1024**2
MOST_ROWS = 2_000_000
NEEDED = ("forms.json", "design.json", "cases.jsonl", "submissions.jsonl", "scores.json", "figures.json")
EMPTY = b'{"values": {}, "tags": {}}'
BATCH = 5_000


@dataclass(frozen=True)
class Brought:
    """The study that an archive became, how many figures came out the same, and by whose key it is signed."""

    study: Study
    figures: int
    key_id: str


def bring_in(work: Work, content: bytes) -> Brought:
    """Make the study.

    Raises INVALID_FIELD where the file is no archive, was changed, or its figures come out differently here;
    STATE_CONFLICT where this very archive is here already.
    """
    files = opened(content)
    manifest, key_id = _manifest(files)
    digest = hashlib.sha256(content).hexdigest()
    if work.session.exec(select(ArchiveOrigin).where(ArchiveOrigin.digest == digest)).first():
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("this archive was brought in before"))
    try:
        study = _study(work, manifest)
        forms = _forms(work, study, files)
        _draw(work, study, _read(files, "design.json"))
        cases = _cases(work, study, files)
        _submissions(work, study, forms, cases, files)
        _scores(work, study, _read(files, "scores.json"))
        original = uuid.UUID(manifest["study_id"])
    except (KeyError, TypeError, ValueError, ValidationError, StatementError) as error:
        raise _wrong(N_("it does not hold what its format says")) from error
    work.session.flush()
    found, told = stated(work, results_of(work, study.id)), _read(files, "figures.json")
    # experts stay where they were, and a score that rests on their points cannot be computed here
    compared = ["figures", "volunteers", *([] if _read(files, "scores.json")["points"] else ["score"])]
    if any(found[name] != told.get(name) for name in compared):
        raise _wrong(N_("its figures come out differently here; was it made by another version?"))
    figures = len(found["figures"])
    work.session.add(
        ArchiveOrigin(study_id=study.id, original_id=original, digest=digest, figures=figures, at=work.now)
    )
    record(work, "archive.bring_in", "study", study.id, study_id=study.id, sha256=digest, key=key_id, figures=figures)
    return Brought(study, figures, key_id)


def opened(content: bytes) -> dict[str, bytes]:
    """The parts by name; raises INVALID_FIELD for another file, or one that is too large."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            parts = archive.infolist()
            whole = sum(part.file_size for part in parts)
            if len(parts) > MOST_FILES or whole > MOST_BYTES or any(part.file_size > MOST_OF_ONE for part in parts):
                raise _wrong(N_("it is too large"))
            return {part.filename: archive.read(part) for part in parts}
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError) as error:
        raise _wrong(N_("this is no archive of ours")) from error


def _manifest(files: Mapping[str, bytes]) -> tuple[dict[str, Any], str]:
    if not {"manifest.json", "signature.json", *NEEDED} <= files.keys():
        raise _wrong(N_("this is no archive of ours"))
    manifest, seal = _read(files, "manifest.json"), _read(files, "signature.json")
    try:
        public_key = base64.b64decode(seal["public_key"], validate=True)
        genuine = manifest["format"] == FORMAT and signed_by(public_key, seal["signature"], canonical(manifest))
        digests = manifest["files"]
    except (KeyError, TypeError, ValueError) as error:
        raise _wrong(N_("this is no archive of ours")) from error
    parts = {name: content for name, content in files.items() if name not in {"manifest.json", "signature.json"}}
    if not genuine or digests != {name: hashlib.sha256(content).hexdigest() for name, content in parts.items()}:
        raise _wrong(N_("it was changed since it was made"))
    return manifest, key_id_of(public_key)


def _study(work: Work, manifest: Mapping[str, Any]) -> Study:
    facts = {name: manifest["study"][name] for name in STUDY_FIELDS}
    name = gettext("%(name)s (imported archive)") % {"name": facts["name"]}
    study = Study.model_validate(facts | {"id": new_id(), "name": name})
    work.session.add(study)
    create_key(work, study.id)
    work.session.flush()
    return study


def _forms(work: Work, study: Study, files: Mapping[str, bytes]) -> dict[str, uuid.UUID]:
    """The questionnaires; their new ids by the old."""
    ids: dict[str, uuid.UUID] = {}
    for listed in _read(files, "forms.json"):
        ids[listed["id"]] = made = new_id()
        parts = {"xform": files[f"forms/{listed['id']}.xml"], "workbook": files[f"forms/{listed['id']}.xlsx"]}
        facts = {name: listed[name] for name in FORM_FIELDS}
        work.session.add(FormVersion.model_validate({**facts, **parts, "id": made, "study_id": study.id}))
    return ids


def _draw(work: Work, study: Study, design: Mapping[str, Any]) -> None:
    if design:
        work.session.add(Draw.model_validate({**design, "study_id": study.id, "id": new_id()}))
    work.session.flush()


def _cases(work: Work, study: Study, files: Mapping[str, bytes]) -> dict[str, uuid.UUID]:
    """The cases, each with a household of which nothing personal is known; their new ids by sample number."""
    ids: dict[str, uuid.UUID] = {}
    households, cases = [], []
    cipher = cipher_of(work, study.id)
    for row in _rows(files, "cases.jsonl"):
        household_id, case_id = new_id(), new_id()
        ids[row["sample_id"]] = case_id
        place = {name: str(row[name]) for name in ("county", "town", "village", "category", "category_name", "unit")}
        households.append(
            place
            | {"id": household_id, "study_id": study.id, "unit_id": row["sample_id"], "area": ""}
            | {"categories": [], "sources": [], "personal": cipher.seal(household_id, b"{}")}
        )
        facts = {name: row[name] for name in CASE_FIELDS}
        case = Case.model_validate(
            facts | {"id": case_id, "study_id": study.id, "household_id": household_id, "town": row["town"]}
        )
        cases.append(case.model_dump())
    _insert(work, Household, households)
    _insert(work, Case, cases)
    return ids


def _submissions(
    work: Work,
    study: Study,
    forms: Mapping[str, uuid.UUID],
    cases: Mapping[str, uuid.UUID],
    files: Mapping[str, bytes],
) -> None:
    cipher = cipher_of(work, study.id)
    sealed = (_submission(row, study, forms, cases, cipher) for row in _rows(files, "submissions.jsonl"))
    _insert(work, Submission, list(sealed))


def _submission(
    row: Mapping[str, Any],
    study: Study,
    forms: Mapping[str, uuid.UUID],
    cases: Mapping[str, uuid.UUID],
    cipher: StudyCipher,
) -> dict[str, Any]:
    made = new_id()
    content = json.dumps({"values": _codes(row["values"]), "tags": _codes(row["tags"])}, ensure_ascii=False).encode()
    facts = {name: row[name] for name in SUBMISSION_FIELDS}
    return Submission.model_validate(
        {
            **facts,
            "id": made,
            "study_id": study.id,
            "form_version_id": forms[row["form"]],
            "case_id": cases[row["sample_id"]] if row["sample_id"] else None,
            "fingerprint": "",
            "xml": cipher.seal(made, b""),
            "answers": cipher.seal(made, content),
        }
    ).model_dump()


def _scores(work: Work, study: Study, scores: Mapping[str, Any]) -> None:
    """The table and what was entered by hand."""
    if scores["table"]:
        work.session.add(StudyTable(study_id=study.id, source=dict(scores["table"]), changed_at=work.now))
    for entry in scores["entries"]:
        work.session.add(ScoreEntry.model_validate({**entry, "study_id": study.id, "person_id": None}))


def _codes(values: Mapping[str, Any]) -> dict[str, str]:
    return {str(name): str(given) for name, given in values.items()}


def _insert(work: Work, table: type[Case | Household | Submission], rows: list[dict[str, Any]]) -> None:
    for start in range(0, len(rows), BATCH):
        work.session.execute(sa.insert(table), rows[start : start + BATCH])


def _rows(files: Mapping[str, bytes], name: str) -> Iterator[dict[str, Any]]:
    lines = files[name].splitlines()
    if len(lines) > MOST_ROWS:
        raise _wrong(N_("it is too large"))
    yield from (_ROW.validate_json(line) for line in lines)


def _read(files: Mapping[str, bytes], name: str) -> Any:  # noqa: ANN401 - whatever JSON holds
    try:
        return json.loads(files[name])
    except (ValueError, RecursionError) as error:
        raise _wrong(N_("it does not hold what its format says")) from error


def _wrong(why: str) -> ZoufangError:
    return ZoufangError(Problem.INVALID_FIELD, field=N_("Archive"), why=why)


_ROW = TypeAdapter(dict[str, Any])
