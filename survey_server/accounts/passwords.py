"""Passwords: how they are kept, and which are refused because anybody would try them first."""

from __future__ import annotations

import string
import uuid

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from survey_server.accounts import limits
from survey_server.accounts.models import Person
from survey_server.actors import Actor
from survey_server.audit.service import record
from survey_server.crypto import new_secret
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.work import Services, Work

MIN_PASSWORD = 10
MAX_PASSWORD = 200
FEWEST_SIGNS = 5
RUNS = ("01234567890123456789", "abcdefghijklmnopqrstuvwxyz", "qwertyuiopasdfghjklzxcvbnm", "1qaz2wsx3edc4rfv5tgb")
FIRST_TRIED = (
    "password passwords passwd passw pass admin administrator adminadmin root rootroot user username test testtest "
    "qwerty qwertyuiop qwertyqwerty asdfghjkl letmein welcome iloveyou dragon monkey sunshine princess football "
    "baseball changeme changethis default secret mysecret master login guest temp temporary hello abcabc abc zoufang "
    "zoufangzoufang minzheng minzhengju woaini woainiwoaini aini nihao mima wodemima mimamima manyidu dibao shehui "
    "correcthorsebatterystaple"
)
DISGUISED = str.maketrans("0134578@$", "oleastbas")
ADDED = string.digits + string.punctuation
COMMON = frozenset(FIRST_TRIED.split())

_hasher = PasswordHasher()
NOBODY = _hasher.hash(new_secret())
"""What is compared where there is no such person, so that the answer takes as long."""


def hash_password(password: str, username: str = "") -> str:
    """argon2id of a password that is long and not the first to be tried; raises INVALID_FIELD."""
    if not MIN_PASSWORD <= len(password) <= MAX_PASSWORD:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Password"), why=N_("it needs at least 10 characters"))
    if is_weak(password, username):
        raise ZoufangError(
            Problem.INVALID_FIELD, field=N_("Password"), why=N_("it is among the first that anybody would try")
        )
    return _hasher.hash(password)


def is_weak(password: str, username: str = "") -> bool:
    """Known from lists, digits alone, few different signs, a run of the keyboard, or the user's own name."""
    plain = password.casefold()
    words = {"".join(filter(str.isalpha, text)) for text in (plain, plain.rstrip(ADDED).translate(DISGUISED))}
    return (
        bool(words & (COMMON | {username.casefold() or "password"}))
        or plain.isdigit()
        or len(set(plain)) < FEWEST_SIGNS
        or any(plain in run or plain[::-1] in run for run in RUNS)
    )


def matches(password_hash: str, password: str) -> bool:
    """Whether it is the password. Takes a tenth of a second on purpose: call it outside of a transaction."""
    try:
        return _hasher.verify(password_hash, password[:MAX_PASSWORD])
    except (VerifyMismatchError, InvalidHashError):
        return False


def require_own(services: Services, actor: Actor, password: str) -> Person:
    """The person who acts, if this is their password; raises INVALID_FIELD, TOO_MANY_TRIES."""
    with services.write(actor) as work:
        person = work.session.get_one(Person, actor.id)
        limits.attempt(work, limits.SIGN_IN_NAME, person.username)
    right = matches(person.password_hash, password)
    with services.write(actor) as work:
        if right:
            limits.forgive(work, (limits.SIGN_IN_NAME, person.username))
            return person
        record(work, "session.refuse", "person", person.id)
    raise ZoufangError(Problem.INVALID_FIELD, field=N_("Your password"), why=N_("it is not the right one"))


def set_password(work: Work, person_id: uuid.UUID, password_hash: str) -> None:
    """From now on this is the password; tries that failed before are forgotten."""
    person = work.session.get_one(Person, person_id)
    person.password_hash = password_hash
    limits.forgive(work, (limits.SIGN_IN_NAME, person.username))
    record(work, "person.password", "person", person_id)
