"""From a file of answers to a report: the same as if they had been collected here."""

from __future__ import annotations

import io
import random
import uuid
from collections.abc import Mapping, Sequence

import openpyxl
import pytest
from sqlmodel import select

from mobile_forms.definition import FormDefinition
from survey_server.actors import Actor, Role
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork.models import Attempt, Case
from survey_server.fieldwork.service import facts_of
from survey_server.handlers import drain
from survey_server.imports import service, taking
from survey_server.imports.models import AnswerFile, AnswerRow, FileState
from survey_server.imports.rates import rates_of
from survey_server.imports.report import report_of
from survey_server.imports.undoing import undo
from survey_server.results.service import Results, results_of
from survey_server.rights.overview import unusable_records
from survey_server.studies.forms import current_form, definition_of
from survey_server.studies.models import Channel, Purpose
from survey_server.submissions.models import Submission
from survey_server.submissions.service import receive
from survey_server.work import Services
from tests.support.studies import DrawnStudy, filled, make_study, person
from tests.survey_server.imports.exports import label, wenjuanxing
from tests.survey_server.results.conftest import HEARD, self_completed

COUNTS = {("柳湾县", "1"): 120, ("柳湾县", "3"): 30, ("青溪县", "1"): 50}
ASKED = ("q1_who", "q2_age", *HEARD, "q9", "q10", "q11", "q12", "q13", "q13_level", "q14", "q16_seen")


@pytest.fixture
def evaluator(services: Services) -> Actor:
    return person(services, Role.EVALUATOR)


def answers_of(number: int) -> dict[str, str]:
    """Invented answers of one household: varied, some without an opinion, some seen by an official."""
    chance = random.Random(number)
    some = self_completed(chance.choice("5544433219"), "".join(chance.choices("1239", k=5)))
    some |= {"q9": chance.choice(["1", "1 3", "5"]), "q10": chance.choice("54321"), "q16_seen": chance.choice("12222")}
    return {**some, "q14": {"9": "98"}.get(some["q14"], some["q14"]), "q17_infl": ""}


def as_text(form: FormDefinition, answers: Mapping[str, str]) -> list[str]:
    """The answers as 问卷星 writes them: words of options, several joined by ┋."""
    return ["┋".join(label(form, name, code) for code in answers[name].split()) for name in ASKED]


def headings(form: FormDefinition) -> list[str]:
    words = [next(iter(form.question(name).label.values())).plain for name in ASKED]
    return ["样本编号", *(text.replace(" ", "、", 1) for text in words)]


def form_of(services: Services, drawn: DrawnStudy, purpose: Purpose = Purpose.RECIPIENT) -> FormDefinition:
    with services.read() as work:
        form = current_form(work, drawn.study.id, purpose)
        assert form is not None
        return definition_of(form)


def file_for(services: Services, drawn: DrawnStudy, cases: Sequence[Case]) -> bytes:
    form = form_of(services, drawn)
    rows = [[case.sample_id, *as_text(form, answers_of(n))] for n, case in enumerate(cases)]
    return wenjuanxing(headings(form), rows)


def imported(services: Services, actor: Actor, drawn: DrawnStudy, data: bytes, **typed: str) -> uuid.UUID:
    """Upload, decide as the page does, take."""
    file = service.upload(services, actor, drawn.study.id, "答卷.xlsx", data)
    with services.write(actor) as work:
        held = service.file_of(work, drawn.study.id, file.id)
        service.correct(work, service.open_file(work, held), typed)
        taking.start(work, held)
    drain(services)
    return file.id


def held(services: Services, file_id: uuid.UUID) -> AnswerFile:
    with services.read() as work:
        return work.session.get_one(AnswerFile, file_id)


def results(services: Services, drawn: DrawnStudy) -> Results:
    with services.read() as work:
        return results_of(work, drawn.study.id)


def test_the_same_200_answers_imported_and_collected_here_give_the_same_report(
    services: Services, evaluator: Actor
) -> None:
    here, there = make_study(services, COUNTS), make_study(services, COUNTS)
    for number, case in enumerate(here.main):
        answers = filled(services, here.study, case, answers_of(number), Purpose.RECIPIENT)
        receive(services, evaluator, here.study.id, answers.xml, {}, channel=Channel.QR_HOUSEHOLD, case_id=case.id)
    file_id = imported(services, evaluator, there, file_for(services, there, there.main), **{"fixed|q0": "1"})
    assert held(services, file_id).counts == {"taken": 200}
    one, other = results(services, here), results(services, there)
    assert one.satisfaction.n > 100
    assert list(one.figures) == list(other.figures)
    assert one.response.equals(other.response)
    assert one.strata.equals(other.strata)
    assert one.score == other.score
    assert [(notice.code, notice.fields) for notice in one.notices] == [(n.code, n.fields) for n in other.notices]
    with services.read() as work:
        found = work.session.exec(select(Submission).where(Submission.study_id == there.study.id)).all()
        assert {row.channel for row in found} == {"import"}


def test_the_columns_of_a_wenjuanxing_file_are_matched_without_a_hand(services: Services, evaluator: Actor) -> None:
    drawn = make_study(services, {("柳湾县", "1"): 4})
    file = service.upload(services, evaluator, drawn.study.id, "a.xlsx", file_for(services, drawn, drawn.main))
    with services.read(evaluator) as work:
        decisions = service.decisions_of(work, file)
        form = service.form_of(work, file)
        assert form is not None
        assert form.purpose == Purpose.RECIPIENT
    assert {match.target for match in decisions.columns.values() if match.target} == set(ASKED)
    assert all(m.confidence == 1.0 for found in decisions.values.values() for m in found.values())
    assert decisions.keys == {"sample_id": "样本编号"}
    assert decisions.fixed == {"s_mode": "1"}


def test_a_longer_export_of_the_same_file_adds_only_its_new_rows(services: Services, evaluator: Actor) -> None:
    drawn = make_study(services, {("柳湾县", "1"): 6})
    imported(services, evaluator, drawn, file_for(services, drawn, drawn.main[:4]), **{"fixed|q0": "1"})
    again = imported(services, evaluator, drawn, file_for(services, drawn, drawn.main))
    assert held(services, again).counts == {"again": 4, "taken": 2}


def test_what_was_decided_is_remembered_for_the_next_file_of_the_same_bureau(
    services: Services, evaluator: Actor
) -> None:
    first, second = (make_study(services, {("柳湾县", "1"): 3}) for _ in range(2))
    data = file_for(services, first, first.main)
    file = service.upload(services, evaluator, first.study.id, "a.xlsx", data)
    with services.write(evaluator) as work:
        opened = service.open_file(work, service.file_of(work, first.study.id, file.id))
        place = next(n for n, item in enumerate(opened.items) if item.label.startswith("总的来说"))
        values = service.decisions_of(work, file).values[opened.items[place].key]
        service.correct(work, opened, {f"value|{place}|{n}": "" for n in range(len(values))} | {"fixed|q0": "1"})
    next_file = service.upload(services, evaluator, second.study.id, "b.xlsx", file_for(services, second, second.main))
    with services.read(evaluator) as work:
        decisions = service.decisions_of(work, next_file)
    found = decisions.values[opened.items[place].key].values()
    assert {(match.target, match.by) for match in found} == {("", "remembered")}
    assert decisions.fixed["q0"] == "1"


def test_rows_of_no_household_and_values_that_drop_a_row_are_reported(services: Services, evaluator: Actor) -> None:
    drawn = make_study(services, {("柳湾县", "1"): 3})
    form = form_of(services, drawn)
    rows = [[case.sample_id, *as_text(form, answers_of(n))] for n, case in enumerate(drawn.main)]
    rows[1][0] = "没有这户"
    rows[2][ASKED.index("q16_seen") + 1] = "测试答卷"
    file = service.upload(services, evaluator, drawn.study.id, "a.xlsx", wenjuanxing(headings(form), rows))
    with services.write(evaluator) as work:
        kept = service.file_of(work, drawn.study.id, file.id)
        opened = service.open_file(work, kept)
        place = next(n for n, item in enumerate(opened.items) if "测试答卷" in item.values)
        values = list(service.decisions_of(work, kept).values[opened.items[place].key])
        service.correct(work, opened, {f"value|{place}|{values.index('测试答卷')}": "!drop", "fixed|q0": "1"})
        taking.start(work, kept)
    drain(services)
    assert held(services, file.id).counts == {"dropped": 1, "no_case": 1, "taken": 1}
    with services.read(evaluator) as work:
        book = openpyxl.load_workbook(io.BytesIO(report_of(work, held(services, file.id), str)))
    rows_told = [tuple(row) for row in book["Rows"].iter_rows(min_row=2, max_col=3, values_only=True)]
    assert ("4", "left out, as was decided for a value", "q16_seen") in rows_told
    assert ("3", "no drawn household of that name", None) in rows_told


def test_an_answer_where_the_form_asks_none_is_kept_and_flagged(services: Services, evaluator: Actor) -> None:
    drawn = make_study(services, {("柳湾县", "1"): 1})
    data = file_for(services, drawn, drawn.main)
    imported(services, evaluator, drawn, data, **{"fixed|q0": "2"})
    with services.read() as work:
        row = work.session.exec(select(Submission).where(Submission.study_id == drawn.study.id)).one()
    assert {"rule": "irrelevant_value", "question": "q14"} in row.flags


def test_households_are_found_by_telephone_and_by_name_and_village(services: Services, evaluator: Actor) -> None:
    drawn = make_study(services, {("柳湾县", "1"): 4})
    form = form_of(services, drawn)
    with services.read() as work:
        facts = facts_of(work, drawn.study.id, [case.id for case in drawn.main])
    heads = ["手机号", "户主姓名", "所在村", *headings(form)[1:]]
    rows = [["", "", "", *as_text(form, answers_of(n))] for n in range(3)]
    rows[0][0] = facts[0].phones[0]
    rows[1][1:3] = [facts[1].name, facts[1].household.village]
    rows[2][1:3] = ["无此人", "无此村"]
    file_id = imported(services, evaluator, drawn, wenjuanxing(heads, rows), **{"fixed|q0": "1"})
    assert held(services, file_id).counts == {"no_case": 1, "taken": 2}
    with services.read() as work:
        named = set(work.session.exec(select(Submission.case_id)).all())
    assert named == {facts[0].case.id, facts[1].case.id}


def test_a_whole_import_is_taken_back_and_may_come_again(services: Services, evaluator: Actor) -> None:
    drawn = make_study(services, {("柳湾县", "1"): 5})
    data = file_for(services, drawn, drawn.main)
    file_id = imported(services, evaluator, drawn, data, **{"fixed|q0": "1"})
    with services.write(evaluator) as work, pytest.raises(ZoufangError) as refused:
        undo(work, service.file_of(work, drawn.study.id, file_id))
    assert refused.value.problem is Problem.INVALID_FIELD  # it is locked: a reason is asked for
    with services.write(evaluator) as work:
        assert undo(work, service.file_of(work, drawn.study.id, file_id), reason="文件发错了") == 5
    with services.read() as work:
        rows = work.session.exec(select(Submission).where(Submission.study_id == drawn.study.id)).all()
        assert all(row.withdrawn_at and not row.xml and not row.answers for row in rows)
        told = {notice.code for notice in results_of(work, drawn.study.id).notices}
        assert "import_undone" in told
        assert "withdrawn" not in told  # nobody refused
        assert unusable_records(work, drawn.study.id) == []
        assert work.session.exec(select(Attempt)).all() == []
        cases = work.session.exec(select(Case).where(Case.study_id == drawn.study.id)).all()
        assert {(case.outcome, case.status, case.attempts) for case in cases} == {(None, "todo", 0)}
    assert held(services, file_id).state == FileState.UNDONE
    again = imported(services, evaluator, drawn, data)
    assert held(services, again).counts == {"taken": 5}


def test_taking_goes_on_after_a_stop_without_a_row_twice(services: Services, evaluator: Actor) -> None:
    drawn = make_study(services, {("柳湾县", "1"): 4})
    file_id = imported(services, evaluator, drawn, file_for(services, drawn, drawn.main), **{"fixed|q0": "1"})
    with services.write() as work:  # as if the server had stopped after the door and before the mark
        row = work.session.exec(select(AnswerRow).where(AnswerRow.file_id == file_id)).first()
        work.session.delete(row)
        work.session.get_one(AnswerFile, file_id).state = FileState.TAKING.value
    taking.handle_take(services, {"file_id": str(file_id)})
    assert held(services, file_id).counts == {"taken": 4}
    with services.read() as work:
        assert len(work.session.exec(select(Submission)).all()) == 4


def test_rates_of_a_file_are_worked_by_hand(services: Services, evaluator: Actor) -> None:
    """3 of 4 satisfied, one 说不清: 75 %, Wilson 95 % 30.06–95.44 (Wilson 1927)."""
    drawn = make_study(services, {("柳湾县", "1"): 5})
    form = form_of(services, drawn)
    codes = ["5", "4", "5", "2", "98"]
    rows = [
        [case.sample_id, *as_text(form, {**self_completed(code), "q9": "1"})]
        for case, code in zip(drawn.main, codes, strict=True)
    ]
    file_id = imported(services, evaluator, drawn, wenjuanxing(headings(form), rows), **{"fixed|q0": "1"})
    with services.read(evaluator) as work:
        rate = next(r for r in rates_of(work, held(services, file_id)) if "总的来说" in r.question)
    assert (rate.yes, rate.n, rate.missing, rate.estimate) == (3, 4, 1, 0.75)
    assert (round(rate.low or 0, 4), round(rate.high or 0, 4)) == (0.3006, 0.9544)
