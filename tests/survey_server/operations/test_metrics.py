"""Figures for Prometheus: right over several processes, without personal data, for few to read."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from flask import Blueprint, Flask

from survey_server import outbox
from survey_server.actors import Role
from survey_server.app import create_app
from survey_server.config import Settings
from survey_server.console.routing import ANYONE, view
from survey_server.operations.chores import HEARTBEAT, note
from survey_server.work import Services, Work
from tests.support.callers import browser
from tests.support.installation import SteppingClock
from tests.support.studies import person


def figure(text: str, name: str, **labels: str) -> float:
    """A figure by its name and some of its labels."""
    for line in text.splitlines():
        found = re.fullmatch(rf"{name}(?:\{{(.*)\}})? (\S+)", line)
        if found and all(f'{key}="{value}"' in (found[1] or "") for key, value in labels.items()):
            return float(found[2])
    raise AssertionError(f"{name} {labels} is not among the figures")


def read(app: Flask) -> str:
    answer = app.test_client().get("/metrics")
    assert answer.status_code == 200
    return answer.text


def test_requests_acts_and_what_waits_are_told(app: Flask, site: Services, clock: SteppingClock) -> None:
    person(site, Role.EVALUATOR, username="wang")
    browser(app, "wang").get("/studies")
    app.test_client().get("/no-such-page/王小明")
    with site.write() as work:
        outbox.put(work, "trial")
    note(site, HEARTBEAT, well=True)
    clock.advance(seconds=90)

    text = read(app)
    assert figure(text, "zoufang_requests_total", route="studies.list_studies", method="GET", status="200") == 1
    assert figure(text, "zoufang_request_seconds_count", route="studies.list_studies") == 1
    assert figure(text, "zoufang_requests_total", route="none", status="404") == 1
    assert figure(text, "zoufang_acts_total", act="session.begin") == 1
    assert figure(text, "zoufang_outbox_waiting") == 1
    assert figure(text, "zoufang_outbox_stuck") == 0
    assert figure(text, "zoufang_outbox_oldest_seconds") == 90
    assert figure(text, "zoufang_chore_age_seconds", chore=HEARTBEAT) == 90
    assert "wang" not in text
    assert "王" not in text


pages = Blueprint("metrics_trial", __name__)


@view(pages, "/trial/break", who=ANYONE)
def break_down(_work: Work) -> str:
    raise RuntimeError


def test_a_request_that_breaks_is_counted_as_an_error(app: Flask) -> None:
    app.register_blueprint(pages)
    assert app.test_client().get("/trial/break").status_code == 500
    assert figure(read(app), "zoufang_errors_total", route="metrics_trial.break_down") == 1


@pytest.mark.parametrize(
    ("address", "headers", "status"),
    [
        ("127.0.0.1", {}, 200),
        ("::1", {}, 200),
        ("192.0.2.7", {}, 404),
        ("127.0.0.1", {"X-Forwarded-For": "192.0.2.7"}, 404),
        ("127.0.0.1", {"Forwarded": "for=192.0.2.7"}, 404),
        ("192.0.2.7", {"Authorization": "Bearer wrong"}, 404),
        ("192.0.2.7", {"Authorization": "Bearer "}, 404),
        ("192.0.2.7", {"Authorization": "Bearer the token"}, 200),
    ],
)
def test_only_this_machine_and_the_bearer_of_the_token_read_them(
    sqlite_settings: Settings, address: str, headers: dict[str, str], status: int
) -> None:
    app = create_app(sqlite_settings.model_copy(update={"metrics_token": "the token"}), wake=lambda: None)
    answer = app.test_client().get("/metrics", headers=headers, environ_overrides={"REMOTE_ADDR": address})
    assert answer.status_code == status
    app.extensions["zoufang"].database.dispose()


def test_without_a_token_an_empty_one_opens_nothing(app: Flask) -> None:
    asked = {"headers": {"Authorization": "Bearer "}, "environ_overrides": {"REMOTE_ADDR": "192.0.2.7"}}
    assert app.test_client().get("/metrics", **asked).status_code == 404


PROCESS = """
import sys
from survey_server.app import create_app
from survey_server.config import Settings
app = create_app(Settings(), wake=lambda: None)
client = app.test_client()
for _ in range(3):
    client.get("/healthz")
sys.stdout.write(client.get("/metrics").text)
"""


def test_whichever_process_answers_tells_the_sum_of_all(sqlite_settings: Settings, tmp_path: Path) -> None:
    folder = tmp_path / "metrics"
    folder.mkdir()
    environment = {
        **os.environ,
        "PROMETHEUS_MULTIPROC_DIR": str(folder),
        "ZOUFANG_DATA": str(sqlite_settings.folder),
        "ZOUFANG_DATABASE_URL": sqlite_settings.url,
        "ZOUFANG_MASTER_KEY": sqlite_settings.master_key,
    }
    words = [sys.executable, "-c", PROCESS]
    texts = [subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout for _ in "ab"]
    assert [figure(text, "zoufang_requests_total", route="console.healthz") for text in texts] == [3, 6]
    assert figure(texts[1], "zoufang_outbox_waiting") == 0
