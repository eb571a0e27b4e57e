"""From files to a frame, and the workbooks about it."""

from __future__ import annotations

import io
import json
from pathlib import Path

import openpyxl
import pytest
from python_calamine import load_workbook

from survey_server.demo.rosters import city, small_district
from survey_server.rosters.prepare import prepare
from survey_server.rosters.reading import Limits
from survey_server.rosters.report import UNIT_FIELDS, problem_workbook, unit_workbook

HERE = Path(__file__).parent


def counts(prepared):
    return {row.category: (row.unit, row.units, row.persons) for row in prepared.counts.itertuples()}


def test_the_small_district_has_the_figures_of_chenggong(read):
    """昆明呈贡 2023: 139 households of 166 persons, 19 特困 (12 + 7), 22 涉诉, 21 临时救助, 12 精减退职."""
    found = read(small_district())

    assert counts(found) == {
        "1": ("户", 139, 166),
        "3": ("人", 7, 7),
        "4": ("人", 12, 12),
        "7": ("户", 21, 21),
        "14": ("人", 22, 22),
        "15": ("人", 12, 12),
    }
    assert set(found.problems["severity"]) == {"mended"}


def test_the_small_district_is_the_same_for_the_same_seed():
    assert small_district(7) == small_district(7)
    assert small_district(7) != small_district(8)


@pytest.fixture(scope="module")
def city_folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("city")
    city(folder, rows=(8_000, 400))
    return folder


def test_a_city_of_forty_townships_is_read_whole_and_its_mess_is_found(read, codes, city_folder):
    files = {path.name: path.read_bytes() for path in sorted(city_folder.iterdir())}

    found = read(files)

    assert len(files) == 40
    assert {Path(name).suffix for name in files} == {".xlsx", ".csv"}
    assert sum(sheet.rows for sheet in found.sheets) == 8_400
    kinds = {code: len(rows) for code, rows in codes(found).items()}
    each = ("id_check_digit", "id_damaged", "id_length", "category_unknown", "duplicate_person")
    assert {kinds[code] for code in (*each, "full_width", "phone_bad", "phone_no_area_code")} == {40}
    assert {"total_row", "title_line"} <= set(kinds)
    assert sum(sheet.used for sheet in found.sheets) - kinds["duplicate_person"] == 8_400 - 40 * len(each)
    assert len(found.counts["county"].unique()) == 5
    assert found.merged.households["unit_id"].is_unique


def test_the_same_file_twice_is_read_once(read, codes):
    name, data = next(iter(small_district().items()))

    found = read({name: data, "复件.xlsx": data})

    assert len(found.sheets) == 1
    [problem] = [row for row in found.problems.to_dict("records") if row["code"] == "file_already_here"]
    assert (problem["file"], problem["fields"]) == ("复件.xlsx", {"first": name})


def test_an_unreadable_file_does_not_stop_the_others(read):
    found = read({"坏.xlsx": b"PK\x03\x04", **small_district()})

    assert found.problems.loc[found.problems["severity"] == "error", ["code", "file"]].to_numpy().tolist() == [
        ["file_damaged", "坏.xlsx"]
    ]
    assert counts(found)["1"] == ("户", 139, 166)


def test_an_old_excel_file_goes_all_the_way(read, codes):
    found = read({"temporary.xls": (HERE / "temporary_assistance.xls").read_bytes()})

    households = found.merged.households
    assert households[["name", "phones", "category", "county"]].to_numpy().tolist() == [
        ["张德顺", "15400000001", "7", "云溪区"]
    ]
    assert codes(found)["id_damaged"] == [4]
    assert "no_header" in codes(found)


def test_what_somebody_said_of_a_sheet_stands_before_its_name(read):
    files = {"柳湾县农村低保.csv": "姓名,身份证号\n甲乙,11010519491231002X\n".encode()}

    found = read(files, constants={("柳湾县农村低保.csv", ""): {"category": "1", "county": "青石县"}})

    assert found.counts[["county", "category"]].to_numpy().tolist() == [["青石县", "1"]]


def test_progress_is_told_after_every_file(read):
    told = []

    read(small_district(), progress=lambda done, total, _name: told.append((done, total)))

    assert told == [(n, 8) for n in range(1, 9)]


def test_no_files_make_an_empty_frame(rules):
    found = prepare([], rules, str)

    assert found.counts.empty
    assert found.problems.empty


def test_limits_hold_for_every_file(read, codes):
    assert set(codes(read(small_district(), limits=Limits(bytes=10)))) == {"file_too_large"}


def test_the_workbook_of_bad_rows_names_place_and_remedy_errors_first(read):
    found = read(
        {
            "a.csv": (
                "姓名,身份证号,县,救助类别,电话\n甲乙,11010519491231002X,柳湾县,农村低保,1\n丙丁,1,柳湾县,农村低保,\n"
            ).encode()
        }
    )

    rows = list(openpyxl.load_workbook(io.BytesIO(problem_workbook(found.problems)))["Problems"].values)

    assert rows[0][:6] == ("Result", "File", "Sheet", "Row", "Column", "Value (masked)")
    assert [row[:5] for row in rows[1:]] == [
        ("Left out", "a.csv", None, 3, "B 身份证号"),
        ("Kept, please check", "a.csv", None, 2, "E 电话"),
    ]
    assert rows[1][6] == "The ID number has 1 characters instead of 18."
    assert rows[1][7] == "Compare with the ID card."


def test_the_list_of_units_holds_numbers_as_numbers_and_no_formula(read):
    found = read(small_district())
    units = found.merged.households.assign(village="=1+1", family=None)[list(UNIT_FIELDS)]

    data = unit_workbook(units.itertuples(index=False, name=None))

    rows = load_workbook(io.BytesIO(data)).get_sheet_by_index(0).to_python()
    assert len(rows) == 214
    assert {type(row[9]) for row in rows[1:]} == {float}
    assert {row[4] for row in rows[1:]} == {"=1+1"}
    cell = openpyxl.load_workbook(io.BytesIO(data)).active["E2"]
    assert cell.data_type == "s"


def test_the_list_of_units_names_nobody(read):
    found = read(small_district())
    text = json.dumps(found.merged.households[list(UNIT_FIELDS)].to_numpy().tolist(), ensure_ascii=False)

    assert not any(name in text for name in found.merged.households["name"])
    assert not any(number in text for number in found.merged.households["id_number"])
