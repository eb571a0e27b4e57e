from __future__ import annotations

from collections.abc import Callable, Mapping

from mobile_forms.answers import Rules
from mobile_forms.flatten import columns, flatten


def test_a_multiple_choice_becomes_columns_of_nought_and_one(
    visit: Rules, visit_lists: dict[str, bytes], submission: Callable[..., bytes]
) -> None:
    flat = flatten(visit.form, visit.check(submission(), visit_lists))

    assert flat.row["h6_channel"] == "1 5"
    assert (flat.row["h6_channel__1"], flat.row["h6_channel__5"], flat.row["h6_channel__2"]) == ("1", "1", "0")
    assert flat.row["i6_all"] == "4"
    assert "h_case" not in flat.row


def test_a_multiple_choice_that_was_not_asked_is_empty_and_not_nought(
    visit: Rules, visit_lists: dict[str, bytes]
) -> None:
    flat = flatten(visit.form, visit.fill({"household": "A-0001", "a2_contact": "3"}, visit_lists))

    assert {flat.row[name] for name in columns(visit.form) if name.startswith("h6_channel")} == {""}


def test_columns_are_those_of_every_row(
    visit: Rules, visit_lists: dict[str, bytes], full_visit: Mapping[str, str]
) -> None:
    flat = flatten(visit.form, visit.fill(full_visit, visit_lists))

    assert tuple(flat.row) == columns(visit.form)


def test_answers_are_found_by_tag(visit: Rules, visit_lists: dict[str, bytes], full_visit: Mapping[str, str]) -> None:
    tags = flatten(visit.form, visit.fill(full_visit, visit_lists)).by_tag

    assert (tags["sat_overall"], tags["aware_std"], tags["headline"]) == ("4", "2", "1")
    assert (tags["case_category"], tags["case_id"], tags["outcome"]) == ("2", "A-0001", "F1")


def test_of_a_tag_that_stands_twice_the_relevant_answer_counts(
    visit: Rules, visit_lists: dict[str, bytes], full_visit: Mapping[str, str]
) -> None:
    dead = {"household": "A-0005", "a2_contact": "8", "ad_known": "1", "ad_month": "2025-03-01", "ad_still": "1"}
    lost = {**full_visit, "b8_death": "1", "b8_month": "2025-05-01", "b8_still": "2"}

    first = flatten(visit.form, visit.fill(dead, visit_lists)).by_tag
    second = flatten(visit.form, visit.fill(lost, visit_lists)).by_tag
    assert (first["death_month"], first["death_still"]) == ("2025-03-01", "1")
    assert (second["death_month"], second["death_still"]) == ("2025-05-01", "2")
