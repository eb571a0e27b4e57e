"""Paper forms keyed twice (双录入): by two people who do not see each other's, and settled against the paper.

What is typed is kept as it is typed. Where both agree the form is taken; where they differ somebody looks at the paper.
"""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

from sqlmodel import col, select

from mobile_forms.answers import Rules
from mobile_forms.definition import Question
from mobile_forms.filled import Filled
from survey_server.actors import Actor
from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.models import Case
from survey_server.fieldwork.service import facts_of
from survey_server.imports.instances import instance
from survey_server.imports.matching import takers
from survey_server.imports.models import PaperForm
from survey_server.imports.service import OF_VOLUNTEERS, require_open
from survey_server.privacy.service import cipher_of
from survey_server.studies.forms import definition_of, rules_of
from survey_server.studies.models import Channel, FormVersion, Place, Study
from survey_server.studies.service import study_of
from survey_server.submissions.service import receive
from survey_server.work import Services, Work

Turn = Literal["first", "second"]
MAX_NUMBER, MAX_ANSWER = 40, 5_000


@dataclass(frozen=True)
class Difference:
    """A question where the two keyings differ, and what each has."""

    question: Question
    first: str
    second: str


@dataclass(frozen=True)
class Keyer:
    """How often the paper said otherwise than a person had keyed: wrong fields of all compared."""

    person_id: uuid.UUID
    forms: int
    fields: int
    wrong: int

    @property
    def rate(self) -> float:
        """A fraction."""
        return self.wrong / self.fields if self.fields else 0.0


def begin(work: Work, study: Study, form: FormVersion, number: str, place_id: uuid.UUID | None) -> PaperForm:
    """The paper form of this number, new or begun; raises STUDY_CLOSED, INVALID_FIELD, NOT_FOUND."""
    require_open(study)
    number = number.strip().upper()[:MAX_NUMBER]
    if not number:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Number on the paper"), why=N_("it is empty"))
    known = PaperForm.study_id == study.id, PaperForm.form_version_id == form.id, PaperForm.number == number
    paper = work.session.exec(select(PaperForm).where(*known)).first()
    if paper is not None:
        return paper
    case_id = None if form.purpose in OF_VOLUNTEERS else _case_of(work, study.id, number)
    if case_id is None:
        place = work.session.get(Place, place_id) if place_id else None
        if place is None or place.study_id != study.id:
            raise ZoufangError(Problem.INVALID_FIELD, field=N_("Place"), why=N_("choose one of the list"))
    paper = PaperForm(
        study_id=study.id,
        form_version_id=form.id,
        number=number,
        case_id=case_id,
        place_id=None if case_id else place_id,
        begun_at=work.now,
    )
    work.session.add(paper)
    work.session.flush()
    record(work, "paper.begin", "paper_form", paper.id, study_id=study.id)
    return paper


def _case_of(work: Work, study_id: uuid.UUID, number: str) -> uuid.UUID:
    query = select(Case.id).where(Case.study_id == study_id, Case.sample_id == number)
    case_id = work.session.exec(query).first()
    if case_id is None:
        raise ZoufangError(
            Problem.INVALID_FIELD, field=N_("Number on the paper"), why=N_("no drawn household has this sample number")
        )
    return case_id


def paper_of(work: Work, paper_id: uuid.UUID) -> PaperForm:
    """The paper form; raises NOT_FOUND."""
    paper = work.session.get(PaperForm, paper_id)
    if paper is None:
        raise ZoufangError(Problem.NOT_FOUND)
    return paper


def papers_of(work: Work, study_id: uuid.UUID) -> Sequence[PaperForm]:
    """The paper forms of a study, last begun first."""
    query = select(PaperForm).where(PaperForm.study_id == study_id).order_by(col(PaperForm.begun_at).desc())
    return work.session.exec(query).all()


def turn_of(paper: PaperForm, person_id: uuid.UUID | None) -> Turn | None:
    """Whether this person keys the form first or second; None where they have no part in it now."""
    if paper.first_done_at is None:
        return "first" if paper.first_by in {None, person_id} else None
    if paper.second_done_at is None and person_id != paper.first_by:
        return "second" if paper.second_by in {None, person_id} else None
    return None


def typed_by(work: Work, paper: PaperForm, turn: Turn) -> dict[str, str]:
    """What was typed so far in this turn, by question."""
    return _open(work, paper, turn)


def keep(work: Work, paper: PaperForm, values: Mapping[str, str]) -> Turn:
    """Keep what this person has typed; raises STATE_CONFLICT where it is not theirs, STUDY_CLOSED."""
    require_open(study_of(work, paper.study_id))
    work.session.refresh(paper, with_for_update=True)
    turn = turn_of(paper, work.person_id)
    if turn is None:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("this form is keyed by somebody else, or by you already"))
    names = {question.name for question in asked_of(form_of(work, paper))}
    typed = {name: value[:MAX_ANSWER].strip() for name, value in values.items() if name in names}
    _seal(work, paper, turn, {name: value for name, value in typed.items() if value})
    setattr(paper, f"{turn}_by", work.person_id)
    work.session.add(paper)
    return turn


def hand_over(work: Work, paper: PaperForm) -> None:
    """Let somebody else key what was begun and not finished; it is keyed anew, so that the two stay apart.

    Raises STATE_CONFLICT where nobody is at it, STUDY_CLOSED.
    """
    require_open(study_of(work, paper.study_id))
    work.session.refresh(paper, with_for_update=True)
    turn = under_way(paper)
    if turn is None:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("nobody has begun to key this form"))
    setattr(paper, turn, None)
    setattr(paper, f"{turn}_by", None)
    work.session.add(paper)
    record(work, "paper.hand_over", "paper_form", paper.id, study_id=paper.study_id, turn=turn)


def under_way(paper: PaperForm) -> Turn | None:
    """The keying that somebody has begun and not finished."""
    if paper.first_done_at is None:
        return "first" if paper.first_by else None
    return "second" if paper.second_by and paper.second_done_at is None else None


def finish(work: Work, paper: PaperForm) -> None:
    """This person is done; raises STATE_CONFLICT where they typed nothing."""
    turn = turn_of(paper, work.person_id)
    if turn is None or getattr(paper, turn) is None:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("nothing was keyed yet"))
    setattr(paper, f"{turn}_done_at", work.now)
    work.session.add(paper)
    record(work, "paper.key", "paper_form", paper.id, study_id=paper.study_id, turn=turn)


def differences(work: Work, paper: PaperForm) -> list[Difference]:
    """Where the two differ, in the order of the form; raises STATE_CONFLICT before both are done."""
    if paper.first_done_at is None or paper.second_done_at is None:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("the form is not keyed twice yet"))
    first, second = _open(work, paper, "first"), _open(work, paper, "second")
    return [
        Difference(question, first.get(question.name, ""), second.get(question.name, ""))
        for question in asked_of(form_of(work, paper))
        if plain_answer(question, first.get(question.name, "")) != plain_answer(question, second.get(question.name, ""))
    ]


def settle(work: Work, paper: PaperForm, decided: Mapping[str, str]) -> None:
    """What the paper says where the two differ: ``decided`` by question. Raises INVALID_FIELD where one is open."""
    if paper.final is not None:
        return
    first, second = _open(work, paper, "first"), _open(work, paper, "second")
    final = dict(first)
    for difference in differences(work, paper):
        name = difference.question.name
        if name not in decided:
            raise ZoufangError(
                Problem.INVALID_FIELD, field=label_of(difference.question)[:40], why=N_("look at the paper and choose")
            )
        final[name] = decided[name].strip()[:MAX_ANSWER]
    questions = {question.name: question for question in asked_of(form_of(work, paper))}
    compared = first.keys() | second.keys()
    paper.compared = len(compared)
    paper.first_wrong = _wrong(questions, first, final)
    paper.second_wrong = _wrong(questions, second, final)
    paper.resolved_by = work.person_id
    _seal(work, paper, "final", {name: plain_answer(questions[name], value) for name, value in final.items() if value})
    work.session.add(paper)
    record(work, "paper.settle", "paper_form", paper.id, study_id=paper.study_id, fields=paper.compared)


def take(services: Services, actor: Actor, paper_id: uuid.UUID) -> None:
    """Hand the settled form in by the one door, once."""
    with services.read(actor) as work:
        paper = paper_of(work, paper_id)
        if paper.final is None or paper.taken_at is not None:
            return
        xml = _xml(work, paper)
    receive(
        services,
        actor,
        paper.study_id,
        xml,
        {},
        channel=Channel.PAPER,
        case_id=paper.case_id,
        place_id=paper.place_id,
    )
    with services.write(actor) as work:
        kept = paper_of(work, paper_id)
        kept.taken_at = work.now
        work.session.add(kept)


def worked(work: Work, paper: PaperForm, values: Mapping[str, str]) -> Filled:
    """What was typed, worked through the form: what is to be asked and what breaks a rule."""
    rules = rules_of(form_of(work, paper))
    known: dict[str, list[dict[str, str]]] = {file: [] for file in rules.form.media}
    plain = {q.name: plain_answer(q, values[q.name]) for q in asked_of(form_of(work, paper)) if values.get(q.name)}
    return rules.fill({**plain, **_whose(work, paper, rules)}, known | _lists(work, paper), now=work.now)


def keyers(work: Work, study_id: uuid.UUID) -> list[Keyer]:
    """Error rates by person over the forms that are settled, most wrong first."""
    counts: dict[uuid.UUID, list[int]] = {}
    for paper in papers_of(work, study_id):
        for person_id, wrong in ((paper.first_by, paper.first_wrong), (paper.second_by, paper.second_wrong)):
            if paper.final is not None and person_id is not None:
                line = counts.setdefault(person_id, [0, 0, 0])
                for place, more in enumerate((1, paper.compared, wrong)):
                    line[place] += more
    return sorted((Keyer(person_id, *line) for person_id, line in counts.items()), key=lambda keyer: -keyer.rate)


def form_of(work: Work, paper: PaperForm) -> FormVersion:
    """The questionnaire that it is a copy of."""
    return work.session.get_one(FormVersion, paper.form_version_id)


def asked_of(form: FormVersion) -> list[Question]:
    """The questions to key."""
    return takers(definition_of(form))


def plain_answer(question: Question, text: str) -> str:
    """An answer for comparing: codes of several answers in the order of the form, however they were typed."""
    text = text.strip()
    if question.kind != "select_multiple":
        return text
    codes = set(text.replace(",", " ").replace("，", " ").replace("、", " ").split())
    known = [choice.value for choice in question.choices if choice.value in codes]
    return " ".join([*known, *sorted(codes - set(known))])


def label_of(question: Question) -> str:
    """The words of a question."""
    return next((text.plain for text in question.label.values()), "") or question.name


def _wrong(questions: Mapping[str, Question], typed: Mapping[str, str], final: Mapping[str, str]) -> int:
    return sum(
        plain_answer(questions[name], typed.get(name, "")) != plain_answer(questions[name], final.get(name, ""))
        for name in typed.keys() | final.keys()
    )


def _xml(work: Work, paper: PaperForm) -> bytes:
    rules = rules_of(form_of(work, paper))
    answers = {**_open(work, paper, "final"), **_whose(work, paper, rules)}
    instance_id = f"uuid:{uuid.uuid5(paper.id, 'paper')}"
    return instance(rules, answers, _lists(work, paper), instance_id=instance_id, now=paper.begun_at, times=None)


def _whose(work: Work, paper: PaperForm, rules: Rules) -> dict[str, str]:
    place = work.session.get(Place, paper.place_id) if paper.place_id else None
    number = place.code if place else paper.number
    return {question.name: number for question in rules.form.by_role("case") if question.metric.endswith("_id")}


def _lists(work: Work, paper: PaperForm) -> dict[str, list[dict[str, str]]]:
    if paper.case_id is not None:
        return {"households.csv": [fact.as_item() for fact in facts_of(work, paper.study_id, [paper.case_id])]}
    place = work.session.get_one(Place, paper.place_id)
    item = {"name": place.code, "label": place.label, "p_county": place.county}
    return {"places.csv": [item], "sessions.csv": [item]}


def _open(work: Work, paper: PaperForm, part: str) -> dict[str, str]:
    sealed = getattr(paper, part)
    if sealed is None:
        return {}
    found: dict[str, str] = json.loads(cipher_of(work, paper.study_id).open(uuid.uuid5(paper.id, part), sealed))
    return found


def _seal(work: Work, paper: PaperForm, part: str, values: Mapping[str, str]) -> None:
    content = json.dumps(dict(values), ensure_ascii=False).encode()
    setattr(paper, part, cipher_of(work, paper.study_id).seal(uuid.uuid5(paper.id, part), content))
