"""A drawn sample without questionnaires: nothing here reads one."""

from __future__ import annotations

from survey_server.fieldwork.drawing import draw_cases
from survey_server.fieldwork.service import cases_of
from survey_server.studies.service import create_study
from survey_server.work import Services
from tests.support.studies import DrawnStudy, household

COUNTS = {("柳湾县", "1"): 8, ("柳湾县", "3"): 4}
TAKES = {("柳湾县", "1"): 6, ("柳湾县", "3"): 4}
RESERVES = {("柳湾县", "1"): 2, ("柳湾县", "3"): 0}


def drawn_sample(services: Services) -> DrawnStudy:
    """Ten of twelve households in five villages, and two reserves."""
    with services.write() as work:
        study = create_study(work, name="某区评价")
        places = [place for place, count in COUNTS.items() for _ in range(count)]
        work.session.add_all(household(work, study, number, *place) for number, place in enumerate(places, 1))
        work.session.flush()
        draw_cases(work, study, takes=TAKES, reserves=RESERVES, seed="2026")
        work.session.flush()
        return DrawnStudy(study, cases_of(work, study.id))
