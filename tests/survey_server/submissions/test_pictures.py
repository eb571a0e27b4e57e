"""Pictures from outside are looked at without being unpacked, and shown only as we have made them anew."""

from __future__ import annotations

import io
import struct
import tracemalloc
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from survey_server.submissions.pictures import MOST_SCANS, SHOWN_PIXELS, PictureError, is_picture, made_anew

PLACE = 34853  # the EXIF directory of the place (GPS)
DEVICE, TURNED = 272, 274


def picture(kind: str = "JPEG", size: tuple[int, int] = (64, 48), mode: str = "RGB", **options: object) -> bytes:
    out = io.BytesIO()
    Image.new(mode, size, 200).save(out, kind, **options)
    return out.getvalue()


def photograph() -> bytes:
    """A photograph as a phone takes it: device and place inside, turned on its side."""
    exif = Image.Exif()
    exif[DEVICE], exif[TURNED] = "invented phone", 6
    exif.get_ifd(PLACE)[2] = (36.0, 37.0, 15.0)
    return picture(size=(400, 300), exif=exif)


def png_of(width: int, height: int) -> bytes:
    """A PNG of a few bytes that says it has so many points."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    head = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + head + chunk(b"IDAT", zlib.compress(b"\x00" * 1000)) + chunk(b"IEND", b"")


def test_a_photograph_is_shown_upright_and_without_what_stands_in_it_unseen() -> None:
    sent = photograph()
    assert b"invented phone" in sent
    shown = made_anew(sent)

    again = Image.open(io.BytesIO(shown))
    assert (again.format, again.size) == ("JPEG", (300, 400))
    assert dict(again.getexif()) == {}
    assert b"invented phone" not in shown


@pytest.mark.parametrize(
    ("kind", "mode"),
    [("JPEG", "L"), ("JPEG", "CMYK"), ("PNG", "RGBA"), ("PNG", "LA"), ("PNG", "P"), ("PNG", "1"), ("WEBP", "RGB")],
)
def test_every_kind_that_phones_make_is_shown(kind: str, mode: str) -> None:
    assert Image.open(io.BytesIO(made_anew(picture(kind, mode=mode)))).size == (64, 48)


def test_a_large_picture_is_made_small() -> None:
    shown = Image.open(io.BytesIO(made_anew(picture(size=(4000, 3000)))))
    assert shown.size == (SHOWN_PIXELS, SHOWN_PIXELS * 3 // 4)


def test_what_hides_behind_a_picture_is_left_behind() -> None:
    both = picture() + b"<script>alert(1)</script>PK\x03\x04"
    assert b"script" not in made_anew(both)


@pytest.mark.parametrize("size", [(60_000, 60_000), (7_100, 7_100), (2_000_000_000, 1)])
def test_a_bomb_is_neither_taken_for_a_picture_nor_unpacked(size: tuple[int, int]) -> None:
    bomb = png_of(*size)
    tracemalloc.start()
    assert not is_picture(bomb)
    with pytest.raises(PictureError):
        made_anew(bomb)
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert most < 2_000_000


def test_a_picture_of_endless_scans_is_refused() -> None:
    sent = picture(progressive=True)
    place = sent.index(b"\xff\xda")
    assert not is_picture(sent[:place] + sent[place:-2] * (MOST_SCANS + 1) + sent[-2:])


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff\xd8\xff",
        b"<svg xmlns='http://www.w3.org/2000/svg' onload='alert(1)'/>",
        b"GIF89a",
        b"%PDF-1.7",
        b"BM",
    ],
)
def test_what_is_no_picture_is_not_shown(content: bytes) -> None:
    assert not is_picture(content)
    with pytest.raises(PictureError):
        made_anew(content)


def test_half_a_picture_is_not_shown() -> None:
    sent = picture("PNG", size=(300, 300))
    with pytest.raises(PictureError):
        made_anew(sent[: len(sent) // 2])


SAMPLES = [photograph(), picture("PNG"), picture("WEBP"), picture(progressive=True)]


@pytest.mark.filterwarnings("ignore::UserWarning")  # Pillow tells of spoilt EXIF data, and goes on
@given(st.sampled_from(SAMPLES), st.lists(st.tuples(st.integers(0, 10_000), st.integers(0, 255)), min_size=1))
def test_a_spoilt_picture_is_shown_or_refused_and_never_a_fault(sent: bytes, changes: list[tuple[int, int]]) -> None:
    spoilt = bytearray(sent)
    for place, byte in changes:
        spoilt[place % len(spoilt)] = byte
    is_picture(bytes(spoilt))
    try:
        shown = made_anew(bytes(spoilt))
    except PictureError:
        return
    assert Image.open(io.BytesIO(shown)).format == "JPEG"
