"""The questionnaire of a visit, its lists, and a complete interview."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import pytest

from mobile_forms.answers import Rules
from tests.mobile_forms.forms import cases_of, lists_of, shipped_rules


@pytest.fixture
def visit() -> Rules:
    return shipped_rules("hv_household_visit")


@pytest.fixture
def visit_lists() -> dict[str, bytes]:
    return lists_of("hv_household_visit")


@pytest.fixture
def full_visit() -> Mapping[str, str]:
    """The answers of a complete interview in a household that receives a monthly allowance."""
    return cases_of("hv_household_visit")[0]["answers"]


@pytest.fixture
def submission(visit: Rules, visit_lists: dict[str, bytes], full_visit: Mapping[str, str]) -> Callable[..., bytes]:
    """The XML of a complete interview, with answers changed."""

    def made(**changes: str) -> bytes:
        return visit.fill({**full_visit, **changes}, visit_lists, instance_id="uuid:1").xml

    return made
