"""The sheets 结果, 口径 and 抽样 of the workbook."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext

from analysis.report.workbook import Column, Kind, Sheet
from analysis.response import CLASSES
from survey_server import __version__
from survey_server.results import wording
from survey_server.results.estimates import LEVEL
from survey_server.results.figures import Figure
from survey_server.results.measures import definition_of
from survey_server.results.notices import PRACTICE, of_changes
from survey_server.results.references import reference
from survey_server.results.scores import ScoreLine
from survey_server.results.service import Results
from survey_server.results.tables import ResponseRow, figure_rows, response_rows
from survey_server.studies.models import FormVersion, Study
from survey_server.work import Work

Row = list[Any]


def results_sheet(work: Work, results: Results) -> Sheet:
    """Every figure of the page, the response rates and the score, one a row; what limits them above."""
    names = dict(results.categories)
    rows = [
        *(_figure_row(results, figure, names) for figure in [results.satisfaction, results.awareness]),
        *(_score_row(line) for line in results.score.assessed),
        *(row for response in reversed(response_rows(results.response)) for row in _response_rows(response)),
        *(_figure_row(results, figure, names) for figure in _others(results)),
    ]
    notes = [
        gettext("Computed %(moment)s") % {"moment": _moment(work, results.computed_at)},
        *(notice.text for notice in results.notices),
        *results.score.checks,
    ]
    return _sheet("结果", results.study, gettext("Results"), _figure_columns(), rows, notes)


def definitions_sheet(work: Work, results: Results) -> Sheet:
    """What the figures mean: definitions, interval, weights, rounding, and by what they can be computed again."""
    columns = [Column(gettext("What"), width=26), Column(gettext("How"), width=90)]
    facts = (*_definition_facts(results), *_method_facts(results), *_origin_facts(work, results))
    rows = [list(fact) for fact in facts]
    return _sheet("口径", results.study, gettext("Definitions and method"), columns, rows, [])


def sample_sheet(results: Results) -> Sheet:
    """One row a stratum: N, drawn, reserves, outcomes, response and weights; seed and digests above."""
    facts: list[tuple[str, str, Kind, int]] = [
        ("county", gettext("County"), "text", 0),
        ("category_name", gettext("Category"), "text", 0),
        ("unit", gettext("Unit"), "text", 0),
        ("population", gettext("N on the roster"), "integer", 0),
        ("main", gettext("n drawn"), "integer", 0),
        ("reserves", gettext("Reserves drawn"), "integer", 0),
        ("reserves_released", gettext("Reserves released"), "integer", 0),
        *((name, wording.class_name(name), "integer", 0) for name in CLASSES),
        ("n", gettext("Denominator of the response rate"), "integer", 0),
        ("rr1", gettext("Response rate RR1"), "percent", 2),
        ("rr2", gettext("Response rate RR2"), "percent", 2),
        ("headline", gettext("In the headline domain"), "integer", 0),
        ("covered", gettext("Units that the answers stand for"), "integer", 0),
        ("design_weight", gettext("Design weight (N / released)"), "number", 4),
        ("weight", gettext("Weight after nonresponse"), "number", 4),
    ]
    facts = [fact for fact in facts if fact[0] in results.strata]
    columns = [Column(label, kind, digits=digits) for _, label, kind, digits in facts]
    rows = [[row[name] for name, *_ in facts] for row in results.strata.to_dict("records")]
    notes = [f"{name}: {value}" for name, value in _draw_facts(results)]
    return _sheet("抽样", results.study, gettext("Sample and response by stratum"), columns, rows, notes, freeze=2)


def practice_notes(study: Study) -> list[str]:
    """The banner of a practice study, else nothing."""
    return [gettext(PRACTICE)] if study.practice else []


def sheet_title(study: Study, title: str) -> str:
    """Name of the study and of the sheet; a practice study says so first."""
    practice = f"【{gettext('Practice')}】" if study.practice else ""
    return f"{practice}{study.name} · {title}"


def _sheet(
    name: str,
    study: Study,
    title: str,
    columns: Sequence[Column],
    rows: Sequence[Row],
    notes: Sequence[str],
    freeze: int = 1,
) -> Sheet:
    # seeds and digests are long digits that must stay as they are; none of these sheets holds a personal fact
    return Sheet(
        name,
        columns,
        rows,
        title=sheet_title(study, title),
        notes=[*practice_notes(study), *notes],
        freeze=freeze,
        personal=True,
    )


def _figure_columns() -> list[Column]:
    interval = f"{LEVEL:.0%}"
    return [
        Column(gettext("Indicator"), width=34),
        Column(gettext("Code"), width=22),
        Column(gettext("County"), width=14),
        Column(gettext("Category"), width=20),
        Column(gettext("Rate"), "percent"),
        Column(gettext("Rate, %(level)s interval from") % {"level": interval}, "percent"),
        Column(gettext("Rate, %(level)s interval to") % {"level": interval}, "percent"),
        Column(gettext("Score"), "number"),
        Column(gettext("Score, interval from"), "number"),
        Column(gettext("Score, interval to"), "number"),
        Column(gettext("Numerator"), "integer"),
        Column(gettext("Denominator (n)"), "integer"),
        Column(gettext("Not in the denominator"), "integer"),
        Column(gettext("Interviews"), "integer"),
        Column(gettext("Households or persons"), width=14),
        Column(gettext("Denominator"), width=30),
        Column(gettext("Whose answers"), width=30),
        Column(gettext("Interval by"), width=44),
        Column(gettext("Reference"), width=16),
    ]


def _figure_row(results: Results, figure: Figure, names: Mapping[str, str]) -> Row:
    ends: list[Decimal | None] = [figure.estimate, figure.low, figure.high]
    return [
        wording.metric_name(figure.metric),
        figure.metric,
        figure.county or gettext("All"),
        names.get(figure.category, figure.category) or gettext("All"),
        *(ends if figure.is_rate else [None] * 3),
        *([None] * 3 if figure.is_rate else ends),
        figure.yes,
        None if figure.hidden else figure.n,
        figure.missing,
        figure.interviews,
        wording.unit_name(figure.unit),
        wording.denominator_name(figure.denominator),
        wording.domain_name(figure.domain),
        wording.method_name(figure.method),
        "" if figure is results.volunteers else reference(results.study.id, figure),
    ]


def _others(results: Results) -> Iterator[Figure]:
    first = (results.satisfaction.keys, results.awareness.keys)
    yield from (figure for figure in figure_rows(results) if figure.keys not in first)
    if results.volunteers.interviews:
        yield results.volunteers


def _score_row(line: ScoreLine) -> Row:
    everywhere = [gettext("All")] * 2
    name = gettext("Score of “%(name)s” (of %(weight)s points)") % {"name": line.name, "weight": line.weight_text}
    points = [line.score, line.low, line.high]
    return [name, "SCORE", *everywhere, *[None] * 3, *points, *[None] * 4, "", "", "", line.sum_text, ""]


def _response_rows(row: ResponseRow) -> Iterator[Row]:
    where = wording.channel_name(row.channel) if row.channel else gettext("all channels")
    for code, rate, count in (("RR2", row.rr2, row.answered), ("RR1", row.rr1, row.counts[0])):
        name = gettext("Response rate %(code)s, %(channel)s") % {"code": code, "channel": where}
        everywhere = [gettext("All")] * 2
        yield [name, code, *everywhere, rate, *[None] * 5, count, row.n, None, None, "", "", "", "", ""]


def _definition_facts(results: Results) -> Iterator[tuple[str, str]]:
    definitions = results.definitions
    yield gettext("Satisfaction"), wording.metric_name(definitions["satisfaction"])
    yield gettext("Awareness"), wording.metric_name(definitions["awareness"])
    yield (
        gettext("Awareness, each question"),
        gettext("code 1 (said it right, unprompted) over the valid answers; the average is the plain mean of five"),
    )
    yield wording.metric_name("AW_K3"), gettext(wording.THREE_OF_FIVE)
    yield gettext("Heard of, not awareness"), gettext(wording.HEARD)
    weights = definition_of("SAT_COMPOSITE").weights
    parts = "、".join(f"{wording.question_name(tag)} {weight:g}" for tag, weight in weights.items())
    yield wording.metric_name("SAT_COMPOSITE"), gettext(wording.COMPOSITE) % {"weights": parts}
    yield gettext("Payments and procedure"), gettext(wording.PROCESS)
    yield gettext("Denominator"), wording.denominator_name(definitions["denominator"])
    yield gettext("Denominators"), gettext(wording.VALID)
    yield gettext("Whose answers"), wording.domain_name(definitions["domain"])
    yield gettext("Outside the headline domain"), gettext(wording.EXCLUSIONS)
    counts = " → ".join(map(wording.channel_name, definitions["counts"]))
    yield (
        gettext("Which record counts"),
        gettext("%(channels)s; the first complete one, else the first partial one") % {"channels": counts},
    )
    yield gettext("Never pooled"), gettext("answers by public QR codes: volunteers, shown apart, no interval")


def _method_facts(results: Results) -> Iterator[tuple[str, str]]:
    used = sorted({figure.method for figure in results.figures})
    yield gettext("Intervals"), "；".join(wording.method_name(name) for name in used)
    yield gettext("Level"), f"{LEVEL:.0%}"
    staged = "cluster" in results.dataset.cases
    yield gettext("Strata and finite population"), gettext(wording.VILLAGES if staged else wording.STRATA)
    yield gettext("Weights"), gettext(wording.WEIGHTS)
    yield gettext("A stratum with one interview"), gettext(wording.LONELY)
    yield gettext("Response rates"), gettext(wording.RESPONSE)
    yield gettext("Rounding"), gettext(wording.ROUNDING)
    yield gettext("Score"), results.score.title


def _origin_facts(work: Work, results: Results) -> Iterator[tuple[str, str]]:
    study = results.study
    if study.locked_at is not None:
        yield gettext("Definitions locked"), _moment(work, study.locked_at)
    for notice in of_changes(results.changes, work.settings.timezone):
        yield gettext("Changed after the lock"), notice.text
    yield from _draw_facts(results)
    yield gettext("Questionnaires"), "；".join(_questionnaires(work, results))
    yield gettext("Computed"), _moment(work, results.computed_at)
    yield gettext("Software"), f"Zoufang {__version__}"


def _draw_facts(results: Results) -> Iterator[tuple[str, str]]:
    if results.draw is None:
        return
    yield gettext("Seed"), results.draw.seed
    yield gettext("Digest of the roster (SHA-256)"), str(results.draw.certificate["frame"]["digest"])
    yield gettext("Digest of the certificate (SHA-256)"), results.certificate_digest


def _questionnaires(work: Work, results: Results) -> list[str]:
    used = results.dataset.cases["form_version_id"].dropna().unique()
    versions = [work.session.get_one(FormVersion, version_id) for version_id in used]
    return sorted(f"{version.title} {version.form_id} {version.version}" for version in versions)


def _moment(work: Work, moment: Any) -> str:  # noqa: ANN401 - an aware datetime
    zone = work.settings.timezone
    return f"{moment.astimezone(ZoneInfo(zone)):%Y-%m-%d %H:%M:%S} ({zone})"
