"""Pictures of pages, for people to look at: ``var/screens``."""

from __future__ import annotations

from pathlib import Path

from playwright.sync_api import Page

FOLDER = Path(__file__).resolve().parents[2] / "var" / "screens"


def save_screen(page: Page, name: str) -> Path:
    """Save what ``page`` shows, the part below the fold too, as ``name``.png."""
    path = FOLDER / f"{name}.png"
    page.screenshot(path=path, full_page=True)
    return path
