"""An instance and its files out of a request, as OpenRosa sends them."""

from __future__ import annotations

import re

from flask import request
from werkzeug.datastructures import FileStorage, MultiDict
from werkzeug.exceptions import RequestEntityTooLarge

from mobile_forms.instance import MAX_INSTANCE_BYTES
from survey_server.config import Settings
from survey_server.errors import N_, Problem, ZoufangError

XML_PART = "xml_submission_file"
MAX_FILES = 300
"""Files of one request. ODK Collect sends 101 at the most, and what is left in the next request."""
FIELDS = 20
# What a multipart body adds to what it carries.
ENVELOPE = 1024 * 1024
LONGEST_NAME = 255
_CONTROL = re.compile(r"[\x00-\x1f\x7f]")


def uploaded(settings: Settings) -> tuple[bytes, dict[str, bytes]]:
    """The bytes of the instance and of each file by its name; Collect names a part as its file.

    Raises SUBMISSION_UNREADABLE, TOO_MANY_FILES, and what is larger than the settings allow becomes TOO_LARGE.
    """
    parts = _parts(settings.max_submission_bytes + ENVELOPE)
    files = {
        _name_of(part): part.stream.read()
        for name, part in parts.items(multi=True)
        if name != XML_PART and (part.filename or name)
    }
    xml = parts.get(XML_PART)
    if xml is not None:
        return xml.stream.read(MAX_INSTANCE_BYTES + 1), files
    text = request.form.get(XML_PART)
    if text is None:
        raise ZoufangError(Problem.SUBMISSION_UNREADABLE, why=N_("the part xml_submission_file is missing"))
    return text.encode(), files


def _parts(limit: int) -> MultiDict[str, FileStorage]:
    request.max_content_length = limit
    request.max_form_parts = MAX_FILES + FIELDS
    request.max_form_memory_size = MAX_INSTANCE_BYTES
    try:
        return request.files
    except RequestEntityTooLarge:
        if request.content_length is None or request.content_length > limit:
            raise
        raise ZoufangError(Problem.TOO_MANY_FILES, limit=MAX_FILES) from None


def _name_of(part: FileStorage) -> str:
    """A bare file name, never a path; raises SUBMISSION_UNREADABLE."""
    name = (part.filename or part.name or "").replace("\\", "/").rsplit("/", 1)[-1]
    name = _CONTROL.sub("", name)
    if not name or len(name) > LONGEST_NAME:
        raise ZoufangError(Problem.SUBMISSION_UNREADABLE, why=N_("a file has no name, or one that is too long"))
    return name
