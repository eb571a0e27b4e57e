"""Draws for purposes of their own, each apart from the rates: what a roster speaks against, 漏保, back-checks.

None of them makes a case: the rates of the study never hold them. Whom to look at is sealed; identity numbers are
compared by their keyed index and never stored.
"""

from __future__ import annotations

import json
import secrets
import uuid
from collections.abc import Collection, Mapping, Sequence
from enum import StrEnum
from typing import Any

import pandas as pd
import sqlalchemy as sa
from flask_babel import gettext
from sqlmodel import col, select

from sampling import SampleDesign, SamplingError, Seed, SpecialSample, contradictions, risk_sample, undercoverage_sample
from sampling import back_checks as draw_back_checks
from survey_server.accounts.models import Person
from survey_server.audit.service import record
from survey_server.errors import N_, Problem, ZoufangError
from survey_server.fieldwork.models import Case
from survey_server.fieldwork.tasks import typeset_lists
from survey_server.privacy.service import cipher_of, mask_name
from survey_server.rosters.models import Household
from survey_server.samples.impossible import impossible
from survey_server.samples.models import SpecialDraw
from survey_server.studies.models import Study
from survey_server.work import Work

Rows = list[dict[str, str]]


class Purpose(StrEnum):
    """What a draw is for."""

    RISK = "risk"
    UNDERCOVERAGE = "undercoverage"
    BACKCHECK = "backcheck"


REASONS = {
    "dead_elsewhere": N_("on the list of deaths"),
    "over_100": N_("age over 100"),
    "relative_of_official": N_("on the list of officials' relatives"),
    "shared_bank_card": N_("one bank card for several households"),
    "shared_phone": N_("one telephone for several households"),
}
WEIGHTS = {"dead_elsewhere": 10, "over_100": 5, "shared_bank_card": 3, "relative_of_official": 2, "shared_phone": 1}
PURPOSES = {
    Purpose.RISK: N_("Risk: what the roster speaks against"),
    Purpose.UNDERCOVERAGE: N_("Missed: people without assistance"),
    Purpose.BACKCHECK: N_("Back-checks of interviews"),
}
LETTERS = {Purpose.RISK: "R", Purpose.UNDERCOVERAGE: "L", Purpose.BACKCHECK: "B"}


def draws_of(work: Work, study_id: uuid.UUID) -> Sequence[SpecialDraw]:
    """Every such draw of a study, the latest first."""
    query = select(SpecialDraw).where(SpecialDraw.study_id == study_id)
    return work.session.exec(query.order_by(col(SpecialDraw.drawn_at).desc())).all()


def draw_risk(
    work: Work, study: Study, take: int, *, dead: Collection[str], relatives: Collection[str], seed: Seed
) -> SpecialDraw:
    """Of the households that something speaks against, ``take`` (fewer where there are fewer), the gravest first.

    ``dead`` and ``relatives`` are identity numbers. Raises DESIGN_IMPOSSIBLE where nothing was found.
    """
    frame = _frame(work, study.id)
    keys = {name: {_key(work, number) for number in numbers} for name, numbers in (("d", dead), ("r", relatives))}
    try:
        flags = contradictions(
            frame,
            unit_id="unit_id",
            as_of=work.now.date(),
            person="person",
            birth="born",
            bank_card="card",
            dead=keys["d"],
            relatives_of_officials=keys["r"],
            also={"shared_phone": _repeated(frame["phone"])},
        )
        flagged = flags["unit_id"].nunique()
        drawn = risk_sample(flags, max(1, min(take, flagged)), seed=seed, weights=WEIGHTS)
    except SamplingError as error:
        raise impossible(error) from error
    facts = {"of": flagged, "reasons": flags["reason"].value_counts().to_dict()}
    homes = frame.set_index("unit_id")
    rows = [
        {**homes.loc[unit, ["place", "name", "phones"]].to_dict(), "note": "、".join(reasons)}
        for unit, reasons in zip(drawn.sample["unit_id"], drawn.sample["reasons"], strict=True)
    ]
    return _keep(work, study, Purpose.RISK, facts, rows, drawn)


def draw_missed(work: Work, study: Study, take: int, persons: pd.DataFrame, seed: Seed) -> SpecialDraw:
    """A 漏保 sample: of the persons on a list who receive nothing, with their own denominator.

    ``persons`` has the columns of ``lists.FIELDS``. Raises DESIGN_IMPOSSIBLE.
    """
    keys = [_key(work, number) for number in persons["id_number"]]
    candidates = persons.assign(person=keys, unit_id=[work.vault.pseudonym("missed", key) for key in keys])
    receiving = set(_frame(work, study.id)["person"]) - {""}
    left = int((~candidates["person"].isin(receiving)).sum())
    try:
        drawn = undercoverage_sample(
            candidates[["unit_id", "person"]],
            receiving,
            SampleDesign(take=max(1, min(take, left))),
            seed=seed,
            unit_id="unit_id",
            key="person",
        )
    except SamplingError as error:
        raise impossible(error) from error
    facts = {"of": left, "listed": len(candidates), "receiving": len(candidates) - left}
    homes = candidates.set_index("unit_id")
    rows = [_listed(homes.loc[unit]) for unit in drawn.sample["unit_id"]]
    return _keep(work, study, Purpose.UNDERCOVERAGE, facts, rows, drawn)


def draw_checks(work: Work, study: Study, share: float) -> SpecialDraw:
    """Of each interviewer's complete interviews a share, to be asked a second time; those drawn before stay.

    The seed is secret, or an interviewer would know which ones are looked at. Raises STATE_CONFLICT without interviews.
    """
    query = (
        sa.select(col(Case.sample_id), col(Person.name), col(Person.id))
        .join(Person, col(Person.id) == Case.interviewer_id)
        .where(col(Case.study_id) == study.id, col(Case.outcome_class) == "complete")
    )
    found = [(number, name, str(person)) for number, name, person in work.session.execute(query)]
    if not found:
        raise ZoufangError(Problem.STATE_CONFLICT, why=N_("no interview is complete yet"))
    table = pd.DataFrame(found, columns=["unit_id", "name", "interviewer"])
    last = next((draw for draw in draws_of(work, study.id) if draw.purpose == Purpose.BACKCHECK), None)
    before = _opened(work, last) if last else {"seed": secrets.token_hex(16), "rows": []}
    chosen = {row["number"] for row in before["rows"]} & set(table["unit_id"])
    try:
        drawn = draw_back_checks(table, share=share, seed=before["seed"], chosen=chosen)
    except SamplingError as error:
        raise impossible(error) from error
    names = dict(zip(table["interviewer"], table["name"], strict=True))
    rows = [
        {"number": number, "place": "", "name": "", "phones": "", "note": names[person]}
        for number, person in zip(drawn.sample["unit_id"], drawn.sample["interviewer"], strict=True)
    ]
    return _keep(work, study, Purpose.BACKCHECK, {"of": len(table)}, rows, drawn, seed=before["seed"])


def print_draw(work: Work, study: Study, draw_id: uuid.UUID) -> bytes:
    """The list as a PDF, names masked, without telephones; the reasons stand on it only when it is opened."""
    draw = _draw(work, study.id, draw_id)
    rows = [{**row, "name": mask_name(row["name"]), "phones": "", "note": ""} for row in _opened(work, draw)["rows"]]
    record(work, "special.print", "special_draw", draw.id, study_id=study.id, households=len(rows))
    return _pdf(work, study, draw, rows, opened=False)


def open_draw(work: Work, study: Study, draw_id: uuid.UUID, reason: str) -> bytes:
    """The list as a PDF with everything, for a reason that is recorded. Raises INVALID_FIELD without one."""
    if not reason.strip():
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Reason"), why=N_("it is empty"))
    draw = _draw(work, study.id, draw_id)
    rows = _opened(work, draw)["rows"]
    details = {"households": len(rows), "reason": reason.strip()}
    record(work, "special.open", "special_draw", draw.id, study_id=study.id, **details)
    return _pdf(work, study, draw, rows, opened=True)


def forget(work: Work, home: Household) -> None:
    """Blank a household on every list that it stands on; asked before the roster's own facts of it are erased."""
    facts = json.loads(cipher_of(work, home.study_id).open(home.id, home.personal))
    name, phones = str(facts.get("name") or ""), "、".join(map(str, facts.get("phones") or []))
    for draw in draws_of(work, home.study_id):
        opened = _opened(work, draw)
        listed = [row for row in opened["rows"] if name and (row["name"], row["phones"]) == (name, phones)]
        for row in listed:
            row.update(name="", phones="", note="")
        if listed:
            content = json.dumps(opened, ensure_ascii=False).encode()
            draw.sealed = cipher_of(work, home.study_id).seal(draw.id, content)
            work.session.add(draw)


def _frame(work: Work, study_id: uuid.UUID) -> pd.DataFrame:
    """The frame with what is compared (keyed, never the number itself) and what is printed."""
    cipher = cipher_of(work, study_id)
    query = select(Household).where(Household.study_id == study_id).execution_options(yield_per=2_000)
    rows = []
    for home in work.session.exec(query):
        facts = json.loads(cipher.open(home.id, home.personal))
        card = str(facts.get("card") or "")
        rows.append(
            {
                "unit_id": home.unit_id,
                "person": bytes(home.id_index).hex() if home.id_index else "",
                "phone": bytes(home.phone_index).hex() if home.phone_index else "",
                "card": work.vault.index("card", card).hex() if card else "",
                "born": str(facts.get("born") or ""),
                "place": " ".join(part for part in (home.county, home.town, home.village) if part),
                "name": str(facts.get("name") or ""),
                "phones": "、".join(map(str, facts.get("phones") or [])),
            }
        )
    return pd.DataFrame(rows, columns=["unit_id", "person", "phone", "card", "born", "place", "name", "phones"])


def _key(work: Work, number: str) -> str:
    return work.vault.index("id_number", number).hex()


def _repeated(keys: pd.Series) -> pd.Series:
    return (keys != "") & keys.duplicated(keep=False)


def _listed(person: pd.Series) -> dict[str, str]:
    place = " ".join(part for part in person[["county", "town", "village", "address"]] if part)
    return {"place": place, "name": person["name"], "phones": person["phone"], "note": ""}


def _keep(
    work: Work,
    study: Study,
    purpose: Purpose,
    facts: Mapping[str, Any],
    rows: Rows,
    drawn: SpecialSample,
    *,
    seed: str = "",
) -> SpecialDraw:
    numbered = [{"number": f"{LETTERS[purpose]}-{place:03d}", **row} for place, row in enumerate(rows, start=1)]
    draw = SpecialDraw(
        study_id=study.id,
        purpose=purpose.value,
        facts={**facts, "drawn": len(rows)},
        certificate=drawn.draw.certificate if drawn.draw else {},
        drawn_at=work.now,
    )
    content = json.dumps({"rows": numbered, "seed": seed}, ensure_ascii=False)
    draw.sealed = cipher_of(work, study.id).seal(draw.id, content.encode())
    work.session.add(draw)
    record(work, "special.draw", "study", study.id, study_id=study.id, purpose=purpose.value, households=len(rows))
    return draw


def _draw(work: Work, study_id: uuid.UUID, draw_id: uuid.UUID) -> SpecialDraw:
    draw = work.session.get(SpecialDraw, draw_id)
    if draw is None or draw.study_id != study_id:
        raise ZoufangError(Problem.NOT_FOUND)
    return draw


def _opened(work: Work, draw: SpecialDraw) -> dict[str, Any]:
    return json.loads(cipher_of(work, draw.study_id).open(draw.id, draw.sealed))


def _pdf(work: Work, study: Study, draw: SpecialDraw, rows: Rows, *, opened: bool) -> bytes:
    heads = [gettext(head) for head in (N_("Number"), N_("Place"), N_("Name"), N_("Telephone"), N_("Why"))]
    lines = [[row["number"], row["place"], row["name"], row["phones"], _why(row["note"]), "", ""] for row in rows]
    name = gettext(PURPOSES[Purpose(draw.purpose)])
    return typeset_lists(work, study, [*heads, gettext("Outcome"), ""], [(name, lines)], opened=opened)


def _why(note: str) -> str:
    """Reasons in words; anything else as it stands."""
    return "、".join(gettext(REASONS[part]) if part in REASONS else part for part in note.split("、"))
