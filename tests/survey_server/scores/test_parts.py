"""Programmes, funds, grades and rounds of experts, on the pages and in the table."""

from __future__ import annotations

import io
from decimal import Decimal
from types import SimpleNamespace

import pytest

from survey_server.actors import Role
from survey_server.results.service import results_of
from survey_server.scores.funds import funds_of
from survey_server.scores.grades import grades_of
from survey_server.scores.parts import counties_in, programmes_in
from survey_server.scores.rounds import rounds_of
from survey_server.scores.service import stated_findings
from survey_server.scores.sheet import card_of, side_by_side
from survey_server.scores.tables import table_of
from survey_server.studies.service import study_of
from tests.support.callers import browser
from tests.support.studies import person
from tests.survey_server.scores.test_sheet import office

__all__ = ["office"]

LINE = "服务对象满意度"
ONE_LINE = """
title: 一项
total: 100
tree:
  - {name: 服务对象满意度, weight: 100, metric: SAT_TOP2, rule: {type: proportional}, target: ">=90%",
     actual_stated: "≥90%", score_stated: 100}
"""


@pytest.fixture
def simple(office: SimpleNamespace) -> SimpleNamespace:
    """A table of one line, which the survey scores for every county and programme."""
    sent = {"table": (io.BytesIO(ONE_LINE.encode()), "t.yaml"), "change_reason": "换表"}
    assert office.client.post(f"{office.root}/table/file", data=sent).status_code == 303
    return office


def test_counties_and_programmes_are_scored_by_their_own_figures(simple: SimpleNamespace) -> None:
    with simple.services.read() as work:
        results = results_of(work, simple.study_id)
        grades = grades_of(work, simple.study_id)
        for parts in (counties_in(results), programmes_in(results)):
            side = side_by_side(work, simple.study_id, parts, grades)
            assert not side.rolled.missing
            for part in parts:
                own = results.figures.get("SAT_TOP2", county=part.county, category=part.category)
                assert side.cards[part.name].scored.total == own.estimate * 100
            assert set(side.rolled.below) == {
                name for name, card in side.cards.items() if (card.scored.total or 0) < grades.threshold
            }
        key = programmes_in(results)[0].key
    assert key.startswith("#")
    page = simple.client.get(simple.root, query_string={"county": key}).text
    assert "各类别得分" in page
    assert simple.client.get(simple.root, query_string={"county": "#99"}).status_code == 404


def test_a_value_typed_for_a_programme_is_not_taken_for_the_whole(simple: SimpleNamespace) -> None:
    with simple.services.read() as work:
        key = programmes_in(results_of(work, simple.study_id))[0].key
    typed = {
        "name": "服务对象满意度",
        "county": key,
        "value": "50",
        "answers": "40",
        "reason": "查账",
        "sampling": "随机",
    }
    assert simple.client.post(f"{simple.root}/line", data=typed).status_code == 303
    with simple.services.read() as work:
        assert card_of(work, simple.study_id, key).scored.total == Decimal("50.00")
        assert card_of(work, simple.study_id).scored.total == Decimal("70.83")


def test_what_a_reviewer_attacks_is_said_of_a_rate_typed_in_a_study(simple: SimpleNamespace) -> None:
    typed = {
        "name": "服务对象满意度",
        "county": "",
        "value": "96",
        "answers": "50",
        "reason": "公报",
        "sampling": "扫码",
    }
    assert simple.client.post(f"{simple.root}/line", data=typed).status_code == 303
    page = simple.client.get(simple.root).text
    assert {"VOLUNTEERS", "TOO_SMALL"} <= {code for code in ("VOLUNTEERS", "TOO_SMALL", "NO_SAMPLING") if code in page}
    assert "NO_SAMPLING" not in page


def test_what_a_table_said_of_itself_is_held_against_it_in_the_study_too(simple: SimpleNamespace) -> None:
    with simple.services.read() as work:
        codes = {finding.code for finding in stated_findings(work, study_of(work, simple.study_id))}
        assert table_of(work, study_of(work, simple.study_id)).leaves()[0].score_stated is None
    assert "NO_NUMERIC_ACTUAL" in codes
    assert "导入时评分表自身的矛盾" in simple.client.get(simple.root).text


def money(*rows: tuple[str, ...]) -> dict[str, list[str]]:
    names = ("part", "received", "carried_over", "spent", "balance", "examined", "evidence")
    return dict(zip(names, map(list, zip(*rows, strict=True)), strict=True))


def test_the_share_of_funds_examined_is_told_and_weighs_the_counties(simple: SimpleNamespace) -> None:
    """10.328 + 7 - 9.585 = 7.743, as 昆明呈贡 has it; 41.25 % of the money of both counties was examined."""
    rows = [("柳湾县", "10.328", "7", "9.585", "7.743", "7.1478", "E01"), ("青溪县", "5", "", "5", "1", "2.0625", "")]
    assert simple.client.post(f"{simple.root}/funds", data=money(*rows)).status_code == 303
    page = simple.client.get(f"{simple.root}/funds").text
    assert page.count("FUND_BALANCE") == 1
    with simple.services.read() as work:
        results = results_of(work, simple.study_id)
        funds = funds_of(work, results)
        assert funds.share == Decimal("0.4125")
        assert set(funds.findings) == {"青溪县"}
        assert funds.findings["青溪县"].fields == {"balance": Decimal(0), "stated": Decimal(1)}
    assert "按资金加权平均" in simple.client.get(simple.root).text
    assert "41.25%" in simple.client.get(simple.root).text


@pytest.mark.parametrize(
    "row",
    [
        ("柳湾县", "很多", "", "", "", "", ""),
        ("柳湾县", "5", "", "", "", "6", ""),
        ("柳湾县", "-5", "", "", "", "", ""),
    ],
)
def test_amounts_that_cannot_be_are_refused(simple: SimpleNamespace, row: tuple[str, ...]) -> None:
    assert simple.client.post(f"{simple.root}/funds", data=money(row)).status_code == 400
    assert simple.client.post(f"{simple.root}/funds", data=money(("别县", "5", "", "", "", "", ""))).status_code == 404


def test_a_study_has_grades_of_its_own_and_gives_them_with_a_reason(simple: SimpleNamespace) -> None:
    own = {"lines": "甲 85，乙 70，丙 0", "threshold": "60"}
    assert simple.client.post(f"{simple.root}/grades", data=own).status_code == 400
    sent = simple.client.post(f"{simple.root}/grades", data=own | {"change_reason": "委托方办法"})
    assert sent.status_code == 303
    with simple.services.read() as work:
        grades = grades_of(work, simple.study_id)
        assert (grades.name, dict(grades.lines), grades.threshold) == ("own", {"甲": 85, "乙": 70, "丙": 0}, 60)
        card = card_of(work, simple.study_id)
        assert "乙" in card.grades(grades.lines)
        assert len(card.grades(grades.lines)) > 1
    assert " 或 " in simple.client.get(simple.root).text
    for lines in ("甲", "甲 90", "甲 90，乙 10", "甲 90，乙 90，丙 0", "甲 900，乙 0"):
        wrong = simple.client.post(f"{simple.root}/grades", data={"lines": lines, "change_reason": "x"})
        assert wrong.status_code == 400, lines
    assert simple.client.post(f"{simple.root}/grades", data={"lines": "", "change_reason": "收回"}).status_code == 303
    with simple.services.read() as work:
        assert grades_of(work, simple.study_id).name == "cai_yu_2020_10"


def rate(client: object, office: SimpleNamespace, *ratings: str, reasons: tuple[str, ...] = ("", "")) -> int:
    data = {"item": ["管理", "效益"], "rating": list(ratings), "reason": list(reasons)}
    return client.post(f"{office.root}/rounds", data=data).status_code  # type: ignore[attr-defined]


def experts(office: SimpleNamespace, count: int) -> list[object]:
    clients = [office.client, office.expert]
    for number in range(count - len(clients)):
        person(office.services, Role.REVIEWER, username=f"expert{number}")
        clients.append(browser(office.client.application, f"expert{number}"))
    return clients


def test_experts_rate_in_rounds_without_names_until_they_agree(office: SimpleNamespace) -> None:
    clients, root = experts(office, 4), f"{office.root}/rounds"
    assert rate(clients[0], office, "9", "3") == 409
    assert office.expert.post(f"{root}/open", data={}).status_code == 403
    assert office.client.post(f"{root}/open", data={"most_spread": "0.25"}).status_code == 303
    assert office.client.post(f"{root}/open", data={}).status_code == 409
    for client, ratings in zip(clients, (("9", "3"), ("8", "4"), ("2", "9"), ("9", "3")), strict=True):
        assert rate(client, office, *ratings) == 303
    assert rate(clients[0], office, "11", "3") == 400
    assert "中位数" not in office.client.get(root).text  # nothing is shown before the round is closed
    assert office.client.post(f"{root}/close", data={}).status_code == 303
    page = office.expert.get(root).text
    assert "W = " in page
    assert office.client.post(f"{root}/use", data={"change_reason": "定权"}).status_code == 409
    assert office.client.post(f"{root}/open", data={}).status_code == 303
    assert rate(clients[2], office, "2", "9") == 400  # outside of the middle half: it needs its reason
    assert rate(clients[2], office, "8", "3", reasons=("听了各位的意见", "")) == 303
    for client in (clients[0], clients[1], clients[3]):
        assert rate(client, office, "9", "3", reasons=("", "")) == 303
    assert office.client.post(f"{root}/close", data={}).status_code == 303
    with office.services.read() as work:
        last = rounds_of(work, office.study_id, "")[-1]
    assert last.is_settled
    assert last.reasons == {"管理": ["听了各位的意见"], "效益": []}
    shown = office.client.get(root).text
    assert "听了各位的意见" in shown
    assert "expert0" not in shown
    assert office.expert.post(f"{root}/use", data={"change_reason": "定权"}).status_code == 403
    assert office.client.post(f"{root}/use", data={}).status_code == 400  # the lock asks for its reason
    assert office.client.post(f"{root}/use", data={"change_reason": "专家定权"}).status_code == 303
    with office.services.read() as work:
        roots = table_of(work, study_of(work, office.study_id)).roots
    # means 8.75 and 3
    assert [line.weight for line in roots] == [Decimal("74.47"), Decimal("25.53")]


def test_fewer_than_three_experts_are_not_put_together(office: SimpleNamespace) -> None:
    root = f"{office.root}/rounds"
    assert office.client.post(f"{root}/open", data={"most_spread": "2"}).status_code == 400
    assert office.client.post(f"{root}/open", data={}).status_code == 303
    assert rate(office.client, office, "9", "3") == 303
    assert rate(office.expert, office, "9", "3") == 303
    assert office.client.post(f"{root}/close", data={}).status_code == 409
    assert office.client.get(root, query_string={"parent": "没有的"}).status_code == 404
