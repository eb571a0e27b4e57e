"""Flask's test client as somebody: a person at a browser, or an interviewer's phone."""

from __future__ import annotations

from flask import Flask
from flask.testing import FlaskClient

from survey_server.accounts.service import join_phone, new_phone_link
from survey_server.actors import Actor
from survey_server.work import Services
from tests.support.studies import PASSWORD


def browser(app: Flask, username: str = "") -> FlaskClient:
    """A browser that says where its requests come from, signed in where a user name is given."""
    client = app.test_client()
    client.environ_base["HTTP_SEC_FETCH_SITE"] = "same-origin"
    if username:
        answer = client.post("/sign-in", data={"username": username, "password": PASSWORD})
        assert answer.status_code == 303, answer.text
    return client


def bind_phone(services: Services, who: Actor) -> str:
    """The secret of a new phone of this person."""
    assert who.id is not None
    with services.write() as work:
        link = new_phone_link(work, who.id)
    with services.write() as work:
        return join_phone(work, link, "旧手机")[0]


def phone(app: Flask, secret: str) -> FlaskClient:
    """The phone that has this secret."""
    client = app.test_client()
    client.environ_base["HTTP_AUTHORIZATION"] = f"Bearer {secret}"
    return client
