"""What a contradiction in a table of scores means, and what to do, in the reader's language."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from flask_babel import gettext

from analysis.contradictions import Finding
from analysis.indicators import Indicator
from survey_server.errors import N_

Translate = Callable[[str], str]


@dataclass(frozen=True)
class Saying:
    """A row of the table: what is wrong, and the remedy; ``grave`` where a reviewer would reject the table for it."""

    what: str
    remedy: str
    grave: bool = True


SAYINGS: Mapping[str, Saying] = {
    "WEIGHT_SUM": Saying(
        N_("The parts of “%(indicator)s” add up to %(sum)s points, not %(total)s."),
        N_("Correct the points of the parts, or of the level above."),
    ),
    "RULE_VS_SCORE": Saying(
        N_("By its target or rule “%(indicator)s” earns %(computed)s points; %(stated)s stand in the table."),
        N_("Write the points that the rule gives, or state the rule that was really used."),
    ),
    "NO_NUMERIC_ACTUAL": Saying(
        N_("“%(indicator)s” says “%(value)s” where the value that was found belongs."),
        N_("Enter the figure itself; a target or the word “done” is not a result."),
    ),
    "TARGET_DIRECTION": Saying(
        N_("“%(indicator)s”: %(actual)s exceeds the target %(target)s, which is an upper limit, and has full marks."),
        N_("Deduct points for exceeding the limit, or correct the target's direction."),
    ),
    "NO_EVIDENCE": Saying(
        N_("“%(indicator)s” has full marks without data or paper behind them."),
        N_("Name the evidence by its number, or deduct."),
    ),
    "NO_REASON": Saying(
        N_("“%(indicator)s” was scored by judgement without a reason."), N_("Write the reason of each expert.")
    ),
    "FUND_BALANCE": Saying(
        N_("“%(indicator)s”: received, carried over and spent make %(balance)s, not %(stated)s."),
        N_("Check the four amounts against the accounts."),
    ),
    "DECIMALS": Saying(
        N_(
            "“%(indicator)s”: one answer of %(n)s moves the rate by %(step)s points; "
            "its decimals say more than it knows."
        ),
        N_("Print fewer decimals, or the interval beside the rate."),
        grave=False,
    ),
    "IMPOSSIBLE_RATE": Saying(
        N_("“%(indicator)s”: no whole number of %(n)s answers is %(rate)s%%."),
        N_(
            "Check the number of answers and the rate: one of the two is wrong, "
            "or the rate is weighted and must say so."
        ),
    ),
    "RATE_VS_SCORE": Saying(
        N_("“%(indicator)s”: the printed rate times the weight is %(score)s, not %(stated)s."),
        N_("Compute the points from the printed rate."),
    ),
    "NO_SAMPLE_SIZE": Saying(
        N_(
            "“%(indicator)s”: %(rate)s%% without the number of answers; at least %(least)s people must have been asked."
        ),
        N_("State how many answered, how they were chosen, and the interval."),
    ),
    "TOO_SMALL": Saying(
        N_(
            "“%(indicator)s”: with %(n)s answers the rate lies between %(low)s%% and %(high)s%%; "
            "that %(target)s is met is not shown."
        ),
        N_("Say so beside the rate, or ask more people."),
    ),
    "FEW": Saying(
        N_("“%(indicator)s”: %(n)s answers are too few for a per cent."),
        N_("Write the counts (so many of so many)."),
        grave=False,
    ),
    "NO_SAMPLING": Saying(
        N_("“%(indicator)s”: nothing is said of how the %(n)s people were chosen."),
        N_("Describe the frame, the design and the response; without them nobody can tell whom the rate speaks for."),
    ),
    "VOLUNTEERS": Saying(
        N_("“%(indicator)s”: “%(sampling)s” — people who chose themselves are no sample."),
        N_("Show them apart as feedback, without an interval and without a score."),
    ),
}
RULE_ONLY = N_("“%(indicator)s” misses its target, but %(stated)s points are written, which is full marks.")


def said(finding: Finding, translate: Translate) -> tuple[str, str]:
    """The sentence and the remedy of a finding."""
    saying = SAYINGS[finding.code]
    fields: dict[str, Any] = {"indicator": finding.indicator, **finding.fields}
    what = RULE_ONLY if finding.code == "RULE_VS_SCORE" and fields.get("computed") is None else saying.what
    return translate(what) % fields, translate(saying.remedy)


def grave(finding: Finding) -> bool:
    """Whether a reviewer would reject the table for it."""
    return SAYINGS[finding.code].grave


RULES: Mapping[str, str] = {
    "proportional": N_("rate × points"),
    "proportional_to_target": N_("in proportion to the target"),
    "threshold_step": N_("full marks at the target, less by steps below it"),
    "bands": N_("by bands"),
    "checklist_additive": N_("items added up"),
    "checklist_deductive": N_("items deducted"),
    "tiers": N_("one of several grades"),
    "range_deduct": N_("deducted by the size of the change"),
    "not_assessed_reassign": N_("points go elsewhere where it is not assessed"),
    "override_zero": N_("0 where an event happened"),
    "manual": N_("by judgement of experts"),
}


def rule_words(line: Indicator) -> str:
    """How a line is scored, in words; what is said of no line with parts."""
    by_target = "proportional_to_target" if line.target and line.target.value is not None else ""
    kind = line.rule.type if line.rule is not None else by_target
    return gettext(RULES[kind]) if kind else ""
