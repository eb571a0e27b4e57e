"""A questionnaire tried before it is used: as it stands on the phone, on a respondent's page, at the desk, on paper.

Nothing is stored: the phone's own engine works the form in memory, and the respondent's pages carry the answers
sealed in the page, as they always do, and never hand them in.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from flask_babel import gettext

import mobile_forms
from mobile_forms.definition import read_form
from survey_server.fieldwork.service import write_csv
from survey_server.public.subjects import Subject
from survey_server.questionnaires.drafts import purpose_of
from survey_server.questionnaires.service import shown_xform
from survey_server.studies.models import CHANNEL_OF, FormVersion, Purpose, Study

CLIENT = Path(str(mobile_forms.__file__)).parent / "client" / "dist"
NUMBER = "YL-0001"
FRAMES = {
    Purpose.VISIT: "phone",
    Purpose.PHONE: "desk",
    Purpose.RECIPIENT: "page",
    Purpose.PUBLIC: "page",
    Purpose.TRAINING: "page",
}
"""Where a questionnaire is first seen by whoever answers it."""


def invented() -> dict[str, str]:
    """A household that does not exist, with everything that a form may read from the list of households."""
    place = gettext("Sample village")
    return {
        "name": NUMBER,
        "label": f"{NUMBER} {place}",
        "p_county": gettext("Sample county"),
        "p_town": gettext("Sample town"),
        "p_village": place,
        "p_area": "农村",
        "p_surname": "甲",
        "p_category": "2",
        "p_category_name": "农村低保",
        "p_persons": "2",
        "p_family": "3",
        "p_monthly": "1",
        "p_amount": "728",
        "p_standard": "728",
        "p_standard_year": "2026",
    }


def lists_of(xform: bytes) -> Mapping[str, Sequence[dict[str, str]]]:
    """The lists that a form asks for, with one invented row each."""
    return {name: [invented()] for name in read_form(xform).media if name.endswith(".csv")}


def list_file(study: Study, form: FormVersion, name: str) -> bytes | None:
    """One of those lists as the CSV that the form reads, None where it asks for no such list."""
    rows = lists_of(shown_xform(study, form)).get(name)
    return None if rows is None else write_csv(rows)


def tried(study: Study, form: FormVersion) -> FormVersion:
    """A version as it would be used, of a draft too; it is part of no transaction."""
    return FormVersion(
        id=form.id,
        study_id=study.id,
        purpose=purpose_of(form).value,
        form_id=form.form_id,
        version=form.version,
        title=form.title,
        xform=shown_xform(study, form),
        media=list(lists_of(shown_xform(study, form))),
        workbook=b"",
        digest="",
        published_at=form.published_at,
    )


def subject_of(study: Study, form: FormVersion) -> Subject:
    """A respondent who does not exist, for the respondent's pages."""
    channel = CHANNEL_OF[purpose_of(form)]
    lists = {name: list(rows) for name, rows in lists_of(shown_xform(study, form)).items()}
    return Subject(f"preview-{form.id}", study, tried(study, form), channel, NUMBER, lists)


@cache
def program(entry: str) -> dict[str, list[str]]:
    """The addresses of the scripts and styles of a preview, from the build's own manifest."""
    manifest = json.loads((CLIENT / "manifest.json").read_text("utf-8"))
    styled = manifest["src/desk/main.tsx" if entry == "desk" else "src/preview/phone.tsx"]
    script = manifest[f"src/preview/{entry}.tsx"]["file"]
    return {"scripts": [f"/{script}"], "styles": [f"/{style}" for style in styled["css"]]}
