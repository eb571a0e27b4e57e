"""Pages of this room."""

from __future__ import annotations

from flask import Blueprint

pages = Blueprint("visit", __name__, template_folder="templates")
