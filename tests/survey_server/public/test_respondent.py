"""The pages that a respondent sees, through Flask's client: no browser, no script."""

from __future__ import annotations

import base64
import gzip
import hashlib
import re
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from flask.testing import FlaskClient
from lxml import html

import survey_server.public
from survey_server.public.subjects import CASE
from survey_server.studies.forms import current_form, publish_shipped
from survey_server.studies.models import Purpose
from survey_server.studies.service import change_settings, study_of
from tests.support.installation import SteppingClock
from tests.survey_server.public.walking import (
    PUBLIC_ANSWERS,
    RECIPIENT,
    TRAINING_ANSWERS,
    Installed,
    open_page,
    page_with,
    press,
    walk,
)

STYLE = Path(survey_server.public.__file__).parent / "static" / "public.css"


def test_a_household_answers_page_by_page_and_is_thanked_with_its_number(installed: Installed) -> None:
    visitor, token, case = installed.app.test_client(), installed.case_token(), installed.drawn.main[0]

    pages, last = walk(visitor, token, RECIPIENT)
    thanks = visitor.get(last.headers["Location"]).get_data(as_text=True)

    assert [name for page in pages for name in page.asks] == [
        "q0", "q1_who", "q2_age", "q3_sex", "q4_heard", "q5_heard", "q6_heard", "q7_heard", "q8_heard", "q9",
        "q10", "q11", "q12", "q13", "q13_level", "q14", "q14_why", "q15", "q16_seen",
    ]  # fmt: skip
    assert case.sample_id in thanks
    assert "谢谢您" in thanks
    (row,) = installed.submissions()
    assert (row.channel, row.case_id, row.outcome, row.headline) == ("qr_household", case.id, "S1", True)
    assert (row.person_id, row.device_id) == (None, None)
    values = installed.values(row)
    assert {name: values[name] for name in ("q9", "q14", "q15")} == {"q9": "1 9", "q14": "4", "q15": RECIPIENT["q15"]}


def test_a_visitor_answers_at_a_place_and_gets_a_receipt(installed: Installed) -> None:
    visitor, token = installed.app.test_client(), installed.place_token()

    _, last = walk(visitor, token, PUBLIC_ANSWERS)
    thanks = visitor.get(last.headers["Location"])

    assert last.headers["Location"].rsplit("/", 1)[1] in thanks.get_data(as_text=True)
    (row,) = installed.submissions()
    assert (row.channel, row.case_id, row.flags) == ("qr_place", None, [])
    assert installed.values(row)["z12"] == "13800000000"


def test_a_trainee_rates_the_training(visitor: FlaskClient, on_sqlite: Installed) -> None:
    walk(visitor, on_sqlite.place_token(Purpose.TRAINING), TRAINING_ANSWERS)

    (row,) = on_sqlite.submissions()
    assert on_sqlite.values(row)["session"] == "S-01"


def test_many_visitors_answer_at_one_place(visitor: FlaskClient, on_sqlite: Installed) -> None:
    token = on_sqlite.place_token()

    addresses = {walk(visitor, token, PUBLIC_ANSWERS)[1].headers["Location"] for _ in range(3)}

    assert len(addresses) == len(on_sqlite.submissions()) == 3


def test_the_household_the_mode_and_the_interviewers_part_are_never_asked(
    visitor: FlaskClient, on_sqlite: Installed
) -> None:
    pages, _ = walk(visitor, on_sqlite.case_token(), RECIPIENT)

    assert not {"household", "s_mode", "q4", "stop_why", "q17_infl"} & {name for page in pages for name in page.asks}
    (row,) = on_sqlite.submissions()
    assert on_sqlite.values(row)["s_mode"] == "1"


def test_no_page_shows_name_address_category_or_amount(visitor: FlaskClient, on_sqlite: Installed) -> None:
    pages, last = walk(visitor, on_sqlite.case_token(), RECIPIENT)
    shown = [page.source for page in pages] + [visitor.get(last.headers["Location"]).get_data(as_text=True)]

    (row,) = on_sqlite.submissions()
    values = on_sqlite.values(row)
    assert (values["p_amount"], values["p_category_name"], values["p_category"]) == ("", "", "1")
    for secret in ("甲1", "某路", "城市低保", "728", "青石镇"):
        assert not any(secret in page for page in shown)


def test_what_was_answered_travels_sealed(visitor: FlaskClient, on_sqlite: Installed) -> None:
    pages, _ = walk(visitor, on_sqlite.place_token(), PUBLIC_ANSWERS | {"z9": "服务很周到"})

    assert not any("服务很周到" in page.source for page in pages)
    assert "z9" not in pages[-1].asks


def test_what_is_missing_is_said_beside_its_question_and_the_rest_is_kept(
    visitor: FlaskClient, on_sqlite: Installed
) -> None:
    token = on_sqlite.case_token()
    page = page_with(visitor, token, RECIPIENT, "q1_who")

    again = press(visitor, token, page, {"q1_who": "2"})

    assert again.asks == page.asks
    assert list(again.errors) == ["q2_age"]
    assert again.chosen == ["2"]
    assert on_sqlite.submissions() == []


def test_a_wrong_number_is_refused_in_the_forms_own_words(visitor: FlaskClient, on_sqlite: Installed) -> None:
    token = on_sqlite.place_token()
    page = page_with(visitor, token, PUBLIC_ANSWERS, "z12")

    again = press(visitor, token, page, {"z12": "12"})

    assert again.errors == {"z12": "请填11位手机号，或带区号的固定电话"}
    assert again.tree.xpath("//input[@name='q.z12']/@value") == ["12"]
    assert again.tree.xpath("//input[@name='q.z12']/@inputmode") == ["tel"]


def test_answers_that_exclude_each_other_are_refused(visitor: FlaskClient, on_sqlite: Installed) -> None:
    token = on_sqlite.case_token()
    page = page_with(visitor, token, RECIPIENT, "q9")

    again = press(visitor, token, page, {"q9": ["0", "1"]})

    assert "不能和其他选项同时选" in again.errors["q9"]
    assert sorted(again.chosen) == ["0", "1"]


def test_an_answer_that_is_not_on_the_list_is_refused(visitor: FlaskClient, on_sqlite: Installed) -> None:
    token = on_sqlite.case_token()
    page = page_with(visitor, token, RECIPIENT, "q10")

    again = press(visitor, token, page, RECIPIENT | {"q10": "7"})

    assert list(again.errors) == ["q10"]


def test_back_shows_what_was_chosen_and_keeps_what_comes_after(visitor: FlaskClient, on_sqlite: Installed) -> None:
    token = on_sqlite.case_token()
    page = page_with(visitor, token, RECIPIENT, "q10")

    before = press(visitor, token, page, RECIPIENT, "back")
    again = press(visitor, token, before, RECIPIENT)

    assert (before.asks, before.chosen) == (["q9"], ["1", "9"])
    assert again.chosen == ["5", "4"]
    assert open_page(visitor, token).tree.xpath("//button[@name='back']") == []


def test_who_declines_is_thanked_at_once(visitor: FlaskClient, on_sqlite: Installed) -> None:
    pages, last = walk(visitor, on_sqlite.case_token(), {"q0": "2"})

    assert len(pages) == 1
    assert last.status_code == 303
    (row,) = on_sqlite.submissions()
    assert row.outcome == "S6"


def test_the_button_says_hand_in_only_where_pressing_it_does(visitor: FlaskClient, on_sqlite: Installed) -> None:
    household, _ = walk(visitor, on_sqlite.case_token(), RECIPIENT)
    place, _ = walk(visitor, on_sqlite.place_token(), PUBLIC_ANSWERS | {"z10": "2"})

    assert [page.button for page in household] == ["下一步"] * (len(household) - 1) + ["提交"]
    assert [page.button for page in place] == ["下一步"] * (len(place) - 1) + ["提交"]


def test_to_press_twice_hands_in_once(installed: Installed, clock: SteppingClock) -> None:
    visitor, token = installed.app.test_client(), installed.place_token()
    pages, first = walk(visitor, token, PUBLIC_ANSWERS)

    clock.advance(seconds=5)
    again = press(visitor, token, pages[-1], PUBLIC_ANSWERS)

    assert again.response.headers["Location"] == first.headers["Location"]
    assert len(installed.submissions()) == 1


def test_impatient_fingers_hand_in_once(installed: Installed) -> None:
    token = installed.place_token()
    visitor = installed.app.test_client()
    page = page_with(visitor, token, PUBLIC_ANSWERS, "z12")

    def press_now(_: int) -> str:
        return press(installed.app.test_client(), token, page, PUBLIC_ANSWERS).response.headers["Location"]

    with ThreadPoolExecutor(6) as fingers:
        thanked = set(fingers.map(press_now, range(6)))

    assert len(thanked) == len(installed.submissions()) == 1


def test_to_go_back_after_handing_in_and_send_otherwise_changes_nothing(installed: Installed) -> None:
    visitor, token = installed.app.test_client(), installed.place_token()
    pages, first = walk(visitor, token, PUBLIC_ANSWERS)

    again = press(visitor, token, pages[-1], {"z12": "13911111111"})

    assert again.response.headers["Location"] == first.headers["Location"]
    (row,) = installed.submissions()
    assert installed.values(row)["z12"] == "13800000000"


def test_a_household_that_answered_is_thanked_and_offered_nothing(installed: Installed) -> None:
    visitor, token = installed.app.test_client(), installed.case_token()
    late = page_with(visitor, token, RECIPIENT, "q16_seen")
    walk(installed.app.test_client(), token, RECIPIENT)

    opened = visitor.get(f"/q/{token}").get_data(as_text=True)
    pressed = press(visitor, token, late, RECIPIENT).response

    assert "每户只填一次" in opened
    assert re.findall(r'<form[^>]* action="([^"]*)"', opened) == ["/q/withdraw"], "nothing but to take it back"
    assert (pressed.status_code, pressed.headers["Location"]) == (303, f"/q/{token}")
    assert len(installed.submissions()) == 1


def test_other_households_are_not_in_the_way(visitor: FlaskClient, on_sqlite: Installed) -> None:
    walk(visitor, on_sqlite.case_token(0), RECIPIENT)
    walk(visitor, on_sqlite.case_token(1), RECIPIENT)

    assert len({row.case_id for row in on_sqlite.submissions()}) == 2


def test_the_version_that_was_begun_is_finished(
    visitor: FlaskClient, on_sqlite: Installed, clock: SteppingClock
) -> None:
    token = on_sqlite.case_token()
    page = page_with(visitor, token, RECIPIENT, "q16_seen")
    clock.advance(minutes=1)
    with on_sqlite.services.write() as work:
        study = study_of(work, on_sqlite.drawn.study.id)
        change_settings(work, study, hotline="000-7654321")
        publish_shipped(work, study, reason="热线电话改了")
        work.session.flush()
        newest = current_form(work, study.id, Purpose.RECIPIENT)

    assert press(visitor, token, page, RECIPIENT).response.status_code == 303
    assert newest is not None
    (row,) = on_sqlite.submissions()
    assert row.form_version_id != newest.id
    assert "000-7654321" in open_page(visitor, on_sqlite.case_token(1)).source


@pytest.mark.parametrize("change", ["cut", "turned", "empty", "other", "text"])
def test_a_state_that_is_not_ours_is_refused(visitor: FlaskClient, on_sqlite: Installed, change: str) -> None:
    token = on_sqlite.case_token(0)
    state = open_page(visitor, token).state
    hostile = {
        "cut": state[:-8],
        "turned": state[:40] + ("A" if state[40] != "A" else "B") + state[41:],
        "empty": "",
        "other": open_page(visitor, on_sqlite.case_token(1)).state,
        "text": "{“q0”: 1}",
    }[change]

    response = visitor.post(f"/q/{token}", data={"state": hostile, "next": "1", "q.q0": "2"})

    assert response.status_code == 400
    assert "登录" not in response.get_data(as_text=True)
    assert on_sqlite.submissions() == []


def test_answers_to_what_the_page_does_not_ask_are_not_taken(visitor: FlaskClient, on_sqlite: Installed) -> None:
    token = on_sqlite.case_token()
    page = open_page(visitor, token)
    forged = {"q.household": "A-9999", "q.s_mode": "2", "q.q16_seen": "1", "q.nothing": "1", "q.outcome": "S1"}

    visitor.post(f"/q/{token}", data={"state": page.state, "next": "1", "q.q0": "2", **forged})

    (row,) = on_sqlite.submissions()
    values = on_sqlite.values(row)
    assert (values["household"], values["s_mode"], row.outcome) == (on_sqlite.drawn.main[0].sample_id, "1", "S6")
    assert values.get("q16_seen", "") == ""


def test_a_token_that_is_not_ours_opens_nothing(visitor: FlaskClient, on_sqlite: Installed) -> None:
    token = on_sqlite.case_token()
    reserve = next(case for case in on_sqlite.drawn.cases if case.released_at is None)
    vault = on_sqlite.services.vault
    study = vault.token(CASE, on_sqlite.drawn.study.id)
    other_purpose = vault.token("phone", on_sqlite.drawn.main[0].id)
    forged = [token[:-2], token[:20] + ("x" if token[20] != "x" else "y") + token[21:], "x", "二维码", study]

    for wrong in [*forged, other_purpose, vault.token(CASE, reserve.id)]:
        for response in (visitor.get(f"/q/{wrong}"), visitor.post(f"/q/{wrong}", data={"state": "x"})):
            assert response.status_code == 404
            assert "二维码" in response.get_data(as_text=True)
            assert "sign-in" not in response.get_data(as_text=True)


def test_what_is_too_large_is_refused(visitor: FlaskClient, on_sqlite: Installed) -> None:
    token = on_sqlite.case_token()
    page = open_page(visitor, token)

    large = visitor.post(f"/q/{token}", data={"state": page.state, "q.q0": "1" * 70_000})
    many = visitor.post(f"/q/{token}", data={"state": page.state} | {f"q.x{number}": "1" for number in range(9_000)})

    assert (large.status_code, many.status_code) == (413, 413)


def test_a_long_text_is_taken_up_to_its_bound(visitor: FlaskClient, on_sqlite: Installed) -> None:
    walk(visitor, on_sqlite.case_token(), RECIPIENT | {"q15": "好" * 5_000})

    (row,) = on_sqlite.submissions()
    assert on_sqlite.values(row)["q15"] == "好" * 1_000


def test_a_text_is_shown_again_as_text(visitor: FlaskClient, on_sqlite: Installed) -> None:
    token = on_sqlite.case_token()
    page = page_with(visitor, token, RECIPIENT, "q15")

    again = press(visitor, token, page, RECIPIENT | {"q15": "</textarea><script>1</script>", "q16_seen": ""})

    assert "<script>" not in again.source
    assert again.tree.xpath("string(//textarea)").strip() == "</textarea><script>1</script>"


def test_every_input_has_a_label_and_every_page_its_language(visitor: FlaskClient, on_sqlite: Installed) -> None:
    pages = (
        walk(visitor, on_sqlite.case_token(), RECIPIENT)[0] + walk(visitor, on_sqlite.place_token(), PUBLIC_ANSWERS)[0]
    )

    for page in pages:
        tree = page.tree
        assert (tree.get("lang"), tree.get("dir")) == ("zh", "ltr")
        assert tree.xpath("string(//title)")
        for box in tree.xpath("//input[@type != 'hidden'] | //textarea"):
            wrapped = box.xpath("ancestor::label")
            named = tree.xpath("//label[@for=$id]", id=box.get("id") or "-")
            assert (wrapped or named)[0].text_content().strip()
        for group in tree.xpath("//fieldset"):
            assert group.xpath("string(legend)").strip()
        for described in tree.xpath("//@aria-describedby"):
            assert tree.xpath("//*[@id=$id]", id=described)


def test_pages_are_light_and_their_script_is_a_file_that_only_helps(visitor: FlaskClient, on_sqlite: Installed) -> None:
    pages, _ = walk(visitor, on_sqlite.case_token(), RECIPIENT)

    assert len(gzip.compress(STYLE.read_bytes())) < 8_000
    for page in pages:
        assert len(page.tree.xpath("//script[@defer][@src]")) == len(page.tree.xpath("//script")) == 1
        assert page.tree.xpath("//@style | //@onclick") == []
        assert len(gzip.compress(page.response.data)) < 8_000


def test_what_the_code_opens_comes_in_one_answer_within_thirty_kilobytes(
    visitor: FlaskClient, on_sqlite: Installed
) -> None:
    answer = visitor.get(f"/q/{on_sqlite.case_token()}", headers={"Accept-Encoding": "gzip, deflate"})
    page = html.fromstring(gzip.decompress(answer.data).decode())
    with visitor.get(page.xpath("//script/@src")[0]) as served:
        script = served.data

    assert answer.headers["Content-Encoding"] == "gzip"
    assert len(answer.data) < 14_000, "the first ten packets of a connection (RFC 6928): one round trip"
    assert len(answer.data) + len(script) <= 30_000
    assert page.xpath("//link[@rel='stylesheet'] | //img | //iframe") == [], "nothing that it has to wait for"
    (style,) = page.xpath("//style/text()")
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    assert f"style-src 'self' 'sha256-{digest}'" in answer.headers["Content-Security-Policy"]


def test_a_page_is_kept_by_the_visitors_browser_alone(visitor: FlaskClient, on_sqlite: Installed) -> None:
    token = on_sqlite.case_token()
    page = page_with(visitor, token, RECIPIENT, "q10")

    assert page.response.headers["Cache-Control"] == "private, no-cache"
    assert page.tree.xpath("//form/@autocomplete") == ["off"]


def test_the_style_is_fetched_once_and_anew_when_it_changes(visitor: FlaskClient, on_sqlite: Installed) -> None:
    token = on_sqlite.case_token()
    page = press(visitor, token, open_page(visitor, token), RECIPIENT)
    (address,) = page.tree.xpath("//link[@rel='stylesheet']/@href")

    assert "v=" in address
    with visitor.get(address) as style:
        assert style.headers["Cache-Control"].endswith("max-age=31536000")
