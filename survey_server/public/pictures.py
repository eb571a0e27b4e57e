"""Photographs on their way: re-encoded, sealed and held until the interview is handed in, for a day at most.

What is kept is what Pillow draws anew: no place, no camera, no hidden part, at most 1600 pixels a side.
"""

from __future__ import annotations

import datetime as dt
import io
import uuid
import warnings

import sqlalchemy as sa
from PIL import Image, ImageOps
from sqlmodel import col, select

from survey_server.accounts.limits import Budget, spend
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.privacy.service import cipher_of
from survey_server.public.devices import device_name
from survey_server.public.models import HeldPicture
from survey_server.work import Work

KEPT = dt.timedelta(days=1)
SWEPT = 100
MOST_SIDE = 1600
MOST_PIXELS = 64_000_000
MOST_PER_INTERVIEW = 20
QUALITY = 80
FORMATS = ("JPEG", "PNG", "WEBP")
PICTURES = Budget("pictures", size=60, seconds=3600)


def redrawn(content: bytes) -> bytes:
    """The photograph drawn anew as JPEG, upright; raises INVALID_FIELD where it is none or far too large."""
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(io.BytesIO(content), formats=FORMATS) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise _unusable()
                picture.draft("RGB", (MOST_SIDE, MOST_SIDE))
                upright = ImageOps.exif_transpose(picture).convert("RGB")
        upright.thumbnail((MOST_SIDE, MOST_SIDE))
        drawn = io.BytesIO()
        upright.save(drawn, "JPEG", quality=QUALITY, optimize=True)
    except (OSError, SyntaxError, ValueError, Image.DecompressionBombError, Image.DecompressionBombWarning) as error:
        raise _unusable() from error
    return drawn.getvalue()


def hold(work: Work, study_id: uuid.UUID, instance_id: str, question: str, drawn: bytes) -> str:
    """Hold a photograph and name the file of the answer; what is older than a day goes.

    Raises TOO_MANY_TRIES, and INVALID_FIELD for more than a few in one interview.
    """
    spend(work, PICTURES, device_name())
    _sweep(work)
    mine = select(sa.func.count()).select_from(HeldPicture).where(HeldPicture.instance_id == instance_id)
    if work.session.exec(mine).one() >= MOST_PER_INTERVIEW:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Photograph"), why=N_("there are too many already"))
    picture = HeldPicture(
        study_id=study_id,
        instance_id=instance_id,
        name=f"{question}-{uuid.uuid4().hex[:8]}.jpg",
        content=b"",
        held_at=work.now,
    )
    picture.content = cipher_of(work, study_id).seal(picture.id, drawn)
    work.session.add(picture)
    return picture.name


def held(work: Work, study_id: uuid.UUID, instance_id: str) -> dict[str, bytes]:
    """The photographs of an interview by the name of their file."""
    rows = work.session.exec(select(HeldPicture).where(HeldPicture.instance_id == instance_id)).all()
    if not rows:
        return {}
    cipher = cipher_of(work, study_id)
    return {row.name: cipher.open(row.id, row.content) for row in rows if row.study_id == study_id}


def let_go(work: Work, instance_id: str) -> None:
    """They were handed in."""
    work.session.execute(sa.delete(HeldPicture).where(col(HeldPicture.instance_id) == instance_id))


def _sweep(work: Work) -> None:
    old = sa.select(col(HeldPicture.id)).where(col(HeldPicture.held_at) < work.now - KEPT).limit(SWEPT)
    work.session.execute(sa.delete(HeldPicture).where(col(HeldPicture.id).in_(old)))


def _unusable() -> ZoufangError:
    return ZoufangError(
        Problem.INVALID_FIELD, field=N_("Photograph"), why=N_("it is no JPEG, PNG or WebP that can be read")
    )
