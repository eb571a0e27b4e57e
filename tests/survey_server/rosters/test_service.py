"""Files are kept sealed, read into staged units, and taken as the frame; on both databases."""

from __future__ import annotations

import json
import uuid
from dataclasses import replace

import pytest
from sqlmodel import func, select

from survey_server.actors import SYSTEM
from survey_server.audit.models import Event
from survey_server.demo.rosters import small_district
from survey_server.errors import Problem, ZoufangError
from survey_server.handlers import drain
from survey_server.privacy.service import cipher_of
from survey_server.rosters import service
from survey_server.rosters.models import Household, Import, ImportState, RosterFile, StagedUnit
from survey_server.rosters.prepare import Source
from survey_server.studies.service import create_study, lock_definitions, study_of
from survey_server.work import Services

HEADERS = "县,乡镇,户编号,姓名,身份证号,救助类别,联系电话,月发放金额,住址\n"
ZHANG = "柳湾县,青石镇,7,张德顺,11010519491231002X,农村低保,15400000001,860,石桥村3组\n"
LI = "柳湾县,青石镇,8,李春福,440524188001010014,农村低保,15400000002,300,石桥村4组\n"


def files(**texts):
    return [Source(f"{name}.csv", lambda text=text: (HEADERS + text).encode()) for name, text in texts.items()]


@pytest.fixture
def study_id(services: Services) -> uuid.UUID:
    with services.write() as work:
        return create_study(work, name="柳湾县2026").id


def frame(services, study_id):
    with services.read() as work:
        rows = work.session.exec(select(Household).where(Household.study_id == study_id)).all()
        cipher = cipher_of(work, study_id)
        return {
            json.loads(cipher.open(row.id, row.personal))["name"]: (row, json.loads(cipher.open(row.id, row.personal)))
            for row in rows
        }


def count(services, model):
    with services.read() as work:
        return work.session.exec(select(func.count()).select_from(model)).one()


def test_a_district_is_imported_with_one_call(services, study_id):
    sources = [Source(name, lambda data=data: data) for name, data in small_district().items()]
    told = []

    taken = service.import_files(services, study_id, sources, progress=lambda done, *_: told.append(done))

    assert taken.state == ImportState.TAKEN
    assert told == list(range(1, 9))
    with services.read() as work:
        counts = {row["category"]: (row["units"], row["persons"]) for row in service.frame_counts(work, study_id)}
    assert counts == {"1": (139, 166), "3": (7, 7), "4": (12, 12), "7": (21, 21), "14": (22, 22), "15": (12, 12)}
    assert count(services, StagedUnit) == 0


def test_personal_facts_are_sealed_and_the_full_id_number_is_not_kept(services, study_id):
    service.import_files(services, study_id, files(a=ZHANG))

    row, personal = frame(services, study_id)["张德顺"]
    assert personal == {
        "name": "张德顺",
        "phones": ["15400000001"],
        "address": "石桥村3组",
        "amount": 860,
        "id_tail": "002X",
        "card": "",
        "born": "1949-12-31",
    }
    assert (row.county, row.town, row.area, row.category, row.persons, row.monthly) == (
        *("柳湾县", "青石镇", "农村", "2", 1, True),
    )
    assert row.id_index == services.vault.index("id_number", "11010519491231002X")
    assert row.phone_index == services.vault.index("phone", "15400000001")
    stored = str(row.model_dump())
    assert "张德顺" not in stored
    assert "19491231" not in stored + row.unit_id
    assert row.sources == [["a.csv", "", 2, "2", "alone"]]


def test_coordinates_are_sealed_with_the_other_personal_facts(services, study_id):
    text = HEADERS.strip() + ",经度,纬度\n" + ZHANG.strip() + ",113.1,27.5\n" + LI.strip() + ",,\n"
    service.import_files(services, study_id, [Source("a.csv", text.encode)])

    found = frame(services, study_id)
    assert {name: (facts.get("lon"), facts.get("lat")) for name, (_, facts) in found.items()} == {
        "张德顺": (113.1, 27.5),
        "李春福": (None, None),
    }
    assert "113.1" not in str(found["张德顺"][0].model_dump())


def test_uploaded_files_are_sealed_among_the_blobs(services, study_id):
    service.upload(services, SYSTEM, study_id, files(a=ZHANG))

    [name] = services.blobs.names()
    assert "张德顺".encode() not in services.blobs.get(name)
    with services.read() as work:
        [file] = service.files_of(work, study_id)
        assert cipher_of(work, study_id).open(file.id, services.blobs.get(file.blob)) == (HEADERS + ZHANG).encode()


def test_the_worker_reads_what_was_uploaded_and_nothing_is_taken_by_itself(services, study_id):
    service.upload(services, SYSTEM, study_id, files(a=ZHANG, b=LI))
    with services.write() as work:
        service.start_import(work, study_of(work, study_id))

    assert drain(services) == 1
    assert drain(services) == 0
    with services.read() as work:
        read = service.latest_import(work, study_id)
        assert (read.state, read.done, read.total) == (ImportState.READ, 2, 2)
        assert read.report["units"] == 2
        assert read.report["counts"] == [
            {
                "county": "柳湾县",
                "category": "2",
                "category_name": "农村低保",
                "unit": "户",
                "units": 2,
                "persons": 2,
            }
        ]
    assert count(services, Household) == 0
    assert count(services, StagedUnit) == 2
    with services.write() as work:
        assert service.take_import(work, read.id) == 2
    assert set(frame(services, study_id)) == {"张德顺", "李春福"}


def test_the_same_bytes_under_another_name_are_noticed(services, study_id):
    service.upload(services, SYSTEM, study_id, files(a=ZHANG))

    uploaded = service.upload(services, SYSTEM, study_id, [*files(b=ZHANG), *files(c=LI), *files(d=LI)])

    assert uploaded.again == {"b.csv": "a.csv", "d.csv": "c.csv"}
    assert uploaded.added == ("c.csv",)
    assert count(services, RosterFile) == 2


def test_two_files_of_one_name_at_once_are_both_kept(services, study_id):
    service.import_files(services, study_id, [*files(a=ZHANG), *files(a=LI)])

    assert set(frame(services, study_id)) == {"张德顺", "李春福"}
    with services.read() as work:
        assert [file.name for file in service.files_of(work, study_id)] == ["a (2).csv", "a.csv"]


def test_a_mended_file_replaces_the_old_one_and_units_keep_their_ids(services, study_id):
    service.import_files(services, study_id, files(a=ZHANG + LI.replace("010014", "010015")))
    before = frame(services, study_id)
    assert set(before) == {"张德顺"}

    service.import_files(services, study_id, files(a=ZHANG.replace("860", "900") + LI))

    after = frame(services, study_id)
    assert set(after) == {"张德顺", "李春福"}
    assert after["张德顺"][0].id == before["张德顺"][0].id
    assert after["张德顺"][1]["amount"] == 900
    assert count(services, RosterFile) == 1
    assert len(services.blobs.names()) == 1


def test_a_file_that_is_taken_away_takes_its_units_with_it(services, study_id):
    service.import_files(services, study_id, files(a=ZHANG, b=LI))
    with services.write() as work:
        study = study_of(work, study_id)
        [_, second] = service.files_of(work, study_id)
        service.remove_file(work, study, second.id)

    service.import_files(services, study_id, [])

    assert set(frame(services, study_id)) == {"张德顺"}


def test_lists_that_come_later_are_merged_with_those_that_are_here(services, study_id):
    service.import_files(services, study_id, files(a=ZHANG))
    later = ZHANG.replace("农村低保", "重残护理补贴").replace(",7,", ",,").replace("860", "80")

    service.import_files(services, study_id, files(b=later))

    [(row, personal)] = frame(services, study_id).values()
    assert (row.category, row.categories, personal["amount"]) == ("2", ["2", "11"], 940)
    assert [source[0] for source in row.sources] == ["a.csv", "b.csv"]


def test_bad_rows_are_sealed_and_come_back_with_their_place(services, study_id):
    taken = service.import_files(services, study_id, files(a=ZHANG + LI.replace("010014", "010015")))

    with services.read() as work:
        table = service.problems_of(work, taken)
    assert table[["code", "severity", "file", "row"]].to_numpy().tolist() == [["id_check_digit", "error", "a.csv", 3]]
    assert b"id_check_digit" not in taken.problems
    assert taken.report["problems"] == [["error", "id_check_digit", 1]]
    assert "440524" not in json.dumps(taken.report)


def test_reading_again_after_a_crash_changes_nothing(services, study_id):
    service.upload(services, SYSTEM, study_id, files(a=ZHANG, b=LI))
    with services.write() as work:
        started = service.begin_import(work, study_of(work, study_id))
        started.state = ImportState.READING
    service.read_import(services, started.id)
    with services.write() as work:
        service.import_of(work, started.id).state = ImportState.READING

    service.read_import(services, started.id)

    assert count(services, StagedUnit) == 2


def test_a_later_import_replaces_the_one_before(services, study_id):
    service.upload(services, SYSTEM, study_id, files(a=ZHANG))
    with services.write() as work:
        first = service.begin_import(work, study_of(work, study_id))
    service.read_import(services, first.id)
    with services.write() as work:
        service.begin_import(work, study_of(work, study_id))

    assert count(services, StagedUnit) == 0
    with services.write() as work, pytest.raises(ZoufangError) as caught:
        service.take_import(work, first.id)
    assert caught.value.problem is Problem.STATE_CONFLICT


def test_an_import_that_cannot_be_finished_says_so_and_leaves_the_frame(services, study_id):
    service.import_files(services, study_id, files(a=ZHANG))
    [name] = services.blobs.names()
    services.blobs.delete(name)
    with services.write() as work:
        started = service.begin_import(work, study_of(work, study_id))

    with pytest.raises(FileNotFoundError):
        service.read_import(services, started.id)

    with services.read() as work:
        assert service.import_of(work, started.id).state == ImportState.FAILED
    assert set(frame(services, study_id)) == {"张德顺"}


def test_a_roster_from_which_a_sample_was_drawn_does_not_change(services, study_id):
    service.import_files(services, study_id, files(a=ZHANG))
    with services.write() as work:
        lock_definitions(work, study_of(work, study_id))

    with pytest.raises(ZoufangError) as caught:
        service.upload(services, SYSTEM, study_id, files(b=LI))

    assert caught.value.problem is Problem.STATE_CONFLICT
    assert set(frame(services, study_id)) == {"张德顺"}


def test_a_sample_that_is_drawn_while_files_are_read_keeps_its_frame(services, study_id):
    service.import_files(services, study_id, files(a=ZHANG))
    service.upload(services, SYSTEM, study_id, files(b=LI))
    with services.write() as work:
        started = service.begin_import(work, study_of(work, study_id))
        lock_definitions(work, study_of(work, study_id))
    service.read_import(services, started.id)

    with services.write() as work, pytest.raises(ZoufangError):
        service.take_import(work, started.id)
    assert set(frame(services, study_id)) == {"张德顺"}


def test_columns_are_remembered_for_the_study_and_constants_for_the_sheet(services, study_id):
    text = "甲,乙,号\n张德顺,11010519491231002X,7\n李春福,440524188001010014,8\n"
    odd = [Source("柳湾县.csv", ("名单\n" + text).encode)]
    service.upload(services, SYSTEM, study_id, odd)
    with services.write() as work:
        started = service.begin_import(work, study_of(work, study_id))
    service.read_import(services, started.id)
    with services.read() as work:
        assert service.import_of(work, started.id).report["units"] == 0

    headed = text.replace("甲,乙,号", "对象,身份证号,户主姓名")
    service.upload(services, SYSTEM, study_id, [Source("柳湾县.csv", headed.encode)])
    with services.write() as work:
        started = service.begin_import(work, study_of(work, study_id))
    service.read_import(services, started.id)
    with services.write() as work:
        report = service.import_of(work, started.id).report
        [fingerprint] = report["tables"]
        service.remember_columns(work, study_id, fingerprint, {"0": "name", "1": "id_number", "2": "household_no"})
        service.say_constants(work, study_id, "柳湾县.csv", "", {"category": "2", "county": "青石县"})

    taken = service.import_files(services, study_id, [])

    [row] = taken.report["counts"]
    assert (row["county"], row["category"], row["units"]) == ("青石县", "2", 2)


def test_a_correction_that_cannot_be_is_refused_in_words(services, study_id):
    with services.write() as work, pytest.raises(ZoufangError) as caught:
        service.remember_columns(work, study_id, "x", {"0": "name", "1": "name"})

    assert caught.value.problem is Problem.INVALID_FIELD


def test_what_a_study_decides_holds_for_its_rosters(services, study_id):
    with services.write() as work:
        study = study_of(work, study_id)
        study.definitions = {**study.definitions, "monthly": {"14": True}, "area_codes": {"柳湾县": "0827"}}
        rules = service.rules_of(work, study)

    assert rules == replace(rules, monthly={"14": True}, area_codes={"柳湾县": "0827"})
    assert rules.today == services.clock().date()


def test_files_are_destroyed_when_they_are_not_needed_any_more(services, study_id):
    service.import_files(services, study_id, files(a=ZHANG, b=LI))

    with services.write() as work:
        assert service.forget_files(work, study_id) == 2

    assert services.blobs.names() == []
    assert set(frame(services, study_id)) == {"张德顺", "李春福"}


def test_every_step_is_on_the_record_without_a_personal_word(services, study_id):
    service.import_files(services, study_id, files(a=ZHANG))

    with services.read() as work:
        events = work.session.exec(select(Event).where(Event.study_id == study_id)).all()
    actions = [event.action for event in events]
    assert [action for action in actions if action.startswith("roster")] == [
        "roster.upload",
        "roster.import",
        "roster.take",
    ]
    assert "张德顺" not in str([event.details for event in events])


def test_frames_of_two_studies_do_not_meet(services, study_id):
    with services.write() as work:
        other = create_study(work, name="另一次").id
    service.import_files(services, study_id, files(a=ZHANG))
    service.import_files(services, other, files(a=ZHANG + LI))

    service.import_files(services, study_id, files(a=ZHANG))

    assert (len(frame(services, study_id)), len(frame(services, other))) == (1, 2)
    mine, theirs = frame(services, study_id)["张德顺"][0], frame(services, other)["张德顺"][0]
    assert mine.unit_id != theirs.unit_id


def test_the_list_of_units_is_the_frame_without_personal_facts(services, study_id):
    service.import_files(services, study_id, files(a=ZHANG))

    with services.read() as work:
        [unit] = service.units_of(work, study_id)
    assert unit[1:] == ["户", "柳湾县", "青石镇", "", "农村", "2", "农村低保", "2", 1, None]
    assert count(services, Import) == 1
