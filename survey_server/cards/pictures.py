"""Photographs and letters that are shown to everybody: what they are by their bytes, and nothing hidden in them.

No name and no content type that a browser sent is believed. Of a JPEG (ISO/IEC 10918-1, B.1) and a PNG (ISO/IEC 15948,
5.2) only those parts are kept that make the picture: places, cameras, previews, comments and whatever follows the end
are left out. What remains is decoded once, by Typst, before it is kept.
"""

from __future__ import annotations

import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import typst

MOST_PHOTO_BYTES = 300 * 1024
MOST_LETTER_BYTES = 3 * 1024 * 1024
LEAST_SIDE, MOST_SIDE = 60, 6000
CONTENT_TYPES = {"jpeg": "image/jpeg", "png": "image/png", "pdf": "application/pdf"}
PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
PNG_KEPT = frozenset({b"IHDR", b"PLTE", b"tRNS", b"IDAT", b"IEND"})
ADOBE = 0xEE
"""APP14 says how colours are coded; a decoder needs it."""
FRAMES = frozenset({0xC0, 0xC1, 0xC2})
PAGE = '#set page(width: 20pt, height: 20pt, margin: 0pt)\n#image("picture.%s", width: 20pt)'
ACTIVE = (b"/JavaScript", b"/JS", b"/Launch", b"/EmbeddedFile", b"/OpenAction", b"/RichMedia")


class PictureError(ValueError):
    """A file that cannot be shown; ``code`` is one of: kind, large, small, wide, broken, active."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True)
class Picture:
    """A file that may be shown: ``kind`` is a key of ``CONTENT_TYPES``."""

    kind: str
    content: bytes

    @property
    def content_type(self) -> str:
        """What the browser is told."""
        return CONTENT_TYPES[self.kind]


def photo(content: bytes) -> Picture:
    """A photograph without anything hidden in it; raises PictureError."""
    return _picture(content, MOST_PHOTO_BYTES)


def letter(content: bytes) -> Picture:
    """A letter: a photograph of it, or a PDF without scripts and attachments; raises PictureError."""
    if not content.startswith(b"%PDF-"):
        return _picture(content, MOST_LETTER_BYTES)
    if len(content) > MOST_LETTER_BYTES:
        raise PictureError("large")
    if b"%%EOF" not in content[-1024:]:
        raise PictureError("broken")
    if any(word in content for word in ACTIVE):
        raise PictureError("active")
    return Picture("pdf", content)


def _picture(content: bytes, most: int) -> Picture:
    if len(content) > most:
        raise PictureError("large")
    if content.startswith(b"\xff\xd8"):
        kind, parts = "jpeg", _jpeg_parts(content)
    elif content.startswith(PNG_SIGNATURE):
        kind, parts = "png", _png_parts(content)
    else:
        raise PictureError("kind")
    try:
        clean = b"".join(parts)
    except (struct.error, IndexError) as error:
        raise PictureError("broken") from error
    _require_decodable(kind, clean)
    return Picture(kind, clean)


def _jpeg_parts(content: bytes) -> Iterator[bytes]:
    yield content[:2]
    at, framed = 2, False
    while True:
        if content[at] != 0xFF:
            raise PictureError("broken")
        marker = content[at + 1]
        if marker == 0xD9:
            yield b"\xff\xd9"
            break
        (length,) = struct.unpack_from(">H", content, at + 2)
        end = at + 2 + length
        if marker in FRAMES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            _require_size(width, height)
            framed = True
        if marker == 0xDA:
            end = _end_of_scan(content, end)
        if (not 0xE0 <= marker <= 0xEF and marker != 0xFE) or marker == ADOBE:
            yield content[at:end]
        at = end
    if not framed:
        raise PictureError("broken")


def _end_of_scan(content: bytes, at: int) -> int:
    """Where the next marker stands that is neither a stuffed byte nor a restart."""
    while True:
        at = content.find(b"\xff", at)
        if at < 0:
            raise PictureError("broken")
        following = content[at + 1]
        if following not in {0, 0xFF} and not 0xD0 <= following <= 0xD7:
            return at
        at += 1 if following == 0xFF else 2


def _png_parts(content: bytes) -> Iterator[bytes]:
    yield PNG_SIGNATURE
    at, name = len(PNG_SIGNATURE), b""
    while name != b"IEND":
        (length,) = struct.unpack_from(">I", content, at)
        chunk = content[at : at + 12 + length]
        name, data = chunk[4:8], chunk[8:-4]
        if len(chunk) < 12 + length or struct.pack(">I", zlib.crc32(name + data)) != chunk[-4:]:
            raise PictureError("broken")
        if at == len(PNG_SIGNATURE):
            if name != b"IHDR":
                raise PictureError("broken")
            _require_size(*struct.unpack_from(">II", data))
        if name in PNG_KEPT:
            yield chunk
        at += 12 + length


def _require_size(width: int, height: int) -> None:
    if min(width, height) < LEAST_SIDE:
        raise PictureError("small")
    if max(width, height) > MOST_SIDE:
        raise PictureError("wide")


def _require_decodable(kind: str, content: bytes) -> None:
    """Rendered once, small: what cannot be decoded here is not shown anywhere."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        (folder / f"picture.{kind}").write_bytes(content)
        (folder / "page.typ").write_text(PAGE % kind, "ascii")
        try:
            typst.compile(str(folder / "page.typ"), root=name, format="png", ppi=72.0, ignore_system_fonts=True)
        except RuntimeError as error:  # Typst's own errors are of this kind
            raise PictureError("broken") from error
