"""Pictures from outside: looked at without being unpacked, and shown only as we have made them anew."""

from __future__ import annotations

import io
import struct
import warnings

from PIL import Image, ImageOps

MOST_BYTES = 32 * 1024 * 1024
MOST_PIXELS = 50_000_000
"""Of the picture as it came: the finest phones take 12 to 50 million; a decoder needs up to 6 bytes for each."""
MOST_SCANS = 100
"""A progressive JPEG has about ten; each costs the decoder the whole picture."""
SHOWN_PIXELS = 1_600
"""Length of the longer side of a picture as it is shown."""
FORMATS = ("JPEG", "PNG", "WEBP")
SCAN = b"\xff\xda"
UNREADABLE = (
    *(OSError, ValueError, SyntaxError, EOFError, MemoryError, OverflowError, struct.error),
    *(Image.DecompressionBombError, Image.DecompressionBombWarning),
)
"""What Pillow raises for broken or hostile pictures."""
PHOTOS_OF_APPLE = (b"ftypheic", b"ftypheix", b"ftypmif1", b"ftypheif")

# As Pillow's manual advises: what would be a warning is refused.
warnings.filterwarnings("error", category=Image.DecompressionBombWarning)


class PictureError(ValueError):
    """What is no picture that may be decoded."""


def is_picture(content: bytes) -> bool:
    """Whether it is a picture by its first bytes, of a size that may be decoded; nothing is unpacked for this."""
    if content[4:12] in PHOTOS_OF_APPLE:
        return True
    try:
        _opened(content)
    except PictureError:
        return False
    return True


def made_anew(content: bytes) -> bytes:
    """The same picture as a JPEG of ours: at most SHOWN_PIXELS long, upright, without place, time or device in it.

    Raises:
        PictureError: not a JPEG, PNG or WebP, broken, or made to break whoever decodes it.
    """
    picture = _opened(content)
    try:
        picture.draft("RGB", (SHOWN_PIXELS, SHOWN_PIXELS))
        upright = ImageOps.exif_transpose(picture).convert("RGBA")
        upright.thumbnail((SHOWN_PIXELS, SHOWN_PIXELS))
        paper = Image.new("RGB", upright.size, "white")
        paper.paste(upright, mask=upright.getchannel("A"))
        shown = io.BytesIO()
        paper.save(shown, "JPEG", quality=85)
    except UNREADABLE as error:
        raise PictureError("the picture is broken") from error
    return shown.getvalue()


def _opened(content: bytes) -> Image.Image:
    """The picture with its header read only."""
    if len(content) > MOST_BYTES or content.count(SCAN) > MOST_SCANS:
        raise PictureError("the picture is too large to be decoded")
    try:
        picture = Image.open(io.BytesIO(content), formats=FORMATS)
    except UNREADABLE as error:
        raise PictureError("it is no picture that is shown here") from error
    if picture.width * picture.height > MOST_PIXELS:
        raise PictureError("the picture has more points than are decoded")
    return picture
