"""原始数据: one row a counted case with its coded answers, and nothing personal.

Only what a questionnaire marks as not personal (``bind::zf:pipl`` none) and what is a code or a number is exported;
free text, files, places and whatever carries no mark stay behind.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pandas as pd
from flask_babel import gettext
from sqlmodel import col, select

from analysis.report.workbook import Column, Kind, Sheet
from mobile_forms.definition import FormDefinition, Question, Texts
from survey_server.errors import N_
from survey_server.privacy.service import cipher_of
from survey_server.results import wording
from survey_server.results.dataset import open_answers
from survey_server.results.deidentify import deidentified
from survey_server.results.service import Results
from survey_server.results.sheets import practice_notes, sheet_title
from survey_server.studies.forms import definition_of
from survey_server.studies.models import FormVersion
from survey_server.work import Work

CODED = frozenset({"select_one", "select_multiple", "rank", "integer", "decimal", "range", "calculate"})
ASKED = CODED - {"calculate"} | {"text", "photo", "audio", "video", "file", "geopoint", "date", "time", "dateTime"}
HIDDEN_ROLES = frozenset({"open", "contact_phone", "case", "meta", "script", "evidence"})
MOST_DIGITS = 15
FACTS = (
    *("sample_id", "stratum", "county", "category", "category_name", "unit"),
    *("channel", "outcome", "outcome_class", "headline", "weight"),
)
"""What is said of every case."""
MISSING = "missing"
WITHOUT = N_(
    "Left out: names, numbers, addresses, free text, photographs, recordings, places, and every question that its "
    "questionnaire marks as personal or does not mark."
)


@dataclass(frozen=True)
class Answer:
    """One column: a question, or one option of a question with several answers.

    ``choices`` are its codes with their words; ``missing`` those that are no answer.
    """

    code: str
    label: str
    question: str
    option: str = ""
    choices: tuple[tuple[str, str], ...] = ()
    missing: frozenset[str] = frozenset()

    @property
    def note(self) -> str:
        """What the codes mean."""
        return "；".join(f"{code} {name}" for code, name in self.choices)

    def column(self, kind: Kind) -> Column:
        """The column of the sheet: label and code above, what the codes mean as its note."""
        return Column(f"{self.label}\n{self.code}", kind, 16, 0, self.note)

    def read(self, values: Mapping[str, str]) -> str | int | None:
        """The cell of one interview; None where the question was not asked."""
        given = values.get(self.question) or ""
        if not given:
            return None
        if self.option:
            return int(self.option in given.split())
        return _number(given)


def microdata_sheet(work: Work, results: Results) -> Sheet:
    """One row a counted case by sample number, de-identified; the header has label and code of each column."""
    cases, answers, cells = coded_answers(work, results)
    facts = pd.DataFrame([_case_cells(case) for case in cases], columns=[*FACTS], dtype=object)
    given = pd.DataFrame(cells, columns=[answer.code for answer in answers], dtype=object)
    kept = [answer for answer in answers if answer.code not in FACTS]  # a form calculates its outcome too
    table = pd.concat([facts, given[[answer.code for answer in kept]]], axis=1)
    safe, removed = deidentified(table, FACTS, left_out(work, results))
    return Sheet(
        "原始数据",
        [*_case_columns(), *(answer.column(_kind(given[answer.code].tolist())) for answer in kept)],
        safe.to_numpy(dtype=object).tolist(),
        title=sheet_title(results.study, gettext("Coded answers of the counted cases")),
        notes=[*practice_notes(results.study), gettext(WITHOUT), removed.text],
        freeze=1,
    )


def coded_answers(work: Work, results: Results) -> tuple[list[dict[Any, Any]], list[Answer], list[list[Any]]]:
    """The counted cases, the columns that may leave the house, and a row of cells for each case."""
    counted = results.dataset.cases[results.dataset.cases["counted"]]
    answers = answers_of(_forms(work, counted["form_version_id"].unique().tolist()))
    opened = open_answers(work, cipher_of(work, results.study.id), counted["submission_id"])
    values = {row_id: content["values"] for row_id, content in opened}
    cases = counted.reset_index().to_dict("records")
    return cases, answers, [[answer.read(values[case["submission_id"]]) for answer in answers] for case in cases]


def left_out(work: Work, results: Results) -> int:
    """How many questions of the questionnaires that were used stay behind."""
    versions = results.dataset.cases["form_version_id"].dropna().unique().tolist()
    questions = [question for form in _forms(work, versions) for question in form.questions]
    return len({question.name for question in questions if question.kind in ASKED and not may_leave(question)})


def answers_of(forms: Sequence[FormDefinition]) -> list[Answer]:
    """The columns that may leave the house, in the order of the questionnaires; a question of two versions once."""
    found: dict[str, Answer] = {}
    for form in forms:
        for question in form.questions:
            if may_leave(question):
                for answer in _answers(form, question):
                    found.setdefault(answer.code, answer)
    return list(found.values())


def may_leave(question: Question) -> bool:
    """Whether a question is a code or number that its questionnaire marks as not personal."""
    coded = question.kind in CODED and not question.repeat
    return coded and question.pipl == "none" and question.role not in HIDDEN_ROLES


def _answers(form: FormDefinition, question: Question) -> Iterator[Answer]:
    label = _plain(question.label, form) or question.metric or question.name
    options = {choice.value: _plain(choice.label, form) or choice.value for choice in question.choices}
    if question.kind == "select_multiple":
        for code, name in options.items():
            yield Answer(f"{question.name}__{code}", f"{label}：{name}", question.name, code)
        return
    missing = frozenset(choice.value for choice in question.choices if choice.extra.get("x_flag") == MISSING)
    yield Answer(question.name, label, question.name, choices=tuple(options.items()), missing=missing)


def _plain(texts: Texts, form: FormDefinition) -> str:
    text = texts.get(form.default_language)
    return text.plain if text else ""


def _kind(column: Sequence[object]) -> Kind:
    """Whole numbers where every answer is one."""
    return "integer" if all(value is None or isinstance(value, int) for value in column) else "text"


def _forms(work: Work, version_ids: Sequence[uuid.UUID]) -> list[FormDefinition]:
    query = select(FormVersion).where(col(FormVersion.id).in_(version_ids))
    versions = work.session.exec(query.order_by(FormVersion.form_id, col(FormVersion.published_at).desc())).all()
    return [definition_of(version) for version in versions]


def _case_columns() -> list[Column]:
    labels = (
        gettext("Sample number"),
        gettext("Stratum"),
        gettext("County"),
        gettext("Category code"),
        gettext("Category"),
        gettext("Household or person"),
        gettext("Channel"),
        gettext("Outcome code"),
        gettext("Outcome"),
        gettext("In the headline domain (1 yes)"),
        gettext("Weight"),
    )
    kinds: Mapping[str, Kind] = {"headline": "integer", "weight": "number"}
    return [
        Column(f"{label}\n{name}", kinds.get(name, "text"), 16, 6) for name, label in zip(FACTS, labels, strict=True)
    ]


def _case_cells(case: Mapping[Any, Any]) -> list[Any]:
    return [
        *(case[name] for name in ("sample_id", "stratum", "county", "category", "category_name")),
        wording.unit_name(case["unit"]),
        wording.channel_name(case["channel"]),
        case["outcome"],
        wording.class_name(case["outcome_class"]),
        int(case["headline"]),
        case["weight"],
    ]


def _number(text: str) -> str | int:
    """A code that is a whole number as a number; what would lose digits or a leading 0 stays text."""
    plain = text.isascii() and text.isdigit() and len(text) <= MOST_DIGITS
    return int(text) if plain and (text == "0" or text[0] != "0") else text
