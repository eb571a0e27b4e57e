"""A questionnaire in several languages, one of them written from the right; and questionnaires of people's own."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from survey_server.studies.forms import publish
from survey_server.studies.models import Purpose, Study
from survey_server.studies.service import study_of
from tests.support.installation import SteppingClock
from tests.survey_server.public.walking import Installed, open_page, press
from tests.survey_server.public.workbooks import Row, ask, workbook

ZH, UG, EN = "label::中文(zh)", "label::ئۇيغۇرچە(ug)", "label::English(en)"
WHERE: Row = {
    "type": "select_one_from_file places.csv",
    "name": "place",
    "bind::zf:role": "case",
    "bind::zf:metric": "place_id",
    ZH: "地点",
    UG: "ئورۇن",
    EN: "Place",
}
SURVEY: list[Row] = [
    WHERE,
    {"type": "select_one yn", "name": "good", "required": "yes", ZH: "满意吗？", UG: "رازىمۇ؟", EN: "Satisfied?"},
    {"type": "begin_group", "name": "more", ZH: "还有", UG: "يەنە", EN: "More"},
    {"type": "text", "name": "words", ZH: "您的话", UG: "سۆزىڭىز", EN: "Your words"},
    {"type": "end_group"},
]
CHOICES: list[Row] = [
    {"list_name": "yn", "name": "1", ZH: "是", UG: "ھەئە", EN: "Yes"},
    {"list_name": "yn", "name": "2", ZH: "否", UG: "ياق", EN: "No"},
]


def published(
    installed: Installed, clock: SteppingClock, survey: list[Row], choices: list[Row], **settings: str
) -> str:
    """Publish a questionnaire for the public, later than the shipped ones; the token of a place."""
    clock.advance(hours=1)
    with installed.services.write() as work:
        study: Study = study_of(work, installed.drawn.study.id)
        content = workbook(survey, choices, {"form_id": "own", **settings})
        publish(work, study, Purpose.PUBLIC, "own.xlsx", content, reason="自己的问卷")
    return installed.place_token()


@pytest.fixture
def token(on_sqlite: Installed, clock: SteppingClock) -> str:
    """The code of a place whose questionnaire speaks three languages."""
    return published(on_sqlite, clock, SURVEY, CHOICES, default_language="中文(zh)")


def test_the_visitor_changes_the_language_and_keeps_the_answers(visitor: FlaskClient, token: str) -> None:
    page = open_page(visitor, token)

    changed = press(visitor, token, page, {"good": "2"}, "language", "ئۇيغۇرچە(ug)")

    assert "满意吗？" in page.source
    assert (page.tree.get("lang"), page.tree.get("dir")) == ("zh", "ltr")
    assert (changed.tree.get("lang"), changed.tree.get("dir")) == ("ug", "rtl")
    assert "رازىمۇ؟" in changed.source
    assert changed.chosen == ["2"]
    assert changed.tree.xpath("//button[@name='language']/text()") == ["中文", "English"]


def test_the_pages_own_words_follow_and_the_next_page_too(visitor: FlaskClient, token: str) -> None:
    page = press(visitor, token, open_page(visitor, token), {}, "language", "English(en)")

    following = press(visitor, token, page, {"good": "1"})

    assert page.button == "Next"
    assert following.tree.xpath("string(//label[@class='asked'])") == "Your words"
    assert following.tree.xpath("//textarea | //input[@type='text']/@dir") == ["auto"]


def test_a_language_that_the_form_does_not_speak_changes_nothing(visitor: FlaskClient, token: str) -> None:
    page = press(visitor, token, open_page(visitor, token), {}, "language", "<b>")

    assert page.tree.get("lang") == "zh"


def test_the_address_may_name_the_language(visitor: FlaskClient, token: str) -> None:
    response = visitor.get(f"/q/{token}", query_string={"language": "English(en)"})

    assert "Satisfied?" in response.get_data(as_text=True)


def test_a_required_photograph_does_not_lock_the_visitor_out(
    visitor: FlaskClient, on_sqlite: Installed, clock: SteppingClock
) -> None:
    where = {**WHERE, "label": "地点"}
    plain = {name: value for name, value in where.items() if not name.startswith("label::")}
    rows: list[Row] = [plain, ask("photo", "image", required="yes"), ask("good", required="yes")]
    choices: list[Row] = [{"list_name": "yn", "name": "1", "label": "是"}]
    token = published(on_sqlite, clock, rows, choices)

    first = open_page(visitor, token)
    refused = press(visitor, token, first, {"good": "1"})
    assert refused.errors == {"photo": "请拍一张照片。"}
    last = visitor.post(f"/q/{token}", data={"state": refused.state, "q.good": "1", "no.q.photo": "1"})
    assert last.status_code == 303

    (row,) = on_sqlite.submissions()
    assert {flag["question"] for flag in row.flags} == {"photo"}


def test_practice_is_marked(visitor: FlaskClient, on_sqlite: Installed) -> None:
    with on_sqlite.services.write() as work:
        study = study_of(work, on_sqlite.drawn.study.id)
        study.practice = True
        work.session.add(study)

    assert "试访" in open_page(visitor, on_sqlite.case_token()).source
