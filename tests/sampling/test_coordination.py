"""Samples of several years and studies beside each other."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from sampling import (
    DesignError,
    Frame,
    SampleDesign,
    Stage,
    burden,
    burden_report,
    draw,
    overlap,
    release,
    shifts_to_avoid,
    shifts_to_avoid_all,
    shifts_to_overlap,
    verify,
)


def roster(rows=90):
    df = pd.DataFrame({"id": [f"h{i:03d}" for i in range(rows)]})
    df["kind"] = ["低保" if i % 3 else "特困" for i in range(rows)]
    df["persons"] = [1 + i % 5 for i in range(rows)]
    df["village"] = [f"v{i % 6}" for i in range(rows)]
    return df


def frame(df=None):
    return Frame.from_table(
        roster() if df is None else df, unit_id="id", strata=["kind"], size="persons", cluster="village"
    )


def main_ids(drawing):
    return set(drawing.sample.query("role == 'main'")["unit_id"])


def test_nobody_is_asked_again_until_everybody_was():
    # 60 and 30 households, 10 and 5 a year: six years meet each once, the seventh starts anew with the first.
    design = SampleDesign(take={"低保": 10, "特困": 5})
    years = [draw(frame(), design, seed="permanent")]
    for _ in range(6):
        shift = shifts_to_avoid(years[-1])
        years.append(draw(frame(), SampleDesign(take={"低保": 10, "特困": 5}, shift=shift), seed="permanent"))
    met = [unit for year in years[:6] for unit in main_ids(year)]
    assert len(met) == len(set(met)) == 90
    assert main_ids(years[6]) == main_ids(years[0])


def test_reserves_that_were_issued_are_avoided_too():
    last = draw(frame(), SampleDesign(take=8, reserve=6), seed="s")
    issued = set(release(last, {"低保": 6, "特困": 6}).dropna(subset="weight")["unit_id"])
    this = draw(frame(), SampleDesign(take=8, shift=shifts_to_avoid(last)), seed="s")
    assert not main_ids(this) & issued


def test_reserves_that_were_not_issued_come_first_next_year():
    last = draw(frame(), SampleDesign(take=8, reserve=6), seed="s")
    this = draw(frame(), SampleDesign(take=6, shift=shifts_to_avoid(last, released={})), seed="s")
    assert main_ids(this) == set(last.sample.query("role == 'reserve'")["unit_id"])


def test_newcomers_and_leavers_disturb_nobody_else():
    last = draw(frame(), SampleDesign(take=8), seed="s")
    gone = roster().drop(index=range(0, 90, 7))
    new = pd.concat([gone, roster(110).iloc[90:]])
    this = draw(frame(new), SampleDesign(take=8, shift=shifts_to_avoid(last)), seed="s")
    assert not main_ids(this) & main_ids(last)


@pytest.mark.parametrize("share", [0, 0.25, 0.5, 1])
def test_a_wanted_share_is_met_again(share):
    last = draw(frame(), SampleDesign(take=8), seed="s")
    this = draw(frame(), SampleDesign(take=8, shift=shifts_to_overlap(last, share, 8)), seed="s")
    assert overlap({"2025": last.sample, "2026": this.sample})["share_of_second"].tolist() == [share]


def test_a_larger_sample_can_hold_all_of_the_last_one():
    last = draw(frame(), SampleDesign(take=8), seed="s")
    this = draw(frame(), SampleDesign(take=20, shift=shifts_to_overlap(last, 0.8, 20)), seed="s")
    assert main_ids(last) < main_ids(this)


def test_avoiding_last_year_leaves_everybody_the_same_chance():
    counts, draws = pd.Series(0, index=[f"h{i:03d}" for i in range(12)]), 2000
    small = Frame.from_table(roster(12), unit_id="id")
    for seed in range(draws):
        last = draw(small, SampleDesign(take=3), seed=seed)
        this = draw(small, SampleDesign(take=3, shift=shifts_to_avoid(last)), seed=seed)
        counts[small.unit_id[this.chosen[()].main]] += 1
    z = (counts / draws - 0.25) / np.sqrt(0.25 * 0.75 / draws)
    assert z.abs().max() < 4.5


def test_by_size_the_others_are_avoided_as_far_as_size_allows():
    design = SampleDesign(take=8, method="pareto")
    shared = []
    for seed in range(30):
        last = draw(frame(), design, seed=seed)
        apart = SampleDesign(take=8, method="pareto", shift=shifts_to_avoid(last))
        shared.append(len(main_ids(last) & main_ids(draw(frame(), apart, seed=seed))))
    assert np.mean(shared) < 1  # two independent draws of 16 from 90 would share about 3


def test_a_census_stratum_is_met_every_year():
    last = draw(frame(), SampleDesign(take={"低保": 5, "特困": "all"}), seed="s")
    shift = shifts_to_avoid(last)
    assert shift[("特困",)] == 0
    this = draw(frame(), SampleDesign(take={"低保": 5, "特困": "all"}, shift=shift), seed="s")
    assert len(main_ids(this) & main_ids(last)) == 30


def test_a_coordinated_draw_is_verified_like_any_other():
    last = draw(frame(), SampleDesign(take=8), seed="s")
    this = draw(frame(), SampleDesign(take=8, shift=shifts_to_avoid(last)), seed="s")
    again = verify(roster(), json.loads(json.dumps(this.certificate)))
    pd.testing.assert_frame_equal(again.sample, this.sample)


def test_several_studies_of_a_bureau_avoid_each_other():
    # Four studies with strata of their own, one after the other; each avoids all before it.
    by_village = Frame.from_table(roster(), unit_id="id", strata=["village"])
    whole = Frame.from_table(roster(), unit_id="id")
    earlier = []
    for part, take in ((frame(), 5), (by_village, 2), (whole, 12), (frame(), 6)):
        shift = shifts_to_avoid_all(part, earlier)
        earlier.append(draw(part, SampleDesign(take=take, shift=shift), seed="bureau"))
    asked = [main_ids(drawing) for drawing in earlier]
    assert sum(map(len, asked)) == len(set().union(*asked)) == 10 + 12 + 12 + 12


def test_after_one_study_the_start_is_the_one_behind_it():
    last = draw(frame(), SampleDesign(take=8, reserve=6), seed="s")
    assert shifts_to_avoid_all(frame(), [last]) == shifts_to_avoid(last)
    assert shifts_to_avoid_all(frame(), [last], released=[{}]) == shifts_to_avoid(last, released={})
    assert shifts_to_avoid_all(frame(), []) == {("低保",): 0, ("特困",): 0}


def test_where_everybody_was_asked_it_goes_on_behind_the_last():
    small, years = Frame.from_table(roster(12), unit_id="id"), []
    for _ in range(9):
        years.append(draw(small, SampleDesign(take=5, shift=shifts_to_avoid_all(small, years)), seed="s"))
    table = burden({str(year): drawing.sample for year, drawing in enumerate(years)})
    # 45 interviews with 12 households: nobody is asked twice more often than somebody else.
    assert table["times"].max() - table["times"].min() <= 1


def test_avoiding_two_studies_leaves_everybody_the_same_chance():
    counts, draws = pd.Series(0, index=[f"h{i:03d}" for i in range(12)]), 2000
    small = Frame.from_table(roster(12), unit_id="id")
    for seed in range(draws):
        one = draw(small, SampleDesign(take=2, shift=2**50), seed=seed)
        two = draw(small, SampleDesign(take=3, shift=2**51 + 2**49), seed=seed)
        this = draw(small, SampleDesign(take=3, shift=shifts_to_avoid_all(small, [one, two])), seed=seed)
        counts[small.unit_id[this.chosen[()].main]] += 1
    z = (counts / draws - 0.25) / np.sqrt(0.25 * 0.75 / draws)
    assert z.abs().max() < 4.5


def test_studies_by_other_tickets_cannot_avoid_each_other():
    studies = [draw(frame(), SampleDesign(take=3), seed=seed) for seed in ("a", "b")]
    with pytest.raises(DesignError) as caught:
        shifts_to_avoid_all(frame(), studies)
    assert caught.value.code == "seed_differs"


def test_the_burden_is_reported_by_stratum():
    samples = {
        "一": pd.DataFrame({"unit_id": ["h000", "h001", "h003"]}),
        "二": pd.DataFrame({"unit_id": ["h000", "h001", "gone"]}),
        "三": pd.DataFrame({"unit_id": ["h000", "h002"], "role": ["main", "reserve"]}),
    }
    report = burden_report(frame(), samples)
    # Every third is 特困: h000 was asked three times, h003 once; of the others h001 twice.
    assert list(report) == ["kind", "units", "none", "one", "two", "more", "most", "mean"]
    assert report.to_numpy().tolist() == [["低保", 60, 59, 0, 1, 0, 2, 2 / 60], ["特困", 30, 28, 1, 0, 1, 3, 4 / 30]]


def test_the_burden_of_each_household_is_counted():
    one = pd.DataFrame({"unit_id": ["a", "b", "c"], "role": ["main", "main", "reserve"]})
    two = pd.DataFrame({"unit_id": ["b", "c"], "role": ["main", "reserve"], "released": [False, True]})
    table = burden({"满意度": one, "核查": two})
    assert table["unit_id"].tolist() == ["b", "a", "c"]
    assert table["times"].tolist() == [2, 1, 1]
    assert table["samples"].tolist() == [("满意度", "核查"), ("满意度",), ("核查",)]


def test_overlap_is_told_as_a_share_of_each():
    tables = {name: pd.DataFrame({"unit_id": list(ids)}) for name, ids in (("x", "abcd"), ("y", "cdef12"))}
    row = overlap(tables).iloc[0]
    assert (row["shared"], row["share_of_first"], row["share_of_second"]) == (2, 0.5, pytest.approx(1 / 3))


@pytest.mark.parametrize(
    ("call", "code"),
    [
        (lambda: shifts_to_avoid(draw(frame(), SampleDesign(take=3, method="systematic"), seed=1)), "method"),
        (lambda: shifts_to_avoid(draw(frame(), SampleDesign(take=1, stages=(Stage(take=1),)), seed=1)), "stages"),
        (lambda: shifts_to_overlap(draw(frame(), SampleDesign(take=3, method="pareto"), seed=1), 0.5, 3), "method"),
        (lambda: shifts_to_overlap(draw(frame(), SampleDesign(take=3), seed=1), 50, 3), "share"),
        (lambda: SampleDesign(take=3, shift={"低保": -1}), "shift"),
    ],
)
def test_what_cannot_be_coordinated_is_refused(call, code):
    with pytest.raises(DesignError) as caught:
        call()
    assert caught.value.code == code
