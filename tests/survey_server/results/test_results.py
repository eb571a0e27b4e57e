from __future__ import annotations

from decimal import Decimal

import pytest

from analysis import proportion_interval
from survey_server.results.figures import Figure, Figures
from survey_server.results.scores import score_card
from survey_server.results.service import Results
from survey_server.results.tables import awareness_items, heard_items, process_rates
from survey_server.results.trace import Question, records, trace
from survey_server.studies.models import Channel, Study
from tests.support.installation import FIRST_MOMENT
from tests.survey_server.results.conftest import (
    ALONE,
    LOW_INCOME,
    OTHER_COUNTY,
    SPECIAL_CARE,
    Survey,
    call,
    self_completed,
    visit,
)


def codes(results: Results) -> set[str]:
    return {notice.code for notice in results.notices}


def test_the_rate_over_all_weighs_every_stratum_by_its_population(told: Results) -> None:
    """(40 × 6/8 + 12 × 11/12 + 20 × 2/4) / 72 = 51/72."""
    figure = told.satisfaction
    assert (figure.estimate, figure.text) == (Decimal("0.7083"), "70.83%")
    assert (figure.yes, figure.n, figure.missing, figure.interviews) == (19, 24, 0, 24)
    assert (figure.low or 1) < Decimal("0.7083") < (figure.high or 0)


def test_a_county_with_one_stratum_has_the_exact_interval_of_its_finite_population(told: Results) -> None:
    """2 of 4 asked of 20: Blaker's limits are whole numbers of households, 3 and 17 of 20."""
    figure = told.figures.get("SAT_TOP2", county="青溪县")
    assert (figure.text, figure.method, figure.counts_text) == ("50.00%", "blaker", "2/4")
    low, high = proportion_interval(2, 4, "blaker", population=20)
    assert (figure.low, figure.high) == (Decimal(f"{low:.4f}"), Decimal(f"{high:.4f}"))


def test_a_category_joins_its_strata_of_both_counties(told: Results) -> None:
    """(40 × 6/8 + 20 × 2/4) / 60."""
    assert told.figures.get("SAT_TOP2", category="1").text == "66.67%"


def test_twelve_asked_of_twelve_drawn_of_twelve_is_a_census(told: Results) -> None:
    figure = told.figures.get("SAT_TOP2", county="柳湾县", category="3")
    assert (figure.text, figure.method, figure.n) == ("91.67%", "census", 12)
    assert figure.low == figure.high == figure.estimate


def test_eleven_asked_of_twelve_drawn_is_not_a_census(survey: Survey) -> None:
    for case in survey.cases(SPECIAL_CARE)[:11]:
        survey.hand_in(case, visit("5"))
    figure = survey.results().figures.get("SAT_TOP2", category="3")
    assert figure.text == "100.00%"
    assert figure.method != "census"
    assert figure.low is not None
    assert figure.low < 1


def test_the_same_answers_stand_under_the_other_definitions(told: Results) -> None:
    figures = told.figures
    assert figures.get("SAT_TOP3").text == "86.11%"  # (40 × 7/8 + 12 + 20 × 3/4) / 72 = 62/72
    assert figures.get("SAT_MEAN_A").text == "75.42"  # (40 × 630/8 + 12 × 1080/12 + 20 × 240/4) / 72 = 5430/72
    assert figures.get("SAT_MEAN_B").text == "71.88"  # (40 × 600/8 + 12 × 1050/12 + 20 × 225/4) / 72 = 5175/72


def test_who_cannot_say_leaves_the_valid_denominator_and_stays_in_that_of_all(survey: Survey) -> None:
    for case, satisfied in zip(survey.cases(OTHER_COUNTY), ["5", "4", "98", "99", "1"], strict=True):
        survey.hand_in(case, visit(satisfied))
    figures = survey.results().figures
    valid, everybody = figures.get("SAT_TOP2"), figures.get("SAT_TOP2", denominator="all")
    assert (valid.text, valid.counts_text, valid.missing) == ("66.67%", "2/3", 2)
    assert (everybody.text, everybody.counts_text, everybody.missing) == ("40.00%", "2/5", 0)


def test_an_interview_beside_a_cadre_leaves_the_headline_and_stays_in_all(answered: Survey) -> None:
    case = answered.cases(LOW_INCOME)[0]
    before = answered.results().satisfaction
    correction = visit("1") | {"a5_companion": "1", "a5_left": "2"}
    answered.hand_in(case, correction, corrects=answered.instances[case.sample_id])
    results = answered.results()
    assert (before.n, results.satisfaction.n) == (24, 23)
    assert results.figures.get("SAT_TOP2", domain="all").n == 24
    assert results.figures.get("SAT_TOP2", category="1", county="柳湾县").text == "71.43%"  # 5 of 7
    assert results.figures.get("SAT_TOP2", domain="all", category="1").text == "58.33%"  # (40×5/8 + 20×2/4) / 60
    assert "excluded" in codes(results)


def test_awareness_is_the_plain_mean_of_five_rates(survey: Survey) -> None:
    """metrics.yaml: ten people, 70.00, 66.67, 70.00, 50.00, 44.44 and their mean 60.22; 97 and 99 are no answers."""
    people = ["11111", "11123", "12331", "17111", "33333", "11319", "12112", "21131", "11113", "31122"]
    cases = [*survey.cases(SPECIAL_CARE)][:10]
    for case, aware in zip(cases, people, strict=True):
        survey.hand_in(case, visit(aware=aware))
    figures = survey.results().figures
    tags = ("aware_type", "aware_std", "aware_duty", "aware_temp", "aware_hotline")
    assert [figures.get(f"AW_ITEM:{tag}").text for tag in tags] == ["70.00%", "66.67%", "70.00%", "50.00%", "44.44%"]
    assert [figures.get(f"AW_ITEM:{tag}").n for tag in tags] == [10, 9, 10, 10, 9]
    three_of_five = figures.get("AW_K3")
    assert (three_of_five.text, three_of_five.counts_text, three_of_five.missing) == ("62.50%", "5/8", 2)
    average = figures.get("AW_AVG")
    assert (average.text, average.yes) == ("60.22%", None)
    assert Decimal("0.3") < (average.low or 0) < Decimal("0.6022") < (average.high or 1) < Decimal("0.85")


def test_an_average_in_which_nobody_differs_is_not_taken_for_certain(told: Results) -> None:
    """Everybody of a stratum knows equally many of the five, so that the average has no variance: 24 were asked."""
    average = told.awareness
    assert (average.text, average.method) == ("50.00%", "kg")
    assert (average.low or 1) < Decimal("0.4") < Decimal("0.6") < (average.high or 0)


def test_where_nobody_of_a_stratum_answered_the_result_names_it(survey: Survey) -> None:
    for case in survey.cases(LOW_INCOME):
        survey.hand_in(case, visit("5"))
    results = survey.results()
    uncovered = next(notice for notice in results.notices if notice.code == "uncovered")
    assert uncovered.fields["population"] == 32
    assert "青溪县 · 城市低保" in uncovered.fields["strata"]
    assert "特困人员（分散供养）" in uncovered.fields["strata"]
    assert results.figures.get("SAT_TOP2", county="青溪县").text == "—"


def test_one_interview_in_a_stratum_is_said_and_does_not_fail(survey: Survey) -> None:
    for case in survey.cases(LOW_INCOME):
        survey.hand_in(case, visit("5"))
    survey.hand_in(survey.cases(OTHER_COUNTY)[0], visit("1"))
    results = survey.results()
    assert "lonely" in codes(results)
    assert results.satisfaction.text == "66.67%"  # 40 of 60


def test_a_study_without_answers_has_no_figures_and_says_so(survey: Survey) -> None:
    results = survey.results()
    assert len(results.figures) == 0
    assert (results.satisfaction.text, results.awareness.text) == ("—", "—")
    assert results.score.assessed == []
    assert results.response.set_index("channel").loc["", "rr1"] == 0


def test_a_result_is_computed_again_only_after_something_was_done(survey: Survey) -> None:
    first = survey.results()
    assert survey.results() is first
    survey.hand_in(survey.cases(LOW_INCOME)[0], visit("5"))
    assert survey.results().satisfaction.n == 1


def test_response_is_told_by_channel_with_refusals_in_the_denominator(told: Results) -> None:
    response = told.response.set_index("channel")
    assert response.loc["visit", ["complete", "refusal", "n"]].to_dict() == {"complete": 24, "refusal": 1, "n": 25}
    assert response.loc["", "rr2"] == pytest.approx(24 / 25)


def test_a_telephone_interview_counts_where_there_was_no_visit(survey: Survey) -> None:
    survey.hand_in(survey.cases(LOW_INCOME)[0], call("4"), Channel.PHONE)
    results = survey.results()
    assert results.satisfaction.counts_text == "1/1"
    assert results.response.set_index("channel").loc["phone", "complete"] == 1


def test_an_interview_that_was_broken_off_is_a_refusal(survey: Survey) -> None:
    broken = {**ALONE, "b1_who": "1", "b1_minor": "2", "a7_consent": "1", "a8_spi": "2", "stop_why": "1"}
    survey.hand_in(survey.cases(LOW_INCOME)[0], broken)
    results = survey.results()
    assert results.dataset.cases["outcome"].value_counts()["F15"] == 1
    assert len(results.figures) == 0


def test_the_printed_rate_times_the_weight_is_the_printed_score(told: Results) -> None:
    """70.83 % of 8 points are 5.6664, printed 5.67."""
    (line,) = told.score.assessed
    assert (line.name, line.weight_text, line.actual_text, line.score_text) == ("服务对象满意度", "8", "70.83%", "5.67")
    assert line.sum_text == "70.83% × 8 = 5.67"


@pytest.mark.parametrize(
    ("table", "expected"),
    [("kunming_chenggong_2023", "7.20"), ("zhanjiang_2020", "4.29")],
)
def test_a_table_scores_by_its_own_denominator(table: str, expected: str) -> None:
    """metrics.yaml: 180 of 200 valid are 90.00 %, of 210 asked 85.71 %; 湛江 takes all: 85.71 % of 5 are 4.29."""
    valid = Figure("SAT_TOP2", "valid", "headline", "", "", Decimal("0.9000"), n=200, yes=180)
    everybody = Figure("SAT_TOP2", "all", "headline", "", "", Decimal("0.8571"), n=210, yes=180)
    figures = Figures([valid, everybody], denominator="valid", domain="headline")
    card = score_card(Study(name="某区", indicator_table=table, created_at=FIRST_MOMENT), figures)
    assert [line.score_text for line in card.assessed] == [expected]
    assert "DECIMALS" in {finding.code for finding in card.findings}
    assert "RULE_VS_SCORE" not in {finding.code for finding in card.findings}  # the published scores are not ours


def test_a_trace_lists_every_released_case_and_adds_up_to_the_figure(told: Results) -> None:
    results = told
    question = Question("SAT_TOP2", category="1")
    table = trace(results.dataset, question)
    figure = results.figures.get("SAT_TOP2", category="1")
    assert len(table) == 13
    assert table["part"].value_counts().to_dict() == {"numerator": 8, "denominator": 4, "not_interviewed": 1}
    weights = table.groupby("part")["weight"].sum()
    share = weights["numerator"] / (weights["numerator"] + weights["denominator"])
    assert f"{share:.2%}" == figure.text


def test_a_trace_says_why_an_interview_does_not_count(survey: Survey) -> None:
    first, second, third, *_ = survey.cases(LOW_INCOME)
    survey.hand_in(first, visit("98"))
    survey.hand_in(second, visit("5") | {"a5_companion": "1", "a5_left": "2"})
    survey.hand_in(third, visit("5"))
    survey.hand_in(third, call("1"), Channel.PHONE)
    dataset = survey.results().dataset
    question = Question("SAT_TOP2", county="柳湾县", category="1")
    parts = trace(dataset, question)["part"]
    assert parts[[first.sample_id, second.sample_id, third.sample_id]].tolist() == [
        "no_valid_answer",
        "outside_domain",
        "numerator",
    ]
    (other,) = records(dataset, question)[third.sample_id]
    assert (other["channel"], other["standing"]) == ("phone", "another_counts")


def test_the_composite_weighs_the_parts_and_keeps_apart_who_was_not_asked_about_payment(survey: Survey) -> None:
    """metrics.yaml: 4, 3, 5, 4, 3 are 80, 60, 100, 80, 60: (16 + 9 + 25 + 16 + 12) / 1 = 78.00.

    Without an answer on payment the other four weights add up to 0.75: (16 + 9 + 16 + 12) / 0.75 = 70.67.
    """
    parts = {"i1_proc": "4", "i2_open": "3", "i3_pay": "5", "i4_staff": "4", "i5_level": "3"}
    low_income = survey.cases(LOW_INCOME)
    survey.hand_in(low_income[0], visit(**parts))
    survey.hand_in(low_income[1], visit(**(parts | {"i3_pay": "98"})))
    results = survey.results()
    assert results.figures.get("SAT_COMPOSITE").text == "74.33"  # (78 + 70.67) / 2: both were asked
    assert results.figures.get("SAT_COMPOSITE").n == 2
    assert results.figures.get("SAT_COMPOSITE:without_sat_pay").n == 0


def test_what_people_have_heard_of_is_shown_apart_from_what_they_know(survey: Survey) -> None:
    first, second, third, *_ = survey.cases(LOW_INCOME)
    survey.hand_in(first, self_completed(heard="12391"), Channel.QR_HOUSEHOLD)
    survey.hand_in(second, self_completed(heard="33331"), Channel.QR_HOUSEHOLD)
    survey.hand_in(third, visit(aware="11111"))
    results = survey.results()
    shown = {figure.metric.partition(":")[2]: figure.counts_text for figure in heard_items(results)}
    assert shown == {
        "heard_type": "1/2",
        "heard_std": "1/2",
        "heard_duty": "0/2",
        "heard_temp": "0/1",
        "heard_hotline": "2/2",
    }
    assert {figure.counts_text for figure in awareness_items(results)} == {"1/1"}


def test_process_rates_are_of_those_whom_they_concern(survey: Survey) -> None:
    """Who cannot say whether the money came is not in the denominator; nobody here has temporary assistance.

    The roster has 728 yuan of everybody: 738 agrees with it, 700 does not.
    """
    said = {"a8_spi": "1", "f2_freq": "2", "f4_keeper": "4", "e2_home": "1", "e3_notice": "98"}
    amounts = [{"f1_paid": "1", "f3_amount": "738"}, {"f1_paid": "1", "f3_amount": "700"}, {"f1_paid": "2"}]
    for case, paid in zip(survey.cases(LOW_INCOME), [*amounts, {"f1_paid": "98"}], strict=False):
        survey.hand_in(case, visit(**said, **paid))
    rates = {figure.metric: figure for figure in process_rates(survey.results())}
    assert {name: figure.counts_text for name, figure in rates.items()} == {
        "PAY_ONTIME": "2/3",
        "PAY_MONTHLY": "0/4",
        "PAY_INPERSON": "0/4",
        "PAY_AMOUNT_OK": "1/2",
        "PROC_VISIT": "4/4",
        "PROC_NOTICE": "0/4",
    }
    paid = rates["PAY_ONTIME"]
    assert (paid.text, paid.missing, paid.interviews) == ("66.67%", 1, 4)
    assert Decimal(0) < (paid.low or 0) < Decimal("0.6667") < (paid.high or 0) <= 1


def test_a_trace_of_a_figure_of_several_questions_counts_as_the_figure_does(told: Results) -> None:
    table = trace(told.dataset, Question("AW_K3"))
    assert {"code.aware_type", "code.aware_hotline"} <= set(table.columns)
    counts = table["part"].value_counts()
    figure = told.figures.get("AW_K3")
    assert (counts["numerator"], counts["numerator"] + counts["denominator"]) == (figure.yes, figure.n)


def test_a_trace_says_whom_a_figure_is_not_about_and_shows_no_sums_of_money(told: Results) -> None:
    temporary = trace(told.dataset, Question("ONCE_PAID"))
    assert temporary["part"].value_counts().to_dict() == {"not_concerned": 24, "not_interviewed": 1}
    amounts = trace(told.dataset, Question("PAY_AMOUNT_OK"))
    assert not [name for name in amounts.columns if name.startswith("code.")]
