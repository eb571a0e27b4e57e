"""Roster files of a study, the imports that read them, and the frame that they make."""

from __future__ import annotations

import hashlib
import itertools
import json
import uuid
import zlib
from collections.abc import Container, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd
import sqlalchemy as sa
from sqlmodel import col, select

from survey_server import outbox
from survey_server.actors import SYSTEM, Actor
from survey_server.audit.service import record
from survey_server.crypto import StudyCipher
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.privacy.service import cipher_of
from survey_server.rosters import staging
from survey_server.rosters.categories import MAIN_ORDER
from survey_server.rosters.checks import Rules
from survey_server.rosters.columns import columns_from_json
from survey_server.rosters.models import Household, Import, ImportState, RosterColumns, RosterFile
from survey_server.rosters.prepare import Prepared, Progress, Source, prepare
from survey_server.rosters.problems import COLUMNS
from survey_server.rosters.report import UNIT_FIELDS
from survey_server.studies.models import Study
from survey_server.studies.service import study_of
from survey_server.work import Services, Work

READ = "roster.read"
"""The outbox row that asks for an import to be read."""
OPEN = (ImportState.WAITING, ImportState.READING, ImportState.READ)


@dataclass(frozen=True)
class Uploaded:
    """What became of uploaded files, by name. ``again``: the very same bytes were here, under the name given."""

    added: tuple[str, ...]
    replaced: tuple[str, ...]
    again: Mapping[str, str]


def upload(services: Services, actor: Actor, study_id: uuid.UUID, sources: Iterable[Source]) -> Uploaded:
    """Keep roster files, sealed. A file of the same name replaces the older one; the same bytes are noticed.

    Raises:
        ZoufangError: STATE_CONFLICT once the sample was drawn from this roster.
    """
    with services.read(actor) as work:
        refuse_if_drawn(study_of(work, study_id))
        cipher = cipher_of(work, study_id)
        here = {file.name: file for file in files_of(work, study_id)}
    digests = {file.digest: name for name, file in here.items()}
    kept: dict[str, RosterFile] = {}
    again: dict[str, str] = {}
    for source in sources:
        data = source.load()
        digest = hashlib.sha256(data).hexdigest()
        if digest in digests:
            again[source.name] = digests[digest]
            continue
        name = _free_name(source.name, kept)
        digests[digest] = name
        file = RosterFile(study_id=study_id, name=name, digest=digest, size=len(data), uploaded_at=services.clock())
        services.blobs.put(file.blob, cipher.seal(file.id, data))
        kept[name] = file
    old = [here[name] for name in kept if name in here]
    with services.write(actor) as work:
        _drop(work, old)
        for file in kept.values():
            work.session.add(file)
            record(work, "roster.upload", "roster_file", file.id, study_id=study_id, size=file.size)
    for file in old:
        services.blobs.delete(file.blob)
    replaced = tuple(file.name for file in old)
    return Uploaded(tuple(name for name in kept if name not in replaced), replaced, again)


def _free_name(name: str, taken: Container[str]) -> str:
    """Two townships may both send 名册.xlsx at once: the second becomes 名册 (2).xlsx."""
    stem, dot, ending = name.rpartition(".")
    numbered = (f"{stem} ({number}){dot}{ending}" for number in itertools.count(2))
    return name if name not in taken else next(free for free in numbered if free not in taken)


def remove_file(work: Work, study: Study, file_id: uuid.UUID) -> None:
    """Take a file away; the frame follows at the next import."""
    refuse_if_drawn(study)
    file = work.session.get(RosterFile, file_id)
    if file is None or file.study_id != study.id:
        raise ZoufangError(Problem.NOT_FOUND)
    _drop(work, [file])
    work.blobs.delete(file.blob)


def forget_files(work: Work, study_id: uuid.UUID) -> int:
    """Destroy the roster files, full ID numbers with them, when nobody will mend them any more; returns how many."""
    files = files_of(work, study_id)
    _drop(work, files)
    for file in files:
        work.blobs.delete(file.blob)
    return len(files)


def _drop(work: Work, files: Sequence[RosterFile]) -> None:
    for file in files:
        record(work, "roster.remove", "roster_file", file.id, study_id=file.study_id)
    ids = [file.id for file in files]
    work.session.execute(sa.delete(RosterFile).where(col(RosterFile.id).in_(ids)))


def refuse_if_drawn(study: Study) -> None:
    """A frame from which a sample was drawn does not change; raises STATE_CONFLICT."""
    if study.locked_at is not None:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("the sample was drawn from this roster"))


def files_of(work: Work, study_id: uuid.UUID) -> Sequence[RosterFile]:
    """The roster files of a study, by name."""
    return work.session.exec(select(RosterFile).where(RosterFile.study_id == study_id).order_by(RosterFile.name)).all()


def import_of(work: Work, import_id: uuid.UUID) -> Import:
    """The import; raises NOT_FOUND."""
    found = work.session.get(Import, import_id)
    if found is None:
        raise ZoufangError(Problem.NOT_FOUND)
    return found


def latest_import(work: Work, study_id: uuid.UUID) -> Import | None:
    """The import that the page shows."""
    under_way = sa.case((col(Import.state).in_(OPEN), 0), else_=1)
    query = (
        select(Import)
        .where(Import.study_id == study_id, Import.state != ImportState.REPLACED)
        .order_by(col(Import.created_at).desc(), under_way)
    )
    return work.session.exec(query.limit(1)).first()


def start_import(work: Work, study: Study) -> Import:
    """Have all files of the study read by the worker."""
    started = begin_import(work, study)
    outbox.put(work, READ, import_id=str(started.id))
    return started


def begin_import(work: Work, study: Study) -> Import:
    """A new import, which replaces whatever import was under way."""
    refuse_if_drawn(study)
    earlier = select(Import).where(Import.study_id == study.id, col(Import.state).in_(OPEN))
    for old in work.session.exec(earlier).all():
        old.state = ImportState.REPLACED
        work.session.add(old)
        staging.clear(work, old.id)
    files = len(files_of(work, study.id))
    started = Import(study_id=study.id, state=ImportState.WAITING, total=files, created_at=work.now)
    work.session.add(started)
    work.session.flush()
    record(work, "roster.import", "roster_import", started.id, study_id=study.id, files=files)
    return started


def handle_read(services: Services, payload: Mapping[str, Any]) -> None:
    """The outbox's handler of `READ`."""
    read_import(services, uuid.UUID(payload["import_id"]))


def read_import(services: Services, import_id: uuid.UUID, progress: Progress | None = None) -> None:
    """Read the files, judge every row, stage the units. May run again after a crash; a replaced import is left."""
    with services.write() as work:
        running = import_of(work, import_id)
        if running.state not in {ImportState.WAITING, ImportState.READING}:
            return
        running.state = ImportState.READING
        work.session.add(running)
        staging.clear(work, import_id)
        study = study_of(work, running.study_id)
        rules = rules_of(work, study)
        files = files_of(work, study.id)
        known = remembered_columns(work, study.id)
        cipher = cipher_of(work, study.id)

    def tell(done: int, total: int, name: str) -> None:
        _note_progress(services, import_id, done)
        if progress:
            progress(done, total, name)

    try:
        prepared = prepare(
            [Source(file.name, lambda file=file: _content(services, cipher, file)) for file in files],
            rules,
            lambda basis: services.vault.pseudonym("unit", f"{study.id}\n{basis}"),
            constants={(file.name, sheet): said for file in files for sheet, said in file.constants.items()},
            remembered=known,
            progress=tell,
        )
        staging.stage(services, import_id, study.id, cipher, prepared.merged)
        _finish(services, import_id, cipher, prepared)
    except Exception:
        with services.write() as work:
            failed = import_of(work, import_id)
            failed.state = ImportState.FAILED
            work.session.add(failed)
        raise


def rules_of(work: Work, study: Study) -> Rules:
    """What the study's definitions say of its rosters: main_order, area_codes, monthly, severities."""
    said = study.definitions
    return Rules(
        today=work.now.astimezone(ZoneInfo(work.settings.timezone)).date(),
        order=tuple(said.get("main_order", MAIN_ORDER)),
        area_codes=said.get("area_codes", {}),
        monthly=said.get("monthly", {}),
        severities=said.get("roster_severities", {}),
    )


def _content(services: Services, cipher: StudyCipher, file: RosterFile) -> bytes:
    return cipher.open(file.id, services.blobs.get(file.blob))


def _note_progress(services: Services, import_id: uuid.UUID, done: int) -> None:
    with services.write() as work:
        work.session.execute(sa.update(Import).where(col(Import.id) == import_id).values(done=done))


def _finish(services: Services, import_id: uuid.UUID, cipher: StudyCipher, prepared: Prepared) -> None:
    problems = prepared.problems[list(COLUMNS)].to_json(orient="values", force_ascii=False)
    sealed = cipher.seal(import_id, zlib.compress((problems or "[]").encode()))
    with services.write() as work:
        read = import_of(work, import_id)
        if read.state != ImportState.READING:
            staging.clear(work, import_id)
            return
        read.state = ImportState.READ
        read.report = make_report(prepared)
        read.problems = sealed
        work.session.add(read)


def make_report(prepared: Prepared) -> dict[str, Any]:
    """What the page shows of an import: counts, problems by kind, and what each column was taken for."""
    table = prepared.problems
    kinds = table.groupby(["severity", "code"]).size().reset_index()
    severities = table.groupby("severity").size().to_dict()
    return {
        "rows": sum(sheet.rows for sheet in prepared.sheets),
        "units": len(prepared.merged.households),
        "counts": json.loads(prepared.counts.to_json(orient="records", force_ascii=False) or "[]"),
        "problems": kinds.to_numpy().tolist(),
        "severities": {str(name): int(count) for name, count in severities.items()},
        "sheets": [
            {
                "file": sheet.file,
                "sheet": sheet.sheet,
                "rows": sheet.rows,
                "used": sheet.used,
                "fingerprint": sheet.mapping.fingerprint,
                "constants": dict(sheet.mapping.constants),
            }
            for sheet in prepared.sheets
        ],
        "tables": {
            sheet.mapping.fingerprint: [
                {
                    "header": header,
                    "field": sheet.mapping.columns.get(column, ""),
                    "score": sheet.mapping.guesses[column].score,
                }
                for column, header in enumerate(sheet.mapping.headers)
            ]
            for sheet in prepared.sheets
        },
    }


def remembered_columns(work: Work, study_id: uuid.UUID) -> dict[str, dict[str, str]]:
    """Fingerprint → columns, as somebody said in this study."""
    rows = work.session.exec(select(RosterColumns).where(RosterColumns.study_id == study_id)).all()
    return {row.fingerprint: row.columns for row in rows}


def remember_columns(work: Work, study_id: uuid.UUID, fingerprint: str, columns: Mapping[str, str]) -> None:
    """Keep what somebody said of the columns; raises INVALID_FIELD."""
    try:
        sound = columns_from_json(columns)
    except ValueError as error:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Columns"), why=str(error)) from error
    plain = {str(number): field for number, field in sound.items()}
    work.session.merge(RosterColumns(study_id=study_id, fingerprint=fingerprint, columns=plain))
    record(work, "roster.columns", "study", study_id, study_id=study_id, fingerprint=fingerprint)


def say_constants(work: Work, study_id: uuid.UUID, file_name: str, sheet: str, said: Mapping[str, str]) -> None:
    """Keep what somebody said of a whole sheet, such as its category; a blank takes a guess away."""
    query = select(RosterFile).where(RosterFile.study_id == study_id, RosterFile.name == file_name)
    file = work.session.exec(query).one_or_none()
    if file is None:
        raise ZoufangError(Problem.NOT_FOUND)
    file.constants = {**file.constants, sheet: dict(said)}
    work.session.add(file)


def take_import(work: Work, import_id: uuid.UUID) -> int:
    """Make the staged units the study's frame; returns how many they are.

    Raises:
        ZoufangError: STATE_CONFLICT where the import is not read, or the sample was drawn.
    """
    read = import_of(work, import_id)
    refuse_if_drawn(study_of(work, read.study_id))
    if read.state != ImportState.READ:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("the files are not read yet, or were changed since"))
    units = staging.take(work, import_id, read.study_id)
    read.state = ImportState.TAKEN
    read.taken_at = work.now
    work.session.add(read)
    left_out = read.report.get("severities", {}).get("error", 0)
    record(work, "roster.take", "roster_import", read.id, study_id=read.study_id, units=units, left_out=left_out)
    return units


def import_files(
    services: Services,
    study_id: uuid.UUID,
    sources: Iterable[Source],
    *,
    actor: Actor = SYSTEM,
    progress: Progress | None = None,
) -> Import:
    """Upload files, read them here and now, and take the good rows: what the command line does."""
    upload(services, actor, study_id, sources)
    with services.write(actor) as work:
        started = begin_import(work, study_of(work, study_id))
    read_import(services, started.id, progress)
    with services.write(actor) as work:
        take_import(work, started.id)
        return import_of(work, started.id)


def problems_of(work: Work, found: Import) -> pd.DataFrame:
    """The bad rows of an import, opened."""
    rows: list[list[Any]] = []
    if found.problems is not None:
        rows = json.loads(zlib.decompress(cipher_of(work, found.study_id).open(found.id, found.problems)))
    return pd.DataFrame(rows, columns=list(COLUMNS))


def units_of(work: Work, study_id: uuid.UUID) -> Iterator[list[object]]:
    """The frame without personal facts, a row per unit in the order of `UNIT_FIELDS`."""
    columns = [getattr(Household, name) for name in UNIT_FIELDS]
    query = sa.select(*columns).where(col(Household.study_id) == study_id).order_by(col(Household.unit_id))
    for row in work.session.execute(query.execution_options(yield_per=2000)):
        yield [",".join(value) if isinstance(value, list) else value for value in row]


def units_page(
    work: Work, study_id: uuid.UUID, *, county: str, category: str, after: str, size: int
) -> Sequence[Household]:
    """Some units of the frame in the order of unit_id, those after `after`; blank county or category: all."""
    query = select(Household).where(Household.study_id == study_id, Household.unit_id > after)
    if county:
        query = query.where(Household.county == county)
    if category:
        query = query.where(Household.category == category)
    return work.session.exec(query.order_by(Household.unit_id).limit(size)).all()


def frame_counts(work: Work, study_id: uuid.UUID) -> list[dict[str, Any]]:
    """Units and persons of the frame by county and category."""
    by = [col(name) for name in (Household.county, Household.category, Household.category_name, Household.unit)]
    query = (
        sa.select(*by, sa.func.count().label("units"), sa.func.sum(col(Household.persons)).label("persons"))
        .where(col(Household.study_id) == study_id)
        .group_by(*by)
        .order_by(col(Household.county), sa.cast(col(Household.category), sa.Integer))
    )
    return [dict(row._mapping) for row in work.session.execute(query)]  # noqa: SLF001 - SQLAlchemy's public name
