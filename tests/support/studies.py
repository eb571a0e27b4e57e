"""A small study with invented households, made through the services as the pages make it."""

from __future__ import annotations

import json
import uuid
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from mobile_forms.answers import Filled
from survey_server.accounts.people import grant
from survey_server.accounts.service import create_person
from survey_server.actors import Actor, Grant, Role, reach_of
from survey_server.fieldwork.drawing import draw_cases
from survey_server.fieldwork.models import Case
from survey_server.fieldwork.service import cases_of, facts_of
from survey_server.privacy.service import cipher_of
from survey_server.rosters.models import Household
from survey_server.studies.forms import current_form, publish_shipped, rules_of
from survey_server.studies.models import Purpose, Study
from survey_server.studies.service import create_study
from survey_server.work import Services, Work

PASSWORD = "a long password"
OWNER = Actor("system", roles=frozenset({Role.OWNER}))

REFUSED_AT_THE_DOOR = {
    "a1_visit_no": "1",
    "a2_contact": "1",
    "a4_partner": "F012",
    "a5_companion": "0",
    "a6_lang": "1",
    "b1_who": "1",
    "b1_minor": "2",
    "a7_consent": "2",
}
NOBODY_HOME = {"a1_visit_no": "1", "a2_contact": "3", "a2_note": "门锁着", "a4_partner": "F012"}


def person(services: Services, *roles: Role, username: str = "", parts: Sequence[Grant] = ()) -> Actor:
    """A person with these roles who was granted these parts, as who they act."""
    username = username or "-".join(roles)
    with services.write(OWNER) as work:
        made = create_person(work, username=username, name=username, password=PASSWORD, roles=roles, staff_no="K01")
        for part in parts:
            grant(work, made.id, part)
    granted = frozenset(roles)
    return Actor("person", made.id, made.name, made.staff_no, granted, reach=reach_of(granted, tuple(parts)))


def household(work: Work, study: Study, number: int, county: str, category: str) -> Household:
    """An invented household with a sealed name and an invented number."""
    made = Household(
        study_id=study.id,
        unit_id=f"u{number:05d}",
        unit="户",
        county=county,
        town="青石镇",
        village=f"第{number % 5}村",
        area="城镇",
        category=category,
        category_name={"1": "城市低保", "3": "特困人员（分散供养）"}.get(category, category),
        persons=1,
        family=3,
        monthly=True,
        standard=728,
        standard_year=2023,
        personal=b"",
        phone_index=work.vault.index("phone", f"190000{number:05d}"),
    )
    facts = {"name": f"甲{number}", "phones": [f"190000{number:05d}"], "address": f"某路{number}号", "amount": 728}
    made.personal = cipher_of(work, study.id).seal(made.id, json.dumps(facts).encode())
    return made


@dataclass(frozen=True)
class DrawnStudy:
    """A study whose sample is drawn."""

    study: Study
    cases: Sequence[Case]

    @property
    def main(self) -> list[Case]:
        """The cases of the main sample."""
        return [case for case in self.cases if case.role == "main"]


def make_study(
    services: Services,
    counts: Mapping[tuple[str, str], int],
    *,
    take: Mapping[tuple[str, str], int] | None = None,
    reserve: int = 0,
    practice: bool = False,
    seed: str = "2026",
) -> DrawnStudy:
    """A study with ``counts`` households by (county, category), drawn; by default everybody."""
    with services.write() as work:
        study = create_study(
            work, name="某区评价", client="某区民政局", company="某评价公司", hotline="000-1234567", practice=practice
        )
        publish_shipped(work, study)
        number = 0
        for (county, category), count in counts.items():
            for _ in range(count):
                number += 1
                work.session.add(household(work, study, number, county, category))
        work.session.flush()
        draw_cases(work, study, takes=take or counts, reserves=dict.fromkeys(counts, reserve), seed=seed)
        work.session.flush()
        return DrawnStudy(study, cases_of(work, study.id))


def filled(
    services: Services, study: Study, case: Case, answers: Mapping[str, str], purpose: Purpose = Purpose.VISIT
) -> Filled:
    """Answers worked through the study's form for this household, as a phone does it."""
    with services.read() as work:
        form = current_form(work, study.id, purpose)
        assert form is not None
        item = facts_of(work, study.id, [case.id])[0].as_item()
    given = {"household": case.sample_id, **answers}
    return rules_of(form).fill(given, {"households.csv": [item]}, instance_id=f"uuid:{uuid.uuid4()}")
