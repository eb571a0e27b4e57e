"""Several stages: villages within counties, households within villages."""

from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest

from sampling import (
    CertificateError,
    DesignError,
    Frame,
    SampleDesign,
    Stage,
    draw,
    next_reserves,
    release,
    select_persons,
    verify,
)
from sampling.joint import inclusion_probabilities
from sampling.tickets import ticket


def roster():
    rows = [
        (f"{county}{village}-{house:02d}", county, f"镇{village % 2}", f"村{village}", 1 + house % 4)
        for county, villages in (("甲", 6), ("乙", 4))
        for village in range(villages)
        for house in range(4 + 3 * village)
    ]
    return pd.DataFrame(rows, columns=["id", "county", "town", "village", "persons"])


def frame(cluster="village", **arguments):
    return Frame.from_table(roster(), unit_id="id", strata=["county"], cluster=cluster, **arguments)


def two_stages(method="systematic_pps", **arguments):
    return SampleDesign(**({"take": 3, "reserve": 2, "stages": (Stage(take=2, method=method),)} | arguments))


def test_a_fixed_take_in_each_chosen_village():
    sample = draw(frame(), two_stages(), seed=1).sample
    main = sample[sample["role"] == "main"]
    assert main.groupby(["county", "cluster"]).size().tolist() == [3] * 4
    assert sample[sample["role"] == "reserve"].groupby(["county", "cluster"]).size().max() == 2


def test_villages_by_size_and_a_fixed_take_give_every_household_the_same_weight():
    main = draw(frame(), two_stages(), seed=1).sample.dropna(subset="weight")
    populations = roster()["county"].value_counts()
    for county, part in main.groupby("county"):
        assert part["weight"].to_numpy() == pytest.approx(populations[county] / 6)


def test_the_numbers_that_variance_needs_stand_beside_the_sample():
    sample = draw(frame(), two_stages(), seed=1).sample
    assert sample.groupby("county")["clusters"].unique().map(list).to_dict() == {"甲": [6], "乙": [4]}
    sizes = roster().groupby(["county", "village"]).size()
    assert all(sizes[row.county, row.cluster] == row.units for row in sample.itertuples())


def test_a_village_too_large_for_chance_is_taken_with_certainty():
    df = roster()
    df.loc[df["village"] == "村5", "persons"] = 5000
    by_persons = Frame.from_table(df, unit_id="id", strata=["county"], cluster="village", size="persons")
    sample = draw(by_persons, two_stages("pareto", take={"甲": 3, "乙": 3}), seed=1).sample
    big = sample[(sample["cluster"] == "村5") & (sample["role"] == "main")]
    assert big["probability"].tolist() == pytest.approx([3 / 19] * 3)


def test_a_village_smaller_than_the_take_is_taken_whole():
    sample = draw(frame(), two_stages(take=6, stages=(Stage(take="all"),)), seed=1).sample
    small = sample[(sample["cluster"] == "村0") & (sample["county"] == "甲")]
    assert small["weight"].tolist() == [1] * 4


def test_the_ticket_of_a_village_is_that_of_its_path_and_of_a_household_at_the_next_stage():
    drawing = draw(frame(), two_stages("srs"), seed="s")
    by_hand = sorted(range(6), key=lambda k: ticket(f"甲/村{k}", "s", stage=1))
    chosen = next(choice for choice in drawing.clusters if choice.within == ("甲",))
    assert list(chosen.selected) == [f"村{k}" for k in by_hand[:2]]
    first = drawing.sample.iloc[0]
    assert first["ticket"] == ticket(first["unit_id"], "s", stage=2)


def test_three_stages_multiply_their_probabilities():
    design = SampleDesign(take=2, stages=(Stage(take=1, method="srs"), Stage(take=1, method="srs")))
    sample = draw(frame(["town", "village"]), design, seed=1).sample
    assert {"cluster", "cluster2"} <= set(sample)
    sizes = roster().groupby(["county", "village"]).size()
    villages = roster().groupby(["county", "town"])["village"].nunique()
    for row in sample.itertuples():
        expected = 1 / 2 / villages[row.county, row.cluster] * 2 / sizes[row.county, row.cluster2]
        assert row.probability == pytest.approx(expected)


@pytest.mark.parametrize("method", ["srs", "systematic_pps", "sampford"])
def test_households_are_drawn_as_often_as_is_stated(method):
    df = roster().query("county == '乙'")
    small = Frame.from_table(df, unit_id="id", cluster="village")
    draws, counts, stated = 1200, pd.Series(0.0, index=df["id"]), {}
    for seed in range(draws):
        drawing = draw(small, two_stages(method, reserve=0), seed=seed)
        for chosen in drawing.chosen.values():
            ids = small.unit_id[chosen.main]
            counts[ids] += 1
            stated |= dict(zip(ids, chosen.probability, strict=True))
    expected = pd.Series(stated)[counts.index]
    assert expected.sum() == pytest.approx(6)
    z = (counts / draws - expected) / np.sqrt(expected * (1 - expected) / draws)
    assert z.abs().max() < 4.5


@pytest.mark.parametrize("method", ["srs", "pareto", "pivotal_pps", "systematic_pps"])
def test_a_draw_in_stages_is_redrawn_from_the_roster_in_any_order(method):
    drawing = draw(frame(size="persons", order_by="village"), two_stages(method), seed="s")
    stated = json.loads(json.dumps(drawing.certificate))
    again = verify(roster().sample(frac=1, random_state=2), stated)
    pd.testing.assert_frame_equal(again.sample, drawing.sample)


def test_a_swapped_village_is_found():
    stated = draw(frame(), two_stages(), seed="s").certificate
    stated["clusters"][0]["selected"].reverse()
    with pytest.raises(CertificateError) as caught:
        verify(roster(), stated)
    assert caught.value.place.startswith("clusters[1].selected")


def test_reserves_stay_in_their_village_and_weights_follow():
    drawing = draw(frame(), two_stages(), seed=1)
    cell = next(iter(drawing.chosen))
    assert len(next_reserves(drawing, cell, 1)) == 1
    after = release(drawing, {cell: 1})
    issued = after[(after["county"] == cell[0]) & (after["cluster"] == cell[1])].dropna(subset="weight")
    assert len(issued) == 4
    before = drawing.sample.loc[issued.index[0], "weight"]
    assert issued["weight"].tolist() == pytest.approx([before * 3 / 4] * 4)


@pytest.mark.parametrize(
    ("design", "cluster", "code"),
    [
        (lambda: two_stages(stages=(Stage(take=5),)), "village", "take_exceeds_clusters"),
        (lambda: two_stages(stages=(Stage(take=1), Stage(take=1))), "village", "cluster_columns"),
        (two_stages, None, "cluster_columns"),
        (lambda: two_stages(stages=(Stage(take={"甲": 2}),)), "village", "stratum_without_take"),
        (lambda: Stage(take=0), "village", "take_not_positive"),
        (lambda: Stage(take=1, method="magic"), "village", "method"),
    ],
)
def test_stages_that_cannot_be_are_refused(design, cluster, code):
    with pytest.raises(DesignError) as caught:
        draw(frame(cluster), design(), seed=1)
    assert caught.value.code == code


def test_a_design_with_stages_goes_through_json():
    design = two_stages(stages=(Stage(take={"甲": 2, "乙": "all"}), Stage(take=1, method="srs")))
    assert SampleDesign.from_json(json.loads(json.dumps(design.to_json()))) == design


@pytest.mark.parametrize("stages", [3, [3], [{}], [{"take": 1}], [{"take": 0, "method": "srs"}]])
def test_json_whose_stages_are_none_is_refused(stages):
    with pytest.raises(DesignError):
        SampleDesign.from_json(SampleDesign(take=1).to_json() | {"stages": stages})


def test_from_county_to_person_every_stage_multiplies_in():
    # Counties, towns and villages by their households, four households in each village, one person in each.
    cells = [(c, f"{c}{t}", f"{c}{t}{v}") for c in "甲乙丙" for t in range(3) for v in range(4)]
    rows = [
        (f"{village}-{h:02d}", *cell) for k, cell in enumerate(cells) for village in cell[-1:] for h in range(5 + k % 7)
    ]
    df = pd.DataFrame(rows, columns=["id", "county", "town", "village"])
    members = pd.DataFrame(
        [(i, f"{i}/{k}") for i in df["id"] for k in range(1 + len(i) % 3)], columns=["unit_id", "person"]
    )
    whole = Frame.from_table(df, unit_id="id", cluster=["county", "town", "village"])
    stages = tuple(Stage(take=2, method="sampford") for _ in range(3))
    drawing = draw(whole, SampleDesign(take=4, stages=stages), seed=5)
    sample = select_persons(drawing.sample, members, seed=5)
    assert sample.groupby(["cluster", "cluster2", "cluster3"]).size().tolist() == [4] * 8
    # By size at every stage and a fixed take: all households have the chance 32 / N, unless a town was certain.
    for row in sample.itertuples():
        towns = df[df["county"] == row.cluster].groupby("town").size()
        counties = df.groupby("county").size()
        villages = df[df["town"] == row.cluster2].groupby("village").size()
        chance = 1.0
        for sizes, one in ((counties, row.cluster), (towns, row.cluster2), (villages, row.cluster3)):
            chance *= inclusion_probabilities(sizes.tolist(), 2)[sizes.index.get_loc(one)]
        assert row.probability == pytest.approx(chance * 4 / villages[row.cluster3], rel=1e-12)
        assert row.person_probability == pytest.approx(row.probability / row.persons)
    pd.testing.assert_frame_equal(verify(df.sample(frac=1, random_state=1), drawing.certificate).sample, drawing.sample)
