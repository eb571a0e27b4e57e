"""A result as the client's observer (委托方观察员) sees it: aggregates only, and no cell that is too small.

A cell under 5 is not shown, nor another that would give it away by subtraction from a total (互补压缩). No case can be
told from what is left: no answers, no traces, no counts of single strata below 5.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import pandas as pd

from analysis.metrics import DOMAINS
from analysis.report.disclosure import suppress_small
from analysis.response import CLASSES
from survey_server.results.fieldwork import IN_DENOMINATOR
from survey_server.results.figures import Figure, Figures
from survey_server.results.notices import SMALL, Notice
from survey_server.results.scores import score_card
from survey_server.results.service import Results

CHANGED = frozenset({"changed_definitions", "changed_form", "changed_indicators", "changed_design"})
TELLING_NOTHING = frozenset({"uncovered", "decimals", "few", "mixed_units"}) | CHANGED
"""Notices that hold no count of cases, or one that is printed anyway."""
COUNTING = ("open_cases", "volunteers")
APART = tuple(name for name in CLASSES if name not in IN_DENOMINATOR)
OF_STRATA = ("county", "category", "category_name", "unit", "population", "main", *CLASSES, "n", "rr1", "rr2")
Group = tuple[str, str]


@dataclass(frozen=True)
class Hiding:
    """Tables with what is hidden blank, and how many cells that are."""

    table: pd.DataFrame
    hidden: int


def observed(results: Results) -> Results:
    """The result without anything that could be one person's; raises nothing, an empty result stays empty."""
    figures, hidden = _figures(results)
    response = guard_response(results.response)
    strata = _strata(results.strata)
    volunteers = _guard(results.volunteers, {})
    hidden += response.hidden + strata.hidden + volunteers.hidden
    return replace(
        results,
        figures=figures,
        volunteers=replace(volunteers, interviews=volunteers.n),
        response=response.table,
        strata=strata.table,
        score=score_card(results.study, figures),
        notices=[*_notices(results.notices), *([Notice("suppressed", {"count": hidden})] if hidden else [])],
        dataset=_without_answers(results),
        questions=None,
        open_answers=(),
        accuracy=(),
    )


def guard_response(table: pd.DataFrame) -> Hiding:
    """The channels of ``results.fieldwork.by_channel`` (all together last) with small counts blank.

    Where a count that makes a rate is hidden, so are the rate and its denominator.
    """
    counted = [*IN_DENOMINATOR, "n"]
    hidden = pd.concat([suppress_small(table[counted]), suppress_small(table[list(APART)])], axis=1)
    answered = hidden["complete"] | hidden["partial"]
    hidden["rr1"] = hidden["rr2"] = answered | hidden["n"]
    return _blank(table, hidden)


def _strata(table: pd.DataFrame) -> Hiding:
    """A row a stratum, guarded together with the total that everybody can add up; without weights, which tell n."""
    kept = table[[name for name in OF_STRATA if name in table]]
    if kept.empty:
        return Hiding(kept, 0)
    counts = ["population", "main", *CLASSES, "n"]
    total = pd.DataFrame([kept[counts].sum()], index=[len(kept)])
    with_total = pd.concat([kept[counts].reset_index(drop=True), total])
    sizes = suppress_small(with_total[["population"]]), suppress_small(with_total[["main"]])
    classes = guard_response(with_total.assign(rr1=0.0, rr2=0.0)[[*CLASSES, "n", "rr1", "rr2"]])
    hidden = pd.concat([*sizes, classes.table.isna()], axis=1).iloc[: len(kept)]
    return _blank(kept.reset_index(drop=True), hidden)


def _blank(table: pd.DataFrame, hidden: pd.DataFrame) -> Hiding:
    """The table with None in the hidden cells; what was blank before is not counted."""
    mask = hidden.reindex(columns=table.columns, fill_value=False).fillna(value=False).astype(bool)
    cells = int((mask & table.notna()).to_numpy().sum())
    return Hiding(table.astype(object).where(~mask, None), cells)


def _figures(results: Results) -> tuple[Figures, int]:
    own = [figure for figure in results.figures if _is_own(results, figure)]
    asked = {_group(figure): figure.interviews or 0 for figure in own if figure.metric == results.satisfaction.metric}
    base = _mask(results, asked)
    masks = {metric: _hidden_groups(results, own, metric, base) for metric in {figure.metric for figure in own}}
    shown = [_guard(figure, masks[figure.metric]) for figure in own]
    shown += [_guard(figure, {}) for figure in _others(results)]
    definitions = results.definitions
    guarded = Figures(shown, denominator=definitions["denominator"], domain=definitions["domain"])
    return guarded, sum(figure.hidden for figure in shown)


def _is_own(results: Results, figure: Figure) -> bool:
    own = results.definitions
    return (figure.denominator, figure.domain) == (own["denominator"], own["domain"])


def _others(results: Results) -> Iterator[Figure]:
    """Other definitions over all; another domain only where its difference to the study's own is not a small cell."""
    apart = {domain: _interviews(results, domain) for domain in DOMAINS}
    own = apart[results.definitions["domain"]]
    for figure in results.figures:
        everywhere = not figure.county and not figure.category
        difference = abs(apart[figure.domain] - own)
        if everywhere and not _is_own(results, figure) and (difference == 0 or difference >= SMALL):
            yield figure


def _interviews(results: Results, domain: str) -> int:
    return results.figures.get(results.definitions["satisfaction"], domain=domain).interviews or 0


def _hidden_groups(
    results: Results, own: Sequence[Figure], metric: str, base: Mapping[Group, bool]
) -> Mapping[Group, bool]:
    """Which county × category groups of a figure are hidden; the empty name stands for all.

    What is hidden of the interviews (``base``) is hidden of every figure, so that no two can be held together.
    """
    counts = {_group(figure): figure.n for figure in own if figure.metric == metric}
    if not any(county and category for county, category in counts):
        return _mask_of_margins(results, counts, base)
    return _mask(results, {group: 1 if base.get(group) else n for group, n in counts.items()})


def _mask(results: Results, counts: Mapping[Group, int]) -> dict[Group, bool]:
    """Small cells and their complements in the table of counties and categories with its totals."""
    counties, categories = ["", *results.counties], ["", *(code for code, _ in results.categories)]
    cells = [[counts.get((county, category), 0) for category in categories] for county in counties]
    hidden = suppress_small(pd.DataFrame(cells, index=counties, columns=categories))
    return {(county, category): bool(hidden.loc[county, category]) for county in counties for category in categories}


def _mask_of_margins(results: Results, counts: Mapping[Group, int], base: Mapping[Group, bool]) -> dict[Group, bool]:
    """Likewise where only the totals of counties and of categories are printed; both hide all where one must."""
    counties = [("", ""), *((county, "") for county in results.counties)]
    categories = [("", ""), *(("", code) for code, _ in results.categories)]
    found: dict[Group, bool] = {}
    for line in (counties, categories):
        cells = [1 if base.get(group) and counts.get(group) else counts.get(group, 0) for group in line]
        hidden = suppress_small(pd.DataFrame([cells]))
        for group, hide in zip(line, hidden.iloc[0], strict=True):
            found[group] = bool(hide) or found.get(group, False)
    return dict.fromkeys(found, True) if found["", ""] else found


def _group(figure: Figure) -> Group:
    return figure.county, figure.category


def _guard(figure: Figure, mask: Mapping[Group, bool]) -> Figure:
    if mask.get(_group(figure)) or 0 < figure.n < SMALL:
        blank = {"estimate": None, "low": None, "high": None, "yes": None, "method": "none", "n": 0}
        return replace(figure, **blank, missing=None, interviews=None, hidden=True)
    return _without_numerator(figure)


def _without_numerator(figure: Figure) -> Figure:
    """Numerators are kept where neither they nor the others are few; how many had no valid answer is not told."""
    yes = figure.yes
    few = yes is not None and (yes < SMALL or figure.n - yes < SMALL)
    return replace(figure, yes=None if few else yes, missing=None, interviews=None)


def _notices(notices: Iterable[Notice]) -> Iterator[Notice]:
    for notice in notices:
        counts = [value for value in notice.fields.values() if isinstance(value, int)]
        harmless = notice.code in COUNTING and min(counts, default=SMALL) >= SMALL
        if harmless or (notice.code in TELLING_NOTHING and notice.fields.get("n", SMALL) >= SMALL):
            yield notice


def _without_answers(results: Results):  # noqa: ANN202 - a Dataset
    """Nothing is left of the cases but which versions of the questionnaires were used."""
    full = results.dataset
    versions = full.cases[["form_version_id"]].drop_duplicates().reset_index(drop=True)
    return replace(
        full,
        cases=versions,
        answers=full.answers.iloc[:0],
        evidence=full.evidence.iloc[:0],
        volunteers=full.volunteers.iloc[:0],
        drawn=full.drawn.iloc[:0],
        standings={},
        words={},
        findings=full.findings.iloc[:0],
    )
