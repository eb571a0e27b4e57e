"""Words for statuses and outcomes."""

from __future__ import annotations

from flask_babel import get_locale, gettext

from analysis.outcomes import load_outcomes
from survey_server.errors import N_
from survey_server.fieldwork.models import Status

STATUSES = {
    Status.TODO: N_("to do"),
    Status.APPOINTMENT: N_("appointment"),
    Status.RETURNED: N_("returned"),
    Status.DONE: N_("done"),
}


def status_name(status: str) -> str:
    """Where a case stands, in words."""
    return gettext(STATUSES[Status(status)])


def outcome_name(code: str | None) -> str:
    """An outcome of the one list: its name in Chinese, its code and AAPOR number otherwise."""
    outcome = load_outcomes().get(code or "")
    if outcome is None:
        return ""
    if str(get_locale()) == "en":
        return f"{outcome.code} {outcome.outcome_class} (AAPOR {outcome.aapor})"
    return outcome.name
