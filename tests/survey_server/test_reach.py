"""Every address × every role × own and other county and other study: none answers what it should not.

A new route is asked at once. It needs an example for each id in its address (``tests/support/corners.py``), and where
it refuses or is empty for a good reason of its own, a line in a table below.
"""

from __future__ import annotations

import io
import shutil
import uuid
import zipfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from survey_server.accounts.models import Device, LoginSession, Passkey
from survey_server.actors import Grant, Role
from survey_server.app import create_app
from survey_server.work import Services
from tests.support.callers import browser, phone
from tests.support.corners import HERE, MINE, OTHER, OTHER_TOWN, THERE, TOWN, WORKERS, Corner, Corners, build
from tests.support.installation import SteppingClock, make_settings
from tests.support.studies import PASSWORD, person

GONE, REFUSED, CONFLICT = 404, 403, 409
EVERYWHERE = ("owner",)
# What each caller is, and what was granted to them: the study "own", a county and a town of it.
CALLERS: Mapping[str, tuple[Role, Callable[[Corners], Grant | None]]] = {
    "owner": (Role.OWNER, lambda _: None),
    "evaluator-of-a-study": (Role.EVALUATOR, lambda corners: Grant(corners.own.study.id)),
    "supervisor": (Role.SUPERVISOR, lambda corners: Grant(corners.own.study.id, HERE)),
    "supervisor-of-a-town": (Role.SUPERVISOR, lambda corners: Grant(corners.own.study.id, HERE, TOWN)),
    "supervisor-of-nothing": (Role.SUPERVISOR, lambda _: None),
    "reviewer": (Role.REVIEWER, lambda corners: Grant(corners.own.study.id, HERE)),
    "observer": (Role.OBSERVER, lambda corners: Grant(corners.own.study.id, HERE)),
    "operator": (Role.OPERATOR, lambda corners: Grant(corners.own.study.id, HERE)),
}
INTERVIEWER = "interviewer"
"""Not in the table: the one whose phone and cases lie in the corner "own"."""

# Words that only the other county, the other study or the other town have.
ELSEWHERE = (OTHER, WORKERS["study"], "study大厅", "study手机")
OTHER_COUNTY = (THERE, WORKERS["county"], "county大厅", "county手机")
STRANGE = {
    "evaluator-of-a-study": ELSEWHERE,
    "supervisor": ELSEWHERE + OTHER_COUNTY,
    "supervisor-of-a-town": (*ELSEWHERE, *OTHER_COUNTY, OTHER_TOWN),
    "supervisor-of-nothing": (*ELSEWHERE, *OTHER_COUNTY, OTHER_TOWN, MINE),
    "reviewer": ELSEWHERE + OTHER_COUNTY,
    "observer": ELSEWHERE + OTHER_COUNTY,
    "operator": ELSEWHERE + OTHER_COUNTY,
    INTERVIEWER: ELSEWHERE + OTHER_COUNTY,
}
# Ids of things that lie in a county; every other id is of the whole study.
PLACED = {"case_id", "person_id", "grant_id", "device_id", "session_id", "card_id", "complaint_id", "clue_id"}
PLACED |= {"finding_id", "finding_file_id", "handover_id", "recall_id", "recording_id", "paper_form_id"}
# Examples for parts of addresses that are no ids.
PARTS = {"name": "answers.csv", "kind": "yaml", "reference": "made-up", "number": 1}
UNKNOWN = uuid.UUID(int=0)
"""Stands for a part without an example, which another test demands."""
ROOM_PARTS = {
    "reports": {"kind": "survey"},
    "workpapers": {"kind": "docx"},
    "questionnaires": {"kind": "phone", "name": "households.csv"},
}
# Routes about the caller's own account: they touch nobody else's things, whatever the role, and do not say whether any
# are there.
OWN_ACCOUNT = "/account/"
# Whoever may call these still meets a closed door here, for a reason of its own.
CLOSED = {
    "rights.open_clue": (REFUSED, "only the named few"),
    "closing.hand_clues_over": (REFUSED, "only the named few"),
    "closing.certificate_json": (GONE, "the study is not closed"),
    "closing.certificate_print": (GONE, "the study is not closed"),
    "samples.take_back": (GONE, "nothing was announced"),
    "release.draw_announced": (GONE, "nothing was announced"),
    "rosters.correct_columns": (GONE, "nothing was imported"),
    "questionnaires.show_draft": (GONE, "it is published, and no draft"),
    "questionnaires.publish": (GONE, "it is published, and never changes"),
    "questionnaires.discard": (GONE, "it is published, and never changes"),
    "rosters.take": (GONE, "nothing was imported"),
    "rosters.download_problems": (GONE, "nothing was imported"),
    "results.download_answers": (GONE, "there is no such file of answers"),
    "exports.fetch": (GONE, "it is not ready, and another asked for it"),
    "exports.ask": (GONE, "no kind of file was named"),
    "results.follow_reference": (GONE, "no such reference was printed"),
    "issued.check_issued": (GONE, "nothing was issued"),
    "issued.download_issued": (GONE, "nothing was issued"),
    "issued.show_figure": (GONE, "nothing was issued"),
    "issued.show_row": (GONE, "no such reference was printed"),
    "call_board.show_recording": (GONE, "the visit was not recorded"),
    "call_board.play": (GONE, "the visit was not recorded"),
    "call_board.mark_recording": (GONE, "the visit was not recorded"),
    "call_board.change_skills": (GONE, "nobody was named"),
    "public.replace_code": (GONE, "no code was named"),
    "public.restore_code": (GONE, "no code was named"),
    "rights.cut_off": (GONE, "nobody was named"),
    "rights.change_readers": (GONE, "nobody was named"),
    "scores.show_line": (GONE, "no line was named"),
    "scores.enter": (GONE, "no line was named"),
    "scores.give_points": (GONE, "no line was named"),
    "workpapers.show_paper": (GONE, "no line was named"),
    "workpapers.make": (GONE, "no line was named"),
    "workpapers.check": (GONE, "no line was named"),
    "accounts.add_grant": (REFUSED, "an empty form asks for everything"),
    "imports.begin_study": (REFUSED, "a study of its own would lie outside of what its maker reaches"),
    "studies.add_study": (REFUSED, "it would lie outside of what its maker reaches"),
    "release.release_replicate": (REFUSED, "of the whole study, for whoever reaches all of it"),
    "release.release_reserves": (REFUSED, "of a whole county, for whoever reaches all of it"),
}
# Whoever reaches a part only of where a person works sees them, and does not manage them.
NOT_MANAGED = {"supervisor-of-a-town": {"person_id", "device_id", "card_id"}}
# These answer alike to what is not in hand and to what is not there.
NOT_IN_HAND = {"desk.form", "desk.households", "desk.show_draft"}
# What a form would send, where nothing at all is answered before the thing is looked for.
SENT: Mapping[str, Mapping[str, str]] = {
    "rights.show_opened": {"reason": "check", "words": "核对"},
    "rights.withdraw": {"reason": "asked", "words": "本人要求"},
    "rights.open_clue": {"reason": "check", "words": "核对"},
}


@dataclass(frozen=True)
class Made:
    """A database with everything in it, and the cookie of each caller."""

    folder: Path
    corners: Corners
    cookies: Mapping[str, str]


@pytest.fixture(scope="module")
def made(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Made:
    folder = tmp_path_factory.mktemp("reach")
    shutil.copyfile(sqlite_template, folder / "zoufang.db")
    app = create_app(make_settings(f"sqlite:///{folder / 'zoufang.db'}", folder), SteppingClock(), wake=lambda: None)
    services: Services = app.extensions["zoufang"]
    corners = build(services)
    cookies = {INTERVIEWER: cookie_of(app, WORKERS["own"])}
    for name, (role, granted) in CALLERS.items():
        part = granted(corners)
        person(services, role, username=name, parts=[part] if part else [])
        cookies[name] = cookie_of(app, name)
    services.database.dispose()
    return Made(folder, corners, cookies)


def cookie_of(app: Flask, username: str) -> str:
    cookie = browser(app, username).get_cookie("session")
    assert cookie is not None
    return cookie.value


class Site:
    """A copy of everything; what a request changed is put back before the next."""

    def __init__(self, made: Made, folder: Path) -> None:
        self.made = made
        self.path = folder / "zoufang.db"
        shutil.copytree(made.folder, folder, dirs_exist_ok=True)
        self.app = create_app(make_settings(f"sqlite:///{self.path}", folder), SteppingClock(), wake=lambda: None)
        self.services: Services = self.app.extensions["zoufang"]

    def ask_as(self, caller: str, rule: Rule, method: str, corner: Corner) -> TestResponse:
        """Ask at a browser in which the caller is signed in."""
        client = browser(self.app)
        client.set_cookie("session", self.made.cookies[caller])
        return self.ask(client, rule, method, corner)

    def ask(self, client: FlaskClient, rule: Rule, method: str, corner: Corner) -> TestResponse:
        """Ask by the ids of a corner; whatever that changed is undone."""
        known = {
            **dict.fromkeys(rule.arguments, UNKNOWN),
            **PARTS,
            **ROOM_PARTS.get(rule.endpoint.split(".")[0], {}),
            **corner.ids,
        }
        arguments = {name: known[name] for name in rule.arguments}
        address = self.app.url_map.bind("localhost").build(rule.endpoint, arguments, method=method)
        sent = None if method == "GET" else dict(SENT.get(rule.endpoint, {}))
        answer = client.open(address, method=method, data=sent, buffered=True)
        if method != "GET" and answer.status_code < 400:
            self.services.database.dispose()
            shutil.copyfile(self.made.folder / "zoufang.db", self.path)
        return answer


@pytest.fixture
def site(made: Made, tmp_path: Path) -> Iterator[Site]:
    site = Site(made, tmp_path / "site")
    yield site
    site.services.database.dispose()


def asked(app: Flask) -> list[tuple[Rule, str]]:
    """Every guarded route with each of its methods; signing out comes last, though it is undone."""
    rules = [rule for rule in app.url_map.iter_rules() if who_may(app, rule)]
    methods = [(rule, method) for rule in rules for method in sorted((rule.methods or set()) - {"OPTIONS", "HEAD"})]
    return sorted(methods, key=lambda pair: (pair[0].rule, pair[1]))


def who_may(app: Flask, rule: Rule) -> frozenset[Role] | None:
    return vars(app.view_functions[rule.endpoint]).get("who")


def roles_of(caller: str) -> set[Role]:
    return {Role.INTERVIEWER} if caller == INTERVIEWER else {CALLERS[caller][0]}


def corners_for(corners: Corners, caller: str, who: frozenset[Role]) -> tuple[Corner, ...]:
    """Where to ask: once where the role decides, or where all corners are alike to whoever reaches all of them."""
    if not roles_of(caller) & who:
        return (corners.own,)
    return (corners.study,) if caller in EVERYWHERE else corners.all


def is_lost(caller: str, rule: Rule, corner: Corner) -> bool:
    """Whether nothing may be found there by this caller."""
    if not rule.arguments - set(PARTS):
        return False
    if caller in EVERYWHERE:
        return False
    if caller == "supervisor-of-nothing":
        return True
    if corner.name == "county" and caller != "evaluator-of-a-study":
        return bool(rule.arguments & PLACED)
    return corner.name == "study"


def is_right(caller: str, rule: Rule, corner: Corner, answer: TestResponse, who: frozenset[Role]) -> bool:
    status = answer.status_code
    if not roles_of(caller) & who:
        return status == REFUSED
    if rule.rule.startswith(OWN_ACCOUNT):
        return status < 500
    if is_lost(caller, rule, corner):
        return status == GONE or (rule.endpoint in NOT_IN_HAND and status == CONFLICT)
    if rule.arguments & NOT_MANAGED.get(caller, set()) and status == REFUSED:
        return True
    if rule.endpoint in CLOSED and status == CLOSED[rule.endpoint][0]:
        return True
    return status not in {401, REFUSED, GONE} and status < 500


def text_of(answer: TestResponse) -> str:
    """What can be read in an answer; a workbook is unpacked."""
    if answer.data.startswith(b"PK"):
        with zipfile.ZipFile(io.BytesIO(answer.data)) as book:
            return "".join(book.read(name).decode("utf-8", "ignore") for name in book.namelist())
    return answer.data.decode("utf-8", "ignore")


def test_every_part_of_an_address_has_an_example(made: Made, site: Site) -> None:
    known = set(PARTS) | set(made.corners.own.ids)
    missing = {name for rule, _ in asked(site.app) for name in rule.arguments} - known
    assert missing == set(), "say in tests/support/corners.py what these are"


def test_the_tables_name_routes_that_there_are(site: Site) -> None:
    endpoints = {rule.endpoint for rule, _ in asked(site.app)}
    assert (set(CLOSED) | set(SENT) | NOT_IN_HAND) - endpoints == set()


@pytest.mark.parametrize("caller", [*CALLERS, INTERVIEWER])
def test_no_route_finds_what_lies_outside_of_the_reach(made: Made, site: Site, caller: str) -> None:
    wrong: dict[str, str] = {}
    for rule, method in asked(site.app):
        who = who_may(site.app, rule) or frozenset()
        for corner in corners_for(made.corners, caller, who):
            answer = site.ask_as(caller, rule, method, corner)
            place = f"{method} {rule.endpoint} {corner.name}"
            if not is_right(caller, rule, corner, answer, who):
                wrong[place] = answer.status
            told = [word for word in STRANGE.get(caller, ()) if word in text_of(answer)]
            if told and (corner.name == "own" or answer.status_code < 400):
                wrong[f"{place} tells"] = ", ".join(told)
    assert wrong == {}, "\n".join(f"{place}: {answer}" for place, answer in wrong.items())


def test_whoever_ends_their_own_things_ends_nobody_elses(made: Made, site: Site) -> None:
    other = made.corners.county.ids
    client = site.app.test_client()
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    client.set_cookie("session", made.cookies[INTERVIEWER])
    for address in ("phones/{device_id}/end", "sessions/{session_id}/end", "passkeys/{passkey_id}/remove"):
        client.post(f"{OWN_ACCOUNT}{address.format(**other)}", data={"password": PASSWORD})
    with site.services.read() as work:
        assert work.session.get_one(Device, other["device_id"]).ended_at is None
        assert work.session.get_one(LoginSession, other["session_id"]).ended_at is None
        assert work.session.get(Passkey, other["passkey_id"]) is not None


def test_a_phone_finds_nothing_of_others(made: Made, site: Site) -> None:
    client = phone(site.app, made.corners.own.phone)
    assert WORKERS["own"] in client.get("/visit/api/day").text
    wrong = {}
    for rule, method in asked(site.app):
        if Role.INTERVIEWER in (who_may(site.app, rule) or ()) and rule.rule.startswith("/visit/"):
            for corner in made.corners.all:
                answer = site.ask(client, rule, method, corner)
                lost = is_lost(INTERVIEWER, rule, corner)
                told = [word for word in STRANGE[INTERVIEWER] if word in text_of(answer)]
                if told or (answer.status_code == GONE) != lost:
                    wrong[f"{method} {rule.rule} {corner.name}"] = (answer.status, told)
    assert wrong == {}


def test_collect_finds_nothing_of_others(made: Made, site: Site) -> None:
    own, other = made.corners.own, made.corners.study
    client = site.app.test_client()
    root = f"/openrosa/{own.phone}"
    assert str(own.ids["form_version_id"]) in client.get(f"{root}/formList").text
    assert str(other.ids["form_version_id"]) not in client.get(f"{root}/formList").text
    for part in ("forms/{}.xml", "manifest/{}", "media/{}/households.csv"):
        assert client.get(f"{root}/{part.format(own.ids['form_version_id'])}").status_code == 200
        assert client.get(f"{root}/{part.format(other.ids['form_version_id'])}").status_code == 404
    listed = client.get(f"{root}/media/{own.ids['form_version_id']}/households.csv").text
    assert HERE in listed
    assert THERE not in listed
