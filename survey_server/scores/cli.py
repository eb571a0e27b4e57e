"""``zoufang scores``: a published table checked alone."""

from __future__ import annotations

from decimal import Decimal
from gettext import NullTranslations
from pathlib import Path

import click

from survey_server.console.language import catalog
from survey_server.scores.service import check_file
from survey_server.scores.words import grave, said


@click.group()
def scores() -> None:
    """Tables of scores."""


@scores.command()
@click.argument("file", type=click.Path(path_type=Path, exists=True, dir_okay=False))
@click.option("--total", default="100", show_default=True, help="Points of the whole table.")
def check(file: Path, total: str) -> None:
    """Say what a published table (.xlsx, .xls, .csv, .yaml) says against itself; no database is needed."""
    chinese, english = catalog("zh_Hans_CN"), NullTranslations()
    found = check_file(file.name, file.read_bytes(), Decimal(total), chinese.gettext)
    for row, finding in found.findings:
        place = f"{file.name}:{row}: " if row else f"{file.name}: "
        what, remedy = said(finding, chinese.gettext)
        click.echo(f"{place}{finding.code} {what}{remedy}")
        click.echo(f"    {' '.join(said(finding, english.gettext))}")
    lines = len(found.table.leaves())
    if not found.findings:
        click.echo(f"{lines} 项指标，未发现矛盾 · {lines} indicators, no contradiction found")
        return
    serious = sum(grave(finding) for _, finding in found.findings)
    click.echo(
        f"{lines} 项指标，{len(found.findings)} 处问题，其中 {serious} 处足以被退回 · "
        f"{lines} indicators, {len(found.findings)} findings, {serious} of them grave"
    )
    raise click.exceptions.Exit(1)
