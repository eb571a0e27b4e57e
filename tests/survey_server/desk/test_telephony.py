from __future__ import annotations

import datetime as dt
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import Any

import pytest
from sqlmodel import select

from survey_server import outbox
from survey_server.actors import Actor
from survey_server.audit.models import Event
from survey_server.desk import numbers, telephony
from survey_server.errors import Problem, ZoufangError
from survey_server.fieldwork.calls import Call
from survey_server.fieldwork.service import case_of
from survey_server.work import Services
from tests.support.installation import SteppingClock
from tests.support.studies import DrawnStudy, make_study
from tests.survey_server.desk.calling import close, take

NUMBER = "19000000001"


class Exchange(HTTPServer):
    """A telephone system: it keeps what it was asked, and answers with ``status``."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, dict[str, str], bytes]] = []
        self.status = 204
        super().__init__(("127.0.0.1", 0), Asked)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}/dial"


class Asked(BaseHTTPRequestHandler):
    server: Exchange

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.asked.append((self.path, dict(self.headers), body))
        self.send_response(self.server.status)
        if self.server.status == 302:
            self.send_header("Location", f"{self.server.address}/elsewhere")
        self.end_headers()

    do_GET = do_POST  # noqa: N815 - likewise

    def log_message(self, format: str, *args: Any) -> None:  # noqa: A002 - likewise
        pass


@pytest.fixture
def exchange() -> Iterator[Exchange]:
    with Exchange() as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        yield server
        server.shutdown()
        thread.join()


@pytest.fixture
def drawn(desk: Services) -> DrawnStudy:
    return make_study(desk, {("柳湾县", "1"): 1})


@pytest.fixture
def secret(desk: Services, drawn: DrawnStudy, exchange: Exchange) -> str:
    with desk.write() as work:
        return telephony.connect(work, drawn.study, exchange.address)


def dial(services: Services, actor: Actor) -> Call:
    case = take(services, actor)
    with services.write(actor) as work:
        numbers.dial(work, case_of(work, case.id))
    with services.read() as work:
        return work.session.exec(select(Call)).one()


def drain(services: Services) -> int:
    return outbox.drain(services, {telephony.DIAL: telephony.handle_dial})


def test_a_telephone_system_gets_the_number_signed_and_nothing_else_keeps_it(
    desk: Services,
    secret: str,
    exchange: Exchange,
    caller: Actor,
    clock: SteppingClock,
    capfd: pytest.CaptureFixture[str],
) -> None:
    call = dial(desk, caller)
    assert drain(desk) == 1
    ((path, headers, body),) = exchange.asked
    assert json.loads(body) == {
        "call": str(call.id),
        "number": NUMBER,
        "operator": str(caller.id),
        "study": str(call.study_id),
    }
    seconds = int(clock.now.timestamp())
    assert headers["X-Zoufang-Time"] == str(seconds)
    assert headers["X-Zoufang-Signature"] == telephony.signature(body, secret.encode(), seconds)
    with desk.read() as work:
        rows = work.session.exec(select(outbox.OutboxRow)).all()
        events = work.session.exec(select(Event)).all()
        written = " ".join(str(row.model_dump()) for row in (*rows, *events))
    assert NUMBER not in written
    assert NUMBER not in path
    assert NUMBER not in "".join(capfd.readouterr())


def test_an_exchange_that_fails_leaves_no_number_in_the_log_and_nobody_is_dialled_late(
    desk: Services,
    secret: str,
    exchange: Exchange,
    caller: Actor,
    clock: SteppingClock,
    capfd: pytest.CaptureFixture[str],
) -> None:
    exchange.status = 302
    dial(desk, caller)
    assert drain(desk) == 0
    assert len(exchange.asked) == 1, "a number goes nowhere but to the address that was set"
    assert NUMBER not in "".join(capfd.readouterr())
    exchange.status = 204
    clock.advance(minutes=11)
    assert drain(desk) == 1
    assert len(exchange.asked) == 1, "the operator has gone on"


def test_a_call_that_ended_before_it_was_dialled_is_left_alone(
    desk: Services, secret: str, drawn: DrawnStudy, exchange: Exchange, caller: Actor
) -> None:
    dial(desk, caller)
    close(desk, caller, drawn.main[0], "T17")
    assert drain(desk) == 1
    assert exchange.asked == []


def told(services: Services, call: Call, secret: str, moment: dt.datetime, **event: str) -> None:
    body = json.dumps({"call": str(call.id), "event": "answered", "at": moment.isoformat(), **event}).encode()
    seconds = int(moment.timestamp())
    headers = {telephony.TIME: str(seconds), telephony.SIGNATURE: telephony.signature(body, secret.encode(), seconds)}
    telephony.take_event(services, call.study_id, body, headers)


def test_events_of_a_call_are_taken_and_held_within_its_time(
    desk: Services, secret: str, caller: Actor, clock: SteppingClock
) -> None:
    call = dial(desk, caller)
    clock.advance(seconds=20)
    told(desk, call, secret, clock.now, name="exchange-7")
    clock.advance(seconds=60)
    told(desk, call, secret, clock.now + dt.timedelta(minutes=4), event="ended")
    with desk.read() as work:
        kept = work.session.get_one(Call, call.id)
    assert (kept.answered_at, kept.ended_at) == (call.began_at + dt.timedelta(seconds=20), clock.now)
    assert kept.outside == "exchange-7"


def test_a_wrong_an_old_and_a_strange_signature_are_refused(
    desk: Services, secret: str, caller: Actor, clock: SteppingClock
) -> None:
    call = dial(desk, caller)
    body = json.dumps({"call": str(call.id), "event": "ended", "at": clock.now.isoformat()}).encode()
    seconds = int(clock.now.timestamp())
    good = telephony.signature(body, secret.encode(), seconds)
    for headers in (
        {},
        {telephony.TIME: str(seconds)},
        {telephony.TIME: str(seconds), telephony.SIGNATURE: telephony.signature(body, b"another", seconds)},
        {telephony.TIME: str(seconds + 1), telephony.SIGNATURE: good},
        {telephony.TIME: str(seconds), telephony.SIGNATURE: "sha256=é"},
        {telephony.TIME: "²", telephony.SIGNATURE: good},
    ):
        with pytest.raises(ZoufangError) as caught:
            telephony.take_event(desk, call.study_id, body, headers)
        assert caught.value.problem is Problem.TOKEN_UNKNOWN
    clock.advance(seconds=301)
    with pytest.raises(ZoufangError) as caught:
        telephony.take_event(desk, call.study_id, body, {telephony.TIME: str(seconds), telephony.SIGNATURE: good})
    assert caught.value.problem is Problem.TOKEN_UNKNOWN


def test_a_call_of_another_study_is_not_found(desk: Services, secret: str, caller: Actor, clock: SteppingClock) -> None:
    call = dial(desk, caller)
    elsewhere = make_study(desk, {("白水县", "1"): 1}).study
    with desk.write() as work:
        theirs = telephony.connect(work, elsewhere, "https://exchange.example/dial")
    stolen = call.model_copy(update={"study_id": elsewhere.id})
    with pytest.raises(ZoufangError) as caught:
        told(desk, stolen, theirs, clock.now)
    assert caught.value.problem is Problem.NOT_FOUND


@pytest.mark.parametrize("address", ["http://exchange.example/dial", "ftp://127.0.0.1/", "exchange", "https:///dial"])
def test_numbers_travel_over_https_or_stay_on_this_machine(desk: Services, drawn: DrawnStudy, address: str) -> None:
    with desk.write() as work, pytest.raises(ZoufangError) as caught:
        telephony.connect(work, drawn.study, address)
    assert caught.value.problem is Problem.INVALID_FIELD
