"""An interview in a visitor's browser: the answers so far travel sealed, and nothing is stored before the end."""

from __future__ import annotations

import datetime as dt
import json
import uuid
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from mobile_forms.answers import Filled
from mobile_forms.definition import Question
from survey_server.crypto import SealBrokenError, Vault
from survey_server.errors import Problem, ZoufangError
from survey_server.public.screens import Plan, Screen, plan_of
from survey_server.public.subjects import Subject, presets
from survey_server.studies.forms import rules_of
from survey_server.studies.models import FormVersion
from survey_server.work import Work

MAX_TEXT = 1000
MAX_CODES = 100
FIELD = "q."


@dataclass(frozen=True)
class Interview:
    """What the sealed field of a page holds. ``screen`` is the one that the page shows; times are ISO 8601."""

    instance_id: str
    form_version: str
    started: str
    language: str = ""
    screen: int = 0
    values: Mapping[str, str] = field(default_factory=dict)

    def seal(self, vault: Vault, token: str) -> str:
        """For the page of one code; it opens for no other."""
        return vault.seal_state(_purpose(token), json.dumps(asdict(self), ensure_ascii=False).encode())

    @classmethod
    def unseal(cls, vault: Vault, token: str, sealed: str) -> Interview:
        """What :meth:`seal` made; raises UNREADABLE_REQUEST for anything else, an older server's state too."""
        try:
            return cls(**json.loads(vault.open_state(_purpose(token), sealed)))
        except (SealBrokenError, TypeError) as error:
            raise ZoufangError(Problem.UNREADABLE_REQUEST) from error


def begin(subject: Subject, now: dt.datetime, language: str) -> Interview:
    """A new interview; its instanceID is made here, so that however often it is sent it is one."""
    return Interview(f"uuid:{uuid.uuid4()}", str(subject.form.id), now.isoformat(), language)


def form_of(work: Work, subject: Subject, interview: Interview) -> FormVersion:
    """The version with which the interview began; raises UNREADABLE_REQUEST where it is of another study."""
    form = work.session.get(FormVersion, uuid.UUID(interview.form_version))
    if form is None or form.study_id != subject.study.id:
        raise ZoufangError(Problem.UNREADABLE_REQUEST)
    return form


class Sitting:
    """An interview worked through its form as it stands now."""

    def __init__(self, subject: Subject, form: FormVersion, interview: Interview, now: dt.datetime, zone: str) -> None:
        self.subject = subject
        self.form = form
        self.interview = interview
        self._now = now
        self._zone = zone

    @cached_property
    def presets(self) -> dict[str, str]:
        """What the code has answered already."""
        return presets(rules_of(self.form).form, self.subject.number)

    @cached_property
    def plan(self) -> Plan:
        """The form cut into screens."""
        return plan_of(rules_of(self.form).form, self.presets)

    @cached_property
    def filled(self) -> Filled:
        """The answers so far, worked through the form."""
        zone = ZoneInfo(self._zone)
        start = dt.datetime.fromisoformat(self.interview.started).astimezone(zone)
        now = self._now.astimezone(zone)
        times = {"start": start.isoformat("T", "milliseconds"), "end": now.isoformat("T", "milliseconds")}
        lists: dict[str, Any] = {name: [] for name in self.form.media}
        return rules_of(self.form).fill(
            {**self.interview.values, **self.presets},
            lists | self.subject.lists,
            instance_id=self.interview.instance_id,
            now=now,
            meta={**times, "today": now.date().isoformat()},
        )

    @property
    def screen(self) -> Screen:
        """The screen that is shown."""
        return self.plan.screens[self.interview.screen]

    def changed(self, **changes: object) -> Sitting:
        """The same interview after a change."""
        interview = replace(self.interview, **changes)
        return Sitting(self.subject, self.form, interview, self._now, self._zone)

    def with_answers(self, typed: MultiDict[str, str]) -> Sitting:
        """Take the answers that the shown screen asks for, and no others."""
        nodes = [node for node in self.screen.nodes if isinstance(node, Question)]
        given = {
            node.name: _read(node, typed.getlist(FIELD + node.name)) for node in nodes if node.name in self._open_now()
        }
        return self.changed(values={**self.interview.values, **given})

    def after(self, index: int) -> int | None:
        """The next screen with anything to see after ``index``."""
        return next((place for place in range(index + 1, len(self.plan.screens)) if self._shows(place)), None)

    def before(self, index: int) -> int | None:
        """The last screen with anything to see before ``index``."""
        return next((place for place in reversed(range(index)) if self._shows(place)), None)

    def is_last(self) -> bool:
        """Whether, as far as can be known, pressing on hands in."""
        here = self.interview.screen
        undecided = {name for name in self.plan.opened_by(here) if not self.filled.values.get(name)}
        return self.after(here) is None and undecided.isdisjoint(self.filled.relevant)

    def faults(self, index: int) -> dict[str, str]:
        """What is missing or wrong on a screen, by question, in words."""
        names = self.plan.screens[index].questions
        words = {name: self._missing_words(name) for name in self.filled.missing if name in names}
        for fault in self.filled.breaks:
            if fault.question in names:
                own = self.filled.message(fault, self.interview.language)
                words.setdefault(fault.question, own or gettext("This answer does not fit. Please look at it again."))
        return words

    def first_fault(self) -> int | None:
        """The first screen where something is missing or wrong."""
        return next((place for place in range(len(self.plan.screens)) if self.faults(place)), None)

    def _open_now(self) -> frozenset[str]:
        return frozenset(self.screen.questions) & self.filled.relevant

    def _shows(self, index: int) -> bool:
        return self.plan.screens[index].shows(self.filled.relevant)

    def _missing_words(self, name: str) -> str:
        kind = rules_of(self.form).form.question(name).kind
        chosen = kind in {"select_one", "select_multiple", "acknowledge"}
        return gettext("Please choose an answer here.") if chosen else gettext("Please fill this in.")


def _read(question: Question, given: list[str]) -> str:
    if question.kind == "select_multiple":
        return " ".join(dict.fromkeys(code for value in given[:MAX_CODES] for code in value.split()))[:MAX_TEXT]
    text = (given[0] if given else "").replace("\r\n", "\n")
    return text.strip()[:MAX_TEXT]


def _purpose(token: str) -> str:
    return f"qr/{token}"
