"""Words for codes: channels, statuses and purposes, in the reader's language."""

from __future__ import annotations

from flask_babel import gettext

from survey_server.errors import N_
from survey_server.studies.models import Channel, Purpose

CHANNELS = {
    Channel.VISIT: N_("visit"),
    Channel.PHONE: N_("telephone"),
    Channel.QR_HOUSEHOLD: N_("QR code of the household"),
    Channel.QR_PLACE: N_("QR code of a place"),
    Channel.COLLECT: N_("ODK Collect"),
    Channel.IMPORT: N_("import"),
    Channel.PAPER: N_("paper"),
}
PURPOSES = {
    Purpose.VISIT: N_("Household visit"),
    Purpose.PHONE: N_("Telephone interview"),
    Purpose.RECIPIENT: N_("Recipient's own answers (QR code of the household)"),
    Purpose.PUBLIC: N_("Public opinion (QR code of a place)"),
    Purpose.TRAINING: N_("Training participants"),
}


def channel_name(channel: str) -> str:
    """A channel in words."""
    return gettext(CHANNELS[Channel(channel)])


def purpose_name(purpose: str) -> str:
    """What a questionnaire is for, in words."""
    return gettext(PURPOSES[Purpose(purpose)])


DEFINITIONS = {
    "satisfaction": N_("Satisfaction"),
    "awareness": N_("Awareness"),
    "denominator": N_("Denominator"),
    "domain": N_("Who counts"),
    "counts": N_("Which answer of a case counts"),
    "SAT_TOP2": N_("satisfied rate: very satisfied and satisfied (SAT_TOP2)"),
    "AW_AVG": N_("mean of the five awareness rates (AW_AVG)"),
    "valid": N_("valid answers, without “cannot say” and refusals"),
    "all": N_("everybody who was asked"),
    "headline": N_("answers without a cadre, proxy or staff influence (headline)"),
}


def definition_words(term: object) -> str:
    """A part of the locked definitions, in words."""
    if isinstance(term, list):
        return " → ".join(channel_name(channel) for channel in term)
    known = DEFINITIONS.get(str(term))
    return gettext(known) if known else str(term)
