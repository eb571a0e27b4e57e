"""The server at work: one process with threads (on PostgreSQL as many as are set), and the worker beside it."""

from __future__ import annotations

import os
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import qrcode
from granian.constants import Interfaces
from granian.log import LogLevels
from granian.server import Server
from rich.console import Console

from survey_server.config import Settings
from survey_server.handlers import open_queue
from survey_server.lan import address_on_the_network, certificate_for
from survey_server.work import Services


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
    _make_queue(settings)
    beside = subprocess.Popen([sys.executable, "-m", "survey_server", "worker"])
    try:
        _answer(settings, certificate)
    finally:
        beside.terminate()
        beside.wait(timeout=30)


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


def _make_queue(settings: Settings) -> None:
    """Make the queue's tables before several processes do so at one moment, which PostgreSQL refuses to one of them."""
    services = Services.open(settings)
    open_queue(services)
    services.database.dispose()


def _announce(settings: Settings, certificate: Certificate | None, out: Console) -> None:
    out.print(f"走访已启动 · Zoufang is running: [bold]{settings.public_url}[/bold]")
    if certificate is None:
        return
    code = qrcode.QRCode(border=2)
    code.add_data(settings.public_url)
    code.print_ascii(out=sys.stdout, invert=True)
    out.print("手机连同一个网络，扫上面的码 · scan this with a phone on the same network.")
    out.print(f"首次请在手机上信任本机证书 · trust this authority on the phone once: {certificate.authority}")
