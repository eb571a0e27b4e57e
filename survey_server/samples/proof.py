"""What is shown of a draw to anybody: the certificate without personal facts, as a page and as a PDF."""

from __future__ import annotations

import importlib.resources
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from flask_babel import force_locale, gettext
from sqlmodel import select

import sampling
from sampling import CertificateError, UnitCheck, check_unit, fingerprint
from survey_server.console.qr import svg
from survey_server.console.typesetting import typeset
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.rosters.models import Household
from survey_server.samples.impossible import stratum_words
from survey_server.samples.models import Announcement, Draw
from survey_server.samples.service import announcement_of, by_tickets, draw_of
from survey_server.samples.wording import WAY
from survey_server.studies.models import Study
from survey_server.studies.service import study_of
from survey_server.work import Work

CERTIFICATE = "certificate"
TEMPLATE = Path(__file__).with_name("certificate.typ")
METHODS = {way.value: text for way, text in WAY.items()}


@dataclass(frozen=True)
class StratumCount:
    """One stratum as it was drawn."""

    name: str
    population: int
    main: int
    reserve: int
    threshold: str


@dataclass(frozen=True)
class Shown:
    """What anybody may see: of an announcement alone, or of the draw."""

    study: Study
    announced: Announcement | None
    draw: Draw | None

    @property
    def statement(self) -> Mapping[str, Any]:
        """The certificate, or before the draw what was announced."""
        if self.draw is not None:
            return self.draw.certificate
        return self.announced.statement if self.announced else {}

    @property
    def digest(self) -> str:
        """The roster's."""
        return str(self.statement["frame"]["digest"])

    @property
    def fingerprint(self) -> str:
        """One line for the whole statement."""
        return fingerprint(self.statement)

    @property
    def method(self) -> str:
        """How households were chosen, in words."""
        design = self.statement["design"]
        name = "villages" if design["stages"] else design["method"]
        return gettext(METHODS[name])

    @property
    def by_tickets(self) -> bool:
        """Whether the reference check can draw it again; other methods are checked by ``zoufang sample verify``."""
        return by_tickets(self.statement["design"])

    @property
    def seed_source(self) -> str:
        """Where the seed came from; translated where it is ours."""
        source = self.statement["seed"]["source"]
        return gettext(source) if source else ""

    @property
    def counts(self) -> list[StratumCount]:
        """The strata of the draw; none before it."""
        return [
            StratumCount(
                stratum_words(tuple(row["stratum"])),
                row["population"],
                row["main"],
                row["reserve"],
                row.get("threshold", ""),
            )
            for row in self.statement.get("strata", [])
        ]


@dataclass(frozen=True)
class Answer:
    """Why one household is drawn or not: ``role`` main, reserve or empty; ``check`` None without a threshold."""

    unit_id: str
    role: str
    order: int = 0
    check: UnitCheck | None = None


def token_of(work: Work, study_id: uuid.UUID) -> str:
    """The address part under which anybody sees a study's certificate."""
    return work.vault.token(CERTIFICATE, study_id)


def address_of(work: Work, study_id: uuid.UUID) -> str:
    """The whole address, as the QR code of the certificate holds it."""
    return f"{work.settings.public_url}/proof/{token_of(work, study_id)}"


def shown_of(work: Work, study_id: uuid.UUID) -> Shown:
    """What anybody may see of a study's draw; raises NOT_FOUND where nothing was published."""
    shown = Shown(study_of(work, study_id), announcement_of(work, study_id), draw_of(work, study_id))
    if shown.draw is None and shown.announced is None:
        raise ZoufangError(Problem.NOT_FOUND)
    return shown


def shown_by_token(work: Work, token: str) -> Shown:
    """The same by the address part; raises NOT_FOUND."""
    study_id = work.vault.read_token(CERTIFICATE, token)
    if study_id is None:
        raise ZoufangError(Problem.NOT_FOUND)
    return shown_of(work, study_id)


def answer_for(work: Work, drawn: Draw, unit_id: str) -> Answer | None:
    """Why a household of the frame is drawn or not; None where the frame has no such number."""
    query = select(Household.county, Household.category).where(
        Household.study_id == drawn.study_id, Household.unit_id == unit_id
    )
    stratum = work.session.exec(query).first()
    if stratum is None:
        return None
    role, order = role_of(drawn.certificate, unit_id)
    try:
        check = check_unit(drawn.certificate, unit_id, tuple(stratum))
    except CertificateError as error:
        if error.code != "threshold_missing":
            raise ZoufangError(Problem.CERTIFICATE_DIFFERS, why=str(error)) from error
        check = None
    return Answer(unit_id, role, order, check)


def role_of(certificate: Mapping[str, Any], unit_id: str) -> tuple[str, int]:
    """A unit's role on the certificate's list and its place there, from 1; empty and 0 where it is on none."""
    for row in certificate["selected"]:
        for role in ("main", "reserve"):
            if unit_id in row[role]:
                return role, row[role].index(unit_id) + 1
    return "", 0


def certificate_pdf(work: Work, shown: Shown) -> bytes:
    """The certificate to be signed and put on file, in Chinese, with a QR code to its page."""
    address = address_of(work, shown.study.id)
    with force_locale("zh_Hans_CN"):
        texts = _texts(shown, ZoneInfo(work.settings.timezone))
        return typeset(TEMPLATE, {**texts, "code": svg(address), "address": address})


def _texts(shown: Shown, zone: ZoneInfo) -> dict[str, Any]:
    draw = shown.draw
    if draw is None:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("the sample is not drawn yet"))
    facts = [
        (gettext("Study"), shown.study.name),
        (gettext("Client (civil-affairs bureau), in full"), shown.study.client),
        (gettext("Evaluating company, in full"), shown.study.company),
        (gettext("Drawn"), f"{draw.drawn_at.astimezone(zone):%Y-%m-%d %H:%M}"),
        (gettext("How they are chosen"), shown.method),
        (gettext("Seed"), draw.seed),
        (gettext("Where it comes from"), shown.seed_source or "—"),
        (gettext("Design published before the seed"), _published(shown.statement["seed"])),
        (gettext("Digest of the roster"), shown.digest),
        (gettext("Fingerprint of the certificate"), shown.fingerprint),
    ]
    return {
        "title": gettext("Certificate of the draw"),
        "practice": gettext("Practice") if shown.study.practice else "",
        "facts": facts,
        "heads": [gettext(head) for head in _HEADS],
        "rows": [[row.name, str(row.population), str(row.main), str(row.reserve)] for row in shown.counts],
        "total": [gettext("Total"), *(str(sum(getattr(row, name) for row in shown.counts)) for name in _COUNTED)],
        "scan": gettext("Scan to see this certificate and to check a household"),
        "blocks": explanation(),
        "signs": [gettext("Drawn by"), gettext("Witness"), gettext("Date")],
    }


_HEADS = (N_("Stratum"), N_("On the roster"), N_("Sample"), N_("Reserve"))
_COUNTED = ("population", "main", "reserve")


def _published(seed: Mapping[str, Any]) -> str:
    return gettext("yes") if seed.get("digest_published") else gettext("no, in one step")


@cache
def explanation() -> list[list[str]]:
    """The page for lay readers as blocks: [kind, text], kind one of title, head, code, text."""
    text = importlib.resources.files(sampling).joinpath("PROOF.zh.md").read_text("utf-8")
    return [_block(part) for part in text.split("\n\n") if part.strip()]


def reference_check() -> str:
    """The check in plain Python that does not use ours."""
    return importlib.resources.files(sampling).joinpath("reference_check.py").read_text("utf-8")


def _block(part: str) -> list[str]:
    part = part.strip("\n").replace("`", "")
    if part.startswith("    "):
        return ["code", "\n".join(line[4:] for line in part.splitlines())]
    for kind, mark in (("title", "# "), ("head", "## ")):
        if part.startswith(mark):
            return [kind, part.removeprefix(mark)]
    return ["text", part.replace("\n", "")]
