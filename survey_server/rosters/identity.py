"""Personal numbers: 身份证 (GB 11643), telephones, bank cards; and how each is masked."""

from __future__ import annotations

import datetime as dt
import re
from dataclasses import dataclass

import numpy as np

_WEIGHTS = np.array([7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2])
_CHECK = np.array(list("10X98765432"))
_DAYS = np.array([0, 31, 29, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31])
_SCIENTIFIC = re.compile(r"\d(?:\.\d+)?E\+?\d{2}")
_FIRST_YEAR = 1850
MOBILE = re.compile(r"1[3-9]\d{9}")
_FIXED = re.compile(r"0\d{2,3}-?[2-9]\d{6,7}(?:-\d{1,5})?")
_LOCAL = re.compile(r"[2-9]\d{6,7}")
_BETWEEN = re.compile(r"[/、,，;；|\s]+")


@dataclass(frozen=True)
class IdFindings:
    """For each number: what is wrong with it (`""` where nothing is), its mended form, and a detail for the words."""

    code: np.ndarray
    value: np.ndarray
    detail: np.ndarray


def examine_ids(values: np.ndarray, today: dt.date) -> IdFindings:
    """Judge ID numbers by GB 11643-1999: 17 digits and a check digit of ISO 7064 MOD 11-2.

    A number of 15 digits (GB 11643-1989) is lengthened: 19 before the year, and the check digit.

    Args:
        values: texts in upper case without blanks; `""` is judged as nothing.
        today: nobody is born later.
    """
    count = len(values)
    findings = IdFindings(np.full(count, "", dtype=object), values.copy(), np.full(count, "", dtype=object))
    lengths = np.fromiter((len(value) for value in values), dtype=np.int64, count=count)
    odd = np.flatnonzero((lengths > 0) & (lengths != 18))
    for i in odd:
        _judge_length(findings, int(i), values[i])
    whole = np.flatnonzero((lengths == 18) | (findings.code == "id_15_digits"))
    if len(whole):
        _judge_digits(findings, whole, today)
    return findings


def birth_dates(values: np.ndarray, today: dt.date) -> np.ndarray:
    """The day of birth (YYYY-MM-DD) that each sound number of 18 digits holds; `""` where the number is none.

    Args:
        values: texts in upper case without blanks.
        today: nobody is born later.
    """
    sound = (examine_ids(values, today).code == "") & (values != "")
    born = np.full(len(values), "", dtype=object)
    born[sound] = [f"{number[6:10]}-{number[10:12]}-{number[12:14]}" for number in values[sound]]
    return born


def _judge_length(findings: IdFindings, i: int, value: str) -> None:
    if _SCIENTIFIC.fullmatch(value):
        findings.code[i] = "id_damaged"
    elif len(value) == 15 and value.isascii() and value.isdigit():
        body = value[:6] + "19" + value[6:]
        findings.code[i], findings.value[i] = "id_15_digits", body + check_digit(body)
    else:
        findings.code[i], findings.detail[i] = "id_length", len(value)


def _judge_digits(findings: IdFindings, rows: np.ndarray, today: dt.date) -> None:
    points = findings.value[rows].astype("U18").view(np.uint32).reshape(-1, 18).astype(np.int64)
    digits = points - 48
    body = digits[:, :17]
    legible = ((body >= 0) & (body <= 9)).all(axis=1)
    last = digits[:, 17]
    legible &= ((last >= 0) & (last <= 9)) | (points[:, 17] == ord("X"))
    _set(findings, rows[~legible], "id_characters")
    rows, body, points = rows[legible], body[legible], points[legible]
    year = body[:, 6:10] @ [1000, 100, 10, 1]
    month, day = body[:, 10:12] @ [10, 1], body[:, 12:14] @ [10, 1]
    real = _is_date(year, month, day, today)
    expected = _CHECK[body @ _WEIGHTS % 11]
    wrong = real & (expected != points[:, 17:].astype(np.uint32).view("U1").ravel())
    for i, y, m, d in zip(rows[~real], year[~real], month[~real], day[~real], strict=True):
        findings.code[i], findings.detail[i] = "id_date", f"{y:04d}-{m:02d}-{d:02d}"
    for i, digit in zip(rows[wrong], expected[wrong], strict=True):
        # What Excel damaged and somebody turned back into text ends in zeros.
        damaged = str(findings.value[i]).endswith("000")
        findings.code[i], findings.detail[i] = "id_damaged" if damaged else "id_check_digit", str(digit)


def _is_date(year: np.ndarray, month: np.ndarray, day: np.ndarray, today: dt.date) -> np.ndarray:
    leap = (year % 4 == 0) & ((year % 100 != 0) | (year % 400 == 0))
    longest = _DAYS[np.clip(month, 0, 12)] - ((month == 2) & ~leap)
    past = year * 10_000 + month * 100 + day <= today.year * 10_000 + today.month * 100 + today.day
    return (month >= 1) & (month <= 12) & (day >= 1) & (day <= longest) & (year >= _FIRST_YEAR) & past


def _set(findings: IdFindings, rows: np.ndarray, code: str) -> None:
    findings.code[rows] = code


def check_digit(body: str) -> str:
    """The check digit of the first 17 digits of an ID number (ISO 7064 MOD 11-2)."""
    total = sum(int(digit) * int(weight) for digit, weight in zip(body, _WEIGHTS, strict=True))
    return str(_CHECK[total % 11])


def read_phones(text: str, area_code: str = "") -> tuple[tuple[str, ...], str]:
    """The telephone numbers in a cell, and what was wrong with it (`""` where nothing was).

    Args:
        text: one or several numbers; ordinary digits.
        area_code: put before a fixed line without one, such as 0827.
    """
    numbers: list[str] = []
    problem = ""
    for part in _BETWEEN.split(_joined(text)):
        number, wrong = _read_phone(part, area_code)
        numbers += [number] if number and number not in numbers else []
        problem = problem or wrong
    return tuple(numbers), problem


def _joined(text: str) -> str:
    """A number that was typed in groups (138 0000 1234) in one piece."""
    together = re.sub(r"[\s\-]", "", text)
    return together if re.fullmatch(r"(?:\+?86)?1[3-9]\d{9}", together) else text.strip()


def _read_phone(part: str, area_code: str) -> tuple[str, str]:
    number = re.sub(r"^(?:\+?86)-?(?=1)", "", part).replace("(", "").replace(")", "-").strip("-")
    mobile = number.replace("-", "")
    if MOBILE.fullmatch(mobile):
        return mobile, ""
    if _FIXED.fullmatch(number):
        return number, ""
    if _LOCAL.fullmatch(number):
        return (f"{area_code}-{number}", "phone_area_code_added") if area_code else (number, "phone_no_area_code")
    return "", "phone_bad" if part else ""


def mask(field: str, value: str) -> str:
    """A value as it may be shown in a report: enough to find the row by, too little to know the person by."""
    if not value:
        return ""
    if field in {"name", "head_name"}:
        return value[0] + "*"
    if field in {"id_number", "head_id_number"}:
        return "*" * max(len(value) - 4, 1) + value[-4:] if len(value) > 8 else "*" * len(value)
    if field == "phone":
        return value[:3] + "****" + value[-2:] if len(value) > 6 else "*" * len(value)
    if field in {"lon", "lat", "position"}:
        value = re.sub(r"\.\d+", ".***", value)
    if field in {"address", "card"}:
        return value[:3] + "***"
    return re.sub(r"\d{11,}X?", lambda match: match[0][:3] + "***" + match[0][-2:], value[:40])
