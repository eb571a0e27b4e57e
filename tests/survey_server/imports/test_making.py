"""A questionnaire made from the file itself, from the pages to the rates."""

from __future__ import annotations

import io

import pytest
from flask import Flask
from sqlmodel import select

from survey_server.actors import Role
from survey_server.handlers import drain
from survey_server.imports.files import read_answers
from survey_server.imports.items import items_of
from survey_server.imports.making import Proposal, propose
from survey_server.results.service import results_of
from survey_server.studies.models import Study
from survey_server.work import Services
from tests.support.callers import browser
from tests.support.studies import person
from tests.survey_server.imports.exports import wenjuanxing


def proposals(question: str, values: list[object]) -> Proposal:
    data = wenjuanxing([question], [[value] for value in values])
    (found,) = propose(items_of(read_answers("a.xlsx", data)))
    return found


@pytest.mark.parametrize(
    ("words", "codes"),
    [
        (["很满意", "满意", "一般", "不满意", "很不满意"], "54321"),
        (["满意", "比较满意", "一般", "不太满意", "不满意"], "54321"),
        (["满意", "基本满意", "不满意"], "432"),
        (["非常满意", "比较满意", "不太满意", "非常不满意"], "5421"),
    ],
)
def test_the_scales_in_use_get_the_codes_of_their_words(words: list[object], codes: str) -> None:
    found = proposals("1、总体来说您满意吗？", words)
    assert found.tag == "sat_overall"
    assert [found.codes[str(word)] for word in words] == list(codes)


def test_numbers_without_words_are_marked_for_a_look() -> None:
    found = proposals("1、总体满意吗？", [1, 2, 3])
    assert found.unsure
    assert found.codes == {"1": "5", "2": "4", "3": "3"}


def test_what_people_say_they_know_is_heard_of_and_no_awareness() -> None:
    found = proposals("1、您知道低保标准吗？", ["知道", "不知道", "知道"])
    assert (found.tag, found.codes) == ("heard_std", {"知道": "1", "不知道": "3"})


def test_a_telephone_is_left_out_unless_somebody_wants_it() -> None:
    assert proposals("9、联系电话", [f"1900000{n:04d}" for n in range(50)]).kind == ""


def test_from_the_file_to_rates_in_four_clicks(app: Flask, site: Services) -> None:
    person(site, Role.OWNER, username="负责")
    client = browser(app, "负责")
    rows = [["很满意"]] * 6 + [["不满意"]] * 2 + [["说不清"]] * 2
    sent = {"file": (io.BytesIO(wenjuanxing(["1、总体来说您满意吗？"], rows)), "满意度.xlsx")}
    making = client.post("/imports/new", data=sent).headers["Location"]
    assert "总体来说您满意吗" in client.get(making).text
    taken = client.post(making).headers["Location"]
    drain(site)
    page = client.get(taken).text
    assert "75.00%" in page
    assert "40.93%–92.85%" in page  # Wilson (1927), 6 of 8
    assert "不是概率样本" in page
    with site.read() as work:
        study = work.session.exec(select(Study)).one()
        figure = results_of(work, study.id).volunteers
    assert (figure.yes, figure.n) == (6, 8)
