"""What an outline may say of the score: total, interval, grade in words, the money that was examined."""

from __future__ import annotations

from survey_server.results.service import Results
from survey_server.scores.funds import funds_of
from survey_server.scores.grades import grades_of
from survey_server.scores.sheet import Card
from survey_server.work import Work


def score_facts(work: Work, results: Results, card: Card) -> dict[str, str]:
    """Empty where there is no total yet, no interval, or no amounts."""
    total, ends = card.scored.total, card.range
    grades = card.grades(grades_of(work, results.study.id).lines)
    funds = funds_of(work, results)
    return {
        "total": "" if total is None else f"{total:.2f}",
        "out_of": f"{card.table.total.normalize():f}",
        "so_far": f"{card.scored.scored:.2f}" if total is None and card.scored.scored else "",
        "not_scored": str(len(card.scored.missing)),
        "total_interval": f"{ends[0]:.2f}至{ends[1]:.2f}" if ends and ends[0] != ends[1] else "",
        "grade": "或".join(grades),
        "fund_share": "" if funds.share is None else f"{funds.share * 100:.2f}%",
        "fund_examined": "" if funds.examined is None else f"{funds.examined:f}",
        "fund_total": "" if funds.total is None else f"{funds.total:f}",
    }
