"""The public random number of a unit, as the plan writes it."""

from __future__ import annotations

import hashlib
import time

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from sampling.errors import DesignError
from sampling.tickets import SPAN, ticket, ticket_integer, ticket_integers, tickets, uniform


def test_a_ticket_is_the_first_thirteen_hex_digits_of_the_hash():
    x = int(hashlib.sha256("2026071\n1\n户0001".encode()).hexdigest()[:13], 16)
    assert ticket_integer("户0001", "2026071") == x
    assert ticket("户0001", "2026071") == (x + 0.5) / 2**52


def test_a_ticket_that_anyone_can_check_with_sha256sum():
    # printf 'seed\n1\nA1' | sha256sum
    digest = "188c179abfe0bff3436384ef452d05e359ebb638849598c421b48331c53afc95"
    assert f"{ticket_integer('A1', 'seed'):013x}" == digest[:13]


def test_a_whole_number_is_the_same_seed_as_its_digits():
    assert ticket("a", 20260701) == ticket("a", "20260701")


def test_uniform_number_k_is_the_ticket_of_a_hash_sign_id():
    assert uniform("start", 3, "s") == ticket("#start/3", "s")


@given(st.lists(st.text(st.characters(codec="utf-8")), max_size=50), st.integers(0, SPAN - 1), st.integers(1, 9))
def test_a_column_has_the_tickets_of_its_units(ids, shift, stage):
    expected = [ticket_integer(unit, "s", stage=stage, shift=shift) for unit in ids]
    assert ticket_integers(ids, "s", stage=stage, shift=shift).tolist() == expected
    assert tickets(ids, "s", stage=stage, shift=shift).tolist() == [
        ticket(unit, "s", stage=stage, shift=shift) for unit in ids
    ]


@given(st.text(st.characters(codec="utf-8")), st.integers(0, SPAN - 1))
def test_a_shift_turns_the_circle_and_never_leaves_it(unit, shift):
    assert (ticket_integer(unit, "s", shift=shift) + shift) % SPAN == ticket_integer(unit, "s")
    assert 0 < ticket(unit, "s", shift=shift) < 1


def test_tickets_are_uniform():
    counts = np.histogram(tickets([f"HH{i}" for i in range(100_000)], "uniform"), bins=50, range=(0, 1))[0]
    chi_square = ((counts - 2000) ** 2 / 2000).sum()
    assert chi_square < 85.4  # 99.9 % point, 49 degrees of freedom


@pytest.mark.parametrize("seed", ["", "   ", "a\nb", "e\u0301", 1.5, True, None])
def test_a_seed_that_means_nothing_or_two_things_is_refused(seed):
    with pytest.raises(DesignError):
        ticket("a", seed)


@pytest.mark.parametrize("stage", [0, -1, 1.0, True])
def test_a_stage_is_a_whole_number_from_one(stage):
    with pytest.raises(DesignError):
        ticket("a", "s", stage=stage)


def test_four_hundred_thousand_tickets_take_less_than_a_second():
    ids = [f"5101{i:012d}" for i in range(400_000)]
    started = time.process_time()
    tickets(ids, "20260701")
    assert time.process_time() - started < 1
