"""Pages of this room."""

from __future__ import annotations

from flask import Blueprint

pages = Blueprint("samples", __name__, template_folder="templates")
