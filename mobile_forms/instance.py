"""The instance of a form as a small tree, and the lists (households.csv) beside it.

The tree is ours, not lxml's: reading a value is the innermost step of every expression, and here it is one attribute.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from lxml import etree

from mobile_forms.safe_xml import local_name, parse_xml

MAX_INSTANCE_BYTES = 2_000_000
MAX_ELEMENTS = 20_000
"""Elements of one submission: the longest shipped form has 150, and rows are bounded besides."""

MAX_ID = 255
"""Characters of an instanceID, which is ``uuid:`` and 36 more where nobody plays."""


class Node:
    """One element of an instance: its name, text and children; ``relevant`` is set by evaluation."""

    __slots__ = ("children", "name", "parent", "relevant", "text")

    def __init__(self, name: str, parent: Node | None = None, text: str = "") -> None:
        self.name = name
        self.parent = parent
        self.text = text
        self.children: list[Node] = []
        self.relevant = True
        if parent is not None:
            parent.children.append(self)

    def child(self, name: str) -> Node | None:
        """The first child of this name."""
        return next((child for child in self.children if child.name == name), None)

    def walk(self) -> Iterator[Node]:
        """This node and all below it, in document order."""
        yield self
        for child in self.children:
            yield from child.walk()

    @property
    def value(self) -> str:
        """The string value: empty where the node is irrelevant; of a group, all below it joined."""
        if not self.relevant:
            return ""
        return "".join(child.value for child in self.children) if self.children else self.text


@dataclass(frozen=True, slots=True)
class Identity:
    """What a submission says it is. ``instance_id`` and ``deprecated_id`` are empty where it does not say."""

    form_id: str
    version: str
    instance_id: str
    deprecated_id: str


def identify(xml: bytes) -> Identity:
    """Read form, version and ids of a submission, to choose the rules that it is held against.

    Raises:
        XmlError: the XML is malformed, hostile, too large or too deep.
    """
    return identity_of(parse_xml(xml, limit=MAX_INSTANCE_BYTES, elements=MAX_ELEMENTS))


def identity_of(root: etree._Element) -> Identity:
    """The same of a document that is already parsed."""
    meta = next((child for child in root if local_name(str(child.tag)) == "meta"), None)
    ids = {} if meta is None else {local_name(str(child.tag)): (child.text or "").strip() for child in meta}
    return Identity(
        form_id=root.get("id") or "",
        version=root.get("version") or "",
        instance_id=ids.get("instanceID", ""),
        deprecated_id=ids.get("deprecatedID", ""),
    )


Value = str | Sequence[Mapping[str, "Value"]]
"""An answer as text (select_multiple: codes separated by spaces), or the rows of a repeat."""

Rows = tuple[Mapping[str, Value], ...]


class Shape(Protocol):
    """What reading an instance needs to know of a form's node: whether it repeats, and what lies below."""

    @property
    def repeats(self) -> bool:
        """Whether it is a repeat."""
        ...

    @property
    def children(self) -> Mapping[str, Shape]:
        """The nodes below, by name."""
        ...


def read_rows(node: Node, shape: Shape) -> tuple[dict[str, str], dict[str, Rows]]:
    """The answers below a node by question name, and the rows of each repeat directly below it by name.

    A row of a repeat maps question names to answers and the names of repeats inside it to their rows.
    """
    values: dict[str, str] = {}
    repeats: dict[str, Rows] = {name: () for name, below in shape.children.items() if below.repeats}
    for child in node.children:
        below = shape.children[child.name]
        if below.repeats:
            if child.relevant:
                inner, tables = read_rows(child, below)
                repeats[child.name] = (*repeats[child.name], {**inner, **tables})
        elif below.children:
            inner, tables = read_rows(child, below)
            values.update(inner)
            repeats.update(tables)
        else:
            values[child.name] = child.text
    return values, repeats


class ListRoot(Node):
    """The element that holds the items of a list, and the way to its index."""

    __slots__ = ("table",)

    def __init__(self, table: ListTable, document: Node) -> None:
        super().__init__("root", document)
        self.table = table


class ListTable:
    """The rows of a CSV (or of a list in the form) as XForms sees them: root/item/column, with an index by column."""

    __slots__ = ("_index", "document", "root", "rows")

    def __init__(self, rows: Sequence[Mapping[str, str]]) -> None:
        self.rows = rows
        self.document = Node("")
        self.root = ListRoot(self, self.document)
        for row in rows:
            item = Node("item", self.root)
            for name, value in row.items():
                Node(name, item, value)
        self._index: dict[str, dict[str, list[Node]]] = {}

    @classmethod
    def from_csv(cls, content: bytes) -> ListTable:
        """Read a CSV in UTF-8 (with or without BOM) whose first row names the columns."""
        reader = csv.DictReader(io.StringIO(content.decode("utf-8-sig"), newline=""))
        return cls([{key: value or "" for key, value in row.items() if key} for row in reader])

    def items(self, column: str, value: str) -> list[Node]:
        """The items whose column holds exactly this text, found without a scan."""
        if column not in self._index:
            found: dict[str, list[Node]] = {}
            for item in self.root.children:
                cell = item.child(column)
                if cell is not None:
                    found.setdefault(cell.text, []).append(item)
            self._index[column] = found
        return self._index[column].get(value, [])


Lists = Mapping[str, "ListTable | bytes | Sequence[Mapping[str, str]]"]
"""Lists by file name (``households.csv``): prepared, as the bytes of a CSV, or as rows."""


def list_table(source: ListTable | bytes | Sequence[Mapping[str, str]]) -> ListTable:
    """A list in whatever shape it came."""
    if isinstance(source, ListTable):
        return source
    return ListTable.from_csv(source) if isinstance(source, bytes) else ListTable(source)
