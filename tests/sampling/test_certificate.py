"""Certificates: complete, bounded, verified by drawing again, and checked by a program that is not ours."""

from __future__ import annotations

import copy
import hashlib
import json
import subprocess
import sys
from datetime import datetime, timedelta, timezone
from decimal import Decimal
from pathlib import Path

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

import sampling
from sampling import (
    CertificateError,
    DesignError,
    Frame,
    SampleDesign,
    Seed,
    announcement,
    check_announced,
    check_unit,
    draw,
    fingerprint,
    read_certificate,
    verify,
)
from sampling.tickets import ticket_integer

REFERENCE = Path(sampling.__file__).with_name("reference_check.py")


def roster():
    rows = [(f"户{i:03d}", "青河" if i < 30 else "白山", "低保" if i % 3 else "特困", 1 + i % 6) for i in range(60)]
    df = pd.DataFrame(rows, columns=["编号", "县", "类别", "人口"])
    df["村"] = [f"村{i % 5}" for i in range(60)]
    return df


def frame(df=None):
    return Frame.from_table(
        roster() if df is None else df, unit_id="编号", strata=["县", "类别"], size="人口", cluster="村"
    )


def certificate(df=None, **design):
    plan = SampleDesign(**({"take": 4, "reserve": 3} | design))
    return draw(frame(df), plan, seed=Seed("2026188", "体彩排列5 第26188期")).certificate


def test_a_certificate_is_plain_json_and_holds_what_the_contract_says():
    stated = json.loads(json.dumps(certificate()))
    assert stated == certificate()
    assert stated["format"] == "zoufang-certificate/1"
    assert stated["columns"]["strata"] == ["县", "类别"]
    assert [stated["columns"][name] for name in ("unit_id", "size", "cluster")] == ["编号", "人口", "村"]
    assert stated["canonical_form"]["fields"] == ["编号", "县", "类别", "人口", "村"]
    assert stated["frame"]["rows"] == 60
    assert len(stated["frame"]["digest"]) == 64
    assert stated["seed"]["source"] == "体彩排列5 第26188期"
    first = stated["strata"][0]
    assert (first["stratum"], first["population"], first["main"], first["reserve"]) == (["白山", "低保"], 20, 4, 3)
    assert [len(stated["selected"][0][role]) for role in ("main", "reserve")] == [4, 3]


@pytest.mark.parametrize("method", ["srs", "pareto"])
def test_a_certificate_is_verified_from_the_roster_in_any_order(method):
    again = verify(roster().sample(frac=1, random_state=3), certificate(method=method))
    assert again.certificate == certificate(method=method)


def changed(df, row, column, value):
    df = df.copy()
    df.loc[row, column] = value
    return df


@pytest.mark.parametrize(
    ("change", "code", "place"),
    [
        (lambda df: df.iloc[:-1], "frame_rows", "frame.rows"),
        (lambda df: changed(df, 1, "类别", "特困"), "frame_strata", "strata[青河|低保].population"),
        (lambda df: changed(df, 1, "编号", "户999"), "frame_digest", "frame.digest"),
        (lambda df: changed(df, 1, "人口", 9), "frame_digest", "frame.digest"),
        (lambda df: changed(df, 1, "村", "村9"), "frame_digest", "frame.digest"),
        (lambda df: changed(df, 1, "编号", "户002"), "frame_invalid", "frame"),
        (lambda df: df.drop(columns="村"), "frame_invalid", "frame"),
    ],
)
def test_a_changed_roster_is_found_and_the_first_difference_named(change, code, place):
    with pytest.raises(CertificateError) as caught:
        verify(change(roster()), certificate())
    assert (caught.value.code, caught.value.place) == (code, place)
    assert place in str(caught.value)


def test_a_swapped_household_is_named_with_its_stratum_role_and_place():
    stated = certificate()
    main = stated["selected"][2]["main"]
    right = main[1]
    main[1] = "户777"
    with pytest.raises(CertificateError) as caught:
        verify(roster(), stated)
    assert caught.value.place == "selected[青河|低保].main[2]"
    assert (caught.value.stated, caught.value.found) == ("户777", right)


def set_at(path, value):
    def change(stated):
        target = stated
        for step in path[:-1]:
            target = target[step]
        target[path[-1]] = value

    return change


@pytest.mark.parametrize(
    ("change", "code"),
    [
        (set_at(["seed", "value"], "2026189"), "certificate_differs"),
        (set_at(["seed", "value"], ""), "design_invalid"),
        (set_at(["seed"], {}), "certificate_shape"),
        (set_at(["seed", "published"], "yesterday"), "certificate_shape"),
        (set_at(["seed", "published"], 7), "certificate_shape"),
        (set_at(["design", "take"], 5), "certificate_differs"),
        (set_at(["design", "take"], 50), "design_invalid"),
        (set_at(["design", "method"], "magic"), "design_invalid"),
        (set_at(["design"], {}), "design_invalid"),
        (set_at(["strata", 0, "threshold"], "0"), "certificate_differs"),
        (set_at(["strata", 0], 3), "frame_strata"),
        (set_at(["selected"], []), "certificate_differs"),
        (set_at(["selected", 0, "more"], 1), "certificate_differs"),
        (set_at(["format"], "zoufang-certificate/2"), "certificate_format"),
        (set_at(["frame"], None), "certificate_shape"),
        (set_at(["columns"], {}), "certificate_shape"),
        (set_at(["columns", "unit_id"], "名字"), "frame_invalid"),
        (set_at(["note"], "added"), "certificate_differs"),
        (set_at(["canonical_form", "rule"], "another"), "certificate_differs"),
    ],
)
def test_a_changed_certificate_is_refused(change, code):
    stated = certificate()
    change(stated)
    with pytest.raises(CertificateError) as caught:
        verify(roster(), stated)
    assert caught.value.code == code


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{", "certificate_json"),
        ("[" * 100_000, "certificate_json"),
        (b"\xff\xfe\x00", "certificate_json"),
        ("[[[[[[[[[[]]]]]]]]]]", "certificate_too_deep"),
        ("3", "certificate_shape"),
        ("{}", "certificate_format"),
        ('{"format": "' + "x" * 2000 + '"}', "certificate_too_large"),
        ("9" * 5000, "certificate_json"),
    ],
)
def test_what_comes_from_outside_is_bounded(text, code):
    with pytest.raises(CertificateError) as caught:
        read_certificate(text)
    assert caught.value.code == code


def test_a_file_that_is_too_large_is_not_read(monkeypatch):
    monkeypatch.setattr("sampling.certificate.MAX_BYTES", 100)
    with pytest.raises(CertificateError, match="larger"):
        read_certificate(json.dumps(certificate()))


def test_a_certificate_is_read_back_from_its_text():
    assert read_certificate(json.dumps(certificate(), ensure_ascii=False).encode()) == certificate()


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=6,
)


@given(st.sampled_from(list(certificate())), json_values)
def test_whatever_stands_in_a_certificate_the_answer_is_a_certificate_error(section, value):
    stated = copy.deepcopy(certificate())
    if stated[section] == value:
        return
    stated[section] = value
    with pytest.raises(CertificateError):
        verify(roster(), stated)


noon = datetime(2026, 7, 1, 12, tzinfo=timezone(timedelta(hours=8)))


def test_times_of_publication_are_kept_in_utc():
    seed = Seed("5", "骰子", published=noon, digest_published=noon - timedelta(days=1))
    assert seed.to_json()["published"] == "2026-07-01T04:00:00+00:00"
    assert Seed.from_json(seed.to_json()) == seed


def test_a_seed_that_was_known_before_the_digest_is_refused():
    with pytest.raises(DesignError) as caught:
        Seed("5", published=noon, digest_published=noon + timedelta(minutes=1))
    assert caught.value.code == "seed_before_digest"


def test_a_time_without_a_zone_is_refused():
    with pytest.raises(DesignError) as caught:
        Seed("5", published=noon.replace(tzinfo=None))
    assert caught.value.code == "time_naive"


def test_one_household_is_checked_alone_by_the_threshold():
    stated = certificate()
    threshold = stated["strata"][0]["threshold"]
    ids = roster().query("县 == '白山' and 类别 == '低保'")["编号"]
    inside = [unit for unit in ids if hashlib.sha256(f"2026188\n1\n{unit}".encode()).hexdigest()[:13] <= threshold]
    assert sorted(inside) == sorted(stated["selected"][0]["main"])


def test_the_page_of_one_household_says_what_is_hashed_and_what_it_must_not_exceed():
    stated = certificate()
    inside, outside = stated["selected"][0]["main"][0], stated["selected"][0]["reserve"][0]
    check = check_unit(stated, inside, ("白山", "低保"))
    assert check.main
    assert check.message == f"2026188\n1\n{inside}"
    assert check.digits == hashlib.sha256(check.message.encode()).hexdigest()[:13]
    assert check.digits <= check.threshold
    assert not check_unit(stated, outside, ("白山", "低保")).main


def test_a_household_that_was_slipped_into_the_list_is_found_alone():
    stated = certificate()
    stated["selected"][0]["main"].append(stated["selected"][0]["reserve"][0])
    with pytest.raises(CertificateError) as caught:
        check_unit(stated, stated["selected"][0]["reserve"][0], ("白山", "低保"))
    assert caught.value.code == "unit_differs"


@pytest.mark.parametrize(
    ("design", "stratum"), [({"method": "pareto"}, ("白山", "低保")), ({"shift": 5}, ("白山", "低保")), ({}, ("无",))]
)
def test_a_stratum_without_a_threshold_says_so(design, stratum):
    with pytest.raises(CertificateError) as caught:
        check_unit(certificate(**design), "户001", stratum)
    assert caught.value.code == "threshold_missing"


def reference(tmp_path, df, stated):
    df.to_csv(tmp_path / "roster.csv", index=False, encoding="utf-8-sig")
    (tmp_path / "certificate.json").write_text(json.dumps(stated), encoding="utf-8")
    command = [sys.executable, "-I", str(REFERENCE), str(tmp_path / "roster.csv"), str(tmp_path / "certificate.json")]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("method", ["srs", "pareto"])
@pytest.mark.parametrize("shift", [0, 2**51, {("青河", "低保"): 2**50}])
def test_an_independent_program_draws_the_same_sample(tmp_path, method, shift):
    result = reference(tmp_path, roster(), certificate(method=method, shift=shift))
    assert (result.returncode, result.stderr) == (0, "")


def test_the_independent_program_agrees_on_certain_units_and_decimal_sizes(tmp_path):
    df = roster()
    df["人口"] = pd.Series([Decimal("12.5") if i % 9 == 0 else Decimal("0.7") for i in range(60)], dtype=object)
    assert reference(tmp_path, df, certificate(df, method="pareto")).returncode == 0


def test_the_independent_program_finds_a_swapped_household(tmp_path):
    stated = certificate()
    stated["selected"][1]["reserve"].reverse()
    result = reference(tmp_path, roster(), stated)
    assert result.returncode == 1
    assert "another reserve" in result.stderr


def test_the_independent_program_imports_nothing_of_ours():
    assert "sampling" not in [line.split()[1] for line in REFERENCE.read_text("utf-8").splitlines() if "import" in line]


def test_the_command_on_the_page_for_lay_readers_gives_the_ticket():
    page = REFERENCE.with_name("PROOF.zh.md").read_text("utf-8")
    line = next(line for line in page.splitlines() if "sha256sum" in line)
    message = line.split("'")[1].replace("\\n", "\n")
    digest = hashlib.sha256(message.encode()).hexdigest()[:13]
    assert digest == f"{ticket_integer('户001', '2026188'):013x}"


def test_what_was_announced_before_the_seed_is_what_was_drawn():
    announced = json.loads(json.dumps(announcement(frame(), SampleDesign(take=4, reserve=3))))
    check_announced(announced, certificate())
    assert "seed" not in announced
    assert fingerprint(announced) == fingerprint(announcement(frame(), SampleDesign(take=4, reserve=3)))


@pytest.mark.parametrize(
    ("drawn", "place"),
    [
        (lambda: certificate(take=5), "design.take"),
        (lambda: certificate(changed(roster(), 1, "人口", 9)), "frame.digest"),
        (lambda: certificate(shift=2**40), "design.shift"),
    ],
)
def test_a_draw_that_was_not_announced_so_is_found(drawn, place):
    with pytest.raises(CertificateError) as caught:
        check_announced(announcement(frame(), SampleDesign(take=4, reserve=3)), drawn())
    assert (caught.value.code, caught.value.place) == ("announcement_differs", place)


def test_what_cannot_be_drawn_is_not_announced():
    with pytest.raises(DesignError):
        announcement(frame(), SampleDesign(take=50))


def test_a_fingerprint_changes_with_its_statement():
    assert fingerprint(certificate()) != fingerprint(certificate(take=5))
