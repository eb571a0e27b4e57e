"""Outcome rates, against the vector of the definitions and by hand."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis import AnalysisError
from analysis.outcomes import load_outcomes
from analysis.response import CLASSES, aapor_rates, response_table

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


def test_where_nobodys_eligibility_is_known_e_is_assumed_and_says_so():
    found = aapor_rates({"unknown": 5})
    assert (found.e, found.e_source) == (1.0, "assumed")
    assert found["RR3"] == 0
    none_eligible = aapor_rates({"unknown": 5, "ineligible": 5})
    assert (none_eligible.e, none_eligible.e_source) == (0.0, "estimated")
    assert none_eligible["RR3"] is None


def test_cases_that_were_drawn_unequally_count_by_their_weights():
    found = aapor_rates(["F1", "F6", "F10", "F9"], weights=[10.0, 5.0, 5.0, 15.0])
    assert found["RR1"] == pytest.approx(10 / 20)
    assert found.e == pytest.approx(15 / 30)
    assert found["RR3"] == pytest.approx(10 / 17.5)
    with pytest.raises(AnalysisError, match="case number 1"):
        aapor_rates(["F1", "F6"], weights=[1.0, float("nan")])
    with pytest.raises(AnalysisError, match="every case"):
        aapor_rates({"F1": 2}, weights=[1.0, 2.0])


def two_channels():
    """Of visits 3 of 4 whose eligibility is known belong; of calls all 4 do, and 2 numbers are dead."""
    outcomes = ["F1", "F1", "F3", "F9", "F10", "T1", "T2", "T4", "T3", "T10", "T10"]
    return pd.DataFrame({"outcome": outcomes, "county": ["a"] * 3 + ["b"] * 8, "w": 1.0})


def test_visits_and_calls_have_each_their_own_eligibility():
    table = response_table(two_channels(), "channel").set_index("channel")
    assert table["e"].to_dict() == {"入户": 0.75, "电话": 1.0}
    assert table.loc["入户", "RR3"] == pytest.approx(2 / 3.75)
    assert table.loc["电话", "RR3"] == pytest.approx(1 / 6)
    assert table.loc["电话", "RR2"] == pytest.approx(2 / 6)
    assert table["cases"].tolist() == [5, 6]


def test_a_given_e_is_of_its_channel_alone_and_says_so():
    table = response_table(two_channels(), "channel", e={"电话": 0.5}, weight="w").set_index("channel")
    assert table["e_source"].to_dict() == {"入户": "estimated", "电话": "given"}
    assert table.loc["电话", "CON2"] == pytest.approx(3 / 5)
    with pytest.raises(AnalysisError, match="no cases"):
        response_table(two_channels(), "channel", e={"扫码": 0.5})


def test_rates_stand_by_county_and_channel_and_for_all_together():
    table = response_table(two_channels(), ["county", "channel"])
    assert list(zip(table["county"], table["channel"], strict=True)) == [("a", "入户"), ("b", "入户"), ("b", "电话")]
    whole = response_table(two_channels()).iloc[0]
    assert whole["RR1"] == pytest.approx(3 / 10)
    assert whole["complete"] == 3


def test_what_a_table_of_rates_cannot_do_without_is_named():
    with pytest.raises(AnalysisError, match="no column 'town'"):
        response_table(two_channels(), "town")
    classes = two_channels().replace({"outcome": {"F3": "noncontact"}})
    with pytest.raises(AnalysisError, match="case 2"):
        response_table(classes, "channel")


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
    assert len(load_outcomes()) == 39


def test_an_outcome_that_is_not_in_the_list_is_named():
    with pytest.raises(AnalysisError, match="X9"):
        aapor_rates(["X9"])
    with pytest.raises(AnalysisError, match="fraction"):
        aapor_rates(["F1"], e=95)
