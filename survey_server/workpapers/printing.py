"""Working papers for print: each indicator's as a table of what it says, with places for both signatures."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Iterator, Mapping, Sequence
from zoneinfo import ZoneInfo

from flask_babel import force_locale, gettext

from analysis.report.document import Block, Cover, Heading, Paragraph, Table
from analysis.report.pdf import write_pdf
from analysis.report.word import write_docx
from analysis.report.workbook import Column
from survey_server.console.typesetting import fonts
from survey_server.errors import N_
from survey_server.results.drawings import as_png
from survey_server.scores.sheets import source_words
from survey_server.scores.words import rule_words, said
from survey_server.studies.models import Study
from survey_server.work import Work
from survey_server.workpapers.indicators import STATES, Paper, Papers

CHINESE = "zh_Hans_CN"
OPTIONAL = (
    N_("Target"),
    N_("Reason"),
    N_("Evidence"),
    N_("What speaks against it"),
    N_("Note"),
    N_("Remark of the check"),
)
"""Lines that are left out of a paper where they would be empty."""


def blocks_of(work: Work, study: Study, papers: Papers, chosen: Sequence[Paper]) -> list[Block]:
    """The chosen papers, one after the other; Chinese, whatever language the office works in."""
    with force_locale(CHINESE):
        return list(_blocks(study, papers, chosen, ZoneInfo(work.settings.timezone)))


def word_of(blocks: Iterable[Block]) -> bytes:
    """The papers as .docx."""
    return write_docx(blocks, as_png)


def pdf_of(blocks: Iterable[Block]) -> bytes:
    """The papers as PDF."""
    return write_pdf(blocks, fonts())


def source_of(paper: Paper) -> str:
    """Where the figure comes from, with its reference where the survey estimated it."""
    found = [source_words(paper.source.kind)]
    if paper.reference:
        found.append(gettext("reference %(reference)s") % {"reference": paper.reference})
    if paper.source.actual is not None and paper.source.actual.n:
        found.append(f"n = {paper.source.actual.n}")
    return "，".join(part for part in found if part)


def signature(paper: Paper, people: Mapping[uuid.UUID, str], zone: ZoneInfo, *, check: bool) -> str:
    """Who signed and when; empty where nobody did, or where what they signed has changed."""
    person = paper.signed.checked_by if check else paper.signed.made_by
    at = paper.signed.checked_at if check else paper.signed.made_at
    if person is None or at is None or paper.signed.digest != paper.digest:
        return ""
    return f"{people.get(person, '')}　{at.astimezone(zone):%Y-%m-%d}"


def _blocks(study: Study, papers: Papers, chosen: Sequence[Paper], zone: ZoneInfo) -> Iterator[Block]:
    county = f" · {papers.card.county}" if papers.card.county else ""
    if len(chosen) > 1:
        lines = [f"委托单位：{study.client}", f"评价机构：{study.company}"]
        yield Cover(
            f"{study.name}{county}\n指标工作底稿", lines, f"【{gettext('Practice')}】" if study.practice else ""
        )
    yield Paragraph(f"{study.name} · {papers.card.table.title}{county}", note=True)
    for paper in chosen:
        yield Heading(2, f"{paper.number} {paper.line.name}")
        yield _table(paper, papers, zone)


def _table(paper: Paper, papers: Papers, zone: ZoneInfo) -> Table:
    scored, line = paper.scored, paper.line
    ends = f"（{scored.low} – {scored.high}）" if scored.low is not None and scored.low != scored.high else ""
    experts = [f"{papers.people.get(one.person_id, '')} {one.points}：{one.reason}" for one in paper.source.experts]
    rows = [
        [gettext("Points"), str(scored.weight) if scored.weight is not None else gettext("not published")],
        [gettext("Rule"), "，".join(part for part in (rule_words(line), line.note) if part)],
        [gettext("Target"), line.target.text if line.target else ""],
        [gettext("Value found"), paper.value],
        [gettext("Source of the figure"), source_of(paper)],
        [gettext("Reason"), "；".join([paper.reasons, *experts]).strip("；")],
        [gettext("Score"), f"{scored.score}{ends}" if scored.score is not None else ""],
        [gettext("Evidence"), "；".join(f"{number} {title}".strip() for number, title in paper.evidence)],
        [gettext("What speaks against it"), "".join(said(one, gettext)[0] for one in scored.findings)],
        [gettext("Note"), paper.signed.note],
        [gettext("Made by"), signature(paper, papers.people, zone, check=False)],
        [gettext("Checked by"), signature(paper, papers.people, zone, check=True)],
        [gettext("Remark of the check"), paper.signed.remark],
        [gettext("Status"), gettext(STATES[paper.state])],
    ]
    columns = [Column(gettext("Item")), Column(gettext("Content"))]
    optional = {gettext(name) for name in OPTIONAL}
    shown = [[name, text or None] for name, text in rows if text or name not in optional]
    return Table(gettext("Working paper of an indicator"), columns, shown)
