"""Studies, their settings, and the definitions (口径) that are locked before the first answer."""

from __future__ import annotations

import uuid
from collections.abc import Mapping, Sequence
from typing import Any

from sqlmodel import col, func, select

from analysis.indicators import tables
from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.privacy.service import create_key
from survey_server.studies.lock import DEFINITIONS, INDICATORS, allow_change
from survey_server.studies.models import Channel, Place, Purpose, Study
from survey_server.work import Work

DEFAULT_DEFINITIONS: dict[str, Any] = {
    "satisfaction": "SAT_TOP2",
    "awareness": "AW_AVG",
    "denominator": "valid",
    "domain": "headline",
    "counts": [Channel.VISIT.value, Channel.PHONE.value, Channel.QR_HOUSEHOLD.value],
}
DEFAULT_TABLE = "kunming_chenggong_2023"


def create_study(
    work: Work,
    *,
    name: str,
    practice: bool = False,
    client: str = "",
    company: str = "",
    hotline: str = "",
    indicator_table: str = DEFAULT_TABLE,
) -> Study:
    """A new study with a key of its own; raises INVALID_FIELD for an empty name or a table that is not shipped."""
    _require_usable({"name": name, "indicator_table": indicator_table})
    study = Study(
        name=name.strip(),
        practice=practice,
        client=client.strip(),
        company=company.strip(),
        hotline=hotline.strip(),
        indicator_table=indicator_table,
        definitions=dict(DEFAULT_DEFINITIONS),
        created_at=work.now,
    )
    work.session.add(study)
    create_key(work, study.id)
    record(work, "study.create", "study", study.id, study_id=study.id, practice=practice)
    return study


def studies(work: Work) -> Sequence[Study]:
    """Every study, newest first."""
    return work.session.exec(select(Study).order_by(col(Study.created_at).desc())).all()


def study_of(work: Work, study_id: uuid.UUID) -> Study:
    """The study; raises NOT_FOUND."""
    study = work.session.get(Study, study_id)
    if study is None:
        raise ZoufangError(Problem.NOT_FOUND)
    return study


def change_settings(work: Work, study: Study, *, reason: str = "", **settings: str) -> None:
    """Change names, hotline or indicator table. Published questionnaires keep the words they have.

    Raises INVALID_FIELD for an empty name or a table that is not shipped, or where a locked table changes without
    a reason.
    """
    _require_usable(settings)
    table = settings.get("indicator_table", study.indicator_table).strip()
    before, after = {"indicator_table": study.indicator_table}, {"indicator_table": table}
    allow_change(work, study, INDICATORS, before=before, after=after, reason=reason)
    for name, value in settings.items():
        setattr(study, name, value.strip())
    work.session.add(study)
    record(work, "study.settings", "study", study.id, study_id=study.id, changed=sorted(settings))


def _require_usable(settings: Mapping[str, str]) -> None:
    if "name" in settings and not settings["name"].strip():
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Name of the study"), why=N_("it is empty"))
    if "indicator_table" in settings and settings["indicator_table"] not in {table.id for table in tables()}:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Indicator table"), why=N_("choose one of the list"))


def lock_definitions(work: Work, study: Study) -> None:
    """From now on the headline's definition is fixed; the others are shown beside it."""
    if study.locked_at is None:
        study.locked_at = work.now
        work.session.add(study)
        record(work, "study.lock", "study", study.id, study_id=study.id, definitions=study.definitions)


def change_definitions(work: Work, study: Study, definitions: dict[str, Any], *, reason: str = "") -> None:
    """Choose the headline's definitions; raises INVALID_FIELD where they are locked and no reason is given."""
    changed = {name: value for name, value in definitions.items() if study.definitions.get(name) != value}
    before = {name: study.definitions.get(name) for name in changed}
    allow_change(work, study, DEFINITIONS, before=before, after=changed, reason=reason)
    study.definitions = {**study.definitions, **definitions}
    work.session.add(study)
    record(work, "study.definitions", "study", study.id, study_id=study.id, definitions=study.definitions)


def add_place(work: Work, study: Study, *, label: str, county: str, purpose: Purpose = Purpose.PUBLIC) -> Place:
    """A place where a code hangs, or a training session; numbered in order."""
    if not label.strip():
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Place"), why=N_("it is empty"))
    letter = "S" if purpose is Purpose.TRAINING else "P"
    number = 1 + sum(place.purpose == purpose.value for place in places(work, study.id))
    place = Place(
        study_id=study.id,
        purpose=purpose.value,
        code=f"{letter}-{number:02d}",
        label=label.strip(),
        county=county.strip(),
    )
    work.session.add(place)
    record(work, "place.add", "place", place.id, study_id=study.id)
    return place


def places(work: Work, study_id: uuid.UUID) -> Sequence[Place]:
    """The places and training sessions of a study, by number: P-100 after P-99."""
    query = select(Place).where(Place.study_id == study_id)
    return work.session.exec(query.order_by(Place.purpose, func.length(Place.code), Place.code)).all()
