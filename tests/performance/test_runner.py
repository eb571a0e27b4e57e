"""How measurements are told and kept; no clock runs here."""

from __future__ import annotations

import datetime as dt

import pytest

from tests.performance import runner
from tests.performance.measurement import Measurement, peak_memory_mib

WHEN = dt.datetime(2026, 9, 1, 1, 5, tzinfo=dt.UTC)


@pytest.mark.parametrize(
    ("measurement", "told"),
    [
        (Measurement("import", 41.234, "s", at_most=60), ("41.2 s", "≤ 60 s", "✓")),
        (Measurement("import", 60.1, "s", at_most=60), ("60.1 s", "≤ 60 s", "✗")),
        (Measurement("submissions", 149, "/s", at_least=150), ("149 /s", "≥ 150 /s", "✗")),
        (Measurement("submissions", 1234.5, "/s", at_least=150), ("1,234 /s", "≥ 150 /s", "✓")),
        (Measurement("rows", 400_200, "rows"), ("400,200 rows", "", "")),
        (Measurement("draw", 0.01234, "s"), ("0.0123 s", "", "")),
    ],
)
def test_a_measurement_is_told_with_its_goal(measurement: Measurement, told: tuple[str, str, str]) -> None:
    assert (measurement.reading, measurement.goal, measurement.verdict) == told


def test_a_run_replaces_its_own_section_and_keeps_the_others() -> None:
    slow = runner.as_section("draw", [Measurement("draw", 9, "s")], WHEN, "an old machine")
    quick = runner.as_section("draw", [Measurement("draw", 1, "s")], WHEN, "a new machine")
    other = runner.as_section("import", [Measurement("rows", 5, "s", at_most=60)], WHEN, "an old machine")

    text = runner.replace_section(runner.replace_section("", "import", other), "draw", slow)
    text = runner.replace_section(text, "draw", quick)

    assert text.startswith("# What was measured\n")
    assert "9 s" not in text
    assert "2026-09-01 01:05 UTC, a new machine" in text
    assert text.index("## draw") < text.index("## import")
    assert "| rows | 5 s | ≤ 60 s | ✓ |" in text
    assert runner.replace_section(text, "draw", quick) == text


def test_the_machine_is_named_with_its_cores() -> None:
    assert " cores, " in runner.machine()


def test_the_peak_of_memory_counts_what_is_held() -> None:
    before = peak_memory_mib()
    held = bytearray(b"x" * (200 * 2**20))

    assert peak_memory_mib() > before
    assert len(held) == 200 * 2**20


def test_a_benchmark_that_is_not_there_is_named() -> None:
    with pytest.raises(SystemExit, match="no benchmark nonsense"):
        runner.main(["nonsense"])
