from __future__ import annotations

import json
import re
from urllib.parse import urlsplit

import pytest
from flask import Flask
from lxml import etree

from survey_server.app import create_app
from survey_server.config import Settings
from survey_server.errors import Problem
from survey_server.public.codes import place_address
from survey_server.studies.service import add_place
from survey_server.work import Services
from tests.support.callers import browser
from tests.support.installation import SteppingClock
from tests.support.studies import make_study

PERSONAL = "13900001111"
JSON = {"Accept": "application/json"}
MEGABYTE = 2**20


def in_english(app: Flask):
    client = browser(app)
    client.set_cookie("language", "en")
    return client


def test_a_person_reads_a_page_with_what_happened_and_what_to_do(app: Flask) -> None:
    answer = in_english(app).get("/trial/fail")
    assert (answer.status_code, answer.content_type) == (404, "text/html; charset=utf-8")
    assert "The questionnaire “&lt;visit&gt; &amp; more”, version 7, is not published here." in answer.text
    assert "let the phone fetch the questionnaires anew" in answer.text
    assert "40403" in answer.text


@pytest.mark.parametrize(("address", "headers"), [("/trial/api/fail", {}), ("/trial/fail", JSON)])
def test_a_program_reads_the_same_as_problem_json(app: Flask, address: str, headers: dict[str, str]) -> None:
    answer = in_english(app).get(address, headers=headers)
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")
    title = "The questionnaire “<visit> & more”, version 7, is not published here."
    assert answer.get_json(force=True) == {
        "type": "urn:zoufang:problem:40403",
        "title": title,
        "detail": title,
        "status": 404,
        "number": 40403,
        "remedy": "Keep the record; let the phone fetch the questionnaires anew.",
    }


def test_odk_collect_reads_the_same_as_its_own_xml(app: Flask) -> None:
    answer = in_english(app).get("/openrosa/trial/fail")
    assert (answer.status_code, answer.mimetype) == (404, "text/xml")
    (message,) = etree.fromstring(answer.data)
    assert message.tag == "{http://openrosa.org/http/response}message"
    assert message.text.startswith("The questionnaire “<visit> & more”, version 7, is not published here. Keep")
    assert message.text.endswith("(40403)")


@pytest.mark.parametrize("cookie", ["", "de", "zh_Hans_CN", "../en"])
def test_problems_are_told_in_chinese_unless_english_was_chosen(app: Flask, cookie: str) -> None:
    client = browser(app)
    client.set_cookie("language", cookie)
    page, told = client.get("/nowhere").text, client.get("/nowhere", headers=JSON).get_json(force=True)
    assert '<html lang="zh-CN">' in page
    assert "没有这个页面或内容。" in page
    assert told["title"] == "没有这个页面或内容。"
    assert '<html lang="en">' in in_english(app).get("/nowhere").text


@pytest.mark.parametrize(("method", "address"), [("GET", "/nowhere"), ("GET", "/sign-out"), ("DELETE", "/studies")])
def test_an_address_that_is_none_or_does_not_take_the_method_is_not_found(
    app: Flask, method: str, address: str
) -> None:
    answer = browser(app).open(address, method=method, headers=JSON)
    assert (answer.status_code, answer.get_json(force=True)["number"]) == (404, 40401)


def test_an_address_without_its_slash_is_led_on(app: Flask) -> None:
    answer = browser(app).get("/visit")
    assert (answer.status_code, answer.headers["Location"]) == (308, "http://localhost/visit/")


@pytest.mark.parametrize(("sent", "limit"), [(b"x" * (3 * MEGABYTE + 1), "3"), ({"username": "x" * 505_000}, "0.477")])
def test_what_is_too_large_is_told_the_limit_in_megabytes(
    sqlite_settings: Settings, clock: SteppingClock, sent: bytes | dict[str, str], limit: str
) -> None:
    settings = sqlite_settings.model_copy(update={"max_upload_bytes": 3 * MEGABYTE})
    app = create_app(settings, clock, lambda: None)
    answer = browser(app).post("/sign-in", data=sent, content_type="multipart/form-data; boundary=z")
    app.extensions["zoufang"].database.dispose()
    assert answer.status_code == 413
    assert f"超过 {limit} MB" in answer.text


def test_a_respondent_who_sends_too_much_gets_a_page_of_their_own(app: Flask, site: Services) -> None:
    study = make_study(site, {("柳湾县", "1"): 1}).study
    with site.write() as work:
        address = place_address(work, add_place(work, study, label="大厅", county="柳湾县"))
    answer = browser(app).post(urlsplit(address).path, data={"state": "x" * 100_000})
    assert answer.status_code == 413
    assert "超过 0.0625 MB" in answer.text
    assert "/sign-in" not in answer.text
    assert "console.css" not in answer.text


@pytest.mark.parametrize("address", ["/trial/break_down", "/trial/api/break_down", "/openrosa/trial/break_down"])
def test_a_bug_tells_a_number_that_stands_in_the_log_and_nothing_else(
    app: Flask, capsys: pytest.CaptureFixture[str], address: str
) -> None:
    create_app(app.extensions["zoufang"].settings, wake=lambda: None).extensions["zoufang"].database.dispose()
    answer = in_english(app).get(address)
    told = re.search(r"number ([0-9a-f]{8})", answer.text)
    assert answer.status_code == 500
    assert told is not None
    assert PERSONAL not in answer.text
    assert "Traceback" not in answer.text
    assert "RuntimeError" not in answer.text
    lines = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["kind"] for line in lines if line.get("reference") == told.group(1)] == ["RuntimeError"]


def test_every_problem_says_in_its_number_what_http_should_say() -> None:
    numbers = [problem.value.number for problem in Problem]
    assert len(numbers) == len(set(numbers))
    assert {problem.value.status for problem in Problem} <= {400, 401, 403, 404, 405, 409, 410, 413, 429, 500}


def test_health_is_told_to_anybody(app: Flask) -> None:
    assert browser(app).get("/healthz").get_json() == {"status": "ok"}
