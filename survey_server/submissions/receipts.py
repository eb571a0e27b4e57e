"""What we have, in our signed word: only this turns a record on a phone green."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from survey_server.crypto import Vault
from survey_server.submissions.models import Submission, SubmissionFile


@dataclass(frozen=True)
class Receipt:
    """``body`` as DESIGN says; ``signature`` is Ed25519 over the body's canonical JSON; ``fresh`` the first time."""

    body: dict[str, Any]
    signature: str
    fresh: bool

    def as_json(self) -> dict[str, Any]:
        """For the phone."""
        return {"receipt": self.body, "signature": self.signature}


def receipt_for(vault: Vault, row: Submission, files: Sequence[SubmissionFile], *, fresh: bool) -> Receipt:
    """The receipt of a submission and the files that are here."""
    body = {
        "instance_id": row.instance_id,
        "xml_hmac": row.fingerprint,
        "files": {file.name: file.fingerprint for file in sorted(files, key=lambda file: file.name)},
        "missing": row.missing,
        "received_at": row.received_at.isoformat(),
        "key_id": vault.key_id,
    }
    return Receipt(body, vault.sign(canonical(body)), fresh)


def canonical(body: dict[str, Any]) -> bytes:
    """The bytes that are signed: keys sorted, no blanks, UTF-8."""
    return json.dumps(body, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
