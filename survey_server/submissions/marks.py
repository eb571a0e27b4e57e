"""Answers that a questionnaire marks as a sign of a problem: a choice's ``x_flag``, or a question's tag.

Pure: a form and its answers in, marks out. Integrity clues (sealed, flag_integrity) are taken out of the answers
before (:mod:`survey_server.submissions.clues`) and never a mark. The kinds are codes of the list of problems
(findings/problem_types.csv).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from mobile_forms.definition import Choice, FormDefinition, Question
from survey_server.submissions.clues import SEALED

OF_FLAGS: Mapping[str, str] = {
    "flag_over": "1",
    "flag_miss": "2",
    "flag_death": "4",
    "flag_pay": "6",
    "flag_card": "7",
    "flag_deduct": "8",
    "urgent": "11",
    "flag_care": "12",
    "flag_child": "12",
}
"""The kind of problem that a flagged choice is a sign of."""
OF_CLUE: Mapping[str, str] = {"identity": "9"}
"""The kind of a choice flagged ``clue``, by the question's metric; in the conclusion the choice is the kind itself."""
OF_TAGS: Mapping[tuple[str, str], str] = {("death_still", "1"): "4", ("clue_miss", "1"): "2"}
"""The kind of an answer by metric and code, where no flag marks it."""
OF_OTHERS = frozenset({"clue_miss"})
"""Questions about another household than the one that answers."""
CONCLUSION = "problem"
MOST_WORDS = 2_000


@dataclass(frozen=True)
class Mark:
    """One answer that is a sign of a problem: its kind, the question's metric, and both in words."""

    kind: str
    metric: str
    question: str
    answer: str
    urgent: bool = False
    of_other: bool = False
    words: str = ""


def marks_in(form: FormDefinition, values: Mapping[str, str]) -> list[Mark]:
    """Every sign of a problem in these answers (by question), in the order of the form."""
    return [mark for question in form.questions for mark in _marks(form, question, values)]


def _marks(form: FormDefinition, question: Question, values: Mapping[str, str]) -> Iterator[Mark]:
    for code in values.get(question.name, "").split() if question.choices else ():
        choice = question.choice(code)
        kind = _kind(question, choice) if choice is not None else ""
        if choice is not None and kind:
            yield Mark(
                kind,
                question.metric,
                _label(form, question),
                _label(form, choice),
                urgent=choice.extra.get("x_flag") == "urgent",
                of_other=question.metric in OF_OTHERS,
                words=_words(form, question, values),
            )


def _kind(question: Question, choice: Choice) -> str:
    flag = choice.extra.get("x_flag", "")
    if flag == "clue" and question.metric == CONCLUSION:
        return choice.value
    by_flag = OF_CLUE.get(question.metric) if flag == "clue" else OF_FLAGS.get(flag)
    return by_flag or OF_TAGS.get((question.metric, choice.value), "")


def _words(form: FormDefinition, question: Question, values: Mapping[str, str]) -> str:
    """The facts that the interviewer wrote down beside it: texts of the same role that follow in the form."""
    if question.metric != CONCLUSION and question.metric not in OF_OTHERS:
        return ""
    texts = [other.name for other in form.by_role(question.role) if other.kind == "text"]
    return " ".join(values[name] for name in texts if values.get(name, SEALED) not in {"", SEALED})[:MOST_WORDS]


def _label(form: FormDefinition, thing: Question | Choice) -> str:
    return thing.label[form.default_language].plain if form.default_language in thing.label else ""
