"""A study whose frame is taken and whose sample is not drawn yet."""

from __future__ import annotations

import uuid
from collections.abc import Mapping

from survey_server.studies.models import Study
from survey_server.studies.service import create_study
from survey_server.work import Services, Work
from tests.support.studies import household

COUNTS = {("柳湾县", "1"): 60, ("柳湾县", "3"): 12}
CLIENT = "某区民政局"


def add_households(work: Work, study: Study, counts: Mapping[tuple[str, str], int]) -> None:
    """Invented households, each with the keyed index of an invented identity number, the same in every study."""
    number = 0
    for (county, category), count in counts.items():
        for _ in range(count):
            number += 1
            made = household(work, study, number, county, category)
            made.id_index = work.vault.index("id_number", f"99000019{number:010d}")
            made.unit_id = f"{study.id.hex[:6]}{number:05d}"
            work.session.add(made)
    work.session.flush()


def make_frame(
    services: Services, counts: Mapping[tuple[str, str], int] | None = None, name: str = "某区评价"
) -> uuid.UUID:
    """The id of a study with these households by (county, category)."""
    with services.write() as work:
        study = create_study(work, name=name, client=CLIENT, company="某评价公司", hotline="000-1234567")
        add_households(work, study, counts or COUNTS)
        return study.id
