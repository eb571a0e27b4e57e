"""ODK Collect as a server meets it: it asks as Collect asks, and takes nothing that Collect would not take.

Written after ``getodk/collect`` (August 2026): OkHttpConnection.java, OpenRosaXmlFetcher.java, OpenRosaClient.kt,
Kxml2OpenRosaResponseParser.kt, OpenRosaServerInstanceUploader.kt, ServerFormUseCases.kt, LocalEntityUseCases.kt.
"""

from __future__ import annotations

import base64
import csv
import hashlib
import io
import json
import uuid
import zlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from email.utils import format_datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from flask import Flask
from flask.testing import FlaskClient
from lxml import etree
from werkzeug.test import TestResponse

from survey_server.clock import system_clock

LIST = "{http://openrosa.org/xforms/xformsList}"
MANIFEST = "{http://openrosa.org/xforms/xformsManifest}"
RESPONSE = "{http://openrosa.org/http/response}"
XFORMS = "{http://www.w3.org/2002/xforms}"
FILES_OF_A_REQUEST = 101
ASSUMED_LENGTH = 10_000_000
TYPES = {"jpg": "image/jpeg", "png": "image/png", "m4a": "audio/m4a", "mp4": "video/mp4", "csv": "text/csv"}


class CollectError(Exception):
    """What Collect tells its user."""


class AuthRequiredError(CollectError):
    """401: Collect asks for a name and a password."""


class NotOpenRosaError(CollectError):
    """The answer lacks what makes it one of OpenRosa."""


class UploadFailedError(CollectError):
    """A record that stays on the phone; ``status`` is the server's."""

    def __init__(self, words: str, status: int) -> None:
        super().__init__(words)
        self.status = status


@dataclass(frozen=True)
class Listed:
    """A form of the list."""

    form_id: str
    name: str
    version: str | None
    hash: str | None
    download_url: str
    manifest_url: str | None


@dataclass(frozen=True)
class Media:
    """A file of a manifest; an ``entity_list`` has the rows that Collect keeps in its own database."""

    filename: str
    hash: str
    download_url: str
    entity_list: bool
    integrity_url: str | None


@dataclass
class Collect:
    """One phone with one project. ``lists`` are its entity lists: row by name, in the order they came."""

    client: FlaskClient
    server: str
    device: str = field(default_factory=lambda: f"collect:{uuid.uuid4().hex[:16]}")
    lists: dict[str, dict[str, dict[str, str]]] = field(default_factory=dict)
    hashes: dict[str, str] = field(default_factory=dict)
    requests: list[int] = field(default_factory=list)
    """The statuses of every POST so far."""

    @classmethod
    def scanning(cls, app: Flask, code: str) -> Collect:
        """A phone that has scanned a settings code (QRCodeUtils: base64 of zlib of JSON)."""
        settings: dict[str, Any] = json.loads(zlib.decompress(base64.b64decode(code)))
        assert set(settings) >= {"general", "admin", "project"}
        assert settings["general"]["protocol"] == "odk_default"
        return cls(app.test_client(), settings["general"]["server_url"])

    # -- forms -------------------------------------------------------------------------------------

    def forms(self) -> list[Listed]:
        """The forms that it may download; a single entry without id, name or address spoils the whole list."""
        root = self._xml(f"{self.server.rstrip('/')}/formList")
        if root.tag != f"{LIST}xforms":
            raise NotOpenRosaError(str(root.tag))
        return [self._listed(entry) for entry in root.iterfind(f"{LIST}xform")]

    def _listed(self, entry: etree._Element) -> Listed:
        told = {name: entry.findtext(f"{LIST}{name}") or None for name in _LISTED}
        form_id, name, address = told["formID"], told["name"], told["downloadUrl"]
        if form_id is None or name is None or address is None:
            raise CollectError("the list cannot be parsed")
        return Listed(form_id, name, told["version"], _md5_of(told["hash"]), address, told["manifestUrl"])

    def download(self, form: Listed) -> tuple[bytes, dict[str, bytes]]:
        """The form and the files that stay beside it; entity lists go into ``lists``."""
        content = self._get(form.download_url).data
        assert hashlib.md5(content).hexdigest() == form.hash, "Collect would fetch it again at every look"
        media = self.manifest(form)
        files = {file.filename: self._fetched(file) for file in media}
        beside = {file.filename: files[file.filename] for file in media if not file.entity_list}
        for file in media:
            if file.entity_list:
                self._update_entities(file, files[file.filename])
        return content, beside

    def manifest(self, form: Listed) -> list[Media]:
        """What a form needs beside it."""
        if form.manifest_url is None:
            return []
        root = self._xml(form.manifest_url)
        if root.tag != f"{MANIFEST}manifest":
            raise NotOpenRosaError(str(root.tag))
        return [self._media(entry) for entry in root.iterfind(f"{MANIFEST}mediaFile")]

    def _media(self, entry: etree._Element) -> Media:
        told = {name: entry.findtext(f"{MANIFEST}{name}") or None for name in _MEDIA}
        name, digest, address = told["filename"], _md5_of(told["hash"]), told["downloadUrl"]
        if name is None or digest is None or address is None:
            raise CollectError("the manifest cannot be parsed")
        return Media(name, digest, address, entry.get("type") == "entityList", told["integrityUrl"])

    def _fetched(self, file: Media) -> bytes:
        content = self._get(file.download_url).data
        assert hashlib.md5(content).hexdigest() == file.hash
        return content

    def _update_entities(self, file: Media, content: bytes) -> None:
        name = file.filename.partition(".csv")[0]
        if self.hashes.get(name) == file.hash:
            return
        held, rows = self.lists.get(name, {}), list(csv.DictReader(io.StringIO(content.decode())))
        kept: dict[str, dict[str, str]] = {}
        for row in rows:
            version = int(row["__version"])
            old = held.get(row["name"])
            kept[row["name"]] = row if old is None or int(old["__version"]) < version else old
            assert row["label"] is not None
        self.lists[name], self.hashes[name] = kept, file.hash

    def deleted(self, file: Media, names: Sequence[str]) -> dict[str, bool]:
        """What the server says of entities that Collect asks for."""
        assert file.integrity_url is not None
        root = self._xml(f"{file.integrity_url}?{urlencode({'id': ','.join(names)})}")
        assert root.tag == "data"
        words = {"true": True, "false": False}
        return {one.get("id", ""): words[one.findtext("deleted") or ""] for one in root.iterfind("entities/entity")}

    # -- records -----------------------------------------------------------------------------------

    def send(self, address: str, xml: bytes, files: Mapping[str, bytes] | None = None, *, limit: int = 0) -> str:
        """Send a record as its form says where; the server's sentence. ``limit`` is the length of one request."""
        length = limit or self._head(address)
        words = ""
        for parts in _requests(xml, list((files or {}).items()), length):
            response = self._post(address, parts)
            words = _message(response)
            if response.status_code not in {201, 202}:
                raise UploadFailedError(_told(response, words), response.status_code)
        return words

    def _head(self, address: str) -> int:
        response = self.client.head(_path(self._of_device(address)), base_url=_host(address), headers=_headers())
        if response.status_code == 401:
            raise AuthRequiredError(address)
        if 200 <= response.status_code < 300 and response.status_code != 204:
            raise NotOpenRosaError("Is this an OpenRosa submission endpoint?")
        if response.status_code != 204:
            raise UploadFailedError("HEAD", response.status_code)
        return int(response.headers.get("X-OpenRosa-Accept-Content-Length", ASSUMED_LENGTH))

    def _post(self, address: str, parts: Sequence[tuple[str, str, bytes]]) -> TestResponse:
        boundary = str(uuid.uuid4())
        response = self.client.post(
            _path(self._of_device(address)),
            base_url=_host(address),
            headers=_headers(),
            data=body_of(boundary, parts),
            content_type=f"multipart/form-data; boundary={boundary}",
        )
        self.requests.append(response.status_code)
        return response

    # -- requests ----------------------------------------------------------------------------------

    def _xml(self, address: str) -> etree._Element:
        response = self._get(address)
        if "text/xml" not in response.content_type.lower():
            raise NotOpenRosaError("This is often caused by a network proxy.")
        if response.headers.get("X-OpenRosa-Version") != "1.0":
            raise NotOpenRosaError(address)
        return etree.fromstring(response.data)

    def _get(self, address: str) -> TestResponse:
        response = self.client.get(_path(self._of_device(address)), base_url=_host(address), headers=_headers())
        if response.status_code == 401:
            raise AuthRequiredError(address)
        if response.status_code != 200:
            raise CollectError(f"{response.status_code} from {address}")
        return response

    def _of_device(self, address: str) -> str:
        return f"{address}{'&' if '?' in address else '?'}{urlencode({'deviceID': self.device})}"


_LISTED = ("formID", "name", "version", "hash", "downloadUrl", "manifestUrl")
_MEDIA = ("filename", "hash", "downloadUrl", "integrityUrl")


def body_of(boundary: str, parts: Sequence[tuple[str, str, bytes]]) -> bytes:
    """Parts (name, file name or empty, content) as OkHttp's MultipartBody writes them: names in raw UTF-8."""
    written = []
    for name, filename, content in parts:
        named = f"form-data; name={_quoted(name)}" + (f"; filename={_quoted(filename)}" if filename else "")
        kind = TYPES.get(filename.rpartition(".")[2].lower(), "application/octet-stream")
        kind = "text/xml" if name == "xml_submission_file" else kind
        typed = f"Content-Type: {kind}\r\n" if filename else ""
        head = f"--{boundary}\r\nContent-Disposition: {named}\r\n{typed}Content-Length: {len(content)}\r\n\r\n"
        written.append(head.encode() + content + b"\r\n")
    return b"".join(written) + f"--{boundary}--\r\n".encode()


def submission_address(form: bytes) -> str:
    """Where a form says that its records go."""
    found = etree.fromstring(form).find(f".//{XFORMS}model/{XFORMS}submission")
    assert found is not None
    return found.get("action", "")


def _requests(
    xml: bytes, files: Sequence[tuple[str, bytes]], length: int
) -> Iterator[Sequence[tuple[str, str, bytes]]]:
    """One request after the other, the same XML in each; all but the last say that more comes."""
    place = 0
    while True:
        parts, size, begun = [("xml_submission_file", "走访.xml", xml)], len(xml), place
        while place < len(files):
            name, content = files[place]
            parts.append((name, name, content))
            size, place = size + len(content), place + 1
            full = place - begun >= FILES_OF_A_REQUEST or (place < len(files) and size + len(files[place][1]) > length)
            if full and place < len(files):
                parts.append(("*isIncomplete*", "", b"yes"))
                break
        yield parts
        if place >= len(files):
            return


def _told(response: TestResponse, words: str) -> str:
    if response.status_code == 200:
        return "Error: Network login failure? Again?"
    return words or f"{response.status} ({response.status_code})"


def _message(response: TestResponse) -> str:
    """The sentence of an OpenRosaResponse, empty where there is none."""
    try:
        root = etree.fromstring(response.data)
    except etree.XMLSyntaxError:
        return ""
    return root.findtext(f"{RESPONSE}message") or "" if root.tag == f"{RESPONSE}OpenRosaResponse" else ""


def _md5_of(text: str | None) -> str | None:
    return text.removeprefix("md5:") if text and text.startswith("md5:") else None


def _quoted(text: str) -> str:
    """OkHttp's appendQuotedString (RFC 7578 as browsers do it)."""
    for letter, code in (("\n", "%0A"), ("\r", "%0D"), ('"', "%22")):
        text = text.replace(letter, code)
    return f'"{text}"'


def _headers() -> dict[str, str]:
    now = format_datetime(system_clock(), usegmt=False)
    return {"X-OpenRosa-Version": "1.0", "Date": now, "User-Agent": "org.odk.collect.android/v2026.3.0 Dalvik/2.1.0"}


def _path(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.path}?{parts.query}" if parts.query else parts.path


def _host(address: str) -> str:
    parts = urlsplit(address)
    return f"{parts.scheme}://{parts.netloc}"
