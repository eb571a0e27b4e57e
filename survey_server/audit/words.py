"""A plain sentence for every action in the record, in the reader's language."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from flask_babel import gettext

from survey_server.errors import N_

SENTENCES: Mapping[str, str] = {
    "attempt": N_("wrote down a try to reach a household"),
    "audit.download": N_("downloaded the record"),
    "audit.export": N_("exported the record to a file"),
    "backup.write": N_("wrote a backup"),
    "call.dial": N_("saw a telephone number in full, to dial it"),
    "call.open": N_("saw a household at the call desk"),
    "call.put_back": N_("gave a household back to the call queue"),
    "call.take": N_("took a household from the call queue"),
    "case.assign": N_("gave households to an interviewer"),
    "case.view": N_("looked at a household"),
    "codes.print": N_("printed QR codes"),
    "collect.households": N_("fetched households into ODK Collect"),
    "form.publish": N_("published a questionnaire"),
    "keys.renew_signature": N_("made a new signing key"),
    "keys.retire": N_("took old master keys out of use"),
    "keys.rotate": N_("wrapped keys with a new master key"),
    "page.use": N_("used a page"),
    "person.create": N_("added a person"),
    "phone.day": N_("fetched the day's households to the phone"),
    "phone.end": N_("ended a phone"),
    "phone.households": N_("fetched the household list to the phone"),
    "phone.join": N_("signed a phone in"),
    "phone.link": N_("made a link that signs a phone in"),
    "place.add": N_("added a place with a QR code"),
    "reserve.release": N_("released reserve households"),
    "results.export": N_("downloaded the results"),
    "results.trace": N_("looked at the answers behind a figure"),
    "roster.columns": N_("corrected the columns of a roster"),
    "roster.import": N_("had the rosters read"),
    "roster.remove": N_("removed a roster file"),
    "roster.take": N_("made the rosters the frame"),
    "roster.upload": N_("uploaded a roster"),
    "sample.draw": N_("drew the sample"),
    "session.begin": N_("signed in"),
    "session.end": N_("signed out"),
    "session.refuse": N_("was refused at sign-in"),
    "study.create": N_("made a study"),
    "study.definitions": N_("changed the definitions"),
    "study.lock": N_("locked the definitions"),
    "study.settings": N_("changed a study's settings"),
    "submission.receive": N_("handed in answers"),
}
SUBJECTS: Mapping[str, str] = {
    "case": N_("household"),
    "clue": N_("sealed clue"),
    "device": N_("phone"),
    "form": N_("questionnaire"),
    "household": N_("household"),
    "installation": N_("installation"),
    "page": N_("page"),
    "person": N_("person"),
    "place": N_("place"),
    "roster_file": N_("roster file"),
    "roster_import": N_("reading of rosters"),
    "study": N_("study"),
    "submission": N_("answers"),
}
ACTORS: Mapping[str, str] = {
    "device": N_("by phone"),
    "person": N_("at a browser"),
    "public": N_("a visitor"),
    "system": N_("the system"),
    "token": N_("by an API token"),
}


def sentence(action: str) -> str:
    """What was done, in words; an action without words says its code."""
    known = SENTENCES.get(action)
    return gettext(known) if known else action


def subject_name(kind: str) -> str:
    """The kind of thing on which it was done."""
    known = SUBJECTS.get(kind)
    return gettext(known) if known else kind


def actor_name(kind: str) -> str:
    """How somebody came."""
    known = ACTORS.get(kind)
    return gettext(known) if known else kind


def details_text(details: Mapping[str, Any], longest: int = 200) -> str:
    """What more the event says: names and values, which are counts, codes and ids."""
    text = " · ".join(f"{name} {_short(value)}" for name, value in sorted(details.items()))
    return text if len(text) <= longest else text[: longest - 1] + "…"


def _short(value: Any) -> str:  # noqa: ANN401 - any JSON
    if isinstance(value, list):
        shown = "、".join(map(str, value[:5]))
        return f"{shown}…({len(value)})" if len(value) > 5 else shown
    return str(value)
