"""Printed codes: a label for each sampled household, a poster for each place, typeset as one PDF.

A label shows the 样本编号 and never a name or a category, nor the word 救助: it may lie where neighbours see it.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import typst
from flask_babel import force_locale, gettext
from qrcode.constants import ERROR_CORRECT_M
from qrcode.main import QRCode

import mobile_forms
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.public.subjects import CASE, PLACE, printable_cases
from survey_server.studies.models import Place, Purpose, Study
from survey_server.studies.service import places
from survey_server.work import Work

TEMPLATE = Path(__file__).with_name("codes.typ")
FONTS = Path(mobile_forms.__file__).parent / "client" / "dist" / "fonts"
# The client's build brings the first; the others stand on many machines already.
CHINESE = (
    "Noto Sans SC",
    "Noto Sans CJK SC",
    "Source Han Sans SC",
    "PingFang SC",
    "Microsoft YaHei",
    "WenQuanYi Zen Hei",
    "SimHei",
)
# Any of the eight masks makes a valid code (ISO/IEC 18004, 7.8); to try them all for every label takes eight times
# as long and helps only codes that are tiny or torn.
MASK = 3

Matrix = Sequence[Sequence[bool]]


@dataclass(frozen=True)
class Label:
    """One household's code."""

    number: str
    code: str


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


def matrix(text: str) -> Matrix:
    """The modules of a QR code (error correction M), rows from the top, without the quiet zone."""
    code = QRCode(error_correction=ERROR_CORRECT_M, border=0, mask_pattern=MASK)
    code.add_data(text)
    code.make(fit=True)
    return code.get_matrix()


def svg(text: str) -> str:
    """A QR code as an SVG: one path, a box for each run of dark modules, four modules of quiet around."""
    modules = matrix(text)
    side = len(modules) + 8
    boxes = "".join(_runs(y + 4, row) for y, row in enumerate(modules))
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {side} {side}" shape-rendering="crispEdges">'
        f'<path fill="#fff" d="M0 0h{side}v{side}H0z"/><path d="{boxes}"/></svg>'
    )


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
            labels=tuple(Label(case.sample_id, svg(_address(work, work.vault.token(CASE, case.id)))) for case in cases),
            posters=tuple(_poster(work, place) for place in where),
            words=_words(study),
        )


def typeset(sheets: Sheets) -> bytes:
    """The PDF: A4 sheets of labels to cut, then an A4 poster for each place. Raises STATE_CONFLICT without a font."""
    family = _chinese_font()
    data = json.dumps({**asdict(sheets), "font": family}, ensure_ascii=False)
    paths = [str(FONTS)] if FONTS.is_dir() else []
    pdf = typst.compile(
        str(TEMPLATE), font_paths=paths, ignore_system_fonts=family == CHINESE[0], sys_inputs={"data": data}
    )
    return bytes(pdf)  # type: ignore[arg-type]


def _chinese_font() -> str:
    if any(FONTS.glob("*.ttf")):
        return CHINESE[0]
    known = set(typst.Fonts(include_embedded_fonts=False).families())
    found = next((family for family in CHINESE if family in known), None)
    if found is None:
        raise ZoufangError(
            Problem.STATE_CONFLICT,
            why=N_("this machine has no Chinese font; start the server once by “python3 bootstrap.py run”"),
        )
    return found


def _runs(y: int, row: Sequence[bool]) -> str:
    boxes, x = [], 0
    while x < len(row):
        start = x
        while x < len(row) and row[x]:
            x += 1
        if x > start:
            boxes.append(f"M{start + 4} {y}h{x - start}v1H{start + 4}z")
        x += 1
    return "".join(boxes)


def _address(work: Work, token: str) -> str:
    return f"{work.settings.public_url}/q/{token}"


def _poster(work: Work, place: Place) -> Poster:
    training = place.purpose == Purpose.TRAINING.value
    return Poster(
        number=place.code,
        place=place.label,
        title=gettext("Please rate this training") if training else gettext("Please rate our service"),
        about=gettext("About 2 minutes. No sign-in, no name."),
        code=svg(place_address(work, place)),
    )


def _words(study: Study) -> dict[str, str]:
    return {
        "title": gettext("Scan, and tell us what you think"),
        "about": gettext("About 5 minutes. No name is asked. Whatever you answer changes nothing for you."),
        "sample_number": gettext("Sample number"),
        "place_number": gettext("Place number"),
        "scan": gettext("Scan with WeChat or the camera of your phone"),
        "questions": gettext("Questions? Call %(hotline)s", hotline=study.hotline) if study.hotline else "",
        "company": study.company,
        "client": gettext("For %(client)s", client=study.client) if study.client else "",
        "practice": gettext("Practice") if study.practice else "",
    }
