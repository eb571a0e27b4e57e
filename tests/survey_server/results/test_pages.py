from __future__ import annotations

import io
import re
import tomllib
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, contextmanager
from html import unescape
from pathlib import Path
from typing import Any

import openpyxl
import pytest
from flask.testing import FlaskClient
from openpyxl.worksheet.worksheet import Worksheet
from playwright.sync_api import BrowserContext
from sqlmodel import select
from werkzeug.test import TestResponse

from survey_server import __version__
from survey_server.accounts.routes import COOKIE
from survey_server.accounts.signing_in import sign_in
from survey_server.actors import Grant, Role
from survey_server.app import create_app
from survey_server.audit.models import Event
from survey_server.config import Settings
from survey_server.studies.models import Channel
from survey_server.work import Services
from tests.support.installation import LiveServer, SteppingClock
from tests.support.screens import save_screen
from tests.support.studies import PASSWORD, person
from tests.survey_server.results.conftest import LOW_INCOME, Survey, ask_everybody, begin, call, visit

SHEETS = ["结果", "口径", "抽样", "原始数据"]
Row = dict[str, Any]


class Desk:
    """An evaluator's browser, in English, whose pages are asked for by the study's address."""

    def __init__(self, survey: Survey, client: FlaskClient) -> None:
        self.survey = survey
        self._client = client

    def get(self, address: str) -> TestResponse:
        return self._client.get(f"/studies/{self.survey.drawn.study.id}/{address}")

    def text(self, address: str) -> str:
        response = self.get(address)
        assert response.status_code == 200
        return " ".join(unescape(re.sub(r"<[^>]+>", " ", response.text)).split())

    def workbook(self) -> openpyxl.Workbook:
        response = self.get("results.xlsx")
        assert response.status_code == 200
        return openpyxl.load_workbook(io.BytesIO(response.data))


@contextmanager
def sitting_down(survey: Survey, role: Role = Role.EVALUATOR, *parts: Grant) -> Generator[Desk]:
    """A person of this role at a browser, in English, who was granted these parts."""
    services = survey.services
    person(services, role, username="somebody", parts=parts)
    app = create_app(services.settings, services.clock, lambda: None)
    client = app.test_client()
    client.set_cookie(COOKIE, sign_in(services, "somebody", PASSWORD))
    client.set_cookie("language", "en")
    yield Desk(survey, client)
    app.extensions["zoufang"].database.dispose()


@pytest.fixture(scope="module")
def desk(finished: Survey) -> Iterator[Desk]:
    """An evaluator's desk with the study that was answered."""
    with sitting_down(finished) as desk:
        yield desk


@pytest.fixture
def small_desk(sqlite_settings: Settings, clock: SteppingClock) -> Iterator[Callable[..., Desk]]:
    """Call it for a study in which one household was visited, or none."""
    services = Services.open(sqlite_settings, clock)
    with ExitStack() as desks:

        def open_desk(*, practice: bool = False, visited: bool = True, role: Role = Role.EVALUATOR) -> Desk:
            survey = begin(services, practice=practice)
            if visited:
                survey.hand_in(survey.cases(LOW_INCOME)[0], visit(j3_open="希望多来看看老赵"))
            return desks.enter_context(sitting_down(survey, role))

        yield open_desk
    services.database.dispose()


def table(sheet: Worksheet, first: str) -> list[Row]:
    """The rows under the header that begins with ``first``, by their headers."""
    rows = [list(row) for row in sheet.iter_rows(values_only=True)]
    top = next(place for place, row in enumerate(rows) if str(row[0]).startswith(first))
    return [dict(zip(map(str, rows[top]), row, strict=True)) for row in rows[top + 1 :]]


def notes(sheet: Worksheet) -> str:
    return "\n".join(str(row[0]) for row in sheet.iter_rows(max_row=12, max_col=1, values_only=True))


def test_the_workbook_holds_the_figures_of_the_page_as_numbers(services: Services) -> None:
    survey = begin(services)
    ask_everybody(survey)
    with sitting_down(survey) as desk:
        page = desk.text("results")
        book = desk.workbook()
    assert book.sheetnames == SHEETS
    rows = table(book["结果"], "Indicator")
    overall = rows[0]
    assert (overall["Code"], overall["Rate"], overall["Numerator"], overall["Denominator (n)"]) == (
        "SAT_TOP2",
        0.7083,
        19,
        24,
    )
    assert "70.83%" in page
    rated = [row for row in rows if row["Rate"] is not None and row["Whose answers"] == "headline domain"]
    shown = [row for row in rated if row["Code"] in {"SAT_TOP2", "AW_AVG"} and row["Denominator"] == "valid answers"]
    assert len(shown) == 2 * (1 + 2 + 2 + 3)
    for row in shown:
        assert f"{row['Rate']:.2%}" in page
        if not row["Interval by"].startswith("census"):
            low, high = (row[f"Rate, 95% interval {end}"] for end in ("from", "to"))
            assert f"{low:.2%} – {high:.2%}" in page
    score = next(row for row in rows if row["Code"] == "SCORE")
    assert (score["Score"], "70.83% × 8 = 5.67" in page) == (5.67, True)
    response = next(row for row in rows if row["Code"] == "RR2")
    assert (response["Rate"], "96.00%" in page) == (0.96, True)


def test_rates_have_a_per_cent_format_and_scores_two_decimals(desk: Desk) -> None:
    sheet = desk.workbook()["结果"]
    cells = {cell.number_format for row in sheet.iter_rows() for cell in row if isinstance(cell.value, float)}
    assert cells == {"0.00%", "#,##0.00"}


def test_the_sheet_of_definitions_says_how_everything_was_made(desk: Desk) -> None:
    facts = {row["What"]: row["How"] for row in table(desk.workbook()["口径"], "What")}
    assert facts["Satisfaction"] == "Satisfaction rate (very satisfied + satisfied)"
    assert facts["Seed"] == "2026"
    assert "cadre" in facts["Outside the headline domain"]
    assert "half up" in facts["Rounding"]
    assert "census" in facts["Intervals"]
    assert "hv_household_visit" in facts["Questionnaires"]
    assert facts["Computed"].endswith("(Asia/Shanghai)")
    assert facts["Software"] == f"Zoufang {__version__}"
    assert "Payment 0.25" in facts["Composite satisfaction score (five parts, weights as an example)"]
    assert "monthly" in facts["Payments and procedure"]
    results = desk.survey.results()
    assert facts["Digest of the certificate (SHA-256)"] == results.certificate_digest
    assert results.draw is not None
    assert facts["Digest of the roster (SHA-256)"] == results.draw.certificate["frame"]["digest"]


def test_the_version_that_is_shown_is_that_of_the_package() -> None:
    project = tomllib.loads((Path(__file__).parents[3] / "pyproject.toml").read_text("utf-8"))["project"]
    assert __version__ == project["version"]


def test_process_rates_stand_in_a_table_of_their_own_and_in_the_workbook(small_desk: Callable[..., Desk]) -> None:
    desk = small_desk(visited=False)
    for case, seen in zip(desk.survey.cases(LOW_INCOME), "1112", strict=False):
        desk.survey.hand_in(case, visit(e3_notice=seen))
    page = desk.text("results")
    assert re.search(r"Payments and procedure .* Has seen the public notice 75\.00%", page)
    row = next(row for row in table(desk.workbook()["结果"], "Indicator") if row["Code"] == "PROC_NOTICE")
    assert (row["Rate"], row["Numerator"], row["Denominator (n)"]) == (0.75, 3, 4)
    low, high = (row[f"Rate, 95% interval {end}"] for end in ("from", "to"))
    assert f"{low:.2%} – {high:.2%}" in page


def test_the_sheet_of_the_sample_has_population_draw_and_outcomes_by_stratum(desk: Desk) -> None:
    sheet = desk.workbook()["抽样"]
    rows = {(row["County"], row["Category"]): row for row in table(sheet, "County")}
    refused = rows["青溪县", "城市低保"]
    assert (refused["N on the roster"], refused["n drawn"], refused["Complete"], refused["Refusal"]) == (20, 5, 4, 1)
    assert (refused["Response rate RR1"], refused["Weight after nonresponse"]) == (0.8, 5)
    assert "Seed: 2026" in notes(sheet)


def test_the_coded_answers_can_be_weighted_to_the_printed_rate(desk: Desk) -> None:
    rows = table(desk.workbook()["原始数据"], "Sample number")
    assert len(rows) == 24
    answer = next(name for name in rows[0] if name.endswith("\ni6_all"))
    weights = [row["Weight\nweight"] for row in rows]
    satisfied = sum(row["Weight\nweight"] for row in rows if row[answer] >= 4)
    assert f"{satisfied / sum(weights):.2%}" == "70.83%"
    assert {row["Weight\nweight"] for row in rows} == {5, 1}


def test_a_group_under_five_has_no_category_in_the_coded_answers(desk: Desk) -> None:
    sheet = desk.workbook()["原始数据"]
    rows = table(sheet, "Sample number")
    few = [row for row in rows if row["County\ncounty"] == "青溪县"]
    told = ("Stratum\nstratum", "Category code\ncategory", "Category\ncategory_name")
    assert [[row[name] for name in told] for row in few] == [[None, None, None]] * 4
    assert all(row[name] for row in rows if row not in few for name in told)
    assert "category and stratum blank for 4 cases" in notes(sheet)


def test_the_coded_answers_hold_no_personal_question_and_no_free_text(small_desk: Callable[..., Desk]) -> None:
    desk = small_desk()
    sheet = desk.workbook()["原始数据"]
    header = next(row for row in sheet.iter_rows(values_only=True) if str(row[0]).startswith("Sample number"))
    names = {str(cell).rpartition("\n")[2] for cell in header}
    personal = {"household", "a4_partner", "j3_open", "a2_note", "p_village", "p_category", "deviceid", "b2_age"}
    assert {"i6_all", "h1_type", "a5_companion__1"} <= names
    assert not personal & names
    everything = " ".join(str(cell) for row in sheet.iter_rows(values_only=True) for cell in row)
    assert "老赵" not in everything
    assert "F012" not in everything
    assert "Left out" in notes(sheet)


def test_the_page_leads_from_a_figure_to_the_answers_behind_it(desk: Desk) -> None:
    page = desk.get("results").text
    address = unescape(re.findall(r'results/(trace\?[^"]*category=3[^"]*)"', page)[0])
    traced = desk.text(f"results/{address}")
    assert "91.67%" in traced
    assert "counted: numerator 11" in traced
    assert traced.count("特困人员（分散供养）") >= 12
    case = desk.survey.cases(LOW_INCOME)[0]
    assert case.sample_id in desk.text("results/trace?metric=AW_AVG&category=1")


def test_looking_at_answers_and_taking_the_workbook_are_recorded(small_desk: Callable[..., Desk]) -> None:
    desk = small_desk()
    desk.text("results/trace?metric=SAT_TOP2")
    desk.workbook()
    with desk.survey.services.read() as work:
        events = [event for event in work.session.exec(select(Event)) if event.action.startswith("results.")]
    assert [event.action for event in events] == ["results.trace", "results.export"]
    assert all(event.actor_kind == "person" for event in events)


def test_another_record_of_a_case_is_shown_with_the_reason_why_it_does_not_count(
    small_desk: Callable[..., Desk],
) -> None:
    desk = small_desk()
    desk.survey.hand_in(desk.survey.cases(LOW_INCOME)[0], call("1"), Channel.PHONE)
    traced = desk.text("results/trace?metric=SAT_TOP2&county=柳湾县&category=1")
    assert "another record of this case counts" in traced


@pytest.mark.parametrize("address", ["metric=NOTHING", "metric=SAT_TOP2&domain=some", "denominator=half"])
def test_a_figure_that_does_not_exist_has_no_trace(small_desk: Callable[..., Desk], address: str) -> None:
    assert small_desk().get(f"results/trace?{address}").status_code == 404


@pytest.mark.parametrize("address", ["results", "results.xlsx", "results/trace?metric=SAT_TOP2"])
def test_results_are_for_evaluators(small_desk: Callable[..., Desk], address: str) -> None:
    assert small_desk(role=Role.INTERVIEWER).get(address).status_code == 403


def test_a_practice_study_says_so_on_the_page_and_on_every_sheet(small_desk: Callable[..., Desk]) -> None:
    desk = small_desk(practice=True)
    banner = "Practice study (试访): these figures are for trying only and are not a result."
    assert banner in desk.text("results")
    assert banner in desk.text("results/trace?metric=SAT_TOP2")
    assert all(banner in notes(sheet) for sheet in desk.workbook())
    assert "practice-results.xlsx" in desk.get("results.xlsx").headers["Content-Disposition"]


def test_a_real_study_has_no_such_banner(small_desk: Callable[..., Desk]) -> None:
    desk = small_desk()
    assert "Practice study" not in desk.text("results")
    assert not any("Practice study" in notes(sheet) for sheet in desk.workbook())


def test_a_study_that_nobody_answered_has_a_page_and_a_workbook(small_desk: Callable[..., Desk]) -> None:
    desk = small_desk(visited=False)
    assert "Nobody has answered yet" in desk.text("results")
    assert desk.workbook().sheetnames == SHEETS


def test_the_page_of_a_real_browser_draws_the_interval_and_fits_a_phone(
    sqlite_settings: Settings,
    answered: Survey,
    clock: SteppingClock,
    live_server: Callable[..., LiveServer],
    desktop: BrowserContext,
    phone: BrowserContext,
) -> None:
    person(answered.services, Role.EVALUATOR, username="evaluator")
    live = live_server(sqlite_settings, clock)
    secret = sign_in(answered.services, "evaluator", PASSWORD)
    for context, name in ((desktop, "results-desktop"), (phone, "results-phone")):
        context.add_cookies([{"name": COOKIE, "value": secret, "url": live.url}])
        page = context.new_page()
        page.goto(f"{live.url}/studies/{answered.drawn.study.id}/results")
        assert page.locator("svg.bar-chart circle").count() == 2
        assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
        save_screen(page, name)
