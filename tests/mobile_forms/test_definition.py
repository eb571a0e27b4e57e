from __future__ import annotations

import pytest

from mobile_forms.definition import FormError, Group, Output, Question, read_form
from mobile_forms.xlsform import compile_workbook
from tests.mobile_forms.forms import compiled, workbook


def test_a_form_is_read_with_its_tags_choices_and_groups() -> None:
    form = compiled("hv_household_visit").definition
    overall = form.by_metric("sat_overall")[0]

    assert (form.version, form.languages, form.media) == ("2025120101", ("中文(zh)",), ("households.csv",))
    assert (overall.name, overall.role, overall.pipl, overall.kind) == ("i6_all", "satisfaction", "none", "select_one")
    assert overall.appearance == "likert"
    assert [choice.value for choice in overall.choices] == ["5", "4", "3", "2", "1", "98", "99"]
    assert overall.choices[0].label["中文(zh)"].plain == "很满意"
    assert overall.choices[3].extra == {"x_metric_value": "30"}
    assert overall.choices[6].extra == {"x_flag": "missing"}
    assert overall.path == "/data/i/i6_all"


def test_a_metric_that_stands_twice_is_found_twice() -> None:
    form = compiled("hv_household_visit").definition

    assert [question.name for question in form.by_metric("death_month")] == ["ad_month", "b8_month"]


def test_a_label_keeps_the_places_of_its_values() -> None:
    label = compiled("hv_household_visit").definition.question("h_case").label["中文(zh)"]

    assert Output("/data/p_category_name") in label.parts
    assert label.plain.startswith("【访员看，不念】名册类别：…；")


def test_kinds_follow_type_and_control() -> None:
    form = compiled("hv_household_visit").definition
    kinds = {name: form.question(name).kind for name in ("start", "household", "a1_visit_no", "a3_geo", "a5_companion")}

    assert kinds == {
        "start": "meta",
        "household": "select_one",
        "a1_visit_no": "integer",
        "a3_geo": "geopoint",
        "a5_companion": "select_multiple",
    }
    assert form.question("h_case").kind == "note"
    assert form.question("p_amount").kind == "calculate"
    assert form.question("c5_photo").takes_file
    assert form.question("c5_photo").parameters["max-pixels"] == "1600"


def test_pages_are_the_groups_and_the_runs_of_questions_between_them() -> None:
    visit = compiled("hv_household_visit").definition
    public = compiled("qr_public").definition

    assert isinstance(visit.pages[0][0], Group)
    assert visit.pages[-1][0].name == "z_bye"
    assert len(public.pages) == 1
    assert [node.name for node in public.pages[0]][:3] == ["place", "z0", "z1"]


def test_several_languages_are_kept_apart() -> None:
    survey = [
        ("type", "name", "label::中文(zh)", "label::English (en)", "hint::中文(zh)"),
        ("text", "a", "甲", "Alpha", "提示"),
    ]
    form = compile_workbook(
        workbook(survey, settings=(("form_id", "default_language"), ("t", "中文(zh)"))), filename="t.xlsx"
    ).definition
    question = form.question("a")

    assert set(form.languages) == {"中文(zh)", "English (en)"}
    assert form.default_language == "中文(zh)"
    assert question.label["English (en)"].plain == "Alpha"
    assert "English (en)" not in question.hint or question.hint["English (en)"].plain in {"", "-"}


def test_choices_from_a_file_are_named_and_not_listed() -> None:
    household = compiled("hv_household_visit").definition.question("household")

    assert isinstance(household, Question)
    assert (household.media, household.choices) == ("households.csv", ())


@pytest.mark.parametrize(
    ("xml", "code"),
    [
        (b"", "malformed"),
        (b"<a/>", "not_a_form"),
        (b"<a><b></a>", "malformed"),
        (b'<!DOCTYPE a [<!ENTITY x "y">]><a>&x;</a>', "malformed"),
        (b'<?xml version="1.0" encoding="utf-16"?><a/>', "malformed"),
    ],
)
def test_what_is_no_form_is_refused(xml: bytes, code: str) -> None:
    with pytest.raises(FormError) as caught:
        read_form(xml)

    assert caught.value.code == code


def test_a_bind_to_no_node_is_refused() -> None:
    xml = compiled("qr_public").xml.replace(b'nodeset="/data/z9"', b'nodeset="/data/zz9"')

    with pytest.raises(FormError, match="/data/zz9") as caught:
        read_form(xml)
    assert caught.value.code == "unknown_path"
