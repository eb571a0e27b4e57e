"""A file that a questionnaire names is found at its place; one that is not there is a fault."""

from __future__ import annotations

import pytest

from mobile_forms.media import Named, absent_files
from mobile_forms.xlsform import compile_workbook
from tests.mobile_forms.forms import Row, workbook

HEADINGS = ("type", "name", "label", "calculation", "media::image", "media::audio::English(en)")
CHOICES = (("list_name", "name", "label", "image"), ("l", "1", "一", "one.png"), ("l", "2", "二", None))


def named(*rows: Row) -> tuple[Named, ...]:
    return compile_workbook(workbook([HEADINGS, ("text", "a", "甲"), *rows], CHOICES), filename="t.xlsx").named


@pytest.mark.parametrize(
    ("row", "place"),
    [
        (("select_one_from_file towns.csv", "b", "乙"), Named("towns.csv", "survey", 3, "type", "b")),
        (("csv-external", "towns"), Named("towns.csv", "survey", 3, "type", "towns")),
        (("calculate", "b", None, "pulldata('towns', 'x', 'name', ${a})"), ("towns.csv", "calculation")),
        (("note", "b", "乙", None, "房子 1.png"), Named("房子 1.png", "survey", 3, "media::image", "b")),
        (("note", "b", "乙", None, None, "b.mp3"), ("b.mp3", "media::audio::English(en)")),
        (("select_one l", "b", "乙"), Named("one.png", "choices", 2, "image", "")),
    ],
)
def test_a_file_is_found_where_it_is_named(row: Row, place: object) -> None:
    found = named(row)

    assert place in [*found, *((one.file, one.column) for one in found)]


def test_a_file_that_is_not_there_is_a_fault_with_its_row_and_what_could_be_used() -> None:
    places = named(("select_one_from_file towns.csv", "b", "乙"), ("select_one_from_file households.csv", "c", "丙"))
    (fault,) = absent_files(places, {"households.csv", "one.png"})

    assert (fault.code, fault.sheet, fault.row, fault.column) == ("media_absent", "survey", 3, "type")
    assert "towns.csv" in fault.sentence("zh")
    assert "households.csv" in fault.remedy("zh")
    assert "towns.csv" in fault.sentence("en")
