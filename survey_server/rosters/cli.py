"""``zoufang roster``: rosters by command."""

from __future__ import annotations

import uuid
from pathlib import Path

import click
from rich.progress import Progress as Bar
from sqlmodel import select

from survey_server.config import Settings
from survey_server.rosters import service
from survey_server.rosters.prepare import Source
from survey_server.rosters.report import problem_workbook
from survey_server.studies.models import Study
from survey_server.work import Services, Work


@click.group()
def roster() -> None:
    """Rosters and the frame."""


@roster.command("import")
@click.argument("study")
@click.argument(
    "files", nargs=-1, required=True, type=click.Path(path_type=Path, exists=True, dir_okay=False, readable=True)
)
@click.option(
    "--report",
    type=click.Path(path_type=Path, dir_okay=False),
    help="Write the bad rows into this workbook (.xlsx).",
)
@click.option("--check", is_flag=True, help="Only read and report; leave the frame as it is.")
def import_command(study: str, files: tuple[Path, ...], report: Path | None, *, check: bool) -> None:
    """Read roster FILES into STUDY (its name or id) and take the good rows."""
    services = Services.open(Settings())
    with services.read() as work:
        study_id = find_study(work, study).id
    uploaded = service.upload(
        services, service.SYSTEM, study_id, [Source(path.name, path.read_bytes) for path in files]
    )
    for name, first in uploaded.again.items():
        click.echo(f"内容相同，未重复导入 · the same file twice: {name} = {first}")
    _read(services, study_id, report, check=check)


def _read(services: Services, study_id: uuid.UUID, report: Path | None, *, check: bool) -> None:
    with services.write() as work:
        started = service.begin_import(work, service.study_of(work, study_id))
    with Bar(transient=True) as bar:
        task = bar.add_task("读取名册 · reading", total=started.total)
        service.read_import(services, started.id, lambda done, _total, _name: bar.update(task, completed=done))
    with services.write() as work:
        read = service.import_of(work, started.id)
        if report:
            report.write_bytes(problem_workbook(service.problems_of(work, read)))
        if not check:
            service.take_import(work, read.id)
        result = dict(read.report)
    click.echo(f"{result['rows']} 行 · rows → {result['units']} 户/人 · units")
    for row in result["counts"]:
        click.echo(f"  {row['county']} {row['category_name']}: {row['units']} {row['unit']}, {row['persons']} 人")
    for severity, code, count in result["problems"]:
        click.echo(f"  {severity}: {code} × {count}")


def find_study(work: Work, wanted: str) -> Study:
    """A study by its id or its name; stops with a sentence where there is none or several."""
    found = [s for s in work.session.exec(select(Study)).all() if wanted in {str(s.id), s.name}]
    if len(found) != 1:
        raise click.ClickException(f"没有（或不止一个）这个评价 · no such study, or several: {wanted}")
    return found[0]
