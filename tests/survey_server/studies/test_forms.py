from __future__ import annotations

import pytest
from sqlmodel import select

from mobile_forms.definition import read_form
from survey_server.audit.models import Event
from survey_server.errors import Problem, ZoufangError
from survey_server.studies import forms
from survey_server.studies.models import FormVersion, Purpose, Study
from survey_server.studies.service import change_settings, create_study, study_of
from survey_server.work import Services
from tests.support.installation import SteppingClock
from tests.survey_server.public.workbooks import ask, workbook

NAMED = {"company": "某评价公司", "client": "某区民政局", "hotline": "000-1234567"}


@pytest.fixture
def study(services: Services) -> Study:
    with services.write() as work:
        return create_study(work, name="某区评价", **NAMED)


def publish(
    services: Services, study: Study, content: bytes, purpose: Purpose = Purpose.VISIT, name: str = "问卷.xlsx"
) -> FormVersion:
    with services.write() as work:
        return forms.publish(work, study_of(work, study.id), purpose, name, content)


def current(services: Services, study: Study, purpose: Purpose = Purpose.VISIT) -> FormVersion:
    with services.read() as work:
        form = forms.current_form(work, study.id, purpose)
    assert form is not None
    return form


def asking(label: str) -> bytes:
    return workbook([ask("q1", label=label)])


def refusal(services: Services, study: Study, content: bytes, name: str = "问卷.xlsx") -> ZoufangError:
    """The problem with which a workbook is refused; nothing is published."""
    with pytest.raises(ZoufangError) as caught:
        publish(services, study, content, name=name)
    with services.read() as work:
        assert forms.forms_of(work, study.id) == []
    return caught.value


def test_the_same_content_is_the_same_version(services: Services, study: Study, clock: SteppingClock) -> None:
    first = publish(services, study, asking("满意吗"))
    clock.advance(minutes=1)
    assert publish(services, study, asking("满意吗")).id == first.id
    with services.read() as work:
        assert len(forms.forms_of(work, study.id)) == 1
        (event,) = work.session.exec(select(Event).where(Event.action == "form.publish")).all()
    assert event.details == {"form_id": "small", "version": "1"}


def test_changed_words_get_the_next_number_and_what_was_published_stays(
    services: Services, study: Study, clock: SteppingClock
) -> None:
    published = []
    for label in ("满意吗", "您满意吗", "请问您满意吗"):
        published.append(publish(services, study, asking(label)))
        clock.advance(minutes=1)
    assert [form.version for form in published] == ["1", "1.2", "1.3"]
    assert [read_form(form.xform).version for form in published] == ["1", "1.2", "1.3"]
    with services.read() as work:
        kept = forms.form_version(work, study.id, "small", "1")
        assert [form.version for form in forms.forms_of(work, study.id)] == ["1.3", "1.2", "1"]
    assert (kept.xform, kept.digest) == (published[0].xform, published[0].digest)


def test_the_words_published_last_are_asked_even_where_they_were_published_before(
    services: Services, study: Study, clock: SteppingClock
) -> None:
    for label in ("甲", "乙", "甲"):
        publish(services, study, asking(label))
        clock.advance(minutes=1)
    last = current(services, study)
    assert last.version == "1.3"
    assert "甲".encode() in last.xform


def test_one_workbook_may_serve_two_purposes(services: Services, study: Study, clock: SteppingClock) -> None:
    visit = publish(services, study, asking("满意吗"), Purpose.VISIT)
    clock.advance(minutes=1)
    phone = publish(services, study, asking("满意吗"), Purpose.PHONE)
    assert (current(services, study, Purpose.VISIT).id, visit.version) == (visit.id, "1")
    assert (current(services, study, Purpose.PHONE).id, phone.version) == (phone.id, "1.2")


def test_a_version_that_is_not_published_here_is_named(services: Services, study: Study) -> None:
    publish(services, study, asking("满意吗"))
    with services.read() as work, pytest.raises(ZoufangError) as caught:
        forms.form_version(work, study.id, "small", "7")
    assert (caught.value.problem, caught.value.fields) == (Problem.FORM_UNKNOWN, {"form": "small", "version": "7"})


def test_the_settings_are_filled_in_and_escaped(services: Services, study: Study) -> None:
    with services.write() as work:
        change_settings(work, study_of(work, study.id), client='甲 & 乙 <民政局> "区"')
    form = publish(services, study, asking("受{{client}}委托，可打{{hotline}}核实"))
    (question,) = [question for question in read_form(form.xform).questions if question.name == "q1"]
    assert '受甲 & 乙 <民政局> "区"委托，可打000-1234567核实' in str(question)


def test_placeholders_that_nothing_fills_are_refused_by_name(services: Services, study: Study) -> None:
    with services.write() as work:
        change_settings(work, study_of(work, study.id), hotline="")
    error = refusal(services, study, asking("可打{{hotline}}，找{{supervisor}}"))
    assert (error.problem, error.fields) == (Problem.PLACEHOLDER_LEFT, {"names": "{{hotline}}、{{supervisor}}"})


@pytest.mark.parametrize("content", [b"", b"no workbook", b"PK\x03\x04broken"])
def test_what_is_no_workbook_is_refused_with_its_name(services: Services, study: Study, content: bytes) -> None:
    error = refusal(services, study, content, name="坏的.xlsx")
    assert (error.problem, error.fields["file"]) == (Problem.WORKBOOK_UNREADABLE, "坏的.xlsx")
    assert error.fields["why"]


def test_a_workbook_with_a_fault_is_told_its_sheet_and_row(services: Services, study: Study) -> None:
    faulty = workbook([ask("q1"), ask("q2", kind="select_one nowhere")])
    error = refusal(services, study, faulty)
    assert error.problem is Problem.WORKBOOK_UNREADABLE
    assert "survey" in str(error.fields["why"])
    assert "3" in str(error.fields["why"])


def test_the_five_questionnaires_that_come_with_the_system_are_published_once(
    services: Services, study: Study, clock: SteppingClock
) -> None:
    with services.write() as work:
        first = forms.publish_shipped(work, study_of(work, study.id))
    clock.advance(minutes=1)
    with services.write() as work:
        again = forms.publish_shipped(work, study_of(work, study.id))
    assert [form.id for form in again] == [form.id for form in first]
    for purpose in Purpose:
        form = current(services, study, purpose)
        assert forms.SHIPPED_PURPOSES[form.form_id] is purpose
        assert forms.definition_of(form).version == form.version
        for words in NAMED.values():
            assert words.encode() in b"".join(one.xform for one in first)
        assert b"{{hotline}}" not in form.xform


def test_a_shipped_questionnaire_with_another_hotline_is_the_next_version(
    services: Services, study: Study, clock: SteppingClock
) -> None:
    with services.write() as work:
        before = {form.form_id: form.version for form in forms.publish_shipped(work, study_of(work, study.id))}
    clock.advance(minutes=1)
    with services.write() as work:
        changed = study_of(work, study.id)
        change_settings(work, changed, hotline="000-7654321")
        after = {form.form_id: form.version for form in forms.publish_shipped(work, changed)}
    assert {form_id for form_id in after if after[form_id] != before[form_id]} >= {"hv_household_visit"}
    assert after["hv_household_visit"] == before["hv_household_visit"] + ".2"
    assert b"000-7654321" in current(services, study).xform
