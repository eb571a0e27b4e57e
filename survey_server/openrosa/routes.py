"""Pages of this room."""

from __future__ import annotations

from flask import Blueprint

pages = Blueprint("openrosa", __name__, template_folder="templates")
