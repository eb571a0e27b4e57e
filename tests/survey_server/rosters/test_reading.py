"""Files from outside: every kind is read, and nothing may cost more than it should."""

from __future__ import annotations

import io
import zipfile
from contextlib import suppress
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey_server.demo.rosters import workbook
from survey_server.rosters.reading import Limits, RosterFileError, read_sheets

OLD = (Path(__file__).parent / "temporary_assistance.xls").read_bytes()
NEW = workbook({"低保": [["姓名", "身份证号"], ["张德顺", "11010519491231002X"]]})
TABLE = "姓名,身份证号\r\n张德顺,11010519491231002X\r\n李春福,\r\n"


def rows(name, data, **limits):
    return [sheet.rows for sheet in read_sheets(name, data, Limits(**limits))]


def refused(name, data, limits=None, **options):
    with pytest.raises(RosterFileError) as caught:
        list(read_sheets(name, data, limits or Limits(), **options))
    return caught.value.code


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "gb18030"])
def test_a_csv_is_read_in_the_encodings_that_offices_use(encoding):
    assert rows("a.csv", TABLE.encode(encoding)) == [
        [["姓名", "身份证号"], ["张德顺", "11010519491231002X"], ["李春福", ""]]
    ]


@pytest.mark.parametrize("delimiter", [",", "\t", ";", "|"])
def test_the_delimiter_of_a_csv_is_found(delimiter):
    assert rows("a.txt", TABLE.replace(",", delimiter).encode())[0][1] == ["张德顺", "11010519491231002X"]


def test_rows_of_unequal_length_are_filled_up():
    assert rows("a.csv", b"a,b,c\nd\n")[0] == [["a", "b", "c"], ["d", "", ""]]


def test_every_sheet_of_a_workbook_is_read_and_hidden_ones_are_named(xlsx):
    data = xlsx(hidden=["旧"], 低保=[["姓名"], ["张德顺"]], 特困=[["姓名"], ["李春福"]], 旧=[["姓名"], ["赵"]])

    sheets = list(read_sheets("a.xlsx", data))

    assert [(s.name, s.hidden, len(s.rows)) for s in sheets] == [
        ("低保", False, 2),
        ("特困", False, 2),
        ("旧", True, 0),
    ]


def test_an_old_excel_file_is_read_whatever_its_name():
    first, second = read_sheets("really.xlsx", OLD)

    assert first.name == "临时救助"
    assert first.rows[2][:5] == [1.0, "张德顺", "11010519491231002X", "龙泉街道", 15400000001.0]
    assert second.rows == [["本表由民政办填写"]]


def test_a_table_away_from_the_corner_keeps_its_place(xlsx):
    sheet = next(read_sheets("a.xlsx", xlsx(低保=[[], [], ["", "", "姓名"], ["", "", "张德顺"]])))

    assert (sheet.top, sheet.left, sheet.rows) == (3, 3, [["姓名"], ["张德顺"]])


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "file_empty"),
        (b"  \r\n ", "file_empty"),
        (b"PK\x03\x04 no zip", "file_damaged"),
        (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "file_damaged"),
        (b"<html><table><tr><td>1</td></tr></table></html>", "file_is_web_page"),
        (b"\xff\xd8\xff\xe0\x01\x02\x03\x04\x05\x81\xff", "text_unreadable"),
        (b"\x01\x02\x03\x04 abc", "file_kind_unknown"),
    ],
)
def test_what_is_no_roster_is_refused_with_its_reason(data, code):
    assert refused("a.xls", data) == code


def test_a_file_beyond_the_limit_is_refused():
    assert refused("a.csv", b"a,b\n" * 100, Limits(bytes=100)) == "file_too_large"


def test_a_zip_that_is_no_workbook_is_refused():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr("mimetype", "application/vnd.oasis.opendocument.spreadsheet")

    assert refused("a.xlsx", buffer.getvalue()) == "file_kind_unknown"


def repacked(data, name, change):
    """The same workbook with the member `name` changed."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(data)) as old, zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.namelist():
            content = old.read(member)
            new.writestr(member, change(content) if member == name else content)
    return buffer.getvalue()


def test_a_workbook_that_unpacks_to_too_much_is_refused_though_it_says_otherwise(xlsx):
    data = repacked(xlsx(低保=[["姓名"]]), "xl/styles.xml", lambda xml: xml + b" " * 5_000_000)
    size = (5_000_000 + 2_000).to_bytes(4, "little")
    start = data.rindex(b"xl/styles.xml") - 46
    lying = data[: start + 24] + (10).to_bytes(4, "little") + data[start + 28 :]

    assert len(data) < 50_000
    assert size not in lying[start : start + 46]
    assert refused("a.xlsx", lying, Limits(unpacked=1_000_000)) == "file_unpacks_too_large"


@pytest.mark.parametrize("place", ["XFD1048576", "A1048576", "ZZ99999"])
def test_one_cell_far_away_does_not_fill_the_memory(xlsx, place):
    far = f'<row r="9"><c r="{place}" t="n"><v>1</v></c></row></sheetData>'.encode()
    data = repacked(xlsx(低保=[["姓名"]]), "xl/worksheets/sheet1.xml", lambda xml: xml.replace(b"</sheetData>", far))

    assert refused("a.xlsx", data) in {"too_many_rows", "too_many_columns", "too_many_cells"}


def test_rows_columns_and_sheets_are_bounded(xlsx):
    assert refused("a.csv", b"a,b\n" * 20_000, Limits(rows=10_000)) == "too_many_rows"
    assert refused("a.csv", b"," * 300 + b"\n") == "too_many_columns"
    assert refused("a.xlsx", xlsx(a=[["x"]], b=[["x"]], c=[["x"]]), Limits(sheets=2)) == "too_many_sheets"


def test_reading_stops_when_its_time_is_over():
    ticks = iter(range(0, 1000, 10))

    assert refused("a.csv", b"a,b\n" * 30_000, Limits(seconds=15), clock=lambda: next(ticks)) == "file_too_slow"


@given(st.lists(st.lists(st.text("甲乙丙0１ab", max_size=6), min_size=2, max_size=4), min_size=1, max_size=20))
def test_whatever_a_csv_holds_comes_back_cell_by_cell(table):
    width = max(map(len, table))
    text = "姓名,号\n" + "".join(",".join(row) + "\n" for row in table)

    [found] = rows("a.csv", text.encode("gb18030"))

    assert [row[: len(want)] for row, want in zip(found[1:], table, strict=True)] == table
    assert {len(row) for row in found} == {max(width, 2)}


@given(
    st.lists(st.tuples(st.integers(0, 5_631), st.integers(0, 255)), max_size=20), st.integers(0, 5_632), st.booleans()
)
def test_a_damaged_file_is_read_or_refused_and_nothing_else(changes, length, old):
    data = bytearray(OLD if old else NEW)
    for place, byte in changes:
        data[place % len(data)] = byte

    with suppress(RosterFileError):
        list(read_sheets("a.xlsx", bytes(data[: max(length, 600)])))
