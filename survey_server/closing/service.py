"""Closing a study (结项): hand a bundle over, pin the figures, destroy the keys, and say so under our signature."""

from __future__ import annotations

import base64
import hashlib
import json
import uuid
from collections.abc import Callable, Sequence
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import sqlalchemy as sa
from flask_babel import force_locale
from sqlmodel import SQLModel, col, func, select

from analysis.report.statistical import write_csv
from analysis.report.workbook import Sheet
from survey_server.audit.models import Event
from survey_server.audit.service import record
from survey_server.closing.bundle import seal_bundle
from survey_server.closing.models import Closing
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.calls import forget_calls
from survey_server.fieldwork.models import Attempt, Case, Status
from survey_server.findings.evidence import files_of
from survey_server.imports.models import AnswerFile
from survey_server.privacy.models import StudyKey
from survey_server.privacy.reasons import Reason
from survey_server.privacy.service import clue_key_id, destroy_keys
from survey_server.reports.service import KINDS, word_of
from survey_server.reports.unlinking import unlink_study
from survey_server.results.export import workbook_of
from survey_server.results.microdata import microdata_sheet
from survey_server.results.service import Results, results_of
from survey_server.results.sheets import definitions_sheet, results_sheet, sample_sheet
from survey_server.rights.erasing import erase_blobs
from survey_server.rosters.models import Household, Import, RosterFile
from survey_server.scores.models import Evidence
from survey_server.scores.sheet import card_of
from survey_server.scores.sheets import workbook_of as scores_of
from survey_server.studies.lock import changes_of
from survey_server.studies.models import Study
from survey_server.submissions.clues import clues_of, is_reader, open_clue
from survey_server.submissions.models import Clue, Consent, Submission, SubmissionFile
from survey_server.submissions.receipts import canonical
from survey_server.work import Work
from survey_server.workpapers.models import DocumentFile

FORMAT = "zoufang-destruction/1"
BUNDLED = "study.bundle"
CHINESE = "zh_Hans_CN"
KEPT = (
    "figures: de-identified, as they stood",
    "certificate of the draw",
    "issued reports, and the de-identified snapshots that their figures come from",
    "record of what was done",
    "rows whose personal parts stay sealed for ever",
)


def closing_of(work: Work, study_id: uuid.UUID) -> Closing | None:
    """How a study was closed; None while it is open."""
    return work.session.get(Closing, study_id)


def bundle_of(work: Work, study: Study, passphrase: str) -> bytes:
    """The bundle for the client, sealed: de-identified data, what its columns mean, certificate, figures, report."""
    require_open(study)
    with force_locale(CHINESE):
        results = results_of(work, study.id)
        return seal_bundle(_files(work, study, results), passphrase)


def clues_of_study(work: Work, study: Study, passphrase: str, why: Callable[[], Reason]) -> bytes:
    """The sealed clues as a bundle of their own, for the person whom the client named; by sample number, no name.

    Every clue is opened, and recorded, as one of the named few opens it; ``why`` reads the reason once it is known
    that they may. Raises NOT_ALLOWED, INVALID_FIELD.
    """
    require_open(study)
    if not is_reader(work, study.id):
        raise ZoufangError(Problem.NOT_ALLOWED)
    reason = why()
    lines = [["样本编号", "县", "时间", "题目", "编码", "内容"]]
    for clue in clues_of(work, study.id):
        moment = f"{clue.at.astimezone(ZoneInfo(work.settings.timezone)):%Y-%m-%d %H:%M}"
        about = [clue.sample_id or "", clue.county or "", moment]
        lines += [[*about, *said] for said in open_clue(work, clue.id, reason)]
    sealed = seal_bundle({"线索清单.csv": write_csv(pd.DataFrame(lines[1:], columns=lines[0]))}, passphrase)
    record(work, "clue.hand_over", "study", study.id, study_id=study.id, lines=len(lines) - 1)
    return sealed


def note_bundle(work: Work, study: Study, bundle: bytes) -> None:
    """Record that a bundle was made, by its digest."""
    digest = hashlib.sha256(bundle).hexdigest()
    record(work, BUNDLED, "study", study.id, study_id=study.id, sha256=digest, bytes=len(bundle))


def bundle_made(work: Work, study_id: uuid.UUID) -> dict[str, Any] | None:
    """What is recorded of the last bundle: sha256, bytes; None where none was made."""
    query = select(Event).where(Event.study_id == study_id, Event.action == BUNDLED).order_by(col(Event.id).desc())
    found = work.session.exec(query.limit(1)).first()
    return dict(found.details) if found else None


def close_study(work: Work, study: Study, *, name: str) -> Closing:
    """Destroy what is personal, for good.

    Raises STATE_CONFLICT where it is closed, or no bundle was made; INVALID_FIELD where ``name`` is not the study's.
    """
    require_open(study)
    bundle = bundle_made(work, study.id)
    if bundle is None:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("make the bundle for the client first"))
    if name.strip() != study.name:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Name of the study"), why=N_("type it exactly as it stands"))
    with force_locale(CHINESE):
        figures = _pinned(work, results_of(work, study.id))
    certificate = _certificate(work, study, bundle)
    _destroy(work, study)
    closing = Closing(
        study_id=study.id,
        at=work.now,
        person_id=work.person_id,
        certificate=certificate,
        signature=work.vault.sign(canonical(certificate)),
        figures=figures,
    )
    work.session.add(closing)
    digest = hashlib.sha256(canonical(certificate)).hexdigest()
    record(work, "study.close", "study", study.id, study_id=study.id, certificate=digest)
    return closing


def require_open(study: Study) -> None:
    """Raises STUDY_CLOSED."""
    if study.closed_at is not None:
        raise ZoufangError(Problem.STUDY_CLOSED)


def counts_of(work: Work, study_id: uuid.UUID) -> dict[str, int]:
    """How much is there that would be destroyed."""
    notes = (col(Attempt.study_id) == study_id, col(Attempt.note).is_not(None))
    return {
        "households": _count(work, Household, col(Household.study_id) == study_id),
        "cases": _count(work, Case, col(Case.study_id) == study_id),
        "submissions": _count(work, Submission, col(Submission.study_id) == study_id),
        "files": len(_file_names(work, study_id)),
        "notes": _count(work, Attempt, *notes),
        "clues": _count(work, Clue, col(Clue.study_id) == study_id),
        "consents": _count(work, Consent, col(Consent.study_id) == study_id),
        "roster_files": _count(work, RosterFile, col(RosterFile.study_id) == study_id),
    }


def _files(work: Work, study: Study, results: Results) -> dict[str, bytes]:
    changes = [change.model_dump(mode="json", exclude={"person_id"}) for change in changes_of(work, study.id)]
    files = {
        "说明.txt": _about(study).encode("utf-8-sig"),
        "结果与原始数据.xlsx": workbook_of(work, results),
        "评分表.xlsx": scores_of(study.id, card_of(work, study.id), (), lambda _person: ""),
        "编码本.csv": _codebook(microdata_sheet(work, results)).encode("utf-8-sig"),
        "锁定后的变更.json": json.dumps(changes, ensure_ascii=False, indent=1).encode(),
        **{f"报告-{kind}.docx": word_of(work, study.id, kind) for kind in KINDS},
    }
    if results.draw is not None:
        files["抽样证书.json"] = json.dumps(results.draw.certificate, ensure_ascii=False, indent=1).encode()
    return files


def _about(study: Study) -> str:
    return (
        f"{study.name}\n委托方：{study.client}\n评价方：{study.company}\n\n"
        "本包为去标识数据：不含姓名、证件号、电话、住址、自由文字、照片、录音和位置。\n"
        "编码本.csv 说明“原始数据”每一列；抽样证书.json 可用公开的种子和名册重算。\n"
        "小于5的单元格不得对外公布。\n"
    )


def _codebook(sheet: Sheet) -> str:
    """A line a column of the data: code, label, what its codes mean."""
    lines = ["code,label,codes"]
    for column in sheet.columns:
        label, _, code = column.header.partition("\n")
        cells = (code or label, label, column.note)
        lines.append(",".join('"' + cell.replace('"', '""') + '"' for cell in cells))
    return "\n".join(lines) + "\n"


def _pinned(work: Work, results: Results) -> list[dict[str, Any]]:
    """The sheets of figures as they stand now, as plain texts and numbers."""
    sheets = (results_sheet(work, results), definitions_sheet(work, results), sample_sheet(results))
    return [
        {
            "title": sheet.title,
            "columns": [column.header for column in sheet.columns],
            "rows": [[_plain(cell) for cell in row] for row in sheet.rows],
            "notes": list(sheet.notes),
        }
        for sheet in sheets
    ]


def _plain(cell: Any) -> Any:  # noqa: ANN401 - a cell
    if cell is None or isinstance(cell, (str, bool, int)):
        return cell
    number = float(cell)
    return None if number != number else round(number, 6)  # noqa: PLR0124 - only NaN differs from itself


def _certificate(work: Work, study: Study, bundle: dict[str, Any]) -> dict[str, Any]:
    return {
        "format": FORMAT,
        "study": {"id": str(study.id), "name": study.name, "client": study.client, "company": study.company},
        "destroyed_at": work.now.isoformat(),
        "by": {"id": str(work.person_id or ""), "name": work.actor.name},
        "keys": _key_names(work, study.id),
        "destroyed": counts_of(work, study.id),
        "kept": list(KEPT),
        "bundle": bundle,
        "signed_with": work.vault.key_id,
        "public_key": base64.b64encode(work.vault.public_key).decode("ascii"),
    }


def _key_names(work: Work, study_id: uuid.UUID) -> list[dict[str, str]]:
    """Each key by its id and the digest of its wrapped form, which says nothing of the key."""
    found = []
    for key_id in (study_id, clue_key_id(study_id)):
        key = work.session.get(StudyKey, key_id)
        if key is not None:
            found.append({"id": str(key_id), "wrapped_sha256": hashlib.sha256(key.wrapped).hexdigest()})
    return found


def _destroy(work: Work, study: Study) -> None:
    erase_blobs(work, _file_names(work, study.id))
    work.session.execute(
        sa.update(Household).where(col(Household.study_id) == study.id).values(id_index=None, phone_index=None)
    )
    work.session.execute(sa.update(Import).where(col(Import.study_id) == study.id).values(problems=None))
    work.session.execute(
        sa.update(Case)
        .where(col(Case.study_id) == study.id)
        .values(status=Status.DONE.value, interviewer_id=None, operator_id=None, locked_until=None, due_at=None)
    )
    work.session.execute(sa.delete(Clue).where(col(Clue.study_id) == study.id))
    forget_calls(work, of=col(Case.study_id) == study.id)
    unlink_study(work, study.id)
    destroy_keys(work, study.id)
    study.closed_at = work.now
    work.session.add(study)


def _file_names(work: Work, study_id: uuid.UUID) -> Sequence[str]:
    query = select(SubmissionFile).join(Submission, col(Submission.id) == SubmissionFile.submission_id)
    files = work.session.exec(query.where(Submission.study_id == study_id)).all()
    rosters = work.session.exec(select(RosterFile).where(RosterFile.study_id == study_id)).all()
    papers = work.session.exec(select(Evidence).where(Evidence.study_id == study_id)).all()
    answers = work.session.exec(select(AnswerFile).where(AnswerFile.study_id == study_id)).all()
    documents = work.session.exec(select(DocumentFile).where(DocumentFile.study_id == study_id)).all()
    return [*(file.blob for file in (*files, *rosters, *papers, *documents, *answers)), *files_of(work, study_id)]


def _count(work: Work, table: type[SQLModel], *conditions: sa.ColumnElement[bool]) -> int:
    return work.session.execute(sa.select(func.count()).select_from(table).where(*conditions)).scalar_one()
