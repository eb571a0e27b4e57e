"""ID numbers, telephones, masks."""

from __future__ import annotations

import datetime as dt

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from survey_server.rosters.identity import birth_dates, check_digit, examine_ids, mask, read_phones

TODAY = dt.date(2026, 9, 1)


def judged(*numbers):
    findings = examine_ids(np.array(numbers, dtype=object), TODAY)
    return list(zip(findings.code, findings.value, findings.detail, strict=True))


@pytest.mark.parametrize("number", ["11010519491231002X", "440524188001010014"])
def test_the_samples_of_gb_11643_pass(number):
    """The two numbers printed in GB 11643-1999."""
    assert judged(number) == [("", number, "")]


@pytest.mark.parametrize(
    ("number", "code", "detail"),
    [
        ("110105194912310021", "id_check_digit", "X"),
        ("1101051949123100", "id_length", 16),
        ("11010519490231002X", "id_date", "1949-02-31"),
        ("11010520270101002X", "id_date", "2027-01-01"),
        ("110105A9491231002X", "id_characters", ""),
        ("1101051949123100２X", "id_characters", ""),
        ("1.10105194912310E+17", "id_damaged", ""),
        ("1.10105E+17", "id_damaged", ""),
        ("110105194912310000", "id_damaged", "X"),
        ("11010519491231002Y", "id_characters", ""),
    ],
)
def test_a_wrong_number_is_told_by_what_is_wrong_with_it(number, code, detail):
    [(found, _, said)] = judged(number)

    assert found == code
    if code != "id_damaged":
        assert said == detail


def test_a_number_of_the_first_generation_is_lengthened():
    """110105491231002 is the same person as the sample of GB 11643."""
    assert judged("110105491231002") == [("id_15_digits", "11010519491231002X", "")]


def test_the_day_of_birth_is_read_from_sound_numbers_of_18_digits_alone():
    numbers = ["11010519491231002X", "", "110105194912310021", "110105491231002", "11010519490231002X"]
    assert birth_dates(np.array(numbers, dtype=object), TODAY).tolist() == ["1949-12-31", "", "", "", ""]


def test_a_blank_is_not_judged():
    assert judged("") == [("", "", "")]


@given(
    st.dates(dt.date(1900, 1, 1), TODAY),
    st.integers(100_000, 999_999),
    st.integers(0, 999),
    st.integers(0, 17),
    st.integers(1, 9),
)
def test_every_sound_number_passes_and_one_wrong_digit_never_does(born, area, serial, place, shift):
    """MOD 11-2 finds every single substitution (ISO 7064)."""
    body = f"{area}{born:%Y%m%d}{serial:03d}"
    number = body + check_digit(body)
    digits = "0123456789X" if place == 17 else "0123456789"
    other = digits[(digits.index(number[place]) + shift) % len(digits)]
    wrong = number[:place] + other + number[place + 1 :]

    assert judged(number)[0][0] == ""
    assert judged(wrong)[0][0] != "" or wrong == number


@pytest.mark.parametrize(
    ("text", "area", "numbers", "problem"),
    [
        ("13800000000", "", ("13800000000",), ""),
        ("+86 138-0000-0000", "", ("13800000000",), ""),
        ("138 0000 0000", "", ("13800000000",), ""),
        ("13800000000/13900000000", "", ("13800000000", "13900000000"), ""),
        ("13800000000、0827-5221234", "", ("13800000000", "0827-5221234"), ""),
        ("5221234", "", ("5221234",), "phone_no_area_code"),
        ("5221234", "0827", ("0827-5221234",), "phone_area_code_added"),
        ("12345", "", (), "phone_bad"),
        ("1380000000", "", (), "phone_bad"),
        ("1.38E+10", "", (), "phone_bad"),
        ("无", "", (), "phone_bad"),
        ("13800000000 无", "", ("13800000000",), "phone_bad"),
    ],
)
def test_telephones_are_found_in_whatever_is_typed(text, area, numbers, problem):
    assert read_phones(text, area) == (numbers, problem)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "欧阳春福"),
        ("id_number", "11010519491231002X"),
        ("phone", "13800001234"),
        ("address", "柳湾村3组12号"),
        ("household_no", "51199211010519491231002"),
        ("category", "张三13800001234"),
    ],
)
def test_a_masked_value_does_not_give_the_value_away(field, value):
    shown = mask(field, value)

    assert shown != value
    assert "*" in shown
    assert "0519491231" not in shown
    assert "00001" not in shown
