"""What people write beside an option (其他〖…〗): kept in the form's open answer, else reported."""

from __future__ import annotations

import pytest

from mobile_forms.answers import Rules
from survey_server.imports.files import read_answers
from survey_server.imports.instances import Reader, RowAnswers
from survey_server.imports.items import items_of
from survey_server.imports.matching import decide
from tests.survey_server.imports.exports import wenjuanxing
from tests.survey_server.public.workbooks import ask, form

CHOICES = [
    {"list_name": "way", "name": code, "label": words}
    for code, words in (("1", "电视"), ("2", "村干部"), ("9", "其他"), ("96", "都不是"))
]
OPEN = ask("way_said", "text", relevant="selected(${way}, '9')")


def read(kind: str, cell: str, *further: str, asked: bool = True) -> RowAnswers:
    """One row, matched as a new file is."""
    survey = [ask("way", f"{kind} way"), *([OPEN] if asked else [])]
    headings = ["way", *(["way_said"] if further else [])]
    table = read_answers("答卷.xlsx", wenjuanxing(headings, [[cell, *further]]))
    items = items_of(table)
    definition = form(survey, CHOICES)
    reader = Reader(Rules(definition), items, decide(items, definition, table.source), table.source)
    return reader.answers(next(iter(table.rows.values())))


@pytest.mark.parametrize("cell", ["其他〖赶集时〗", "其他:赶集时", "其他：赶集时"])
def test_words_go_to_the_open_answer_of_their_option(cell: str) -> None:
    assert read("select_one", cell) == RowAnswers({"way": "9", "way_said": "赶集时"})


def test_one_of_several_answers_may_bring_words() -> None:
    found = read("select_multiple", "电视┋其他〖赶集时〗")
    assert found == RowAnswers({"way": "1 9", "way_said": "赶集时"})


def test_words_beside_an_option_without_an_open_answer_are_reported() -> None:
    assert read("select_one", "电视〖县里的〗") == RowAnswers({"way": "1"}, ("way〖…〗",))
    assert read("select_one", "其他〖赶集时〗", asked=False) == RowAnswers({"way": "9"}, ("way〖…〗",))


def test_a_column_of_its_own_is_the_open_answer_and_other_words_are_reported() -> None:
    assert read("select_one", "其他〖赶集时〗", "集上") == RowAnswers({"way": "9", "way_said": "集上"}, ("way〖…〗",))


def test_nothing_is_written_where_nothing_was_said() -> None:
    assert read("select_one", "其他") == RowAnswers({"way": "9"})
