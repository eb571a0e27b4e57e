"""``zoufang trace``: from a reference on paper to the figure and what is behind it, now or as it was issued."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import click
import pandas as pd

from survey_server.config import Settings
from survey_server.reports.checking import DIFFERENT, SAME, SAME_IN_PRINT, open_issued, traced_figure, traced_row
from survey_server.reports.issuing import STAGES
from survey_server.reports.rows import Behind, live_row
from survey_server.results.cli import list_cases, tell, tell_definition
from survey_server.results.references import figure_named, find, read_reference
from survey_server.work import Services, Work

VERDICTS = {
    SAME: "由快照复算，逐位相同 · computed again from the snapshot: the same to the last digit",
    SAME_IN_PRINT: "由快照复算，印出的数字相同 · computed again from the snapshot: the same as it is printed",
    DIFFERENT: "由快照复算，结果不同 · computed again from the snapshot: another figure",
}


@click.command("trace")
@click.argument("reference")
@click.option("--cases/--no-cases", default=True, help="List the cases behind the figure.")
def trace_command(reference: str, *, cases: bool) -> None:
    """Show the definition, the estimate, the weights and the cases behind the figure that REFERENCE names.

    A reference that ends in the number of an issue (ABCD-EFGHIJKL-2) is computed again from that report's snapshot.
    """
    services = Services.open(Settings())
    try:
        with services.read() as work:
            if read_reference(reference).issue:
                _tell_issued(work, reference, cases=cases)
            elif found := find(work, reference):
                tell(*found, cases=cases)
            else:
                traced = live_row(work, reference)
                _tell_row(traced.study.name, traced.behind, traced.led, cases=cases)
    finally:
        services.database.dispose()


def _tell_issued(work: Work, reference: str, *, cases: bool) -> None:
    opened = open_issued(work, reference)
    if figure_named(opened.results, opened.wanted) is None:
        row = traced_row(work, opened)
        click.echo(f"第{row.report.number}号 {STAGES[row.report.stage]} {row.report.at:%Y-%m-%d}")
        click.echo(VERDICTS[row.verdict])
        _tell_row(row.study.name, row.behind, row.led, cases=cases)
        return
    traced = traced_figure(work, opened)
    report, issued, now = traced.report, traced.issued, traced.now
    tell_definition(traced.study.name, traced.figure)
    click.echo(f"第{report.number}号 {STAGES[report.stage]} {report.at:%Y-%m-%d}  snapshot {report.digest_now}")
    click.echo(f"{issued['text']}  {issued['interval']}  {issued['counts']}  {issued['method']}")
    click.echo(f"{issued['estimate']}  →  {now['estimate']}")
    click.echo(VERDICTS[traced.verdict])
    if report.erased:
        click.echo(f"撤回后从快照中删去 {report.erased} 份答案 · {report.erased} sets of answers erased")
    click.echo(f"certificate {report.certificate_digest or '—'}")
    click.echo("  ".join(f"{name} {version}" for name, version in sorted(report.software.items())))
    if cases:
        shown = traced.table[traced.table.index.isin(list(traced.led))]
        list_cases(shown.rename(index={label: row["sample_id"] or label for label, row in traced.led.items()}))
        click.echo(f"另有 {len(traced.table) - len(shown)} 行不再指向任何人 · rows that lead to nobody any more")


def _tell_row(study: str, behind: Behind, led: Mapping[str, Mapping[str, Any]], *, cases: bool) -> None:
    """A row of a table: its cells by their headers, the source of a score, and the cases it is of."""
    click.echo(f"{study} · {behind.table.caption}")
    for header, cell in behind.pairs:
        click.echo(f"{header}  {cell}")
    if behind.figure:
        click.echo(f"→ {behind.figure}")
    if cases and behind.cases is not None:
        for label, row in behind.cases[behind.cases.index.isin(list(led))].iterrows():
            said = "" if pd.isna(row["said"]) else row["said"]
            click.echo(f"{led[str(label)]['sample_id'] or label}  {said}  {row['outcome']}")
