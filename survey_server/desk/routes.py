"""Pages of this room."""

from __future__ import annotations

from flask import Blueprint

pages = Blueprint("desk", __name__, template_folder="templates")
