"""The roots of an installation (see :mod:`survey_server.crypto`), stored under the master key.

They are made once, when the installation is opened for the first time, and stay: what is printed in a QR code, stored
as a keyed index or signed in a receipt must still be known after the master key was rotated.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Mapping
from contextlib import suppress

import sqlalchemy as sa
from sqlalchemy.exc import IntegrityError
from sqlmodel import Field, Session, SQLModel, col, select

from survey_server.config import ConfigurationError, Settings
from survey_server.crypto import (
    MasterKeys,
    SealBrokenError,
    Vault,
    derived_roots,
    fresh_roots,
    key_id_of,
    public_half,
)
from survey_server.db import Database, UtcDateTime

SIGNATURE = "receipt-signature"


class Secret(SQLModel, table=True):
    """A root, wrapped by the master key."""

    __tablename__ = "secret"

    purpose: str = Field(primary_key=True)
    wrapped: bytes
    created_at: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]

    @property
    def owner(self) -> bytes:
        """What its wrapping is bound to."""
        return f"secret/{self.purpose}".encode()


class SigningKey(SQLModel, table=True):
    """The public half of a key that signs or once signed: old receipts stay verifiable."""

    __tablename__ = "signing_key"

    key_id: str = Field(primary_key=True)
    public: bytes
    since: dt.datetime = Field(sa_type=UtcDateTime)  # type: ignore[call-overload]


def open_vault(settings: Settings, database: Database, now: dt.datetime) -> Vault:
    """The vault of an installation, its roots made where there are none yet.

    Raises ConfigurationError where the master key that is set is not the one of this database.
    """
    rows = _stored(database)
    # A key is made for a new installation only: where there is data, a key that is missing must be brought back.
    masters = MasterKeys(settings.master_keys if rows or _in_use(database) else settings.load_master_keys)
    if not rows:
        with suppress(IntegrityError):  # another process did so at the same moment
            _make(settings, database, masters, now)
        rows = _stored(database)
    try:
        roots = {row.purpose: masters.unwrap(row.owner, row.wrapped) for row in rows}
    except SealBrokenError as error:
        raise ConfigurationError(WRONG_KEY) from error
    return Vault(masters, roots)


WRONG_KEY = (
    "主密钥不是这个数据库的。请用原来的主密钥（ZOUFANG_MASTER_KEY 或 master.key）。\n"
    "The master key is not the one of this database. Set the one that it was made with "
    "(ZOUFANG_MASTER_KEY or master.key)."
)


def renew_signature(session: Session, masters: MasterKeys, now: dt.datetime) -> str:
    """Give receipts and heads a new signing key, known by its id from now on; the old public key stays known."""
    key = fresh_roots()[SIGNATURE]
    row = session.get_one(Secret, SIGNATURE)
    row.wrapped = masters.wrap(row.owner, key)
    made = _signing_key(key, now)
    session.add(made)
    return made.key_id


def public_keys(session: Session) -> dict[str, bytes]:
    """Every key that ever signed here, by its id."""
    return {row.key_id: row.public for row in session.exec(select(SigningKey)).all()}


def _stored(database: Database) -> list[Secret]:
    with database.read() as session:
        return list(session.exec(select(Secret).order_by(col(Secret.purpose))).all())


def _in_use(database: Database) -> bool:
    """Whether a study was made before there were roots: then the only master key was the root of everything."""
    with database.read() as session:
        return bool(session.execute(sa.text("SELECT EXISTS (SELECT 1 FROM study_key)")).scalar_one())


def _make(settings: Settings, database: Database, masters: MasterKeys, now: dt.datetime) -> None:
    roots = derived_roots(settings.master_keys()[-1]) if _in_use(database) else fresh_roots()
    with database.write() as session:
        if session.exec(select(Secret.purpose)).first() is not None:
            return
        session.add_all(_wrapped(masters, roots, now))
        session.add(_signing_key(roots[SIGNATURE], now))


def _wrapped(masters: MasterKeys, roots: Mapping[str, bytes], now: dt.datetime) -> list[Secret]:
    rows = [Secret(purpose=purpose, wrapped=b"", created_at=now) for purpose in roots]
    for row in rows:
        row.wrapped = masters.wrap(row.owner, roots[row.purpose])
    return rows


def _signing_key(key: bytes, now: dt.datetime) -> SigningKey:
    public = public_half(key)
    return SigningKey(key_id=key_id_of(public), public=public, since=now)
