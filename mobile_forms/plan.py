"""A form made ready to be evaluated: every expression compiled, every node in the order in which it can be known."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from mobile_forms.definition import Bind, FormDefinition, FormError, Group, Output, Question, Text
from mobile_forms.instance import ListTable, Node
from mobile_forms.xpath import Expression, Known, XPathError, compile_expression

_TRUE = {"true()", "1"}
_FALSE = {"false()", ""}


@dataclass(frozen=True, slots=True)
class ChoiceRule:
    """Which codes an answer may hold: a fixed set, a column of a file, or what an expression selects."""

    codes: frozenset[str] = frozenset()
    instance: str = ""
    column: str = "name"
    nodeset: Expression | None = None


class Planned:
    """One node of the form with its compiled rules.

    ``always_required`` stands for ``required="true()"``; ``children`` are by name, in order.
    """

    __slots__ = (
        "always_required",
        "calculate",
        "children",
        "choices",
        "constraint",
        "count",
        "defaults",
        "group",
        "name",
        "parent",
        "path",
        "question",
        "relevant",
        "required",
        "triggered",
    )

    def __init__(self, node: Group | Question, parent: Planned | None) -> None:
        self.path = node.path
        self.name = node.name
        self.parent = parent
        self.group = node if isinstance(node, Group) else None
        self.question = node if isinstance(node, Question) else None
        self.children: dict[str, Planned] = {}
        self.relevant: Expression | None = None
        self.required: Expression | None = None
        self.constraint: Expression | None = None
        self.calculate: Expression | None = None
        self.count: Expression | None = None
        self.always_required = False
        self.choices: ChoiceRule | None = None
        self.defaults: tuple[Expression, ...] = ()
        self.triggered: tuple[Expression, ...] = ()

    @property
    def repeats(self) -> bool:
        """Whether it is a repeat."""
        return self.group is not None and self.group.repeat

    def walk(self) -> Iterator[Planned]:
        """This node and all below it, in the order of the form."""
        yield self
        for child in self.children.values():
            yield from child.walk()


class Plan:
    """A form compiled once; nothing in it changes afterwards, so that threads may share it.

    Attributes:
        root: the planned tree; nodes: the same by path; order: the order in which values can be settled.
        tables: the lists written in the form, by instance id.
        texts: the compiled ``<output>`` expressions of labels, by the path they stand at and their source.
    """

    def __init__(self, form: FormDefinition) -> None:
        self.form = form
        self._faults: list[FormError] = []
        self.tables: Mapping[str, ListTable] = {name: ListTable(rows) for name, rows in form.lists.items()}
        self.known = Known(
            paths={form.root.path, *(node.path for node in form.root.walk())},
            repeats={group.path for group in form.repeats},
            lists={*form.lists, *form.files},
        )
        self.root = self._plan(form.root, None)
        self.nodes: Mapping[str, Planned] = {planned.path: planned for planned in self.root.walk()}
        self._plan_actions()
        self.order: tuple[Planned, ...] = _settling_order(self.nodes)
        self.texts = self._compile_texts()
        self.instance_name = self._expression(form.instance_name, form.root.path, "instance_name")
        self._raise_faults()

    def _raise_faults(self) -> None:
        if self._faults:
            first = self._faults[0]
            first.others = tuple(self._faults[1:])
            raise first

    def _plan(self, node: Group | Question, parent: Planned | None) -> Planned:
        planned = Planned(node, parent)
        self._compile_bind(planned, node.bind)
        if isinstance(node, Group):
            planned.count = self._expression(node.count, node.path, "repeat_count")
            for child in node.children:
                planned.children[child.name] = self._plan(child, planned)
        else:
            planned.choices = self._choice_rule(node)
        return planned

    def _compile_bind(self, planned: Planned, bind: Bind) -> None:
        planned.relevant = self._expression(bind.relevant, planned.path, "relevant", skip=_TRUE)
        planned.constraint = self._expression(bind.constraint, planned.path, "constraint")
        planned.calculate = self._expression(bind.calculate, planned.path, "calculate")
        required = (bind.required or "").strip()
        planned.always_required = required in _TRUE
        planned.required = self._expression(required, planned.path, "required", skip=_TRUE | _FALSE)

    def _plan_actions(self) -> None:
        for action in self.form.actions:
            planned = self.nodes.get(action.path)
            expression = self._expression(action.expression, action.path, "default")
            if planned is None or expression is None:
                continue
            if action.events & {"odk-instance-first-load", "odk-instance-load", "odk-new-repeat"}:
                planned.defaults = (*planned.defaults, expression)
            else:
                planned.triggered = (*planned.triggered, expression)

    def _choice_rule(self, question: Question) -> ChoiceRule | None:
        if question.kind not in {"select_one", "select_multiple", "rank"}:
            return None
        source = question.source
        if source is None:
            return ChoiceRule(codes=frozenset(choice.value for choice in question.choices))
        plain = source.nodeset.replace(" ", "") in {
            f"instance('{source.instance}')/root/item",
            f"randomize(instance('{source.instance}')/root/item)",
        }
        if plain and source.instance in self.form.lists:
            return ChoiceRule(codes=frozenset(choice.value for choice in question.choices))
        self._refuse_other_files(question, source.instance)
        nodeset = None if plain else self._expression(_unshuffled(source.nodeset), question.path, "choices")
        return ChoiceRule(instance=source.instance, column=source.value, nodeset=nodeset)

    def _refuse_other_files(self, question: Question, instance: str) -> None:
        file = self.form.files.get(instance, "")
        if file and not file.lower().endswith(".csv"):
            reason = f"the list {file} is not a CSV"
            self._faults.append(FormError("unsupported", reason, question=question.name, rule="type", reason=reason))

    def _compile_texts(self) -> Mapping[tuple[str, str], Expression]:
        found: dict[tuple[str, str], Expression] = {}
        for node in self.form.root.walk():
            for text in _texts(node):
                for part in text.parts:
                    if isinstance(part, Output) and (node.path, part.expression) not in found:
                        expression = self._expression(part.expression, node.path, "label")
                        if expression is not None:
                            found[node.path, part.expression] = expression
        return found

    def _expression(
        self, source: str | None, path: str, rule: str, *, skip: frozenset[str] | set[str] = frozenset()
    ) -> Expression | None:
        text = (source or "").strip()
        if not text or text in skip:
            return None
        try:
            return compile_expression(text, context=path, known=self.known)
        except XPathError as error:
            name = path.rpartition("/")[2]
            message = f"{rule} of {name} cannot be evaluated: {error}; the expression is {text}"
            self._faults.append(
                FormError(
                    "expression",
                    message,
                    question=name,
                    expression=text,
                    rule=rule,
                    reason=str(error),
                    why=error.code,
                )
            )
            return None

    def blank(self) -> Node:
        """An empty instance without rows in its repeats."""
        return grow(self.root, None)


def grow(planned: Planned, parent: Node | None) -> Node:
    """An empty node for ``planned`` and all below it, repeats left out."""
    node = Node(planned.name, parent)
    for child in planned.children.values():
        if not child.repeats:
            grow(child, node)
    return node


def add_row(planned: Planned, parent: Node) -> Node:
    """Another empty row of a repeat, after those that are there and before what follows them in the form."""
    names = list(planned.parent.children) if planned.parent else []
    later = set(names[names.index(planned.name) + 1 :]) if planned.name in names else set()
    row = grow(planned, None)
    row.parent = parent
    children = parent.children
    children.insert(next((place for place, child in enumerate(children) if child.name in later), len(children)), row)
    return row


def index_nodes(root: Node) -> dict[str, list[Node]]:
    """The nodes of an instance by template path, each list in document order."""
    found: dict[str, list[Node]] = {}
    _index(root, f"/{root.name}", found)
    return found


def _index(node: Node, path: str, found: dict[str, list[Node]]) -> None:
    found.setdefault(path, []).append(node)
    for child in node.children:
        _index(child, f"{path}/{child.name}", found)


def _texts(node: Group | Question) -> Iterator[Text]:
    yield from node.label.values()
    yield from node.bind.constraint_message.values()
    yield from node.bind.required_message.values()
    if isinstance(node, Question):
        yield from node.hint.values()
        for choice in node.choices:
            yield from choice.label.values()


def _unshuffled(nodeset: str) -> str:
    """The inner nodeset of randomize(): the order in which options are shown changes nothing in what is valid."""
    text = nodeset.strip()
    if not text.startswith("randomize("):
        return text
    inner = text[len("randomize(") :].rpartition(")")[0]
    depth = 0
    for place, letter in enumerate(inner):
        depth += (letter in "([") - (letter in ")]")
        if letter == "," and depth == 0:
            return inner[:place]
    return inner


def _needs(planned: Planned) -> Iterator[str]:
    """The paths that must be settled before this node."""
    if planned.parent is not None:
        yield planned.parent.path
    for expression in (planned.relevant, planned.calculate, planned.count, *planned.defaults):
        if expression is not None:
            yield from expression.paths


def _settling_order(nodes: Mapping[str, Planned]) -> tuple[Planned, ...]:
    """Depth-first over what each node needs, in the order of the form; a calculation may name its own node.

    Raises:
        FormError: ``cycle``, naming the nodes that wait for each other.
    """
    order: list[Planned] = []
    state: dict[str, bool] = {}
    for start in nodes:
        trail: list[tuple[str, Iterator[str]]] = []
        if start not in state:
            state[start] = False
            trail.append((start, _needs(nodes[start])))
        while trail:
            path, needs = trail[-1]
            needed = next((need for need in needs if need != path and state.get(need) is not True), None)
            if needed is None:
                trail.pop()
                state[path] = True
                order.append(nodes[path])
            elif needed in state:
                raise _cycle([step for step, _ in trail], needed)
            else:
                state[needed] = False
                trail.append((needed, _needs(nodes[needed])))
    return tuple(order)


def _cycle(trail: Sequence[str], again: str) -> FormError:
    names = [path.rpartition("/")[2] for path in [*trail[trail.index(again) :], again]]
    chain = " → ".join(names)
    return FormError("cycle", f"these wait for each other: {chain}", question=names[0], reason=chain)
