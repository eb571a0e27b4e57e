"""What is asked of a published rate of answers."""

from __future__ import annotations

from decimal import Decimal

import pytest

from analysis.contradictions import check_published
from analysis.errors import ScoringError
from analysis.indicators import table_from


def line(**stated):
    """A line of satisfaction that has full marks."""
    return {"name": "服务对象满意度", "weight": 10, "score_stated": 10, "target": "≥90%", **stated}


def found(**stated):
    return {f.code: f.fields for f in check_published(table_from({"total": 10, "tree": [line(**stated)]}))}


def test_a_rate_without_its_number_of_answers_tells_the_least_that_there_must_have_been():
    assert found(actual_stated="99.63%") == {"NO_SAMPLE_SIZE": {"rate": Decimal("99.63"), "least": 267}}


def test_a_target_that_lies_within_the_interval_is_not_shown_to_be_met():
    # Clopper-Pearson for 46 of 50 is 80.77 to 97.78 per cent; Blaker's lies within it.
    few = found(actual_stated="92%", n_stated="50份", sampling_stated="分层随机抽样")
    assert set(few) == {"TOO_SMALL"}
    assert 80.77 <= few["TOO_SMALL"]["low"] < 90 < few["TOO_SMALL"]["high"] <= 97.78
    assert found(actual_stated="96%", n_stated=1200, sampling_stated="分层随机抽样") == {}


def test_how_people_were_chosen_is_asked_and_volunteers_are_no_sample():
    assert set(found(actual_stated="96%", n_stated=1200)) == {"NO_SAMPLING"}
    volunteers = found(actual_stated="96%", n_stated=1200, sampling_stated="微信群扫码填写")
    assert volunteers == {"VOLUNTEERS": {"sampling": "微信群扫码填写", "word": "微信"}}


def test_a_per_cent_of_very_few_people_and_one_that_cannot_be():
    assert set(found(actual_stated="95%", n_stated=20, sampling_stated="随机")) == {"FEW", "TOO_SMALL"}
    assert "IMPOSSIBLE_RATE" in found(actual_stated="99.63%", n_stated=100, sampling_stated="随机")


def test_only_rates_of_answers_are_asked_for_their_sample():
    table = {"tree": [{"name": "预算执行率", "weight": 100, "actual_stated": "100%", "target": "≥95%"}]}
    assert check_published(table_from(table)) == []


@pytest.mark.parametrize("stated", ["99.63%", "99.63", "0.9963", "99.63％"])
def test_a_rate_is_understood_as_people_and_as_excel_write_it(stated):
    assert found(actual_stated=stated)["NO_SAMPLE_SIZE"]["rate"] == Decimal("99.63")


def test_a_number_of_answers_that_is_none_is_refused():
    with pytest.raises(ScoringError, match="若干"):
        found(actual_stated="96%", n_stated="若干")
