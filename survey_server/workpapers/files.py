"""Files that pages of working papers hand out, and the record of it."""

from __future__ import annotations

import uuid
from urllib.parse import quote

from flask import request
from werkzeug.wrappers import Response

from survey_server.actors import Actor
from survey_server.audit.service import record
from survey_server.work import Services

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
DOCX = "application/vnd.openxmlformats-officedocument.wordprocessingml.document"
PDF = "application/pdf"
BYTES = "application/octet-stream"


def handed_out(services: Services, actor: Actor, study_id: uuid.UUID, content: bytes, kind: str, name: str) -> Response:
    """A file that we made; that it was downloaded is recorded."""
    with services.write(actor) as work:
        record(work, "results.workpapers", "study", study_id, study_id=study_id, kind=kind, bytes=len(content))
    return attachment(content, kind, name)


def attachment(content: bytes, kind: str, name: str) -> Response:
    """A download, which no browser keeps or takes for a page."""
    headers = {
        "Content-Disposition": f"attachment; filename*=UTF-8''{quote(name)}",
        "Cache-Control": "no-store",
        "X-Content-Type-Options": "nosniff",
    }
    return Response(content, content_type=kind, headers=headers)


def uploaded(field: str, most: int) -> tuple[str, bytes]:
    """The name and the first ``most`` + 1 bytes of a file that was sent; both empty without one."""
    file = request.files.get(field)
    return (file.filename or "", file.stream.read(most + 1)) if file else ("", b"")
