"""The pages of those who write questionnaires, held to WCAG 2.2 AA by axe-core in a real Chromium."""

from __future__ import annotations

import io
from collections.abc import Callable

import openpyxl
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from mobile_forms.catalog import shipped_form
from mobile_forms.translations import translator_sheet, with_translations
from survey_server.actors import Role
from survey_server.config import Settings
from survey_server.questionnaires import drafts
from survey_server.studies import forms, service
from survey_server.studies.models import Purpose, Study
from survey_server.work import Services
from tests.support.acting import sign_in
from tests.support.installation import LiveServer
from tests.support.screens import save_screen
from tests.support.studies import PASSWORD, person
from tests.survey_server.public.test_accessibility import AXE
from tests.survey_server.public.workbooks import ask, workbook

pytestmark = pytest.mark.browser
UYGHUR = "维吾尔语 (ug)"
RULES = "{runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'], iframes: false}"
SETTINGS = {"name": "某区评价", "client": "某区民政局", "company": "某评价公司", "hotline": "000-1234567"}
FAULTY = workbook(
    [
        ask("q1", kind="select_on yn"),
        ask("q2", kind="select_one_from_file towns.csv", relevant="${q9} = 1"),
        ask("q3", relevant="regex(${q1}, '^a.*$"),
    ]
)
SCALE = ((3, "满意"), (2, "一般"), (1, "不满意"))
LEANING = workbook(
    [ask("q1", kind="select_one sat", label="您对我们的优质服务满意吗"), ask("q2", kind="text", hint="写姓名")],
    [{"list_name": "sat", "name": str(code), "label": label} for code, label in SCALE],
)


def complaints(page: Page) -> list[str]:
    """What axe finds wrong with the page, and with each page that it shows in a frame by itself."""
    told = []
    for frame in page.frames:
        found = frame.evaluate(f"() => axe.run(document, {RULES})")
        told += [f"{one['id']}: {node['html'][:160]}" for one in found["violations"] for node in one["nodes"]]
    return told


def changed_and_translated() -> bytes:
    """The shipped form of places with one question worded anew and a few words of another language."""
    book = openpyxl.load_workbook(io.BytesIO(shipped_form("qr_public").read()))
    sheet = book["survey"]
    headings = [str(cell.value) for cell in sheet[1]]
    row = next(row for row in sheet.iter_rows(min_row=2) if row[headings.index("name")].value == "z1")
    row[next(at for at, heading in enumerate(headings) if heading.startswith("label"))].value = "今天您来办什么事？"
    content = io.BytesIO()
    book.save(content)
    filled = openpyxl.load_workbook(io.BytesIO(translator_sheet(content.getvalue(), language=UYGHUR)))
    filled.worksheets[0]["F2"].value = "رازىمۇ؟"
    translated = io.BytesIO()
    filled.save(translated)
    return with_translations(content.getvalue(), translated.getvalue())


@pytest.fixture
def author(
    desktop: BrowserContext, live_server: Callable[..., LiveServer], sqlite_settings: Settings
) -> tuple[Page, str, Services, Study]:
    """A signed-in evaluator whose browser brings axe along, and a study with the shipped questionnaires."""
    server = live_server(sqlite_settings)
    services: Services = server.app.extensions["zoufang"]
    with services.write() as work:
        study = service.create_study(work, **SETTINGS)
        forms.publish_shipped(work, study)
    person(services, Role.EVALUATOR, username="wang")
    desktop.add_init_script(path=AXE)
    page = desktop.new_page()
    sign_in(page, server.url, "wang", PASSWORD)
    return page, server.url, services, study


def test_axe_finds_nothing_on_the_pages_of_a_questionnaire(author: tuple[Page, str, Services, Study]) -> None:
    page, url, services, study = author
    books = {"faulty": FAULTY, "leaning": LEANING, "changed": changed_and_translated()}
    with services.write() as work:
        kept = {
            name: drafts.keep_draft(work, service.study_of(work, study.id), Purpose.PUBLIC, f"{name}.xlsx", content).id
            for name, content in books.items()
        }
    root = f"{url}/studies/{study.id}/forms"
    found = {}
    for name, address in {
        "list": root,
        "faults": f"{root}/{kept['faulty']}/draft",
        "findings": f"{root}/{kept['leaning']}/draft",
        "draft": f"{root}/{kept['changed']}/draft",
        "differences": f"{root}/{kept['changed']}/differences",
        "translations": f"{root}/{kept['changed']}/translations",
        "preview-page": f"{root}/{kept['changed']}/preview?as=page",
        "preview-language": f"{root}/{kept['changed']}/preview?as=page&language={UYGHUR}",
    }.items():
        page.goto(address)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        for width in (360, 1280):
            page.set_viewport_size({"width": width, "height": 800})
            save_screen(page, f"authoring-{name}-{width}")
            wider = page.evaluate("document.documentElement.scrollWidth - innerWidth")
            found[name, width] = complaints(page) + ([f"{wider} px too wide"] if wider > 0 else [])
    assert [(where, each) for where, told in found.items() for each in told] == []


@pytest.mark.parametrize("kind", ["phone", "desk"])
def test_axe_finds_nothing_around_and_in_the_preview_of_a_program(
    author: tuple[Page, str, Services, Study], kind: str
) -> None:
    page, url, services, study = author
    with services.read() as work:
        form = forms.current_form(work, study.id, Purpose.VISIT if kind == "phone" else Purpose.PHONE)
    assert form is not None
    page.goto(f"{url}/studies/{study.id}/forms/{form.id}/preview?as={kind}")
    expect(page.frame_locator("iframe").get_by_role("radio").first).to_be_attached()
    save_screen(page, f"authoring-preview-{kind}")
    assert complaints(page) == []
