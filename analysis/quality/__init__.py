"""Interviews that look wrong: flags with a reason and the numbers behind it. Nothing is deleted or changed.

Every check is a function from tables to flags (flags.py has their columns); `pd.concat` puts several together, and
`by_interviewer` counts them. A flag is a reason to look, listen and call back, never a verdict: honest people answer
alike, work late, and round.

Tables have a row per interview, whose index is the interview's id; columns are named by the caller.
"""

from analysis.quality.answers import has_straight_line, many_unknown, near_duplicates, straight_lines
from analysis.quality.evidence import in_company, look_alike, same_photo, unlike_roster
from analysis.quality.flags import COLUMNS, REASONS, by_interviewer, reason
from analysis.quality.interviewers import interviewer_rates, rounded, unlike_others
from analysis.quality.places import far_from_place, one_place_for_many
from analysis.quality.times import at_night, overlapping, pace, too_fast, too_short

__all__ = [
    "COLUMNS",
    "REASONS",
    "at_night",
    "by_interviewer",
    "far_from_place",
    "has_straight_line",
    "in_company",
    "interviewer_rates",
    "look_alike",
    "many_unknown",
    "near_duplicates",
    "one_place_for_many",
    "overlapping",
    "pace",
    "reason",
    "rounded",
    "same_photo",
    "straight_lines",
    "too_fast",
    "too_short",
    "unlike_others",
    "unlike_roster",
]
