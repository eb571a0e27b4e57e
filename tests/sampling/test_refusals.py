"""The bad inputs that a sample meets, in one place: each is refused by name, and nothing is drawn by half."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import duckdb
import pandas as pd
import pytest

from sampling import (
    AllocationError,
    CertificateError,
    DesignError,
    Frame,
    FrameError,
    SampleDesign,
    SamplingError,
    Seed,
    SizeError,
    allocate,
    draw,
    draw_parquet,
    draw_stream,
    plan,
    sample_size,
    verify,
)

COLUMNS = {"unit_id": "id", "strata": ["kind"]}
NOON = datetime(2026, 7, 1, 12, tzinfo=UTC)


def roster(**changes):
    df = pd.DataFrame({"id": [f"h{i:02d}" for i in range(30)], "kind": ["低保"] * 24 + ["特困"] * 6})
    return df.assign(**changes)


def in_memory(df, design, seed, folder):
    return draw(Frame.from_table(df, **COLUMNS), design, seed=seed)


def in_batches(df, design, seed, folder):
    return draw_stream([df.iloc[:11], df.iloc[11:]], design, seed=seed, **COLUMNS)


def from_parquet(df, design, seed, folder):
    duckdb.from_df(df).write_parquet(str(folder / "roster.parquet"))
    return draw_parquet(folder / "roster.parquet", design, seed=seed, **COLUMNS)


WAYS = [in_memory, in_batches, from_parquet]


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize(
    ("design", "code", "strata"),
    [
        (lambda: SampleDesign(take=0), "take_not_positive", ()),
        (lambda: SampleDesign(take=-5), "take_not_positive", ()),
        (lambda: SampleDesign(take={"低保": 4, "特困": -1}), "take_not_positive", (("特困",),)),
        (lambda: SampleDesign(take=7), "take_exceeds_stratum", (("特困",),)),
        (lambda: SampleDesign(take={"低保": 4, "特困": 2, "孤儿": 1}), "stratum_empty", (("孤儿",),)),
        (lambda: SampleDesign(take={"低保": 4}), "stratum_without_take", (("特困",),)),
    ],
)
def test_a_take_that_cannot_be_names_its_strata(tmp_path, way, design, code, strata):
    with pytest.raises(DesignError) as caught:
        way(roster(), design(), "s", tmp_path)
    assert (caught.value.code, caught.value.strata) == (code, strata)
    assert all("|".join(stratum) in str(caught.value) for stratum in strata)


@pytest.mark.parametrize("way", WAYS)
def test_ids_that_stand_twice_are_named_by_their_rows(tmp_path, way):
    df = roster()
    df.loc[4, "id"] = "h03"
    with pytest.raises(FrameError, match="row") as caught:
        way(df, SampleDesign(take=2), "s", tmp_path)
    assert set(caught.value.rows) & {4, 5}


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("seed", ["", "   ", "\t"])
def test_an_empty_seed_is_refused(tmp_path, way, seed):
    with pytest.raises(DesignError) as caught:
        way(roster(), SampleDesign(take=2), seed, tmp_path)
    assert caught.value.code in ("seed_empty", "seed_text")


@pytest.mark.parametrize("minutes", [0, 1, 600])
def test_a_seed_that_was_published_before_the_digest_is_refused(minutes):
    with pytest.raises(DesignError) as caught:
        Seed("2026188", "彩票", published=NOON, digest_published=NOON + timedelta(minutes=minutes))
    assert caught.value.code == "seed_before_digest"


def test_a_certificate_whose_seed_came_before_the_digest_is_refused():
    seed = Seed("2026188", "彩票", published=NOON, digest_published=NOON - timedelta(hours=1))
    stated = draw(Frame.from_table(roster(), **COLUMNS), SampleDesign(take=2), seed=seed).certificate
    stated["seed"]["digest_published"] = (NOON + timedelta(hours=1)).isoformat()
    with pytest.raises(CertificateError, match="published before the digest"):
        verify(roster(), stated)


@pytest.mark.parametrize(
    "changed",
    [
        roster().iloc[:-1],
        pd.concat([roster(), pd.DataFrame({"id": ["new"], "kind": ["低保"]})]),
        roster(kind=["低保"] * 23 + ["特困"] * 7),
        roster(id=[f"h{i:02d}" for i in range(29)] + ["h99"]),
    ],
)
def test_a_roster_that_was_changed_is_found_at_verification(changed):
    stated = draw(Frame.from_table(roster(), **COLUMNS), SampleDesign(take=2), seed="s").certificate
    with pytest.raises(CertificateError) as caught:
        verify(changed, stated)
    assert caught.value.place.split("[")[0] in ("frame.rows", "frame.digest", "strata")
    assert caught.value.stated != caught.value.found


@pytest.mark.parametrize(
    ("call", "error", "names"),
    [
        (lambda: sample_size(0), SizeError, "precision"),
        (lambda: sample_size(-0.05), SizeError, "precision"),
        (lambda: sample_size(0.05, population=0), SizeError, "population"),
        (lambda: allocate({"低保": 9, "特困": 0}, 5), AllocationError, "特困"),
        (lambda: allocate({"低保": 9, "特困": 3}, 13), AllocationError, "特困"),
        (lambda: allocate({"低保": 9, "特困": 3}, 0), AllocationError, "低保"),
        (lambda: allocate({"低保": 9, "特困": 3}, 8, minimum={"特困": 4}), AllocationError, "特困"),
        (lambda: plan({"低保": 9, "特困": 3}, 5), SizeError, "特困"),
        (lambda: Frame.from_table(roster().iloc[:0], **COLUMNS), FrameError, "no rows"),
        (lambda: Frame.from_table(roster(kind=[""] * 30), **COLUMNS), FrameError, "rows 1, 2, 3"),
    ],
)
def test_a_wish_that_cannot_be_met_names_what_it_is_about(call, error, names):
    with pytest.raises(error, match=names) as caught:
        call()
    assert isinstance(caught.value, SamplingError)
    assert caught.value.code
