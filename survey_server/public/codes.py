"""Printed codes: a label for each sampled household, a poster for each place, typeset as one PDF.

A label shows the 样本编号 and never a name or a category, nor the word 救助: it may lie where neighbours see it.
"""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path

from flask_babel import force_locale, gettext

from survey_server.console import typesetting
from survey_server.console.qr import svg
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.models import Case
from survey_server.public.subjects import CASE, PLACE, printable_cases
from survey_server.rights.withdrawal import code_of_case
from survey_server.studies.models import Place, Purpose, Study
from survey_server.studies.service import places
from survey_server.work import Work

TEMPLATE = Path(__file__).with_name("codes.typ")


@dataclass(frozen=True)
class Label:
    """One household's code."""

    number: str
    code: str
    withdrawal: str


@dataclass(frozen=True)
class Poster:
    """One place's code."""

    number: str
    place: str
    title: str
    about: str
    code: str


@dataclass(frozen=True)
class Sheets:
    """Everything that is printed; texts are ready to read, codes are SVG."""

    labels: tuple[Label, ...]
    posters: tuple[Poster, ...]
    words: dict[str, str]


def place_address(work: Work, place: Place) -> str:
    """Where the code of a place leads."""
    return _address(work, work.vault.token(PLACE, place.id))


def sheets(work: Work, study: Study) -> Sheets:
    """What can be printed for a study now; raises STATE_CONFLICT where that is nothing."""
    cases, where = printable_cases(work, study.id), places(work, study.id)
    if not cases and not where:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("no household was drawn yet and no place was added"))
    with force_locale("zh_Hans_CN"):  # respondents read it, whatever language the office works in
        return Sheets(
            labels=tuple(_label(work, case) for case in cases),
            posters=tuple(_poster(work, place) for place in where),
            words=_words(work, study),
        )


def typeset(sheets: Sheets) -> bytes:
    """The PDF: A4 sheets of labels to cut, then an A4 poster for each place. Raises STATE_CONFLICT without a font."""
    return typesetting.typeset(TEMPLATE, asdict(sheets))


def _address(work: Work, token: str) -> str:
    return f"{work.settings.public_url}/q/{token}"


def _label(work: Work, case: Case) -> Label:
    address = _address(work, work.vault.token(CASE, case.id))
    return Label(case.sample_id, svg(address), code_of_case(work, case.id))


def _poster(work: Work, place: Place) -> Poster:
    training = place.purpose == Purpose.TRAINING.value
    return Poster(
        number=place.code,
        place=place.label,
        title=gettext("Please rate this training") if training else gettext("Please rate our service"),
        about=gettext("About 2 minutes. No sign-in, no name."),
        code=svg(place_address(work, place)),
    )


def _words(work: Work, study: Study) -> dict[str, str]:
    return {
        "title": gettext("Scan, and tell us what you think"),
        "about": gettext("About 5 minutes. No name is asked. Whatever you answer changes nothing for you."),
        "sample_number": gettext("Sample number"),
        "place_number": gettext("Place number"),
        "scan": gettext("Scan with WeChat or the camera of your phone"),
        "questions": gettext("Questions? Call %(hotline)s", hotline=study.hotline) if study.hotline else "",
        "company": study.company,
        "client": gettext("For %(client)s", client=study.client) if study.client else "",
        "withdraw": gettext(
            "To have your answers deleted: %(address)s, code", address=f"{work.settings.public_url}/q/withdraw"
        ),
        "practice": gettext("Practice") if study.practice else "",
    }
