"""A study's report: the outline filled with what the data says and what a person wrote, as Word or PDF."""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from flask_babel import force_locale
from sqlmodel import select

from analysis.report.document import Block, Cover, Heading, Paragraph, Table
from analysis.report.pdf import write_pdf
from analysis.report.widths import fitted
from analysis.report.word import write_docx
from analysis.report.workbook import Sheet, write_workbook
from survey_server.audit.service import record
from survey_server.console.typesetting import fonts
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.reports.facts import SENTENCES, facts_of
from survey_server.reports.models import ReportText
from survey_server.reports.outline import Node, Outline, OutlineError, fill, load_outline
from survey_server.reports.pictures import PICTURES
from survey_server.reports.score_facts import score_facts
from survey_server.reports.tables import TABLES, score_table
from survey_server.results.drawings import as_png
from survey_server.results.service import Results, results_of
from survey_server.scores.sheet import Card, card_of
from survey_server.work import Work
from survey_server.workpapers.annexes import TABLES as ANNEXED
from survey_server.workpapers.annexes import Annexes, sentence_names

SURVEY, EVALUATION, INTERVIEW = "survey", "evaluation", "interview"
KINDS = (SURVEY, EVALUATION, INTERVIEW)
SCORES = "T8"
MOST_CHARACTERS = 20_000


def outline_of(work: Work, kind: str) -> Outline:
    """The outline of a kind of report; raises NOT_FOUND, and OUTLINE_UNUSABLE naming the file and the place."""
    if kind not in KINDS:
        raise ZoufangError(Problem.NOT_FOUND)
    try:
        outline = load_outline(kind, work.settings.folder)
        _require_known(outline, kind)
    except OutlineError as error:
        raise ZoufangError(Problem.OUTLINE_UNUSABLE, why=str(error)) from error
    return outline


def texts_of(work: Work, study_id: uuid.UUID, kind: str) -> dict[str, str]:
    """A person's own words by the place of the outline."""
    rows = work.session.exec(select(ReportText).where(ReportText.study_id == study_id)).all()
    mine = f"{kind}."
    return {row.place.removeprefix(mine): row.text for row in rows if row.place.startswith(mine)}


def write_text(work: Work, study_id: uuid.UUID, kind: str, place: str, text: str) -> None:
    """Keep a person's own words; raises INVALID_FIELD where they are too long, NOT_FOUND for no such place."""
    if place not in {node.value for node in outline_of(work, kind).own}:
        raise ZoufangError(Problem.NOT_FOUND)
    if len(text) > MOST_CHARACTERS:
        raise ZoufangError(Problem.INVALID_FIELD, field=place, why=N_("it is too long"))
    key = f"{kind}.{place}"
    found = work.session.get(ReportText, (study_id, key))
    if found is None:
        found = ReportText(study_id=study_id, place=key, text="", changed_at=work.now)
    if found.text == text.strip():
        return
    found.text, found.changed_at = text.strip(), work.now
    work.session.add(found)
    record(work, "report.write", "study", study_id, study_id=study_id, place=key)


def blocks_of(work: Work, study_id: uuid.UUID, kind: str) -> list[Block]:
    """The whole report; it is Chinese, whatever language the office works in."""
    return blocks_from(work, kind, results_of(work, study_id), card_of(work, study_id))


def blocks_from(work: Work, kind: str, results: Results, card: Card, cover_lines: Sequence[str] = ()) -> list[Block]:
    """The report that a result and a scored table make, with these lines more on its cover."""
    outline, own = outline_of(work, kind), texts_of(work, results.study.id, kind)
    with force_locale("zh_Hans_CN"):
        annexes = Annexes(work, results.study.id)
        facts = facts_of(work, results) | annexes.facts() | score_facts(work, results, card)
        if kind == INTERVIEW:
            facts |= annexes.topic_facts()
        try:
            lines = [*(fill(line, facts) for line in outline.cover), *cover_lines]
            cover = Cover(fill(outline.title, facts), lines, fill(outline.banner, facts))
            return [cover, *_written(outline.blocks, 1, Material(results, card, facts, own, annexes))]
        except OutlineError as error:
            raise ZoufangError(Problem.OUTLINE_UNUSABLE, why=str(error)) from error


def filler_of(work: Work, study_id: uuid.UUID) -> Callable[[str], str]:
    """What fills the names in a text of the outline; a name that there is not is left for its writer to see."""
    with force_locale("zh_Hans_CN"):
        results = results_of(work, study_id)
        facts = facts_of(work, results) | Annexes(work, study_id).facts()
        facts |= score_facts(work, results, card_of(work, study_id))

    def filled(text: str) -> str:
        try:
            return fill(text, facts)
        except OutlineError:
            return text

    return filled


def word_of(work: Work, study_id: uuid.UUID, kind: str) -> bytes:
    """The report as .docx."""
    return write_docx(blocks_of(work, study_id, kind), as_png)


def pdf_of(work: Work, study_id: uuid.UUID, kind: str) -> bytes:
    """The report as PDF."""
    return write_pdf(blocks_of(work, study_id, kind), fonts())


def tables_of(work: Work, study_id: uuid.UUID) -> bytes:
    """The common tables T1 to T10 as a workbook, a sheet each by its name."""
    results = results_of(work, study_id)
    with force_locale("zh_Hans_CN"):
        found = {name: make(results) for name, make in TABLES.items()}
        found[SCORES] = score_table(results, card_of(work, study_id))
        made = [
            Sheet(name, fitted(table), table.rows, title=f"{results.study.name} · {table.caption}", notes=table.notes)
            for name, table in sorted(found.items(), key=lambda pair: in_order(pair[0]))
        ]
    return write_workbook(made, title=results.study.name, created=results.computed_at.replace(tzinfo=None))


def in_order(name: str) -> tuple[int, str]:
    """T10 after T9."""
    number = "".join(filter(str.isdigit, name))
    return int(number or 0), name


@dataclass(frozen=True)
class Material:
    """What the blocks of a report are made of."""

    results: Results
    card: Card
    facts: Mapping[str, str]
    own: Mapping[str, str]
    annexes: Annexes

    def table(self, name: str) -> Table:
        """A common table, or one of the working papers, by its name."""
        if name in ANNEXED:
            return self.annexes.table(name)
        return score_table(self.results, self.card) if name == SCORES else TABLES[name](self.results)

    def sentences(self, name: str) -> Sequence[str]:
        """Sentences that the data makes, or a topic of the interviews, by name."""
        return SENTENCES[name](self.results) if name in SENTENCES else self.annexes.sentences(name)


def _written(nodes: tuple[Node, ...], level: int, material: Material) -> Iterator[Block]:
    for node in nodes:
        if node.when and not material.facts.get(node.when):
            continue
        if node.kind == "heading":
            yield Heading(level, fill(node.value, material.facts))
            yield from _written(node.blocks, level + 1, material)
        else:
            yield from _block(node, material)


def _block(node: Node, material: Material) -> Iterator[Block]:
    if node.kind in {"text", "note"}:
        yield Paragraph(fill(node.value, material.facts), note=node.kind == "note")
    elif node.kind == "table":
        table = material.table(node.value)
        name = node.value.removesuffix("county").removesuffix("accuracy")
        if table.rows:
            caption = table.caption if name in ANNEXED else f"{table.caption}（{name}）"
            yield Table(caption, table.columns, table.rows, table.notes)
    elif node.kind == "picture":
        picture = PICTURES[node.value](material.results)
        yield from [] if picture is None else [picture]
    elif node.kind == "each":
        yield from map(Paragraph, material.sentences(node.value))
    else:
        lines = material.own.get(node.value, "").splitlines()
        yield from (Paragraph(line.strip()) for line in lines if line.strip())


def _require_known(outline: Outline, kind: str) -> None:
    known = {"table": {*TABLES, SCORES, *ANNEXED}, "picture": PICTURES, "each": {*SENTENCES, *sentence_names()}}
    for node in outline.walk():
        if node.kind in known and node.value not in known[node.kind]:
            there = ", ".join(sorted(known[node.kind]))
            raise OutlineError(f"{kind}.yaml: {node.kind}: {node.value} is not known; there are {there}")
