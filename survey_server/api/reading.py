"""What the API answers: few queries whatever the size of a page, held to the token's reach by the session."""

from __future__ import annotations

import uuid
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import defer
from sqlmodel import col, select

from survey_server.accounts.people import Member, members
from survey_server.api import schemas
from survey_server.api.paging import Row, page_of_items, page_of_rows
from survey_server.api.schemas import PageQuery, SubmissionQuery
from survey_server.audit.models import Event
from survey_server.fieldwork.models import Case
from survey_server.fieldwork.progress import Counted, by_stratum, table_of
from survey_server.privacy.service import cipher_of
from survey_server.results.dataset import open_answers
from survey_server.results.figures import Figure
from survey_server.results.microdata import answers_of
from survey_server.results.observed import observed
from survey_server.results.scores import ScoreLine
from survey_server.results.service import Results, results_of
from survey_server.studies.forms import definition_of
from survey_server.studies.models import FormVersion, Study
from survey_server.studies.service import study_of
from survey_server.submissions.models import Submission
from survey_server.work import Work

COUNTS = ("released", "attempted", "complete", "partial", "refused", "open")


def studies(work: Work, query: PageQuery) -> schemas.StudyPage:
    """The studies within reach."""
    statement = sa.select(Study, col(Study.created_at), col(Study.id))
    rows, following = page_of_rows(work, query, statement, [col(Study.created_at), col(Study.id)])
    return schemas.StudyPage(items=[_study(row[0]) for row in rows], next=following)


def study(work: Work, study_id: uuid.UUID) -> schemas.Study:
    """One study; raises NOT_FOUND."""
    return _study(study_of(work, study_id))


def cases(work: Work, query: PageQuery, study_id: uuid.UUID) -> schemas.CasePage:
    """The cases of a study by sample number; raises NOT_FOUND."""
    study_of(work, study_id)
    statement = sa.select(Case, col(Case.sample_id)).where(col(Case.study_id) == study_id)
    rows, following = page_of_rows(work, query, statement, [col(Case.sample_id)])
    return schemas.CasePage(items=[_case(row[0]) for row in rows], next=following)


def progress(work: Work, study_id: uuid.UUID, *, guarded: bool) -> schemas.Progress:
    """Counts by stratum; raises NOT_FOUND."""
    study_of(work, study_id)
    table = table_of(by_stratum(work, study_id), guarded=guarded)
    total = _stratum(Counted("", "", table.total))
    return schemas.Progress(strata=[_stratum(line) for line in table.lines], total=total, hidden=table.hidden)


def estimates(work: Work, query: PageQuery, study_id: uuid.UUID, *, guarded: bool) -> schemas.EstimatePage:
    """The figures of a study; raises NOT_FOUND."""
    figures = list(_results(work, study_id, guarded=guarded).figures)
    found, following = page_of_items(work, query, figures, _place)
    return schemas.EstimatePage(items=[_estimate(figure) for figure in found], next=following)


def scores(work: Work, study_id: uuid.UUID, *, guarded: bool) -> schemas.Scores:
    """The scored table of a study; raises NOT_FOUND."""
    card = _results(work, study_id, guarded=guarded).score
    return schemas.Scores(title=card.title, lines=[_line(line) for line in card.lines], checks=card.checks)


def submissions(work: Work, query: SubmissionQuery, study_id: uuid.UUID) -> schemas.SubmissionPage:
    """What was handed in; raises NOT_FOUND, STUDY_CLOSED where answers of a closed study are asked for."""
    study_of(work, study_id)
    keys = [col(Submission.received_at), col(Submission.id)]
    statement = (
        sa.select(Submission, col(FormVersion.form_id), col(FormVersion.version), col(Case.sample_id), *keys)
        .options(*_without(Submission.xml, Submission.answers))
        .join(FormVersion, col(FormVersion.id) == Submission.form_version_id)
        .outerjoin(Case, col(Case.id) == Submission.case_id)
        .where(col(Submission.study_id) == study_id)
    )
    rows, following = page_of_rows(work, query, statement, keys)
    answers = _answers(work, study_id, [row[0] for row in rows]) if query.answers else {}
    items = [_submission(row, answers.get(row[0].id)) for row in rows]
    return schemas.SubmissionPage(items=items, next=following)


def people(work: Work, query: PageQuery) -> schemas.PersonPage:
    """The people whom the token may see."""
    found, following = page_of_items(work, query, members(work), lambda member: [str(member.person.id)])
    return schemas.PersonPage(items=[_person(member) for member in found], next=following)


def events(work: Work, query: PageQuery) -> schemas.EventPage:
    """The record, oldest first."""
    rows, following = page_of_rows(work, query, sa.select(Event, col(Event.id)), [col(Event.id)])
    items = [schemas.Event(**_facts(schemas.Event, row[0])) for row in rows]
    return schemas.EventPage(items=items, next=following)


def _answers(work: Work, study_id: uuid.UUID, rows: Sequence[Submission]) -> Mapping[uuid.UUID, dict[str, Any]]:
    """The coded answers that may leave the house, of those who let them be used and did not withdraw."""
    kept = {row.id: row.form_version_id for row in rows if not row.unusable and row.withdrawn_at is None}
    asked = select(FormVersion).where(col(FormVersion.id).in_(set(kept.values())))
    versions = work.session.exec(asked.options(*_without(FormVersion.workbook))).all()
    columns = {version.id: answers_of([definition_of(version)]) for version in versions}
    opened = open_answers(work, cipher_of(work, study_id), kept)
    return {
        row_id: {answer.code: answer.read(content["values"]) for answer in columns[kept[row_id]]}
        for row_id, content in opened
    }


def _results(work: Work, study_id: uuid.UUID, *, guarded: bool) -> Results:
    results = results_of(work, study_id)
    return observed(results) if guarded else results


def _study(row: Study) -> schemas.Study:
    return schemas.Study(**_facts(schemas.Study, row))


def _case(row: Case) -> schemas.Case:
    facts = _facts(schemas.Case, row, without={"withdrawn"})
    return schemas.Case(**facts, withdrawn=row.withdrawn_at is not None)


def _person(member: Member) -> schemas.Person:
    facts = _facts(schemas.Person, member.person, without={"roles"})
    return schemas.Person(**facts, roles=sorted(role.value for role in member.roles))


def _stratum(line: Counted) -> schemas.Stratum:
    counts = dict(zip(COUNTS, (None if count is None else int(count) for count in line.counts), strict=True))
    return schemas.Stratum(county=line.county, category=line.category_name, **counts)


def _place(figure: Figure) -> list[str]:
    return [figure.metric, figure.denominator, figure.domain, figure.county, figure.category]


def _estimate(figure: Figure) -> schemas.Estimate:
    ends = {name: _number(getattr(figure, name)) for name in ("estimate", "low", "high")}
    facts = _facts(schemas.Estimate, figure, without={"rate", *ends})
    return schemas.Estimate(**facts, **ends, rate=figure.is_rate)


def _line(line: ScoreLine) -> schemas.Line:
    points = {name: _number(getattr(line, name)) for name in ("weight", "score", "low", "high")}
    figure = line.figure
    return schemas.Line(
        level=line.level,
        name=line.name,
        metric=figure.metric if figure else None,
        estimate=_number(figure.estimate) if figure else None,
        **points,
    )


def _submission(found: Row, answers: dict[str, Any] | None) -> schemas.Submission:
    row, form_id, form_version, sample_id, *_ = found
    named = {"sample_id", "form_id", "form_version", "flags", "withdrawn", "answers"}
    return schemas.Submission(
        **_facts(schemas.Submission, row, without=named),
        sample_id=sample_id,
        form_id=form_id,
        form_version=form_version,
        flags=[schemas.Flag(rule=str(flag["rule"]), question=str(flag.get("question", ""))) for flag in row.flags],
        withdrawn=row.withdrawn_at is not None,
        answers=answers,
    )


def _without(*columns: Any) -> list[Any]:  # noqa: ANN401 - SQLModel types a column as its value
    """Leave large columns in the database."""
    return [defer(column) for column in columns]


def _facts(schema: type[schemas.Strict], row: object, without: Collection[str] = ()) -> dict[str, Any]:
    """What a row says under the names of a schema."""
    return {name: getattr(row, name) for name in schema.model_fields if name not in without}


def _number(value: Decimal | None) -> float | None:
    return None if value is None else float(value)
