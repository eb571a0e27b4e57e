"""Invented photographs."""

from __future__ import annotations

import io

from PIL import Image


def photograph(size: tuple[int, int] = (64, 48), exif: Image.Exif | None = None) -> bytes:
    """A JPEG in one colour, with what a phone writes into it where that is given."""
    out = io.BytesIO()
    Image.new("RGB", size, (150, 120, 90)).save(out, "JPEG", exif=exif or Image.Exif())
    return out.getvalue()
