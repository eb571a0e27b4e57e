"""Coded answers leave for other programs with their labels and with what is no answer."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import pyreadstat

from analysis.report.statistical import Variable, write_csv, write_dta, write_sav

LONG = "a_question_with_a_name_of_more_than_32_letters"
VARIABLES = [
    Variable("sample_id", "样本编号"),
    Variable("sat", "总体满意度", {5: "很满意", 1: "很不满意", 98: "说不清", 99: "不愿回答"}, (98, 99)),
    Variable(f"{LONG}__1", "甲", {1: "是", 0: "否"}),
    Variable(f"{LONG}__2", "乙"),
    Variable("weight", "权重"),
]
DATA = pd.DataFrame(
    {
        "sample_id": ["A-1", "A-2", "A-3", "A-4"],
        "sat": [5.0, 98.0, None, 1.0],
        f"{LONG}__1": [1.0, 0.0, None, 1.0],
        f"{LONG}__2": [1.0, 1.0, 0.0, None],
        "weight": [1.5, 2.25, 3.0, 0.125],
    }
)


def test_spss_has_labels_values_and_missing_codes(tmp_path: Path) -> None:
    path = tmp_path / "t.sav"
    path.write_bytes(write_sav(DATA, VARIABLES, "某区评价"))
    table, meta = pyreadstat.read_sav(path, user_missing=True)
    assert list(table["sat"].dropna()) == [5, 98, 1]
    assert list(table["sample_id"]) == list(DATA["sample_id"])
    assert meta.column_names_to_labels["sat"] == "总体满意度"
    assert meta.variable_value_labels["sat"][98] == "说不清"
    assert [each["lo"] for each in meta.missing_ranges["sat"]] == [98, 99]
    assert list(pyreadstat.read_sav(path)[0]["sat"].dropna()) == [5, 1]
    assert list(table["weight"]) == [1.5, 2.25, 3.0, 0.125]


def test_stata_has_lettered_missing_values_and_names_that_it_takes(tmp_path: Path) -> None:
    path = tmp_path / "t.dta"
    path.write_bytes(write_dta(DATA, VARIABLES, "某区评价"))
    table, meta = pyreadstat.read_dta(path, user_missing=True)
    assert list(table["sat"])[:2] == [5, "a"]
    assert meta.variable_value_labels["sat"]["a"] == "说不清"
    assert all(len(name) <= 32 for name in table.columns)
    assert len(set(table.columns)) == 5
    assert meta.column_names_to_labels["weight"] == "权重"


def test_a_csv_opens_as_chinese_and_is_never_a_formula() -> None:
    made = write_csv(pd.DataFrame({"编号": ["A-1", "=1+1"], "n": [1, -2]}))
    assert made.startswith("\ufeff编号,n\r\n".encode())
    assert b"'=1+1,-2" in made
