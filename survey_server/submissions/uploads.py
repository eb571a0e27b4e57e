"""An instance and its files out of a request, as OpenRosa sends them."""

from __future__ import annotations

from flask import request

from survey_server.config import Settings
from survey_server.errors import N_, Problem, ZoufangError

MAX_XML = 2_000_000


def uploaded(settings: Settings) -> tuple[bytes, dict[str, bytes]]:
    """The bytes of the instance and of each file by its name; raises SUBMISSION_UNREADABLE."""
    request.max_content_length = settings.max_submission_bytes
    part = request.files.get("xml_submission_file")
    if part is None:
        raise ZoufangError(Problem.SUBMISSION_UNREADABLE, why=N_("the part xml_submission_file is missing"))
    xml = part.stream.read(MAX_XML + 1)
    files = {
        upload.filename or name: upload.stream.read()
        for name, upload in request.files.items(multi=True)
        if name != "xml_submission_file"
    }
    return xml, files
