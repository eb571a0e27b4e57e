"""For a WSGI server: ``survey_server.wsgi:app``, settings from the environment."""

from __future__ import annotations

from survey_server.app import create_app
from survey_server.config import Settings

app = create_app(Settings())
