"""Answers worked through a form: what a page shows next, and the instance that is handed in."""

from __future__ import annotations

import re
from functools import cached_property
from xml.sax.saxutils import escape, quoteattr

from mobile_forms.definition import Choice, Output, Question, Text, Texts
from mobile_forms.evaluation import Break, Evaluation
from mobile_forms.instance import Node, read_rows
from mobile_forms.plan import Planned

_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff\ufffe\uffff]")


def clean_text(text: str) -> str:
    """An answer as it may stand in XML: lines end with a newline, no control characters, no spaces around it."""
    return _CONTROL.sub("", text.replace("\r\n", "\n").replace("\r", "\n")).strip()


class Filled:
    """Answers worked through the form: what is to be asked, what is wrong, and the instance to hand in.

    Attributes:
        instance_id: ``uuid:...``.
        xml: the whole instance, irrelevant nodes left out, UTF-8.
        values: every value by question name, calculations included, irrelevant ones empty; outside repeats.
        repeats: rows of each outer repeat by its name.
        relevant: names of relevant questions and groups (a group shows when it is relevant).
        asked: names of relevant questions that a person answers, in order, without notes and calculations.
        required: names of relevant questions where an answer is required, given or not.
        missing: names of required questions without an answer, in order.
        breaks: constraint, choice and type breaks of the answers given (never required: see ``missing``).
        faults: both, each with its place in repeats, in the order of the form.
    """

    def __init__(self, evaluation: Evaluation, instance_id: str) -> None:
        self._evaluation = evaluation
        self._form = evaluation.plan.form
        self.instance_id = instance_id
        self.values, self.repeats = read_rows(evaluation.run.root, evaluation.plan.root)
        self.faults = tuple(evaluation.breaks())
        self.missing = tuple(dict.fromkeys(item.question for item in self.faults if item.rule == "required"))
        self.breaks = tuple(item for item in self.faults if item.rule != "required")

    @property
    def finalises(self) -> bool:
        """Whether the form may be handed in: nothing missing, nothing broken."""
        return not self.missing and not self.breaks

    @cached_property
    def relevant(self) -> frozenset[str]:
        """Names of relevant questions and groups."""
        return frozenset(planned.name for planned in self._planned() if self._somewhere(planned))

    @cached_property
    def asked(self) -> tuple[str, ...]:
        """Names of relevant questions that a person answers, in the order of the form."""
        return tuple(
            planned.name
            for planned in self._planned()
            if planned.question is not None and planned.question.asked and self._somewhere(planned)
        )

    @cached_property
    def required(self) -> frozenset[str]:
        """Names of relevant questions where an answer is required."""
        return frozenset(
            planned.name
            for planned in self._planned()
            if any(node.relevant and self._evaluation.required(planned, node) for node in self._nodes(planned))
        )

    @cached_property
    def xml(self) -> bytes:
        """The instance as it is handed in: the same bytes however often it is asked for."""
        form, root = self._form, self._evaluation.run.root
        attributes = f" id={quoteattr(form.form_id)} version={quoteattr(form.version)}"
        namespace = f" xmlns={quoteattr(form.namespace)}" if form.namespace else ""
        parts = [f"<?xml version='1.0' encoding='UTF-8'?>\n<{root.name}{namespace}{attributes}>"]
        for child in root.children:
            _write(child, parts)
        parts.append(f"<meta><instanceID>{escape(self.instance_id)}</instanceID>{self._name()}</meta></{root.name}>")
        return "".join(parts).encode()

    def shows(self, name: str, row: int) -> bool:
        """Whether a question, or a group, of a repeat is relevant in one of its rows, counted from 0."""
        nodes = self._nodes(self._by_name[name])
        return row < len(nodes) and nodes[row].relevant

    def label(self, name: str, language: str = "", row: int = 0) -> str:
        """The label of a question or group with its values filled in; the default language where none is named.

        ``row`` counts from 0 the row of the repeat whose values are meant.

        Raises:
            KeyError: the form has no such question or group.
        """
        planned = self._by_name[name]
        node = planned.question or planned.group
        return self._words(planned, node.label if node else {}, language, row)

    def hint(self, name: str, language: str = "", row: int = 0) -> str:
        """The hint of a question with its values filled in, empty where it has none."""
        planned = self._by_name[name]
        return self._words(planned, planned.question.hint if planned.question else {}, language, row)

    def message(self, fault: Break, language: str = "") -> str:
        """The form's own sentence for a break in a language, empty where it has none."""
        planned = self._by_name[fault.question]
        if planned.question is None or fault.rule not in {"constraint", "required"}:
            return ""
        bind = planned.question.bind
        return self._words(
            planned, bind.constraint_message if fault.rule == "constraint" else bind.required_message, language
        )

    def choices(self, name: str, row: int = 0) -> tuple[Choice, ...]:
        """The options of a question as they stand now: choice filters applied, rows of its file read."""
        planned = self._by_name[name]
        question, rule = planned.question, planned.choices
        if question is None or rule is None or question.source is None:
            return question.choices if question else ()
        if rule.nodeset is None and not rule.instance:
            return question.choices
        return tuple(self._choice(question, item) for item in self._items(planned, row))

    @cached_property
    def _by_name(self) -> dict[str, Planned]:
        return {planned.name: planned for planned in self._evaluation.plan.nodes.values()}

    def _planned(self) -> list[Planned]:
        return [planned for planned in self._evaluation.plan.nodes.values() if planned.parent is not None]

    def _nodes(self, planned: Planned) -> list[Node]:
        return self._evaluation.nodes(planned)

    def _somewhere(self, planned: Planned) -> bool:
        return any(node.relevant for node in self._nodes(planned))

    def _name(self) -> str:
        expression = self._evaluation.plan.instance_name
        if expression is None:
            return ""
        name = expression.text(self._evaluation.run, self._evaluation.run.root)
        return f"<instanceName>{escape(clean_text(name))}</instanceName>"

    def _items(self, planned: Planned, row: int) -> list[Node]:
        rule, nodes = planned.choices, self._nodes(planned)
        if rule is None:
            return []
        if rule.nodeset is None:
            return self._evaluation.run.lists[rule.instance].root.children
        return self._evaluation.items(rule.nodeset, nodes[row]) if row < len(nodes) else []

    def _choice(self, question: Question, item: Node) -> Choice:
        row = {cell.name: cell.text for cell in item.children}
        source = question.source
        value = row.get(source.value, "") if source else ""
        fixed = question.choice(value)
        if fixed is not None:
            return fixed
        label = Text((row.get(source.label, "") if source else "",))
        return Choice(value, dict.fromkeys(self._form.languages, label), row)

    def _words(self, planned: Planned, texts: Texts, language: str, row: int = 0) -> str:
        text = texts.get(language or self._form.default_language) or texts.get(self._form.default_language)
        if text is None:
            return ""
        return "".join(self._part(planned, part, row) for part in text.parts)

    def _part(self, planned: Planned, part: str | Output, row: int) -> str:
        if isinstance(part, str):
            return part
        expression = self._evaluation.plan.texts.get((planned.path, part.expression))
        nodes = self._nodes(planned)
        if expression is None or row >= len(nodes):
            return ""
        return expression.text(self._evaluation.run, nodes[row])


def _write(node: Node, parts: list[str]) -> None:
    if not node.relevant:
        return
    if node.children:
        parts.append(f"<{node.name}>")
        for child in node.children:
            _write(child, parts)
        parts.append(f"</{node.name}>")
    elif node.text:
        parts.append(f"<{node.name}>{escape(node.text)}</{node.name}>")
    else:
        parts.append(f"<{node.name}/>")
