"""``zoufang trace``: from a reference on paper to the figure and what is behind it, now or as it was issued."""

from __future__ import annotations

import click

from survey_server.config import Settings
from survey_server.reports.checking import DIFFERENT, SAME, SAME_IN_PRINT, find_issued
from survey_server.reports.issuing import STAGES
from survey_server.results.cli import list_cases, tell, tell_definition
from survey_server.results.references import read_reference
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
            else:
                tell(work, reference, cases=cases)
    finally:
        services.database.dispose()


def _tell_issued(work: Work, reference: str, *, cases: bool) -> None:
    traced = find_issued(work, reference)
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
