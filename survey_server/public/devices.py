"""How often one device may hand in by the code of a place: so many an hour, whatever address it shares.

A whole village stands behind one address, so the address says nothing. The browser keeps a random name for a day;
who refuses it is counted by what else the browser says.
"""

from __future__ import annotations

import secrets

from flask import request
from werkzeug.wrappers import Response

from survey_server.accounts import limits
from survey_server.work import Work

COOKIE = "device"
LIFE = 24 * 3600
NAME_LENGTH = 22


def remember_device(response: Response, *, secure: bool) -> Response:
    """Give the browser a name, unless it has one."""
    if len(request.cookies.get(COOKIE, "")) != NAME_LENGTH:
        name = secrets.token_urlsafe(16)
        response.set_cookie(COOKIE, name, max_age=LIFE, path="/q/", httponly=True, secure=secure, samesite="Lax")
    return response


def device_name() -> str:
    """The random name of this browser; of one that refuses it, what else it says."""
    name = request.cookies.get(COOKIE, "")
    if len(name) == NAME_LENGTH:
        return name
    return f"{limits.outside(request.remote_addr)} {request.headers.get('User-Agent', '')[:300]}"


def require_room(work: Work, token: str) -> None:
    """Count one more of this device by this code; raises TOO_MANY_TRIES after too many in an hour."""
    limits.spend(work, limits.ANSWERS, f"{token}/{device_name()}")
