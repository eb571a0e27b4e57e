"""Working papers (工作底稿), one an indicator: rule, source of the figure, score, who made and checked it."""

from __future__ import annotations

import hashlib
import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from sqlmodel import select

from analysis.indicators import Indicator
from analysis.scoring import ScoredLine
from survey_server.accounts.service import names_of
from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.results.references import reference
from survey_server.scores.papers import evidence_of
from survey_server.scores.sheet import Card, Source, card_of
from survey_server.work import Work
from survey_server.workpapers.models import Workpaper
from survey_server.workpapers.service import MOST_WORDS, open_study, words


class State(StrEnum):
    """How far a working paper is; CHANGED: what was signed is not what stands there now."""

    EMPTY = "empty"
    OPEN = "open"
    MADE = "made"
    CHECKED = "checked"
    CHANGED = "changed"


STATES: Mapping[State, str] = {
    State.EMPTY: N_("no figure yet"),
    State.OPEN: N_("not signed"),
    State.MADE: N_("made, to be checked"),
    State.CHECKED: N_("checked"),
    State.CHANGED: N_("changed since it was signed"),
}
NOBODY = Workpaper(study_id=uuid.UUID(int=0), county="", indicator="")


@dataclass(frozen=True)
class Paper:
    """One indicator's working paper; ``evidence`` pairs the number of each paper with its title."""

    number: str
    county: str
    line: Indicator
    scored: ScoredLine
    source: Source
    value: str
    reference: str
    evidence: Sequence[tuple[str, str]]
    signed: Workpaper
    digest: str

    @property
    def state(self) -> State:
        """How far it is."""
        if self.signed.made_by is None:
            return State.OPEN if self.source.kind else State.EMPTY
        if self.signed.digest != self.digest:
            return State.CHANGED
        return State.CHECKED if self.signed.checked_by else State.MADE

    @property
    def reasons(self) -> str:
        """Why a value that was typed is what it is."""
        return self.source.actual.reason if self.source.actual and not self.source.experts else ""


@dataclass(frozen=True)
class Papers:
    """The working papers of a table in its order, and the names of everybody who signed or judged."""

    card: Card
    papers: Sequence[Paper]
    people: Mapping[uuid.UUID, str]

    def count(self, state: str) -> int:
        """How many are so far."""
        return sum(paper.state == state for paper in self.papers)

    def one(self, key: str) -> Paper:
        """The paper of an indicator; raises NOT_FOUND."""
        found = next((paper for paper in self.papers if paper.line.key == key), None)
        if found is None:
            raise ZoufangError(Problem.NOT_FOUND)
        return found


def papers_of(work: Work, study_id: uuid.UUID, county: str = "") -> Papers:
    """Every indicator's working paper, of the whole study or one county; raises NOT_FOUND for a county it has not."""
    card = card_of(work, study_id, county)
    query = select(Workpaper).where(Workpaper.study_id == study_id, Workpaper.county == county)
    signed = {row.indicator: row for row in work.session.exec(query).all()}
    titles = {paper.number: paper.title for paper in evidence_of(work, study_id)}
    lines = [each for each in card.scored.lines if not each.line.children]
    papers = [
        _paper(study_id, card, each, f"DG{place:02d}", signed.get(each.line.key, NOBODY), titles)
        for place, each in enumerate(lines, start=1)
    ]
    people = {person for paper in papers for person in _people(paper) if person is not None}
    return Papers(card, papers, names_of(work, people))


def make(work: Work, study_id: uuid.UUID, county: str, key: str, note: str) -> None:
    """Sign as the maker (编制); raises STUDY_CLOSED, NOT_FOUND, and STATE_CONFLICT where there is no figure yet."""
    open_study(work, study_id)
    paper = papers_of(work, study_id, county).one(key)
    if not paper.source.kind:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("the indicator has no figure yet: enter it first"))
    signed = work.session.get(Workpaper, (study_id, county, key))
    if signed is None:
        signed = Workpaper(study_id=study_id, county=county, indicator=key)
    signed.note = words(note, N_("Note"), most=MOST_WORDS) if note.strip() else ""
    signed.digest, signed.made_by, signed.made_at = paper.digest, work.person_id, work.now
    signed.remark, signed.checked_by, signed.checked_at = "", None, None
    work.session.add(signed)
    record(work, "workpaper.make", "study", study_id, study_id=study_id, number=paper.number, county=county)


def check(work: Work, study_id: uuid.UUID, county: str, key: str, remark: str) -> None:
    """Sign as the one who checked (复核), another than the maker; raises STUDY_CLOSED, NOT_FOUND, STATE_CONFLICT."""
    paper, signed = _to_check(work, study_id, county, key)
    signed.remark = remark.strip()[:MOST_WORDS]
    signed.checked_by, signed.checked_at = work.person_id, work.now
    work.session.add(signed)
    record(work, "workpaper.check", "study", study_id, study_id=study_id, number=paper.number, county=county)


def give_back(work: Work, study_id: uuid.UUID, county: str, key: str, remark: str) -> None:
    """The checker disagrees, and says why; the paper is to be made again. Raises as ``check``, and INVALID_FIELD."""
    paper, signed = _to_check(work, study_id, county, key)
    signed.remark = words(remark, N_("Remark of the check"))
    signed.made_by, signed.made_at, signed.digest = None, None, ""
    work.session.add(signed)
    record(work, "workpaper.give_back", "study", study_id, study_id=study_id, number=paper.number, county=county)


def _to_check(work: Work, study_id: uuid.UUID, county: str, key: str) -> tuple[Paper, Workpaper]:
    open_study(work, study_id)
    paper = papers_of(work, study_id, county).one(key)
    signed = work.session.get(Workpaper, (study_id, county, key))
    if signed is None or paper.state not in {State.MADE, State.CHECKED}:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("it is not signed by its maker as it stands now"))
    if signed.made_by == work.person_id:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("another person than the maker must check it"))
    return paper, signed


def _paper(
    study_id: uuid.UUID, card: Card, each: ScoredLine, number: str, signed: Workpaper, titles: Mapping[str, str]
) -> Paper:
    source = card.source(each.line)
    numbers = source.actual.evidence if source.actual else ()
    value = card.actual_text(each)
    return Paper(
        number=number,
        county=card.county,
        line=each.line,
        scored=each,
        source=source,
        value=value,
        reference=reference(study_id, source.named) if source.named else "",
        evidence=[(number, titles.get(number, "")) for number in numbers],
        signed=signed,
        digest=_digest(each, source, value),
    )


def _digest(each: ScoredLine, source: Source, value: str) -> str:
    """SHA-256 of what a signature stands for."""
    rule, actual = each.line.rule, source.actual
    seen = {
        "rule": [rule.type, dict(rule.params)] if rule else None,
        "target": each.line.target.text if each.line.target else "",
        "weight": each.weight,
        "value": [source.kind, value, actual.n if actual else None],
        "reason": actual.reason if actual else "",
        "evidence": list(actual.evidence) if actual else [],
        "score": each.score,
    }
    return hashlib.sha256(json.dumps(seen, sort_keys=True, ensure_ascii=False, default=str).encode()).hexdigest()


def _people(paper: Paper) -> list[uuid.UUID | None]:
    typed = paper.source.entry.person_id if paper.source.entry else None
    return [paper.signed.made_by, paper.signed.checked_by, typed, *(one.person_id for one in paper.source.experts)]
