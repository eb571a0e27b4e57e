"""A small study whose figures can be worked by hand."""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest
from lxml import etree

from survey_server.actors import Actor, Role
from survey_server.config import Settings
from survey_server.fieldwork.models import Case
from survey_server.results.service import Results, results_of
from survey_server.studies.models import Channel, Purpose
from survey_server.submissions.service import receive
from survey_server.work import Services
from tests.support.installation import SteppingClock, make_settings
from tests.support.studies import DrawnStudy, filled, make_study, person

LOW_INCOME = ("柳湾县", "1")
SPECIAL_CARE = ("柳湾县", "3")
OTHER_COUNTY = ("青溪县", "1")
AWARENESS = ("h1_type", "h2_std", "h3_duty", "h4_temp", "h5_hotline")
TELEPHONE_AWARENESS = ("t_aw_type", "t_aw_std", "t_aw_duty", "t_aw_temp", "t_aw_hotline")
HEARD = ("q4_heard", "q5_heard", "q6_heard", "q7_heard", "q8_heard")
SATISFACTION = ("i1_proc", "i2_open", "i3_pay", "i4_staff", "i5_level", "i6_all")
TELEPHONE_SATISFACTION = ("t_sat_process", "t_sat_open", "t_sat_pay", "t_sat_staff", "t_sat_level", "t_sat_overall")

ALONE = {"a1_visit_no": "1", "a2_contact": "1", "a4_partner": "F012", "a5_companion": "0", "a6_lang": "1"}
MET = ALONE | {"b1_who": "1", "b1_minor": "2", "a7_consent": "1", "a8_spi": "2", "k5_infl": "1"}
REACHED = {
    "t3_id": "1",
    "t4_who": "1",
    "t5_minor": "2",
    "t6_consent": "1",
    "t7_audio": "2",
    "t8_spi": "2",
    "t22_infl": "1",
}


def visit(satisfied: str = "5", aware: str = "11111", **more: str) -> dict[str, str]:
    """A complete visit: the overall satisfaction, the five codes of awareness, and what else differs."""
    answers = {
        **MET,
        **dict(zip(AWARENESS, _codes(aware), strict=True)),
        **dict.fromkeys(SATISFACTION, "4"),
        "i6_all": satisfied,
    }
    return answers | more


def call(satisfied: str = "5", aware: str = "11111", **more: str) -> dict[str, str]:
    """A complete telephone interview."""
    answers = {
        **REACHED,
        **dict(zip(TELEPHONE_AWARENESS, _codes(aware), strict=True)),
        **dict.fromkeys(TELEPHONE_SATISFACTION, "4"),
        "t_sat_overall": satisfied,
        "t22_infl": "1",
    }
    return answers | more


def self_completed(satisfied: str = "5", heard: str = "11111", **more: str) -> dict[str, str]:
    """A questionnaire that the household filled in: what they have heard of, code by code."""
    answers = {
        "s_mode": "1",
        "q0": "1",
        "q1_who": "1",
        "q2_age": "4",
        "q9": "1",
        "q16_seen": "2",
        **dict(zip(HEARD, _codes(heard), strict=True)),
        **dict.fromkeys(("q10", "q11", "q12", "q13", "q13_level"), "4"),
        "q14": satisfied,
        "q17_infl": "1",
    }
    return answers | more


def _codes(aware: str) -> list[str]:
    """``1239`` and so on: a 7 stands for 97, a 9 for 99."""
    return [{"7": "97", "9": "99"}.get(code, code) for code in aware]


PURPOSES = {Channel.PHONE: Purpose.PHONE, Channel.QR_HOUSEHOLD: Purpose.RECIPIENT}


def _correcting(xml: bytes, instance_id: str) -> bytes:
    """The instance with the deprecatedID of what it corrects."""
    root = etree.fromstring(xml)
    (given,) = root.iter("{*}instanceID")
    deprecated = etree.Element(given.tag.replace("instanceID", "deprecatedID"))
    deprecated.text = instance_id
    given.addnext(deprecated)
    return etree.tostring(root)


@dataclass(frozen=True)
class Survey:
    """A drawn study, its one interviewer, and the instanceID of the last record of each sample number."""

    services: Services
    drawn: DrawnStudy
    actor: Actor
    instances: dict[str, str] = field(default_factory=dict)

    def cases(self, stratum: tuple[str, str]) -> list[Case]:
        """The main cases of a stratum by their sample numbers."""
        return [case for case in self.drawn.main if (case.county, case.category) == stratum]

    def hand_in(
        self, case: Case, answers: Mapping[str, str], channel: Channel = Channel.VISIT, *, corrects: str = ""
    ) -> None:
        """Send one interview through the one door."""
        purpose = PURPOSES.get(channel, Purpose.VISIT)
        instance = filled(self.services, self.drawn.study, case, answers, purpose)
        xml = _correcting(instance.xml, corrects) if corrects else instance.xml
        receive(self.services, self.actor, self.drawn.study.id, xml, {}, channel=channel, case_id=case.id)
        self.instances[case.sample_id] = instance.instance_id

    def results(self) -> Results:
        """What the study says now."""
        with self.services.read() as work:
            return results_of(work, self.drawn.study.id)


def begin(services: Services, *, practice: bool = False) -> Survey:
    """40 and 20 households of which 8 and 5 are drawn, with 3 reserves each, and 12 persons of 12."""
    counts = {LOW_INCOME: 40, SPECIAL_CARE: 12, OTHER_COUNTY: 20}
    take = {LOW_INCOME: 8, SPECIAL_CARE: 12, OTHER_COUNTY: 5}
    drawn = make_study(services, counts, take=take, practice=practice)
    return Survey(services, drawn, person(services, Role.INTERVIEWER))


@pytest.fixture
def survey(sqlite_settings: Settings, clock: SteppingClock) -> Iterator[Survey]:
    """The study, with nobody asked yet."""
    services = Services.open(sqlite_settings, clock)
    yield begin(services)
    services.database.dispose()


@pytest.fixture
def answered(survey: Survey) -> Survey:
    """The study when its interviewer has been everywhere."""
    ask_everybody(survey)
    return survey


@pytest.fixture(scope="session")
def finished(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Survey]:
    """The study when its interviewer has been everywhere, for tests that change nothing in it."""
    folder = tmp_path_factory.mktemp("finished")
    shutil.copyfile(sqlite_template, folder / "zoufang.db")
    services = Services.open(make_settings(f"sqlite:///{folder / 'zoufang.db'}", folder), SteppingClock())
    survey = begin(services)
    ask_everybody(survey)
    yield survey
    services.database.dispose()


@pytest.fixture(scope="session")
def told(finished: Survey) -> Results:
    """What that study says."""
    return finished.results()


def ask_everybody(survey: Survey) -> None:
    """Low income: 8 asked, 6 satisfied. Special care: 12 asked, 11 satisfied. Other county: 4 of 5 asked, 2 satisfied.

    One of the other county refuses.
    """
    for case, satisfied in zip(survey.cases(LOW_INCOME), "55544432", strict=True):
        survey.hand_in(case, visit(satisfied, aware="11123" if satisfied == "5" else "12311"))
    for case, satisfied in zip(survey.cases(SPECIAL_CARE), "555555544443", strict=True):
        survey.hand_in(case, visit(satisfied))
    for case, satisfied in zip(survey.cases(OTHER_COUNTY), "5431", strict=False):
        survey.hand_in(case, visit(satisfied, aware="33333"))
    survey.hand_in(survey.cases(OTHER_COUNTY)[4], {**visit(), "a7_consent": "2"})
