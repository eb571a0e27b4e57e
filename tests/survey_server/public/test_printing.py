"""Every printed code is read back from the drawn page by a decoder that did not make it, in every format."""

from __future__ import annotations

import json
import re
import time
import uuid
from collections.abc import Sequence
from pathlib import Path

import pytest

import mobile_forms
from survey_server.console.qr import Correction, svg
from survey_server.public import classes, codes
from survey_server.public.codes import SHEETS, Kind, Paper, Printed
from survey_server.public.terms import set_letter
from survey_server.public.typed import SIGNS, check_sign, read_typed, typed_code
from survey_server.studies.models import Purpose
from survey_server.studies.service import study_of
from tests.support.nodejs import run_node
from tests.survey_server.public.walking import Installed

CLIENT = Path(mobile_forms.__file__).parent / "client"
READER = Path(__file__).with_name("read_codes.mjs")
Box = tuple[float, float, float, float]
WHOLE: Box = (0, 0, 210, 297)


def read_back(pdf: bytes, folder: Path, boxes: Sequence[Box], *, dots: int = 150, wear: float = 0) -> list[str]:
    """The codes of all pages in the order of the boxes; a box without a code is left out."""
    path = folder / f"{uuid.uuid4().hex}.pdf"
    path.write_bytes(pdf)
    order = json.dumps({"dots": dots, "wear": wear, "boxes": boxes})
    pages = json.loads(run_node(READER, str(CLIENT), str(path), order, folder=folder))
    return [code for page in pages for code in page if code is not None]


def boxes_of(sheet: codes.LabelSheet) -> list[Box]:
    return [
        (sheet.left + column * (sheet.width + sheet.gap), sheet.top + row * sheet.height, sheet.width, sheet.height)
        for row in range(sheet.rows)
        for column in range(sheet.columns)
    ]


def printed(installed: Installed, kind: Kind, sheet: str = "10") -> Printed:
    with installed.app.test_request_context(), installed.services.read() as work:
        return codes.printed(work, study_of(work, installed.drawn.study.id), kind, SHEETS[sheet])


def addresses(installed: Installed) -> list[str]:
    base = installed.services.settings.public_url
    return [f"{base}/q/{installed.case_token(number)}" for number in range(len(installed.drawn.main))]


def many(pattern: Printed, count: int, correction: Correction = Correction.PAPER) -> tuple[Printed, list[str]]:
    """The same with as many made-up households."""
    texts = [f"https://survey.example.cn/q/{number:04d}uZaBV5CcDtmRUcE4OIF0BcUzq_ue3VYRVoQ" for number in range(count)]
    papers = tuple(
        Paper(f"A-{number:04d}", svg(text, correction), "ACDEF-34679", "k3x9-2mfa") for number, text in enumerate(texts)
    )
    return Printed(pattern.kind, papers, pattern.words, pattern.sheet, pattern.letter), texts


@pytest.mark.parametrize("sheet", list(SHEETS))
def test_every_label_of_every_sheet_is_read_back_in_its_place(on_sqlite: Installed, tmp_path: Path, sheet: str) -> None:
    size = SHEETS[sheet]
    labels, texts = many(printed(on_sqlite, Kind.LABELS, sheet), size.each + 1)

    assert read_back(codes.typeset(labels), tmp_path, boxes_of(size)) == texts


def test_labels_lead_to_the_households_that_were_drawn(on_sqlite: Installed, tmp_path: Path) -> None:
    pdf = codes.typeset(printed(on_sqlite, Kind.LABELS))

    assert read_back(pdf, tmp_path, boxes_of(SHEETS["10"])) == addresses(on_sqlite)


def test_a_door_card_is_read_back_and_still_with_a_scratch_across_it(on_sqlite: Installed, tmp_path: Path) -> None:
    pdf = codes.typeset(printed(on_sqlite, Kind.DOOR))
    halves: list[Box] = [(0, 0, 148, 210), (149, 0, 148, 210)]

    assert read_back(pdf, tmp_path, halves) == addresses(on_sqlite)
    assert read_back(pdf, tmp_path, halves, wear=0.12) == addresses(on_sqlite)


def test_a_label_is_read_back_with_a_scratch(on_sqlite: Installed, tmp_path: Path) -> None:
    pdf = codes.typeset(printed(on_sqlite, Kind.LABELS))

    assert read_back(pdf, tmp_path, boxes_of(SHEETS["10"]), wear=0.06) == addresses(on_sqlite)


def test_a_letter_for_each_household_is_read_back(on_sqlite: Installed, tmp_path: Path) -> None:
    pdf = codes.typeset(printed(on_sqlite, Kind.LETTERS))

    assert read_back(pdf, tmp_path, [WHOLE]) == addresses(on_sqlite)


def test_posters_are_read_back(on_sqlite: Installed, tmp_path: Path) -> None:
    tokens = [on_sqlite.place_token(), on_sqlite.place_token(Purpose.TRAINING)]
    base = on_sqlite.services.settings.public_url

    pdf = codes.typeset(printed(on_sqlite, Kind.POSTERS))

    assert read_back(pdf, tmp_path, [WHOLE], dots=100) == [f"{base}/q/{token}" for token in tokens]


def test_the_poster_of_a_class_signs_in_above_and_rates_below(on_sqlite: Installed, tmp_path: Path) -> None:
    with on_sqlite.app.test_request_context(), on_sqlite.services.write() as work:
        study = study_of(work, on_sqlite.drawn.study.id)
        made = classes.make_class(work, study.id, "第一期", "甲县", "2026-09-10")
        work.session.flush()
        line = classes.class_of(work, study.id, made.id)
        expected = [classes.sign_in_address(work, made), codes.place_address(work, line.place)]
        poster = codes.class_poster(work, study, made.id)

    assert read_back(codes.typeset(poster), tmp_path, [(0, 0, 210, 165), (0, 165, 210, 132)]) == expected


def test_a_letter_may_be_in_the_studys_own_words_and_no_word_of_it_is_markup(
    on_sqlite: Installed, tmp_path: Path
) -> None:
    with on_sqlite.services.write() as work:
        set_letter(work, on_sqlite.drawn.study.id, "各位乡亲：\n{{company}} #panic() *来了*，电话{{hotline}}。")

    letters = printed(on_sqlite, Kind.LETTERS)

    assert letters.letter[0] == "各位乡亲："
    assert letters.letter[1].endswith("#panic() *来了*，电话000-1234567。")
    assert read_back(codes.typeset(letters), tmp_path, [WHOLE]) == addresses(on_sqlite)


def test_five_hundred_labels_are_typeset_in_seconds(on_sqlite: Installed) -> None:
    labels, _ = many(printed(on_sqlite, Kind.LABELS, "24"), 500)
    began = time.perf_counter()

    pdf = codes.typeset(labels)

    assert time.perf_counter() - began < 10, "a second or two where nothing else is at work; bench measures it"
    assert len(re.findall(rb"/Type\s*/Page\b", pdf)) == 21


def test_typed_codes_find_every_wrong_sign_and_every_swap(on_sqlite: Installed) -> None:
    code = typed_code(on_sqlite.services.vault, on_sqlite.drawn.main[0].id)

    assert read_typed(f" {code[:5].lower()}-{code[5:]} ") == code
    for place, sign in enumerate(code):
        for other in SIGNS.replace(sign, ""):
            assert read_typed(code[:place] + other + code[place + 1 :]) is None
        for second in range(place + 1, len(code)):
            signs = list(code)
            signs[place], signs[second] = signs[second], signs[place]
            assert signs == list(code) or read_typed("".join(signs)) is None
    assert set("0O1IL2Z5S8BUG").isdisjoint(SIGNS)
    assert check_sign("333333333") == "3"
