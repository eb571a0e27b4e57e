"""A questionnaire in Excel (XLSForm) becomes an XForm, by pyxform, in memory."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass, field

from mobile_forms.definition import FormDefinition

MAX_WORKBOOK_BYTES = 4_000_000


@dataclass(frozen=True, slots=True)
class Problem:
    """One fault of a workbook: where it stands and what mends it.

    ``code`` names the fault for translation, ``values`` fill its sentence; ``message`` and ``remedy`` are English.
    ``row`` counts as Excel does, from 1; None where the fault has no row. Sheet and column are empty where unknown.
    """

    code: str
    message: str
    remedy: str = ""
    sheet: str = ""
    row: int | None = None
    column: str = ""
    question: str = ""
    values: Mapping[str, str] = field(default_factory=dict)


class WorkbookError(ValueError):
    """A workbook that does not become a form; ``problems`` has at least one entry."""

    def __init__(self, problems: tuple[Problem, ...]) -> None:
        super().__init__("; ".join(problem.message for problem in problems))
        self.problems = problems


class UnreadableWorkbookError(WorkbookError):
    """The file is not a workbook, or too large."""


class FormFaultError(WorkbookError):
    """The workbook was read, and what stands in it is not a form that can be published."""


class PlaceholderError(ValueError):
    """A placeholder without a value; ``names`` are those that are left."""

    def __init__(self, names: tuple[str, ...]) -> None:
        super().__init__(f"no value for {', '.join(names)}")
        self.names = names


@dataclass(frozen=True, slots=True)
class CompiledForm:
    """An XForm and what was learned on the way. ``media`` are the files it needs (``households.csv``)."""

    xml: bytes
    definition: FormDefinition
    warnings: tuple[str, ...]
    media: tuple[str, ...]


def compile_workbook(content: bytes, *, filename: str) -> CompiledForm:
    """Compile an .xlsx (at most 4 MB) to an XForm whose every expression can be evaluated here.

    Raises:
        UnreadableWorkbookError: not an .xlsx/.xlsm/.xls workbook, too large, or a zip bomb.
        FormFaultError: a fault in the form, with sheet, row and column where they are known.
    """
    raise NotImplementedError


def fill_placeholders(xml: bytes, values: Mapping[str, str]) -> bytes:
    """Replace ``{{company}}``, ``{{client}}``, ``{{hotline}}`` ... by values, escaped for XML. Unknown ones stay."""
    raise NotImplementedError


def left_placeholders(xml: bytes, allowed: Collection[str] = ("staff_no",)) -> list[str]:
    """Names of the placeholders that still stand in a form, sorted; those of ``allowed`` are filled at display."""
    raise NotImplementedError
