"""The XML documents and headers of OpenRosa, as ODK Collect and KoboCollect read them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from lxml import etree

FORM_LIST = "http://openrosa.org/xforms/xformsList"
MANIFEST = "http://openrosa.org/xforms/xformsManifest"
RESPONSE = "http://openrosa.org/http/response"
XFORMS = "http://www.w3.org/2002/xforms"
CONTENT_TYPE = "text/xml; charset=utf-8"
VERSION = {"X-OpenRosa-Version": "1.0"}


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
    """A file that a form needs beside it."""

    name: str
    content: bytes
    download_url: str


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
        _add(root, "mediaFile", facts)
    return _bytes(root)


def thanks(message: str) -> bytes:
    """The sentence that Collect shows after a hand-in."""
    root = _root(RESPONSE, "OpenRosaResponse")
    etree.SubElement(root, f"{{{RESPONSE}}}message").text = message
    return _bytes(root)


def with_submission_url(xform: bytes, url: str) -> bytes:
    """The form with the address where its records go, so that two studies with one form never mix."""
    root = etree.fromstring(xform, etree.XMLParser(resolve_entities=False, no_network=True))
    model = root.find(f".//{{{XFORMS}}}model")
    if model is None:
        return xform
    for old in model.findall(f"{{{XFORMS}}}submission"):
        model.remove(old)
    # XForms wants it among the model's children; Collect and Validate read it wherever it stands there.
    etree.SubElement(model, f"{{{XFORMS}}}submission", action=url, method="post")
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")


def md5(content: bytes) -> str:
    """The hash that OpenRosa wants; it tells versions apart and protects nothing."""
    return f"md5:{hashlib.md5(content, usedforsecurity=False).hexdigest()}"


def _root(namespace: str, name: str) -> etree._Element:
    root: etree._Element = etree.fromstring(f'<{name} xmlns="{namespace}"/>')
    return root


def _add(root: etree._Element, name: str, facts: Mapping[str, str]) -> None:
    """An entry whose children are ``facts``, all in the namespace of ``root``."""
    namespace = etree.QName(root).namespace
    entry = etree.SubElement(root, f"{{{namespace}}}{name}")
    for fact, value in facts.items():
        etree.SubElement(entry, f"{{{namespace}}}{fact}").text = value


def _bytes(root: etree._Element) -> bytes:
    return etree.tostring(root, xml_declaration=True, encoding="utf-8")
