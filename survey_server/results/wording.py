"""What codes are called on pages and in the workbook; translated where they are read."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext

from survey_server.errors import N_
from survey_server.results.dataset import Standing
from survey_server.results.measures import SATISFACTION_TAG
from survey_server.results.trace import Part
from survey_server.studies.models import Channel
from survey_server.studies.words import channel_name as study_channel_name

METRICS = {
    "SAT_TOP2": N_("Satisfaction rate (very satisfied + satisfied)"),
    "SAT_TOP3": N_("Broad satisfaction rate (fair counted too)"),
    "SAT_MEAN_A": N_("Satisfaction score (100/80/60/30/0)"),
    "SAT_MEAN_B": N_("Satisfaction score (100/75/50/25/0)"),
    "SAT_MEAN_C": N_("Satisfaction score (100/80/60/40/20)"),
    "QR_TOP2": N_("Satisfaction rate of those who scanned a public code"),
    "AW_AVG": N_("Average awareness rate"),
    "AW_ITEM:aware_type": N_("Knows which kind of assistance they have"),
    "AW_ITEM:aware_std": N_("Knows the standard"),
    "AW_ITEM:aware_duty": N_("Knows that changes must be reported"),
    "AW_ITEM:aware_temp": N_("Knows of temporary assistance"),
    "AW_ITEM:aware_hotline": N_("Knows where to complain"),
}
DENOMINATORS = {
    "valid": N_("valid answers"),
    "all": N_("all who were asked"),
}
DOMAINS = {
    "headline": N_("headline domain"),
    "all": N_("all counted interviews"),
}
CLASSES = {
    "complete": N_("Complete"),
    "partial": N_("Partial"),
    "refusal": N_("Refusal"),
    "noncontact": N_("Not reached"),
    "other": N_("Not interviewed, other reason"),
    "unknown": N_("Not tried or not settled"),
    "deceased": N_("Deceased (listed apart)"),
    "ineligible": N_("Not in scope"),
}
UNITS = {"户": N_("households"), "人": N_("persons"), "户/人": N_("households and persons")}
METHODS = {
    "census": N_("census: everybody was asked, so there is no sampling error"),
    "none": N_("no interval"),
    "kg": N_("Korn–Graubard interval, effective sample size capped for the finite population"),
    "blaker": N_("Blaker's exact interval for a finite population"),
    "tail": N_("exact hypergeometric interval for a finite population"),
    "clopper_pearson": N_("Clopper–Pearson exact interval"),
    "exact_stratified": N_("exact bound for a stratified sample in which all agree"),
    "mean": N_("Student's t with the finite population's variance"),
    "logit": N_("logit interval with the finite population's variance"),
}
STANDINGS: dict[str, str] = {
    Standing.COUNTED: N_("counted"),
    Standing.CORRECTED: N_("replaced by a correction"),
    Standing.ANOTHER_COUNTS: N_("another record of this case counts"),
    Standing.UNFINISHED: N_("neither complete nor partial"),
    Standing.CHANNEL_EXCLUDED: N_("this channel does not count in this study"),
    Standing.NOT_RELEASED: N_("a reserve that was not released"),
    Standing.NO_CASE: N_("belongs to no case of the sample"),
    Standing.VOLUNTEER: N_("volunteer, never pooled"),
}
PARTS: dict[str, str] = {
    Part.NUMERATOR: N_("counted: numerator"),
    Part.DENOMINATOR: N_("counted: denominator"),
    Part.NO_VALID_ANSWER: N_("not counted: no valid answer"),
    Part.NOT_ASKED: N_("not counted: not asked"),
    Part.OUTSIDE_DOMAIN: N_("not counted: outside the headline domain"),
    Part.NOT_INTERVIEWED: N_("not counted: no interview"),
}
SATISFACTION_CODES = {
    "5": N_("very satisfied"),
    "4": N_("satisfied"),
    "3": N_("fair"),
    "2": N_("dissatisfied"),
    "1": N_("very dissatisfied"),
    "98": N_("cannot say"),
    "99": N_("will not answer"),
}
AWARENESS_CODES = {
    "1": N_("said it right"),
    "2": N_("said part of it"),
    "3": N_("could not say it"),
    "97": N_("no standard to judge by"),
    "99": N_("will not answer"),
}
VALID = N_(
    "valid answers: without 98 (cannot say), 99 (will not answer), for awareness also 97 (no standard to judge by), "
    "and without questions that were not asked; “all who were asked” has 98 and 99 in the denominator"
)
EXCLUSIONS = N_(
    "respondents who are carers, staff of institutions or cadres; a cadre or staff present who did not leave for the "
    "questions on satisfaction; interpretation by a cadre or staff; the interviewer noted interruption, answers by "
    "others, fear or recitation; self-completion watched by a cadre or staff; children under 14"
)
STRATA = N_(
    "the strata of the draw (county × category); the finite population of a stratum is the part of its N that the "
    "answers stand for; the headline is a domain of the weighted design, no rows are dropped"
)
WEIGHTS = N_(
    "design weight = N of the stratum / cases released (main and released reserves are one random sample by ticket "
    "order); those who answered stand for all eligible cases of their stratum; cases of unknown eligibility count by "
    "the stratum's known share; the deceased and those out of scope are not compensated for"
)
LONELY = N_(
    "its spread is taken about the mean of all (“adjust”), which widens the interval; a stratum that was asked whole "
    "adds nothing"
)
RESPONSE = N_(
    "AAPOR (2023): RR1 = complete / (complete + partial + refusal + not reached + other + unknown), RR2 counts partial "
    "too; never tried and bad numbers stay in the denominator; the deceased stand apart"
)
ROUNDING = N_(
    "rates and scores to two decimals, half up (四舍五入), at the last step only; score = printed rate × points"
)


def metric_name(metric: str) -> str:
    """The metric as people call it."""
    return _say(METRICS, metric)


def denominator_name(denominator: str) -> str:
    """Who is in the denominator."""
    return _say(DENOMINATORS, denominator)


def domain_name(domain: str) -> str:
    """Whose answers are taken."""
    return _say(DOMAINS, domain)


def channel_name(channel: str) -> str:
    """The channel as people call it."""
    return study_channel_name(channel) if channel in set(Channel) else channel


def class_name(outcome_class: str) -> str:
    """What came of a case."""
    return _say(CLASSES, outcome_class)


def unit_name(unit: str) -> str:
    """Households or persons."""
    return _say(UNITS, unit)


def method_name(method: str) -> str:
    """How the interval was made."""
    return _say(METHODS, method)


def standing_name(standing: str) -> str:
    """Whether a record counts, or why not."""
    return _say(STANDINGS, standing)


def part_name(part: str) -> str:
    """What a case is to a figure."""
    return _say(PARTS, part)


def answer_name(tag: str, code: object) -> str:
    """A coded answer with its words; a dash where there is none."""
    if not isinstance(code, str):
        return "—"
    codes = SATISFACTION_CODES if tag == SATISFACTION_TAG else AWARENESS_CODES
    return f"{code} {_say(codes, code)}" if code in codes else code


def _say(names: Mapping[str, str], key: str) -> str:
    return gettext(names[key]) if key in names else key
