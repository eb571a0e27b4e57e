"""What limits a result, said on the page and in the workbook: nothing that a reviewer would have to find."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
from flask_babel import gettext

from analysis.rounding import decimals_supported
from survey_server.errors import N_
from survey_server.results.dataset import Dataset, Standing
from survey_server.results.figures import Figure
from survey_server.studies.models import ChangeAfterLock

SMALL = 5
FEW = 30
NAMED = 8

PRACTICE = N_("Practice study (试访): these figures are for trying only and are not a result.")
NO_ANSWERS = N_("Nobody has answered yet, so there is no figure.")
SENTENCES = {
    "open_cases": N_(
        "Fieldwork goes on: %(open)d of %(released)d released cases have no final outcome yet. The figures will change."
    ),
    "uncovered": N_("No answers from %(strata)s: the figures say nothing of their %(population)d units."),
    "lonely": N_(
        "Only one interview in %(strata)s: a stratum's spread cannot be estimated from one. Its distance from "
        "the mean of all is taken instead, which makes the interval wider."
    ),
    "excluded": N_(
        "%(excluded)d of %(interviews)d interviews are outside the headline domain (a cadre was present, somebody "
        "answered for them, or the like). They are in the figure “all counted interviews”."
    ),
    "thin_headline": N_("After these exclusions fewer than 5 interviews are left in %(strata)s."),
    "decimals": N_(
        "One answer more or less moves the rate by %(step)s percentage points (n = %(n)d): two decimals say more "
        "than the sample knows."
    ),
    "few": N_("Fewer than 30 valid answers (n = %(n)d): not for public tables."),
    "no_case": N_("%(count)d records belong to no case of the sample. They were kept and do not count."),
    "uncounted": N_(
        "%(count)d records of sampled cases do not count because another record counts or was corrected; "
        "they are kept as evidence."
    ),
    "finished_without": N_(
        "%(count)d cases are marked as interviewed, but no record of them counts: they are taken as not interviewed."
    ),
    "withdrawn": N_(
        "%(count)d records were withdrawn by their respondents and deleted. Their cases count as refusals (AAPOR 2.11)."
    ),
    "import_undone": N_("%(count)d records came with an import that was undone: they were deleted and nobody refused."),
    "no_consent": N_("%(count)d records hold no consent to the interview: they were kept and never count."),
    "minor_without_guardian": N_(
        "%(count)d records are of a child under 14 without a guardian's consent: they were kept and never count."
    ),
    "changed_definitions": N_("Changed after the lock, %(day)s: definitions %(of)s. Reason: %(reason)s"),
    "changed_form": N_("Changed after the lock, %(day)s: questionnaire %(of)s. Reason: %(reason)s"),
    "changed_indicators": N_("Changed after the lock, %(day)s: indicator table %(of)s. Reason: %(reason)s"),
    "changed_design": N_("Changed after the lock, %(day)s: sampling design %(of)s. Reason: %(reason)s"),
    "volunteers": N_(
        "%(count)d people answered by a public QR code. They chose themselves, so they are shown apart, without an "
        "interval, and are never pooled."
    ),
    "suppressed": N_(
        "%(count)d figures or counts are not shown (•, in the workbook an empty cell): fewer than 5 stand behind "
        "them, or they would give away one that is so small."
    ),
    "mixed_units": N_("The overall figures count households (户) and persons (人) as the roster counts its units."),
}


@dataclass(frozen=True)
class Notice:
    """A sentence of the table, with what fills it; ``grave`` ones stand out."""

    code: str
    fields: Mapping[str, Any] = field(default_factory=dict)
    grave: bool = False

    @property
    def text(self) -> str:
        """In the reader's language."""
        return gettext(SENTENCES[self.code]) % dict(self.fields)


def notices(dataset: Dataset, headline: Figure) -> list[Notice]:
    """Everything that limits the result, the gravest first."""
    found = [*_of_fieldwork(dataset), *_of_strata(dataset), *_of_records(dataset)]
    found += _of_figure(headline)
    return sorted(found, key=lambda notice: not notice.grave)


def of_changes(changes: Iterable[ChangeAfterLock], zone: str) -> Iterator[Notice]:
    """One for each change after the lock (``survey_server.studies.lock.changes_of``)."""
    for change in changes:
        values = [str(value) for name, value in change.after.items() if name != "digest"]
        day = f"{change.at.astimezone(ZoneInfo(zone)):%Y-%m-%d}"
        fields = {"day": day, "of": " ".join(values), "reason": change.reason}
        yield Notice(f"changed_{change.what}", fields, grave=True)


def stratum_label(county: str, category_name: str) -> str:
    """A stratum as people call it."""
    return " · ".join(part for part in (county, category_name) if part)


def _of_fieldwork(dataset: Dataset) -> Iterator[Notice]:
    cases = dataset.cases
    still = int((~cases["settled"]).sum())
    if still:
        yield Notice("open_cases", {"open": still, "released": len(cases)}, grave=True)
    stray = int(cases["finished_without"].sum())
    if stray:
        yield Notice("finished_without", {"count": stray}, grave=True)


def _of_strata(dataset: Dataset) -> Iterator[Notice]:
    strata = dataset.cases.groupby("stratum", sort=False).agg(
        county=("county", "first"),
        category_name=("category_name", "first"),
        population=("population", "first"),
        covered=("covered", "first"),
        answered=("counted", "sum"),
        undisturbed=("headline", "sum"),
    )
    silent = strata[strata["answered"] == 0]
    if len(silent):
        population = int(silent["population"].sum())
        yield Notice("uncovered", {"strata": _names(silent), "population": population}, grave=True)
    alone = strata[(strata["answered"] == 1) & (strata["covered"] > 1)]
    if len(alone):
        yield Notice("lonely", {"strata": _names(alone)})
    interviews, undisturbed = int(strata["answered"].sum()), int(strata["undisturbed"].sum())
    if undisturbed < interviews:
        yield Notice("excluded", {"excluded": interviews - undisturbed, "interviews": interviews})
        thin = strata[(strata["undisturbed"] < SMALL) & (strata["undisturbed"] < strata["answered"])]
        if len(thin):
            yield Notice("thin_headline", {"strata": _names(thin)}, grave=True)


def _of_records(dataset: Dataset) -> Iterator[Notice]:
    standing = dataset.standings
    if standing.get(Standing.NO_CASE, 0):
        yield Notice("no_case", {"count": standing[Standing.NO_CASE]}, grave=True)
    evidence = standing.get(Standing.ANOTHER_COUNTS, 0) + standing.get(Standing.CORRECTED, 0)
    if evidence:
        yield Notice("uncounted", {"count": evidence})
    for left_out in (Standing.NO_GUARDIAN, Standing.NO_CONSENT, Standing.WITHDRAWN, Standing.IMPORT_UNDONE):
        if standing.get(left_out, 0):
            grave = left_out in {Standing.NO_GUARDIAN, Standing.NO_CONSENT}
            yield Notice(left_out.value, {"count": standing[left_out]}, grave=grave)
    if standing.get(Standing.VOLUNTEER, 0):
        yield Notice("volunteers", {"count": standing[Standing.VOLUNTEER]})


def _of_figure(headline: Figure) -> Iterator[Notice]:
    n = headline.n
    if 0 < n < FEW and headline.method != "census":
        yield Notice("few", {"n": n})
    if n and not decimals_supported(n):
        yield Notice("decimals", {"n": n, "step": f"{100 / n:.2f}"})
    if "/" in headline.unit:
        yield Notice("mixed_units")


def _names(strata: pd.DataFrame) -> str:
    """The first few strata by name, and how many more."""
    first = strata.head(NAMED)
    names = [stratum_label(*pair) for pair in zip(first["county"], first["category_name"], strict=True)]
    more = len(strata) - len(names)
    return "、".join(names) + (f" (+{more})" if more > 0 else "")
