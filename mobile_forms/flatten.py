"""Answers as flat rows: a column per question, 0/1 columns for select_multiple, one table per repeat."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from mobile_forms.answers import Checked, Filled
from mobile_forms.definition import FormDefinition


@dataclass(frozen=True, slots=True)
class Flat:
    """One set of answers as flat values.

    ``row``: question name → code or text, ``question__code`` → "0" or "1" for select_multiple (all empty where it was
    not asked). ``tables``: a table per repeat, each row with ``_index`` (from 1) and ``_parent_index`` besides its
    questions. ``by_tag``: metric tag → raw code; where a metric stands twice, that of the relevant question.
    """

    row: Mapping[str, str]
    tables: Mapping[str, tuple[Mapping[str, str], ...]]
    by_tag: Mapping[str, str]


def flatten(form: FormDefinition, answers: Checked | Filled) -> Flat:
    """Flatten what `Rules.check` or `Rules.fill` gave."""
    raise NotImplementedError


def columns(form: FormDefinition) -> tuple[str, ...]:
    """The columns of the main table, in the order of the form."""
    raise NotImplementedError
