"""What a finding can be: kinds of problems, states, methods, stages, and the eight checks (核查八项)."""

from __future__ import annotations

import csv
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib import resources
from pathlib import Path

import yaml

from survey_server.actors import EVALUATORS, Actor
from survey_server.errors import N_
from survey_server.studies.models import Channel


class State(StrEnum):
    """How far a finding has come."""

    CLUE = "clue"
    VERIFIED = "verified"
    DISMISSED = "dismissed"
    ANSWERED = "answered"
    CLOSED = "closed"


STATES: Mapping[str, str] = {
    State.CLUE: N_("Clue to be verified"),
    State.VERIFIED: N_("Verified: true"),
    State.DISMISSED: N_("Dismissed: not true"),
    State.ANSWERED: N_("Answered by the bureau"),
    State.CLOSED: N_("Closed: dealt with"),
}
NEXT: Mapping[str, tuple[State, ...]] = {
    State.CLUE: (State.VERIFIED, State.DISMISSED),
    State.VERIFIED: (State.ANSWERED, State.DISMISSED),
    State.ANSWERED: (State.CLOSED, State.DISMISSED),
    State.DISMISSED: (State.CLUE,),
    State.CLOSED: (),
}
"""From a state, those that may follow. A bureau's proof may still show that a verified one was not true."""
COUNTED = frozenset({State.VERIFIED.value, State.ANSWERED.value, State.CLOSED.value})
"""The states in which a finding is counted; a clue is only ever between the bounds."""

REFERRED, HELPED, FILED = "referred", "helped", "filed"
STAGES: Mapping[str, str] = {
    REFERRED: N_("Referred to the client"),
    HELPED: N_("Helped: what came of it"),
    FILED: N_("Filed in the household's archive"),
}
"""The stages of an urgent referral beyond its being met with, warned of and verified, in their order."""
LOOP: Mapping[str, str] = {
    "seen_at": N_("Information collected"),
    "at": N_("Warned of"),
    "verified_at": N_("Checked and verified"),
    "helped_at": N_("Helped"),
    "filed_at": N_("Data filed"),
}
"""信息采集–监测预警–核实–帮扶–归集: the times of an urgent finding."""

METHODS: Mapping[str, str] = {
    "visit": N_("Visit to the household"),
    "desk": N_("Desk file examined"),
    "list": N_("Comparison of lists"),
    "phone": N_("Telephone interview"),
    "qr": N_("Code that was scanned"),
}
"""The way in which it was found (三法并用: 走访, 资料, 比对), and the two other channels."""
OF_PAPERS = frozenset({"desk", "list"})
"""Methods that rest on papers, not on what the household said."""
OF_CHANNEL: Mapping[str, str] = {
    Channel.PHONE.value: "phone",
    Channel.QR_HOUSEHOLD.value: "qr",
    Channel.QR_PLACE.value: "qr",
}

WRONGLY_IN, LEFT_OUT, DROPPED, PAID_AFTER_DEATH, URGENT = "1", "2", "3", "4", "11"
TEAM, LEAD, SEALED = "team", "lead", "sealed"


@dataclass(frozen=True)
class Kind:
    """A kind of problem. people: how many must look before it is verified. sees: team, lead (evaluators), or sealed.

    ``check`` is the one of the eight checks that it belongs to unless its answer says otherwise (0: none).
    """

    code: str
    name: str
    definition: str
    evidence: str
    sees: str
    people: int
    check: int
    printed: str


@dataclass(frozen=True)
class Check:
    """One of the eight checks: its number, its words, and the tags of the questions that it asks."""

    no: int
    text: str
    tags: tuple[str, ...]


@cache
def kinds() -> Mapping[str, Kind]:
    """The kinds of problems that may be in the ledger, by code; those that are sealed are clues, and in no ledger."""
    text = Path(__file__).with_name("problem_types.csv").read_text("utf-8")
    rows = [_kind(row) for row in csv.DictReader(text.splitlines())]
    return {kind.code: kind for kind in rows if kind.sees != SEALED}


def _kind(row: Mapping[str, str]) -> Kind:
    words = {name: row[name] for name in ("code", "name", "definition", "evidence", "sees", "printed")}
    return Kind(**words, people=int(row["people"]), check=int(row["check"]))


@cache
def checks() -> Sequence[Check]:
    """The eight checks of 巴中 2019, in order."""
    folder = resources.files("analysis.catalog").joinpath("indicators")
    raw = yaml.safe_load(folder.joinpath("bazhong_checks_2019.yaml").read_text("utf-8"))
    # Their order is their number: YAML 1.1 reads the key "no" as false.
    return [Check(place, each["text"], tuple(each["tags"])) for place, each in enumerate(raw["checks"], start=1)]


def check_of(kind: str, metric: str = "") -> int:
    """Which of the eight a problem belongs to: by the question that showed it, else by its kind; 0: none.

    The interviewer's conclusion (metric ``problem``) names every kind: there the kind decides.
    """
    by_tag = next((check.no for check in checks() if metric in check.tags and metric != "problem"), 0)
    return by_tag or kinds()[kind].check


def visible_kinds(actor: Actor) -> frozenset[str]:
    """The kinds whose single cases this actor may see: some are for who leads the evaluation alone (评价负责人)."""
    lead = actor.kind == "system" or actor.may(EVALUATORS)
    return frozenset(code for code, kind in kinds().items() if kind.sees == TEAM or lead)
