"""A form as it is asked: questions, groups, choices, languages, binds and tags, read from its XForm.

``read_form(xml)`` gives a frozen `FormDefinition`. What a question means stands in its tags (namespace
``urn:zoufang:form:1``): ``metric`` (口径), ``role`` (用途) and ``pipl`` (none, pi, spi, child, geo). Programs ask for
a question by tag, never by name.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

Kind = Literal[
    "text",
    "integer",
    "decimal",
    "date",
    "time",
    "datetime",
    "select_one",
    "select_multiple",
    "rank",
    "range",
    "geopoint",
    "geotrace",
    "geoshape",
    "barcode",
    "image",
    "audio",
    "video",
    "file",
    "acknowledge",
    "note",
    "calculate",
    "meta",
    "hidden",
]
"""What a question is. `note` shows words and takes no answer; `calculate`, `meta` and `hidden` are not shown."""

UNASKED: frozenset[Kind] = frozenset({"note", "calculate", "meta", "hidden"})
FILES: frozenset[Kind] = frozenset({"image", "audio", "video", "file"})


class FormError(ValueError):
    """A form that cannot be used.

    Attributes:
        code: malformed, not_a_form, no_id, expression, cycle, unknown_path or unsupported.
        question: the question (or group) that is meant, empty where the form as a whole is.
        expression: the expression that cannot be evaluated, empty where none is meant.
        rule: relevant, required, constraint, calculate, default, label, choices, repeat_count, instance_name or
            empty.
        reason: why an expression cannot be evaluated, in English; why: the same as a code (syntax, function,
            arguments, path, list, unsupported).
        others: further faults of the same form.
    """

    def __init__(
        self,
        code: str,
        message: str,
        *,
        question: str = "",
        expression: str = "",
        rule: str = "",
        reason: str = "",
        why: str = "",
    ) -> None:
        super().__init__(message)
        self.code = code
        self.question = question
        self.expression = expression
        self.rule = rule
        self.reason = reason
        self.why = why
        self.others: tuple[FormError, ...] = ()


@dataclass(frozen=True, slots=True)
class Output:
    """A place in a text where the value of an expression is shown (XForms ``<output value>``)."""

    expression: str


@dataclass(frozen=True, slots=True)
class Text:
    """A label, hint or message in one language: plain words and `Output` places in order."""

    parts: tuple[str | Output, ...] = ()

    @property
    def plain(self) -> str:
        """The words, with ``…`` where a value stands that only an answered form knows."""
        return "".join(part if isinstance(part, str) else "…" for part in self.parts)

    def __bool__(self) -> bool:
        return any(self.parts)


Texts = Mapping[str, Text]
"""A text by language; a form without translations has one language, ``default``."""


@dataclass(frozen=True, slots=True)
class Choice:
    """One option. ``extra`` holds the further columns of the choices sheet (x_metric_value, x_flag, ...)."""

    value: str
    label: Texts
    extra: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class ChoiceSource:
    """Where options come from: the nodeset expression of an itemset and the columns of value and label."""

    nodeset: str
    instance: str
    value: str = "name"
    label: str = "label"
    translated: bool = False


@dataclass(frozen=True, slots=True)
class Bind:
    """The rules of one node, as expressions; None where the form has none."""

    relevant: str | None = None
    required: str | None = None
    constraint: str | None = None
    calculate: str | None = None
    readonly: str | None = None
    constraint_message: Texts = field(default_factory=dict)
    required_message: Texts = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Question:
    """One node that holds a value.

    ``path`` is the absolute path in the instance (``/data/h/h1_type``); ``data_type`` the XForms type of the bind;
    ``choices`` the options written in the form itself, empty where they come from ``media`` (a CSV file);
    ``parameters`` further attributes of control and bind by local name (max-pixels, start, end, step, ...).
    """

    name: str
    path: str
    kind: Kind
    data_type: str
    label: Texts
    hint: Texts
    bind: Bind
    choices: tuple[Choice, ...] = ()
    source: ChoiceSource | None = None
    media: str = ""
    appearance: str = ""
    default: str = ""
    preload: str = ""
    role: str = ""
    metric: str = ""
    pipl: str = ""
    repeat: str = ""
    parameters: Mapping[str, str] = field(default_factory=dict)

    @property
    def asked(self) -> bool:
        """Whether a person answers it."""
        return self.kind not in UNASKED

    @property
    def takes_file(self) -> bool:
        """Whether the answer is the name of a file that is handed in beside the instance."""
        return self.kind in FILES

    def choice(self, value: str) -> Choice | None:
        """The option with this code, None where the form itself has none."""
        return next((choice for choice in self.choices if choice.value == value), None)


@dataclass(frozen=True, slots=True)
class Group:
    """A group or, where ``repeat`` is true, a repeat; ``count`` is the expression of its jr:count."""

    name: str
    path: str
    label: Texts
    bind: Bind
    children: tuple[Group | Question, ...]
    appearance: str = ""
    repeat: bool = False
    count: str | None = None

    def walk(self) -> Iterator[Group | Question]:
        """Every group and question below, in the order of the form."""
        for child in self.children:
            yield child
            if isinstance(child, Group):
                yield from child.walk()


@dataclass(frozen=True, slots=True)
class Action:
    """A value set on an event (XForms ``setvalue``): a dynamic default or a triggered calculation."""

    path: str
    expression: str
    events: frozenset[str]
    trigger: str = ""


@dataclass(frozen=True)
class FormDefinition:
    """A published form, read whole.

    ``media`` are the files that the form names (``households.csv``), ``files`` the same by instance id;
    ``root`` the tree of groups and questions without the block ``meta``; ``lists`` the option lists written in the
    form, by instance id, each row a mapping.
    """

    form_id: str
    version: str
    title: str
    root: Group
    languages: tuple[str, ...]
    default_language: str
    files: Mapping[str, str]
    lists: Mapping[str, tuple[Mapping[str, str], ...]]
    texts: Mapping[str, Texts]
    pictures: tuple[str, ...] = ()
    actions: tuple[Action, ...] = ()
    instance_name: str | None = None
    namespace: str = ""

    @cached_property
    def media(self) -> tuple[str, ...]:
        """The names of the files that the form needs beside it."""
        return tuple(dict.fromkeys([*self.files.values(), *self.pictures]))

    @cached_property
    def questions(self) -> tuple[Question, ...]:
        """Every question in the order of the form, asked or not."""
        return tuple(node for node in self.root.walk() if isinstance(node, Question))

    @cached_property
    def groups(self) -> tuple[Group, ...]:
        """Every group and repeat in the order of the form."""
        return tuple(node for node in self.root.walk() if isinstance(node, Group))

    @cached_property
    def repeats(self) -> tuple[Group, ...]:
        """The groups that repeat."""
        return tuple(group for group in self.groups if group.repeat)

    @cached_property
    def _by_name(self) -> Mapping[str, Question]:
        return {question.name: question for question in self.questions}

    def question(self, name: str) -> Question:
        """The question of this name.

        Raises:
            KeyError: the form has none.
        """
        return self._by_name[name]

    def by_role(self, role: str) -> tuple[Question, ...]:
        """The questions with this role, in order."""
        return tuple(question for question in self.questions if question.role == role)

    def by_metric(self, metric: str) -> tuple[Question, ...]:
        """The questions with this metric tag, in order; a metric may stand twice, in exclusive branches."""
        return tuple(question for question in self.questions if question.metric == metric)

    def by_pipl(self, *classes: str) -> tuple[Question, ...]:
        """The questions of these privacy classes (pi, spi, child, geo, none), in order."""
        return tuple(question for question in self.questions if question.pipl in classes)

    @cached_property
    def pages(self) -> tuple[tuple[Group | Question, ...], ...]:
        """What is shown together, page by page: a top group as one page, loose questions between groups as one."""
        pages: list[list[Group | Question]] = []
        for node in self.root.children:
            if isinstance(node, Question) and not (node.asked or node.kind == "note"):
                continue
            joins = isinstance(node, Question) and pages and isinstance(pages[-1][-1], Question)
            if joins:
                pages[-1].append(node)
            else:
                pages.append([node])
        return tuple(tuple(page) for page in pages)


def read_form(xml: bytes) -> FormDefinition:
    """Read an XForm (pyxform 4.5 or any other tool's) of at most 8 MB.

    Raises:
        FormError: malformed or hostile XML, not an XForm, without an id, a bind to no node, an unknown control.
    """
    from mobile_forms.form_reader import FormReader  # noqa: PLC0415 the reader is made of these types

    return FormReader(xml).read()
