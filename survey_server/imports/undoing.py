"""A whole import taken back: tombstones are left, and the tries that it wrote down go from its households."""

from __future__ import annotations

from collections.abc import Sequence

from sqlmodel import col, select

from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.service import retract_attempts
from survey_server.imports.models import AnswerFile, AnswerRow, FileState, RowState
from survey_server.imports.service import require_open
from survey_server.privacy.reasons import words_given
from survey_server.rights.withdrawal import leave_tombstones
from survey_server.studies.service import study_of
from survey_server.submissions.models import Submission
from survey_server.work import Work

AT_ONCE = 500
IMPORT_UNDONE = "import_undone"
"""What a tombstone says of itself where nobody refused."""


def undo(work: Work, file: AnswerFile, *, reason: str = "") -> int:
    """Take all answers of a file back; returns how many. After the draw it needs a reason, kept in the record.

    Raises STUDY_CLOSED, STATE_CONFLICT where it was not taken, INVALID_FIELD without a reason.
    """
    study = study_of(work, file.study_id)
    require_open(study)
    if file.state != FileState.TAKEN:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("this file is not taken"))
    if study.locked_at is not None and not reason.strip():
        raise ZoufangError(
            Problem.INVALID_FIELD, field=N_("Reason"), why=N_("the study is locked: say why the answers are taken back")
        )
    taken = AnswerRow.file_id == file.id, AnswerRow.state == RowState.TAKEN.value
    instances = [name for name in work.session.exec(select(AnswerRow.instance_id).where(*taken)).all() if name]
    for start in range(0, len(instances), AT_ONCE):
        _undo_some(work, file, instances[start : start + AT_ONCE])
    file.state, file.undone_at = FileState.UNDONE.value, work.now
    work.session.add(file)
    why = {"reason": words_given(reason)} if reason.strip() else {}
    record(work, "answers.undo", "answer_file", file.id, study_id=file.study_id, submissions=len(instances), **why)
    return len(instances)


def _undo_some(work: Work, file: AnswerFile, instances: Sequence[str]) -> None:
    query = select(Submission.id).where(
        Submission.study_id == file.study_id,
        col(Submission.instance_id).in_(instances),
        col(Submission.withdrawn_at).is_(None),
    )
    leave_tombstones(work, work.session.exec(query).all(), undone=IMPORT_UNDONE)
    retract_attempts(work, file.study_id, instances)
