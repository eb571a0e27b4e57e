"""Where villages were drawn first, neighbours are alike, and the interval says so."""

from __future__ import annotations

import pandas as pd
import pytest

from analysis import SurveyDesign
from sampling import SampleDesign, Seed, Stage
from survey_server.actors import Role
from survey_server.config import Settings
from survey_server.fieldwork.drawing import draw_cases_by
from survey_server.fieldwork.service import cases_of
from survey_server.results.service import Results
from survey_server.studies.forms import publish_shipped
from survey_server.studies.service import create_study
from survey_server.work import Services
from tests.support.installation import SteppingClock
from tests.support.studies import DrawnStudy, household, person
from tests.survey_server.results.conftest import Survey, visit

UNHAPPY = ("第1村", "第3村")


@pytest.fixture
def by_villages(sqlite_settings: Settings, clock: SteppingClock) -> Results:
    """Five villages of twelve households, of which four villages are drawn, and five households in each."""
    services = Services.open(sqlite_settings, clock)
    with services.write() as work:
        study = create_study(work, name="某区评价", client="某区民政局", company="某评价公司", hotline="000-1234567")
        publish_shipped(work, study)
        homes = [household(work, study, number, "甲县", "1") for number in range(60)]
        work.session.add_all(homes)
        work.session.flush()
        design = SampleDesign(take=5, stages=(Stage(take=4, method="srs"),))
        draw_cases_by(work, study, design, Seed("2026"), {})
        drawn = DrawnStudy(study, cases_of(work, study.id))
        villages = {home.id: home.village for home in homes}
    survey = Survey(services, drawn, person(services, Role.INTERVIEWER))
    for case in drawn.main:
        survey.hand_in(case, visit("1" if villages[case.household_id] in UNHAPPY else "5"))
    results = survey.results()
    services.database.dispose()
    return results


def test_the_interval_of_a_village_sample_is_that_of_its_villages(by_villages: Results) -> None:
    cases = by_villages.dataset.cases
    assert cases["cluster"].nunique() == 4
    assert len(cases) == 20
    satisfied = by_villages.dataset.answers["sat_overall"].isin(["5"]).astype(float)
    data = pd.DataFrame({**cases[["weight", "stratum", "cluster", "covered"]], "satisfied": satisfied})
    by_village = SurveyDesign(data, weight="weight", stratum="stratum", cluster="cluster").rates({"s": "satisfied"})
    as_if_alone = SurveyDesign(data, weight="weight", stratum="stratum", population="covered").rates({"s": "satisfied"})
    right, wrong = by_village.frame.iloc[0], as_if_alone.frame.iloc[0]
    headline = by_villages.satisfaction
    assert (float(headline.low), float(headline.high)) == (round(right["low"], 4), round(right["high"], 4))
    assert right["high"] - right["low"] > 1.5 * (wrong["high"] - wrong["low"])


def test_questions_beside_the_headline_have_the_same_interval(by_villages: Results) -> None:
    assert by_villages.questions is not None
    overall = by_villages.questions.scales[0]
    assert round(overall.low or 0, 4) == float(by_villages.satisfaction.low or 0)
