"""``python -m survey_server`` is ``zoufang``."""

from __future__ import annotations

from survey_server.cli import main

main()
