"""An issued report pins what its figures come from: they are followed down to the answers, and stay."""

from __future__ import annotations

import io
import json
import shutil
import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import docx
import pytest
from click.testing import CliRunner
from flask import Flask
from sqlmodel import select

from analysis.rounding import half_up
from survey_server.actors import Role
from survey_server.app import create_app
from survey_server.cli import main
from survey_server.closing.service import close_study, note_bundle
from survey_server.fieldwork.models import Case
from survey_server.handlers import drain
from survey_server.privacy.reasons import Reason
from survey_server.privacy.service import cipher_of
from survey_server.reports.checking import SAME, check, compared, find_issued, open_issued, traced_row
from survey_server.reports.issuing import issued, issued_of, snapshot_of
from survey_server.reports.models import IssuedRow
from survey_server.reports.pinning import recompute
from survey_server.reports.rows import live_row
from survey_server.reports.snapshot import volunteers_in
from survey_server.results.dataset import open_answers
from survey_server.results.references import TableRow
from survey_server.results.references import reference as reference_of
from survey_server.results.satisfaction import SCALE
from survey_server.results.service import results_of
from survey_server.rights.withdrawal import Right, withdraw_by_code, withdraw_case
from survey_server.studies.service import study_of
from survey_server.submissions.models import Submission
from survey_server.work import Services
from tests.support.callers import browser
from tests.support.studies import OWNER, person
from tests.survey_server.results.conftest import LOW_INCOME, Survey
from tests.survey_server.results.test_dataset import scan


@pytest.fixture(scope="module")
def issued_once(finished: Survey, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a copy of the finished study, in which the survey report was issued once."""
    folder = tmp_path_factory.mktemp("issued")
    original = finished.services.settings.folder / "zoufang.db"
    with closing(sqlite3.connect(original)) as source, closing(sqlite3.connect(folder / "zoufang.db")) as target:
        source.backup(target)
    with opened(finished, folder) as office:
        person(office.services, Role.OWNER, username="fuze")
        office.client = browser(office.app, "fuze")
        assert issue(office) == 303
    return folder


@pytest.fixture
def office(finished: Survey, issued_once: Path, tmp_path: Path) -> Iterator[SimpleNamespace]:
    """An owner's browser on a copy of that folder."""
    shutil.copytree(issued_once, tmp_path, dirs_exist_ok=True)
    with opened(finished, tmp_path) as made:
        made.client = browser(made.app, "fuze")
        with made.app.test_request_context():
            yield made


@contextmanager
def opened(finished: Survey, folder: Path) -> Iterator[SimpleNamespace]:
    url = f"sqlite:///{folder / 'zoufang.db'}"
    settings = finished.services.settings.model_copy(update={"data": folder, "database_url": url})
    app: Flask = create_app(settings, finished.services.clock, wake=lambda: None)
    services: Services = app.extensions["zoufang"]
    study_id = finished.drawn.study.id
    root = f"/studies/{study_id}/report/issued"
    yield SimpleNamespace(app=app, services=services, study_id=study_id, root=root, settings=settings)
    services.database.dispose()


def issue(office: SimpleNamespace, stage: str = "draft", kind: str = "survey") -> int:
    return office.client.post(office.root, data={"kind": kind, "stage": stage, "note": "征求意见"}).status_code


def tables(office: SimpleNamespace, number: int) -> list[list[str]]:
    """Every row of every table of the issued Word."""
    word = docx.Document(io.BytesIO(office.client.get(f"{office.root}/{number}.docx").data))
    return [[cell.text for cell in row.cells] for table in word.tables for row in table.rows]


def headline(office: SimpleNamespace) -> str:
    """The reference of the issued satisfaction rate."""
    with office.services.read() as work:
        return reference_of(office.study_id, results_of(work, office.study_id).satisfaction, 1)


def withdraw(office: SimpleNamespace, stratum: tuple[str, str]) -> str:
    """The first household of a stratum that was counted takes its answers back; returns its sample number."""
    with office.services.write() as work:
        query = select(Case).where(Case.county == stratum[0], Case.category == stratum[1])
        case = next(
            case
            for case in work.session.exec(query.order_by(Case.sample_id)).all()
            if work.session.exec(select(Submission).where(Submission.case_id == case.id)).first() is not None
        )
        withdraw_case(work, case, Reason("asked", ""))
    drain(office.services)
    return case.sample_id


def test_ten_figures_of_the_issued_report_are_followed_down_to_the_answers(office: SimpleNamespace) -> None:
    rows = [row for row in tables(office, 1) if row[-1].endswith("-1") and row[-1].count("-") == 2]
    printed = {row[-1]: row for row in rows}
    assert len(printed) >= 10
    followed = 0
    with office.services.read() as work:
        cipher = cipher_of(work, office.study_id)
        results, _ = recompute(work, snapshot_of(work, issued(work, office.study_id, 1)))
        figures = {reference_of(office.study_id, each, 1) for each in results.figures}
        for reference, row in printed.items():
            if reference not in figures:
                continue
            traced = find_issued(work, reference)
            assert traced.verdict == SAME
            assert traced.issued["text"] in row
            part = traced.table[traced.table["part"].isin(["numerator", "denominator"])]
            if not traced.figure.is_rate or traced.figure.yes is None:
                continue
            # by hand, from the weights of the snapshot and from the answers as they lie sealed in the database
            yes = part[part["part"] == "numerator"]
            share = yes["weight"].sum() / part["weight"].sum()
            assert half_up(share * 100) == Decimal(traced.issued["text"].rstrip("%"))
            (tag,) = (
                traced.table.filter(like="code.").columns[:1]
                if len(traced.table.filter(like="code.").columns) == 1
                else ("",)
            )
            followed += 1
            if not tag:
                continue
            for label, codes in part[tag].items():
                record = select(Submission).where(Submission.instance_id == traced.led[label]["instance_id"])
                submission = work.session.exec(record).one()
                ((_, content),) = open_answers(work, cipher, [submission.id])
                assert content["tags"][tag.removeprefix("code.")] == codes
    assert followed >= 10


def test_what_is_issued_is_computed_again_to_the_last_digit_and_the_page_says_so(office: SimpleNamespace) -> None:
    with office.services.read() as work:
        found = check(work, issued(work, office.study_id, 1))
    assert found.is_same
    assert found.figures > 50
    assert found.cells > 200
    assert "逐位相同" in office.client.get(f"{office.root}/1").text


def test_each_row_of_t1_to_t4_and_t8_is_followed_to_what_is_behind_it_and_comes_out_again(
    office: SimpleNamespace,
) -> None:
    with office.services.read() as work:
        snapshot = snapshot_of(work, issued(work, office.study_id, 1))
        printed = {name: [row[-1] for row in snapshot["tables"][name]] for name in ("T1", "T2", "T3", "T4", "T8")}
        for name, references in printed.items():
            for text in (references[0], references[-1]):
                row = traced_row(work, open_issued(work, text))
                assert (row.verdict, row.behind.row.table) == (SAME, name)
        whole = traced_row(work, open_issued(work, printed["T1"][-1])).behind
        assert len(whole.cases) == 25
        (*_, answered) = (len(traced_row(work, open_issued(work, text)).behind.cases) for text in printed["T1"][:-1])
        assert 0 < answered < 25
        question = traced_row(work, open_issued(work, printed["T4"][0])).behind
        codes = question.cases["said"].dropna()
        assert [int((codes == str(code)).sum()) for code in SCALE] == list(question.cells[1 : 1 + len(SCALE)])
        scored = [traced_row(work, open_issued(work, text)).behind for text in printed["T8"][:-1]]
        led = next(each for each in scored if each.figure)
    assert find_figure(office, led.figure)
    page = office.client.get(f"/trace/{printed['T4'][0]}", follow_redirects=True)
    assert "逐位相同" in page.text
    assert "回执" in page.text
    assert printed["T4"][0] in page.text
    assert (
        led.figure
        in office.client.get(f"/trace/{reference_of(office.study_id, led.row, 1)}", follow_redirects=True).text
    )


def find_figure(office: SimpleNamespace, reference: str) -> bool:
    """Whether a reference leads to a figure that comes out again."""
    return "逐位相同" in office.client.get(f"/trace/{reference}", follow_redirects=True).text


def test_a_row_is_followed_as_it_is_now_too_and_in_the_terminal(
    office: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    text = reference_of(office.study_id, TableRow("T4", tag="sat_overall"))
    with office.services.read() as work:
        led = [row for row in live_row(work, text).led.values() if row.get("instance_id")]
    receipts, samples = ([str(row[name]) for row in led] for name in ("instance_id", "sample_id"))
    page = office.client.get(f"/trace/{text}", follow_redirects=True).text
    assert len(receipts) == 24
    assert all(receipt[-12:] in page for receipt in receipts)
    assert office.client.get("/row/AAAA-BBBBBBBB").status_code == 404
    monkeypatch.setenv("ZOUFANG_DATA", str(office.settings.data))
    monkeypatch.setenv("ZOUFANG_DATABASE_URL", office.settings.database_url)
    monkeypatch.setenv("ZOUFANG_MASTER_KEY", office.settings.master_key)
    for reference in (text, f"{text}-1"):
        said = CliRunner().invoke(main, ["trace", reference])
        assert said.exit_code == 0
        assert all(sample_id in said.output for sample_id in samples)
        assert "满意" in said.output


def test_the_page_of_an_issued_figure_shows_receipt_and_flags_of_each_record_behind_it(
    office: SimpleNamespace,
) -> None:
    reference = headline(office)
    with office.services.write() as work:
        label, row = next(pair for pair in find_issued(work, reference).led.items() if pair[1]["instance_id"])
        query = select(Submission).where(Submission.instance_id == row["instance_id"])
        record = work.session.exec(query).one()
        record.flags = [{"rule": "too_fast", "question": "sat_overall"}]
        work.session.add(record)
    page = office.client.get(f"/issued/{reference}").text
    (line,) = [part for part in page.split("<tr>") if f">{label}<" in part]
    assert row["instance_id"][-12:] in line
    assert "too_fast · sat_overall" in line


def test_a_volunteer_withdraws_and_where_there_are_few_of_them_none_of_their_answers_stays(
    office: SimpleNamespace,
) -> None:
    """Nothing ever led to a volunteer's row, so that none can be picked out: fewer than five are erased together."""
    with office.services.read() as work:
        study = study_of(work, office.study_id)
    asked = SimpleNamespace(services=office.services, actor=OWNER, drawn=SimpleNamespace(study=study))
    for satisfied in "542":
        scan(asked, satisfied)
    assert issue(office) == 303
    with office.services.write() as work:
        query = select(Submission).where(Submission.study_id == office.study_id, Submission.place_id != None)  # noqa: E711
        record = work.session.exec(query).first()
        assert volunteers_in(snapshot_of(work, issued(work, office.study_id, 2))) == 3
        withdraw_by_code(work, Right(office.study_id, submission_id=record.id))
    drain(office.services)
    with office.services.read() as work:
        second = issued(work, office.study_id, 2)
        left = snapshot_of(work, second)["data"]["volunteers"]
        assert (second.withdrawn, second.erased) == (1, 1)
        assert not check(work, second).different
    assert {value for each in left.values() for value in each["values"]} == {None}


def test_after_closing_the_issued_reports_stay_with_their_figures_and_nothing_leads_to_anybody(
    office: SimpleNamespace,
) -> None:
    reference = headline(office)
    word = office.client.get(f"{office.root}/1.docx").data
    with office.services.write(OWNER) as work:
        study = study_of(work, office.study_id)
        note_bundle(work, study, b"a bundle")
    with office.services.write(OWNER) as work:
        study = study_of(work, office.study_id)
        close_study(work, study, name=study.name)
    drain(office.services)
    with office.services.read() as work:
        report = issued(work, office.study_id, 1)
        assert check(work, report).is_same
        assert work.session.exec(select(IssuedRow).where(IssuedRow.report_id == report.id)).first() is None
        traced = find_issued(work, reference)
        assert (traced.verdict, dict(traced.led)) == (SAME, {})
    assert office.client.get(f"{office.root}/1.docx").data == word
    assert "70.83%" in office.client.get(f"/issued/{reference}").text


def test_a_snapshot_holds_nothing_that_leads_to_a_household(office: SimpleNamespace) -> None:
    with office.services.read() as work:
        report = issued(work, office.study_id, 1)
        text = json.dumps(snapshot_of(work, report), ensure_ascii=False)
        cases = work.session.exec(select(Case).where(Case.study_id == office.study_id)).all()
        records = work.session.exec(select(Submission).where(Submission.study_id == office.study_id)).all()
        for one in cases:
            assert one.sample_id not in text
            assert str(one.id) not in text
            assert one.id.hex not in text
        assert not any(one.instance_id in text or str(one.id) in text for one in records)
        names = [name for name in office.services.blobs.names() if name.startswith("issued/")]
        assert len(names) == 3
        assert not any(b"definitions" in office.services.blobs.get(name) for name in names)


def test_a_second_issue_shows_what_changed_and_the_first_stays(office: SimpleNamespace) -> None:
    first = office.client.get(f"{office.root}/1.docx").data
    withdraw(office, LOW_INCOME)
    assert issue(office, "final") == 303
    with office.services.read() as work:
        newer, older = issued_of(work, office.study_id)
        same, changed = compared(work, older, newer)
        assert (newer.number, newer.stage, newer.withdrawn, older.withdrawn) == (2, "final", 0, 1)
        assert check(work, newer).is_same
    assert same
    assert any(each.before["text"] == "70.83%" for each in changed)
    page = office.client.get(f"{office.root}?one=1&other=2").text
    assert "70.83%" in page
    assert office.client.get(f"{office.root}/1.docx").data == first
    assert office.client.get(f"{office.root}/3.docx").status_code == 404
    assert office.client.get(f"{office.root}/1.exe").status_code == 404


def test_after_a_withdrawal_nothing_leads_to_the_household_or_its_group_and_the_figures_stand(
    office: SimpleNamespace,
) -> None:
    """Eight were counted in the stratum: enough to hide among, so that the snapshot keeps its digits."""
    reference = headline(office)
    before = office.client.get(f"/issued/{reference}").text
    sample_id = withdraw(office, LOW_INCOME)
    assert sample_id in before
    after = office.client.get(f"/trace/{reference}", follow_redirects=True).text
    assert sample_id not in after
    assert "不再指向" in after
    with office.services.read() as work:
        report = issued(work, office.study_id, 1)
        led = set(find_issued(work, reference).led)
        table = find_issued(work, reference).table
        group = set(table.index[(table["county"] == LOW_INCOME[0]) & (table["category"] == LOW_INCOME[1])])
        assert group
        assert not group & led
        assert led
        assert check(work, report).is_same
        assert report.digest == report.digest_now


def test_where_few_stand_beside_whoever_withdrew_the_answers_go_and_the_check_says_so(office: SimpleNamespace) -> None:
    """Two households leave a stratum of fewer than five: nobody could hide there."""
    with office.services.read() as work:
        report = issued(work, office.study_id, 1)
        rows = work.session.exec(
            select(IssuedRow).where(IssuedRow.report_id == report.id, IssuedRow.submission_id != None)  # noqa: E711
        ).all()
        parts = [row.part for row in rows]
        few = min(set(parts), key=parts.count)
    with office.services.write() as work:
        case_id = next(row.case_id for row in rows if row.part == few)
        keep = [row for row in rows if row.part == few and row.case_id != case_id][:3]
        for row in rows:
            if row.part == few and row.case_id != case_id and row not in keep:
                work.session.delete(work.session.get_one(IssuedRow, (row.report_id, row.label)))
        withdraw_case(work, work.session.get_one(Case, case_id), Reason("asked", ""))
    drain(office.services)
    with office.services.read() as work:
        report = issued(work, office.study_id, 1)
        assert (report.withdrawn, report.erased) == (1, 1)
        assert report.digest_now != report.digest
        found = check(work, report)
        assert not found.is_same
        assert found.different
    names = [name for name in office.services.blobs.names() if "snapshot" in name]
    assert len(names) == 1
    assert "删去" in office.client.get(f"{office.root}/1").text


def test_the_terminal_follows_an_issued_figure_and_says_that_it_is_the_same(
    office: SimpleNamespace, monkeypatch: pytest.MonkeyPatch
) -> None:
    reference = headline(office)
    monkeypatch.setenv("ZOUFANG_DATA", str(office.settings.data))
    monkeypatch.setenv("ZOUFANG_DATABASE_URL", office.settings.database_url)
    monkeypatch.setenv("ZOUFANG_MASTER_KEY", office.settings.master_key)
    said = CliRunner().invoke(main, ["trace", reference])
    assert "逐位相同" in said.output


def test_nothing_is_issued_of_a_study_that_is_closed_and_nothing_without_a_version(office: SimpleNamespace) -> None:
    assert issue(office, "best") == 400
    assert issue(office, "draft", "novel") == 404
    with office.services.read() as work:
        assert len(issued_of(work, office.study_id)) == 1
        assert results_of(work, office.study_id).issue == 0
