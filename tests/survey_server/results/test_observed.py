"""What the client's observer sees: aggregates, and no cell that is too small."""

from __future__ import annotations

from dataclasses import replace

import pandas as pd
import pytest

from analysis.response import CLASSES
from survey_server.actors import Actor, Grant, Role
from survey_server.results.observed import guard_response, observed
from survey_server.results.service import Results, results_of
from survey_server.results.tables import response_rows
from survey_server.work import Services
from tests.survey_server.results.conftest import LOW_INCOME, OTHER_COUNTY, SPECIAL_CARE, Survey, ask_everybody, begin
from tests.survey_server.results.test_pages import sitting_down, table

COUNTY, SMALL_COUNTY = LOW_INCOME[0], OTHER_COUNTY[0]
SATISFIED = "SAT_TOP2"


@pytest.fixture(scope="module")
def seen(told: Results) -> Results:
    return observed(told)


def test_a_cell_under_five_is_hidden_with_what_would_give_it_away(seen: Results) -> None:
    """8 and 12 answered in one county, 4 in the other: the 4 must not be 24 - 20, nor 12 - 8."""

    def hidden(county: str = "", category: str = "") -> bool:
        return seen.figures.get(SATISFIED, county=county, category=category).hidden

    assert [hidden(), hidden(category="1"), hidden(category="3")] == [False, False, False]
    assert [hidden(SMALL_COUNTY), hidden(SMALL_COUNTY, "1")] == [True, True]
    assert [hidden(COUNTY), hidden(COUNTY, "1")] == [True, True]
    assert not hidden(*SPECIAL_CARE)


def test_a_hidden_figure_holds_nothing_and_another_is_the_same_as_before(told: Results, seen: Results) -> None:
    blank = seen.figures.get(SATISFIED, county=SMALL_COUNTY)
    assert (blank.text, blank.estimate, blank.low, blank.yes, blank.n, blank.interviews) == (
        "•",
        None,
        None,
        None,
        0,
        None,
    )
    assert seen.satisfaction.estimate == told.satisfaction.estimate
    assert (seen.satisfaction.n, seen.satisfaction.yes) == (24, 19)


def test_every_table_adds_up_in_at_least_two_unknowns(seen: Results) -> None:
    """Whoever subtracts finds no single hidden cell in any line of county × category."""
    counties, categories = ["", *seen.counties], ["", *(code for code, _ in seen.categories)]
    for metric in {figure.metric for figure in seen.figures if figure.county and figure.category}:
        grid = pd.DataFrame(
            [
                [seen.figures.get(metric, county=county, category=code).hidden for code in categories]
                for county in counties
            ]
        )
        assert 1 not in set(grid.sum(axis=0)) | set(grid.sum(axis=1))


def test_few_in_the_numerator_are_not_counted_either(seen: Results) -> None:
    care = seen.figures.get(SATISFIED, county=SPECIAL_CARE[0], category=SPECIAL_CARE[1])
    assert (care.yes, care.n, care.counts_text) == (None, 12, "12")


def test_no_answer_and_no_case_is_left(seen: Results) -> None:
    data = seen.dataset
    assert list(data.cases.columns) == ["form_version_id"]
    assert [len(part) for part in (data.answers, data.evidence, data.volunteers, data.drawn)] == [0, 0, 0, 0]


def test_a_line_says_how_much_is_not_shown(seen: Results) -> None:
    (notice,) = [notice for notice in seen.notices if notice.code == "suppressed"]
    assert notice.fields["count"] >= sum(figure.hidden for figure in seen.figures) > 0
    assert {"lonely", "thin_headline", "uncounted"}.isdisjoint(notice.code for notice in seen.notices)


def test_a_rate_of_response_goes_with_the_count_that_makes_it() -> None:
    counts = {
        "visit": [20, 3, 6, 7, 0, 0, 0, 0],
        "phone": [30, 9, 8, 9, 0, 0, 0, 0],
        "": [50, 12, 14, 16, 0, 0, 0, 0],
    }
    rows = [{"channel": name, **dict(zip(CLASSES, row, strict=True))} for name, row in counts.items()]
    frame = pd.DataFrame(rows)
    frame = frame.assign(n=frame[list(CLASSES[:6])].sum(axis=1), rr1=0.5, rr2=0.6)
    guarded = guard_response(frame)
    visit, phone, together = response_rows(guarded.table)
    assert (visit.counts[1], visit.rr1, visit.rr2, visit.answered) == (None, None, None, None)
    assert phone.counts[1] is None
    assert (together.counts[:2], together.rr2 is not None) == ((50, 12), True)
    assert guarded.hidden >= 2


def test_the_pages_lead_to_no_answers_and_the_workbook_has_none(services: Services) -> None:
    survey = begin(services)
    ask_everybody(survey)
    reach = Grant(survey.drawn.study.id)
    with sitting_down(survey, Role.OBSERVER, reach) as desk:
        html = desk.get("results").text
        page = desk.text("results")
        book = desk.workbook()
        assert desk.get("results/trace").status_code == 403
        assert desk.get("cases").status_code == 403
    assert "/trace" not in html
    assert "70.83%" in page
    assert "not shown" in page
    assert book.sheetnames == ["结果", "口径", "抽样"]
    rows = table(book["结果"], "Indicator")
    small = [row for row in rows if row["County"] == SMALL_COUNTY]
    assert small
    assert {row["Rate"] for row in small} | {row["Score"] for row in small} | {
        row["Denominator (n)"] for row in small
    } == {None}
    strata = table(book["抽样"], "County")
    assert not {"Weight after nonresponse", "Units that the answers stand for"} & set(strata[0])
    assert all(
        row[name] is None or row[name] == 0 or row[name] >= 5
        for row in strata
        for name in ("Complete", "Refused")
        if name in row
    )


def test_who_reaches_one_county_gets_the_result_of_that_county_and_nobody_else_does(answered: Survey) -> None:
    study_id = answered.drawn.study.id
    everywhere = Actor("person", roles=frozenset({Role.OWNER}))
    there = Actor("person", roles=frozenset({Role.OBSERVER}), reach=(Grant(study_id, COUNTY),))
    with answered.services.read(everywhere) as work:
        all_of_it = results_of(work, study_id)
    with answered.services.read(there) as work:
        county = results_of(work, study_id)
    with answered.services.read(replace(everywhere, name="another")) as work:
        assert results_of(work, study_id) is all_of_it
    assert (all_of_it.satisfaction.n, county.satisfaction.n) == (24, 20)
    assert county.counties == [COUNTY]
