"""XML from outside, read safely: no entities, no network, bounded in size, depth and count of elements."""

from __future__ import annotations

import re
from typing import Literal

from lxml import etree

MAX_DEPTH = 40
"""Deepest nesting of elements that is read; the shipped forms need 6."""

_DECLARED = re.compile(rb"^\s*<\?xml[^>]*?encoding\s*=\s*[\"']([^\"']+)[\"']", re.IGNORECASE)
_ENCODINGS = {b"utf-8", b"utf8", b"us-ascii", b"ascii"}

XmlFault = Literal["too_large", "malformed", "forbidden", "too_deep"]


class XmlError(ValueError):
    """XML that is not read; ``code`` says why: too_large, malformed, forbidden (DTD, encoding) or too_deep."""

    def __init__(self, code: XmlFault, message: str) -> None:
        super().__init__(message)
        self.code: XmlFault = code


def parse_xml(content: bytes, *, limit: int, elements: int | None = None) -> etree._Element:
    """Parse at most ``limit`` bytes of UTF-8 XML with at most so many ``elements`` and return its root.

    A document type, an entity, another encoding, a null byte, or nesting deeper than MAX_DEPTH is refused
    before anything is made of it: no form and no submission needs them, and each is how a parser is attacked.

    Raises:
        XmlError: with the reason as ``code``.
    """
    if len(content) > limit:
        raise XmlError("too_large", f"{len(content)} bytes of XML; at most {limit} are read")
    _refuse_forbidden(content)
    parser = etree.XMLParser(
        resolve_entities=False,
        no_network=True,
        load_dtd=False,
        huge_tree=False,
        remove_comments=True,
        remove_pis=True,
        encoding="utf-8",
    )
    try:
        root = etree.fromstring(content.lstrip(), parser)
    except (etree.XMLSyntaxError, ValueError) as error:
        raise XmlError("malformed", f"not well-formed XML: {_first_line(error)}") from error
    _refuse_vast(root, elements)
    return root


def local_name(tag: str) -> str:
    """The name of an element or attribute without its namespace."""
    return tag.rpartition("}")[2]


def _refuse_forbidden(content: bytes) -> None:
    head = content.lstrip(b"\xef\xbb\xbf")
    declared = _DECLARED.match(head)
    if declared and declared.group(1).strip().lower() not in _ENCODINGS:
        raise XmlError("forbidden", "XML must be UTF-8")
    if b"\x00" in content:
        raise XmlError("forbidden", "XML must be UTF-8 without null bytes")
    if b"<!DOCTYPE" in content or b"<!ENTITY" in content:
        raise XmlError("forbidden", "XML with a document type or entities is not read")


def _refuse_vast(root: etree._Element, elements: int | None) -> None:
    level, depth, count = [root], 0, 0
    while level:
        count += len(level)
        if elements is not None and count > elements:
            raise XmlError("too_large", f"more than {elements} elements of XML")
        depth += 1
        if depth > MAX_DEPTH:
            raise XmlError("too_deep", f"XML nested deeper than {MAX_DEPTH} levels")
        level = [child for element in level for child in element]


def _first_line(error: Exception) -> str:
    return str(error).partition("\n")[0][:200]
