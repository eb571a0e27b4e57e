"""The first owner is made at the printed address, gives somebody a new password, and a program a token."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from flask import Flask
from playwright.sync_api import BrowserContext, expect

from survey_server.accounts.links import first_address
from survey_server.actors import Role
from survey_server.config import Settings
from survey_server.work import Services
from tests.support.acting import sign_in
from tests.support.installation import LiveServer
from tests.support.screens import save_screen
from tests.support.studies import PASSWORD, make_study, person

pytestmark = pytest.mark.browser

NEW = "three stones and a bridge"


@pytest.fixture
def server(live_server: Callable[..., LiveServer], sqlite_settings: Settings) -> LiveServer:
    return live_server(sqlite_settings)


def services_of(app: Flask) -> Services:
    return app.extensions["zoufang"]


def test_the_first_owner_is_made_at_the_printed_address_and_signs_in(
    desktop: BrowserContext, server: LiveServer
) -> None:
    with services_of(server.app).read() as work:
        address = first_address(work)
    page = desktop.new_page()
    page.goto(f"{server.url}/sign-in")
    save_screen(page, "owner-nobody-yet")
    page.goto(address)
    expect(page.get_by_label("设置码")).to_be_hidden()
    assert page.url == f"{server.url}/setup"
    save_screen(page, "owner-set-up")
    page.get_by_label("姓名").fill("李负责")
    page.get_by_label("用户名").fill("li")
    page.get_by_label("新密码").fill(NEW)
    page.get_by_role("button", name="建立负责人账号").click()
    page.wait_for_url("**/sign-in")
    sign_in(page, server.url, "li", NEW)
    expect(page.get_by_role("banner")).to_contain_text("李负责")


def test_who_forgot_a_password_sets_a_new_one_by_the_owners_link(
    desktop: BrowserContext, phone: BrowserContext, server: LiveServer
) -> None:
    services = services_of(server.app)
    person(services, Role.OWNER, username="fuze")
    person(services, Role.EVALUATOR, username="pingjia")
    desk = desktop.new_page()
    sign_in(desk, server.url, "fuze", PASSWORD)
    desk.goto(f"{server.url}/people")
    desk.get_by_role("link", name="pingjia").click()
    desk.get_by_role("link", name="登录与安全").click()
    desk.get_by_role("button", name="生成重设密码链接").click()
    link = desk.get_by_test_id("password-link").inner_text()
    save_screen(desk, "owner-password-link")

    mobile = phone.new_page()
    mobile.goto(link)
    assert "#" not in mobile.url
    mobile.get_by_label("新密码").fill(NEW)
    save_screen(mobile, "owner-new-password-phone")
    mobile.get_by_role("button", name="设置密码").click()
    mobile.wait_for_url("**/sign-in")
    sign_in(mobile, server.url, "pingjia", NEW)
    mobile.goto(f"{server.url}/account")
    save_screen(mobile, "owner-account-phone")

    desk.goto(desk.url.replace("/password-link", "/sign-in"))
    expect(desk.get_by_text("Chrome").first).to_be_visible()
    desk.get_by_role("button", name="全部退出（包括手机）").click()
    mobile.reload()
    mobile.wait_for_url(lambda address: "/sign-in" in address)


def test_a_program_reads_with_a_token_that_an_owner_made(
    desktop: BrowserContext, phone: BrowserContext, server: LiveServer
) -> None:
    services = services_of(server.app)
    person(services, Role.OWNER, username="fuze")
    study = make_study(services, {("甲县", "1"): 2, ("乙县", "1"): 3}).study
    desk = desktop.new_page()
    sign_in(desk, server.url, "fuze", PASSWORD)
    desk.get_by_role("link", name="fuze").click()
    desk.get_by_role("link", name="API令牌").click()
    desk.get_by_label("用途").fill("民政局数据大屏")
    desk.get_by_label("样本户（不含个人信息）").check()
    desk.get_by_label("只限这些县（区）").fill("乙县")
    desk.get_by_role("button", name="生成令牌").click()
    token = desk.get_by_test_id("token").inner_text()
    save_screen(desk, "owner-tokens")
    answer = desk.request.get(
        f"{server.url}/api/v1/studies/{study.id}/cases", headers={"Authorization": f"Bearer {token}"}
    )
    assert {case["county"] for case in answer.json()["items"]} == {"乙县"}
    mobile = phone.new_page()
    sign_in(mobile, server.url, "fuze", PASSWORD)
    mobile.goto(f"{server.url}/tokens")
    save_screen(mobile, "owner-tokens-phone")
