"""A study's table is scored from estimates, from what was entered with a reason, and from the experts' points."""

from __future__ import annotations

import io
import sqlite3
from collections.abc import Iterator
from contextlib import closing
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import openpyxl
import pytest
from flask import Flask
from flask.testing import FlaskClient

from survey_server.actors import Role
from survey_server.app import create_app
from survey_server.results.service import results_of
from survey_server.scores.grades import grades_of
from survey_server.scores.parts import counties_in
from survey_server.scores.sheet import card_of, side_by_side
from survey_server.scores.tables import rows_of, source_of, table_of
from survey_server.studies.service import study_of
from survey_server.work import Services
from tests.support.callers import browser
from tests.support.studies import person
from tests.survey_server.results.conftest import Survey

TABLE = """
title: 示意评分表
total: 100
tree:
  - name: 管理
    weight: 40
    children:
      - {name: 资金执行率, weight: 10, rule: {type: proportional}}
      - {name: 到位时效, weight: 10, rule: {type: tiers, items: {及时: 10, 不及时: 2}}}
      - {name: 制度, weight: 10, rule: {type: checklist_additive, items: {有制度: 6, 已公开: 4}}}
      - {name: 结转执行率, weight: 5, rule: {type: not_assessed_reassign, to: 资金执行率}}
      - {name: 工作创新, weight: 5, rule: {type: manual}}
  - name: 效益
    weight: 60
    children:
      - {name: 服务对象满意度, weight: 30, metric: SAT_TOP2, rule: {type: proportional}, target: ">=90%"}
      - {name: 安全, weight: 30, rule: {type: override_zero, when: 发生安全事故}}
"""


@pytest.fixture
def office(finished: Survey, tmp_path: Path) -> Iterator[SimpleNamespace]:
    """An evaluator's and an expert's browser, and a copy of the finished study with the table above."""
    original, copy = finished.services.settings.folder / "zoufang.db", tmp_path / "zoufang.db"
    with closing(sqlite3.connect(original)) as source, closing(sqlite3.connect(copy)) as target:
        source.backup(target)
    url = f"sqlite:///{copy}"
    settings = finished.services.settings.model_copy(update={"data": tmp_path, "database_url": url})
    app: Flask = create_app(settings, finished.services.clock, wake=lambda: None)
    services: Services = app.extensions["zoufang"]
    person(services, Role.EVALUATOR, username="pingjia")
    person(services, Role.REVIEWER, username="expert")
    study_id = finished.drawn.study.id
    client = browser(app, "pingjia")
    sent = {
        "table": (io.BytesIO(TABLE.encode()), "t.yaml"),
        "change_reason": "委托方补充了评分表",
    }
    assert client.post(f"/studies/{study_id}/scores/table/file", data=sent).status_code == 303
    yield SimpleNamespace(
        client=client,
        expert=browser(app, "expert"),
        services=services,
        study_id=study_id,
        root=f"/studies/{study_id}/scores",
    )
    services.database.dispose()


def enter(office: SimpleNamespace, name: str, county: str = "", **fields: object) -> int:
    data = {"name": name, "county": county, "reason": "查账", **fields}
    return office.client.post(f"{office.root}/line", data=data).status_code


def scores(office: SimpleNamespace, county: str = "") -> dict[str, Decimal | None]:
    with office.services.read() as work:
        return {each.line.name: each.score for each in card_of(work, office.study_id, county).scored.lines}


def test_the_estimate_of_the_survey_scores_its_line(office: SimpleNamespace) -> None:
    # 70.83 % of 30 points
    assert scores(office)["服务对象满意度"] == Decimal("21.25")
    assert scores(office, "青溪县")["服务对象满意度"] == Decimal("15.00")
    page = office.client.get(office.root).text
    assert "70.83%" in page
    assert "调查估计" in page


def test_a_rate_is_scored_by_its_rule_whatever_a_published_table_stated(
    office: SimpleNamespace,
) -> None:
    """80.78 % of 3 points are 2.42; 3 of 3 stood in a published table (湛江 2020)."""
    stated = """
id: stated
title: 公布的表
total: 3
tree:
  - {name: 预算执行率, weight: 3, rule: {type: proportional}, actual_stated: "80.78%", score_stated: 3}
"""
    sent = {"table": (io.BytesIO(stated.encode()), "t.yaml"), "change_reason": "按公布的表复核"}
    assert office.client.post(f"{office.root}/table/file", data=sent).status_code == 303
    assert enter(office, "预算执行率", value="80.78") == 303
    with office.services.read() as work:
        card = card_of(work, office.study_id)
    (line,) = card.scored.lines
    assert line.score == Decimal("2.42")
    assert "2.42" in office.client.get(office.root).text


def test_every_kind_of_value_is_entered_and_makes_the_whole(office: SimpleNamespace) -> None:
    assert enter(office, "资金执行率", value="80.78%") == 303
    assert enter(office, "到位时效", tier="及时") == 303
    assert enter(office, "制度", item=["有制度", "已公开"]) == 303
    assert enter(office, "结转执行率", left_out="on") == 303
    assert enter(office, "安全", value="100") == 303
    office.client.post(f"{office.root}/points", data={"name": "工作创新", "points": "4", "reason": "有新办法"})
    office.expert.post(f"{office.root}/points", data={"name": "工作创新", "points": "3", "reason": "推广不够"})
    found = scores(office)
    # the 5 points that are not assessed go to the rate of execution: 80.78 % of 15
    assert (found["资金执行率"], found["到位时效"], found["制度"]) == (Decimal("12.12"), 10, 10)
    assert found["工作创新"] == Decimal("3.50")
    with office.services.read() as work:
        card = card_of(work, office.study_id)
        assert card.scored.total == Decimal("12.12") + 10 + 10 + 0 + Decimal("3.50") + Decimal("21.25") + 30
        assert card.range is not None
        assert card.range[0] < card.scored.total < card.range[1]
        assert len(card.grades("cai_yu_2020_10")) >= 1
    assert enter(office, "安全", value="100", zero="on") == 303
    assert scores(office)["安全"] == 0


@pytest.mark.parametrize(
    ("fields", "words"),
    [
        ({"value": "≥90%"}, "资金执行率"),
        ({"value": "已完成"}, "资金执行率"),
        ({"value": "90", "reason": ""}, "来源"),
        ({"value": "90", "answers": "很多"}, "份数"),
    ],
)
def test_what_is_no_value_is_refused_with_the_name_of_its_line(
    office: SimpleNamespace, fields: dict[str, str], words: str
) -> None:
    data = {"name": "资金执行率", "reason": "查账", **fields}
    answer = office.client.post(f"{office.root}/line", data=data)
    assert answer.status_code == 400
    assert words in answer.text
    assert scores(office)["资金执行率"] is None


def test_points_need_a_reason_and_stay_within_the_weight(office: SimpleNamespace) -> None:
    for fields in ({"points": "9", "reason": "好"}, {"points": "3", "reason": " "}, {"points": "好", "reason": "好"}):
        answer = office.expert.post(f"{office.root}/points", data={"name": "工作创新", **fields})
        assert answer.status_code == 400
    assert (
        office.expert.post(f"{office.root}/points", data={"name": "制度", "points": "1", "reason": "x"}).status_code
        == 400
    )
    assert office.expert.post(f"{office.root}/line", data={"name": "制度", "reason": "x"}).status_code == 403


def test_what_was_entered_can_be_taken_back_and_the_estimate_counts_again(office: SimpleNamespace) -> None:
    assert enter(office, "服务对象满意度", value="96", answers="50") == 303
    assert scores(office)["服务对象满意度"] == Decimal("28.80")
    assert enter(office, "服务对象满意度", clear="1") == 303
    assert scores(office)["服务对象满意度"] == Decimal("21.25")


def test_counties_are_put_side_by_side_when_they_are_complete(office: SimpleNamespace) -> None:
    for county in ("柳湾县", "青溪县"):
        enter(office, "资金执行率", county, value="90")
        enter(office, "到位时效", county, tier="及时")
        enter(office, "制度", county, item=["有制度"])
        enter(office, "结转执行率", county, value="100")
        enter(office, "安全", county, value="100")
    office.client.post(
        f"{office.root}/points", data={"name": "工作创新", "county": "柳湾县", "points": "5", "reason": "好"}
    )
    with office.services.read() as work:
        parts = counties_in(results_of(work, office.study_id))
        rolled = side_by_side(work, office.study_id, parts, grades_of(work, office.study_id)).rolled
    assert rolled.missing == ("青溪县",)
    assert list(rolled.frame["name"]) == ["柳湾县"]
    book = openpyxl.load_workbook(io.BytesIO(office.client.get(f"{office.root}.xlsx").data))
    assert book.sheetnames == ["评分表", "各县得分", "各类得分"]
    assert enter(office, "资金执行率", "没有的县", value="90") == 404


def test_the_table_is_edited_in_a_page_and_goes_to_excel_and_back(office: SimpleNamespace) -> None:
    with office.services.read() as work:
        table = table_of(work, study_of(work, office.study_id))
    rows = rows_of(table)
    rows[1]["weight"] = "12"
    rows[3]["name"] = ""
    rows.append(
        {**rows[-1], "level": "2", "name": "新指标", "weight": "8", "metric": "", "rule": "manual", "params": ""}
    )
    form = {field: [row[field] for row in rows] for field in rows[0]}
    sent = office.client.post(
        f"{office.root}/table", data={**form, "title": "改过的表", "total": "100", "change_reason": "专家会意见"}
    )
    assert sent.status_code == 303, sent.text
    with office.services.read() as work:
        changed = table_of(work, study_of(work, office.study_id))
    assert [line.name for line in changed.leaves()] == [
        *("资金执行率", "到位时效", "结转执行率", "工作创新", "服务对象满意度", "安全", "新指标")
    ]
    assert changed.leaves()[0].weight == 12
    assert dict(changed.leaves()[1].rule.params)["items"] == {"及时": 10, "不及时": 2}
    excel = office.client.get(f"{office.root}/table.xlsx").data
    back = {"table": (io.BytesIO(excel), "t.xlsx"), "change_reason": "再试"}
    assert office.client.post(f"{office.root}/table/file", data=back).status_code == 303
    yaml = office.client.get(f"{office.root}/table.yaml").data
    assert "新指标" in yaml.decode()
    assert office.client.get(f"{office.root}/table.exe").status_code == 404


def test_a_table_that_is_locked_changes_with_a_reason_alone(office: SimpleNamespace) -> None:
    with office.services.read() as work:
        before = source_of(table_of(work, study_of(work, office.study_id)))
    sent = {"table": (io.BytesIO(TABLE.replace("示意", "别的").encode()), "t.yaml")}
    assert office.client.post(f"{office.root}/table/file", data=sent).status_code == 400
    with office.services.read() as work:
        assert source_of(table_of(work, study_of(work, office.study_id))) == before


def compared(client: FlaskClient, office: SimpleNamespace, parent: str, **pairs: str) -> int:
    data = {"parent": parent, **pairs}
    return client.post(f"{office.root}/weights", data=data).status_code


def test_experts_compare_by_pairs_and_their_weights_become_points(office: SimpleNamespace) -> None:
    assert compared(office.client, office, "", **{"管理|效益": "1/3"}) == 303
    assert compared(office.expert, office, "", **{"管理|效益": "1/3"}) == 303
    assert "CR = 0.0000" in office.client.get(f"{office.root}/weights").text
    use = {"parent": "", "change_reason": "专家定权"}
    assert office.expert.post(f"{office.root}/weights/use", data=use).status_code == 403
    assert office.client.post(f"{office.root}/weights/use", data=use).status_code == 303
    with office.services.read() as work:
        roots = table_of(work, study_of(work, office.study_id)).roots
    assert [line.weight for line in roots] == [25, 75]


def test_comparisons_that_contradict_each_other_are_named_and_not_used(office: SimpleNamespace) -> None:
    names = ("资金执行率", "到位时效", "制度", "结转执行率", "工作创新")
    pairs = {f"{one}|{other}": "1" for at, one in enumerate(names) for other in names[at + 1 :]}
    pairs |= {"资金执行率|到位时效": "9", "到位时效|制度": "9", "资金执行率|制度": "1/9"}
    assert compared(office.client, office, "管理", **pairs) == 303
    page = office.client.get(f"{office.root}/weights?parent=管理").text
    assert "前后矛盾" in page
    refused = office.client.post(f"{office.root}/weights/use", data={"parent": "管理", "change_reason": "x"})
    assert refused.status_code == 409
    assert compared(office.client, office, "管理", **{"资金执行率|到位时效": "3"}) == 400


def test_a_paper_is_kept_sealed_numbered_and_handed_out_as_a_download(office: SimpleNamespace) -> None:
    address = f"/studies/{office.study_id}/evidence"
    paper = {"title": "执行率凭证", "paper": (io.BytesIO(b"<script>alert(1)</script>"), "凭证.html")}
    assert office.client.post(address, data=paper).status_code == 303
    page = office.client.get(address).text
    assert "E01" in page
    link = page.split('href="')[[part.startswith(f"{address}/") for part in page.split('href="')].index(True)].split(
        '"'
    )[0]
    taken = office.client.get(link)
    assert taken.data == b"<script>alert(1)</script>"
    assert taken.mimetype == "application/octet-stream"
    assert taken.headers["Content-Disposition"].startswith("attachment")
    (name,) = [name for name in office.services.blobs.names() if name.startswith("evidence/")]
    assert b"script" not in office.services.blobs.get(name)
    assert enter(office, "资金执行率", value="100", evidence=["E01", "E99"]) == 303
    with office.services.read() as work:
        assert card_of(work, office.study_id).sources["资金执行率"].actual.evidence == ("E01",)
    assert office.client.post(address, data={"title": "空"}).status_code == 400
