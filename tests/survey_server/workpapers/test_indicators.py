"""A working paper says where its figure comes from, and is signed by one person and checked by another."""

from __future__ import annotations

import io
from types import SimpleNamespace

import docx
import openpyxl
import pytest

from survey_server.scores.sheet import card_of
from survey_server.workpapers.indicators import State, papers_of

REASON = "查国库支付凭证"


@pytest.fixture
def typed(office: SimpleNamespace) -> str:
    """An indicator whose value was typed with a reason and a paper behind it."""
    with office.services.read() as work:
        card = card_of(work, office.study_id)
    line = next(
        line for line in card.table.leaves() if line.rule and line.rule.type == "proportional" and not line.metric
    )
    paper = {"title": "支付凭证", "paper": (io.BytesIO(b"%PDF-"), "凭证.pdf")}
    assert office.client.post(f"{office.root}/evidence", data=paper).status_code == 303
    value(office, line.key, "90")
    return line.key


def value(office: SimpleNamespace, key: str, number: str) -> None:
    sent = {"name": key, "county": "", "value": number, "reason": REASON, "evidence": ["E01"]}
    assert office.client.post(f"{office.root}/scores/line", data=sent).status_code == 303


def state(office: SimpleNamespace, key: str) -> State:
    with office.services.read() as work:
        return papers_of(work, office.study_id).one(key).state


def sign(office: SimpleNamespace, who: str, key: str, step: str = "make", **fields: str) -> int:
    data = {"name": key, "county": "", **fields}
    return getattr(office, who).post(f"{office.root}/workpapers/{step}", data=data).status_code


def test_every_indicator_of_the_table_has_a_paper_in_its_order(office: SimpleNamespace) -> None:
    with office.services.read() as work:
        papers = papers_of(work, office.study_id)
        names = [line.name for line in card_of(work, office.study_id).table.leaves()]
    assert [paper.line.name for paper in papers.papers] == names
    assert papers.papers[0].number == "DG01"
    estimated = [paper for paper in papers.papers if paper.reference]
    assert estimated, "a figure of the survey has its reference"
    page = office.client.get(f"{office.root}/workpapers").text
    assert estimated[0].reference in page
    assert "70.83%" in page


def test_a_paper_is_made_by_one_and_checked_by_another(office: SimpleNamespace, typed: str) -> None:
    assert state(office, typed) is State.OPEN
    assert sign(office, "client", typed, note="与明细账核对") == 303
    assert state(office, typed) is State.MADE
    assert sign(office, "client", typed, "check") == 409, "the maker does not check"
    assert sign(office, "expert", typed, "check", remark="无误") == 303
    assert state(office, typed) is State.CHECKED
    page = office.client.get(f"{office.root}/workpapers/paper", query_string={"name": typed}).text
    for words in ("pingjia", "zhuanjia", "与明细账核对", REASON, "E01 支付凭证"):
        assert words in page


def test_what_changes_after_the_signature_must_be_signed_anew(office: SimpleNamespace, typed: str) -> None:
    sign(office, "client", typed)
    sign(office, "colleague", typed, "check")
    value(office, typed, "80")
    assert state(office, typed) is State.CHANGED
    assert sign(office, "colleague", typed, "check") == 409
    page = office.client.get(f"{office.root}/workpapers/paper", query_string={"name": typed}).text
    assert "签后有变动" in page
    assert sign(office, "client", typed) == 303
    assert state(office, typed) is State.MADE


def test_a_checker_who_disagrees_gives_the_paper_back_and_says_why(office: SimpleNamespace, typed: str) -> None:
    sign(office, "client", typed)
    assert sign(office, "colleague", typed, "check", give_back="1") == 400, "without a remark"
    assert sign(office, "colleague", typed, "check", give_back="1", remark="口径不对") == 303
    assert state(office, typed) is State.OPEN
    assert "口径不对" in office.client.get(f"{office.root}/workpapers/paper", query_string={"name": typed}).text


def test_nothing_is_signed_without_a_figure_nor_by_whoever_only_judges(office: SimpleNamespace, typed: str) -> None:
    with office.services.read() as work:
        empty = next(paper for paper in papers_of(work, office.study_id).papers if paper.state is State.EMPTY)
    assert sign(office, "client", empty.line.key) == 409
    assert sign(office, "client", "没有的指标") == 404
    assert sign(office, "expert", typed) == 403


def test_the_papers_are_printed_and_filled_into_a_workbook(office: SimpleNamespace, typed: str) -> None:
    sign(office, "client", typed)
    whole = docx.Document(io.BytesIO(office.client.get(f"{office.root}/workpapers/docx").data))
    with office.services.read() as work:
        papers = papers_of(work, office.study_id).papers
    assert len(whole.tables) == len(papers)
    one = office.client.get(f"{office.root}/workpapers/docx", query_string={"name": typed})
    (table,) = docx.Document(io.BytesIO(one.data)).tables
    said = {row.cells[0].text: row.cells[1].text for row in table.rows}
    assert REASON in said.values()
    assert said["编制人"] == "pingjia　2026-09-01"
    assert said["复核人"] == "—"
    assert office.client.get(f"{office.root}/workpapers/pdf", query_string={"name": typed}).data.startswith(b"%PDF-")
    sheet = openpyxl.load_workbook(io.BytesIO(office.client.get(f"{office.root}/workpapers/xlsx").data))["工作底稿"]
    rows = list(sheet.iter_rows(values_only=True))
    row = next(row for row in rows if row[1] == next(p.line.name for p in papers if p.line.key == typed))
    assert "E01" in row
    assert "已编制，待复核" in row
    assert office.client.get(f"{office.root}/workpapers/exe").status_code == 404


def test_a_countys_papers_are_its_own(office: SimpleNamespace, typed: str) -> None:
    sign(office, "client", typed)
    with office.services.read() as work:
        county = papers_of(work, office.study_id, "青溪县").one(typed)
    assert county.state is State.EMPTY
    assert office.client.get(f"{office.root}/workpapers?county=没有的县").status_code == 404
