"""Heads of the record: how long the chain was at a moment and its newest hash, signed (Ed25519).

One is written each day into ``audit-heads/heads.jsonl`` of the data folder, a line each. A copy that is kept where the
server's administrator cannot write (a mail to the client, another office's disk) proves later that nothing before it
was changed, and that the newest rows were not cut off.
"""

from __future__ import annotations

import base64
import json
import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from survey_server.audit.chain import canonical, newest_link
from survey_server.config import Settings
from survey_server.crypto import Vault, key_id_of, signed_by
from survey_server.work import Services, Work

FORMAT = "zoufang-audit-head/1"


@dataclass(frozen=True)
class Head:
    """One line: ``body`` is what was signed."""

    body: Mapping[str, Any]
    signature: str

    @property
    def count(self) -> int:
        """How many links there were."""
        return int(self.body["count"])

    @property
    def hash(self) -> bytes:
        """The hash of the newest one."""
        return bytes.fromhex(self.body["hash"])

    @property
    def key_id(self) -> str:
        """Who signed."""
        return str(self.body["key_id"])

    def as_json(self) -> dict[str, Any]:
        """As it is written."""
        return {**self.body, "signature": self.signature}

    def is_signed(self, known: Mapping[str, bytes] | None) -> bool:
        """Whether its own key signed it and, where ``known`` keys are given, whether that is one of them."""
        public = base64.b64decode(self.body["public_key"])
        ours = known is None or known.get(self.key_id) == public
        return ours and key_id_of(public) == self.key_id and signed_by(public, self.signature, canonical(self.body))


class HeadsUnreadableError(ValueError):
    """A file of heads that cannot be read; the message names file and line."""


def sign_head(work: Work, vault: Vault) -> Head:
    """The head of the record as it stands."""
    count, last_id, newest = newest_link(work)
    body = {
        "format": FORMAT,
        "signed_at": work.now.isoformat(),
        "count": count,
        "last_id": last_id,
        "hash": newest.hex(),
        "key_id": vault.key_id,
        "public_key": base64.b64encode(vault.public_key).decode("ascii"),
    }
    return Head(body, vault.sign(canonical(body)))


def heads_file(settings: Settings) -> Path:
    """Where the daily heads are written."""
    return settings.folder / "audit-heads" / "heads.jsonl"


def write_head(services: Services) -> Head:
    """Sign the head of the record and add it to the file; on the disk when this returns."""
    with services.read() as work:
        head = sign_head(work, services.vault)
    path = heads_file(services.settings)
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(head.as_json(), ensure_ascii=False) + "\n")
        file.flush()
        os.fsync(file.fileno())
    return head


def read_heads(path: Path) -> list[Head]:
    """The heads in a file; raises HeadsUnreadableError, FileNotFoundError."""
    heads = []
    for number, line in enumerate(path.read_text("utf-8").splitlines(), start=1):
        if line.strip():
            try:
                heads.append(head_from(json.loads(line)))
            except (ValueError, KeyError, TypeError) as error:
                raise HeadsUnreadableError(f"{path}, line {number}: this is no head of the record") from error
    return heads


def head_from(said: Mapping[str, Any]) -> Head:
    """A head as it was written; raises ValueError, KeyError or TypeError where it is none."""
    head = Head({name: value for name, value in said.items() if name != "signature"}, str(said["signature"]))
    if head.body.get("format") != FORMAT or len(head.hash) != 32 or head.count < 0:
        raise ValueError("no head")
    base64.b64decode(head.body["public_key"], validate=True)
    return head
