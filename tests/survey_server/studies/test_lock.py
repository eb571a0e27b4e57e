"""What was locked before the first answer changes only with a reason, and the report says so."""

from __future__ import annotations

import pytest

from survey_server.errors import Problem, ZoufangError
from survey_server.studies import forms, service
from survey_server.studies.lock import changes_of
from survey_server.studies.models import Channel, Purpose
from survey_server.submissions.service import receive
from tests.support.callers import browser
from tests.support.studies import filled
from tests.survey_server.public.workbooks import ask, workbook
from tests.survey_server.results.conftest import visit
from tests.survey_server.rights.conftest import Office, office, rights_template

__all__ = ["office", "rights_template"]


def refused(office: Office, change: object) -> str:
    with office.services.write() as work:
        study = service.study_of(work, office.study.id)
        with pytest.raises(ZoufangError) as caught:
            change(work, study)  # type: ignore[operator]
    assert caught.value.problem is Problem.INVALID_FIELD
    return str(caught.value.fields["field"])


@pytest.mark.parametrize(
    "change",
    [
        lambda work, study: service.change_definitions(work, study, {"denominator": "all"}),
        lambda work, study: service.change_settings(work, study, indicator_table="self_eval_generic"),
        lambda work, study: forms.publish(work, study, Purpose.VISIT, "q.xlsx", workbook([ask("q1")])),
    ],
)
def test_a_locked_thing_does_not_change_without_a_reason(office: Office, change: object) -> None:
    assert refused(office, change) == "Reason for a change after the lock"


def test_what_is_no_part_of_the_lock_changes_freely(office: Office) -> None:
    with office.services.write() as work:
        study = service.study_of(work, office.study.id)
        service.change_settings(work, study, hotline="010-0000000", indicator_table=study.indicator_table)
        service.change_definitions(work, study, dict(study.definitions))
        assert changes_of(work, study.id) == []


def test_a_change_with_a_reason_is_kept_with_before_and_after_and_stands_in_the_result(office: Office) -> None:
    case, survey = office.case(), office.survey
    xml = filled(office.services, office.study, case, visit()).xml
    receive(office.services, survey.actor, office.study.id, xml, {}, channel=Channel.VISIT, case_id=case.id)
    with office.services.write() as work:
        study = service.study_of(work, office.study.id)
        service.change_definitions(work, study, {"denominator": "all"}, reason="委托方来函要求")
        (change,) = changes_of(work, study.id)
    assert (change.what, change.before, change.after) == (
        "definitions",
        {"denominator": "valid"},
        {"denominator": "all"},
    )
    results = survey.results()
    assert [one.reason for one in results.changes] == ["委托方来函要求"]
    assert "changed_definitions" in {notice.code for notice in results.notices}
    page = browser(office.app, "evaluator").get(f"/studies/{office.study.id}/results").text
    assert "委托方来函要求" in page


def test_the_first_answer_locks_a_study_that_has_no_draw(office: Office) -> None:
    with office.services.write() as work:
        study = service.create_study(work, name="只有公众码", client="某局", company="某公司", hotline="000-1234567")
        assert study.fixed_at is None
        study.first_answer_at = work.now
        assert study.fixed_at == work.now
