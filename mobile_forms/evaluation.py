"""One instance worked through the plan of its form: relevance, calculations, and what breaks a rule."""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, tzinfo
from typing import Literal

from mobile_forms.definition import FormDefinition, Question
from mobile_forms.instance import ListTable, Node
from mobile_forms.plan import Plan, Planned, add_row, index_nodes
from mobile_forms.xpath import Expression
from mobile_forms.xpath_values import Run, parse_datetime, text_to_number

RuleName = Literal[
    "required",
    "constraint",
    "choice",
    "type",
    "calculation",
    "irrelevant_value",
    "unknown_question",
    "too_many_rows",
]
"""Which rule of the form an answer breaks."""

MAX_ROWS = 500
"""Rows of repeats that one instance may have in all: rules over rows cost their square."""


class MissingListError(ValueError):
    """A list that the form needs and that was not given; ``name`` is its file name."""

    def __init__(self, name: str) -> None:
        super().__init__(f"the form needs the list {name}, which was not given")
        self.name = name


@dataclass(frozen=True, slots=True)
class Break:
    """One rule that one answer breaks. ``index`` counts the repeats around it from 1, empty outside repeats.

    ``message`` is the form's own sentence in its default language, empty where it has none: the words for a rule
    are the server's. No message holds an answer.
    """

    question: str
    rule: RuleName
    message: str = ""
    index: tuple[int, ...] = ()


class Evaluation:
    """An instance under evaluation.

    ``dropped`` holds the answers of irrelevant nodes, by node, after `settle`: there they count as empty.
    """

    def __init__(self, plan: Plan, root: Node, lists: Mapping[str, ListTable], now: datetime, zone: tzinfo) -> None:
        self.plan = plan
        self.lists = lists
        self.dropped: dict[Node, str] = {}
        self.run = Run(root, index_nodes(root), {**plan.tables, **lists}, now, zone, self.choice_label)
        self.missing_lists = frozenset(plan.form.files) - frozenset(lists)

    def nodes(self, planned: Planned) -> list[Node]:
        """The nodes of the instance at this place of the form, in document order."""
        return self.run.nodes.get(planned.path, [])

    def judged(self, expression: Expression) -> bool:
        """Whether every list that the expression reads was given."""
        return self.missing_lists.isdisjoint(expression.lists)

    def settle(self, calculate: Callable[[Planned, Node], None] | None = None) -> None:
        """Find what is relevant, in the order of the plan, and empty the rest; with ``calculate``, calculate too."""
        for planned in self.plan.order:
            if calculate is not None and planned.count is not None:
                self._resize(planned, planned.count)
            relevant = planned.relevant
            for node in self.nodes(planned):
                parent = node.parent
                node.relevant = parent is None or parent.relevant
                if node.relevant and relevant is not None and self.judged(relevant):
                    node.relevant = relevant.boolean(self.run, node)
                if planned.question is None:
                    continue
                if node.relevant:
                    if calculate is not None:
                        calculate(planned, node)
                elif node.text:
                    self.dropped[node] = node.text
                    node.text = ""

    def _resize(self, planned: Planned, count: Expression) -> None:
        """Give a counted repeat the rows that its count asks for; an empty or broken count changes nothing."""
        if not self.judged(count) or planned.parent is None:
            return
        for parent in self.nodes(planned.parent):
            rows = [child for child in parent.children if child.name == planned.name]
            wanted = count.number(self.run, parent)
            if math.isnan(wanted):
                continue
            size = max(0, min(MAX_ROWS, int(wanted)))
            for surplus in rows[size:]:
                parent.children.remove(surplus)
            for _ in range(len(rows), size):
                add_row(planned, parent)
        self.run.nodes = index_nodes(self.run.root)
        self.run.places.clear()

    def breaks(self) -> Iterator[Break]:
        """Required, type, choice and constraint breaks of relevant nodes, in the order of the form."""
        for planned in self.plan.nodes.values():
            if planned.question is not None:
                for node in self.nodes(planned):
                    if node.relevant:
                        rule = self._broken(planned, planned.question, node)
                        if rule is not None:
                            yield self.broken(planned, node, rule)

    def _broken(self, planned: Planned, question: Question, node: Node) -> RuleName | None:
        if not node.text:
            return "required" if self.required(planned, node) else None
        if not fits_type(question, node.text, self.run.zone):
            return "type"
        if self._choice_broken(planned, node):
            return "choice"
        constraint = planned.constraint
        if constraint is None or not self.judged(constraint) or constraint.boolean(self.run, node):
            return None
        return "constraint"

    def required(self, planned: Planned, node: Node) -> bool:
        """Whether an answer is required here."""
        if planned.always_required:
            return True
        required = planned.required
        return required is not None and self.judged(required) and required.boolean(self.run, node)

    def _choice_broken(self, planned: Planned, node: Node) -> bool:
        rule = planned.choices
        if rule is None:
            return False
        codes = [node.text] if planned.question and planned.question.kind == "select_one" else node.text.split()
        if rule.nodeset is not None:
            return self.judged(rule.nodeset) and not set(codes) <= self._selectable(rule.nodeset, rule.column, node)
        if not rule.instance:
            return not rule.codes.issuperset(codes)
        table = self.run.lists.get(rule.instance)
        return table is not None and not all(table.items(rule.column, code) for code in codes)

    def _selectable(self, nodeset: Expression, column: str, node: Node) -> set[str]:
        return {cell.text for item in self.items(nodeset, node) for cell in item.children if cell.name == column}

    def items(self, nodeset: Expression, node: Node) -> list[Node]:
        """The items that an itemset's expression selects for a node."""
        return nodeset.nodes(self.run, node)

    def broken(self, planned: Planned, node: Node, rule: RuleName) -> Break:
        """The break of a rule by a node, with the form's own sentence where it has one."""
        message, form = "", self.plan.form
        bind = planned.question.bind if planned.question else None
        if bind is not None and rule in {"constraint", "required"}:
            texts = bind.constraint_message if rule == "constraint" else bind.required_message
            message = texts[form.default_language].plain if form.default_language in texts else ""
        return Break(planned.name, rule, message, index_of(node, form))

    def choice_label(self, path: str, code: str) -> str:
        """The label of a choice in the default language: what jr:choice-name gives."""
        planned = self.plan.nodes.get(path)
        question = planned.question if planned else None
        if question is None:
            return ""
        choice = question.choice(code)
        if choice is not None:
            text = choice.label.get(self.plan.form.default_language)
            return text.plain if text else ""
        table = self.run.lists.get(question.source.instance) if question.source else None
        found = table.items(question.source.value, code) if table and question.source else []
        label = found[0].child(question.source.label) if found and question.source else None
        return label.text if label else ""


def index_of(node: Node, form: FormDefinition) -> tuple[int, ...]:
    """The places, from 1, of the repeats around a node, the outermost first."""
    repeats = {group.name for group in form.repeats}
    places: list[int] = []
    current: Node | None = node
    while repeats and current is not None and current.parent is not None:
        if current.name in repeats:
            rows = [child for child in current.parent.children if child.name == current.name]
            places.append(next(place for place, row in enumerate(rows, 1) if row is current))
        current = current.parent
    return tuple(reversed(places))


_INTEGER = re.compile(r"[-+]?[0-9]{1,18}\Z")
_DECIMAL = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,3})?\Z")
_TIME = re.compile(r"(?:[01][0-9]|2[0-3]):[0-5][0-9](?::[0-5][0-9](?:\.[0-9]+)?)?(?:Z|[-+][0-9]{2}:[0-9]{2})?\Z")
_POINT = re.compile(r"-?[0-9]{1,3}(?:\.[0-9]+)?(?: -?[0-9]+(?:\.[0-9]+)?(?:[eE]-?[0-9]+)?){1,3}\Z")

_PATTERNS: Mapping[str, re.Pattern[str]] = {
    "integer": _INTEGER,
    "decimal": _DECIMAL,
    "range": _DECIMAL,
    "time": _TIME,
    "geopoint": _POINT,
}


def fits_type(question: Question, text: str, zone: tzinfo) -> bool:
    """Whether a text can be an answer of the question's type; texts, files and choices always can."""
    kind = question.kind
    if kind in {"date", "datetime"}:
        return parse_datetime(text, zone) is not None
    if kind in {"geotrace", "geoshape"}:
        return all(_POINT.match(point.strip()) for point in text.strip("; ").split(";"))
    pattern = _PATTERNS.get("integer" if kind == "range" and question.data_type == "int" else kind)
    return pattern is None or pattern.match(text) is not None


_TRUTH = {"true": "1", "false": "0"}


def same_value(one: str, other: str, zone: tzinfo) -> bool:
    """Whether two texts say the same: equal, the same number however written, the same truth, or both nothing.

    JavaRosa writes a calculated truth as 1 or 0, the phone's engine as true or false.
    """
    if one == other or {one, other} <= {"", "NaN"}:  # other tools write NaN
        return True
    return text_to_number(_TRUTH.get(one, one), zone) == text_to_number(_TRUTH.get(other, other), zone)
