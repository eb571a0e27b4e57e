"""The demonstration study: a small district, invented people, part of it answered."""

from __future__ import annotations

import datetime as dt
import secrets
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

from rich.console import Console
from rich.table import Table

from survey_server.accounts.people import grant
from survey_server.accounts.service import create_person, people
from survey_server.actors import PUBLIC, Actor, Grant, Role
from survey_server.demo.papers import keep_papers
from survey_server.demo.problems import work_on_findings
from survey_server.demo.respondent import Respondent
from survey_server.demo.rosters import small_district
from survey_server.desk.rules import AROUND_THE_CLOCK, Rules, keep_rules
from survey_server.fieldwork.drawing import draw_cases
from survey_server.fieldwork.models import Case
from survey_server.fieldwork.service import assign_evenly, cases_of, facts_of, note_attempt
from survey_server.rosters.prepare import Source
from survey_server.rosters.service import import_files
from survey_server.samples.service import propose, strata_of
from survey_server.studies.forms import current_form, publish_shipped, rules_of
from survey_server.studies.models import CHANNEL_OF, Channel, Purpose, Study
from survey_server.studies.service import add_place, create_study, places
from survey_server.submissions.service import receive
from survey_server.work import Services, Work

SEED = "20261120"
ACCOUNTS_FILE = "demo-accounts.txt"
CAST: Sequence[tuple[str, str, str, frozenset[Role]]] = (
    ("admin", "管理员", "", frozenset({Role.OWNER})),
    ("pingjia", "评价员", "", frozenset({Role.EVALUATOR})),
    ("fangyuan1", "访员一", "F01", frozenset({Role.INTERVIEWER})),
    ("fangyuan2", "访员二", "F02", frozenset({Role.INTERVIEWER})),
    ("zuoxi1", "坐席一", "K01", frozenset({Role.OPERATOR})),
    ("zuoxi2", "坐席二", "K02", frozenset({Role.OPERATOR})),
    ("dudao", "督导员", "D01", frozenset({Role.SUPERVISOR})),
    ("shenhe", "审核员", "S01", frozenset({Role.REVIEWER})),
    ("guancha", "委托方观察员", "", frozenset({Role.OBSERVER})),
)
GRANTED: Mapping[str, Sequence[Grant]] = {
    "dudao": (Grant(county="云溪区"), Grant(county="柳湾县")),
    "guancha": (Grant(),),
}
"""Who reaches what; whoever is not named here reaches what their role says."""
OWNER = Actor("system", roles=frozenset({Role.OWNER}))
VISITED_SHARE, CALLED_SHARE, SCANNED = 0.6, 0.3, 25
NOT_REACHED = ("T17", "T10", "T4", "T5")


@dataclass(frozen=True)
class Fieldworker:
    """Who asks, and on which form."""

    actor: Actor
    purpose: Purpose


def seed_demonstration(services: Services, out: Console) -> Study:
    """Make people, a practice study and the demonstration study; print the accounts."""
    cast = demonstration_cast(services, out)
    _practice_study(services, cast)
    study = _real_study(services, cast)
    answer_part(services, study, cast)
    work_on_findings(services, study, cast)
    keep_papers(services, study, cast)
    return study


def demonstration_cast(services: Services, out: Console) -> dict[str, Actor]:
    """The people of the demonstration; made with random passwords, told once, where they are not there yet."""
    with services.read() as work:
        known = {person.username: person for person, _ in people(work)}
    if all(username in known for username, *_ in CAST):
        return {
            username: Actor("person", known[username].id, name, staff_no, roles)
            for username, name, staff_no, roles in CAST
        }
    cast, passwords = _make_people(services)
    _tell(services, passwords, out)
    return cast


def answer_part(services: Services, study: Study, cast: Mapping[str, Actor]) -> None:
    """Visits, calls and scans of the past week, so that every page has something to show."""
    with services.read() as work:
        cases = [case for case in cases_of(work, study.id) if case.released_at]
    visits = [case for case in cases if case.interviewer_id]
    calls = [case for case in cases if not case.interviewer_id]
    visitor, caller = cast["fangyuan1"], cast["zuoxi1"]
    past = replace(services, clock=lambda: services.clock() - dt.timedelta(days=3))
    _interview(past, study, Fieldworker(visitor, Purpose.VISIT), visits[: int(len(visits) * VISITED_SHARE)])
    spoken = int(len(calls) * CALLED_SHARE)
    _interview(past, study, Fieldworker(caller, Purpose.PHONE), calls[:spoken])
    _not_reached(past, caller, calls[spoken : spoken + 8])
    _scan(past, study)


def _make_people(services: Services) -> tuple[dict[str, Actor], dict[str, str]]:
    cast: dict[str, Actor] = {}
    passwords = {username: secrets.token_urlsafe(9) for username, *_ in CAST}
    with services.write(OWNER) as work:
        for username, name, staff_no, roles in CAST:
            person = create_person(
                work, username=username, name=name, staff_no=staff_no, password=passwords[username], roles=roles
            )
            cast[username] = Actor("person", person.id, name, staff_no, roles)
            for part in GRANTED.get(username, ()):
                grant(work, person.id, part)
    return cast, passwords


def _real_study(services: Services, cast: Mapping[str, Actor]) -> Study:
    with services.write(cast["pingjia"]) as work:
        study = create_study(
            work,
            name="云溪区社会救助绩效评价（演示）",
            client="云溪区民政局",
            company="某某社会评价中心",
            hotline="0599-0000000",
        )
        publish_shipped(work, study)
        keep_rules(work, study.id, Rules(AROUND_THE_CLOCK))
        add_place(work, study, label="云溪区政务服务中心", county="云溪区")
        add_place(work, study, label="龙泉街道便民服务中心", county="云溪区")
        add_place(work, study, label="第一期：对象认定与入户调查", county="云溪区", purpose=Purpose.TRAINING)
    _draw(services, study, cast, precision=0.05)
    return study


def _practice_study(services: Services, cast: Mapping[str, Actor]) -> None:
    with services.write(cast["pingjia"]) as work:
        study = create_study(
            work,
            name="试访练习",
            practice=True,
            client="云溪区民政局",
            company="某某社会评价中心",
            hotline="0599-0000000",
        )
        publish_shipped(work, study)
    _draw(services, study, cast, precision=0.2, seed=7)


def _draw(services: Services, study: Study, cast: Mapping[str, Actor], *, precision: float, seed: int = 2023) -> None:
    files = small_district(seed)
    sources = [Source(name, lambda content=content: content) for name, content in files.items()]
    import_files(services, study.id, sources, actor=cast["pingjia"])
    with services.write(cast["pingjia"]) as work:
        wished = propose(
            strata_of(work, study.id), precision=precision, minimum=2 if study.practice else 30, reserve_share=0.2
        )
        draw_cases(
            work,
            work.session.get_one(Study, study.id),
            takes={stratum.key: stratum.take for stratum in wished},
            reserves={stratum.key: stratum.reserve for stratum in wished},
            seed=SEED,
            seed_source="演示",
        )
        interviewers = [cast["fangyuan1"].id, cast["fangyuan2"].id]
        assign_evenly(work, study.id, [person for person in interviewers if person])
        _leave_for_the_desk(work, study)


def _leave_for_the_desk(work: Work, study: Study) -> None:
    """Every third household is called instead of visited."""
    for place, case in enumerate(cases_of(work, study.id)):
        if case.released_at and place % 3 == 0:
            case.interviewer_id = None


def _interview(services: Services, study: Study, worker: Fieldworker, cases: Sequence[Case]) -> None:
    with services.read() as work:
        form = current_form(work, study.id, worker.purpose)
        facts = {fact.case.id: fact for fact in facts_of(work, study.id, [case.id for case in cases])}
    if form is None:
        return
    rules = rules_of(form)
    (household,) = [question.name for question in rules.form.by_metric("case_id")]
    for case in cases:
        respondent = Respondent(rules, {"households.csv": [facts[case.id].as_item()]}, f"{SEED}/{case.sample_id}")
        filled = respondent.answer({household: case.sample_id}, f"uuid:{uuid.uuid4()}")
        channel = CHANNEL_OF[worker.purpose]
        receive(services, worker.actor, study.id, filled.xml, {}, channel=channel, case_id=case.id)


def _not_reached(services: Services, caller: Actor, cases: Sequence[Case]) -> None:
    with services.write(caller) as work:
        for number, case in enumerate(cases):
            held = work.session.get_one(Case, case.id)
            note_attempt(work, held, channel=Channel.PHONE, outcome=NOT_REACHED[number % len(NOT_REACHED)])


def _scan(services: Services, study: Study) -> None:
    with services.read() as work:
        form = current_form(work, study.id, Purpose.PUBLIC)
        place = next((place for place in places(work, study.id) if place.purpose == Purpose.PUBLIC), None)
    if form is None or place is None:
        return
    rules = rules_of(form)
    (question,) = [question.name for question in rules.form.by_metric("place_id")]
    item = {"name": place.code, "label": place.label, "p_county": place.county}
    for number in range(SCANNED):
        respondent = Respondent(rules, {"places.csv": [item]}, f"{SEED}/scan/{number}")
        filled = respondent.answer({question: place.code}, f"uuid:{uuid.uuid4()}")
        receive(services, PUBLIC, study.id, filled.xml, {}, channel=Channel.QR_PLACE, place_id=place.id)


def _tell(services: Services, passwords: Mapping[str, str], out: Console) -> None:
    table = Table("用户名 user", "密码 password", "角色 role", title="演示账号 · demonstration accounts")
    lines = []
    for username, _name, _staff_no, roles in CAST:
        table.add_row(username, passwords[username], ", ".join(roles))
        lines.append(f"{username}\t{passwords[username]}\n")
    path = services.settings.folder / ACCOUNTS_FILE
    path.touch(mode=0o600)
    path.write_text("".join(lines), "utf-8")
    out.print(table)
    out.print(f"账号也记在 · the accounts are also in: {path}")
