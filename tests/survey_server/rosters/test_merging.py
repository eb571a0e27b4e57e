"""Persons become households, lists become one frame."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from survey_server.rosters.identity import check_digit

LOW = "户编号,户主姓名,姓名,与户主关系,身份证号,救助类别,保障人口,月发放金额,联系电话,住址,县,乡镇\n"
PLACE = "柳湾县,青石镇\n"


def number(serial, born="19600101"):
    body = f"990000{born}{serial:03d}"
    return body + check_digit(body)


A, B, C, D = (number(serial) for serial in range(1, 5))


def csv(*lines, headers=LOW):
    return (headers + "".join(f"{line},{PLACE}" for line in lines)).encode()


def units(prepared, *columns):
    return sorted(prepared.merged.households[list(columns)].itertuples(index=False, name=None))


def test_persons_collapse_to_their_household_by_its_number(read):
    found = read(
        {
            "a.csv": csv(
                f"7,张德顺,张德顺,户主,{A},农村低保,,860,13800000001,石桥村1号",
                f"7,张德顺,李秀英,配偶,{B},农村低保,,,13800000001,石桥村1号",
                f"8,王春福,王春福,户主,{C},农村低保,,300,13800000002,石桥村2号",
            )
        }
    )

    assert units(found, "name", "persons", "amount", "unit", "category") == [
        ("张德顺", 2, 860.0, "户", "2"),
        ("王春福", 1, 300.0, "户", "2"),
    ]
    assert found.merged.links["why"].tolist() == ["household_no", "household_no", "alone"]


def test_the_same_short_number_in_another_township_is_another_household(read):
    one = csv(f"7,,张德顺,户主,{A},农村低保,1,1,,")
    two = csv(f"7,,王春福,户主,{B},农村低保,1,1,,").replace("青石镇".encode(), "清溪镇".encode())

    assert len(read({"a.csv": one, "b.csv": two}).merged.households) == 2


def test_members_below_their_head_without_a_number_belong_to_it(read):
    found = read(
        {
            "a.csv": csv(
                f",,张德顺,户主,{A},农村低保,,860,,",
                f",,李秀英,配偶,{B},农村低保,,,,",
                f",,王春福,户主,{C},农村低保,,300,,",
            )
        }
    )

    assert units(found, "name", "persons") == [("张德顺", 2), ("王春福", 1)]


def test_one_household_on_three_lists_is_one_unit_under_its_main_category(read):
    """低保, 特困 and 残疾 name the same person: 特困 decides, all lists are kept, monthly sums add up."""
    found = read(
        {
            "低保.csv": csv(f"7,张德顺,张德顺,户主,{A},农村低保,1,400,,"),
            "特困.csv": csv(f",,张德顺,本人,{A},分散供养,,720,,"),
            "残疾.csv": csv(f",,张德顺,本人,{A},重残护理补贴,,80,,"),
        }
    )

    assert units(found, "category", "categories", "unit", "persons", "amount") == [("3", "2,3,11", "人", 1, 1200.0)]
    assert found.merged.links[["file", "why"]].to_numpy().tolist() == [
        ["低保.csv", "id_number"],
        ["特困.csv", "id_number"],
        ["残疾.csv", "id_number"],
    ]
    assert found.problems.empty


def test_a_disabled_member_does_not_make_a_second_unit(read):
    found = read(
        {
            "低保.csv": csv(f"7,张德顺,张德顺,户主,{A},农村低保,2,800,,", f"7,张德顺,李秀英,配偶,{B},农村低保,2,800,,"),
            "残疾.csv": csv(f",,李秀英,本人,{B},残疾人生活补贴,,80,,"),
        }
    )

    assert units(found, "name", "category", "categories", "persons", "amount") == [("张德顺", "2", "2,10", 2, 880.0)]


def test_a_person_on_full_support_in_a_poor_family_is_a_unit_beside_it(read):
    found = read(
        {
            "低保.csv": csv(f"000000007,张德顺,张德顺,户主,{A},农村低保,,400,,"),
            "特困.csv": csv(f"000000007,,张母,本人,{B},集中供养,,950,,"),
        }
    )

    assert units(found, "name", "category", "unit", "amount") == [
        ("张德顺", "2", "户", 400.0),
        ("张母", "4", "人", 950.0),
    ]


def test_a_couple_on_full_support_is_two_units(read):
    found = read({"特困.csv": csv(f"7,,甲,本人,{A},分散供养,,720,,", f"7,,乙,配偶,{B},分散供养,,720,,")})

    assert units(found, "name", "unit", "persons", "amount") == [("乙", "人", 1, 720.0), ("甲", "人", 1, 720.0)]


def test_a_study_may_order_the_lists_otherwise(read, rules):
    files = {
        "低保.csv": csv(f"7,甲,甲,户主,{A},农村低保,1,400,,"),
        "临时.csv": csv(f",,甲,本人,{A},临时救助,,2000,,"),
    }

    assert units(read(files), "category", "amount") == [("2", 400.0)]
    assert units(read(files, rules=replace(rules, order=("7", "2"))), "category") == [("7",)]


def test_a_one_off_payment_is_no_monthly_amount(read):
    [(amount,)] = units(read({"临时.csv": csv(f",,甲,本人,{A},临时救助,,2000,,")}), "amount")

    assert np.isnan(amount)


@pytest.mark.parametrize(("sums", "total"), [(("860", "860"), 860.0), (("500", "360"), 860.0), (("860", ""), 860.0)])
def test_a_households_sum_is_counted_once_and_parts_are_added(read, sums, total):
    found = read(
        {"a.csv": csv(*(f"7,甲,{name},,{n},农村低保,,{s},," for name, n, s in zip("甲乙", (A, B), sums, strict=True)))}
    )

    assert units(found, "amount") == [(total,)]


def test_sums_of_persons_are_added(read):
    headers = LOW.replace("月发放金额", "人均补助金额")
    found = read({"a.csv": csv(f"7,甲,甲,,{A},农村低保,,430,,", f"7,甲,乙,,{B},农村低保,,430,,", headers=headers)})

    assert units(found, "amount") == [(860.0,)]


def test_stated_persons_stand_before_counted_ones_and_the_difference_is_said(read, codes):
    found = read({"a.csv": csv(f"7,甲,甲,,{A},农村低保,3,1,,", f"7,甲,乙,,{B},农村低保,3,1,,")})

    assert units(found, "persons", "counted") == [(3, 2)]
    assert codes(found) == {"persons_differ": [2]}


def test_a_head_who_is_on_no_list_gives_the_household_its_name(read):
    found = read({"a.csv": csv(f"7,张德顺,李秀英,配偶,{B},农村低保,,1,13800000001,石桥村1号")})

    assert units(found, "name", "surname", "phones", "address") == [("张德顺", "张", "13800000001", "石桥村1号")]


def test_a_household_of_a_whole_village_is_suspected(read, codes):
    lines = [f"7,甲,人{n},,{number(n)},农村低保,,1,," for n in range(20)]

    assert codes(read({"a.csv": csv(*lines)})) == {"household_too_large": [2]}


def test_unit_ids_are_opaque_and_the_same_in_every_order_of_files(read):
    one, two = csv(f"7,甲,甲,,{A},农村低保,,1,,"), csv(f",,乙,,{B},分散供养,,1,13800000001,石桥村")

    first, second = read({"a.csv": one, "b.csv": two}), read({"b.csv": two, "a.csv": one})

    ids = {row.name: row.unit_id for row in first.merged.households.itertuples()}
    assert ids == {row.name: row.unit_id for row in second.merged.households.itertuples()}
    assert len(set(ids.values())) == 2
    assert not any(part in unit_id for unit_id in ids.values() for part in (A[:6], B[:6], "1380000"))


@pytest.mark.parametrize(
    ("own", "kept"), [("519921103000123", True), ("7", False), (f"H{A}", False), ("13800000001", False)]
)
def test_a_long_household_number_is_the_unit_id_unless_it_is_personal(read, own, kept):
    found = read({"a.csv": csv(f"{own},甲,甲,,{A},农村低保,,1,,")})

    assert (found.merged.households["unit_id"].tolist() == [own]) == kept


def test_two_people_whom_nothing_tells_apart_are_still_two_units(read):
    found = read(
        {"a.csv": csv(",,甲,本人,,分散供养,,1,,"), "b.csv": csv(",,甲,本人,,分散供养,,1,,").replace(b"1,,,", b"2,,,")}
    )

    assert found.merged.households["unit_id"].nunique() == len(found.merged.households) == 2


def test_what_is_not_stated_stays_blank(read):
    found = read({"a.csv": csv(f"7,甲,甲,,{A},农村低保,,,,")})

    [(amount, family, standard, area)] = units(found, "amount", "family", "standard", "area")
    assert np.isnan([amount, family, standard]).all()
    assert area == "农村"
