"""Outlines of reports: what stands in which order, written in a file that people may change without code."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

SHIPPED = Path(__file__).with_name("outlines")
MOST_BYTES = 256 * 1024
KINDS = ("heading", "text", "note", "table", "picture", "own", "each")
_NAME = re.compile(r"\{(\w*)\}")


class OutlineError(ValueError):
    """An outline that cannot be used; the message names the file, the place and what may stand there."""


@dataclass(frozen=True)
class Node:
    """One block of an outline: its kind, what it says or names, and below a heading what stands under it."""

    kind: str
    value: str
    title: str = ""
    when: str = ""
    blocks: tuple[Node, ...] = ()


@dataclass(frozen=True)
class Outline:
    """A report's title, cover and blocks."""

    title: str
    cover: Sequence[str]
    banner: str
    blocks: tuple[Node, ...]

    def walk(self) -> Iterator[Node]:
        """Every block, those above before those below."""
        yield from _walk(self.blocks)

    @property
    def own(self) -> list[Node]:
        """The places for a person's own words."""
        return [node for node in self.walk() if node.kind == "own"]


def load_outline(name: str, folder: Path) -> Outline:
    """The outline that the office put into ``folder``/outlines, else the one that is shipped."""
    own = folder / "outlines" / f"{name}.yaml"
    path = own if own.is_file() else SHIPPED / f"{name}.yaml"
    if path.stat().st_size > MOST_BYTES:
        raise OutlineError(f"{path.name}: larger than {MOST_BYTES} bytes")
    try:
        raw = yaml.safe_load(path.read_text("utf-8"))
    except (yaml.YAMLError, UnicodeDecodeError) as error:
        raise OutlineError(f"{path.name}: {error}") from error
    return read_outline(raw, path.name)


def read_outline(raw: object, file: str) -> Outline:
    """An outline from its mapping; raises OutlineError naming the place."""
    if not isinstance(raw, Mapping) or not raw.get("title") or not isinstance(raw.get("blocks"), list):
        raise OutlineError(f"{file}: needs a title and a list of blocks")
    cover = raw.get("cover") or []
    return Outline(
        title=str(raw["title"]),
        cover=[str(line) for line in cover],
        banner=str(raw.get("banner") or ""),
        blocks=tuple(_node(each, file, 1) for each in raw["blocks"]),
    )


def fill(text: str, facts: Mapping[str, str], file: str = "") -> str:
    """The text with its ``{names}`` filled; raises OutlineError for a name that there is not."""

    def known(match: re.Match[str]) -> str:
        if match[1] not in facts:
            raise OutlineError(f"{file}: {{{match[1]}}} is no name; there are {', '.join(sorted(facts))}")
        return facts[match[1]]

    return _NAME.sub(known, text)


def _node(raw: Any, file: str, level: int) -> Node:  # noqa: ANN401 - what YAML gives
    kinds = [kind for kind in KINDS if isinstance(raw, Mapping) and kind in raw]
    if len(kinds) != 1:
        raise OutlineError(f"{file}: a block is one of {', '.join(KINDS)}, not {str(raw)[:60]}")
    blocks = raw.get("blocks") or []
    if blocks and (kinds[0] != "heading" or level > 3 or not isinstance(blocks, list)):
        raise OutlineError(f"{file}: blocks stand below a heading, three levels deep at most: {raw[kinds[0]]}")
    return Node(
        kind=kinds[0],
        value=str(raw[kinds[0]]),
        title=str(raw.get("title") or ""),
        when=str(raw.get("when") or ""),
        blocks=tuple(_node(each, file, level + 1) for each in blocks),
    )


def _walk(nodes: Sequence[Node]) -> Iterator[Node]:
    for node in nodes:
        yield node
        yield from _walk(node.blocks)
