"""``zoufang study``: closing a study, and opening a bundle without a database."""

from __future__ import annotations

import json
import uuid
from pathlib import Path

import click

from survey_server.closing import service
from survey_server.closing.bundle import open_bundle, unpack
from survey_server.closing.printing import certificate_pdf
from survey_server.config import Settings
from survey_server.handlers import drain
from survey_server.studies.service import study_of
from survey_server.work import Services

ASKED = "移交包口令 · passphrase of the bundle"


@click.group()
def study() -> None:
    """Studies: closing them, and what was handed over."""


@study.command()
@click.argument("study_id", type=click.UUID)
@click.option("--to", "folder", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.option("--passphrase", prompt=ASKED, hide_input=True, confirmation_prompt=True)
def close(study_id: uuid.UUID, folder: Path, passphrase: str) -> None:
    """Write the bundle and the certificate into a folder, and destroy the study's personal data for good."""
    services = Services.open(Settings())
    folder.mkdir(parents=True, exist_ok=True)
    with services.read() as work:
        found = study_of(work, study_id)
        bundle = service.bundle_of(work, found, passphrase)
    (folder / "study.zoufang-bundle").write_bytes(bundle)
    name = click.prompt(f"输入项目名称以销毁全部个人信息 · type the study's name to destroy its data ({found.name})")
    with services.write() as work:
        found = study_of(work, study_id)
        service.note_bundle(work, found, bundle)
        closing = service.close_study(work, found, name=name)
    drain(services)
    stated = {"certificate": closing.certificate, "signature": closing.signature}
    (folder / "destruction.json").write_text(json.dumps(stated, ensure_ascii=False, indent=1), "utf-8")
    (folder / "destruction.pdf").write_bytes(certificate_pdf(closing, services.settings.timezone))
    click.echo(f"已结项 · closed: {folder}")


@study.command("open-bundle")
@click.argument("bundle", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--to", "folder", type=click.Path(path_type=Path, file_okay=False), required=True)
@click.option("--passphrase", prompt=ASKED, hide_input=True)
def open_bundle_command(bundle: Path, folder: Path, passphrase: str) -> None:
    """Open a bundle that was handed over; neither database nor master key is needed."""
    for path in unpack(open_bundle(bundle.read_bytes(), passphrase), folder):
        click.echo(str(path))
