"""One unit of work: a transaction, on whose behalf, at what time, and what it may reach."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlmodel import Session

from survey_server.actors import SYSTEM, Actor
from survey_server.blobs import BlobStore, open_blobs
from survey_server.clock import Clock, system_clock
from survey_server.config import Settings
from survey_server.crypto import Vault
from survey_server.db import Database
from survey_server.keyring import open_vault
from survey_server.scopes import hold

WAKE = "something was put into the outbox"
RECORDED = "the actions that were recorded"


@dataclass(frozen=True)
class Services:
    """What the server is made of; put together once, by :func:`survey_server.app.create_app`."""

    settings: Settings
    database: Database
    vault: Vault
    blobs: BlobStore
    clock: Clock = system_clock
    wake: Callable[[], Any] = lambda: None
    noted: Callable[[str], Any] = lambda _action: None
    """Called with each action that is in the record now, for the metrics."""

    @classmethod
    def open(cls, settings: Settings, clock: Clock = system_clock) -> Services:
        """The services of an installation; raises ConfigurationError where its master key is another one."""
        database = Database(settings.url)
        try:
            vault = open_vault(settings, database, clock())
        except BaseException:
            database.dispose()
            raise
        return cls(
            settings=settings,
            database=database,
            vault=vault,
            blobs=open_blobs(settings.blob_url, settings.folder / "blobs"),
            clock=clock,
        )

    @contextmanager
    def read(self, actor: Actor = SYSTEM) -> Generator[Work]:
        """Look, without changing anything."""
        with self.database.read() as session:
            hold(session, actor.reach)
            yield Work(self, session, actor, self.clock())

    @contextmanager
    def write(self, actor: Actor = SYSTEM) -> Generator[Work]:
        """Change things: all of it is kept when the block ends, none of it when it raises."""
        with self.database.write() as session:
            hold(session, actor.reach)
            yield Work(self, session, actor, self.clock())
        for action in session.info.get(RECORDED, ()):
            self.noted(action)
        if session.info.get(WAKE):
            self.wake()


@dataclass(frozen=True)
class Work:
    """The first parameter of every use case."""

    services: Services
    session: Session
    actor: Actor
    now: dt.datetime

    @property
    def vault(self) -> Vault:
        """Keys and signatures."""
        return self.services.vault

    @property
    def blobs(self) -> BlobStore:
        """Large files."""
        return self.services.blobs

    @property
    def settings(self) -> Settings:
        """The installation's settings."""
        return self.services.settings

    @property
    def person_id(self) -> uuid.UUID | None:
        """The person on whose behalf this is done."""
        return self.actor.id
