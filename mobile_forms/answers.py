"""One set of answers held against its form: what is relevant, missing, wrong, and what the form concludes.

    rules = Rules(read_form(xml))                          # once per published form; safe to share by threads
    checked = rules.check(submission, {"households.csv": rows})
    filled = rules.fill({"household": "A-0001", "q0": "1"}, {"households.csv": rows})

A break of a rule never raises: it stands in the result with question, rule and message, and nothing is thrown away.
Only what cannot be read at all raises `UnreadableSubmission`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from mobile_forms.definition import Choice, FormDefinition
from mobile_forms.instance import Lists

RuleName = Literal[
    "required", "constraint", "choice", "type", "calculation", "irrelevant_value", "unknown_question"
]
"""Which rule of the form an answer breaks."""

Value = str | Sequence[Mapping[str, "Value"]]
"""An answer as text (select_multiple: codes separated by spaces), or the rows of a repeat."""


@dataclass(frozen=True, slots=True)
class Break:
    """One rule that one answer breaks. ``index`` counts the repeats around it from 1, empty outside repeats.

    ``message`` is the form's own sentence in its default language where it has one; the server's words for a rule
    come from ``rule``. No message holds an answer.
    """

    question: str
    rule: RuleName
    message: str
    index: tuple[int, ...] = ()


@dataclass(frozen=True)
class Checked:
    """A submission that was read and held against its form.

    Attributes:
        form_id, version: what the instance says of itself.
        instance_id: ``uuid:...``; deprecated_id: the submission that this one corrects, else None.
        values: answers as handed in, by question name, outside repeats; irrelevant ones count as empty.
        repeats: rows of each repeat by its name; a row maps question names to answers (see `flatten`).
        relevant: names of questions and groups that are relevant (of repeats: in at least one row).
        breaks: every rule broken, in the order of the form.
        recalculated: what the form's calculations give where the submission says otherwise.
        outcome: value of the question with role ``outcome``, recalculated from the answers; None where the form has
            none or it is empty.
        headline: the 0/1 of metric ``headline``, None where the form has none.
        case_id: answer of role ``case`` whose metric ends in ``_id`` (household, place, session), else None.
        started, ended: of the interview, aware of their zone, None where missing or unreadable.
        language: answer of metric ``language`` (a code of the form), else None.
        files: names of the files that the answers name.
        unjudged: calculations and choices that were not checked for want of their list.
    """

    form_id: str
    version: str
    instance_id: str
    deprecated_id: str | None
    values: Mapping[str, str]
    repeats: Mapping[str, tuple[Mapping[str, Value], ...]]
    relevant: frozenset[str]
    breaks: tuple[Break, ...]
    recalculated: Mapping[str, str]
    outcome: str | None
    headline: bool | None
    case_id: str | None
    started: datetime | None
    ended: datetime | None
    language: str | None
    files: tuple[str, ...]
    unjudged: frozenset[str]


class Filled:
    """Answers worked through the form: what is to be asked, what is wrong, and the instance to hand in.

    Attributes:
        xml: the whole instance, irrelevant nodes left out, UTF-8.
        values: every value by question name, calculations included, irrelevant ones empty; outside repeats.
        repeats: rows of each repeat by its name.
        relevant: names of relevant questions and groups (a group shows when it is relevant).
        asked: names of relevant questions that a person answers, in order, without notes and calculations.
        missing: names of required questions without an answer, in order.
        breaks: constraint, choice and type breaks of the answers given (never required: see ``missing``).
    """

    xml: bytes
    instance_id: str
    values: Mapping[str, str]
    repeats: Mapping[str, tuple[Mapping[str, Value], ...]]
    relevant: frozenset[str]
    asked: tuple[str, ...]
    missing: tuple[str, ...]
    breaks: tuple[Break, ...]

    @property
    def finalises(self) -> bool:
        """Whether the form may be handed in: nothing missing, nothing broken."""
        return not self.missing and not self.breaks

    def label(self, name: str, language: str = "") -> str:
        """The label of a question or group with its values filled in; the default language where none is named."""
        raise NotImplementedError

    def hint(self, name: str, language: str = "") -> str:
        """The hint of a question with its values filled in, empty where it has none."""
        raise NotImplementedError

    def choices(self, name: str) -> tuple[Choice, ...]:
        """The options of a question as they stand now: choice filters applied, rows of its file read."""
        raise NotImplementedError


class UnreadableSubmission(ValueError):
    """What cannot be read at all; ``code``: malformed, too_large, too_deep, forbidden, unknown_form or no_instance_id."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Rules:
    """A form's rules, compiled once; a FormError names the question and expression that cannot be evaluated."""

    def __init__(self, form: FormDefinition, *, zone: str = "Asia/Shanghai") -> None:
        self.form = form

    def check(self, xml: bytes, lists: Lists | None = None, *, now: datetime | None = None) -> Checked:
        """Hold a submission (at most 2 MB of XML) against the form.

        ``lists`` maps the name of a file (``households.csv``) to its bytes, to rows or to a `ListTable`; a list that
        is not given makes what needs it unjudged, not wrong. ``now`` is what today() and now() mean; by default the
        clock.

        Raises:
            UnreadableSubmission: the XML is hostile or malformed, or of another form.
        """
        raise NotImplementedError

    def fill(
        self,
        values: Mapping[str, Value],
        lists: Lists | None = None,
        *,
        instance_id: str | None = None,
        now: datetime | None = None,
        meta: Mapping[str, str] | None = None,
    ) -> Filled:
        """Work answers by question name through the form.

        ``values`` may hold fewer answers than the form asks (a page at a time); unknown names raise KeyError.
        ``meta`` fills preloads: start, end, today, deviceid, username.

        Raises:
            MissingList: the form names a file that ``lists`` does not have.
        """
        raise NotImplementedError
