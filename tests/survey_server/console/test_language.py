from __future__ import annotations

import datetime as dt

import pytest
from flask import Flask, render_template_string

from survey_server.app import create_app
from survey_server.config import Settings
from tests.support.callers import browser
from tests.support.installation import FIRST_MOMENT


def test_the_language_is_remembered_and_the_reader_goes_back(app: Flask) -> None:
    client = browser(app)
    assert "登录" in client.get("/sign-in").text
    answer = client.get("/language/en?next=/sign-in?next=/people")
    assert (answer.status_code, answer.headers["Location"]) == (303, "/sign-in?next=/people")
    assert "Sign in" in client.get("/sign-in").text
    client.get("/language/zh_Hans_CN")
    assert '<html lang="zh-CN">' in client.get("/sign-in").text


def test_each_page_offers_the_other_language_and_leads_back_to_itself(app: Flask) -> None:
    page = browser(app).get("/sign-in?next=/people").text
    assert '/language/en?next=/sign-in?next%3D/people"' in page
    assert "/language/zh_Hans_CN" not in page


def test_a_language_that_we_do_not_speak_changes_nothing(app: Flask) -> None:
    answer = browser(app).get("/language/klingon?next=/people")
    assert answer.headers["Location"] == "/people"
    assert "Set-Cookie" not in answer.headers


@pytest.mark.parametrize(
    "wish",
    [
        "https://elsewhere.example",
        "//elsewhere.example",
        "/%5Celsewhere.example",
        "/%09/elsewhere.example",
        "/%0d%0ax",
        "",
    ],
)
def test_the_switch_leads_nobody_away(app: Flask, wish: str) -> None:
    assert browser(app).get(f"/language/en?next={wish}").headers["Location"] == "/"


def test_times_are_shown_as_the_clock_in_the_office_shows_them(app: Flask) -> None:
    with app.test_request_context():
        shown = render_template_string("{{ at|local_time }} | {{ none|local_time }}", at=FIRST_MOMENT, none=None)
        day = render_template_string("{{ at|local_time('%d.%m.') }}", at=dt.datetime(2026, 9, 1, 16, tzinfo=dt.UTC))
    assert dt.datetime(2026, 9, 1, 1, tzinfo=dt.UTC) == FIRST_MOMENT
    assert shown == "2026-09-01 09:00 | "
    assert day == "02.09."


def test_an_office_elsewhere_has_its_own_time(sqlite_settings: Settings) -> None:
    app = create_app(sqlite_settings.model_copy(update={"timezone": "Asia/Urumqi"}), wake=lambda: None)
    with app.test_request_context():
        assert render_template_string("{{ at|local_time }}", at=FIRST_MOMENT) == "2026-09-01 07:00"
    app.extensions["zoufang"].database.dispose()
