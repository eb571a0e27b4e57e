"""The map of villages: where dots stand, how long a kilometre is, and the sheets that it is printed on."""

from __future__ import annotations

import json
import math
import re

import pytest
from defusedxml.ElementTree import fromstring
from sqlmodel import select

from survey_server.actors import SYSTEM
from survey_server.fieldwork import tasks
from survey_server.fieldwork.village_map import HEIGHT, MARGIN, WIDTH, Village, bar_length, lay_out, village_map
from survey_server.privacy.service import cipher_of
from survey_server.rosters.models import Household
from survey_server.work import Services
from tests.survey_server.fieldwork.a_sample import drawn_sample

HOME = Village("柳湾村", 3, 113.0, 27.0)


def km(one: Village, other: Village) -> float:
    """The distance on a sphere of 6371 km: the haversine formula (Sinnott 1984)."""
    a, b, c, d = (math.radians(degrees) for degrees in (one.lat, other.lat, one.lon, other.lon))
    half = math.sin((b - a) / 2) ** 2 + math.cos(a) * math.cos(b) * math.sin((d - c) / 2) ** 2
    return 2 * 6371.0088 * math.asin(math.sqrt(half))


@pytest.mark.parametrize(("lon", "lat"), [(113.1, 27.0), (113.0, 27.1), (113.07, 27.06), (112.9, 26.95)])
def test_distances_on_the_drawing_are_those_on_the_ground(lon: float, lat: float) -> None:
    other = Village("石桥村", 1, lon, lat)
    layout = lay_out([HOME, other])
    first, second = layout.spots
    drawn = math.hypot(second.x - first.x, second.y - first.y) / layout.scale
    assert drawn == pytest.approx(km(HOME, other), rel=1e-3)


def test_north_is_up_and_east_is_right_and_all_stand_on_the_sheet() -> None:
    layout = lay_out([HOME, Village("北", 1, 113.0, 27.2), Village("东", 1, 113.3, 27.1)])
    home, north, east = layout.spots
    assert north.y < east.y < home.y
    assert north.x == home.x < east.x
    for spot in layout.spots:
        assert MARGIN - 1e-9 <= spot.x <= WIDTH - MARGIN + 1e-9
        assert MARGIN - 1e-9 <= spot.y <= HEIGHT - MARGIN + 1e-9


def test_a_degree_of_longitude_is_shorter_than_one_of_latitude_by_the_cosine() -> None:
    layout = lay_out([Village("甲", 1, 113.0, 59.99), Village("乙", 1, 113.2, 60.01)])
    west, east = layout.spots
    across, up = (east.x - west.x) / 0.2, (west.y - east.y) / 0.02
    assert across / up == pytest.approx(0.5, abs=1e-6)


def test_one_village_stands_in_the_middle() -> None:
    (spot,) = lay_out([HOME]).spots
    assert (spot.x, spot.y) == (WIDTH / 2, HEIGHT / 2)


@pytest.mark.parametrize(("scale", "length"), [(19.2, 10), (1.0, 100), (192.0, 1), (95.9, 2), (40.0, 2), (38.4, 5)])
def test_the_scale_bar_is_a_round_number_of_kilometres(scale: float, length: float) -> None:
    assert bar_length(scale) == length


def test_the_bar_is_drawn_as_long_as_it_says() -> None:
    villages = [HOME, Village("石桥村", 2, 113.11, 27.04)]
    drawn = village_map(villages, "北")
    left, right = re.search(r'class="bar" d="M([\d.]+) [\d.]+V[\d.]+H([\d.]+)V', drawn).groups()
    said = float(re.search(r">([\d.]+) km<", drawn)[1])
    assert (float(right) - float(left)) / said == pytest.approx(lay_out(villages).scale, rel=1e-3)


def test_names_are_text_and_not_markup() -> None:
    root = fromstring(village_map([Village("<b>&", 7, 113.0, 27.0)], "北"))
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert "<b>& 7" in texts
    assert "北" in texts


def test_a_map_of_nothing_is_refused() -> None:
    with pytest.raises(ValueError, match="needs a village"):
        lay_out([])


def place(services: Services, coordinates: dict[str, tuple[float, float]]) -> None:
    """Give households of these villages coordinates."""
    with services.write(SYSTEM) as work:
        for home in work.session.exec(select(Household)).all():
            if home.village in coordinates:
                cipher = cipher_of(work, home.study_id)
                facts = json.loads(cipher.open(home.id, home.personal))
                facts["lon"], facts["lat"] = coordinates[home.village]
                home.personal = cipher.seal(home.id, json.dumps(facts).encode())
                work.session.add(home)


@pytest.fixture
def typeset(monkeypatch: pytest.MonkeyPatch) -> list[dict]:
    """What was given to the typesetter, which still typesets."""
    seen: list[dict] = []
    real = tasks.typeset

    def watched(template, data):
        seen.append(data)
        return real(template, data)

    monkeypatch.setattr(tasks, "typeset", watched)
    return seen


def test_each_interviewers_list_begins_with_the_map_of_its_villages(services: Services, typeset: list[dict]) -> None:
    study = drawn_sample(services).study
    place(services, {"第1村": (113.0, 27.0), "第2村": (113.05, 27.02)})
    with services.write(SYSTEM) as work:
        pdf = tasks.task_lists(work, study, by="interviewer")
        counts = {line.village: line.open for line in tasks.villages(work, study.id)}
    assert pdf.startswith(b"%PDF-")
    (drawn,) = [item["map"] for item in typeset[0]["lists"]]
    assert re.findall(r">(第\d村 \d+)<", drawn) == sorted(
        [f"第1村 {counts['第1村']}", f"第2村 {counts['第2村']}"], key=lambda text: -int(text.split()[1])
    )
    assert "甲" not in drawn


def test_lists_by_village_have_one_map_for_a_town(services: Services, typeset: list[dict]) -> None:
    study = drawn_sample(services).study
    place(services, {"第1村": (113.0, 27.0), "第2村": (113.05, 27.02)})
    with services.write(SYSTEM) as work:
        tasks.open_task_lists(work, study, "入户带路", by="village")
    maps = [item["map"] for item in typeset[0]["lists"]]
    assert [bool(drawn) for drawn in maps] == [True, *[False] * (len(maps) - 1)]
    assert len(maps) > 2


def test_a_village_stands_at_the_mean_of_its_households_to_a_hundred_metres(services: Services) -> None:
    study = drawn_sample(services).study
    with services.write(SYSTEM) as work:
        homes = work.session.exec(select(Household).where(Household.village == "第1村")).all()
        cipher = cipher_of(work, study.id)
        for number, home in enumerate(homes):
            facts = json.loads(cipher.open(home.id, home.personal)) | {"lon": 113.00004 + number / 10, "lat": 27}
            home.personal = cipher.seal(home.id, json.dumps(facts).encode())
        lists = tasks._lists(work, study, "village", None)
        (facts,) = [facts for name, facts in lists if "第1村" in name]
        lons = [fact.personal["lon"] for fact in facts]
        found = tasks._village_on_map(facts)
    assert len(lons) > 1
    assert found == Village("第1村", len(lons), round(sum(lons) / len(lons), 3), 27.0)


def test_without_coordinates_there_is_no_map(services: Services, typeset: list[dict]) -> None:
    study = drawn_sample(services).study
    with services.write(SYSTEM) as work:
        assert tasks.task_lists(work, study, by="village").startswith(b"%PDF-")
    assert {item["map"] for item in typeset[0]["lists"]} == {""}
