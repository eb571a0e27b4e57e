"""Printed codes: labels, door cards and letters for sampled households, posters for places, each kind as one PDF.

What goes to a household shows the 样本编号 and never a name, a category or the study's name, nor the word 救助: it may
lie where neighbours see it. A label on paper may lose a quarter of its code, what hangs at a door nearly a third.
"""

from __future__ import annotations

import re
import uuid
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from pathlib import Path

from flask_babel import force_locale, gettext

from survey_server.console import typesetting
from survey_server.console.qr import Correction, svg
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.models import Case
from survey_server.public.classes import class_of, sign_in_address
from survey_server.public.models import PrintedCode
from survey_server.public.subjects import PLACE, printable_cases, token_of
from survey_server.public.terms import replacements, terms_of
from survey_server.public.typed import spaced, typed_code
from survey_server.rights.withdrawal import code_of_case
from survey_server.studies.models import Place, Purpose, Study
from survey_server.studies.service import places
from survey_server.work import Work

TEMPLATE = Path(__file__).with_name("codes.typ")
LETTER = Path(__file__).with_name("letter.txt")
PLACEHOLDER = re.compile(r"\{\{\s*(company|client|hotline)\s*\}\}")


class Kind(StrEnum):
    """What is printed."""

    LABELS = "labels"
    DOOR = "door"
    LETTERS = "letters"
    POSTERS = "posters"
    CLASS = "class"


KIND_NAMES = {
    Kind.LABELS: N_("Labels"),
    Kind.DOOR: N_("Door cards"),
    Kind.LETTERS: N_("Letters in advance"),
    Kind.POSTERS: N_("Posters for places"),
    Kind.CLASS: N_("Poster to sign in"),
}
OF_HOUSEHOLDS = frozenset({Kind.LABELS, Kind.DOOR, Kind.LETTERS})


@dataclass(frozen=True)
class LabelSheet:
    """An A4 sheet of labels: how many, how large, where the first begins; lengths in millimetres."""

    id: str
    columns: int
    rows: int
    width: float
    height: float
    left: float
    top: float
    gap: float = 0.0

    @property
    def each(self) -> int:
        """Labels on one sheet."""
        return self.columns * self.rows


SHEETS = {
    sheet.id: sheet
    for sheet in (
        LabelSheet("10", 2, 5, 100.0, 57.0, 5.0, 6.0),
        LabelSheet("8", 2, 4, 99.1, 67.7, 4.65, 13.1, 2.5),
        LabelSheet("14", 2, 7, 99.1, 38.1, 4.65, 15.15, 2.5),
        LabelSheet("21", 3, 7, 63.5, 38.1, 7.2, 15.15, 2.55),
        LabelSheet("24", 3, 8, 70.0, 37.0, 0.0, 0.5),
    )
}
"""The sizes that are sold everywhere, by labels a sheet; the first is for plain paper, to cut."""


@dataclass(frozen=True)
class Paper:
    """One label, card, letter or poster; ``code`` and ``second`` are SVG, texts are ready to read."""

    number: str
    code: str
    typed: str
    withdrawal: str = ""
    place: str = ""
    title: str = ""
    about: str = ""
    second: str = ""
    second_about: str = ""


@dataclass(frozen=True)
class Printed:
    """Everything that one PDF holds."""

    kind: Kind
    papers: tuple[Paper, ...]
    words: dict[str, str]
    sheet: LabelSheet = field(default_factory=lambda: SHEETS["10"])
    letter: tuple[str, ...] = ()


def household_code(work: Work, case: Case) -> PrintedCode:
    """The first code of a household."""
    return PrintedCode(study_id=case.study_id, case_id=case.id, typed=typed_code(work.vault, case.id))


def place_address(work: Work, place: Place) -> str:
    """Where the code of a place leads."""
    return _address(work, work.vault.token(PLACE, place.id))


def printed(work: Work, study: Study, kind: Kind, sheet: LabelSheet | None = None, *, number: str = "") -> Printed:
    """What is printed of a kind now, or for the household of this ``number``; raises STATE_CONFLICT for nothing."""
    with force_locale("zh_Hans_CN"):  # respondents read it, whatever language the office works in
        if kind in OF_HOUSEHOLDS:
            cases = [case for case in printable_cases(work, study.id) if number in {"", case.sample_id}]
            later = replacements(work, study.id)
            correction = Correction.WORN if kind is Kind.DOOR else Correction.PAPER
            codes = [(case, later.get(case.id) or household_code(work, case)) for case in cases]
            papers = tuple(_of_household(work, case, code, correction) for case, code in codes)
        else:
            papers = tuple(_poster(work, place) for place in places(work, study.id))
        if not papers:
            raise ZoufangError(Problem.STATE_CONFLICT, why=N_("no household was drawn yet and no place was added"))
        letter = tuple(letter_of(work, study)) if kind is Kind.LETTERS else ()
        return Printed(kind, papers, _words(work, study), sheet or SHEETS["10"], letter)


def class_poster(work: Work, study: Study, class_id: uuid.UUID) -> Printed:
    """The poster by which the people of a class sign in, and rate the class afterwards; raises NOT_FOUND."""
    line = class_of(work, study.id, class_id)
    with force_locale("zh_Hans_CN"):
        paper = Paper(
            number=line.place.code,
            place=line.place.label,
            title=gettext("Please sign in"),
            about=gettext("1. On arrival: scan, give your name"),
            code=svg(sign_in_address(work, line.training), Correction.WORN),
            second=svg(place_address(work, line.place), Correction.WORN),
            second_about=gettext("2. At the end: scan, rate the training, without a name"),
            typed=spaced(typed_code(work.vault, line.place.id)),
            withdrawal=line.training.held_on.isoformat(),
        )
        return Printed(Kind.CLASS, (paper,), _words(work, study))


def specimen(work: Work, study: Study, kind: Kind, sheet: LabelSheet) -> Printed:
    """How a kind will look: made-up numbers, and codes that lead to the page where codes are typed."""
    with force_locale("zh_Hans_CN"):
        address, one_a_page = f"{work.settings.public_url}/q", kind in {Kind.LETTERS, Kind.POSTERS}
        paper = Paper(
            number="P-00" if kind is Kind.POSTERS else "A-0000",
            code=svg(address, Correction.PAPER),
            typed="XXXXX-XXXXX",
            withdrawal="xxxx-xxxx",
            place=gettext("Place"),
            title=gettext("Please rate our service"),
            about=gettext("About 2 minutes. No sign-in, no name."),
        )
        papers = (paper,) * (1 if one_a_page else 2 if kind is Kind.DOOR else sheet.each)
        letter = tuple(letter_of(work, study)) if kind is Kind.LETTERS else ()
        return Printed(kind, papers, _words(work, study), sheet, letter)


def picture(sheets: Printed) -> bytes:
    """The first page as a picture (PNG)."""
    return typesetting.first_page(TEMPLATE, asdict(sheets))


def typeset(sheets: Printed) -> bytes:
    """The PDF; raises STATE_CONFLICT without a font."""
    return typesetting.typeset(TEMPLATE, asdict(sheets))


def letter_of(work: Work, study: Study) -> list[str]:
    """The paragraphs of 致居民的一封信, with the names of the study filled in."""
    text = terms_of(work, study.id).letter or LETTER.read_text("utf-8")
    known = {"company": study.company, "client": study.client, "hotline": study.hotline}
    filled = PLACEHOLDER.sub(lambda found: known[found[1]], text)
    return [line.strip() for line in filled.splitlines() if line.strip()]


def _address(work: Work, token: str) -> str:
    return f"{work.settings.public_url}/q/{token}"


def _of_household(work: Work, case: Case, code: PrintedCode, correction: Correction) -> Paper:
    return Paper(
        number=case.sample_id,
        code=svg(_address(work, token_of(work.vault, code)), correction),
        typed=spaced(code.typed),
        withdrawal=code_of_case(work, case.id),
    )


def _poster(work: Work, place: Place) -> Paper:
    training = place.purpose == Purpose.TRAINING.value
    return Paper(
        number=place.code,
        place=place.label,
        title=gettext("Please rate this training") if training else gettext("Please rate our service"),
        about=gettext("About 2 minutes. No sign-in, no name."),
        code=svg(place_address(work, place), Correction.WORN),
        typed=spaced(typed_code(work.vault, place.id)),
    )


def _words(work: Work, study: Study) -> dict[str, str]:
    terms, address = terms_of(work, study.id), work.settings.public_url
    until = terms.closes_on.isoformat() if terms.closes_on else ""
    return {
        "title": gettext("Scan, and tell us what you think"),
        "about": gettext("About 5 minutes. No name is asked. Whatever you answer changes nothing for you."),
        "door": gettext("We came today and did not meet you"),
        "door_about": gettext(
            "You can answer by yourself: scan the code. Or call us, and we shall come at another time."
        ),
        "visited": gettext("Came at: ____ day ____ hour    Interviewer: ________"),
        "letter": gettext("A letter to the residents"),
        "privacy": gettext("No name is asked; answers are used for statistics only; you may withdraw at any time."),
        "sample_number": gettext("Sample number"),
        "place_number": gettext("Place number"),
        "typed": gettext("Code"),
        "type_at": gettext("No camera? Open %(address)s and type the code", address=f"{address}/q"),
        "scan": gettext("Scan with WeChat or the camera of your phone"),
        "questions": gettext("Questions? Call %(hotline)s", hotline=study.hotline) if study.hotline else "",
        "until": gettext("Until %(day)s", day=until) if until else "",
        "company": study.company,
        "client": gettext("For %(client)s", client=study.client) if study.client else "",
        "study": study.name,
        "withdraw": gettext("To have your answers deleted: %(address)s, code", address=f"{address}/q/withdraw"),
        "practice": gettext("Practice") if study.practice else "",
    }
