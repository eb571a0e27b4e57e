"""Outcome rates, against the vector of the definitions and by hand."""

from __future__ import annotations

import pytest

from analysis import AnalysisError
from analysis.outcomes import load_outcomes
from analysis.response import CLASSES, aapor_rates

VECTOR = {"complete": 150, "partial": 10, "refusal": 12, "noncontact": 14, "other": 6, "unknown": 8}


def test_unknown_eligibility_stays_below_the_line_of_rr1():
    found = aapor_rates(VECTOR)
    assert found["RR1"] == pytest.approx(0.75)
    assert found["RR2"] == pytest.approx(0.80)
    assert found["RR5"] == pytest.approx(150 / 192)


def test_every_rate_follows_its_formula():
    found = aapor_rates({**VECTOR, "ineligible": 8}, e=0.5)
    assert (found.e, found.e_source) == (0.5, "given")
    wanted = {
        "RR3": 150 / 196, "RR4": 160 / 196, "RR6": 160 / 192, "COOP1": 150 / 178, "COOP2": 160 / 178,
        "COOP3": 150 / 172, "COOP4": 160 / 172, "REF1": 12 / 200, "REF2": 12 / 196, "REF3": 12 / 192,
        "CON1": 178 / 200, "CON2": 178 / 196, "CON3": 178 / 192,
    }  # fmt: skip
    assert {name: found[name] for name in wanted} == pytest.approx(wanted)


def test_e_is_estimated_from_those_whose_eligibility_is_known():
    found = aapor_rates({**VECTOR, "ineligible": 48})
    assert (found.e, found.e_source) == (192 / 240, "estimated")
    assert found["RR3"] == pytest.approx(150 / (192 + 0.8 * 8))


def test_codes_of_outcomes_are_counted_by_their_class():
    found = aapor_rates(["F1", "F1", "F6", "F10", "F16", "F9", "F8"])
    assert found.counts["complete"] == 2
    assert found.counts["unknown"] == 2
    assert found["RR1"] == pytest.approx(2 / 5)


def test_households_that_died_are_apart_until_it_is_decided_where_they_belong():
    outcomes = {"complete": 8, "refusal": 1, "deceased": 1}
    assert aapor_rates(outcomes)["RR1"] == pytest.approx(8 / 9)
    assert aapor_rates(outcomes, deceased="other")["RR1"] == pytest.approx(8 / 10)
    assert aapor_rates({**outcomes, "unknown": 1}, deceased="ineligible").e == pytest.approx(9 / 10)


def test_no_cases_have_no_rates():
    assert set(aapor_rates([]).rates.values()) == {None}
    assert aapor_rates([]).frame["value"].isna().all()


def test_every_outcome_of_the_list_has_a_known_class():
    assert {outcome.outcome_class for outcome in load_outcomes().values()} <= set(CLASSES)
    assert len(load_outcomes()) == 37


def test_an_outcome_that_is_not_in_the_list_is_named():
    with pytest.raises(AnalysisError, match="X9"):
        aapor_rates(["X9"])
    with pytest.raises(AnalysisError, match="fraction"):
        aapor_rates(["F1"], e=95)
