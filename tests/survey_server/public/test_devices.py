from __future__ import annotations

from flask.testing import FlaskClient

from survey_server.accounts import limits
from survey_server.errors import ZoufangError
from survey_server.public.devices import require_room
from tests.survey_server.public.walking import PUBLIC_ANSWERS, Installed, page_with, press

ADDRESS = {"REMOTE_ADDR": "203.0.113.9"}


def hands_in(installed: Installed, device: str, times: int = 1, code: str = "code") -> int:
    """How many of so many are let through, from one device of a village behind one address."""
    through = 0
    headers = {"Cookie": f"device={device}", "User-Agent": "the phone that everybody has"}
    for _ in range(times):
        with installed.app.test_request_context("/q/x", headers=headers, environ_base=ADDRESS):
            try:
                with installed.services.write() as work:
                    require_room(work, code)
            except ZoufangError:
                continue
        through += 1
    return through


def test_one_device_hands_in_so_often_an_hour_and_its_neighbours_are_not_counted(installed: Installed) -> None:
    size = limits.ANSWERS.size
    assert hands_in(installed, "a" * 22, size + 3) == size
    assert [hands_in(installed, f"{number:022d}") for number in range(5)] == [1] * 5
    assert hands_in(installed, "a" * 22, code="another code") == 1


def test_who_refuses_to_be_remembered_is_counted_together(installed: Installed) -> None:
    assert hands_in(installed, "", limits.ANSWERS.size) == limits.ANSWERS.size
    assert hands_in(installed, "too short") == 0


def test_a_browser_gets_a_name_that_other_pages_never_see_and_keeps_it(on_sqlite: Installed) -> None:
    address = f"/q/{on_sqlite.place_token()}"
    client = on_sqlite.app.test_client()
    first = client.get(address).headers["Set-Cookie"]
    assert "Path=/q/" in first
    assert "HttpOnly" in first
    assert "Set-Cookie" not in client.get(address).headers


def test_after_too_many_the_page_says_when_to_come_again(on_sqlite: Installed, visitor: FlaskClient) -> None:
    token = on_sqlite.place_token()
    page = page_with(visitor, token, PUBLIC_ANSWERS, "z12")
    name = visitor.get_cookie("device", path="/q/")
    assert name is not None
    hands_in(on_sqlite, name.value, limits.ANSWERS.size, token)
    while (page := press(visitor, token, page, PUBLIC_ANSWERS)).response.status_code == 200:
        assert page.errors == {}
    assert page.response.status_code == 429
    assert page.response.headers["Retry-After"] == "180"
    assert "180" in page.source
    assert on_sqlite.submissions() == []
