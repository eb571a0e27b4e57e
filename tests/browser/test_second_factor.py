"""Somebody turns on a second factor and signs in with it: an authenticator app, and a passkey."""

from __future__ import annotations

from collections.abc import Callable

import pyotp
import pytest
from playwright.sync_api import BrowserContext, Page, expect

from survey_server.actors import Role
from survey_server.config import Settings
from tests.support.acting import sign_in
from tests.support.browsing import Faults
from tests.support.installation import LiveServer, SteppingClock
from tests.support.screens import save_screen
from tests.support.studies import PASSWORD, person

pytestmark = pytest.mark.browser

KEY_IN_THE_MACHINE = {
    "protocol": "ctap2",
    "transport": "internal",
    "hasResidentKey": True,
    "hasUserVerification": True,
    "isUserVerified": True,
    "automaticPresenceSimulation": True,
}


@pytest.fixture
def server(live_server: Callable[..., LiveServer], sqlite_settings: Settings, clock: SteppingClock) -> LiveServer:
    """A server that is reached by a name, as passkeys need it."""
    running = live_server(sqlite_settings.model_copy(update={"host": "localhost"}), clock)
    person(running.app.extensions["zoufang"], Role.OWNER, username="fuze")
    return running


def type_password(page: Page, server: LiveServer) -> None:
    page.goto(f"{server.url}/sign-in")
    page.fill("[name=username]", "fuze")
    page.fill("[name=password]", PASSWORD)
    page.get_by_role("button", name="登录", exact=True).click()


def sign_out(page: Page) -> None:
    page.get_by_role("banner").get_by_role("button", name="退出").click()
    page.wait_for_url("**/sign-in")


def set_up_app(page: Page, server: LiveServer, clock: SteppingClock) -> tuple[pyotp.TOTP, list[str]]:
    """The app with its secret, and the recovery codes."""
    page.goto(f"{server.url}/account")
    page.get_by_role("link", name="设置应用").click()
    page.get_by_text("手动输入密钥").click()
    app = pyotp.TOTP(page.get_by_test_id("secret").inner_text())
    save_screen(page, "second-factor-app")
    page.fill("[name=code]", "000000")
    page.get_by_role("button", name="启用").click()
    expect(page.get_by_role("alert")).to_contain_text("验证码不对")
    page.fill("[name=code]", app.at(clock.now))
    page.get_by_role("button", name="启用").click()
    codes = page.get_by_test_id("recovery-code")
    expect(codes).to_have_count(10)
    save_screen(page, "second-factor-codes")
    return app, codes.all_inner_texts()


def test_an_authenticator_app_is_asked_for_after_the_password(
    desktop: BrowserContext, server: LiveServer, clock: SteppingClock, faults: Faults
) -> None:
    faults.forgive("401")
    page = desktop.new_page()
    sign_in(page, server.url, "fuze", PASSWORD)
    app, recovery = set_up_app(page, server, clock)
    page.get_by_role("link", name="我已保存好").click()
    expect(page.get_by_text("剩余恢复码：10 个")).to_be_visible()
    save_screen(page, "second-factor-account")
    sign_out(page)

    type_password(page, server)
    expect(page.get_by_role("heading", name="第二步验证")).to_be_visible()
    page.goto(f"{server.url}/studies")
    expect(page.get_by_role("heading", name="第二步验证")).to_be_visible()
    save_screen(page, "second-factor-asked")
    page.fill("[name=code]", app.at(clock.now))
    page.get_by_role("button", name="继续").click()
    expect(page.get_by_text("验证码不对或已经用过")).to_be_visible()

    clock.advance(seconds=30)
    page.goto(f"{server.url}/sign-in?next=/account")
    page.fill("[name=code]", app.at(clock.now))
    page.get_by_role("button", name="继续").click()
    page.wait_for_url("**/account")
    sign_out(page)

    type_password(page, server)
    page.fill("[name=code]", recovery[0].lower())
    page.get_by_role("button", name="继续").click()
    page.wait_for_url("**/studies")
    page.goto(f"{server.url}/account")
    expect(page.get_by_text("剩余恢复码：9 个")).to_be_visible()


def test_a_passkey_is_made_and_stands_for_password_and_second_step(
    phone: BrowserContext, server: LiveServer, faults: Faults
) -> None:
    page = phone.new_page()
    keys = phone.new_cdp_session(page)
    keys.send("WebAuthn.enable")
    machine = keys.send("WebAuthn.addVirtualAuthenticator", {"options": KEY_IN_THE_MACHINE})["authenticatorId"]
    sign_in(page, server.url, "fuze", PASSWORD)
    page.goto(f"{server.url}/account")
    page.get_by_label("给它起个名字").fill("办公室电脑")
    page.get_by_role("button", name="添加通行密钥").click()
    expect(page.get_by_text("办公室电脑")).to_be_visible()
    assert len(keys.send("WebAuthn.getCredentials", {"authenticatorId": machine})["credentials"]) == 1
    save_screen(page, "second-factor-passkey")
    sign_out(page)

    save_screen(page, "second-factor-sign-in")
    page.get_by_role("button", name="使用通行密钥").click()
    page.wait_for_url("**/studies")
    sign_out(page)

    type_password(page, server)
    save_screen(page, "second-factor-asked-phone")
    page.get_by_role("button", name="使用通行密钥").click()
    page.wait_for_url("**/studies")
    sign_out(page)

    faults.forgive("401")
    keys.send("WebAuthn.clearCredentials", {"authenticatorId": machine})
    page.goto(f"{server.url}/sign-in")
    page.get_by_role("button", name="使用通行密钥").click()
    expect(page.get_by_role("alert")).to_contain_text("没有验证成功")
    expect(page.get_by_role("heading", name="登录")).to_be_visible()
