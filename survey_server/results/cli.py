"""From a reference on paper to the figure and what is behind it, in words for the terminal."""

from __future__ import annotations

from collections.abc import Callable
from gettext import NullTranslations

import click
import pandas as pd

from survey_server.console.language import catalog
from survey_server.results.figures import Figure
from survey_server.results.service import Results
from survey_server.results.trace import Question
from survey_server.results.trace import trace as behind
from survey_server.results.wording import DENOMINATORS, DOMAINS, METHODS, METRICS, PARTS


def tell(results: Results, figure: Figure, *, cases: bool) -> None:
    """Say what a figure is now: its definition, estimate, method, certificate, and the cases behind it."""
    tell_definition(results.study.name, figure)
    method = catalog("zh_Hans_CN").gettext(METHODS[figure.method])
    click.echo(f"{figure.text}  {figure.interval_text}  {figure.counts_text}  {method}")
    click.echo(f"certificate {results.certificate_digest or '—'}")
    if cases:
        list_cases(behind(results.dataset, Question(**figure.keys)))


def tell_definition(study: str, figure: Figure) -> None:
    """What a figure is of, in Chinese and in English."""
    words = (METRICS.get(figure.metric, figure.metric), DENOMINATORS[figure.denominator], DOMAINS[figure.domain])
    for say in (catalog("zh_Hans_CN").gettext, NullTranslations().gettext):
        click.echo(f"{study} · {' · '.join(say(word) for word in words)}")
    click.echo(f"{figure.county or '—'} · {figure.category or '—'}")


def list_cases(table: pd.DataFrame) -> None:
    """A line a case: its number, codes, weight, and what it is to the figure."""
    _list(table, catalog("zh_Hans_CN").gettext)


def _list(table: pd.DataFrame, say: Callable[[str], str]) -> None:
    for sample_id, row in table.iterrows():
        codes = " ".join(str(row[name]) for name in table.columns if str(name).startswith("code."))
        weight = f"{row['weight']:.4f}" if row["counted"] else "—"
        click.echo(f"{sample_id}  {codes}  {weight}  {say(PARTS[str(row['part'])])}")
