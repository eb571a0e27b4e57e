"""``zoufang archive``: make a study's archive, and bring one of another installation in."""

from __future__ import annotations

import uuid
from pathlib import Path

import click

from survey_server.config import Settings
from survey_server.console.language import speaking
from survey_server.exports.archive import archive_file
from survey_server.exports.bringing import bring_in
from survey_server.results.service import results_of
from survey_server.work import Services


@click.group()
def archive() -> None:
    """Archives of studies: de-identified, signed, and the same figures elsewhere."""


@archive.command()
@click.argument("study_id", type=click.UUID)
@click.option("--to", "target", type=click.Path(path_type=Path, dir_okay=False), required=True)
def make(study_id: uuid.UUID, target: Path) -> None:
    """Write the archive of the study STUDY_ID into a file."""
    services = Services.open(Settings())
    try:
        with speaking(), services.read() as work:
            made = archive_file(work, results_of(work, study_id), "codes", lambda _done: None)
            said = made.removed.text
    finally:
        services.database.dispose()
    target.write_bytes(made.content)
    click.echo(f"已归档 · archived: {target}\n{said}")


@archive.command("bring-in")
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
def bring_in_command(file: Path) -> None:
    """Make a study of an archive; every figure is computed again and must be the same to the last digit."""
    services = Services.open(Settings())
    try:
        with speaking(), services.write() as work:
            brought = bring_in(work, file.read_bytes())
            name, study_id = brought.study.name, brought.study.id
    finally:
        services.database.dispose()
    click.echo(f"已导入 · brought in: {name} {study_id}")
    click.echo(f"{brought.figures} 个数字复算一致 · figures are the same; key {brought.key_id}")
