"""Nobody reads what is personal past the functions that record it."""

from __future__ import annotations

import pytest

from tests.support.personal import faults, readings, server_readings

ROGUE = """
from survey_server.privacy.service import cipher_of

def export(work, study_id):
    cipher = cipher_of(work, study_id)
    for home in work.session.exec(select(Household)):
        yield cipher.open(home.id, home.personal)
"""


def test_every_function_of_the_server_that_reads_personal_columns_is_known_with_its_reason() -> None:
    assert faults(server_readings()) == []


@pytest.mark.parametrize(
    "line",
    [
        "cipher.open(row.id, row.answers)",
        "sa.select(Submission.xml)",
        "home.personal",
        "cipher_of(work, study_id)",
        "facts_of(work, study_id, ids)",
        "service.open_clue(work, clue_id, reason)",
        "work.blobs.get(name)",
        "select(col(Attempt.note))",
        "sa.select(StagedUnit.personal)",
    ],
)
def test_a_way_around_is_found_and_named(line: str) -> None:
    found = list(readings(f"def shown(work):\n    return {line}\n", "results.shortcut"))
    (fault,) = {one.split(" reads ")[0] for one in faults(found, {})}
    assert fault == "survey_server: results.shortcut.shown (line 2)"


def test_another_function_of_the_same_name_is_none_of_them() -> None:
    source = "from survey_server.reports.facts import facts_of\ndef written(work):\n    return facts_of(work)\n"
    assert list(readings(source, "reports.service")) == []


def test_one_function_may_not_hide_behind_another_of_its_module() -> None:
    found = list(readings(ROGUE, "results.export"))
    assert {one.where for one in found} == {"results.export.export"}
    assert len(faults(found, {"results.export.workbook_of": "results.export"})) == len(found) + 1


def test_a_reason_that_nothing_needs_any_more_is_a_fault() -> None:
    assert faults([], {"gone.function": "it recorded"}) != []
