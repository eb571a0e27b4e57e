"""What an outline may name: facts of a study as words, and the sentences that the data makes."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable, Mapping, Sequence
from zoneinfo import ZoneInfo

import pandas as pd
import sqlalchemy as sa
from flask_babel import gettext
from sqlmodel import col

from survey_server import __version__
from survey_server.errors import N_
from survey_server.fieldwork.models import Attempt
from survey_server.findings.counting import verified_counts
from survey_server.findings.kinds import kinds
from survey_server.results import wording
from survey_server.results.figures import Figure
from survey_server.results.service import Results
from survey_server.results.tables import process_rates, response_rows
from survey_server.work import Work

ESTIMATE = N_("%(name)s is %(rate)s, 95%% interval %(interval)s (n = %(n)s%(yes)s; %(method)s).")
CENSUS = N_("%(name)s is %(rate)s (n = %(n)s%(yes)s; %(method)s).")
NOTHING = N_("%(name)s: no valid answers, so there is no figure.")


def facts_of(work: Work, results: Results) -> dict[str, str]:
    """Every name that an outline may use, as text; empty where there is nothing to say."""
    study, strata = results.study, results.strata
    zone = ZoneInfo(work.settings.timezone)
    whole = response_rows(results.response)[-1]
    answered = whole.answered
    return {
        "study": study.name,
        "client": study.client or "委托方",
        "company": study.company or "评价机构",
        "month": f"{results.computed_at.astimezone(zone):%Y年%-m月}",
        "practice": f"【{gettext('Practice')}】" if study.practice else "",
        "counties": str(len(results.counties)),
        "strata": str(len(strata)),
        **_sums(strata),
        "answered": str(answered) if answered else "0",
        "rr1": whole.rr1_text,
        "rr2": whole.rr2_text,
        **_draw(results),
        **_fieldwork(work, results, zone),
        **_definitions(results, zone),
        **_problems(results),
        "scored": "1" if results.score.assessed else "",
        "process": "1" if process_rates(results) else "",
        "improve": "1" if results.questions and results.questions.improve else "",
        "heard_from": "1" if results.questions and results.questions.heard_from else "",
        "open_answers": "1" if results.open_answers else "",
        "version": __version__,
        "computed": f"{results.computed_at.astimezone(zone):%Y-%m-%d %H:%M}",
    }


def _problems(results: Results) -> dict[str, str]:
    counts = results.dataset.findings
    found = None if counts.empty else verified_counts(counts).sum()
    return {
        "problems": "" if found is None else str(found["total"]),
        "problems_verified": "0" if found is None else str(found["verified"]),
        "problems_open": "0" if found is None else str(found["clue"]),
    }


def _sums(strata: pd.DataFrame) -> dict[str, str]:
    names = ("population", "main", "reserves", "reserves_released", "released")
    sums = {name: int(strata[name].sum()) for name in names}
    return {name: str(count) for name, count in sums.items()} | {
        "reserves_released": str(sums["reserves_released"]) if sums["reserves_released"] else ""
    }


def _draw(results: Results) -> dict[str, str]:
    draw = results.draw
    return {
        "seed": draw.seed if draw else "",
        "frame_digest": str(draw.certificate["frame"]["digest"]) if draw else "",
        "certificate_digest": results.certificate_digest,
    }


def _fieldwork(work: Work, results: Results, zone: ZoneInfo) -> dict[str, str]:
    query = sa.select(
        sa.func.min(Attempt.at), sa.func.max(Attempt.at), sa.func.count(sa.distinct(col(Attempt.person_id)))
    ).where(col(Attempt.study_id) == results.study.id)
    first, last, people = work.session.execute(query).one()
    counted = results.dataset.cases[results.dataset.cases["counted"]]
    channels = counted["channel"].value_counts()
    return {
        "first_day": _day(first, zone),
        "last_day": _day(last, zone),
        "interviewers": str(people),
        "channels": "、".join(f"{wording.channel_name(str(name))}{count}份" for name, count in channels.items()),
    }


def _definitions(results: Results, zone: ZoneInfo) -> dict[str, str]:
    chosen, locked = results.definitions, results.study.locked_at
    return {
        "satisfaction_name": wording.metric_name(chosen["satisfaction"]),
        "awareness_name": wording.metric_name(chosen["awareness"]),
        "denominator": wording.denominator_name(chosen["denominator"]),
        "domain": wording.domain_name(chosen["domain"]),
        "locked": "" if locked is None else f"{locked.astimezone(zone):%Y年%-m月%-d日}",
        "indicator_table": results.score.title,
    }


def _day(moment: dt.datetime | None, zone: ZoneInfo) -> str:
    return "" if moment is None else f"{moment.astimezone(zone):%Y年%-m月%-d日}"


def satisfaction_sentences(results: Results) -> list[str]:
    """The headline, and beside it everybody who was counted."""
    own = results.satisfaction
    other = "all" if own.domain == "headline" else "headline"
    return [say(own), say(results.figures.get(own.metric, domain=other))]


def awareness_sentences(results: Results) -> list[str]:
    """The study's own awareness rate."""
    return [say(results.awareness)]


def say(figure: Figure) -> str:
    """One sentence for a figure: rate, interval, how many answered, and by which method."""
    name = f"{wording.metric_name(figure.metric)}（{wording.domain_name(figure.domain)}）"
    if figure.estimate is None:
        return gettext(NOTHING) % {"name": name}
    yes = "" if figure.yes is None else gettext(", of them yes %(yes)s") % {"yes": figure.yes}
    fields = {
        "name": name,
        "rate": figure.text,
        "n": figure.n,
        "yes": yes,
        "method": wording.method_name(figure.method),
    }
    if not figure.interval_text:
        return gettext(CENSUS) % fields
    return gettext(ESTIMATE) % {**fields, "interval": figure.interval_text}


def notice_sentences(results: Results) -> list[str]:
    """What limits the result."""
    return [notice.text for notice in results.notices]


def standing_sentences(results: Results) -> list[str]:
    """How many records count and why the others do not."""
    found = [f"{wording.standing_name(name)} {count}" for name, count in results.dataset.standings.items() if count]
    return [gettext("Records received: %(records)s.") % {"records": "；".join(found)}] if found else []


def problem_sentences(results: Results) -> list[str]:
    """What was found and verified, a sentence a kind of problem, the most frequent first, with its counties."""
    counts = results.dataset.findings
    if counts.empty:
        return []
    totals = verified_counts(counts)["verified"].sort_values(ascending=False, kind="stable")
    said = []
    for kind, total in totals[totals > 0].items():
        by_county = verified_counts(counts[counts["kind"] == kind], "county")["verified"]
        where = "、".join(f"{county} {count}" for county, count in by_county[by_county > 0].items())
        fields = {"kind": kinds()[str(kind)].name, "count": total, "where": where}
        said.append(gettext("%(kind)s: %(count)s verified (%(where)s).") % fields)
    return said


SENTENCES: Mapping[str, Callable[[Results], Sequence[str]]] = {
    "satisfaction": satisfaction_sentences,
    "awareness": awareness_sentences,
    "notices": notice_sentences,
    "problems": problem_sentences,
    "standings": standing_sentences,
}
