from __future__ import annotations

import io
import json
import re
import subprocess
import sys
import uuid
from pathlib import Path

import pandas as pd
import pytest
from flask import Flask
from flask.testing import FlaskClient
from sqlmodel import select

from sampling import fingerprint, verify
from survey_server.actors import Role
from survey_server.audit.models import Event
from survey_server.fieldwork.service import cases_of
from survey_server.rosters.models import Household
from survey_server.samples.models import SampleOption
from survey_server.samples.proof import token_of
from survey_server.samples.service import announcement_of, draw_of, redraw
from survey_server.work import Services
from tests.support.callers import browser
from tests.support.installation import SteppingClock
from tests.support.studies import person
from tests.survey_server.samples.a_frame import make_frame

LOW, POOR = ("柳湾县", "1"), ("柳湾县", "3")


@pytest.fixture
def client(app: Flask, site: Services) -> FlaskClient:
    person(site, Role.EVALUATOR, username="pingjia")
    return browser(app, "pingjia")


@pytest.fixture
def study_id(site: Services) -> uuid.UUID:
    return make_frame(site)


def fields(page: str) -> dict[str, str]:
    """What a browser without a script would send of the designer."""
    inputs = re.findall(r'<input[^>]*? name="([^"]+)"[^>]*?>', page)
    found = {name: re.search(rf'name="{re.escape(name)}"[^>]*?value="([^"]*)"', page) for name in inputs}
    chosen = re.findall(r'<select name="(\w+)">(.*?)</select>', page, re.DOTALL)
    typed = {name: match.group(1) if match else "" for name, match in found.items()}
    for name, options in chosen:
        values = re.findall(r'value="([^"]*)"( selected)?', options)
        typed[name] = next((value for value, selected in values if selected), values[0][0])
    return typed


def designer(client: FlaskClient, study_id: uuid.UUID) -> dict[str, str]:
    return fields(client.get(f"/studies/{study_id}/sample").text)


def plan(client: FlaskClient, study_id: uuid.UUID, **typed: str):
    answer = client.post(
        f"/studies/{study_id}/sample/plan",
        data={**designer(client, study_id), "by": "wish", **typed},
        headers={"Accept": "application/json"},
    )
    return answer.status_code, answer.json


def test_one_page_one_button_and_the_sample_is_drawn_as_shown(
    client: FlaskClient, study_id: uuid.UUID, site: Services
) -> None:
    shown = designer(client, study_id)
    answer = client.post(f"/studies/{study_id}/sample", data=shown)
    assert (answer.status_code, answer.headers["Location"]) == (303, f"/studies/{study_id}/sample")
    with site.read() as work:
        cases = cases_of(work, study_id)
        draw = draw_of(work, study_id)
    main = [case for case in cases if case.role == "main"]
    assert len([case for case in main if (case.county, case.category) == LOW]) == int(shown["take|柳湾县|1"])
    assert len([case for case in main if (case.county, case.category) == POOR]) == 12
    assert draw is not None
    assert draw.wish["precision"] == "5"
    page = client.get(f"/studies/{study_id}/sample").text
    assert "抽样时由本系统随机产生" in page


def test_sizes_days_and_intervals_move_together(client: FlaskClient, study_id: uuid.UUID) -> None:
    status, told = plan(client, study_id, how="ratio", ratio="50", minimum="5", visits_per_day="4")
    assert status == 200
    assert (told["values"]["take|柳湾县|1"], told["values"]["take|柳湾县|3"]) == (30, 6)
    assert (told["texts"]["households"], told["texts"]["days"]) == ("36", "9")
    # 1.96 · √(0.25/30 · 30/59) = 0.1276
    assert told["texts"]["width|柳湾县|1"] == "±12.8"
    assert "<svg" in told["html"]["curve"]


def test_a_number_typed_for_one_stratum_moves_its_interval_and_the_total(
    client: FlaskClient, study_id: uuid.UUID
) -> None:
    status, told = plan(client, study_id, by="takes", **{"take|柳湾县|1": "60", "reserve|柳湾县|1": "0"})
    assert status == 200
    assert told["texts"]["width|柳湾县|1"] == "普查"
    assert told["texts"]["households"] == "72"


def test_the_same_numbers_come_without_a_script(client: FlaskClient, study_id: uuid.UUID) -> None:
    typed = {**designer(client, study_id), "by": "wish", "how": "ratio", "ratio": "50", "minimum": "5"}
    page = client.post(f"/studies/{study_id}/sample/plan", data=typed).text
    assert fields(page)["take|柳湾县|1"] == "30"
    assert "每层抽 50%" in page


@pytest.mark.parametrize(
    ("typed", "named"),
    [
        ({"by": "takes", "take|柳湾县|3": "13"}, "柳湾县·特困人员（分散供养）"),
        ({"by": "takes", "take|柳湾县|1": "0"}, "柳湾县·城市低保"),
        ({"how": "comparison", "groups": "category", "minimum": "1"}, "柳湾县·城市低保"),
        ({"how": "contract", "total": "73"}, "柳湾县·城市低保"),
        ({"precision": "0"}, "精度"),
    ],
)
def test_a_wish_that_cannot_be_is_refused_by_name_and_nothing_is_kept(
    client: FlaskClient, study_id: uuid.UUID, site: Services, typed: dict[str, str], named: str
) -> None:
    status, told = plan(client, study_id, **typed)
    assert status == 400
    assert named in told["title"]
    with site.read() as work:
        assert draw_of(work, study_id) is None


@pytest.mark.parametrize("way", ["systematic", "pareto", "villages"])
def test_each_way_of_choosing_can_be_drawn_again_by_anybody(
    client: FlaskClient, study_id: uuid.UUID, site: Services, way: str
) -> None:
    _, told = plan(client, study_id, way=way, how="contract", total="36", minimum="6", village_take="3")
    typed = {**designer(client, study_id), "way": way, "village_take": "3", **told["values"], "seed": "2026"}
    assert client.post(f"/studies/{study_id}/sample", data=typed).status_code == 303
    with site.read() as work:
        draw = draw_of(work, study_id)
        assert draw is not None
        again = redraw(work, draw)
        main = [case for case in cases_of(work, study_id) if case.role == "main"]
    assert again.certificate == draw.certificate
    assert 30 <= len(main) <= 40
    assert sum(1 / (case.probability or 0) for case in main) == pytest.approx(72, rel=0.25)
    frame = client.get(f"/studies/{study_id}/frame.csv").data
    table = pd.read_csv(io.BytesIO(frame), dtype=str, encoding="utf-8-sig")
    assert verify(table.sample(frac=1, random_state=1), draw.certificate).certificate == draw.certificate


@pytest.mark.parametrize(("way", "columns"), [("sampford", []), ("pivotal_pps", ["town", "village"])])
def test_by_size_with_exact_chances_it_is_drawn_proved_and_checked_by_anybody(
    client: FlaskClient, app: Flask, study_id: uuid.UUID, site: Services, way: str, columns: list[str]
) -> None:
    sizes: dict[str, int] = {}
    with site.write() as work:
        for place, home in enumerate(work.session.exec(select(Household).order_by(Household.unit_id)).all()):
            sizes[home.unit_id] = home.persons = 1 + place % 3
            work.session.add(home)
    _, told = plan(client, study_id, way=way, how="contract", total="12", minimum="3")
    typed = {**designer(client, study_id), "way": way, **told["values"], "seed": "2026"}
    assert client.post(f"/studies/{study_id}/sample", data=typed).status_code == 303
    with site.read() as work:
        draw = draw_of(work, study_id)
        assert draw is not None
        cases = [case for case in cases_of(work, study_id) if case.role == "main"]
        homes = {case.id: work.session.get_one(Household, case.household_id) for case in cases}
        token = token_of(work, study_id)
    assert (draw.certificate["columns"]["size"], draw.certificate["columns"].get("order_by")) == ("persons", columns)
    for category, of in (("1", 60), ("3", 12)):
        inside = [case for case in cases if case.category == category]
        whole = 2 * of  # one, two, three persons in turn
        stated = [len(inside) * sizes[homes[case.id].unit_id] / whole for case in inside]
        assert [case.probability for case in inside] == pytest.approx(stated, abs=1e-12)
    table = pd.read_csv(io.BytesIO(client.get(f"/studies/{study_id}/frame.csv").data), dtype=str, encoding="utf-8-sig")
    assert verify(table.sample(frac=1, random_state=1), draw.certificate).certificate == draw.certificate
    page = app.test_client().get(f"/proof/{token}", query_string={"number": homes[cases[0].id].unit_id})
    assert "<strong>抽中。</strong>" in page.text
    assert "人口多的户机会大" in page.text
    assert "/proof/reference_check.py" not in page.text  # it draws by tickets alone
    assert client.get(f"/studies/{study_id}/certificate.pdf").data.startswith(b"%PDF-")


def test_sampford_refuses_too_large_a_part_of_a_stratum_in_words(client: FlaskClient, site: Services) -> None:
    study_id = make_frame(site, {LOW: 300, POOR: 12})
    _, told = plan(client, study_id, way="sampford", how="contract", total="200", minimum="3")
    typed = {**designer(client, study_id), "way": "sampford", **told["values"], "seed": "2026"}
    for address in ("sample", "sample/announce"):
        answer = client.post(f"/studies/{study_id}/{address}", data=typed)
        assert answer.status_code == 400
        assert "桑福德法抽不出来" in answer.text
        assert "柳湾县" in answer.text
    with site.read() as work:
        assert draw_of(work, study_id) is None
        assert announcement_of(work, study_id) is None


def test_designs_are_kept_side_by_side_and_taken_up_again(
    client: FlaskClient, study_id: uuid.UUID, site: Services
) -> None:
    first = designer(client, study_id)
    for name, typed in (("方案甲", {}), ("按比例", {"how": "ratio", "ratio": "50", "by": "wish"})):
        answer = client.post(f"/studies/{study_id}/sample/options", data={**first, **typed, "name": name})
        assert answer.status_code == 303
    page = client.get(answer.headers["Location"].split("#")[0]).text
    assert page.count("按比例") >= 2
    assert fields(page)["how"] == "ratio"
    with site.read() as work:
        option = work.session.exec(select(SampleOption).where(SampleOption.name == "方案甲")).one()
    assert client.post(f"/studies/{study_id}/sample/options/{option.id}/remove").status_code == 303
    assert "方案甲" not in client.get(f"/studies/{study_id}/sample").text


def test_in_two_steps_the_digest_comes_first_and_the_seed_later(
    client: FlaskClient, study_id: uuid.UUID, site: Services, clock: SteppingClock
) -> None:
    client.post(f"/studies/{study_id}/sample/announce", data=designer(client, study_id))
    with site.read() as work:
        announced = announcement_of(work, study_id)
        token = token_of(work, study_id)
    assert announced is not None
    assert announced.fingerprint == fingerprint(announced.statement)
    stranger = client.application.test_client()
    assert announced.fingerprint in stranger.get(f"/proof/{token}").text

    too_early = client.post(f"/studies/{study_id}/sample/announced", data={"seed": "1", "seed_source": "骰子"})
    assert too_early.status_code == 400
    assert "种子必须在公布名册指纹之后产生" in too_early.text
    clock.advance(minutes=5)
    without_source = client.post(f"/studies/{study_id}/sample/announced", data={"seed": "1", "seed_source": " "})
    assert without_source.status_code == 400
    drawn = client.post(f"/studies/{study_id}/sample/announced", data={"seed": "26188", "seed_source": "彩票"})
    assert drawn.status_code == 303
    with site.read() as work:
        draw = draw_of(work, study_id)
    assert draw is not None
    seed = draw.certificate["seed"]
    assert seed["digest_published"] < seed["published"]
    assert draw.certificate["frame"] == announced.statement["frame"]


def test_after_an_announcement_neither_another_design_nor_another_roster_is_drawn(
    client: FlaskClient, study_id: uuid.UUID, site: Services, clock: SteppingClock
) -> None:
    first = designer(client, study_id)
    client.post(f"/studies/{study_id}/sample/announce", data=first)
    clock.advance(minutes=5)
    for design in ({**first, "take|柳湾县|3": "11"}, first):  # the same, but its seed would not come after the digest
        assert client.post(f"/studies/{study_id}/sample", data=design).status_code == 409
    with site.write() as work:
        work.session.delete(work.session.exec(select(Household).limit(1)).one())
    changed = client.post(f"/studies/{study_id}/sample/announced", data={"seed": "26188", "seed_source": "彩票"})
    assert changed.status_code in {400, 409}
    with site.read() as work:
        assert draw_of(work, study_id) is None
    assert client.post(f"/studies/{study_id}/sample/announced/take-back").status_code == 303
    with site.read() as work:
        assert announcement_of(work, study_id) is None
        acts = {event.action for event in work.session.exec(select(Event))}
    assert {"sample.announce", "sample.take_back"} <= acts


def test_the_reference_check_agrees_with_the_files_of_the_page(
    client: FlaskClient, study_id: uuid.UUID, tmp_path: Path
) -> None:
    client.post(f"/studies/{study_id}/sample", data={**designer(client, study_id), "seed": "2026"})
    for name, address in (
        ("check.py", "/proof/reference_check.py"),
        ("frame.csv", f"/studies/{study_id}/frame.csv"),
        ("certificate.json", f"/studies/{study_id}/certificate.json"),
    ):
        (tmp_path / name).write_bytes(client.get(address).data)
    command = [sys.executable, "check.py", "frame.csv", "certificate.json"]
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 0
    certificate = json.loads((tmp_path / "certificate.json").read_text("utf-8"))
    main = certificate["selected"][0]["main"]
    main[0], main[1] = main[1], main[0]
    (tmp_path / "certificate.json").write_text(json.dumps(certificate), "utf-8")
    assert subprocess.run(command, cwd=tmp_path, capture_output=True, check=False).returncode == 1


def test_a_study_without_a_roster_is_sent_to_import_one(client: FlaskClient, site: Services) -> None:
    empty = make_frame(site, {LOW: 0})
    assert "请先导入名册" in client.get(f"/studies/{empty}/sample").text
    assert client.post(f"/studies/{empty}/sample", data={}).status_code == 400
