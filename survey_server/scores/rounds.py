"""Rounds of experts on the weights of the parts of a line (专家调查法): nobody is shown who says what."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from sqlmodel import col, select

from analysis.delphi import HIGHEST, LOWEST, Round, summarise
from analysis.indicators import IndicatorTable
from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.scores.entering import parts_of, with_weights
from survey_server.scores.models import ExpertOpinion, ExpertRound
from survey_server.scores.tables import keep_table, table_of
from survey_server.studies.models import Study
from survey_server.work import Work

FEWEST = 3
"""Fewer experts would know who says what."""
MOST_REASON = 1_000
RATINGS = tuple(str(rating) for rating in range(LOWEST, HIGHEST + 1))


@dataclass(frozen=True)
class Seen:
    """A round as everybody may see it: how many answered and, once it is closed, what they said together.

    ``reasons`` by item, in an order that says nothing of the experts.
    """

    row: ExpertRound
    answered: int
    summary: Round | None = None
    reasons: Mapping[str, Sequence[str]] | None = None

    @property
    def is_settled(self) -> bool:
        """Whether the rounds may end with this one."""
        return self.summary is not None and self.summary.is_settled(float(self.row.most_spread))


def rounds_of(work: Work, study_id: uuid.UUID, parent: str) -> list[Seen]:
    """The rounds on the parts of a line, first to last; two queries."""
    query = select(ExpertRound).where(ExpertRound.study_id == study_id, ExpertRound.parent == parent)
    rows = work.session.exec(query.order_by(col(ExpertRound.number))).all()
    given: dict[uuid.UUID, list[ExpertOpinion]] = {row.id: [] for row in rows}
    for opinion in work.session.exec(select(ExpertOpinion).where(col(ExpertOpinion.round_id).in_(list(given)))).all():
        given[opinion.round_id].append(opinion)
    return [_seen(row, given[row.id]) for row in rows]


def mine(work: Work, round_id: uuid.UUID) -> ExpertOpinion | None:
    """What the reader said in a round."""
    return None if work.person_id is None else work.session.get(ExpertOpinion, (round_id, work.person_id))


def open_round(work: Work, study: Study, parent: str, most_spread: str) -> ExpertRound:
    """Begin the next round; raises STUDY_CLOSED, STATE_CONFLICT while one is open, INVALID_FIELD, NOT_FOUND."""
    if study.closed_at is not None:
        raise ZoufangError(Problem.STUDY_CLOSED)
    earlier = rounds_of(work, study.id, parent)
    if earlier and earlier[-1].row.closed_at is None:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("a round is open; close it first"))
    row = ExpertRound(
        study_id=study.id,
        parent=parent,
        number=len(earlier) + 1,
        items=[part.name for part in parts_of(table_of(work, study), parent)],
        most_spread=_spread(most_spread),
        opened_at=work.now,
    )
    work.session.add(row)
    record(work, "round.open", "study", study.id, study_id=study.id, parent=parent, number=row.number)
    return row


def give(work: Work, study: Study, parent: str, ratings: Mapping[str, str], reasons: Mapping[str, str]) -> None:
    """An expert's ratings in the open round, again until it closes.

    From the second round on whoever stays outside of the quartiles of the round before says why. Raises
    STATE_CONFLICT where no round is open, INVALID_FIELD naming the part.
    """
    rounds = rounds_of(work, study.id, parent)
    if study.closed_at is not None or not rounds or rounds[-1].row.closed_at is not None or work.person_id is None:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("no round is open"))
    row, before = rounds[-1].row, rounds[-2].summary if len(rounds) > 1 else None
    said = {name: reasons.get(name, "").strip()[:MOST_REASON] for name in row.items}
    for name in row.items:
        if ratings.get(name) not in RATINGS:
            raise ZoufangError(Problem.INVALID_FIELD, field=name, why=N_("rate it from 1 to 10"))
        item = before.item(name) if before else None
        if item is not None and not item.holds(float(ratings[name])) and not said[name]:
            raise ZoufangError(
                Problem.INVALID_FIELD,
                field=name,
                why=N_("your rating lies outside of what the middle half said; give your reason"),
            )
    found = mine(work, row.id)
    if found is None:
        found = ExpertOpinion(round_id=row.id, person_id=work.person_id, ratings={}, reasons={}, at=work.now)
    found.ratings = {name: ratings[name] for name in row.items}
    found.reasons, found.at = {name: text for name, text in said.items() if text}, work.now
    work.session.add(found)
    record(work, "round.rate", "study", study.id, study_id=study.id, parent=parent, number=row.number)


def close_round(work: Work, study: Study, parent: str) -> None:
    """End the open round; from now on all see its summary. Raises STATE_CONFLICT with fewer than three experts."""
    rounds = rounds_of(work, study.id, parent)
    if study.closed_at is not None or not rounds or rounds[-1].row.closed_at is not None:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("no round is open"))
    if rounds[-1].answered < FEWEST:
        raise ZoufangError(
            Problem.STATE_CONFLICT, why=N_("fewer than three experts have rated; a summary would show who said what")
        )
    rounds[-1].row.closed_at = work.now
    work.session.add(rounds[-1].row)
    record(work, "round.close", "study", study.id, study_id=study.id, parent=parent, number=rounds[-1].row.number)


def use_round(work: Work, study: Study, parent: str, total: Decimal, reason: str) -> IndicatorTable:
    """The points of the last round become those of the table, through the lock as any change of it.

    Raises STATE_CONFLICT while the experts do not agree, or where the table has other parts by now.
    """
    rounds = rounds_of(work, study.id, parent)
    last = rounds[-1] if rounds else None
    if last is None or last.summary is None or not last.is_settled:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("the experts do not agree yet; open another round"))
    table = table_of(work, study)
    if [part.name for part in parts_of(table, parent)] != last.row.items:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("the table has other parts by now; open another round"))
    return keep_table(work, study, with_weights(table, parent, last.summary.points(total)), reason)


def _seen(row: ExpertRound, opinions: Sequence[ExpertOpinion]) -> Seen:
    if row.closed_at is None:
        return Seen(row, len(opinions))
    ratings = [{name: float(one.ratings[name]) for name in row.items} for one in opinions]
    reasons = {name: sorted(one.reasons[name] for one in opinions if name in one.reasons) for name in row.items}
    return Seen(row, len(opinions), summarise(row.items, ratings), reasons)


def _spread(text: str) -> str:
    try:
        value = Decimal(text.strip() or "0.25")
    except InvalidOperation as error:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Most spread"), why=N_("a number from 0 to 1")) from error
    if not value.is_finite() or not 0 < value <= 1:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Most spread"), why=N_("a number from 0 to 1"))
    return str(value)
