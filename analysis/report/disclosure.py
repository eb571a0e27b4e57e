"""What must not leave the house: identity numbers, card numbers and telephones in free text."""

from __future__ import annotations

import re

_IDENTITY = r"[1-9]\d{5}(?:18|19|20)\d{2}(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])\d{3}[\dXx]"
_CARD = r"[3-6]\d{15,18}"
_MOBILE = r"(?:\+?86[- ]?)?1[3-9]\d(?:[- ]?\d{4}){2}"
_LANDLINE = r"0\d{2,3}[- ]\d{7,8}"
_MAIL = r"[A-Za-z0-9._%+-]+@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)+"

_PERSONAL = re.compile(
    rf"(?P<identity>(?<!\d){_IDENTITY}(?!\d))|(?P<card>(?<!\d){_CARD}(?!\d))"
    rf"|(?P<phone>(?<!\d)(?:{_MOBILE}|{_LANDLINE})(?!\d))|(?P<mail>{_MAIL})"
)
_MAYBE = re.compile(r"@|\d(?:[- ]?\d){6}")  # most answers hold neither, and are not searched further
_LABELS = {"identity": "〔证件号〕", "card": "〔卡号〕", "phone": "〔电话〕", "mail": "〔邮箱〕"}


def mask_personal(text: str) -> str:
    """The text with identity numbers, bank cards, telephones and mail addresses replaced by what they were."""
    if not _MAYBE.search(text):
        return text
    return _PERSONAL.sub(lambda match: _LABELS[str(match.lastgroup)], text)
