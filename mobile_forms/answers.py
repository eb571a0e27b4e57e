"""One set of answers held against its form: what is relevant, missing, wrong, and what the form concludes.

    rules = Rules(read_form(xml))                          # once per published form; safe to share by threads
    checked = rules.check(submission, {"households.csv": rows})
    filled = rules.fill({"household": "A-0001", "q0": "1"}, {"households.csv": rows})

A break of a rule never raises: it stands in the result with question, rule and message, and nothing is thrown away.
Only what cannot be read at all raises `UnreadableSubmission`.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from zoneinfo import ZoneInfo

from lxml import etree

from mobile_forms.definition import FormDefinition
from mobile_forms.evaluation import MAX_ROWS, Break, Evaluation, MissingListError, RuleName, same_value
from mobile_forms.filled import Filled, clean_text
from mobile_forms.instance import (
    MAX_ELEMENTS,
    MAX_ID,
    MAX_INSTANCE_BYTES,
    Lists,
    Node,
    Rows,
    Value,
    identity_of,
    list_table,
    read_rows,
)
from mobile_forms.plan import Plan, Planned, add_row
from mobile_forms.safe_xml import XmlError, local_name, parse_xml
from mobile_forms.xpath_values import parse_datetime

__all__ = [
    "Break",
    "Checked",
    "Filled",
    "MissingListError",
    "RuleName",
    "Rules",
    "UnreadableSubmission",
    "Value",
]


@dataclass(frozen=True)
class Checked:
    """A submission that was read and held against its form.

    Attributes:
        form_id, version: what the instance says of itself.
        instance_id: ``uuid:...``; deprecated_id: the submission that this one corrects, else None.
        values: answers as handed in, by question name, outside repeats; irrelevant ones count as empty.
        repeats: rows of each outer repeat by its name; a row maps question names to answers (see `flatten`).
        relevant: names of questions and groups that are relevant (of repeats: in at least one row).
        breaks: every rule broken, in the order of the form.
        recalculated: what the form's calculations give where the submission says otherwise, outside repeats.
        outcome: value of the question with role ``outcome``, recalculated from the answers; None where the form has
            none or it is empty.
        headline: the 0/1 of metric ``headline``, recalculated; None where the form has none.
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
    repeats: Mapping[str, Rows]
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


class UnreadableSubmission(ValueError):  # noqa: N818 it is the submission that is so
    """What cannot be read at all; ``code``: malformed, too_large, too_deep, forbidden, unknown_form, no_instance_id."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


class Rules:
    """A form's rules, compiled once and shared by threads.

    ``zone`` is that of the interviews: what a date without an offset means.

    Raises:
        FormError: an expression cannot be evaluated, or questions wait for each other; it names them.
    """

    def __init__(self, form: FormDefinition, *, zone: str = "Asia/Shanghai") -> None:
        self.form = form
        self.zone = ZoneInfo(zone)
        self.plan = Plan(form)
        self._instance_of = {file: instance for instance, file in form.files.items()}
        self._outcome = next((q.name for q in form.by_role("outcome")), None)
        self._headline = next((q.name for q in form.by_metric("headline")), None)
        self._case = next((q.name for q in form.by_role("case") if q.metric.endswith("_id")), None)
        self._language = next((q.name for q in form.by_metric("language")), None)
        self._times = {q.preload: q.name for q in form.questions if q.preload.startswith("timestamp:")}

    def check(self, xml: bytes, lists: Lists | None = None, *, now: datetime | None = None) -> Checked:
        """Hold a submission (at most 2 MB of XML) against the form.

        ``lists`` maps the name of a file (``households.csv``) to its bytes, to rows or to a `ListTable`; a list that
        is not given makes what needs it unjudged, not wrong. ``now`` is what today() and now() mean; by default the
        clock.

        Raises:
            UnreadableSubmission: the XML is hostile or malformed, without an instanceID, or of another form.
        """
        return self.check_document(parse_submission(xml), lists, now=now)

    def check_document(
        self, document: etree._Element, lists: Lists | None = None, *, now: datetime | None = None
    ) -> Checked:
        """The same for a submission that `parse_submission` has read."""
        identity = identity_of(document)
        if identity.form_id != self.form.form_id:
            raise UnreadableSubmission("unknown_form", f"this is an answer to another form, {identity.form_id!r}")
        if not identity.instance_id:
            raise UnreadableSubmission("no_instance_id", "the submission has no instanceID")
        if max(len(identity.instance_id), len(identity.deprecated_id)) > MAX_ID:
            raise UnreadableSubmission("no_instance_id", f"an instanceID has at most {MAX_ID} characters")
        root = self.plan.blank()
        strangers: list[Break] = []
        _pour(document, root, self.plan.root, strangers)
        evaluation = self._evaluation(root, lists or {}, now)
        evaluation.settle()
        recalculated, breaks, unjudged = self._recalculate(evaluation)
        values, rows = read_rows(root, self.plan.root)
        conclusion = {**values, **recalculated}
        headline = conclusion.get(self._headline) if self._headline else None
        return Checked(
            form_id=identity.form_id,
            version=identity.version,
            instance_id=identity.instance_id,
            deprecated_id=identity.deprecated_id or None,
            values=values,
            repeats=rows,
            relevant=relevant_names(evaluation),
            breaks=(*self._in_order([*evaluation.breaks(), *breaks]), *dict.fromkeys(strangers)),
            recalculated=recalculated,
            outcome=(conclusion.get(self._outcome) or None) if self._outcome else None,
            headline=None if headline is None else headline == "1",
            case_id=(values.get(self._case) or None) if self._case else None,
            started=self._time(values, "timestamp:start"),
            ended=self._time(values, "timestamp:end"),
            language=(values.get(self._language) or None) if self._language else None,
            files=tuple(dict.fromkeys(_files(evaluation))),
            unjudged=unjudged,
        )

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

        ``values`` may hold fewer answers than the form asks (a page at a time); a repeat's rows stand under its name.
        ``meta`` fills what a phone would preload: start, end, today, deviceid, username, email, phonenumber.

        Raises:
            KeyError: a name that the form does not have, or rows where it has no repeat.
            MissingListError: the form names a file that ``lists`` does not have.
        """
        given = lists or {}
        missing = next((file for file in self.form.files.values() if file not in given), None)
        if missing is not None:
            raise MissingListError(missing)
        root = self.plan.blank()
        known: set[Node] = set()
        _place(values, root, self.plan.root, known)
        evaluation = self._evaluation(root, given, now)
        _preload(evaluation, meta or {}, known)
        evaluation.settle(_Calculator(evaluation, known))
        return Filled(evaluation, instance_id or f"uuid:{uuid.uuid4()}")

    def _evaluation(self, root: Node, lists: Lists, now: datetime | None) -> Evaluation:
        tables = {self._instance_of[f]: list_table(rows) for f, rows in lists.items() if f in self._instance_of}
        return Evaluation(self.plan, root, tables, now or datetime.now(self.zone), self.zone)

    def _recalculate(self, evaluation: Evaluation) -> tuple[dict[str, str], list[Break], frozenset[str]]:
        """Calculations that differ from what was handed in, and answers where none belong."""
        different: dict[str, str] = {}
        breaks: list[Break] = []
        for planned in self.plan.nodes.values():
            expression = planned.calculate
            if expression is None or expression.volatile or planned.triggered or not evaluation.judged(expression):
                continue
            for node in evaluation.nodes(planned):
                found = expression.text(evaluation.run, node) if node.relevant else ""
                if not same_value(found, node.text, self.zone):
                    breaks.append(evaluation.broken(planned, node, "calculation"))
                    if planned.question is not None and not planned.question.repeat:
                        different[planned.name] = found
        for planned in self.plan.nodes.values():
            dropped = [node for node in evaluation.nodes(planned) if node in evaluation.dropped]
            breaks.extend(evaluation.broken(planned, node, "irrelevant_value") for node in dropped)
        return different, breaks, _unjudged(evaluation)

    def _in_order(self, breaks: Sequence[Break]) -> list[Break]:
        places = {planned.name: place for place, planned in enumerate(self.plan.nodes.values())}
        return sorted(breaks, key=lambda item: (places[item.question], item.index))

    def _time(self, values: Mapping[str, str], preload: str) -> datetime | None:
        name = self._times.get(preload)
        return parse_datetime(values.get(name, ""), self.zone) if name else None


def parse_submission(xml: bytes) -> etree._Element:
    """Read a submission's XML once, for `identity_of` and `Rules.check_document`.

    Raises:
        UnreadableSubmission: malformed, too_large, too_deep or forbidden.
    """
    try:
        return parse_xml(xml, limit=MAX_INSTANCE_BYTES, elements=MAX_ELEMENTS)
    except XmlError as error:
        raise UnreadableSubmission(error.code, str(error)) from error


def relevant_names(evaluation: Evaluation) -> frozenset[str]:
    """Names of questions and groups that are relevant in at least one place."""
    return frozenset(
        planned.name
        for planned in evaluation.plan.nodes.values()
        if planned.parent is not None and any(node.relevant for node in evaluation.nodes(planned))
    )


def _unjudged(evaluation: Evaluation) -> frozenset[str]:
    if not evaluation.missing_lists:
        return frozenset()
    found = set()
    for planned in evaluation.plan.nodes.values():
        for expression in (planned.calculate, planned.relevant, planned.required, planned.constraint):
            if expression is not None and not evaluation.judged(expression):
                found.add(planned.name)
        if planned.choices is not None and planned.choices.instance in evaluation.missing_lists:
            found.add(planned.name)
    return frozenset(found)


def _pour(
    element: etree._Element, node: Node, planned: Planned, strangers: list[Break], rows: Iterator[int] | None = None
) -> None:
    """Put a submission's answers into an empty instance; what has no place there goes to ``strangers``."""
    rows = rows or iter(range(MAX_ROWS))
    open_nodes = {child.name: child for child in node.children}
    for child in element:
        name = local_name(str(child.tag))
        below = planned.children.get(name)
        if below is None:
            if not (planned.parent is None and name == "meta"):
                strangers.append(Break(name[:64], "unknown_question"))
            continue
        if below.repeats and next(rows, None) is None:
            strangers.append(Break(name, "too_many_rows"))
            continue
        target = add_row(below, node) if below.repeats else open_nodes.pop(name, None)
        if target is None or (len(child) and below.question is not None):
            strangers.append(Break(name[:64], "unknown_question"))
        elif below.question is not None:
            target.text = child.text if child.text and not child.text.isspace() else ""
        else:
            _pour(child, target, below, strangers, rows)


def _files(evaluation: Evaluation) -> list[str]:
    found: list[str] = []
    for planned in evaluation.plan.nodes.values():
        if planned.question is not None and planned.question.takes_file:
            found.extend(node.text for node in evaluation.nodes(planned) if node.text)
    return found


def _place(values: Mapping[str, Value], node: Node, planned: Planned, known: set[Node]) -> None:
    """Put answers by name under ``node``, wherever in its groups they belong."""
    places = _reachable(node, planned)
    for name, value in values.items():
        if name not in places:
            raise KeyError(f"the form has no question {name} here")
        target, below = places[name]
        if isinstance(value, str):
            if below.question is None:
                raise KeyError(f"{name} is a group: it takes no answer")
            target.text = clean_text(value)
            known.add(target)
        elif not below.repeats:
            raise KeyError(f"{name} is not a repeat: it takes no rows")
        else:
            for row in value:
                _place(row, add_row(below, target), below, known)


def _reachable(node: Node, planned: Planned) -> dict[str, tuple[Node, Planned]]:
    """By name: each question with its node, each repeat with the node that its rows go under."""
    found: dict[str, tuple[Node, Planned]] = {}
    children = {child.name: child for child in node.children}
    for name, below in planned.children.items():
        if below.repeats:
            found[name] = (node, below)
        else:
            found[name] = (children[name], below)
            if below.group is not None:
                found.update(_reachable(children[name], below))
    return found


def _preload(evaluation: Evaluation, meta: Mapping[str, str], known: set[Node]) -> None:
    now = evaluation.run.now.astimezone(evaluation.run.zone)
    stamp = now.isoformat(timespec="milliseconds")
    preloads = {"start": stamp, "end": stamp, "today": now.date().isoformat(), **meta}
    for planned in evaluation.plan.nodes.values():
        question = planned.question
        if question is None:
            continue
        value = preloads.get(question.preload.partition(":")[2], "") if question.preload else question.default
        for node in evaluation.nodes(planned) if value else ():
            if node not in known:
                node.text = value


class _Calculator:
    """Calculates a node where the form does: its calculation, or a default where no answer was given."""

    def __init__(self, evaluation: Evaluation, known: set[Node]) -> None:
        self.evaluation = evaluation
        self.known = known

    def __call__(self, planned: Planned, node: Node) -> None:
        run = self.evaluation.run
        if planned.calculate is not None:
            node.text = planned.calculate.text(run, node)
        elif node not in self.known and not node.text:
            for expression in (*planned.defaults, *planned.triggered):
                node.text = clean_text(expression.text(run, node))
