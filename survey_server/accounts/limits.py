"""How often something may be tried: delays that grow with failures, and budgets that refill.

One row a key, one statement a try, on both databases, for every process alike. A key is a keyed digest, so
that no address and no user name is kept. Nothing sleeps: who comes too early is told when to come again.
"""

from __future__ import annotations

import datetime as dt
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects import postgresql, sqlite
from sqlmodel import col

from survey_server.accounts.models import Throttle
from survey_server.errors import Problem, ZoufangError
from survey_server.work import Work

MOST_DOUBLINGS = 20
SWEPT = 100


@dataclass(frozen=True)
class Delay:
    """After ``free`` failures each one doubles the wait from one second up to ``longest`` seconds; forgotten after a
    quiet span of ``forget`` seconds."""

    name: str
    free: int
    longest: int
    forget: int = 24 * 3600


@dataclass(frozen=True)
class Budget:
    """``size`` at once, refilled evenly over ``seconds`` (the generic cell rate algorithm, ITU-T I.371)."""

    name: str
    size: int
    seconds: int

    @property
    def interval(self) -> int:
        """Milliseconds until one more may come."""
        return self.seconds * 1000 // self.size


SIGN_IN_NAME = Delay("sign-in-name", free=5, longest=900)
# An office of thirty has one address, so this one is patient: at worst somebody fails once a minute.
SIGN_IN_ADDRESS = Delay("sign-in-address", free=50, longest=60, forget=3600)
SECOND_FACTOR = Delay("second-factor", free=5, longest=900)
ONE_TIME_LINK = Delay("one-time-link", free=30, longest=60)
TOKEN = Delay("token", free=60, longest=60)
ANSWERS = Budget("answers", size=20, seconds=3600)


def require(work: Work, *tried: tuple[Delay, str]) -> None:
    """Raise TOO_MANY_TRIES while one of these has to wait. A subject may be empty: then it is not counted."""
    keys = [_key(work, delay.name, subject) for delay, subject in tried if subject]
    latest = work.session.execute(sa.select(sa.func.max(Throttle.free_at)).where(col(Throttle.key).in_(keys))).scalar()
    _refuse_before(work, latest or 0)


def attempt(work: Work, delay: Delay, subject: str) -> None:
    """Count a try before it is made, so that many at one moment are counted too; raises TOO_MANY_TRIES.

    :func:`forgive` it when it went well. An empty subject is not counted.
    """
    if not subject:
        return
    key = _key(work, delay.name, subject)
    if not _count(work, delay, key, col(Throttle.free_at) <= _milliseconds(work.now)):
        held = sa.select(col(Throttle.free_at)).where(col(Throttle.key) == key)
        _refuse_before(work, work.session.execute(held).scalar_one())


def fail(work: Work, *tried: tuple[Delay, str]) -> None:
    """Count a failure against each; raises nothing."""
    for delay, subject in tried:
        if subject:
            _count(work, delay, _key(work, delay.name, subject), sa.true())


def forgive(work: Work, *tried: tuple[Delay, str]) -> None:
    """Forget the failures: it went well."""
    keys = [_key(work, delay.name, subject) for delay, subject in tried if subject]
    work.session.execute(sa.delete(Throttle).where(col(Throttle.key).in_(keys)))


def spend(work: Work, budget: Budget, subject: str) -> None:
    """Take one from the budget of ``subject``; raises TOO_MANY_TRIES where it is used up, and takes none."""
    now = _milliseconds(work.now)
    key = _key(work, budget.name, subject)
    full = budget.interval * budget.size
    insert = _insert(work).values(key=key, tries=1, free_at=now + budget.interval, forget_at=now + full)
    later = sa.case((col(Throttle.free_at) > now, col(Throttle.free_at)), else_=now) + budget.interval
    taken = insert.on_conflict_do_update(
        index_elements=["key"],
        set_={"tries": Throttle.tries + 1, "free_at": later, "forget_at": later + full},
        where=col(Throttle.free_at) + budget.interval - full <= now,
    ).returning(col(Throttle.key))
    if work.session.execute(taken).first() is None:
        held = sa.select(col(Throttle.free_at)).where(col(Throttle.key) == key)
        _refuse_before(work, work.session.execute(held).scalar_one() + budget.interval - full)


def once(work: Work, name: str, subject: str, span: dt.timedelta) -> bool:
    """Whether this is the first time that ``subject`` is shown; it is remembered for ``span``."""
    until = _milliseconds(work.now + span)
    row = _insert(work).values(key=_key(work, name, subject), tries=1, free_at=0, forget_at=until)
    kept = work.session.execute(row.on_conflict_do_nothing().returning(col(Throttle.key)))
    return kept.first() is not None


def outside(address: str | None) -> str:
    """The caller's address as a subject. A proxy on this machine speaks for everybody, so it is not counted."""
    return "" if address in {None, "127.0.0.1", "::1"} else str(address)


def _count(work: Work, delay: Delay, key: str, where: sa.ColumnElement[bool]) -> bool:
    """One try more, unless ``where`` does not hold; whether it was counted. What is out of date goes."""
    now = _milliseconds(work.now)
    old = sa.select(col(Throttle.key)).where(col(Throttle.forget_at) <= now, col(Throttle.key) != key)
    some = old.limit(SWEPT).with_for_update(skip_locked=True)
    work.session.execute(sa.delete(Throttle).where(col(Throttle.key).in_(some)))
    forget = now + delay.forget * 1000
    insert = _insert(work).values(key=key, tries=1, free_at=_free_at(delay, sa.literal(1), now), forget_at=forget)
    tries = sa.case((col(Throttle.forget_at) <= now, 1), else_=Throttle.tries + 1)
    counted = {"tries": tries, "free_at": _free_at(delay, tries, now), "forget_at": forget}
    done = insert.on_conflict_do_update(index_elements=["key"], set_=counted, where=where).returning(col(Throttle.key))
    return work.session.execute(done).first() is not None


def _free_at(delay: Delay, tries: Any, now: int) -> sa.ColumnElement[int]:  # noqa: ANN401 - a column or a number
    doublings = sa.case((tries - delay.free > MOST_DOUBLINGS, MOST_DOUBLINGS), else_=tries - delay.free)
    seconds = sa.literal(1).bitwise_lshift(doublings)
    longest = sa.case((seconds > delay.longest, delay.longest), else_=seconds)
    return sa.case((tries < delay.free, 0), else_=sa.literal(now, sa.BigInteger) + longest * 1000)


def _insert(work: Work) -> Any:  # noqa: ANN401 - the two dialects' inserts share no type that knows of conflicts
    dialect = sqlite if work.services.database.is_sqlite else postgresql
    return dialect.insert(Throttle)


def _refuse_before(work: Work, free_at: int) -> None:
    wait = free_at - _milliseconds(work.now)
    if wait > 0:
        raise ZoufangError(Problem.TOO_MANY_TRIES, seconds=-(-wait // 1000))


def _key(work: Work, name: str, subject: str) -> str:
    return f"{name}/{work.vault.index('throttle', f'{name}/{subject}').hex()}"


def _milliseconds(moment: dt.datetime) -> int:
    return int(moment.timestamp() * 1000)
