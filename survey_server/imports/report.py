"""What was taken of a file, what was not, and why: a workbook to keep beside the file. It holds no answer."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from sqlmodel import col, select

from analysis.report.workbook import Column, Sheet, write_workbook
from survey_server.errors import N_
from survey_server.imports.files import SOURCE_NAMES
from survey_server.imports.matching import BY, DROP_ROW, Decisions
from survey_server.imports.models import AnswerFile, AnswerRow, RowState
from survey_server.imports.service import decisions_of
from survey_server.submissions.models import Submission
from survey_server.work import Work

Translate = Callable[[str], str]
STATES = {
    RowState.TAKEN: N_("taken"),
    RowState.AGAIN: N_("came before: not taken twice"),
    RowState.DROPPED: N_("left out, as was decided for a value"),
    RowState.NO_CASE: N_("no drawn household of that name"),
    RowState.SEVERAL_CASES: N_("the names fit more than one household"),
    RowState.REFUSED: N_("refused at the door"),
}


def report_of(work: Work, file: AnswerFile, translate: Translate) -> bytes:
    """The workbook: counts, every row with its flags, and the columns and values as they were decided."""
    decisions = decisions_of(work, file)
    sheets = [_summary(file, translate), _rows(work, file, translate), *_decided(decisions, translate)]
    return write_workbook(sheets, created=work.now)


def _summary(file: AnswerFile, translate: Translate) -> Sheet:
    columns = (Column(translate(N_("What")), width=36), Column(translate(N_("Value")), width=48))
    rows = [
        (translate(N_("File")), file.name),
        (translate(N_("Kind of file")), translate(SOURCE_NAMES[file.source])),
        ("SHA-256", file.digest),
        (translate(N_("Rows")), str(file.total)),
        *((translate(words), str(file.counts.get(state.value, 0))) for state, words in STATES.items()),
    ]
    return Sheet(translate(N_("Summary")), columns, rows)


def _rows(work: Work, file: AnswerFile, translate: Translate) -> Sheet:
    query = (
        select(AnswerRow, Submission.flags)
        .outerjoin(
            Submission,
            (col(Submission.instance_id) == col(AnswerRow.instance_id)) & (Submission.study_id == file.study_id),
        )
        .where(AnswerRow.file_id == file.id)
        .order_by(col(AnswerRow.row))
    )
    headers = (N_("Row"), N_("Result"), N_("Question or reason"), N_("Rules of the form that it breaks"))
    columns = tuple(
        Column(translate(header), width=width) for header, width in zip(headers, (8, 30, 40, 60), strict=True)
    )
    rows = [
        (str(row.row), translate(STATES[RowState(row.state)]), row.why, _flags(flags or []))
        for row, flags in work.session.exec(query).all()
    ]
    return Sheet(translate(N_("Rows")), columns, rows, freeze=1)


def _flags(flags: Sequence[Mapping[str, Any]]) -> str:
    return "; ".join(f"{flag['question']}: {flag['rule']}" if flag["question"] else flag["rule"] for flag in flags)


def _decided(decisions: Decisions, translate: Translate) -> list[Sheet]:
    headers = (N_("Column"), N_("Question"), N_("Confidence"), N_("Found by"))
    columns = tuple(Column(translate(header), width=24) for header in headers)
    matched = [
        (key, match.target, f"{match.confidence:.2f}", translate(BY[match.by]))
        for key, match in decisions.columns.items()
    ]
    of_values = (N_("Column"), N_("Value in the file"), N_("Code"), N_("Found by"))
    values = [
        (
            key,
            value,
            translate(N_("row left out")) if match.target == DROP_ROW else match.target,
            translate(BY[match.by]),
        )
        for key, found in decisions.values.items()
        for value, match in found.items()
    ]
    of_values_columns = tuple(Column(translate(header), width=24) for header in of_values)
    return [
        Sheet(translate(N_("Columns")), columns, matched),
        Sheet(translate(N_("Values")), of_values_columns, values),
    ]
