"""What is shown to everybody holds a picture and nothing else."""

from __future__ import annotations

import pytest

from survey_server.cards.pictures import MOST_LETTER_BYTES, MOST_PHOTO_BYTES, PictureError, letter, photo
from tests.survey_server.cards.pictures import JPEG, chunk, png, with_place

PDF = b"%PDF-1.7\n1 0 obj << /Type /Catalog >> endobj\ntrailer << /Root 1 0 R >>\n%%EOF\n"


def refused(content: bytes, *, as_letter: bool = False) -> str:
    with pytest.raises(PictureError) as caught:
        (letter if as_letter else photo)(content)
    return caught.value.code


def test_place_camera_comment_and_tail_of_a_jpeg_are_left_out() -> None:
    picture = photo(with_place(JPEG))
    assert (picture.kind, picture.content_type) == ("jpeg", "image/jpeg")
    for hidden in (b"GPS", b"Old Phone", b"my secret", b"hidden archive", b"ICC_PROFILE"):
        assert hidden not in picture.content
    assert picture.content == photo(JPEG).content
    assert photo(picture.content).content == picture.content


def test_text_and_times_of_a_png_are_left_out() -> None:
    told = chunk(b"tEXt", b"Comment\x00taken at 26.63N")
    assert photo(png(100, 140, told)).content == png()
    assert photo(png()).content_type == "image/png"


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"", "kind"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'><script>1</script></svg>", "kind"),
        (b"GIF89a" + bytes(100), "kind"),
        (PDF, "kind"),
        (png(40, 140), "small"),
        (png()[:-30], "broken"),
        (png().replace(b"IDAT", b"IDAX"), "broken"),
        (png(100, 140)[:60] + b"\x00" + png(100, 140)[61:], "broken"),
        (JPEG[:200], "broken"),
        (b"\xff\xd8\xff\xd9", "broken"),
        (b"\xff\xd8<script>alert(1)</script>", "broken"),
        (bytes(MOST_PHOTO_BYTES + 1), "large"),
    ],
)
def test_what_is_no_photograph_is_refused(content: bytes, code: str) -> None:
    assert refused(content) == code


def test_a_picture_that_would_unpack_to_gigabytes_is_refused_before_it_is_unpacked() -> None:
    head = png()
    huge = head[:16] + (60_000).to_bytes(4) + head[20:]
    fixed = head[:8] + chunk(b"IHDR", huge[16:29]) + head[33:]
    assert refused(fixed) == "wide"


def test_a_picture_whose_lines_are_missing_is_refused() -> None:
    short = png(100, 140)
    lying = short[:8] + chunk(b"IHDR", short[16:20] + (5000).to_bytes(4) + short[24:29]) + short[33:]
    assert refused(lying) == "broken"


def test_a_letter_may_be_a_plain_pdf() -> None:
    assert letter(PDF).content_type == "application/pdf"
    assert letter(png()).kind == "png"
    assert refused(PDF.replace(b"/Catalog", b"/Catalog /OpenAction << /S /JavaScript >>"), as_letter=True) == "active"
    assert refused(PDF[:20], as_letter=True) == "broken"
    assert refused(PDF + bytes(MOST_LETTER_BYTES), as_letter=True) == "large"
