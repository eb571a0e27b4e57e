"""What a request carries is read within bounds, or refused in words; whatever it is, nothing else is raised."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask import Flask
from hypothesis import given, settings
from hypothesis import strategies as st
from werkzeug.exceptions import RequestEntityTooLarge

from survey_server.config import Settings
from survey_server.errors import Problem, ZoufangError
from survey_server.operations.uploads import request_class
from survey_server.submissions.uploads import ENVELOPE, LONGEST_NAME, MAX_FILES, uploaded
from tests.support.openrosa import body_of

SETTINGS = Settings(data=Path("unused"), max_submission_bytes=50_000)
RECORD = ("xml_submission_file", "x.xml", b"<data/>")
APP = Flask("door")
APP.request_class = request_class(SETTINGS)
MULTIPART = "multipart/form-data; boundary=b"


def read(body: bytes, kind: str = MULTIPART) -> tuple[bytes, dict[str, bytes]]:
    with APP.test_request_context("/submission", method="POST", data=body, content_type=kind):
        return uploaded(SETTINGS)


def test_a_record_and_its_files_come_by_name() -> None:
    body = body_of("b", [RECORD, ("照片.jpg", "照片.jpg", b"1"), ("*isIncomplete*", "", b"yes")])
    assert read(body) == (b"<data/>", {"照片.jpg": b"1"})


def test_a_record_that_is_no_file_is_a_record_too() -> None:
    assert read(b"xml_submission_file=%3Cdata%2F%3E", "application/x-www-form-urlencoded") == (b"<data/>", {})


@pytest.mark.parametrize(
    "parts",
    [[], [("照片.jpg", "照片.jpg", b"1")], [RECORD, ("a", "长" * (LONGEST_NAME + 1), b"")], [RECORD, ("a", "/", b"")]],
)
def test_what_lacks_its_record_or_a_name_is_refused(parts: list[tuple[str, str, bytes]]) -> None:
    with pytest.raises(ZoufangError) as caught:
        read(body_of("b", parts))
    assert caught.value.problem is Problem.SUBMISSION_UNREADABLE


def test_too_many_files_and_too_many_bytes_are_two_refusals() -> None:
    with pytest.raises(ZoufangError) as caught:
        read(body_of("b", [RECORD, *((f"{number}", f"{number}", b"") for number in range(MAX_FILES + 30))]))
    assert caught.value.problem is Problem.TOO_MANY_FILES
    with pytest.raises(RequestEntityTooLarge):
        read(body_of("b", [RECORD, ("a.jpg", "a.jpg", b"x" * (ENVELOPE + 60_000))]))


@given(st.data())
@settings(max_examples=60)
def test_a_spoilt_body_is_read_or_refused(data: st.DataObject) -> None:
    body = bytearray(body_of("b", [RECORD, ("照片.jpg", "照片.jpg", b"1"), ("*isIncomplete*", "", b"yes")]))
    for place in data.draw(st.lists(st.integers(0, len(body) - 1), min_size=1, max_size=5)):
        body[place : place + data.draw(st.integers(0, 30))] = data.draw(st.binary(max_size=20))
    try:
        _, files = read(bytes(body))
    except (ZoufangError, RequestEntityTooLarge):
        return
    assert all(name and "/" not in name and name.isprintable() for name in files)
