"""What changed between two versions, and what that means for their answers, in the reader's words."""

from __future__ import annotations

from collections.abc import Mapping

from flask_babel import gettext

from survey_server.errors import N_

CHANGES: Mapping[str, str] = {
    "added": N_("new question"),
    "removed": N_("question removed"),
    "renamed": N_("another name"),
    "kind": N_("another type"),
    "wording": N_("other words"),
    "hint": N_("another hint"),
    "choice_added": N_("option added"),
    "choice_removed": N_("option removed"),
    "choice_wording": N_("other words for a code"),
    "relevant": N_("asked of others"),
    "required": N_("required otherwise"),
    "constraint": N_("another limit of the answer"),
    "calculate": N_("calculated otherwise"),
    "metric": N_("counted otherwise"),
    "role": N_("another role"),
    "pipl": N_("another privacy class"),
    "repeat": N_("moved in or out of a repeat"),
    "order": N_("moved"),
}
POOLING: Mapping[str, str] = {
    "yes": N_("Answers of both versions may be put together"),
    "with_care": N_("Only with care: other words, other people asked, or options changed"),
    "no": N_("Not together: the codes mean something else, or only one version asks it"),
}


def change_name(kind: str) -> str:
    """A kind of change in words."""
    return gettext(CHANGES[kind])


def pooling_name(kind: str) -> str:
    """Whether answers may be put together, in words."""
    return gettext(POOLING[kind])
