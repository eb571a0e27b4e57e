"""A telephone system beside the desk: it is asked to dial, and it tells what became of the call.

To dial, the server posts ``{"call", "number", "operator", "study"}`` as JSON to the study's address; the telephone
system posts ``{"call", "event", "at"}`` back, ``event`` being ringing, answered or ended. Both carry
``X-Zoufang-Signature: sha256=<HMAC-SHA256 of the body under the study's secret, hexadecimal>`` and the time
``X-Zoufang-Time`` (seconds since 1970), which the code covers as ``<time>.<body>``; five minutes apart at most. The
number travels in the body alone: never in an address, a log or the outbox.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import hmac
import json
import secrets
import uuid
from collections.abc import Mapping
from http.client import HTTPException
from typing import Any
from urllib.parse import urlsplit
from urllib.request import HTTPRedirectHandler, Request, build_opener

from pydantic import AwareDatetime, BaseModel, ValidationError

from survey_server import outbox
from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.calls import Call, CallNumber, Telephony
from survey_server.privacy.service import cipher_of
from survey_server.studies.models import Study
from survey_server.work import Services, Work

DIAL = "call.dial"
"""The outbox row that asks a telephone system to dial; it names the call."""
PATIENCE = 5
APART = 300
LATE = dt.timedelta(minutes=1)
"""So long after it was asked for nobody is dialled any more: the operator has gone on."""
MOST_BYTES = 10_000
SIGNATURE, TIME = "X-Zoufang-Signature", "X-Zoufang-Time"


class Event(BaseModel):
    """What a telephone system says of a call."""

    call: uuid.UUID
    event: str
    at: AwareDatetime
    name: str = ""


def connect(work: Work, study: Study, address: str) -> str:
    """Set where the telephone system listens; returns the new secret, shown once. Empty address: none any more.

    Raises INVALID_FIELD for an address that is not https (or http on this machine), and STUDY_CLOSED.
    """
    if study.closed_at is not None:
        raise ZoufangError(Problem.STUDY_CLOSED)
    known = work.session.get(Telephony, study.id)
    if not address:
        if known is not None:
            work.session.delete(known)
        record(work, "telephony.disconnect", "study", study.id, study_id=study.id)
        return ""
    _check(address)
    secret = secrets.token_urlsafe(32)
    sealed = cipher_of(work, study.id).seal(study.id, secret.encode())
    work.session.merge(Telephony(study_id=study.id, address=address, secret=sealed))
    record(work, "telephony.connect", "study", study.id, study_id=study.id)
    return secret


def address_of(work: Work, study_id: uuid.UUID) -> str:
    """Where the telephone system listens; empty: nowhere."""
    known = work.session.get(Telephony, study_id)
    return known.address if known else ""


def ask_to_dial(work: Work, call: Call) -> None:
    """Have the telephone system dial, where the study has one."""
    if work.session.get(Telephony, call.study_id) is not None:
        outbox.put(work, DIAL, call=str(call.id))


def handle_dial(services: Services, payload: Mapping[str, Any]) -> None:
    """The outbox's handler of `DIAL`: post the number to the telephone system. A call that has ended is left alone.

    Raises ConnectionError from here, where no number is known: a log may show what the places of a fault know.
    """
    failure = _ask(services, uuid.UUID(payload["call"]))
    if failure:
        raise ConnectionError(failure)


def _ask(services: Services, call_id: uuid.UUID) -> str:
    """Empty, or the kind of fault."""
    with services.read() as work:
        call = work.session.get(Call, call_id)
        known = None if call is None else work.session.get(Telephony, call.study_id)
        if call is None or known is None or call.ended_at is not None or call.number_id is None:
            return ""
        if work.now - call.began_at > LATE:
            return ""
        cipher = cipher_of(work, call.study_id)
        number = work.session.get_one(CallNumber, call.number_id)
        body = {
            "call": str(call.id),
            "number": cipher.open(number.id, number.number).decode(),
            "operator": str(call.person_id),
            "study": str(call.study_id),
        }
        secret = cipher.open(known.study_id, known.secret)
        address, moment = known.address, work.now
    try:
        _post(address, json.dumps(body).encode(), secret, moment)
    except (OSError, HTTPException) as error:
        return type(error).__name__
    return ""


def take_event(services: Services, study_id: uuid.UUID, body: bytes, headers: Mapping[str, str]) -> None:
    """Take what the telephone system says of a call; raises TOKEN_UNKNOWN, NOT_FOUND or UNREADABLE_REQUEST."""
    with services.write() as work:
        known = work.session.get(Telephony, study_id)
        if known is None:
            raise ZoufangError(Problem.TOKEN_UNKNOWN)
        secret = cipher_of(work, study_id).open(study_id, known.secret)
        _verify(body, secret, headers, work.now)
        event = _read(body)
        call = work.session.get(Call, event.call)
        if call is None or call.study_id != study_id:
            raise ZoufangError(Problem.NOT_FOUND)
        if work.session.get_one(Study, study_id).closed_at is not None:
            raise ZoufangError(Problem.STUDY_CLOSED)
        at = min(max(event.at, call.began_at), work.now)  # the clocks of two machines differ
        if event.event == "answered":
            call.answered_at = at
        elif event.event == "ended":
            call.ended_at = at
        call.outside = event.name[:100] or call.outside
        work.session.add(call)
        record(work, "call.event", "case", call.case_id, study_id=study_id, event=event.event[:20])


def signature(body: bytes, secret: bytes, seconds: int) -> str:
    """The code of a message: HMAC-SHA256 of ``<seconds>.<body>``."""
    return "sha256=" + hmac.new(secret, f"{seconds}.".encode() + body, hashlib.sha256).hexdigest()


class _NoRedirect(HTTPRedirectHandler):
    """A number goes to the address that the owner set, and nowhere else."""

    def redirect_request(self, *_args: object, **_kwargs: object) -> None:
        """Follow none; ``max_redirections`` would let the first one pass."""


def _post(address: str, body: bytes, secret: bytes, moment: dt.datetime) -> None:
    _check(address)
    seconds = int(moment.timestamp())
    headers = {"Content-Type": "application/json", TIME: str(seconds), SIGNATURE: signature(body, secret, seconds)}
    request = Request(address, body, headers, method="POST")  # noqa: S310 - https, or http on this machine: _check
    with build_opener(_NoRedirect).open(request, timeout=PATIENCE) as answer:
        answer.read(MOST_BYTES)


def _verify(body: bytes, secret: bytes, headers: Mapping[str, str], now: dt.datetime) -> None:
    given = headers.get(TIME, "")
    seconds = int(given) if given.isdecimal() and len(given) < 12 else 0
    expected, signed = signature(body, secret, seconds), headers.get(SIGNATURE, "")
    if abs(now.timestamp() - seconds) > APART or not hmac.compare_digest(expected.encode(), signed.encode()):
        raise ZoufangError(Problem.TOKEN_UNKNOWN)


def _read(body: bytes) -> Event:
    try:
        return Event.model_validate_json(body)
    except ValidationError:
        raise ZoufangError(Problem.UNREADABLE_REQUEST) from None


def _check(address: str) -> None:
    parts = urlsplit(address)
    near = parts.hostname in {"127.0.0.1", "::1", "localhost"}
    if parts.scheme not in {"https", "http"} or not parts.hostname or (parts.scheme == "http" and not near):
        raise ZoufangError(
            Problem.INVALID_FIELD, field=N_("Address"), why=N_("it begins with https://, for numbers travel there")
        )
