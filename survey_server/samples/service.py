"""Draws: from the frame and a design to a sample, with the certificate that lets anybody draw again."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Mapping
from typing import Any

from sqlmodel import col, select

from sampling import Draw as DrawnSample
from sampling import (
    Frame,
    SampleDesign,
    SamplingError,
    Seed,
    allocate,
    announcement,
    check_announced,
    draw,
    fingerprint,
    sample_size,
)
from sampling.methods import METHODS
from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.samples.impossible import impossible
from survey_server.samples.models import Announcement, Draw
from survey_server.samples.strata import STRATA, Key, Stratum, frame_table, strata_of
from survey_server.studies.models import Study
from survey_server.studies.service import lock_definitions, study_of
from survey_server.work import Work

__all__ = ["Key", "Stratum", "draw_design", "draw_of", "draw_sample", "frame_table", "propose", "strata_of"]

DRAWN_ALREADY = N_("the sample of this study was drawn already")
NOT_ANNOUNCED = N_("this is not what was announced; take the announcement back first")
RANDOM = N_("random, made by this server at the draw")
TOO_MUCH_FOR_SAMPFORD = N_("this is too large a part of a stratum for Sampford's method; choose another by size")
DOWN_THE_LIST = ("systematic", "pivotal_pps")
"""Methods that go down the list of towns and villages."""
Columns = dict[str, Any]


def propose(strata: list[Stratum], *, precision: float, minimum: int, reserve_share: float) -> list[Stratum]:
    """A take for each stratum: enough in all for ``precision`` (a fraction), shared by size, at least ``minimum``.

    Raises DESIGN_IMPOSSIBLE.
    """
    populations = {stratum.key: stratum.population for stratum in strata}
    if not populations:
        return []
    try:
        wanted = sample_size(precision, population=sum(populations.values())).issue
        floor = sum(min(minimum, population) for population in populations.values())
        takes = allocate(populations, max(wanted, floor), minimum=minimum)
    except SamplingError as error:
        raise impossible(error) from error
    return [stratum.taking(takes[stratum.key], round(takes[stratum.key] * reserve_share)) for stratum in strata]


def columns_of(design: SampleDesign) -> Columns:
    """The columns that a design needs of the frame, as ``Frame.from_table`` names them."""
    if design.stages:
        return {"cluster": "village"}
    method = METHODS[design.method]
    size = {"size": "persons"} if method.by_size else {}
    return size | ({"order_by": ["town", "village"]} if design.method in DOWN_THE_LIST else {})


def facts_in(columns: Columns) -> tuple[str, ...]:
    """Which facts of the frame these columns are of: those of ``columns_of``, or of a certificate."""
    named = [columns.get("size"), *(columns.get("order_by") or [])]
    cluster = columns.get("cluster")
    named += ["town", "village"] if cluster else []
    return tuple(dict.fromkeys(name for name in named if name))


def frame_of(work: Work, study_id: uuid.UUID, design: SampleDesign) -> Frame:
    """The study's frame with what the design needs. Raises DESIGN_IMPOSSIBLE."""
    columns = columns_of(design)
    try:
        return Frame.from_table(
            frame_table(work, study_id, facts_in(columns)), unit_id="unit_id", strata=STRATA, **columns
        )
    except SamplingError as error:
        raise impossible(error) from error


def draw_of(work: Work, study_id: uuid.UUID) -> Draw | None:
    """The study's draw, where there is one."""
    return work.session.exec(select(Draw).where(Draw.study_id == study_id)).first()


def drawn_of(work: Work, study_id: uuid.UUID) -> Draw:
    """The study's draw; raises NOT_FOUND."""
    found = draw_of(work, study_id)
    if found is None:
        raise ZoufangError(Problem.NOT_FOUND)
    return found


def announcement_of(work: Work, study_id: uuid.UUID) -> Announcement | None:
    """What was announced and waits for its seed."""
    return work.session.get(Announcement, study_id)


def draw_sample(
    work: Work,
    study: Study,
    *,
    takes: Mapping[Key, int],
    reserves: Mapping[Key, int],
    seed: str = "",
    seed_source: str = "",
) -> DrawnSample:
    """Draw simple random samples of the strata once. An empty seed is replaced by a random one.

    Raises DESIGN_IMPOSSIBLE, or STATE_CONFLICT where a sample was drawn before.
    """
    try:
        design = SampleDesign(take=dict(takes), reserve=dict(reserves))
    except SamplingError as error:
        raise impossible(error) from error
    return draw_design(work, study, design, seed_of(seed, seed_source), {})


def draw_design(work: Work, study: Study, design: SampleDesign, seed: Seed, wish: Mapping[str, str]) -> DrawnSample:
    """Draw by a design once, and lock the definitions.

    Raises DESIGN_IMPOSSIBLE; STATE_CONFLICT where a sample was drawn before, or something else was announced.
    """
    if draw_of(work, study.id) is not None:
        raise ZoufangError(Problem.STATE_CONFLICT, why=DRAWN_ALREADY)
    frame = frame_of(work, study.id, design)
    drawn = _drawn(frame, design, seed)
    certificate = drawn.certificate
    _keep_what_was_announced(work, study, certificate)
    row = Draw(
        study_id=study.id,
        design=design.to_json(),
        seed=drawn.seed.value,
        certificate=certificate,
        drawn_at=work.now,
        wish=dict(wish),
    )
    work.session.add(row)
    lock_definitions(work, study)
    digest = certificate["frame"]["digest"]
    record(work, "sample.draw", "study", study.id, study_id=study.id, digest=digest, units=len(drawn.sample))
    return drawn


def _drawn(frame: Frame, design: SampleDesign, seed: str | Seed) -> DrawnSample:
    try:
        return draw(frame, design, seed=seed)
    except SamplingError as error:
        refused = impossible(error)
        if error.code == "sampford_rejected":
            refused.fields["why"] = TOO_MUCH_FOR_SAMPFORD
        raise refused from error


def announce(work: Work, study: Study, design: SampleDesign, wish: Mapping[str, str]) -> Announcement:
    """Publish digest and design; the seed comes later.

    Raises DESIGN_IMPOSSIBLE; STATE_CONFLICT where a sample was drawn, or a design announced, before.
    """
    if draw_of(work, study.id) is not None:
        raise ZoufangError(Problem.STATE_CONFLICT, why=DRAWN_ALREADY)
    if announcement_of(work, study.id) is not None:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("a design was announced already; draw by it or take it back"))
    frame = frame_of(work, study.id, design)
    try:
        statement = announcement(frame, design)
    except SamplingError as error:
        raise impossible(error) from error
    _drawn(frame, design, "trial")  # what cannot be drawn is not announced: villages are counted only here
    row = Announcement(
        study_id=study.id,
        statement=statement,
        fingerprint=fingerprint(statement),
        wish=dict(wish),
        published_at=work.now,
    )
    work.session.add(row)
    record(work, "sample.announce", "study", study.id, study_id=study.id, fingerprint=row.fingerprint)
    return row


def take_back_announcement(work: Work, study: Study) -> None:
    """Before the seed a design may be changed; that one was announced stays in the record. Raises NOT_FOUND."""
    announced = announcement_of(work, study.id)
    if announced is None:
        raise ZoufangError(Problem.NOT_FOUND)
    work.session.delete(announced)
    record(work, "sample.take_back", "study", study.id, study_id=study.id, fingerprint=announced.fingerprint)


def announced_design(announced: Announcement) -> SampleDesign:
    """The design that was announced."""
    return SampleDesign.from_json(announced.statement["design"])


def seed_of(seed: str, source: str) -> Seed:
    """The seed that was typed, or a random one of this server. Raises DESIGN_IMPOSSIBLE for one that is no text."""
    if not seed.strip():
        return Seed(secrets.token_hex(8), source=RANDOM)
    try:
        return Seed(seed.strip(), source=source.strip())
    except SamplingError as error:
        raise impossible(error) from error


def seed_after(announced: Announcement, seed: str, source: str, work: Work) -> Seed:
    """The public seed of a draw in two steps. Raises DESIGN_IMPOSSIBLE where it is empty or not after the digest."""
    try:
        return Seed(seed.strip(), source.strip(), published=work.now, digest_published=announced.published_at)
    except SamplingError as error:
        raise impossible(error) from error


def redraw(work: Work, drawn: Draw) -> DrawnSample:
    """The draw again, from the frame as it stands. Raises STATE_CONFLICT where that has changed since."""
    design = SampleDesign.from_json(drawn.certificate["design"])
    frame = frame_of(work, drawn.study_id, design)
    again = draw(frame, design, seed=Seed.from_json(drawn.certificate["seed"]))
    if again.certificate["selected"] != drawn.certificate["selected"]:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("the roster is not the one that was drawn from"))
    return again


def _keep_what_was_announced(work: Work, study: Study, certificate: Mapping[str, Any]) -> None:
    announced = announcement_of(work, study.id)
    if announced is None:
        return
    conflict = ZoufangError(Problem.STATE_CONFLICT, why=NOT_ANNOUNCED)
    if certificate["seed"]["digest_published"] is None:
        raise conflict
    try:
        check_announced(announced.statement, certificate)
    except SamplingError as error:
        raise conflict from error


def earlier_draws(work: Work, study_id: uuid.UUID) -> list[tuple[Study, Draw]]:
    """Drawn studies of the same client that go by tickets, the latest first: those that can be coordinated with."""
    study = study_of(work, study_id)
    query = (
        select(Study, Draw)
        .join(Draw, col(Draw.study_id) == Study.id)
        .where(Study.client == study.client, Study.id != study_id, col(Study.practice).is_(study.practice))
        .order_by(col(Draw.drawn_at).desc())
    )
    found = work.session.exec(query).all()
    return [(other, drawn) for other, drawn in found if by_tickets(drawn.design)]


def by_tickets(design: Mapping[str, Any]) -> bool:
    """Whether anybody can draw it again by tickets alone, as the reference check does: simple or Pareto, one stage."""
    return design["method"] in ("srs", "pareto") and not design.get("stages")
