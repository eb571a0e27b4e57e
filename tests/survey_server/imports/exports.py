"""Files as the platforms write them, of invented answers."""

from __future__ import annotations

import io
import tempfile
import zipfile
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import openpyxl
import pandas as pd
import pyreadstat

META = ("序号", "提交答卷时间", "所用时间", "来源", "来源详情", "来自IP")


def workbook(headings: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
    """One sheet: headings, and the rows below."""
    book = openpyxl.Workbook()
    sheet = book.active
    assert sheet is not None
    sheet.append(list(headings))
    for row in rows:
        sheet.append(list(row))
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def wenjuanxing(questions: Sequence[str], answers: Sequence[Sequence[Any]]) -> bytes:
    """问卷星按文本: what the platform writes of its own comes first."""
    rows = [
        (n, f"2026/8/{1 + n % 28} 09:{n % 60:02d}:00", f"{90 + n}秒", "微信", "N/A", f"203.0.113.{n % 250}(测试)", *row)
        for n, row in enumerate(answers, start=1)
    ]
    return workbook((*META, *questions), rows)


def sav(columns: Mapping[str, Sequence[Any]], labels: Mapping[str, str], meanings: Mapping[str, Any]) -> bytes:
    """An SPSS file with labels of its variables and of their codes."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.sav"
        pyreadstat.write_sav(
            pd.DataFrame(columns), path, column_labels=dict(labels), variable_value_labels=dict(meanings)
        )
        return path.read_bytes()


def archive(files: Mapping[str, str]) -> bytes:
    """A .zip of these files."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as packed:
        for name, text in files.items():
            packed.writestr(name, text)
    return out.getvalue()


def label(form: Any, name: str, code: str) -> str:
    """The words of a choice."""
    words: Mapping[str, Any] = form.question(name).choice(code).label
    return str(next(iter(words.values())).plain)
