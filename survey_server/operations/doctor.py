"""``zoufang doctor``: what is wrong with an installation, and how to mend it. It looks and changes nothing."""

from __future__ import annotations

import datetime as dt
import shutil
import socket
import ssl
import stat
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from enum import Enum
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from urllib.parse import urlsplit

import sqlalchemy as sa
from alembic.script import ScriptDirectory
from cryptography import x509
from sqlalchemy.exc import SQLAlchemyError
from sqlmodel import col, select

import mobile_forms
from survey_server.audit.heads import heads_file
from survey_server.blobs import open_blobs
from survey_server.config import ConfigurationError, Settings
from survey_server.db import Database, alembic_config
from survey_server.errors import N_
from survey_server.keyring import Secret, open_vault
from survey_server.operations.chores import BACKUP, HEAD, HEARTBEAT, VERIFY, Chore
from survey_server.outbox import LAST_ATTEMPT, OutboxRow

MINUTE, DAY = dt.timedelta(minutes=1), dt.timedelta(days=1)
GIGABYTE = 1 << 30
SECONDS = 5.0
"""How long another machine may take to answer."""


class Level(Enum):
    """How bad it is."""

    GOOD = "✓"
    NOTE = "!"
    BAD = "✗"


@dataclass(frozen=True)
class Finding:
    """One thing that was looked at: what was seen and, unless it is good, how to mend it."""

    level: Level
    seen: str
    remedy: str = ""
    fields: Mapping[str, object] = field(default_factory=dict)


Findings = Iterator[Finding]


@dataclass(frozen=True)
class Patient:
    """What is looked at."""

    settings: Settings
    now: dt.datetime
    database: Database


def examine(settings: Settings, now: dt.datetime) -> Findings:
    """Everything, the deepest cause first: without a key or a database the rest cannot be judged."""
    yield from check_keys(settings)
    yield from check_folder(settings)
    yield from check_disk(settings)
    yield from check_address(settings, now)
    if (
        settings.url.startswith("sqlite")
        and not (settings.folder / "zoufang.db").exists()
        and not settings.database_url
    ):
        yield Finding(Level.BAD, N_("there is no database yet"), N_("run zoufang migrate"))
        return
    database = Database(settings.url)
    try:
        patient = Patient(settings, now, database)
        for check in CHECKS:
            yield from check(patient)
    except SQLAlchemyError as error:
        remedy = N_("see that the database server runs and that ZOUFANG_DATABASE_URL is right; then zoufang migrate")
        yield Finding(Level.BAD, N_("the database cannot be used (%(why)s)"), remedy, {"why": type(error).__name__})
    finally:
        database.dispose()


def check_keys(settings: Settings) -> Findings:
    """The master key: there, no key that anybody could guess, and private."""
    try:
        keys = settings.master_keys()
    except ConfigurationError as error:
        remedy = N_("bring the key back from where it is kept apart; a new installation makes one at its first start")
        yield Finding(Level.BAD, N_("the master key: %(why)s"), remedy, {"why": error})
        return
    if not settings.master_key and stat.S_IMODE(settings.key_file.stat().st_mode) & 0o077:
        remedy = N_("chmod 600 %(path)s")
        yield Finding(Level.BAD, N_("others can read the master key in %(path)s"), remedy, {"path": settings.key_file})
    if len(keys) > 1:
        remedy = N_("run zoufang keys rotate, then zoufang keys retire; keep the old key with the backups of its time")
        yield Finding(Level.NOTE, N_("a rotation of the master key is not finished"), remedy)
    else:
        yield Finding(Level.GOOD, N_("the master key is there"))


def check_folder(settings: Settings) -> Findings:
    """The data folder: there and for its owner only."""
    folder = settings.folder
    if not folder.is_dir():
        yield Finding(Level.BAD, N_("there is no data folder %(path)s"), N_("check ZOUFANG_DATA"), {"path": folder})
        return
    if stat.S_IMODE(folder.stat().st_mode) & 0o007:
        remedy = N_("chmod 700 %(path)s")
        yield Finding(Level.NOTE, N_("everybody on this machine can look into %(path)s"), remedy, {"path": folder})
    program = Path(str(mobile_forms.__file__)).parent / "client" / "dist" / "visit" / "index.html"
    if not program.exists():
        yield Finding(Level.BAD, N_("the phone's program is not built"), N_("run python3 bootstrap.py run once"))


def check_disk(settings: Settings) -> Findings:
    """Room for what comes in."""
    place = next(path for path in (settings.folder, *settings.folder.parents) if path.exists())
    usage = shutil.disk_usage(place)
    free = {"free": f"{usage.free / GIGABYTE:.1f}"}
    remedy = N_("make room: move backups elsewhere, or enlarge the disk")
    if usage.free < GIGABYTE:
        yield Finding(Level.BAD, N_("only %(free)s GB of disk are free"), remedy, free)
    elif usage.free < usage.total / 10:
        yield Finding(Level.NOTE, N_("less than a tenth of the disk is free (%(free)s GB)"), remedy, free)
    else:
        yield Finding(Level.GOOD, N_("%(free)s GB of disk are free"), fields=free)


def check_address(settings: Settings, now: dt.datetime) -> Findings:
    """The address in QR codes: over TLS, answering, with a certificate that lasts; and its clock against ours."""
    if not settings.base_url:
        remedy = N_("set ZOUFANG_BASE_URL to the https address that phones reach")
        yield Finding(Level.NOTE, N_("no public address is set; this serves one machine only"), remedy)
        return
    if not settings.secure:
        remedy = N_("put Caddy before the server (deploy/Caddyfile) and set ZOUFANG_BASE_URL to https://…")
        yield Finding(Level.BAD, N_("the public address is without TLS: phones give no camera and no place"), remedy)
    where = {"url": settings.public_url}
    try:
        date, until = _ask(settings.public_url)
    except (OSError, HTTPException, ValueError) as error:
        remedy = N_("see that the server and Caddy run, that the name leads here and that the certificate is good")
        yield Finding(
            Level.BAD, N_("%(url)s does not answer (%(why)s)"), remedy, {**where, "why": type(error).__name__}
        )
        return
    yield Finding(Level.GOOD, N_("%(url)s answers"), fields=where)
    yield from _judge_clock(abs(now - date))
    if until and until - now < 14 * DAY:
        yield Finding(
            Level.BAD,
            N_("the certificate of the public address ends in %(days)s days"),
            N_("see in the log of Caddy why it is not renewed"),
            {"days": (until - now).days},
        )


def check_database(patient: Patient) -> Findings:
    """Its shape is the program's, its clock is ours, and its keys open."""
    with patient.database.reader.connect() as connection:
        version = connection.execute(sa.text("SELECT version_num FROM alembic_version")).scalar_one_or_none()
        if not patient.database.is_sqlite:
            theirs = connection.execute(sa.text("SELECT now()")).scalar_one()
            yield from _judge_clock(abs(patient.now - theirs))
    if version != ScriptDirectory.from_config(alembic_config(patient.settings.url)).get_current_head():
        yield Finding(
            Level.BAD,
            N_("the database has the shape of another version"),
            N_("make a backup, then run zoufang migrate"),
        )
        return
    try:
        with patient.database.read() as session:
            made = session.exec(select(Secret.purpose).limit(1)).first() is not None
        if made:  # opening makes what a new installation has not yet
            open_vault(patient.settings, patient.database, patient.now)
    except ConfigurationError:
        remedy = N_("set the master key that the database was made with")
        yield Finding(Level.BAD, N_("the master key does not open this database"), remedy)
        return
    yield Finding(Level.GOOD, N_("the database answers and has the newest shape"))


def check_files(patient: Patient) -> Findings:
    """The store of files can be read."""
    try:
        open_blobs(patient.settings.blob_url, patient.settings.folder / "blobs").get("doctor/none")
    except FileNotFoundError:
        return
    except Exception as error:  # noqa: BLE001 - every store has its own
        remedy = N_("check ZOUFANG_BLOB_URL, its credentials and the rights of the folder")
        yield Finding(
            Level.BAD, N_("the store of files does not answer (%(why)s)"), remedy, {"why": type(error).__name__}
        )


def check_outbox(patient: Patient) -> Findings:
    """What must follow does follow."""
    waiting = col(OutboxRow.done_at).is_(None)
    stuck = sa.func.coalesce(sa.func.sum(sa.case((col(OutboxRow.attempts) >= LAST_ATTEMPT, 1), else_=0)), 0)
    late = sa.func.coalesce(
        sa.func.sum(sa.case((col(OutboxRow.not_before) < patient.now - 10 * MINUTE, 1), else_=0)), 0
    )
    with patient.database.reader.connect() as connection:
        given_up, overdue = connection.execute(sa.select(stuck, late).where(waiting)).one()
    if given_up:
        remedy = N_("look for outbox.failed in the log; mend the cause, then ask for it again on its page")
        yield Finding(Level.BAD, N_("%(count)s things in the outbox were given up"), remedy, {"count": given_up})
    if overdue - given_up > 0:
        remedy = N_("see that zoufang worker runs")
        yield Finding(
            Level.BAD, N_("%(count)s things in the outbox wait too long"), remedy, {"count": overdue - given_up}
        )


def check_worker(patient: Patient) -> Findings:
    """The worker was at work a moment ago."""
    beat = _chore(patient, HEARTBEAT)
    if beat is None or patient.now - beat.done_at > 5 * MINUTE:
        remedy = N_("start it: systemctl restart zoufang-worker, or zoufang worker")
        yield Finding(Level.BAD, N_("the worker has not been at work for five minutes"), remedy)
    else:
        yield Finding(Level.GOOD, N_("the worker is at work"))


def check_record(patient: Patient) -> Findings:
    """The record was verified and signed of late, and nothing was found."""
    verified, signed = _chore(patient, VERIFY), _chore(patient, HEAD)
    if verified is not None and not verified.well:
        remedy = N_("run zoufang audit verify, and do as it says")
        yield Finding(Level.BAD, N_("the record of what was done does not verify"), remedy)
    elif verified is None or patient.now - verified.done_at > 2 * DAY:
        yield Finding(Level.NOTE, N_("the record was not verified for two days"), N_("run zoufang audit verify"))
    else:
        yield Finding(Level.GOOD, N_("the record of what was done verifies"))
    if signed is None or patient.now - signed.done_at > 2 * DAY:
        remedy = N_("see that zoufang worker runs, or run zoufang audit head; keep a copy of %(path)s elsewhere")
        fields = {"path": heads_file(patient.settings)}
        yield Finding(Level.NOTE, N_("no head of the record was signed for two days"), remedy, fields)


def check_backup(patient: Patient) -> Findings:
    """There is a backup of late."""
    last = _chore(patient, BACKUP)
    remedy = N_("run zoufang backup FILE each night (deploy/zoufang-backup.timer), and keep the file elsewhere")
    if last is None:
        yield Finding(Level.BAD, N_("no backup was ever made"), remedy)
        return
    age = {"days": (patient.now - last.done_at).days}
    if patient.now - last.done_at > 2 * DAY:
        yield Finding(Level.BAD, N_("the last backup is %(days)s days old"), remedy, age)
    else:
        yield Finding(Level.GOOD, N_("there is a backup of the last two days"))


CHECKS: tuple[Callable[[Patient], Findings], ...] = (
    check_database,
    check_files,
    check_outbox,
    check_worker,
    check_record,
    check_backup,
)


def _chore(patient: Patient, name: str) -> Chore | None:
    with patient.database.read() as session:
        return session.get(Chore, name)


def _judge_clock(drift: dt.timedelta) -> Findings:
    if drift > MINUTE:
        remedy = N_("turn time synchronisation on: timedatectl set-ntp true")
        yield Finding(Level.BAD, N_("two clocks differ by %(seconds)s seconds"), remedy, {"seconds": drift.seconds})


def _ask(url: str) -> tuple[dt.datetime, dt.datetime | None]:
    """The date in an answer of the server and, over TLS, until when its certificate is good."""
    parts = urlsplit(url)
    secure = parts.scheme == "https"
    make = HTTPSConnection if secure else HTTPConnection
    connection = make(parts.hostname or "", parts.port, timeout=SECONDS)
    try:
        connection.request("GET", "/healthz")
        date = parsedate_to_datetime(connection.getresponse().getheader("Date", ""))
        return date, _valid_until(connection.sock) if secure else None
    finally:
        connection.close()


def _valid_until(open_socket: socket.socket | None) -> dt.datetime | None:
    raw = open_socket.getpeercert(binary_form=True) if isinstance(open_socket, ssl.SSLSocket) else None
    return x509.load_der_x509_certificate(raw).not_valid_after_utc if raw else None
