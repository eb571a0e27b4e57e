"""Last days, quotas, cancelled codes, and codes that are typed."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient
from sqlmodel import select

from survey_server.actors import Role
from survey_server.audit.models import Event
from survey_server.errors import Problem, ZoufangError
from survey_server.public import terms
from survey_server.public.codes import Kind, printed
from survey_server.public.subjects import token_of
from survey_server.public.typed import SIGNS, check_sign, spaced, typed_code
from survey_server.studies.models import Study
from survey_server.studies.service import places, study_of
from tests.support.installation import SteppingClock
from tests.support.studies import PASSWORD, person
from tests.survey_server.public.walking import PUBLIC_ANSWERS, RECIPIENT, Installed, open_page, walk

SAME = {"Sec-Fetch-Site": "same-origin"}


def study_id(installed: Installed):
    return installed.drawn.study.id


def set_terms(installed: Installed, closes_on: str = "", quota: str = "") -> None:
    with installed.services.write() as work:
        terms.set_terms(work, study_id(installed), closes_on, quota)


def test_after_the_last_day_a_code_says_so_kindly(installed: Installed, clock: SteppingClock) -> None:
    visitor, token = installed.app.test_client(), installed.case_token()
    day = terms_today(installed)
    set_terms(installed, closes_on=day)
    assert visitor.get(f"/q/{token}").status_code == 200

    clock.advance(days=1)
    answer = visitor.get(f"/q/{token}")

    assert answer.status_code == 410
    assert f"这次调查已经结束，最后一天是 {day}。" in answer.get_data(as_text=True)


def terms_today(installed: Installed) -> str:
    with installed.services.read() as work:
        return terms.today(work).isoformat()


def test_who_began_before_the_end_may_finish_but_not_the_next_day(
    visitor: FlaskClient, on_sqlite: Installed, clock: SteppingClock
) -> None:
    token = on_sqlite.case_token()
    page = open_page(visitor, token)
    set_terms(on_sqlite, closes_on="2020-01-01")

    given = {"state": page.state, "q.q0": "1", "next": "1"}
    assert visitor.post(f"/q/{token}", data=given).status_code == 200
    clock.advance(seconds=terms.GRACE.total_seconds())
    assert visitor.post(f"/q/{token}", data=given).status_code == 410


def test_a_household_that_has_answered_is_thanked_after_the_end_too(visitor: FlaskClient, on_sqlite: Installed) -> None:
    walk(visitor, on_sqlite.case_token(), RECIPIENT)
    set_terms(on_sqlite, closes_on="2020-01-01")

    assert "每户只填一次" in visitor.get(f"/q/{on_sqlite.case_token()}").get_data(as_text=True)


def test_a_full_place_says_so_and_another_is_open(installed: Installed) -> None:
    visitor = installed.app.test_client()
    first, second = installed.place_token(), installed.place_token()
    with installed.services.write() as work:
        place = places(work, study_id(installed))[0]
        terms.set_place_terms(work, study_id(installed), place.id, "", "2")
    walk(visitor, first, PUBLIC_ANSWERS)
    assert visitor.get(f"/q/{first}").status_code == 200
    walk(visitor, first, PUBLIC_ANSWERS)

    full = visitor.get(f"/q/{first}")

    assert full.status_code == 410
    assert "这里的名额已经满了。" in full.get_data(as_text=True)
    assert visitor.get(f"/q/{second}").status_code == 200
    assert visitor.get(f"/q/{installed.case_token()}").status_code == 200


def test_the_quota_of_the_study_counts_all_codes_together(visitor: FlaskClient, on_sqlite: Installed) -> None:
    set_terms(on_sqlite, quota="2")
    walk(visitor, on_sqlite.case_token(0), RECIPIENT)
    walk(visitor, on_sqlite.place_token(), PUBLIC_ANSWERS)

    assert visitor.get(f"/q/{on_sqlite.case_token(1)}").status_code == 410


@pytest.mark.parametrize(("closes_on", "quota"), [("morgen", ""), ("", "0"), ("", "-3"), ("", "many"), ("", "1.5")])
def test_terms_that_are_none_are_refused(on_sqlite: Installed, closes_on: str, quota: str) -> None:
    with pytest.raises(ZoufangError) as caught:
        set_terms(on_sqlite, closes_on, quota)

    assert caught.value.problem is Problem.INVALID_FIELD


def test_one_code_is_cancelled_and_opens_again(installed: Installed) -> None:
    visitor, number = installed.app.test_client(), installed.drawn.main[0].sample_id
    with installed.services.write() as work:
        terms.revoke(work, study_id(installed), number.lower())

    cancelled = visitor.get(f"/q/{installed.case_token(0)}")
    assert cancelled.status_code == 410
    assert "这个码已经作废。" in cancelled.get_data(as_text=True)
    assert visitor.get(f"/q/{installed.case_token(1)}").status_code == 200

    with installed.services.write() as work:
        (one,) = terms.revoked_codes(work, study_id(installed))
        assert one.number == number
        terms.restore(work, study_id(installed), one.code.id)
    assert visitor.get(f"/q/{installed.case_token(0)}").status_code == 200


def test_who_has_begun_cannot_go_on_with_a_cancelled_code(visitor: FlaskClient, on_sqlite: Installed) -> None:
    token = on_sqlite.place_token()
    page = open_page(visitor, token)
    with on_sqlite.services.write() as work:
        terms.revoke(work, study_id(on_sqlite), "P-01")

    assert visitor.post(f"/q/{token}", data={"state": page.state, "next": "1"}).status_code == 410


def test_all_codes_are_cancelled_at_once(installed: Installed) -> None:
    visitor, place = installed.app.test_client(), installed.place_token()
    with installed.services.write() as work:
        assert terms.revoke_all(work, study_id(installed)) == len(installed.drawn.main) + 1

    for token in (place, *(installed.case_token(number) for number in range(len(installed.drawn.main)))):
        assert visitor.get(f"/q/{token}").status_code == 410


def test_a_number_that_nobody_has_cannot_be_cancelled(on_sqlite: Installed) -> None:
    reserve = next(case for case in on_sqlite.drawn.cases if case.released_at is None)

    for number in ("A-9999", reserve.sample_id, ""):
        with pytest.raises(ZoufangError), on_sqlite.services.write() as work:
            terms.revoke(work, study_id(on_sqlite), number)


def test_a_closed_study_changes_no_terms(on_sqlite: Installed, clock: SteppingClock) -> None:
    with on_sqlite.services.write() as work:
        work.session.get_one(Study, study_id(on_sqlite)).closed_at = clock()

    for change in (
        lambda work: terms.set_terms(work, study_id(on_sqlite), "", "3"),
        lambda work: terms.revoke_all(work, study_id(on_sqlite)),
        lambda work: terms.set_letter(work, study_id(on_sqlite), "x"),
    ):
        with pytest.raises(ZoufangError) as caught, on_sqlite.services.write() as work:
            change(work)
        assert caught.value.problem is Problem.STUDY_CLOSED


def test_the_code_beside_a_label_is_typed_and_opens_the_questionnaire(installed: Installed) -> None:
    visitor, case = installed.app.test_client(), installed.drawn.main[0]
    with installed.services.write() as work:
        terms.keep_codes(work, study_of(work, study_id(installed)))
    signs = typed_code(installed.services.vault, case.id)

    assert visitor.get("/q/").status_code == 200
    answer = visitor.post("/q/", data={"typed": spaced(signs).lower()})

    assert (answer.status_code, answer.headers["Location"]) == (303, f"/q/{installed.case_token(0)}")


def test_a_wrong_typed_code_is_said_beside_its_field_and_many_make_the_device_wait(
    visitor: FlaskClient, on_sqlite: Installed
) -> None:
    visitor.get("/q/")
    made_up = SIGNS[:9] + check_sign(SIGNS[:9])

    for typed in ("", "x", "ACDEF-34679", made_up):
        wrong = visitor.post("/q/", data={"typed": typed})
        assert wrong.status_code == 404
        assert 'aria-invalid="true"' in wrong.get_data(as_text=True)
    statuses = [visitor.post("/q/", data={"typed": made_up}).status_code for _ in range(70)]
    assert statuses[-1] == 429

    neighbour = on_sqlite.app.test_client()
    neighbour.get("/q/")
    assert neighbour.post("/q/", data={"typed": made_up}).status_code == 404


def test_the_office_sets_terms_cancels_and_restores_on_one_page(on_sqlite: Installed) -> None:
    person(on_sqlite.services, Role.EVALUATOR, username="evaluator")
    office = on_sqlite.app.test_client()
    office.post("/sign-in", data={"username": "evaluator", "password": PASSWORD})
    on_sqlite.place_token()
    home = f"/studies/{study_id(on_sqlite)}/codes"
    with on_sqlite.services.read() as work:
        place = places(work, study_id(on_sqlite))[0]

    for path, given in (
        ("terms", {"closes_on": "2031-09-30", "quota": "500"}),
        ("terms", {"place": str(place.id), "closes_on": "2031-08-31", "quota": "77"}),
        ("revoke", {"number": on_sqlite.drawn.main[0].sample_id}),
        ("letter", {"letter": "各位乡亲"}),
    ):
        assert office.post(f"{home}/{path}", data=given, headers=SAME).status_code == 303
    page = office.get(home).get_data(as_text=True)
    for shown in ("2031-09-30", "500", "2031-08-31", "77", "各位乡亲", ">恢复<"):
        assert shown in page
    with on_sqlite.services.read() as work:
        (one,) = terms.revoked_codes(work, study_id(on_sqlite))
        actions = set(work.session.exec(select(Event.action)).all())
    assert {"codes.terms", "codes.revoke", "codes.letter"} <= actions
    office.post(f"{home}/restore", data={"code": str(one.code.id)}, headers=SAME)
    assert ">恢复<" not in office.get(home).get_data(as_text=True)
    office.post(f"{home}/revoke", data={"which": "all"}, headers=SAME)
    assert on_sqlite.app.test_client().get(f"/q/{on_sqlite.case_token(1)}").status_code == 410


def test_a_household_whose_code_was_cancelled_gets_another_and_the_old_stays_dead(installed: Installed) -> None:
    """Scanned and typed, first and second replacement."""
    visitor, case, dead = installed.app.test_client(), installed.drawn.main[0], [installed.case_token()]
    typed = [typed_code(installed.services.vault, case.id)]
    for _ in range(2):
        with installed.services.write() as work:
            terms.revoke(work, study_id(installed), case.sample_id)
        with installed.services.write() as work:
            (old,) = terms.revoked_codes(work, study_id(installed))
            assert terms.replace(work, study_id(installed), old.code.id) == case.sample_id
        with installed.services.read() as work:
            code = terms.replacements(work, study_id(installed))[case.id]
            token = token_of(work.vault, code)
            assert token not in dead
            assert terms.token_of_typed(work, code.typed) == token
            with pytest.raises(ZoufangError) as refused:
                terms.token_of_typed(work, typed[-1])
            assert refused.value.problem is Problem.CODE_UNKNOWN
        assert visitor.get(f"/q/{token}").status_code == 200
        assert {visitor.get(f"/q/{one}").status_code for one in dead} == {410}
        dead.append(token)
        typed.append(code.typed)


def test_a_code_that_opens_is_not_replaced(on_sqlite: Installed) -> None:
    with on_sqlite.services.write() as work:
        terms.keep_codes(work, study_of(work, study_id(on_sqlite)))
        work.session.flush()
        code = terms.codes_of(work, study_id(on_sqlite))[on_sqlite.drawn.main[0].id]
        with pytest.raises(ZoufangError) as refused:
            terms.replace(work, study_id(on_sqlite), code.id)
    assert refused.value.problem is Problem.NOT_FOUND


def test_a_replaced_code_is_printed_alone(on_sqlite: Installed) -> None:
    case = on_sqlite.drawn.main[0]
    with on_sqlite.services.write() as work:
        terms.revoke(work, study_id(on_sqlite), case.sample_id)
        (old,) = terms.revoked_codes(work, study_id(on_sqlite))
        terms.replace(work, study_id(on_sqlite), old.code.id)
    with on_sqlite.services.read() as work:
        code = terms.replacements(work, study_id(on_sqlite))[case.id]
        found = printed(work, study_of(work, study_id(on_sqlite)), Kind.LABELS, number=case.sample_id)
    (paper,) = found.papers
    assert (paper.number, paper.typed) == (case.sample_id, spaced(code.typed))
