from __future__ import annotations

import re

import pytest
from flask import Flask

from survey_server.actors import Role
from survey_server.app import create_app
from survey_server.config import Settings
from survey_server.work import Services
from tests.support.callers import browser
from tests.support.installation import SteppingClock
from tests.support.studies import make_study, person

WASM = "'wasm-unsafe-eval'"
INLINE = re.compile(r"<style|\sstyle=|<script(?![^>]*\ssrc=)|\son\w+=|javascript:", re.IGNORECASE)


def policy(app: Flask, address: str) -> dict[str, set[str]]:
    """The content security policy of an answer, by directive."""
    text = browser(app).get(address, buffered=True).headers["Content-Security-Policy"]
    return {parts[0]: set(parts[1:]) for parts in (directive.split() for directive in text.split(";"))}


@pytest.mark.parametrize(
    "address", ["/sign-in", "/nowhere", "/trial/break_down", "/visit/", "/call/", "/static/console/icon.svg"]
)
def test_no_answer_allows_inline_scripts_or_another_site(app: Flask, address: str) -> None:
    allowed = policy(app, address)
    assert allowed["default-src"] == {"'none'"}
    assert allowed["script-src"] - {WASM} == allowed["style-src"] == allowed["form-action"] == {"'self'"}
    assert allowed["frame-ancestors"] == allowed["base-uri"] == {"'none'"}
    assert set().union(*allowed.values()) <= {"'self'", "'none'", "data:", "blob:", WASM}


@pytest.mark.parametrize(
    ("address", "runs"),
    [
        ("/visit/", True),
        ("/visit/nothing", True),
        ("/call/", True),
        ("/sign-in", False),
        ("/q/x", False),
        ("/visitx", False),
    ],
)
def test_only_the_form_engine_may_run_web_assembly(app: Flask, address: str, runs: bool) -> None:
    assert (WASM in policy(app, address)["script-src"]) is runs


def test_every_answer_is_of_the_kind_it_says_and_tells_nobody_where_from(app: Flask) -> None:
    for address in ("/sign-in", "/nowhere", "/trial/break_down", "/visit/api/day"):
        headers = browser(app).get(address).headers
        assert headers["X-Content-Type-Options"] == "nosniff"
        assert headers["Referrer-Policy"] == "no-referrer"
        assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert headers["Cross-Origin-Resource-Policy"] == "same-origin"
        assert headers["Cache-Control"] == "private, no-cache"


FORM = frozenset({"camera", "geolocation", "microphone"})


@pytest.mark.parametrize(
    ("address", "may"),
    [
        ("/visit/", FORM),
        ("/call/", FORM),
        ("/sign-in", frozenset()),
        ("/q/x", frozenset({"geolocation"})),
        ("/studies", frozenset()),
    ],
)
def test_only_a_form_may_ask_for_a_photograph_a_recording_or_a_place(
    app: Flask, address: str, may: frozenset[str]
) -> None:
    said = browser(app).get(address, buffered=True).headers["Permissions-Policy"].split(", ")
    allowed = dict(part.split("=") for part in said)
    asked = {name: allowed.pop(name) for name in FORM}
    assert {name for name, who in asked.items() if who == "(self)"} == may
    assert set(asked.values()) <= {"(self)", "()"}
    assert set(allowed.values()) == {"()"}
    assert "usb" in allowed


def test_tls_is_demanded_only_where_people_come_over_tls(
    app: Flask, sqlite_settings: Settings, clock: SteppingClock, site: Services
) -> None:
    person(site, Role.EVALUATOR, username="wang")
    typed = {"username": "wang", "password": "a long password"}
    plain = browser(app).post("/sign-in", data=typed)
    secure = create_app(sqlite_settings.model_copy(update={"base_url": "https://192.0.2.1"}), clock, lambda: None)
    over_tls = browser(secure).post("/sign-in", data=typed)
    secure.extensions["zoufang"].database.dispose()
    assert "Strict-Transport-Security" not in plain.headers
    assert over_tls.headers["Strict-Transport-Security"] == "max-age=31536000"
    assert "Secure" not in plain.headers["Set-Cookie"]
    for flag in ("Secure", "HttpOnly", "SameSite=Lax"):
        assert flag in over_tls.headers["Set-Cookie"]


def test_no_page_of_a_study_holds_what_the_policy_refuses(app: Flask, site: Services) -> None:
    study = make_study(site, {("柳湾县", "1"): 3}, take={("柳湾县", "1"): 2}).study
    staff = person(site, Role.OWNER, Role.OPERATOR, username="wang")
    client = browser(app, "wang")
    rules = [rule for rule in app.url_map.iter_rules() if "GET" in (rule.methods or ())]
    addresses = [rule.rule.replace("<uuid:study_id>", str(study.id)) for rule in rules]
    addresses += [f"/people/{staff.id}", f"/people/{staff.id}/sign-in", "/nowhere"]
    pages = {
        address: client.get(address, buffered=True)
        for address in addresses
        if "<" not in address and "/trial/" not in address
    }
    html = {address: page.text for address, page in pages.items() if page.mimetype == "text/html"}
    html["phone link"] = client.post(f"/people/{staff.id}/phone-link").text
    html["collect"] = client.post(f"/people/{staff.id}/collect").text
    html["password link"] = client.post(f"/people/{staff.id}/password-link").text
    html["next case"] = client.post("/call/next", follow_redirects=True).text
    assert len(html) > 14
    assert {address: INLINE.findall(text) for address, text in html.items() if INLINE.search(text)} == {}
    assert {address: page.status for address, page in pages.items() if page.status_code >= 500} == {}
