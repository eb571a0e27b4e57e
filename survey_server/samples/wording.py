"""Each choice of a design in a plain sentence, and the words of its lists."""

from __future__ import annotations

from collections.abc import Iterator

from flask_babel import gettext

from survey_server.errors import N_
from survey_server.samples.planning import Plan
from survey_server.samples.wishes import How, Meeting, Share, Way

HOW = {
    How.PRECISION: N_("so precise that the rate is right within some points"),
    How.RELATIVE: N_("so precise that the rate is right within some per cent of itself"),
    How.RATIO: N_("a share of every stratum, with a least number"),
    How.CONTRACT: N_("as many completed interviews as the contract says"),
    How.DISCOVERY: N_("enough to find a wrong one, if there are any"),
    How.COMPARISON: N_("enough to tell two groups apart"),
    How.CENSUS: N_("everybody"),
}
SHARE = {
    Share.PROPORTIONAL: N_("in proportion to size"),
    Share.EQUAL: N_("the same for each stratum"),
    Share.SQRT: N_("in proportion to the root of size"),
    Share.POWER: N_("by a power of size"),
    Share.NEYMAN: N_("more where answers differ more (Neyman)"),
    Share.COST: N_("more where answers differ more and a visit costs less"),
}
WAY = {
    Way.SRS: N_("simple random"),
    Way.SYSTEMATIC: N_("every so many down the list of villages (systematic)"),
    Way.PARETO: N_("larger households more likely (by size)"),
    Way.SAMPFORD: N_("larger households more likely, exactly so (Sampford)"),
    Way.PIVOTAL: N_("larger households more likely, spread over the list of villages (pivotal)"),
    Way.VILLAGES: N_("villages first, then some households in each"),
}
MEETING = {
    Meeting.NONE: N_("do not matter"),
    Meeting.AVOID: N_("are not asked again, as far as can be"),
    Meeting.OVERLAP: N_("are asked again, a share of them"),
}
WORDS = {**HOW, **SHARE, **WAY, **MEETING}
MEANS = {
    Share.PROPORTIONAL: N_("A large stratum gives more, as its size says: best for the figure of the whole study."),
    Share.EQUAL: N_("Every stratum gives the same: best to compare strata with each other."),
    Share.SQRT: N_("Between the two: large strata give more, small ones still enough to be spoken of."),
    Share.POWER: N_("Between equal and proportional, as the power says."),
    Share.NEYMAN: N_("Where answers differ more, more are asked: the narrowest interval for this number."),
    Share.COST: N_(
        "Where answers differ more or a visit is cheap, more are asked: the narrowest interval for the money."
    ),
}
CHOSEN = {
    Way.SRS: N_("In each stratum every household has the same chance; anybody can check a household by its number."),
    Way.SYSTEMATIC: N_("Down a list in the order of towns and villages, so that no village is passed over."),
    Way.PARETO: N_(
        "A household of four is twice as likely as one of two; where the number of persons is not on the roster it "
        "counts as one."
    ),
    Way.SAMPFORD: N_(
        "A household of four is exactly twice as likely as one of two; where the number of persons is not on the "
        "roster it counts as one. Made for a small part of each stratum: where too much is asked for, nothing is drawn."
    ),
    Way.PIVOTAL: N_(
        "A household of four is exactly twice as likely as one of two, and neighbours on the list of towns and "
        "villages are rarely drawn together; where the number of persons is not on the roster it counts as one."
    ),
    Way.VILLAGES: N_(
        "Villages are drawn by their number of households, then %(take)s households in each, so that interviewers "
        "walk and do not drive; a village with fewer gives what it has. Neighbours are alike: the interval is wider by "
        "a design effect of %(deff)s."
    ),
}


def percent(share: float, digits: int = 1) -> str:
    """A fraction as people read it, without a zero behind the point that says nothing."""
    text = f"{share * 100:.{digits}f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def width_text(width: float) -> str:
    """Half the width of an interval: ±4.9."""
    return f"±{width * 100:.1f}" if width else gettext("census")


def word(choice: str) -> str:
    """The words of a choice of one of the lists."""
    kinds = {str(kind.value): text for kind, text in WORDS.items()}
    return gettext(kinds[choice])


def headline(plan: Plan) -> str:
    """The design in one sentence."""
    facts = {
        "households": plan.households,
        "population": plan.population,
        "reserve": plan.reserve,
        "days": plan.days,
        "width": percent(plan.overall),
        "level": percent(plan.wish["level"]),
    }
    if plan.overall == 0:
        return (
            gettext(
                "All %(population)d on the roster are asked: no interval is needed. About %(days)d interviewer days."
            )
            % facts
        )
    return (
        gettext(
            "Of %(population)d on the roster %(households)d are asked, %(reserve)d wait in reserve. With %(level)s%% "
            "confidence the study's rate is right within ±%(width)s points. About %(days)d interviewer days."
        )
        % facts
    )


def sentences(plan: Plan) -> Iterator[str]:
    """What was chosen and why it comes to these numbers, a sentence each."""
    yield _how(plan)
    if plan.wish.how not in (How.RATIO, How.CENSUS):
        yield gettext(MEANS[plan.wish.share])
    floor = [stratum for stratum in plan.strata if stratum.take == min(plan.wish.minimum, stratum.population)]
    if floor and plan.wish.how is not How.CENSUS and plan.households > plan.wanted:
        yield gettext(
            "Strata are to give at least %(least)d each, or all that they have, and still the whole is to be as "
            "precise: that makes %(households)d of the %(wanted)d that were enough without."
        ) % {"least": plan.wish.minimum, "households": plan.households, "wanted": plan.wanted}
    yield gettext(CHOSEN[plan.wish.way]) % {
        "take": plan.wish.whole("village_take"),
        "deff": percent(plan.deff / 100, 2),
    }
    if plan.wish["response"] < 1:
        yield gettext("Of those given out %(response)s%% are expected to answer: about %(completes)d interviews.") % {
            "response": percent(plan.wish["response"]),
            "completes": plan.completes,
        }
    if plan.households >= 0.9 * plan.population and plan.overall > 0:
        yield gettext("Nine tenths are asked already: to ask everybody costs little more, and leaves no interval.")


def _how(plan: Plan) -> str:
    wish = plan.wish
    facts = {name: percent(number) for name, number in wish.numbers.items()}
    facts |= {"wanted": str(plan.wanted), "total": str(wish.whole("total")), "least": str(wish.minimum)}
    return gettext(_HOW_SENTENCES[wish.how]) % facts


_HOW_SENTENCES = {
    How.PRECISION: N_(
        "±%(precision)s points with %(level)s%% confidence, at an expected rate of %(expected)s%%: %(wanted)s are "
        "enough."
    ),
    How.RELATIVE: N_("A rate of %(expected)s%% right within %(relative)s%% of itself: %(wanted)s are enough."),
    How.RATIO: N_("%(ratio)s%% of every stratum, rounded up, and at least %(least)s."),
    How.CONTRACT: N_("The contract asks for %(total)s completed interviews: so %(wanted)s are given out."),
    How.DISCOVERY: N_(
        "If more than %(rate)s%% are wrong, at least one of them is met among %(wanted)s, with %(level)s%% confidence."
    ),
    How.COMPARISON: N_(
        "To tell %(first)s%% from %(second)s%% with a chance of %(power)s%%, each group must be large enough: "
        "%(wanted)s in all."
    ),
    How.CENSUS: N_("Everybody on the roster is asked."),
}
