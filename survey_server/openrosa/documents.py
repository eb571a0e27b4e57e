"""The XML documents and headers of OpenRosa, as ODK Collect and KoboCollect read them."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lxml import etree

FORM_LIST = "http://openrosa.org/xforms/xformsList"
MANIFEST = "http://openrosa.org/xforms/xformsManifest"
RESPONSE = "http://openrosa.org/http/response"
XFORMS = "http://www.w3.org/2002/xforms"
CONTENT_TYPE = "text/xml; charset=utf-8"
VERSION = {"X-OpenRosa-Version": "1.0"}
CSV_INSTANCE = "jr://file-csv/"


@dataclass(frozen=True)
class ListedForm:
    """A form as the list names it."""

    form_id: str
    name: str
    version: str
    content: bytes
    download_url: str
    manifest_url: str = ""


@dataclass(frozen=True)
class MediaFile:
    """A file that a form needs beside it. With an ``integrity_url`` it is an entity list: Collect keeps its rows."""

    name: str
    content: bytes
    download_url: str
    integrity_url: str = ""


def form_list(forms: Iterable[ListedForm]) -> bytes:
    """What ``formList`` answers."""
    root = _root(FORM_LIST, "xforms")
    for form in forms:
        facts = {
            "formID": form.form_id,
            "name": form.name,
            "version": form.version,
            "hash": md5(form.content),
            "downloadUrl": form.download_url,
            "manifestUrl": form.manifest_url,
        }
        _add(root, "xform", {name: value for name, value in facts.items() if value})
    return _bytes(root)


def manifest(files: Iterable[MediaFile]) -> bytes:
    """What a form's manifest answers."""
    root = _root(MANIFEST, "manifest")
    for file in files:
        facts = {"filename": file.name, "hash": md5(file.content), "downloadUrl": file.download_url}
        if file.integrity_url:
            _add(root, "mediaFile", facts | {"integrityUrl": file.integrity_url}).set("type", "entityList")
        else:
            _add(root, "mediaFile", facts)
    return _bytes(root)


def integrity(deleted: Mapping[str, bool]) -> bytes:
    """Whether each entity that a phone asks for is gone; Collect reads it without a namespace."""
    root = etree.Element("data")
    entities = etree.SubElement(root, "entities")
    for name, gone in deleted.items():
        entity = etree.SubElement(entities, "entity", id=name)
        etree.SubElement(entity, "deleted").text = "true" if gone else "false"
    return _bytes(root)


def thanks(message: str) -> bytes:
    """The sentence that Collect shows after a hand-in."""
    root = _root(RESPONSE, "OpenRosaResponse")
    etree.SubElement(root, f"{{{RESPONSE}}}message").text = message
    return _bytes(root)


def as_served(xform: bytes, submission_url: str, lists: Mapping[str, str]) -> bytes:
    """The published form with the address where its records go, and with ``lists`` under other names.

    A phone may hold two studies with one form and one list: the address keeps their records apart. Collect keeps one
    entity list of a name for all forms of a project, so ``lists`` maps each (``households``) to a name of its study.
    """
    root = etree.fromstring(xform, etree.XMLParser(resolve_entities=False, no_network=True))
    model = root.find(f".//{{{XFORMS}}}model")
    if model is None:
        return xform
    for old in model.findall(f"{{{XFORMS}}}submission"):
        model.remove(old)
    # XForms wants it among the model's children; Collect and Validate read it wherever it stands there.
    etree.SubElement(model, f"{{{XFORMS}}}submission", action=submission_url, method="post")
    for old, new in lists.items():
        _rename_list(root, old, new)
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def _rename_list(root: etree._Element, old: str, new: str) -> None:
    """The name stands in the instance and in each expression that looks something up there."""
    for instance in root.iter(f"{{{XFORMS}}}instance"):
        if instance.get("src") == f"{CSV_INSTANCE}{old}.csv":
            instance.set("src", f"{CSV_INSTANCE}{new}.csv")
            instance.set("id", new)
    looked_up = re.compile(rf"\b(instance|pulldata)(\s*\(\s*)(['\"]){re.escape(old)}(?:\.csv)?\3")
    for element in root.iter(etree.Element):
        for name, value in element.attrib.items():
            element.set(name, looked_up.sub(rf"\1\2\3{new}\3", str(value)))


def md5(content: bytes) -> str:
    """The hash that OpenRosa wants; it tells versions apart and protects nothing."""
    return f"md5:{hashlib.md5(content, usedforsecurity=False).hexdigest()}"


def _root(namespace: str, name: str) -> etree._Element:
    root: etree._Element = etree.fromstring(f'<{name} xmlns="{namespace}"/>')
    return root


def _add(root: etree._Element, name: str, facts: Mapping[str, str]) -> etree._Element:
    """An entry whose children are ``facts``, all in the namespace of ``root``."""
    namespace = etree.QName(root).namespace
    entry = etree.SubElement(root, f"{{{namespace}}}{name}")
    for fact, value in facts.items():
        etree.SubElement(entry, f"{{{namespace}}}{fact}").text = value
    return entry


def _bytes(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")
