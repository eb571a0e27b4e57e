"""``zoufang trace``: from a reference on paper to the figure and what is behind it."""

from __future__ import annotations

from collections.abc import Callable
from gettext import NullTranslations

import click
import pandas as pd

from survey_server.config import Settings
from survey_server.console.language import catalog
from survey_server.results.references import find
from survey_server.results.trace import Question
from survey_server.results.trace import trace as behind
from survey_server.results.wording import DENOMINATORS, DOMAINS, METHODS, METRICS, PARTS
from survey_server.work import Services


@click.command("trace")
@click.argument("reference")
@click.option("--cases/--no-cases", default=True, help="List the cases behind the figure.")
def trace_command(reference: str, *, cases: bool) -> None:
    """Show the definition, the estimate, the weights and the cases behind the figure that REFERENCE names."""
    with Services.open(Settings()).read() as work:
        results, figure = find(work, reference)
        table = behind(results.dataset, Question(**figure.keys))
        chinese, english = catalog("zh_Hans_CN").gettext, NullTranslations().gettext
        for say in (chinese, english):
            words = (
                METRICS.get(figure.metric, figure.metric),
                DENOMINATORS[figure.denominator],
                DOMAINS[figure.domain],
            )
            click.echo(f"{results.study.name} · {' · '.join(say(word) for word in words)}")
        click.echo(f"{figure.county or '—'} · {figure.category or '—'}")
        click.echo(f"{figure.text}  {figure.interval_text}  {figure.counts_text}  {chinese(METHODS[figure.method])}")
        click.echo(f"certificate {results.certificate_digest or '—'}")
        if cases:
            _list(table, chinese)


def _list(table: pd.DataFrame, say: Callable[[str], str]) -> None:
    for sample_id, row in table.iterrows():
        codes = " ".join(str(row[name]) for name in table.columns if str(name).startswith("code."))
        weight = f"{row['weight']:.4f}" if row["counted"] else "—"
        click.echo(f"{sample_id}  {codes}  {weight}  {say(PARTS[str(row['part'])])}")
