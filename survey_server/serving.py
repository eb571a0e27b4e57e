"""The server at work: one process with threads (on PostgreSQL as many as are set), and the worker beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import qrcode
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server
from rich.console import Console

from survey_server.accounts.links import first_address
from survey_server.accounts.service import any_person
from survey_server.config import Settings
from survey_server.handlers import open_queue
from survey_server.lan import address_on_the_network, certificate_for
from survey_server.streams import private_folder
from survey_server.work import Services

METRICS_FOLDER = "PROMETHEUS_MULTIPROC_DIR"
"""Read by prometheus-client as it is imported, in the processes that answer."""


@dataclass(frozen=True)
class Certificate:
    """TLS for an office network: made by our own small authority."""

    chain: Path
    key: Path
    authority: Path


def prepare(settings: Settings, *, lan: bool) -> tuple[Settings, Certificate | None]:
    """Settings for this run; for the local network, with an address that phones reach and its certificate."""
    if not lan:
        return settings, None
    address = address_on_the_network()
    chain, key, authority = certificate_for(settings.folder / "tls", address)
    changed = settings.model_copy(
        update={"host": "0.0.0.0", "base_url": f"https://{address}:{settings.port}"}  # noqa: S104 - asked for
    )
    return changed, Certificate(chain, key, authority)


def serve(settings: Settings, certificate: Certificate | None, out: Console) -> None:
    """Answer until interrupted."""
    _announce(settings, certificate, out)
    os.environ.update(
        ZOUFANG_DATA=str(settings.folder),
        ZOUFANG_DATABASE_URL=settings.database_url,
        ZOUFANG_HOST=settings.host,
        ZOUFANG_PORT=str(settings.port),
        ZOUFANG_BASE_URL=settings.base_url,
    )
    _make_ready(settings, out)
    _prepare_metrics(settings)
    with _worker(settings):
        _answer(settings, certificate)


@contextmanager
def _worker(settings: Settings) -> Generator[None]:
    """The worker beside the server, unless it runs as a service of its own."""
    if not settings.worker_beside:
        yield
        return
    beside = subprocess.Popen([sys.executable, "-m", "survey_server", "worker"])
    try:
        yield
    finally:
        beside.terminate()
        beside.wait(timeout=30)


def _prepare_metrics(settings: Settings) -> None:
    """Several processes count into files of one folder, which starts empty; a single one counts in memory."""
    if settings.processes == 1:
        return
    folder = private_folder(settings.folder / "metrics")
    for old in folder.glob("*.db"):
        old.unlink()
    os.environ[METRICS_FOLDER] = str(folder)


def _answer(settings: Settings, certificate: Certificate | None) -> None:
    server = Server(
        "survey_server.wsgi:app",
        address=settings.host,
        port=settings.port,
        interface=Interfaces.WSGI,
        workers=settings.processes,
        blocking_threads=settings.threads,
        backlog=1024,
        log_level=LogLevels.error,  # its one warning, of more threads than cores, is meant: they wait for the disk
        ssl_cert=certificate.chain if certificate else None,
        ssl_key=certificate.key if certificate else None,
    )
    server.serve()


def _make_ready(settings: Settings, out: Console) -> None:
    """Make the queue's tables before several processes do so at one moment, which PostgreSQL refuses to one of them.

    Where there is nobody yet, print the address at which the first owner is made.
    """
    services = Services.open(settings)
    open_queue(services)
    with services.read() as work:
        address = None if any_person(work) else first_address(work)
    services.database.dispose()
    if address is not None:
        out.print("还没有任何账号。请打开此地址建立第一位负责人 · Nobody is here yet: make the first owner at")
        out.print(address, soft_wrap=True)


def _announce(settings: Settings, certificate: Certificate | None, out: Console) -> None:
    out.print(f"走访已启动 · Zoufang is running: [bold]{settings.public_url}[/bold]")
    if certificate is None:
        return
    code = qrcode.QRCode(border=2)
    code.add_data(settings.public_url)
    code.print_ascii(out=sys.stdout, invert=True)
    out.print("手机连同一个网络，扫上面的码 · scan this with a phone on the same network.")
    out.print(f"首次请在手机上信任本机证书 · trust this authority on the phone once: {certificate.authority}")
