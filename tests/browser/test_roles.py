"""Owner, supervisor and observer at their pages, and a citizen at a card: each sees what is theirs."""

from __future__ import annotations

import base64
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, expect

from survey_server.actors import Grant, Role
from survey_server.config import Settings
from survey_server.studies.models import Channel, Study
from survey_server.submissions.service import receive
from survey_server.work import Services
from tests.support.acting import sign_in
from tests.support.browsing import HERE, PHONE, Faults
from tests.support.installation import LiveServer, SteppingClock
from tests.support.screens import save_screen
from tests.support.studies import PASSWORD, filled, make_study, person
from tests.survey_server.results.conftest import visit

pytestmark = pytest.mark.browser

BIG, SMALL = ("柳湾县", "1"), ("青溪县", "1")
OTHERS = (("柳湾县", "3"), ("云岭县", "1"))


@dataclass(frozen=True)
class Site:
    """A server with a study that was answered in three counties: in one of them by too few."""

    url: str
    services: Services
    study: Study

    @property
    def address(self) -> str:
        """The study's overview."""
        return f"{self.url}/studies/{self.study.id}"


@pytest.fixture
def site(sqlite_settings: Settings, live_server: Callable[..., LiveServer]) -> Site:
    server = live_server(sqlite_settings, SteppingClock())
    services: Services = server.app.extensions["zoufang"]
    counts = {BIG: 8, SMALL: 3, OTHERS[0]: 7, OTHERS[1]: 6}
    drawn = make_study(services, counts)
    interviewer = person(services, Role.INTERVIEWER, username="老访员")
    for number, case in enumerate(drawn.main):
        answers = filled(services, drawn.study, case, visit("2" if number % 7 == 3 else "5"))
        receive(services, interviewer, drawn.study.id, answers.xml, {}, channel=Channel.VISIT, case_id=case.id)
    person(services, Role.OWNER, username="fuze")
    return Site(server.url, services, drawn.study)


@pytest.fixture
def owner(site: Site, desktop: BrowserContext) -> Page:
    page = desktop.new_page()
    sign_in(page, site.url, "fuze", PASSWORD)
    return page


@pytest.fixture
def another(browser: Browser, faults: Faults) -> Iterator[BrowserContext]:
    """Somebody else's browser, as narrow as a phone."""
    with browser.new_context(**PHONE, **HERE) as context:
        faults.watch(context)
        yield context


def add_person(page: Page, site: Site, name: str, role: str, county: str) -> None:
    """An owner adds somebody who reaches one county of the study."""
    page.goto(f"{site.url}/people")
    form = page.locator("form", has=page.get_by_role("button", name="添加", exact=True))
    form.get_by_label("姓名").fill(name)
    form.locator("[name=username]").fill(name)
    form.locator("[name=password]").fill(PASSWORD)
    form.get_by_label(role, exact=True).check()
    form.locator("[name=study]").select_option(label=site.study.name)
    form.locator("[name=county]").fill(county)
    save_screen(page, "roles-people")
    form.get_by_role("button", name="添加", exact=True).click()
    page.wait_for_url("**/people/*-*")


def both_screens(page: Page, name: str) -> None:
    """Pictures as on a desk and as on a phone."""
    for width, height in ((1280, 800), (360, 640)):
        page.set_viewport_size({"width": width, "height": height})
        save_screen(page, f"roles-{name}-{width}")


def test_a_supervisor_sees_the_county_that_the_owner_gave_and_no_other(
    site: Site, owner: Page, another: BrowserContext
) -> None:
    add_person(owner, site, "dudao", "督导", BIG[0])
    expect(owner.locator("main")).to_contain_text(BIG[0])
    both_screens(owner, "person")
    owner.goto(f"{site.address}/cases")
    expect(owner.locator("main")).to_contain_text(SMALL[0])

    page = another.new_page()
    sign_in(page, site.url, "dudao", PASSWORD)
    expect(page).to_have_url(f"{site.url}/studies")
    both_screens(page, "supervisor-studies")
    page.goto(f"{site.address}/cases")
    main = page.locator("main")
    expect(main).to_contain_text(BIG[0])
    for county in (SMALL[0], OTHERS[1][0]):
        expect(main).not_to_contain_text(county)
    tabs = page.locator("nav.tabs a").all_inner_texts()
    assert {"名册", "样本", "抽样", "结果", "问卷"}.isdisjoint(tabs)
    both_screens(page, "supervisor-cases")
    page.goto(f"{site.url}/people")
    expect(page.locator("main")).not_to_contain_text("fuze")
    both_screens(page, "supervisor-people")


def test_whoever_left_is_signed_out_at_once(site: Site, owner: Page, another: BrowserContext) -> None:
    add_person(owner, site, "dudao", "督导", BIG[0])
    page = another.new_page()
    sign_in(page, site.url, "dudao", PASSWORD)
    owner.get_by_role("button", name="此人已离职").click()
    expect(owner.get_by_text("此人已离职，不能登录。")).to_be_visible()
    page.goto(f"{site.url}/studies")
    page.wait_for_url(lambda address: "/sign-in?next=" in address)


def test_an_observer_sees_no_cell_that_is_too_small(site: Site, another: BrowserContext, faults: Faults) -> None:
    person(site.services, Role.OBSERVER, username="guancha", parts=[Grant(site.study.id)])
    page = another.new_page()
    sign_in(page, site.url, "guancha", PASSWORD)
    both_screens(page, "observer-studies")
    page.goto(f"{site.address}/results")
    main = page.locator("main")
    expect(main).to_contain_text("个数未显示")
    assert page.locator("a[href*=trace]").count() == 0
    row = page.locator("tr", has=page.get_by_role("rowheader", name=SMALL[0])).first
    assert set(row.locator("td").all_inner_texts()) <= {"•", "—"}
    both_screens(page, "observer-results")
    with page.expect_download() as download:
        page.get_by_role("link", name=".xlsx").click()
    assert Path(download.value.path()).read_bytes().startswith(b"PK")
    page.goto(f"{site.address}/progress")
    expect(page.locator("main")).to_contain_text("•")
    both_screens(page, "observer-progress")
    faults.forgive("status of 403")
    page.goto(f"{site.address}/cases")
    expect(page.get_by_role("alert")).to_contain_text("您的角色不能")


def big_photograph(page: Page, folder: Path) -> Path:
    """A phone's photograph of twelve megapixels, painted by the browser."""
    page.goto("about:blank")
    content = page.evaluate(
        """() => { const c = Object.assign(document.createElement("canvas"), { width: 3000, height: 4000 });
        const x = c.getContext("2d"); const g = x.createLinearGradient(0, 0, 3000, 4000);
        g.addColorStop(0, "#9cf"); g.addColorStop(1, "#fed"); x.fillStyle = g; x.fillRect(0, 0, 3000, 4000);
        x.fillStyle = "#c96"; x.beginPath(); x.arc(1500, 1600, 800, 0, 7); x.fill();
        x.fillStyle = "#246"; x.fillRect(500, 2600, 2000, 1400);
        return c.toDataURL("image/jpeg", 0.95).split(",")[1]; }"""
    )
    path = folder / "photo.jpg"
    path.write_bytes(base64.b64decode(content))
    return path


def test_a_citizen_checks_a_card_without_scripts_and_complains(
    site: Site, owner: Page, browser: Browser, tmp_path: Path
) -> None:
    with site.services.write() as work:
        work.session.get_one(Study, site.study.id).hotline = "0599-0000000"
    photo = big_photograph(owner, tmp_path)
    owner.goto(f"{site.address}/cards")
    owner.get_by_label("人员").select_option(label="老访员 K01")
    owner.locator("[name=photo]").set_input_files(photo)
    owner.wait_for_function("() => document.querySelector('[name=photo]').files[0].size < 40000")
    owner.locator("[name=valid_until]").fill("2026-12-31")
    owner.get_by_role("button", name="发证").click()
    address = owner.get_by_test_id("card-link").get_attribute("href")
    assert address is not None
    both_screens(owner, "cards")

    with browser.new_context(**PHONE, **HERE, java_script_enabled=False) as context:
        page = context.new_page()
        page.goto(address)
        expect(page.locator("h1")).to_contain_text("证件有效")
        expect(page.locator("main")).to_contain_text("受 某区民政局 委托")
        save_screen(page, "roles-card")
        assert page.locator("img").evaluate("image => image.naturalWidth") == 240
        page.get_by_text("有不对的地方").click()
        page.locator("[name=words]").fill("来人要看存折")
        page.locator("[name=contact]").fill("0599-1111111")
        save_screen(page, "roles-complaint")
        page.get_by_role("button", name="提交").click()
        expect(page.locator("h1")).to_contain_text("已收到")
        save_screen(page, "roles-receipt")

        owner.goto(f"{site.url}/complaints")
        expect(owner.get_by_test_id("complaint")).to_contain_text("来人要看存折")
        both_screens(owner, "complaints")
        owner.locator("[name=answer]").fill("已核实，访员已停用。")
        owner.get_by_role("button", name="答复并办结").click()
        expect(owner.get_by_test_id("complaint")).to_contain_text("已答复")
        page.reload()
        expect(page.locator("main")).to_contain_text("已核实，访员已停用。")

        owner.goto(f"{site.address}/cards")
        owner.get_by_role("button", name="停用").click()
        page.goto(address)
        expect(page.locator("h1")).to_contain_text("此证已失效")
        save_screen(page, "roles-card-revoked")
