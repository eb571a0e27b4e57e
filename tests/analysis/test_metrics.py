"""The definitions (口径), against every test vector of the dictionary."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from scipy import stats
from scipy.special import expit, logit

from analysis import MetricError, SurveyDesign, proportion_interval
from analysis.metrics import estimate_metrics, load_metrics, volunteer_metrics
from analysis.rounding import half_up, percent

CORE = ["aware_type", "aware_std", "aware_duty", "aware_temp", "aware_hotline"]
FIRST = {5: 120, 4: 60, 3: 15, 2: 4, 1: 1, 98: 8, 99: 2}
SECOND = {5: 40, 4: 50, 3: 60, 2: 30, 1: 20}
PEOPLE = [
    [1, 1, 1, 1, 1], [1, 1, 1, 2, 3], [1, 2, 3, 3, 1], [1, 97, 1, 1, 1], [3, 3, 3, 3, 3],
    [1, 1, 3, 1, 99], [1, 2, 1, 1, 2], [2, 1, 1, 3, 1], [1, 1, 1, 1, 3], [3, 1, 1, 2, 2],
]  # fmt: skip


def answers_of(counts):
    return pd.DataFrame({"sat_overall": [code for code, n in counts.items() for _ in range(n)]})


def row_of(table, metric, denominator="valid", domain="all", item=None):
    found = table[(table["metric"] == metric) & (table["denominator"] == denominator) & (table["domain"] == domain)]
    found = found if item is None else found[found["item"] == item]
    assert len(found) == 1
    return found.iloc[0]


def printed(row):
    return str(half_up(row["estimate"]) if row["points"] else percent(row["estimate"]))


@pytest.mark.parametrize(
    ("metric", "denominator", "wanted"),
    [
        ("SAT_TOP2", "valid", "90.00"),
        ("SAT_TOP2", "all", "85.71"),
        ("SAT_TOP3", "valid", "97.50"),
        ("SAT_MEAN_A", "valid", "89.10"),
        ("SAT_MEAN_B", "valid", "86.75"),
        ("SAT_MEAN_C", "valid", "89.40"),
    ],
)
def test_the_same_answers_give_six_figures_by_six_definitions(metric, denominator, wanted):
    table = estimate_metrics(SurveyDesign(answers_of(FIRST)))
    row = row_of(table, metric, denominator)
    assert printed(row) == wanted
    assert (row["n"], row["missing"]) == ((200, 10) if denominator == "valid" else (210, 0))


@pytest.mark.parametrize(
    ("metric", "wanted"),
    [
        ("SAT_TOP2", "45.00"),
        ("SAT_TOP3", "75.00"),
        ("SAT_MEAN_A", "62.50"),
        ("SAT_MEAN_B", "57.50"),
        ("SAT_MEAN_C", "66.00"),
    ],
)
def test_the_second_set_of_answers(metric, wanted):
    assert printed(row_of(estimate_metrics(SurveyDesign(answers_of(SECOND))), metric)) == wanted


def test_intervals_of_the_vectors_by_the_method_that_they_name():
    low, high = proportion_interval(180, 200, "wilson")
    assert [str(percent(low)), str(percent(high))] == ["85.06", "93.43"]


def test_codes_may_be_text():
    frame = answers_of(FIRST).astype(str)
    assert printed(row_of(estimate_metrics(SurveyDesign(frame)), "SAT_TOP2", "all")) == "85.71"


def awareness():
    return estimate_metrics(SurveyDesign(pd.DataFrame(PEOPLE, columns=CORE)))


def test_awareness_by_item_on_average_and_of_three_in_five():
    table = awareness()
    wanted = dict(zip(CORE, ["70.00", "66.67", "70.00", "50.00", "44.44"], strict=True))
    assert {tag: printed(row_of(table, "AW_ITEM", item=tag)) for tag in CORE} == wanted
    assert printed(row_of(table, "AW_AVG")) == "60.22"
    of_five = row_of(table, "AW_K3")
    assert (printed(of_five), of_five["n"], of_five["yes"]) == ("62.50", 8, 5)


def test_the_average_of_items_has_the_standard_error_of_their_sum():
    people = pd.DataFrame(PEOPLE, columns=CORE)
    complete = people[people.le(3).all(axis=1)]
    row = row_of(estimate_metrics(SurveyDesign(complete)), "AW_AVG")
    own = (complete == 1).mean(axis=1)
    assert row["se"] == pytest.approx(own.std(ddof=1) / np.sqrt(len(own)))
    assert row["low"] < row["estimate"] < row["high"]


def test_an_item_without_answers_leaves_no_average():
    frame = pd.DataFrame(PEOPLE, columns=CORE).assign(aware_temp=np.nan)
    row = row_of(estimate_metrics(SurveyDesign(frame)), "AW_AVG")
    assert np.isnan(row["estimate"])
    assert row["method"] == "none"


def test_the_composite_shares_the_weights_of_what_is_left_and_keeps_the_unpaid_apart():
    scores = {"sat_process": 4, "sat_open": 3, "sat_pay": 5, "sat_staff": 4, "sat_level": 3}
    frame = pd.DataFrame([scores, {**scores, "sat_pay": None}])
    table = estimate_metrics(SurveyDesign(frame))
    assert printed(row_of(table, "SAT_COMPOSITE", item="SAT_COMPOSITE")) == "78.00"
    assert printed(row_of(table, "SAT_COMPOSITE", item="without_sat_pay")) == "70.67"


def test_wrong_inclusion_is_bounded_by_what_is_still_open_and_counts_all_who_were_drawn():
    state = ["verified"] * 6 + ["open"] * 9 + ["cleared"] * 14 + [None] * 371
    table = estimate_metrics(SurveyDesign(pd.DataFrame({"err_incl": state}, dtype=object)))
    assert printed(row_of(table, "ERR_INCL", item="err_incl_low")) == "1.50"
    assert printed(row_of(table, "ERR_INCL", item="err_incl_high")) == "3.75"


def test_the_headline_is_a_domain_and_not_fewer_rows():
    frame = answers_of(FIRST).assign(headline=[0, 1] * 105, N=4000)
    table = estimate_metrics(SurveyDesign(frame, population="N"), ["SAT_TOP2"], locked=["SAT_TOP2"])
    whole, headline = row_of(table, "SAT_TOP2"), row_of(table, "SAT_TOP2", domain="headline")
    assert (whole["n"], headline["n"] + headline["missing"]) == (200, 105)
    assert headline["se"] > whole["se"]
    assert headline["population"] < whole["population"]
    assert table["locked"].all()


def test_domains_of_by_have_rows_of_their_own():
    people = pd.DataFrame(PEOPLE, columns=CORE).assign(county=["甲"] * 5 + ["乙"] * 5)
    table = estimate_metrics(SurveyDesign(people), by="county")
    average = table[(table["metric"] == "AW_AVG") & (table["denominator"] == "valid")]
    assert sorted(average["county"]) == ["乙", "甲"]
    item = table[(table["metric"] == "AW_ITEM") & (table["item"] == "aware_std") & (table["denominator"] == "valid")]
    assert dict(zip(item["county"], item["missing"], strict=True)) == {"甲": 1, "乙": 0}


def test_process_rates_are_of_those_whom_they_concern():
    frame = pd.DataFrame(
        {
            "case_monthly": [1, 1, 1, 1, 0],
            "pay_ontime": [1, 1, 2, 98, 2],
            "pay_amount": [600, 611, 590, None, 1],
            "case_amount": [600, 600, 600, 600, 600],
            "case_category": [1, 1, 1, 1, 7],
            "once_paid": [None, None, None, None, 1],
            "match_family": [3, 2, 4, 1, 1],
            "case_family": [3, 2, 3, 1, None],
        }
    )
    table = estimate_metrics(SurveyDesign(frame))
    assert (row_of(table, "PAY_ONTIME")["yes"], row_of(table, "PAY_ONTIME")["n"]) == (2, 3)
    assert (row_of(table, "PAY_AMOUNT_OK")["yes"], row_of(table, "PAY_AMOUNT_OK")["n"]) == (2, 3)
    assert (row_of(table, "ONCE_PAID")["yes"], row_of(table, "ONCE_PAID")["n"]) == (1, 1)
    assert (row_of(table, "MATCH_FAMILY")["yes"], row_of(table, "MATCH_FAMILY")["n"]) == (3, 4)
    assert row_of(table, "MATCH_FAMILY")["unit"] == "户"


def test_those_who_died_are_the_denominator_of_payment_after_death():
    frame = pd.DataFrame({"death_month": ["2025-01", "2025-02", None], "death_still": [1, 2, None]})
    row = row_of(estimate_metrics(SurveyDesign(frame)), "ERR_DEATH")
    assert (row["yes"], row["n"], row["unit"]) == (1, 2, "人")


def test_volunteers_are_refused_in_a_design_and_have_no_interval_of_their_own():
    frame = answers_of(FIRST).assign(channel=["visit"] * 200 + ["qr_place"] * 10)
    with pytest.raises(MetricError, match="never pooled"):
        estimate_metrics(SurveyDesign(frame))
    row = row_of(volunteer_metrics(frame.assign(channel="qr_place")), "QR_TOP2")
    assert printed(row) == "90.00"
    assert row["method"] == "none"
    assert row[["se", "low", "high"]].isna().all()
    assert volunteer_metrics(frame.assign(channel="visit")).empty
    assert row_of(volunteer_metrics(frame.assign(channel="qr_place").head(1)), "QR_TOP2")["estimate"] == 1


def test_a_missing_tag_and_an_unknown_metric_are_named():
    with pytest.raises(MetricError, match="train_overall"):
        estimate_metrics(SurveyDesign(answers_of(FIRST)), ["TRAIN_TOP2"])
    with pytest.raises(MetricError, match="SAT_TOP9"):
        estimate_metrics(SurveyDesign(answers_of(FIRST)), ["SAT_TOP9"])
    with pytest.raises(MetricError, match="suspected"):
        estimate_metrics(SurveyDesign(pd.DataFrame({"err_incl": ["suspected", None]})))


def test_every_shipped_definition_can_be_read():
    metrics = load_metrics()
    assert len(metrics) == 24
    assert {metric.name for metric in metrics.values() if metric.points} >= {"综合满意度"}


def test_the_average_has_the_logit_interval_of_its_own_variance():
    people = pd.DataFrame(PEOPLE, columns=CORE)
    complete = people[people.le(3).all(axis=1)]
    row = row_of(estimate_metrics(SurveyDesign(complete)), "AW_AVG")
    p, t = row["estimate"], stats.t.ppf(0.975, len(complete) - 1)
    reach = t * row["se"] / (p * (1 - p))
    assert row["method"] == "logit"
    assert [row["low"], row["high"]] == pytest.approx([expit(logit(p) - reach), expit(logit(p) + reach)])


def test_an_average_in_which_nobody_differs_has_the_interval_that_the_sample_size_allows():
    """Everybody knows the same half of what was asked: Clopper and Pearson's of 10 of 20, Korn and Graubard's here."""
    alike = pd.DataFrame([[1, 1, 2, 2]] * 20, columns=CORE[:4]).assign(aware_hotline=[1, 2] * 10)
    alike["aware_duty"] = 3 - alike["aware_hotline"]
    row = row_of(estimate_metrics(SurveyDesign(alike)), "AW_AVG")
    assert (row["method"], row["estimate"]) == ("kg", pytest.approx(0.6))
    assert [row["low"], row["high"]] == pytest.approx(proportion_interval(12, 20, "clopper_pearson"))


def test_only_the_denominators_and_domains_that_are_asked_for_are_estimated():
    design = SurveyDesign(answers_of(FIRST).assign(headline=[True, False] * 105))
    whole = estimate_metrics(design, ["SAT_TOP2"])
    part = estimate_metrics(design, ["SAT_TOP2"], denominators=["all"], domains=["headline"])
    wanted = whole[(whole["denominator"] == "all") & (whole["domain"] == "headline")].reset_index(drop=True)
    assert len(whole) == 4
    pd.testing.assert_frame_equal(part, wanted)


def test_a_definition_says_whom_it_concerns():
    frame = pd.DataFrame({"case_monthly": ["1", "0", None], "death_month": ["2025-01", "", None]})
    metrics = load_metrics()
    assert metrics["PAY_ONTIME"].concerned(frame).tolist() == [True, False, False]
    assert metrics["ERR_DEATH"].concerned(frame).tolist() == [True, False, False]
    assert metrics["SAT_TOP2"].concerned(frame).tolist() == [True, True, True]


def test_the_interval_of_a_score_stays_on_its_scale():
    # Three answers of 100, 100 and 60: the t interval is 86.67 ± 4.303 × 23.09/√3, that is 29.3 to 144.0.
    answers = pd.DataFrame({"sat_overall": [5, 5, 3], "w": 1.0})
    table = estimate_metrics(SurveyDesign(answers, weight="w"), ["SAT_MEAN_A", "SAT_MEAN_C"])
    mean = row_of(table, "SAT_MEAN_A")
    half = stats.t.ppf(0.975, 2) * np.std([100, 100, 60], ddof=1) / np.sqrt(3)
    assert (mean["low"], mean["high"]) == (pytest.approx(260 / 3 - half), 100.0)
    assert row_of(table, "SAT_MEAN_C")["high"] <= 100.0
    assert row_of(table, "SAT_MEAN_C")["low"] >= 20.0
