"""The dataset of a study: one row a released case, and the one set of answers that counts for it.

Where a household answered several times, the order that the study locked decides (``definitions["counts"]``:
visit, phone, qr_household; the first complete, else the first partial). The others stay as evidence and are
listed with the reason. What the public sends in by the code of a place is a dataset of its own, never pooled.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

import pandas as pd
import sqlalchemy as sa
from sqlmodel import col, select

from survey_server.crypto import StudyCipher
from survey_server.fieldwork.models import Case, Status
from survey_server.findings.counting import counts_of, verdicts
from survey_server.privacy.service import cipher_of
from survey_server.results.keywords import words_of
from survey_server.results.opened import Opened, opened_of, remember, remembered
from survey_server.results.weights import add_weights
from survey_server.rosters.models import Household
from survey_server.samples.service import draw_of
from survey_server.studies.forms import definition_of
from survey_server.studies.models import CHANNEL_OF, Channel, FormVersion, Purpose, Study
from survey_server.submissions.models import Submission
from survey_server.work import Work

ANSWERED = ("complete", "partial")
RELAYED = (Channel.COLLECT.value, Channel.IMPORT.value, Channel.PAPER.value)
NEVER_TRIED = "F16"
CHUNK = 2_000
OPEN = "open"
"""The role of a question that is answered in one's own words."""

CASE_FACTS: dict[str, Any] = {
    "case_id": Case.id,
    "sample_id": Case.sample_id,
    "stratum": Case.stratum,
    "county": Case.county,
    "town": Household.town,
    "village": Household.village,
    "category": Case.category,
    "category_name": Household.category_name,
    "unit": Household.unit,
    "role": Case.role,
    "population": Case.population,
    "probability": Case.probability,
    "released_at": Case.released_at,
    "case_outcome": Case.outcome,
    "case_class": Case.outcome_class,
    "case_channel": Case.outcome_channel,
    "case_status": Case.status,
}
SUBMISSION_FACTS: dict[str, Any] = {
    "submission_id": Submission.id,
    "case_id": Submission.case_id,
    "form_version_id": Submission.form_version_id,
    "purpose": FormVersion.purpose,
    "arrived_by": Submission.channel,
    "instance_id": Submission.instance_id,
    "corrects": Submission.corrects,
    "received_at": Submission.received_at,
    "outcome": Submission.outcome,
    "outcome_class": Submission.outcome_class,
    "headline": Submission.headline,
    "unusable": Submission.unusable,
    "withdrawn": col(Submission.withdrawn_at).is_not(None),
}


class Standing(StrEnum):
    """Whether a set of answers counts, or why it does not."""

    COUNTED = "counted"
    CORRECTED = "corrected"
    ANOTHER_COUNTS = "another_counts"
    UNFINISHED = "unfinished"
    CHANNEL_EXCLUDED = "channel_excluded"
    NOT_RELEASED = "not_released"
    NO_CASE = "no_case"
    VOLUNTEER = "volunteer"
    NO_CONSENT = "no_consent"
    NO_GUARDIAN = "minor_without_guardian"
    WITHDRAWN = "withdrawn"
    IMPORT_UNDONE = "import_undone"


@dataclass(frozen=True)
class Dataset:
    """What a study knows, without a personal fact.

    Attributes:
        cases: one row a released case, index ``sample_id``: stratum, county, category, category_name, unit (户 or
            人), role, population (N of the stratum), covered (the part of N that is in scope), design_weight, weight
            (of the counted ones, adjusted for nonresponse; else NaN), submission_id, channel, headline, outcome,
            outcome_class, counted, settled (counted, or its fieldwork is done), finished_without (its attempts
            call it interviewed, but no record counts), err_incl, err_excl and err_death (verified, open, cleared or
            empty: what the findings say of it).
        answers: index ``sample_id`` of the counted cases; a column a metric tag, codes as text, missing where the
            question was not asked.
        evidence: one row a submission of a case, counted or not, with ``standing``.
        volunteers: the answers from the codes of places, a column a metric tag.
        drawn: every drawn case, reserves that were not released too: sample_id, stratum, role, released.
        standings: how many submissions stand how, those that belong to no case too.
        words: the telling words of the open answers by submission_id of the counted cases.
        findings: how many findings there are (survey_server.findings.counting.COLUMNS).
    """

    cases: pd.DataFrame
    answers: pd.DataFrame
    evidence: pd.DataFrame
    volunteers: pd.DataFrame
    drawn: pd.DataFrame
    standings: Mapping[str, int]
    words: Mapping[uuid.UUID, frozenset[str]] = field(default_factory=dict)
    findings: pd.DataFrame = field(default_factory=pd.DataFrame)


def load(work: Work, study: Study, tags: Collection[str]) -> Dataset:
    """Read a study's dataset with the answers of these metric tags."""
    drawn = _read_cases(work, study.id)
    submissions = judge(_read_submissions(work, study.id), drawn, study.definitions["counts"])
    released = drawn[drawn["released"]].drop(columns=["released", "released_at"])
    cases = _with_clusters(work, study, add_weights(_with_counted(released, submissions)))
    cases = _with_verdicts(cases, verdicts(work, study.id))
    counted = cases[cases["counted"]]
    volunteers = submissions[submissions["standing"] == Standing.VOLUNTEER]
    used = pd.concat([counted["submission_id"], volunteers["submission_id"]])
    opened = _opened(work, study.id, submissions.set_index("submission_id").loc[used, "form_version_id"], tuple(tags))
    return Dataset(
        cases=cases,
        answers=_tag_table(opened, counted["submission_id"], tags),
        evidence=submissions[submissions["sample_id"].notna()],
        volunteers=_tag_table(opened, volunteers["submission_id"], tags),
        drawn=drawn,
        standings={str(name): int(count) for name, count in submissions["standing"].value_counts().items()},
        words={row_id: opened[row_id].words for row_id in counted["submission_id"]},
        findings=counts_of(work, study.id),
    )


def _with_verdicts(cases: pd.DataFrame, found: pd.DataFrame) -> pd.DataFrame:
    """What the findings say of each case; empty where nothing was found."""
    said = {name: cases["case_id"].map(found[name]).astype(object) for name in found.columns}
    return cases.assign(**{name: column.fillna("").astype("str") for name, column in said.items()})


def _with_clusters(work: Work, study: Study, cases: pd.DataFrame) -> pd.DataFrame:
    """Where villages were drawn first: the village of each case, as its cluster."""
    draw = draw_of(work, study.id)
    if draw is None or not draw.design.get("stages"):
        return cases
    parts = cases[["stratum", "town", "village"]].astype(str)
    return cases.assign(cluster=parts.agg("|".join, axis=1))


def judge(submissions: pd.DataFrame, cases: pd.DataFrame, order: Sequence[str]) -> pd.DataFrame:
    """Add ``sample_id``, ``channel`` and ``standing``: which set of answers counts for its case.

    ``order`` names the channels that count, the first wins. ``cases`` has sample_id and released by case_id.
    """
    table = submissions.merge(cases.reset_index()[["case_id", "sample_id", "released"]], on="case_id", how="left")
    table["channel"] = [_channel(*pair) for pair in zip(table["arrived_by"], table["purpose"], strict=True)]
    table["standing"] = Standing.ANOTHER_COUNTS.value
    finished = table["outcome_class"].isin(ANSWERED)
    rules = (
        (~finished, Standing.UNFINISHED),
        (~table["channel"].isin(order), Standing.CHANNEL_EXCLUDED),
        (table["instance_id"].isin(set(table["corrects"].dropna())), Standing.CORRECTED),
        (table["released"].isna() | (table["released"] == 0), Standing.NOT_RELEASED),
        (table["sample_id"].isna(), Standing.NO_CASE),
        (table["channel"] == Channel.QR_PLACE.value, Standing.VOLUNTEER),
        (table["unusable"] == Standing.NO_CONSENT.value, Standing.NO_CONSENT),
        (table["unusable"] == Standing.NO_GUARDIAN.value, Standing.NO_GUARDIAN),
        (table["withdrawn"].astype(bool), Standing.WITHDRAWN),
        (table["unusable"] == Standing.IMPORT_UNDONE.value, Standing.IMPORT_UNDONE),
    )
    for mask, standing in rules:
        table.loc[mask, "standing"] = standing.value
    table["rank"] = table["outcome_class"].map({name: place for place, name in enumerate(ANSWERED)})
    table["place"] = table["channel"].map({name: place for place, name in enumerate(order)})
    table = table.sort_values(["sample_id", "rank", "place", "received_at", "instance_id"], ignore_index=True)
    able = table[table["standing"] == Standing.ANOTHER_COUNTS.value]
    table.loc[able.index[~able["sample_id"].duplicated()], "standing"] = Standing.COUNTED.value
    return table.drop(columns=["rank", "place", "released"])


def open_answers(
    work: Work, cipher: StudyCipher, submission_ids: Iterable[uuid.UUID]
) -> Iterator[tuple[uuid.UUID, dict[str, Any]]]:
    """Open the sealed answers of these submissions: ``values`` by question and ``tags`` by metric."""
    wanted = list(submission_ids)
    for start in range(0, len(wanted), CHUNK):
        chosen = col(Submission.id).in_(wanted[start : start + CHUNK])
        query = sa.select(col(Submission.id), col(Submission.answers)).where(chosen)
        for row_id, sealed in work.session.execute(query):
            yield row_id, json.loads(cipher.open(row_id, sealed))


def _channel(arrived_by: str, purpose: str) -> str:
    """A record that ODK Collect, paper or a file brought is of the channel that its questionnaire is for."""
    return CHANNEL_OF[Purpose(purpose)].value if arrived_by in RELAYED else arrived_by


def _read_cases(work: Work, study_id: uuid.UUID) -> pd.DataFrame:
    query = (
        sa.select(*CASE_FACTS.values())
        .join(Household, col(Household.id) == col(Case.household_id))
        .where(col(Case.study_id) == study_id)
        .order_by(Case.sample_id)
    )
    table = _table(work, query, CASE_FACTS).set_index("sample_id")
    table["probability"] = table["probability"].astype(float)
    return table.assign(released=table["released_at"].notna())


def _read_submissions(work: Work, study_id: uuid.UUID) -> pd.DataFrame:
    query = (
        sa.select(*SUBMISSION_FACTS.values())
        .join(FormVersion, col(FormVersion.id) == col(Submission.form_version_id))
        .where(col(Submission.study_id) == study_id)
    )
    return _table(work, query, SUBMISSION_FACTS)


def _table(work: Work, query: sa.Executable, names: Iterable[str]) -> pd.DataFrame:
    rows = [tuple(row) for row in work.session.execute(query)]
    return pd.DataFrame.from_records(rows, columns=list(names))


def _with_counted(cases: pd.DataFrame, submissions: pd.DataFrame) -> pd.DataFrame:
    """The case with what its counted answers, or else its last attempt, say of it."""
    counted = submissions[submissions["standing"] == Standing.COUNTED.value]
    facts = ["submission_id", "form_version_id", "channel", "headline", "outcome", "outcome_class"]
    table = cases.join(counted.set_index("sample_id")[facts])
    table["counted"] = table["submission_id"].notna()
    table["headline"] = table["headline"].fillna(value=0).astype(bool)
    table["outcome"] = table["outcome"].where(table["counted"], table["case_outcome"].fillna(NEVER_TRIED))
    # a case that its attempts call finished, but whose answers do not count, was not interviewed
    table["finished_without"] = table["case_class"].isin(ANSWERED) & ~table["counted"]
    tried = table["case_class"].fillna("unknown").mask(table["finished_without"], "other")
    table["outcome_class"] = table["outcome_class"].where(table["counted"], tried)
    table["settled"] = table["counted"] | table["case_status"].eq(Status.DONE.value)
    table["channel"] = table["channel"].where(table["counted"], table["case_channel"].fillna(Channel.VISIT.value))
    return table.drop(columns=["case_outcome", "case_class", "case_channel", "case_status"])


def _opened(work: Work, study_id: uuid.UUID, versions: pd.Series, tags: tuple[str, ...]) -> dict[uuid.UUID, Opened]:
    """The submissions of these ids with their questionnaires; only what is not remembered is opened.

    Raises STUDY_CLOSED.
    """
    cipher = cipher_of(work, study_id)
    reach = work.actor.reach
    key = work.services.settings.url, study_id, None if reach is None else frozenset(reach), tags
    before = remembered(key)
    found = {row_id: before[row_id] for row_id in versions.index.tolist() if row_id in before}
    questions = _open_questions(work, versions)
    version_of: dict[uuid.UUID, uuid.UUID] = dict(zip(versions.index.tolist(), versions.tolist(), strict=True))
    new = [row_id for row_id in version_of if row_id not in before]
    for row_id, content in open_answers(work, cipher, new):
        texts = [str(content["values"].get(name) or "") for name in questions[version_of[row_id]]]
        words = frozenset().union(*(words_of(text) for text in texts if text))
        found[row_id] = opened_of(content["tags"], tags, words)
    remember(key, found)
    return found


def _open_questions(work: Work, versions: pd.Series) -> dict[uuid.UUID, list[str]]:
    """The questions that are answered in one's own words, by questionnaire."""
    query = select(FormVersion).where(col(FormVersion.id).in_(versions.unique().tolist()))
    return {
        version.id: [question.name for question in definition_of(version).questions if question.role == OPEN]
        for version in work.session.exec(query).all()
    }


def _tag_table(opened: Mapping[uuid.UUID, Opened], submission_ids: pd.Series, tags: Collection[str]) -> pd.DataFrame:
    """One row a submission, under the index of ``submission_ids``; an empty answer is missing."""
    rows = [opened[row_id].codes for row_id in submission_ids]
    columns = dict(zip(tags, zip(*rows, strict=True), strict=True)) if rows else {tag: [] for tag in tags}
    return pd.DataFrame({tag: list(codes) for tag, codes in columns.items()}, index=submission_ids.index, dtype="str")
