"""A published score table held against itself."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from analysis.contradictions import Finding, check_published
from analysis.errors import ScoringError
from analysis.indicators import IndicatorTable
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.rosters.problems import describe
from survey_server.rosters.reading import RosterFileError
from survey_server.scores.published import read_published
from survey_server.scores.tables import brought_in, is_own
from survey_server.scores.words import grave
from survey_server.studies.models import Study
from survey_server.work import Work

Translate = Callable[[str], str]
WHY = {
    "levels": N_("no sheet has a column 一级指标"),
    "tree": N_("there is a header, but no indicator below it"),
    "number": N_("row %(row)s: “%(value)s” is not a number"),
    "double": N_("two indicators are called “%(indicator)s”"),
    "long": N_("it has more lines than an indicator table can have"),
}
UNREADABLE = N_("it is not a score table")


@dataclass(frozen=True)
class Check:
    """What was found in one table, the gravest first, each with the row it stands in where it has one."""

    table: IndicatorTable
    findings: Sequence[tuple[int | None, Finding]]

    @property
    def grave(self) -> int:
        """How many of them a reviewer would reject the table for."""
        return sum(grave(finding) for _, finding in self.findings)


def stated_findings(work: Work, study: Study) -> list[Finding]:
    """What the study's own table said against itself as it was brought in: its stated values and scores.

    A shipped table is somebody else's: what that one said of itself is no matter of this study.
    """
    if not is_own(work, study.id):
        return []
    return [finding for finding in check_published(brought_in(work, study)) if finding.code != "WEIGHT_SUM"]


def check_file(name: str, data: bytes, total: Decimal, translate: Translate) -> Check:
    """Read a published table and check it; raises SCORES_UNREADABLE naming the file, the row and the remedy."""
    try:
        table = read_published(name, data, total)
    except RosterFileError as error:
        raise ZoufangError(
            Problem.SCORES_UNREADABLE, file=name, why=describe(error.code, error.fields, translate)[0]
        ) from error
    except ScoringError as error:
        fields = {"row": "?", "value": "?", "indicator": "?", **error.fields}
        why = translate(WHY.get(error.code, UNREADABLE)) % fields
        raise ZoufangError(Problem.SCORES_UNREADABLE, file=name, why=why) from error
    rows = {line.name: line.row for _, line in table.walk()}
    found = [(rows.get(finding.indicator), finding) for finding in check_published(table)]
    return Check(table, sorted(found, key=lambda pair: (not grave(pair[1]), pair[0] or 0)))
