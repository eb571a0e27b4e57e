"""Urgent findings (急难): referred on the day they came in, and followed to their filing.

信息采集–监测预警–核实–帮扶–归集: each has its time; what is not referred by the end of the day is late.
"""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from zoneinfo import ZoneInfo

from survey_server.errors import N_, Problem, ZoufangError
from survey_server.findings.kinds import FILED, HELPED, LOOP, REFERRED, STAGES, State
from survey_server.findings.models import Finding
from survey_server.findings.service import Wanted, finding_of, ledger, note_step, open_study, words_of
from survey_server.work import Work

MOST_TO = 80


@dataclass(frozen=True)
class Urgent:
    """An urgent finding, its case's number, the times of its loop, and whether its referral is or was late."""

    row: Finding
    sample_id: str
    times: Sequence[dt.datetime | None]
    late: bool

    @property
    def waiting(self) -> bool:
        """Whether somebody must still refer it."""
        return self.row.referred_at is None and self.row.state != State.DISMISSED


def urgent_findings(work: Work, study_id: uuid.UUID) -> list[Urgent]:
    """Every urgent finding that the reader may see: those that wait first, the late ones before the others."""
    rows, _ = ledger(work, study_id, Wanted(urgent=True))
    found = [Urgent(row, number, [getattr(row, name) for name in LOOP], is_late(work, row)) for row, number in rows]
    return sorted(found, key=lambda one: (not one.waiting, not one.late, one.row.number))


def is_late(work: Work, row: Finding) -> bool:
    """Whether it was referred after the day on which it came in, or was not and that day is over."""
    if not row.urgent or row.withdrawn_at is not None:
        return False
    if row.referred_at is None and row.state == State.DISMISSED:
        return False
    return _day(work, row.referred_at or work.now) > _day(work, row.at)


def take_stage(work: Work, study_id: uuid.UUID, finding_id: uuid.UUID, stage: str, words: str, to: str = "") -> Finding:
    """Write down that it was referred (to whom), helped (with what outcome) or filed, in that order.

    Raises STUDY_CLOSED, NOT_FOUND, WITHDRAWN, INVALID_FIELD where it is not urgent or not the next stage.
    """
    open_study(work, study_id)
    row, words, to = finding_of(work, study_id, finding_id), words_of(words), to.strip()[:MOST_TO]
    if row.withdrawn_at is not None:
        raise ZoufangError(Problem.WITHDRAWN)
    if stage not in STAGES or stage != next_stage(row):
        raise ZoufangError(
            Problem.INVALID_FIELD, field=N_("Stage"), why=N_("it is not the next stage of an urgent finding")
        )
    if stage == REFERRED and not to:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("To whom"), why=N_("it is empty"))
    setattr(row, f"{stage}_at", work.now)
    work.session.add(row)
    note_step(work, row, stage, words, to)
    return row


def mark_urgent(work: Work, study_id: uuid.UUID, finding_id: uuid.UUID, words: str) -> Finding:
    """Say that a finding is urgent after all; its day is today's. Raises as ``take_stage``."""
    open_study(work, study_id)
    row, words = finding_of(work, study_id, finding_id), words_of(words)
    if row.urgent or row.withdrawn_at is not None:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Urgent"), why=N_("it is so already"))
    row.urgent, row.at = True, work.now
    work.session.add(row)
    note_step(work, row, "urgent", words)
    return row


def next_stage(row: Finding) -> str:
    """What comes next in the referral; empty where nothing does."""
    if not row.urgent:
        return ""
    done = {REFERRED: row.referred_at, HELPED: row.helped_at, FILED: row.filed_at}
    return next((stage for stage, at in done.items() if at is None), "")


def _day(work: Work, moment: dt.datetime) -> dt.date:
    return moment.astimezone(ZoneInfo(work.settings.timezone)).date()
