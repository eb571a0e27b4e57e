from __future__ import annotations

import datetime as dt
import uuid

import pandas as pd
import pytest

from survey_server.actors import Role
from survey_server.fieldwork.drawing import release_reserves
from survey_server.fieldwork.service import note_attempt
from survey_server.results.dataset import Standing, judge
from survey_server.results.weights import add_weights
from survey_server.studies.models import Channel, Purpose
from survey_server.studies.service import add_place
from survey_server.submissions.service import receive
from survey_server.work import Services
from tests.support.studies import NOBODY_HOME, make_study, person
from tests.survey_server.results.conftest import LOW_INCOME, OTHER_COUNTY, Survey, begin, call, visit

ORDER = ["visit", "phone", "qr_household"]
MORNING = dt.datetime(2026, 9, 1, 1, 0, tzinfo=dt.UTC)


Record = dict[str, object]


def record(case: str | None, channel: str, outcome_class: str | None, minute: int = 0, **more: str) -> Record:
    purpose = {"phone": Purpose.PHONE, "qr_household": Purpose.RECIPIENT}.get(channel, Purpose.VISIT)
    facts: Record = {"case_id": case, "arrived_by": channel, "outcome_class": outcome_class, "corrects": None}
    facts |= {"received_at": MORNING + dt.timedelta(minutes=minute), "instance_id": str(uuid.uuid4())}
    return facts | {"purpose": purpose.value, "unusable": "", "withdrawn": False} | more


def standings(*records: Record, released: bool = True) -> list[str]:
    """How these records of case ``c`` stand, in the order given."""
    cases = pd.DataFrame({"case_id": ["c"], "sample_id": ["A-0001"], "released": [released]}).set_index("sample_id")
    judged = judge(pd.DataFrame(records), cases, ORDER).set_index("instance_id")["standing"]
    return [judged[str(row["instance_id"])] for row in records]


def test_the_locked_order_of_channels_decides_which_record_counts() -> None:
    assert standings(
        record("c", "qr_household", "complete", 1),
        record("c", "visit", "complete", 3),
        record("c", "phone", "complete", 2),
    ) == [Standing.ANOTHER_COUNTS, Standing.COUNTED, Standing.ANOTHER_COUNTS]


def test_a_complete_record_of_a_later_channel_comes_before_a_partial_one_of_an_earlier() -> None:
    assert standings(record("c", "visit", "partial", 1), record("c", "phone", "complete", 2)) == [
        Standing.ANOTHER_COUNTS,
        Standing.COUNTED,
    ]


def test_of_two_complete_records_of_one_channel_the_first_to_arrive_counts() -> None:
    assert standings(record("c", "visit", "complete", 5), record("c", "visit", "complete", 4)) == [
        Standing.ANOTHER_COUNTS,
        Standing.COUNTED,
    ]


def test_a_correction_counts_in_the_place_of_what_it_corrects() -> None:
    first = record("c", "visit", "complete", 1)
    second = record("c", "visit", "complete", 2, corrects=str(first["instance_id"]))
    assert standings(first, second) == [Standing.CORRECTED, Standing.COUNTED]


def test_what_odk_collect_or_paper_brings_counts_as_the_channel_of_its_questionnaire() -> None:
    assert standings(record("c", "collect", "complete", 2), record("c", "phone", "complete", 1)) == [
        Standing.COUNTED,
        Standing.ANOTHER_COUNTS,
    ]


@pytest.mark.parametrize(
    ("made", "standing"),
    [
        (record("c", "visit", "refusal"), Standing.UNFINISHED),
        (record("c", "visit", None), Standing.UNFINISHED),
        (record(None, "visit", "complete"), Standing.NO_CASE),
        (record(None, "qr_place", "complete", purpose="public"), Standing.VOLUNTEER),
    ],
)
def test_a_record_that_does_not_count_says_why(made: Record, standing: Standing) -> None:
    assert standings(made) == [standing]


def test_answers_of_a_reserve_that_was_not_released_do_not_count() -> None:
    assert standings(record("c", "visit", "complete"), released=False) == [Standing.NOT_RELEASED]


def weighed(outcome_class: list[str], counted: list[bool]) -> pd.DataFrame:
    """Weights of a stratum of 100 of which these cases were released."""
    frame = pd.DataFrame({"outcome_class": outcome_class, "counted": counted})
    return add_weights(frame.assign(stratum="s", population=100, probability=len(counted) / 100))


def test_who_answered_stands_for_those_of_the_stratum_who_did_not() -> None:
    table = weighed(outcome_class=["complete"] * 8 + ["refusal"] * 2, counted=[True] * 8 + [False] * 2)
    assert table["design_weight"].tolist() == [10.0] * 10
    assert table["weight"].dropna().tolist() == [12.5] * 8
    assert set(table["covered"]) == {100}


def test_nobody_stands_for_the_dead_and_for_those_out_of_scope() -> None:
    outcomes = ["complete"] * 7 + ["refusal"] + ["deceased", "ineligible"]
    table = weighed(outcome_class=outcomes, counted=[True] * 7 + [False] * 3)
    assert table["weight"].sum() == pytest.approx(80)
    assert set(table["covered"]) == {80}


def test_those_of_unknown_eligibility_count_by_the_share_of_the_known() -> None:
    """6 eligible of 8 known, 2 not known: (6 + 2 × 6/8) × 10 = 75."""
    outcomes = ["complete"] * 6 + ["ineligible"] * 2 + ["unknown"] * 2
    table = weighed(outcome_class=outcomes, counted=[True] * 6 + [False] * 4)
    assert table["weight"].sum() == pytest.approx(75)


def test_a_stratum_in_which_nobody_answered_is_covered_by_nobody() -> None:
    table = weighed(outcome_class=["refusal"] * 4, counted=[False] * 4)
    assert set(table["covered"]) == {0}
    assert table["weight"].isna().all()


def test_a_released_reserve_is_one_more_of_the_same_random_sample(services: Services) -> None:
    drawn = make_study(services, {LOW_INCOME: 40}, take={LOW_INCOME: 8}, reserve=2)
    survey = Survey(services, drawn, person(services, Role.INTERVIEWER))
    with services.write() as work:
        release_reserves(work, drawn.study, LOW_INCOME, 2, "无人在家")
    survey.hand_in(survey.cases(LOW_INCOME)[0], visit())
    cases = survey.results().dataset.cases
    assert cases["design_weight"].tolist() == [4.0] * 10


def test_a_visit_counts_before_a_call_and_the_call_stays_as_evidence(services: Services) -> None:
    survey = begin(services)
    case = survey.cases(LOW_INCOME)[0]
    survey.hand_in(case, call("1"), Channel.PHONE)
    survey.hand_in(case, visit("5"))
    dataset = survey.results().dataset
    assert dataset.answers.loc[case.sample_id, "sat_overall"] == "5"
    standing = dataset.evidence.set_index("channel")["standing"].to_dict()
    assert standing == {"phone": "another_counts", "visit": "counted"}


def test_a_case_that_was_never_tried_is_of_unknown_eligibility_and_stays_in_the_denominator(survey: Survey) -> None:
    survey.hand_in(survey.cases(OTHER_COUNTY)[0], visit())
    results = survey.results()
    assert results.dataset.cases["outcome"].value_counts().to_dict() == {"F16": 24, "F1": 1}
    assert results.response.set_index("channel").loc["", "rr1"] == pytest.approx(1 / 25)
    assert "open_cases" in {notice.code for notice in results.notices}


def test_an_attempt_that_claims_an_interview_without_answers_is_not_one(survey: Survey) -> None:
    with survey.services.write(survey.actor) as work:
        note_attempt(work, work.session.merge(survey.cases(LOW_INCOME)[0]), channel=Channel.VISIT, outcome="F1")
    results = survey.results()
    assert results.dataset.cases["outcome_class"].value_counts().to_dict() == {"unknown": 24, "other": 1}
    assert "finished_without" in {notice.code for notice in results.notices}


def test_an_unsuccessful_visit_has_its_outcome_and_no_weight(survey: Survey) -> None:
    case = survey.cases(LOW_INCOME)[0]
    survey.hand_in(case, NOBODY_HOME)
    row = survey.results().dataset.cases.loc[case.sample_id]
    assert (row["outcome"], row["outcome_class"], row["counted"]) == ("F3", "noncontact", False)
    assert pd.isna(row["weight"])


def test_volunteers_are_a_dataset_of_their_own(answered: Survey) -> None:
    before = answered.results()
    scan(answered, "1")
    after = answered.results()
    assert after.satisfaction == before.satisfaction
    assert (after.volunteers.yes, after.volunteers.n, after.volunteers.text) == (0, 1, "0.00%")
    assert (after.volunteers.low, after.volunteers.method) == (None, "none")
    assert "volunteers" in {notice.code for notice in after.notices}


def scan(survey: Survey, satisfied: str) -> None:
    """Somebody answers the public questionnaire at a place."""
    from survey_server.studies.forms import current_form, rules_of  # noqa: PLC0415 - used here alone

    study = survey.drawn.study
    with survey.services.write() as work:
        place = add_place(work, study, label="政务大厅", county="柳湾县")
        form = current_form(work, study.id, Purpose.PUBLIC)
        assert form is not None
    lists = {"places.csv": [{"name": place.code, "label": place.label, "p_county": place.county}]}
    tagged = {question.name: satisfied for question in rules_of(form).form.by_metric("sat_overall")}
    given = {"place": place.code, "z1": "1", "z2": "4", "z3": "1", "z4": "1", "z5": "2", "z6": "4", "z10": "2"} | tagged
    xml = rules_of(form).fill(given, lists, instance_id=f"uuid:{uuid.uuid4()}").xml
    receive(survey.services, survey.actor, study.id, xml, {}, channel=Channel.QR_PLACE, place_id=place.id)
