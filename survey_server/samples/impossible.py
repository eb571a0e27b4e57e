"""Why a sample cannot be drawn, in words that name the stratum."""

from __future__ import annotations

from sampling import SamplingError
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.rosters.categories import all_categories

NAMED = 5
WHY = {
    "take_exceeds_stratum": N_("more households are asked for than the stratum has"),
    "take_not_positive": N_("each stratum needs at least one household, else it is left out of the rates"),
    "stratum_without_take": N_("each stratum needs at least one household, else it is left out of the rates"),
    "take_empty": N_("each stratum needs at least one household, else it is left out of the rates"),
    "stratum_empty": N_("a stratum has nobody on the roster"),
    "seed_empty": N_("the seed is empty"),
    "seed_text": N_("the seed holds characters that cannot be seen"),
    "seed_before_digest": N_("the seed must be published after the digest"),
    "total_too_large": N_("more households are asked for than the strata may give"),
    "total_too_small": N_("fewer households are asked for than the strata are to give at least"),
    "minimum_exceeds_maximum": N_("the least of a stratum is above its most"),
    "minimum_exceeds_stratum": N_("the least of a stratum is more than it has"),
    "share_zero": N_("all other strata are full, and this one has no share"),
    "group_too_small": N_("a group has fewer households than the comparison needs"),
    "precision_out_of_reach": N_("even everybody does not give this precision"),
    "take_exceeds_clusters": N_("more villages are asked for than the stratum has"),
    "nothing_flagged": N_("nothing was found that speaks against a household"),
    "all_recipients": N_("everybody on the list receives assistance already"),
    "second": N_("the two rates to be compared are the same"),
}


def impossible(error: SamplingError) -> ZoufangError:
    """The problem of the table that says it, with the first strata concerned."""
    strata = error.fields.get("strata")
    names = [stratum_words(key) for key in strata[:NAMED]] if isinstance(strata, (list, tuple)) else []
    more = "…" if isinstance(strata, (list, tuple)) and len(strata) > NAMED else ""
    why = WHY.get(error.code, str(error))
    return ZoufangError(Problem.DESIGN_IMPOSSIBLE, why=why, strata="、".join(names) + more)


def stratum_words(key: tuple[str, ...]) -> str:
    """A stratum as people call it: 云溪区·城市低保; a village of it by its name."""
    county, category, *village = key
    known = all_categories().get(category)
    return "·".join((county, known.name if known else category, *village))
