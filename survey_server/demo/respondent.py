"""An invented respondent: answers a questionnaire by what its questions mean (their tags), never by their names."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

from mobile_forms.answers import Filled, Rules
from mobile_forms.definition import Question

ROUNDS = 60
SATISFIED = {"5": 46, "4": 38, "3": 9, "2": 3, "1": 1, "98": 3}
AWARE = {"1": 62, "2": 22, "3": 15, "99": 1}
BY_METRIC: dict[str, dict[str, int]] = {
    "aware_std": {"1": 50, "2": 25, "3": 22, "97": 3},
    "respondent": {"1": 80, "2": 16, "6": 2, "7": 2},
    "respondent_minor": {"2": 1},
    "bias_companion": {"0": 90, "1": 10},
    "bias_left": {"1": 70, "2": 30},
    "bias_influence": {"1": 92, "2": 6, "3": 2},
    "language": {"1": 1},
    "death_any": {"2": 97, "1": 3},
    "problem": {"0": 90, "1": 3, "6": 2, "9": 3, "10": 2},
    "basic_life": {"0": 95, "2": 2, "3": 1, "4": 1, "6": 1},
    "income_change": {"1": 3, "2": 20, "3": 60, "4": 17},
    "clue_miss": {"1": 3, "2": 97},
    "disability_subsidy": {"1": 60, "2": 37, "3": 3},
    "pay_withdraw": {"1": 70, "2": 27, "3": 3},
    "once_paid": {"1": 95, "2": 5},
    "once_nodeduct": {"0": 1},
    "care_home": {"1": 50, "2": 40, "3": 10},
    "care_institution": {"1": 40, "2": 30, "3": 30},
    "child_money": {"1": 1},
    "clue_integrity": {"1": 98, "2": 2},
    "clue_relative": {"1": 97, "3": 3},
    "pay_ontime": {"1": 96, "2": 4},
    "pay_monthly": {"1": 95, "2": 4, "3": 1},
    "pay_inperson": {"1": 78, "2": 15, "3": 3, "5": 4},
    "pay_nodeduct": {"0": 98, "98": 2},
    "proc_homevisit": {"1": 82, "2": 14, "98": 4},
    "proc_notice": {"1": 66, "2": 26, "98": 8},
    "identity": {"1": 1},
    "mode": {"1": 1},
}
BY_ROLE: dict[str, dict[str, int]] = {
    "contact": {"1": 84, "3": 9, "5": 4, "6": 3},
    "consent": {"1": 93, "2": 7},
    "satisfaction": SATISFIED,
    "awareness": AWARE,
    "observe": {"0": 96, "1": 3, "2": 1},
}
LEFT_OUT = frozenset({"stop", "open", "contact_phone", "case"})
OPEN_SHARE = 0.7
OPINIONS = (
    "希望低保标准再提高一点，物价涨了，钱不够用。",
    "工作人员态度好，上门次数也多。",
    "申请手续太多，跑了几趟，希望简化手续。",
    "医药费负担重，希望医疗救助多报销一些。",
    "政策宣传不够，很多政策不知道，希望工作人员多宣传。",
    "资金发放及时，标准再提高一点就更好了。",
    "希望工作人员多上门走访，讲讲政策。",
    "看病吃药花钱多，医药费报销手续麻烦。",
    "对现在的政策满意，宣传再多一些。",
    "希望标准跟着物价提高，手续简化一些。",
)
"""What people say in their own words; without names, places or numbers."""


class Respondent:
    """One household at one interview; equal seeds give equal answers."""

    def __init__(self, rules: Rules, lists: Mapping[str, Any], seed: str) -> None:
        self.rules = rules
        self.lists = lists
        self.random = random.Random(seed)  # noqa: S311 - invented answers, no secret

    def answer(self, preset: Mapping[str, str], instance_id: str) -> Filled:
        """Answer everything that is required, question by question, until the form may be handed in."""
        given = dict(preset)
        skipped: set[str] = set()
        filled = self.rules.fill(given, self.lists, instance_id=instance_id)
        for _ in range(ROUNDS):
            wanted = [name for name in filled.missing if name not in skipped]
            if not wanted:
                return self._with_opinion(filled, given, instance_id)
            for name in wanted:
                value = self._value(self.rules.form.question(name), filled)
                if value:
                    given[name] = value
                else:
                    skipped.add(name)
            filled = self.rules.fill(given, self.lists, instance_id=instance_id)
        return filled

    def _with_opinion(self, filled: Filled, given: dict[str, str], instance_id: str) -> Filled:
        """The same with an answer in the respondent's own words, where the form asks for one and they have any."""
        asked = [name for name in filled.asked if self.rules.form.question(name).role == "open"]
        opinions = {name: self.random.choice(OPINIONS) for name in asked if self.random.random() < OPEN_SHARE}
        return self.rules.fill(given | opinions, self.lists, instance_id=instance_id) if opinions else filled

    def _value(self, question: Question, filled: Filled) -> str:
        if question.role in LEFT_OUT:
            return ""
        if question.kind in {"select_one", "select_multiple"}:
            return self._choice(question, filled)
        if question.kind == "integer":
            return self._number(question, filled)
        if question.kind == "date":
            return "2026-03-01"
        return "F012" if question.pipl == "pi" and question.role == "meta" else "按现场情况如实记录"

    def _choice(self, question: Question, filled: Filled) -> str:
        weights = BY_METRIC.get(question.metric) or BY_ROLE.get(question.role)
        offered = [choice.value for choice in filled.choices(question.name)]
        if weights is None:
            plain = [value for value in offered if value not in {"96", "97", "98", "99"}]
            return self.random.choice(plain or offered)
        known = [value for value in offered if value in weights]
        if not known:
            return self.random.choice(offered)
        return self.random.choices(known, [weights[value] for value in known])[0]

    def _number(self, question: Question, filled: Filled) -> str:
        """What the roster says, mostly; a visit number or a count otherwise."""
        fact = {"match_family": "case_family", "match_persons": "case_persons"}.get(question.metric)
        if fact:
            for told in self.rules.form.by_metric(fact):
                return filled.values.get(told.name) or "1"
        return "1"
