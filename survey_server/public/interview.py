"""An interview in a visitor's browser: the answers so far travel sealed, and nothing is stored before the end."""

from __future__ import annotations

import datetime as dt
import json
import re
import uuid
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import cached_property
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import gettext
from werkzeug.datastructures import MultiDict

from mobile_forms.answers import Break, Filled, Value
from mobile_forms.definition import Group, Question
from survey_server.crypto import SealBrokenError, Vault
from survey_server.errors import Problem, ZoufangError
from survey_server.public.screens import Plan, Screen, plan_of
from survey_server.public.subjects import Subject, presets
from survey_server.studies.forms import rules_of
from survey_server.studies.models import FormVersion
from survey_server.work import Work

MAX_TEXT = 1000
MAX_CODES = 100
FIELD, WITHOUT = "q.", "no."
GIVEN_BY_DEVICE = frozenset({"image", "geopoint"})
"""What a phone may be unable to give."""
MOST_ROWS = 30
"""Rows of one repeat on these pages."""
_NUMBER = re.compile(r"[-+]?\d{1,3}(?:\.\d{1,12})?")


@dataclass(frozen=True)
class Interview:
    """What the sealed field of a page holds. ``screen`` is the one that the page shows; times are ISO 8601.

    ``values`` are answers by question name, and the rows of a repeat by its name; ``helped``: somebody answers for
    the one who is asked (代填); ``without`` are the fields of photographs and places that the visitor cannot give,
    whatever the form requires: their absence is a flag for review.
    """

    instance_id: str
    form_version: str
    started: str
    language: str = ""
    screen: int = 0
    values: Mapping[str, Any] = field(default_factory=dict)
    helped: bool = False
    without: Sequence[str] = ()

    @property
    def began(self) -> dt.datetime:
        """When it began."""
        return dt.datetime.fromisoformat(self.started)

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
        return self._fill(self.interview.values)

    @cached_property
    def shown(self) -> Filled:
        """The same with an empty row in every repeat that has none, as the page offers it."""
        repeats = {screen.repeat.name for screen in self.plan.screens if screen.repeat and not screen.repeat.count}
        empty = {name: [{}] for name in repeats if not self.interview.values.get(name)}
        return self._fill({**self.interview.values, **empty}) if empty else self.filled

    def _fill(self, values: Mapping[str, Value]) -> Filled:
        zone = ZoneInfo(self._zone)
        start = self.interview.began.astimezone(zone)
        now = self._now.astimezone(zone)
        times = {"start": start.isoformat("T", "milliseconds"), "end": now.isoformat("T", "milliseconds")}
        lists: dict[str, Any] = {name: [] for name in self.form.media}
        return rules_of(self.form).fill(
            {**values, **self.presets},
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

    @property
    def rows(self) -> int:
        """How many rows of the shown repeat the page offers; 0 where the screen is none."""
        repeat = self.screen.repeat
        return len(self.shown.repeats.get(repeat.name, ())) if repeat else 0

    @property
    def asked(self) -> list[tuple[Question, str, int]]:
        """What the shown screen asks: each question with the name of its field and its row (0 outside repeats)."""
        questions = [node for node in self.screen.nodes if isinstance(node, Question) and node.kind != "note"]
        if self.screen.repeat is None:
            return [(each, field_of(each.name), 0) for each in questions if each.name in self.filled.relevant]
        return [
            (each, field_of(each.name, row), row)
            for row in range(self.rows)
            for each in questions
            if self.shown.shows(each.name, row)
        ]

    def with_answers(self, typed: MultiDict[str, str]) -> Sitting:
        """Take the answers that the shown screen asks for, and no others; a photograph stays until it is replaced."""
        given = [
            (each.name, row, _read(each, typed.getlist(name))) for each, name, row in self.asked if not each.takes_file
        ]
        cannot = {name for each, name, _ in self.asked if each.kind in GIVEN_BY_DEVICE and WITHOUT + name in typed}
        without = sorted(set(self.interview.without) - {name for _, name, _ in self.asked} | cannot)
        return self.changed_answers(given).changed(without=without)

    def changed_answers(self, given: Iterable[tuple[str, int, str]]) -> Sitting:
        """The same with these answers to questions of the shown screen, each with its row."""
        repeat = self.screen.repeat
        if repeat is None:
            return self.changed(values={**self.interview.values, **{name: value for name, _, value in given}})
        rows = self._typed_rows(repeat)
        for name, row, value in given:
            rows[row][name] = value
        return self.changed(values={**self.interview.values, repeat.name: rows})

    def with_row(self) -> Sitting:
        """One more row of the shown repeat, empty."""
        repeat = self.screen.repeat
        if repeat is None or repeat.count or self.rows >= MOST_ROWS:
            return self
        return self.changed(values={**self.interview.values, repeat.name: [*self._typed_rows(repeat), {}]})

    def without_row(self, number: str) -> Sitting:
        """The shown repeat without the row of this number, counted from 0."""
        repeat = self.screen.repeat
        if repeat is None or repeat.count or not number.isascii() or not number.isdigit():
            return self
        rows = [row for place, row in enumerate(self._typed_rows(repeat)) if place != int(number)]
        return self.changed(values={**self.interview.values, repeat.name: rows})

    def without_empty_rows(self) -> Sitting:
        """The shown repeat without rows in which nothing was answered."""
        repeat = self.screen.repeat
        if repeat is None or repeat.count:
            return self
        rows = [row for row in self._typed_rows(repeat) if any(row.values())]
        return self.changed(values={**self.interview.values, repeat.name: rows})

    def opens_more(self, before: Collection[str]) -> bool:
        """Whether an answer of the shown repeat opened a question of the same row that was not asked ``before``."""
        return self.screen.repeat is not None and any(name not in before for _, name, _ in self.asked)

    def _typed_rows(self, repeat: Group) -> list[dict[str, str]]:
        rows = [dict(row) for row in self.interview.values.get(repeat.name, ())]
        return rows + [{} for _ in range(self.rows - len(rows))]

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
        """What is missing or wrong on a screen, by the name of the field, in words."""
        screen = self.plan.screens[index]
        words: dict[str, str] = {}
        for fault in self.filled.faults:
            if fault.question in screen.questions:
                row = fault.index[0] - 1 if screen.repeat and fault.index else 0
                name = field_of(fault.question, row if screen.repeat else None)
                if name not in self.interview.without:
                    words.setdefault(name, self._words_of(fault))
        return words

    def first_fault(self) -> int | None:
        """The first screen where something is missing or wrong."""
        return next((place for place in range(len(self.plan.screens)) if self.faults(place)), None)

    def _shows(self, index: int) -> bool:
        return self.plan.screens[index].shows(self.shown.relevant)

    def _words_of(self, fault: Break) -> str:
        if fault.rule == "required":
            return self._missing_words(fault.question)
        own = self.filled.message(fault, self.interview.language)
        return own or gettext("This answer does not fit. Please look at it again.")

    def _missing_words(self, name: str) -> str:
        kind = rules_of(self.form).form.question(name).kind
        if kind == "image":
            return gettext("Please take a photograph.")
        chosen = kind in {"select_one", "select_multiple", "acknowledge"}
        return gettext("Please choose an answer here.") if chosen else gettext("Please fill this in.")


def field_of(question: str, row: int | None = None) -> str:
    """The name of a question's input on the page; ``row`` of a repeat counts from 0."""
    return FIELD + question if row is None else f"q{row}.{question}"


def _read(question: Question, given: list[str]) -> str:
    if question.kind == "select_multiple":
        return " ".join(dict.fromkeys(code for value in given[:MAX_CODES] for code in value.split()))[:MAX_TEXT]
    text = (given[0] if given else "").replace("\r\n", "\n").strip()[:MAX_TEXT]
    return _place(text) if question.kind == "geopoint" else text


def _place(text: str) -> str:
    """Latitude and longitude as they are typed in any way become ``latitude longitude altitude accuracy``."""
    numbers = _NUMBER.findall(text)
    if len(numbers) not in {2, 3, 4} or not -90 <= float(numbers[0]) <= 90 or not -180 <= float(numbers[1]) <= 180:
        return text
    return " ".join([*numbers, "0", "0"][:4])


def _purpose(token: str) -> str:
    return f"qr/{token}"
