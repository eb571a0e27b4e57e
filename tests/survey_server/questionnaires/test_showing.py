"""A questionnaire as each respondent will see it: phone, page, desk, paper; other languages; what changed."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Callable, Iterator
from dataclasses import asdict

import openpyxl
import pytest
import typst
from flask import Flask
from flask.testing import FlaskClient
from PIL import Image
from playwright.sync_api import BrowserContext, Page
from sqlmodel import select

from mobile_forms.catalog import shipped
from mobile_forms.definition import read_form
from mobile_forms.xlsform import compile_workbook
from survey_server.actors import Role
from survey_server.config import Settings
from survey_server.console import typesetting
from survey_server.questionnaires import drafts, paper
from survey_server.studies import forms, service
from survey_server.studies.models import FormVersion, Purpose, Study
from survey_server.submissions.models import Submission
from survey_server.work import Services
from tests.support.callers import browser
from tests.support.installation import LiveServer
from tests.support.screens import FOLDER, save_screen
from tests.support.studies import PASSWORD, person
from tests.survey_server.public.workbooks import ask, workbook

SETTINGS = {"name": "某区评价", "client": "某区民政局", "company": "某评价公司", "hotline": "000-1234567"}
UYGHUR = "维吾尔语 (ug)"
PAGES = ("phone", "desk", "page")


@pytest.fixture
def desk(app: Flask, site: Services) -> FlaskClient:
    person(site, Role.EVALUATOR, username="wang")
    return browser(app, "wang")


@pytest.fixture
def study(site: Services) -> Study:
    with site.write() as work:
        study = service.create_study(work, **SETTINGS)
        forms.publish_shipped(work, study)
    return study


def version(site: Services, study: Study, purpose: Purpose) -> FormVersion:
    with site.read() as work:
        form = forms.current_form(work, study.id, purpose)
    assert form is not None
    return form


def address(study: Study, form: FormVersion) -> str:
    return f"/studies/{study.id}/forms/{form.id}"


def kept_draft(site: Services, study: Study, content: bytes, purpose: Purpose = Purpose.PUBLIC) -> FormVersion:
    with site.write() as work:
        return drafts.keep_draft(work, service.study_of(work, study.id), purpose, "草稿.xlsx", content)


def submissions(site: Services) -> int:
    with site.read() as work:
        return len(work.session.exec(select(Submission)).all())


def state_of(text: str) -> str:
    found = re.search(r'name="state" value="([^"]+)"', text)
    assert found is not None
    return found.group(1)


@pytest.mark.parametrize("purpose", list(Purpose))
def test_every_published_form_has_its_previews_and_they_may_stand_in_our_own_frame_only(
    desk: FlaskClient, site: Services, study: Study, purpose: Purpose
) -> None:
    at = address(study, version(site, study, purpose))
    assert "<iframe" in desk.get(f"{at}/preview").text
    for kind in PAGES:
        answer = desk.get(f"{at}/try/{kind}")
        assert answer.status_code == 200, kind
        assert "frame-ancestors 'self'" in answer.headers["Content-Security-Policy"]
        assert "camera=()" in answer.headers["Permissions-Policy"]
    assert "frame-ancestors 'none'" in desk.get(f"{at}/preview").headers["Content-Security-Policy"]
    assert read_form(desk.get(f"{at}/try/form.xml").data).form_id


def test_a_respondent_s_pages_are_walked_to_their_end_and_nothing_is_handed_in(
    desk: FlaskClient, site: Services, study: Study
) -> None:
    content = workbook([ask("q1", label="满意吗", required="yes"), ask("q2", kind="text", label="想说的")])
    at = f"{address(study, kept_draft(site, study, content))}/try/page"
    first = desk.get(at).text
    assert "满意吗" in first
    refused = desk.post(at, data={"state": state_of(first), "next": "1"}).text
    assert "error" in refused
    last = desk.post(at, data={"state": state_of(refused), "q.q1": "1", "q.q2": "好", "next": "1"}).text
    assert "没有提交" in last
    assert submissions(site) == 0


def test_the_preview_of_a_page_says_what_only_the_real_page_does(
    desk: FlaskClient, site: Services, study: Study
) -> None:
    at = address(study, version(site, study, Purpose.RECIPIENT))
    assert "代填" in desk.get(f"{at}/preview?as=page").text
    assert "代填" not in desk.get(f"{at}/preview?as=phone").text


def test_a_draft_with_faults_has_no_preview_and_says_why(desk: FlaskClient, site: Services, study: Study) -> None:
    at = address(study, kept_draft(site, study, workbook([ask("q1", kind="select_one nowhere")])))
    for part in ("preview", "paper.pdf", "try/page", "try/form.xml", "differences"):
        answer = desk.get(f"{at}/{part}")
        assert answer.status_code == 400, part
        assert "nowhere" in answer.text


def test_a_list_of_the_form_holds_one_household_that_does_not_exist(
    desk: FlaskClient, site: Services, study: Study
) -> None:
    at = address(study, version(site, study, Purpose.VISIT))
    lines = desk.get(f"{at}/try/lists/households.csv").get_data(as_text=True).splitlines()
    assert len(lines) == 2
    assert "YL-0001" in lines[1]
    assert desk.get(f"{at}/try/lists/other.csv").status_code == 404


@pytest.mark.parametrize("form", shipped(), ids=lambda form: form.form_id)
@pytest.mark.parametrize("size", [10.5, 16.0])
def test_every_shipped_form_prints_every_question_and_option(app: Flask, study: Study, form, size: float) -> None:
    definition = compile_workbook(form.read(), filename=form.filename).definition
    with app.test_request_context():
        made = paper.paper_of(study, definition, definition.default_language, size=size)
        pdf = paper.print_form(study, definition, definition.default_language, size=size)
    asked = [question for question in definition.questions if question.asked]
    assert [block.number for block in made.blocks if block.number] == [str(n + 1) for n in range(len(asked))]
    assert sum(len(block.options) for block in made.blocks) == sum(len(question.choices) for question in asked)
    assert made.annex == (), "words say every condition"
    assert pdf.startswith(b"%PDF")
    consent = definition.by_role("consent")
    assert all(any(block.label and block.options for block in made.blocks) for _ in consent)


MILLIMETRES = 25.4
DOTS = 72


def ink(picture: Image.Image, box: tuple[float, float, float, float]) -> bool:
    """Whether anything is printed in a box of millimetres: left, top, right, bottom."""
    left, top, right, bottom = (round(edge / MILLIMETRES * DOTS) for edge in box)
    return picture.crop((left, top, right, bottom)).getextrema()[0] < 250


@pytest.mark.parametrize("form", shipped(), ids=lambda form: form.form_id)
@pytest.mark.parametrize("size", [10.5, 16.0])
def test_nothing_of_a_shipped_form_runs_out_of_the_page(app: Flask, study: Study, form, size: float) -> None:
    """The margins of every page of A4 stay white: 16 mm at the sides, and between the text and head and foot."""
    definition = compile_workbook(form.read(), filename=form.filename).definition
    with app.test_request_context():
        made = paper.paper_of(study, definition, definition.default_language, size=size)
    data = json.dumps({**asdict(made), "font": typesetting.chinese_font()}, ensure_ascii=False)
    drawn = typst.compile(
        str(paper.TEMPLATE), format="png", ppi=DOTS, font_paths=[str(typesetting.FONTS)], sys_inputs={"data": data}
    )
    pages = [Image.open(io.BytesIO(page)).convert("L") for page in (drawn if isinstance(drawn, list) else [drawn])]
    sheet = Image.new("L", (len(pages) * pages[0].width, pages[0].height))
    for place, page in enumerate(pages):
        sheet.paste(page, (place * page.width, 0))
    sheet.save(FOLDER / f"paper-{form.form_id}-{size}.png")
    assert all(ink(page, (16, 18, 194, 279)) for page in pages)
    margins = {
        "left": (0, 0, 15, 297),
        "right": (195, 0, 210, 297),
        "head": (0, 14, 210, 16),
        "foot": (0, 280, 210, 283),
    }
    told = [(n, side) for n, page in enumerate(pages, 1) for side, box in margins.items() if ink(page, box)]
    assert told == []


def test_a_rule_that_words_cannot_say_stands_in_the_annex(app: Flask, study: Study) -> None:
    content = workbook([ask("q1", kind="text"), ask("q2", relevant="regex(${q1}, '^a.*$')")])
    definition = compile_workbook(content, filename="t.xlsx").definition
    with app.test_request_context():
        made = paper.paper_of(study, definition, definition.default_language, size=10.5)
    (rule,) = made.annex
    assert "regex(" in rule[1]
    assert "附页第 1 条" in made.blocks[1].when


def test_the_paper_is_a_pdf_in_both_sizes(desk: FlaskClient, site: Services, study: Study) -> None:
    at = address(study, version(site, study, Purpose.TRAINING))
    for query in ("", "?size=large"):
        answer = desk.get(f"{at}/paper.pdf{query}")
        assert (answer.status_code, answer.mimetype) == (200, "application/pdf")


def test_a_translation_goes_out_and_comes_back_as_a_draft_that_reads_from_the_right(
    desk: FlaskClient, site: Services, study: Study
) -> None:
    content = workbook([ask("q1", label="满意吗")])
    at = address(study, kept_draft(site, study, content))
    assert desk.get(f"{at}/translations.xlsx?language=Uyghur").status_code == 400
    sheet = openpyxl.load_workbook(io.BytesIO(desk.get(f"{at}/translations.xlsx?language={UYGHUR}").data))
    assert sheet.worksheets[0]["F1"].value == UYGHUR
    sheet.worksheets[0]["F2"].value = "رازىمۇ؟"
    filled = io.BytesIO()
    sheet.save(filled)
    made = desk.post(f"{at}/translations", data={"workbook": (io.BytesIO(filled.getvalue()), "译文.xlsx")})
    assert made.status_code == 303
    new = made.headers["Location"].rsplit("/", 1)[0]
    shown = desk.get(f"{new}/translations").text
    assert "从右向左书写" in shown
    assert "缺 2 处译文" in shown
    page = desk.get(f"{new}/try/page?language={UYGHUR}").text
    assert 'dir="rtl"' in page
    assert "رازىمۇ؟" in page
    assert desk.get(f"{at}/translations").status_code == 200, "what it came from stays"


def test_a_sheet_that_is_no_translation_is_refused_in_words(desk: FlaskClient, site: Services, study: Study) -> None:
    content = workbook([ask("q1", label="满意吗")])
    at = address(study, kept_draft(site, study, content))
    refused = desk.post(f"{at}/translations", data={"workbook": (io.BytesIO(content), "别的.xlsx")})
    assert refused.status_code == 400
    assert "翻译表" in refused.text


def site_of(server: LiveServer) -> Services:
    return server.app.extensions["zoufang"]


# -- in the browser ------------------------------------------------------------------------------------


@pytest.fixture
def author(
    desktop: BrowserContext, live_server: Callable[..., LiveServer], sqlite_settings: Settings
) -> Iterator[tuple[Page, LiveServer, Study]]:
    server = live_server(sqlite_settings)
    with site_of(server).write() as work:
        study = service.create_study(work, **SETTINGS)
        forms.publish_shipped(work, study)
    person(site_of(server), Role.EVALUATOR, username="wang")
    page = desktop.new_page()
    page.goto(f"{server.url}/sign-in")
    page.fill("[name=username]", "wang")
    page.fill("[name=password]", PASSWORD)
    page.click("main form button")
    page.wait_for_url(lambda url: "/sign-in" not in url)
    yield page, server, study
    page.close()


@pytest.mark.browser
def test_the_night_before_fieldwork(author: tuple[Page, LiveServer, Study]) -> None:
    page, server, study = author
    book = openpyxl.load_workbook(io.BytesIO(shipped()[4].read()))
    sheet = book["survey"]
    headings = [str(cell.value) for cell in sheet[1]]
    kind, label = headings.index("type"), next(at for at, name in enumerate(headings) if name.startswith("label"))
    row = next(row for row in sheet.iter_rows(min_row=2) if row[headings.index("name")].value == "z1")
    row[label].value, right = "今天您来办什么事？", row[kind].value
    row[kind].value = "select_on wrong"

    upload(page, server, study, book)
    assert "select_one" in page.locator("table.problems").inner_text()
    save_screen(page, "questionnaire-faults")
    row[kind].value = right
    upload(page, server, study, book)
    page.get_by_role("link", name="预览", exact=True).click()
    frame = page.frame_locator("iframe")
    frame.get_by_text("今天您来办什么事？").first.wait_for()
    save_screen(page, "questionnaire-preview-page")
    page.get_by_role("link", name="访员手机").click()
    frame.get_by_test_id("next").wait_for()
    save_screen(page, "questionnaire-preview-phone")
    page.get_by_role("link", name="回到草稿").click()
    page.get_by_role("button", name="发布").click()
    page.wait_for_url("**/forms")
    assert version(site_of(server), study, Purpose.PUBLIC).version.endswith(".2")


@pytest.mark.browser
def test_a_form_tried_on_the_phone_leaves_nothing_in_the_browser(author: tuple[Page, LiveServer, Study]) -> None:
    page, server, study = author
    visit = version(site_of(server), study, Purpose.VISIT)
    page.goto(f"{server.url}{address(study, visit)}/try/phone")
    page.get_by_test_id("next").wait_for()
    page.locator("input").first.fill("1")
    page.get_by_role("radio", name="无人在家").check()
    page.get_by_test_id("leave").click()
    page.get_by_test_id("tried").wait_for()
    stores = page.evaluate("indexedDB.databases().then(found => found.length)")
    assert stores == 0
    assert submissions(site_of(server)) == 0


def upload(page: Page, server: LiveServer, study: Study, book: openpyxl.Workbook) -> None:
    content = io.BytesIO()
    book.save(content)
    page.goto(f"{server.url}/studies/{study.id}/forms")
    file = {"name": "扫码评价.xlsx", "mimeType": "application/octet-stream", "buffer": content.getvalue()}
    page.set_input_files("[name=workbook]", [file])
    page.select_option("[name=purpose]", "public")
    page.get_by_role("button", name="上传并检查").click()
    page.locator("h1", has_text="扫码评价.xlsx").wait_for()
