"""What codes are called on pages and in the workbook; translated where they are read."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext

from survey_server.errors import N_
from survey_server.results.dataset import Standing
from survey_server.results.trace import Part
from survey_server.studies.lock import CHANGES  # noqa: F401 - the page names changes by it
from survey_server.studies.models import Channel
from survey_server.studies.words import channel_name as study_channel_name

METRICS = {
    "ERR_INCL": N_("Wrongly included (错保率)"),
    "ERR_DEATH": N_("Paid on after a death"),
    "SAT_TOP2": N_("Satisfaction rate (very satisfied + satisfied)"),
    "SAT_TOP3": N_("Broad satisfaction rate (fair counted too)"),
    "SAT_MEAN_A": N_("Satisfaction score (100/80/60/30/0)"),
    "SAT_MEAN_B": N_("Satisfaction score (100/75/50/25/0)"),
    "SAT_MEAN_C": N_("Satisfaction score (100/80/60/40/20)"),
    "SAT_COMPOSITE": N_("Composite satisfaction score (five parts, weights as an example)"),
    "SAT_COMPOSITE:without_sat_pay": N_("Composite satisfaction score of those not asked about payment"),
    "QR_TOP2": N_("Satisfaction rate of those who scanned a public code"),
    "AW_AVG": N_("Average awareness rate"),
    "AW_ITEM:aware_type": N_("Knows which kind of assistance they have"),
    "AW_ITEM:aware_std": N_("Knows the standard"),
    "AW_ITEM:aware_duty": N_("Knows that changes must be reported"),
    "AW_ITEM:aware_temp": N_("Knows of temporary assistance"),
    "AW_ITEM:aware_hotline": N_("Knows where to complain"),
    "AW_K3": N_("Knows at least three of the five"),
    "AW_HEARD:heard_type": N_("Has heard which kind of assistance they have"),
    "AW_HEARD:heard_std": N_("Has heard of the standard"),
    "AW_HEARD:heard_duty": N_("Has heard that changes must be reported"),
    "AW_HEARD:heard_temp": N_("Has heard of temporary assistance"),
    "AW_HEARD:heard_hotline": N_("Has heard where to complain"),
    "PAY_ONTIME": N_("Last month's payment arrived"),
    "PAY_MONTHLY": N_("Paid every month"),
    "PAY_INPERSON": N_("Card held by the recipient, a co-resident or an institution with a written agreement"),
    "PAY_AMOUNT_OK": N_("Amount received agrees with the roster (within 10 yuan)"),
    "ONCE_PAID": N_("Temporary assistance arrived"),
    "PROC_VISIT": N_("Was visited at home before approval"),
    "PROC_NOTICE": N_("Has seen the public notice"),
}
QUESTIONS = {
    "sat_overall": N_("Satisfaction over all"),
    "sat_process": N_("Application and approval"),
    "sat_open": N_("Openness"),
    "sat_pay": N_("Payment"),
    "sat_staff": N_("Staff"),
    "sat_level": N_("Level of assistance"),
}
QUADRANTS = {
    "improve": N_("Improve first"),
    "keep": N_("Keep up"),
    "low_priority": N_("Can wait"),
    "overkill": N_("Enough is done"),
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
    Standing.NO_CONSENT: N_("no consent to the interview"),
    Standing.NO_GUARDIAN: N_("a child under 14 without a guardian's consent"),
    Standing.WITHDRAWN: N_("withdrawn by the respondent, deleted"),
    Standing.IMPORT_UNDONE: N_("its import was undone, deleted"),
}
VERDICTS: dict[str, str] = {
    "verified": N_("Verified"),
    "open": N_("To be verified"),
    "cleared": N_("Dismissed"),
}
"""What the findings say of a household."""
PARTS: dict[str, str] = {
    Part.NUMERATOR: N_("counted: numerator"),
    Part.DENOMINATOR: N_("counted: denominator"),
    Part.NO_VALID_ANSWER: N_("not counted: no valid answer"),
    Part.NOT_ASKED: N_("not counted: not asked"),
    Part.NOT_CONCERNED: N_("not counted: this figure is not about them"),
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
HEARD_CODES = {
    "1": N_("has heard of it and knows what it is"),
    "2": N_("has heard of it, cannot say what it is"),
    "3": N_("has not heard of it"),
    "99": N_("will not answer"),
}
CODES = {"sat": SATISFACTION_CODES, "aware": AWARENESS_CODES, "heard": HEARD_CODES}
COMPOSITE = N_(
    "the scores (100/80/60/30/0) of the parts that were answered, weighted %(weights)s and divided by the sum of "
    "their weights; the weights are an example, to be set by experts or AHP; who was not asked about payment stands "
    "apart"
)
THREE_OF_FIVE = N_(
    "who said at least three of the five right, of those with five valid answers; who has a 97 or 99 is not in the "
    "denominator and is not taken as not knowing"
)
HEARD = N_(
    "codes 1 and 2 on questionnaires that people fill in themselves; it runs higher than awareness, stands apart and "
    "never takes its place"
)
PROCESS = N_(
    "payments: of those who are paid monthly by the roster; arrived: 1 of 1–2; every month: 1 of 1–3; card: 1, 2, 5 of "
    "1–6 and 96; amount: within 10 yuan of the roster's; temporary assistance: of its recipients, 1 of 1–2; home "
    "visit: 1 of 1–2; public notice: 1 of 1, 2 and 98; “all who were asked” keeps every code in the denominator"
)
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
VILLAGES = N_(
    "strata of the draw; villages were drawn first, so the spread between villages is what the interval is made of, as "
    "if they had been drawn with replacement, which makes it rather wider than narrower"
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


def verdict_name(verdict: str) -> str:
    """What the findings say of a household; a dash where there are none."""
    return _say(VERDICTS, verdict) if verdict in VERDICTS else "—"


def question_name(tag: str) -> str:
    """The question as people call it, where several make one figure."""
    return _say(QUESTIONS, tag) if tag in QUESTIONS else metric_name(f"AW_ITEM:{tag}")


def answer_name(tag: str, code: object) -> str:
    """A coded answer with its words, where they are known here; a dash where there is none."""
    if not isinstance(code, str):
        return "—"
    codes = CODES.get(tag.partition("_")[0], {})
    return f"{code} {_say(codes, code)}" if code in codes else code


def _say(names: Mapping[str, str], key: str) -> str:
    return gettext(names[key]) if key in names else key


def quadrant_name(quadrant: str) -> str:
    """A field of the grid of importance and performance."""
    return gettext(QUADRANTS[quadrant])
