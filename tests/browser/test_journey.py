"""The whole journey as its three users and a citizen go it: rosters in, a scored workbook out."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from decimal import Decimal
from io import BytesIO
from pathlib import Path

import pytest
from openpyxl import Workbook, load_workbook
from playwright.sync_api import Browser, BrowserContext, Page, expect

from survey_server import handlers
from survey_server.actors import Role
from survey_server.config import Settings
from survey_server.desk.rules import AROUND_THE_CLOCK, Rules, keep_rules
from tests.support.acting import answer_visible, fill_by_pages, sign_in
from tests.support.browsing import Faults
from tests.support.installation import LiveServer
from tests.support.screens import save_screen
from tests.support.studies import PASSWORD, person

pytestmark = pytest.mark.browser

HEADERS = [
    "序号",
    "户主姓名",
    "身份证号码",
    "联系电话",
    "县（区）",
    "乡镇（街道）",
    "村（社区）",
    "救助类别",
    "家庭人口",
    "月发放金额（元）",
]
ALLOWANCE, SUPPORT = "城市低保", "特困人员（分散供养）"
HOUSEHOLDS, TAKEN = 6, 4
VISIT = {
    "a1_visit_no": "1",
    "a2_contact": "1",
    "a4_partner": "F012",
    "a5_companion": "0",
    "a6_lang": "1",
    "b1_who": "1",
    "b1_minor": "2",
    "a7_consent": "1",
    "a8_spi": "2",
    "a9_photo": "2",
    "a10_audio": "2",
    "a12_geoc": "2",
    "a11_mode": "4",
    "b2_age": "5",
    "b3_sex": "1",
    "h6_channel": "1",
    "b6_persons": "2",
    "b8_death": "2",
    "c1_house": "1",
    "c2_safe": "1",
    "c3_lack": "0",
    "c4_asset": "0",
    "d1_change": "3",
    "d2_src": "1",
    "d3_rigid": "2",
    "d4_report": "2",
    "e1_way": "1",
    "e2_home": "1",
    "e3_notice": "1",
    "e_private": "2",
    "j1_need": "1",
    "k5_infl": "1",
    "k1_problem": "0",
}
CALL = {
    "t3_id": "1",
    "t4_who": "1",
    "t5_minor": "2",
    "t6_consent": "1",
    "t7_audio": "2",
    "t8_spi": "2",
    "t11_home": "1",
    "t12_notice": "1",
    "t19_back": "2",
    "t22_infl": "1",
}
SCAN = {"z1": "1", "z3": "1", "z4": "1", "z5": "1", "z6": "1", "z7": "1", "z10": "2"}
AWARE = ("type", "std", "duty", "temp", "hotline")
VISIT_AWARE = {"type": "h1_type", "std": "h2_std", "duty": "h3_duty", "temp": "h4_temp", "hotline": "h5_hotline"}
VISIT_SATISFIED = ("i1_proc", "i2_open", "i3_pay", "i4_staff", "i5_level", "i6_all")


def roster(category: str, count: int, first: int) -> bytes:
    """A township's list of invented households, with its title and its total."""
    book = Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append([f"云溪区{category}花名册"])
    sheet.append(HEADERS)
    for number in range(first, first + count):
        phone = f"1540000{number:04d}"
        sheet.append([number, f"甲{number}", "", phone, "云溪区", "龙泉街道", "龙泉东社区", category, 2, 728])
    sheet.append(["合计", f"{count}户"])
    content = BytesIO()
    book.save(content)
    return content.getvalue()


@pytest.fixture
def server(sqlite_settings: Settings, live_server: Callable[..., LiveServer]) -> LiveServer:
    server = live_server(sqlite_settings)
    services = server.app.extensions["zoufang"]
    person(services, Role.OWNER, Role.EVALUATOR, username="pingjia")
    person(services, Role.INTERVIEWER, username="fangyuan")
    person(services, Role.OPERATOR, username="zuoxi")
    return server


@pytest.fixture
def evaluator(desktop: BrowserContext, server: LiveServer) -> Page:
    page = desktop.new_page()
    sign_in(page, server.url, "pingjia", PASSWORD)
    return page


def make_study(page: Page) -> str:
    page.fill("[name=name]", "云溪区社会救助绩效评价")
    page.fill("[name=client]", "云溪区民政局")
    page.fill("[name=company]", "某某社会评价中心")
    page.fill("[name=hotline]", "0599-0000000")
    page.get_by_role("button", name="新建").click()
    page.wait_for_url("**/studies/*-*")
    return page.url


def call_at_any_hour(server: LiveServer, study: str) -> None:
    """The clock is the real one, and so may it be night."""
    with server.app.extensions["zoufang"].write() as work:
        keep_rules(work, uuid.UUID(study.rsplit("/", 1)[1]), Rules(AROUND_THE_CLOCK))


def import_rosters(page: Page, server: LiveServer, study: str) -> None:
    page.goto(f"{study}/roster")
    files = {"龙泉街道低保.xlsx": roster(ALLOWANCE, HOUSEHOLDS, 1), "特困.xlsx": roster(SUPPORT, 2, 101)}
    page.set_input_files(
        "[name=files]",
        [{"name": name, "mimeType": "application/vnd.ms-excel", "buffer": file} for name, file in files.items()],
    )
    page.get_by_role("button", name="上传").click()
    assert handlers.drain(server.app.extensions["zoufang"]) == 1
    page.goto(f"{study}/roster")
    save_screen(page, "journey-roster")
    page.get_by_role("button", name="作为抽样框").click()


def draw(page: Page, study: str) -> None:
    page.goto(f"{study}/sample")
    page.get_by_label(f"样本 云溪区 {ALLOWANCE}").fill(str(TAKEN))
    page.get_by_label(f"样本 云溪区 {SUPPORT}").fill("2")
    page.fill("[name=seed]", "20261120")
    page.get_by_role("button", name="抽样", exact=True).click()
    expect(page.get_by_text("名册指纹")).to_be_visible()


def share_out(page: Page, study: str) -> dict[str, list[str]]:
    """Everybody to the interviewer, but one 低保 household to the desk; the sample numbers by category."""
    page.goto(f"{study}/cases")
    numbers: dict[str, list[str]] = {ALLOWANCE: [], SUPPORT: []}
    for row in page.locator("form tbody tr").all():
        cells = row.locator("td").all_inner_texts()
        numbers[cells[3].strip()].append(cells[1].strip())
    for number in [*numbers[ALLOWANCE][:-1], *numbers[SUPPORT]]:
        page.get_by_label(number, exact=True).check()
    page.get_by_label("把选中的住户交给").select_option(label="fangyuan")
    page.get_by_role("button", name="分配", exact=True).last.click()
    return numbers


def phone_link(page: Page, server: LiveServer) -> str:
    page.goto(f"{server.url}/people")
    page.get_by_role("link", name="fangyuan").click()
    page.get_by_role("button", name="显示手机登录码").click()
    return page.get_by_test_id("phone-link").inner_text()


def visit(page: Page, number: str, satisfied: str, aware: str) -> None:
    """One visit on the phone, from the day's list to the finished form."""
    page.get_by_text(number).first.click()
    page.get_by_test_id("open-hv_household_visit").click()
    page.locator(".page").wait_for()
    answers = VISIT | {VISIT_AWARE[item]: aware for item in AWARE} | dict.fromkeys(VISIT_SATISFIED, satisfied)
    fill_by_pages(page, answers)
    page.get_by_test_id("home").first.click()


def call(context: BrowserContext, server: LiveServer) -> str:
    """The operator takes the one household there is, dials and fills in the interview; its number."""
    page = context.new_page()
    sign_in(page, server.url, "zuoxi", PASSWORD)
    page.get_by_role("button", name="下一户").click()
    number = page.locator("aside h1").inner_text()
    page.get_by_role("button", name="显示号码并拨打").click()
    expect(page.get_by_test_id("tel")).to_have_attribute("href", "tel:" + page.get_by_test_id("tel").inner_text())
    save_screen(page, "journey-desk")
    answers = CALL | {f"t_aw_{item}": "1" for item in AWARE}
    answers |= {f"t_sat_{item}": "4" for item in ("process", "open", "pay", "staff", "level", "overall")}
    page.locator('[data-question="t3_id"]').wait_for()
    answer_visible(page, answers, set())
    page.get_by_test_id("finish").click()
    expect(page.get_by_role("button", name="下一户")).to_be_visible()
    expect(page.get_by_text("完成 1 份")).to_be_visible()
    return number


def scan_place(browser: Browser, server: LiveServer, study: str, evaluator: Page) -> None:
    """A citizen with scripts off answers the code of a place."""
    evaluator.goto(f"{study}/codes")
    evaluator.get_by_label("地点").first.fill("云溪区政务服务中心")
    evaluator.get_by_label("县").first.fill("云溪区")
    evaluator.get_by_role("button", name="添加").first.click()
    address = evaluator.locator("a[href*='/q/']").first.get_attribute("href")
    assert address is not None
    with browser.new_context(viewport={"width": 360, "height": 640}, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address if address.startswith("http") else server.url + address)
        save_screen(page, "journey-scan")
        for _ in iter(lambda: page.locator("button[name=next]").count(), 0):
            for name, value in SCAN.items():
                for option in page.locator(f"label:has([name='q.{name}'][value='{value}'])").all():
                    option.click()
            page.locator("button[name=next]").click()
        expect(page.locator("body")).to_contain_text("谢谢")


def figures(content: bytes) -> dict[str, list[object]]:
    """The first sheet's rows by their first cell."""
    book = load_workbook(BytesIO(content))
    assert book.sheetnames == ["结果", "口径", "抽样", "原始数据"]
    return {str(row[0]): list(row) for row in book["结果"].iter_rows(values_only=True) if row[0]}


def test_a_roster_goes_in_and_a_scored_result_comes_out(
    server: LiveServer,
    evaluator: Page,
    desktop: BrowserContext,
    phone: BrowserContext,
    browser: Browser,
    faults: Faults,
) -> None:
    study = make_study(evaluator)
    call_at_any_hour(server, study)
    import_rosters(evaluator, server, study)
    draw(evaluator, study)
    numbers = share_out(evaluator, study)

    mobile = phone.new_page()
    mobile.goto(phone_link(evaluator, server))
    mobile.get_by_test_id("join").click()
    mobile.get_by_text(numbers[ALLOWANCE][0]).first.wait_for()
    save_screen(mobile, "journey-day")

    faults.forgive("ERR_INTERNET_DISCONNECTED|Failed to fetch|Failed to load resource")
    visit(mobile, numbers[ALLOWANCE][0], satisfied="5", aware="1")
    phone.set_offline(True)
    visit(mobile, numbers[ALLOWANCE][1], satisfied="4", aware="1")
    visit(mobile, numbers[ALLOWANCE][2], satisfied="2", aware="3")
    visit(mobile, numbers[SUPPORT][0], satisfied="5", aware="1")
    visit(mobile, numbers[SUPPORT][1], satisfied="4", aware="3")
    phone.set_offline(False)
    mobile.get_by_test_id("outbox").click()
    mobile.get_by_test_id("send-all").click()
    expect(mobile.get_by_text("都已送达")).to_be_visible()
    save_screen(mobile, "journey-outbox")

    with browser.new_context(locale="zh-CN", timezone_id="Asia/Shanghai") as context:
        faults.watch(context)
        assert call(context, server) == numbers[ALLOWANCE][3]
    scan_place(browser, server, study, evaluator)

    evaluator.goto(f"{study}/results")
    save_screen(evaluator, "journey-results")
    # 低保: 6 households, 4 asked, 3 satisfied; 特困: both of 2 asked, both satisfied.
    expected_rate = (Decimal(6) * 3 / 4 + 2 * 1) / 8
    # knows: 低保 3 of 4, 特困 1 of 2, the same for each of the five items.
    expected_aware = (Decimal(6) * 3 / 4 + Decimal(2) * 1 / 2) / 8
    assert (expected_rate, expected_aware) == (Decimal("0.8125"), Decimal("0.6875"))
    expect(evaluator.locator("main")).to_contain_text("81.25%")
    expect(evaluator.locator("main")).to_contain_text("68.75%")
    with evaluator.expect_download() as download:
        evaluator.get_by_role("link", name=".xlsx").click()
    check_workbook(Path(download.value.path()).read_bytes(), evaluator.locator("main").inner_text())


def check_workbook(content: bytes, page: str) -> None:
    """The workbook's figures are numbers, are those computed above, and stand on the page."""
    book = load_workbook(BytesIO(content))
    assert book.sheetnames == ["结果", "口径", "抽样", "原始数据"]
    cells = [cell.value for row in book["结果"].iter_rows() for cell in row]
    numbers = [value for value in cells if isinstance(value, float)]
    for wanted in (0.8125, 0.6875, 6.5):
        assert any(value == pytest.approx(wanted, abs=1e-9) for value in numbers), (wanted, numbers)
    assert "6.50" in page  # 81.25 % of 8 points
    raw = json.dumps([[str(cell.value) for cell in row] for row in book["原始数据"].iter_rows()], ensure_ascii=False)
    assert "甲" not in raw
    assert "1540000" not in raw
