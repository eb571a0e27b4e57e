"""Cards to print and to cut: eight a sheet, each with photograph, number and code."""

from __future__ import annotations

import base64
from pathlib import Path
from typing import Any

from flask_babel import force_locale, gettext

from survey_server.cards.pictures import Picture
from survey_server.cards.service import Issued, address_of, cards_of, photo_of
from survey_server.console.qr import svg
from survey_server.console.typesetting import typeset
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.studies.models import Study
from survey_server.work import Work

TEMPLATE = Path(__file__).with_name("cards.typ")


def sheets(work: Work, study: Study) -> dict[str, Any]:
    """What is printed of the valid cards; raises STATE_CONFLICT where there is none."""
    valid = [issued for issued in cards_of(work, study) if issued.is_valid]
    if not valid:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("no card is valid now; issue one first"))
    with force_locale("zh_Hans_CN"):  # citizens read it, whatever language the office works in
        return {"cards": [_card(work, issued) for issued in valid], "words": _words(study)}


def pdf(data: dict[str, Any]) -> bytes:
    """The sheets as PDF; raises STATE_CONFLICT without a Chinese font."""
    return typeset(TEMPLATE, data)


def _card(work: Work, issued: Issued) -> dict[str, str]:
    return {
        "name": issued.person.name,
        "staff_no": issued.person.staff_no,
        "number": issued.card.number,
        "until": gettext("Valid until %(day)s", day=issued.card.valid_until.isoformat()),
        "photo": _drawing(photo_of(work, issued.card)),
        "code": svg(address_of(work, issued.card)),
    }


def _drawing(picture: Picture) -> str:
    """A photograph as an SVG of 5 × 7, cut to that shape, for data that is text."""
    content = base64.b64encode(picture.content).decode("ascii")
    return (
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 50 70"><image width="50" height="70" '
        f'preserveAspectRatio="xMidYMid slice" href="data:{picture.content_type};base64,{content}"/></svg>'
    )


def _words(study: Study) -> dict[str, str]:
    return {
        "title": gettext("Work card"),
        "company": study.company,
        "client": gettext("Commissioned by %(client)s", client=study.client) if study.client else "",
        "study": study.name,
        "staff_no": gettext("Staff number"),
        "number": gettext("Card number"),
        "scan": gettext("Scan to check"),
        "telephone": gettext("To check: %(hotline)s", hotline=study.hotline) if study.hotline else "",
        "practice": gettext("Practice") if study.practice else "",
    }
