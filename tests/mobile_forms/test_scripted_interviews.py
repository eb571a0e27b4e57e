"""The scripted interviews: what each is expected to ask, to skip and to conclude."""

from __future__ import annotations

from typing import Any

import pytest

from mobile_forms.catalog import shipped
from tests.mobile_forms.forms import cases_of, lists_of, shipped_rules

CASES = [
    pytest.param(form.form_id, case, id=f"{form.form_id}-{case['title']}")
    for form in shipped()
    for case in cases_of(form.form_id)
]
NOT_VALUES = {"finalises", "relevant_questions", "must_not_be_asked", "case"}


def test_all_forty_one_interviews_are_here() -> None:
    assert len(CASES) == 41


@pytest.mark.parametrize(("form_id", "case"), CASES)
def test_an_interview_asks_and_concludes_what_its_script_says(form_id: str, case: dict[str, Any]) -> None:
    expected = case["expected"]
    filled = shipped_rules(form_id).fill(case["answers"], lists_of(form_id))

    assert set(filled.asked) == set(expected["relevant_questions"])
    assert filled.relevant.isdisjoint(expected["must_not_be_asked"])
    assert filled.finalises == expected["finalises"]
    values = {key: value for key, value in expected.items() if key not in NOT_VALUES} | expected.get("case", {})
    assert {key: filled.values[key] for key in values} == values


@pytest.mark.parametrize(("form_id", "case"), CASES)
def test_what_an_interview_hands_in_is_found_without_fault(form_id: str, case: dict[str, Any]) -> None:
    rules, lists = shipped_rules(form_id), lists_of(form_id)
    filled = rules.fill(case["answers"], lists)
    checked = rules.check(filled.xml, lists)

    assert [item for item in checked.breaks if item.rule != "required"] == []
    assert checked.values == filled.values
    assert checked.relevant == filled.relevant
    outcome = case["expected"].get("outcome") or case["expected"].get("interview_state")
    assert checked.outcome == (outcome or None)
    if "headline" in case["expected"]:
        assert checked.headline == (case["expected"]["headline"] == "1")
