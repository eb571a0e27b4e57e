"""Where an upload waits while it is read.

Werkzeug puts a part of more than 500 KB into the system's temporary folder as it came: a roster or a recording in
clear. Here a part waits in memory up to 1 MiB and beyond that in a nameless, encrypted file of the data folder
(:class:`survey_server.streams.Spool`): a server with eight threads holds recordings of 32 MB each without holding them
all in memory twice.
"""

from __future__ import annotations

from typing import IO, cast

from flask import Request

from survey_server.config import Settings
from survey_server.streams import Spool


def request_class(settings: Settings) -> type[Request]:
    """Flask's request, with uploads that wait safely."""
    folder = settings.folder / "spool"

    class SpoolingRequest(Request):
        """A request whose files wait encrypted."""

        def _get_file_stream(
            self,
            total_content_length: int | None,  # noqa: ARG002 - Werkzeug's parameters
            content_type: str | None,  # noqa: ARG002
            filename: str | None = None,  # noqa: ARG002
            content_length: int | None = None,  # noqa: ARG002
        ) -> IO[bytes]:
            return cast("IO[bytes]", Spool(folder))

    return SpoolingRequest
