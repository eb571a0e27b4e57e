"""Pages of people (人员): who works here, what they may reach, their phones."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from flask import render_template, request, url_for
from sqlmodel import col
from werkzeug.wrappers import Response

from survey_server.accounts import people, service
from survey_server.accounts.routes import pages
from survey_server.actors import SUPERVISORS, Grant, Role
from survey_server.console.qr import svg
from survey_server.console.routing import action, local_address, see_other, view
from survey_server.errors import Problem, ZoufangError
from survey_server.rosters.models import Household
from survey_server.studies.service import studies
from survey_server.work import Work

MOST_LETTERS = 50


@view(pages, "/people", who=SUPERVISORS)
def list_people(work: Work) -> str:
    """Everybody whom the reader may see."""
    return render_template("accounts/people.html", members=people.members(work), **_choices(work))


@action(pages, "/people", who=SUPERVISORS)
def add_person(work: Work) -> Response:
    """A new person, with a first grant where one was typed."""
    part = _part()
    person = people.add_member(
        work,
        username=request.form.get("username", ""),
        name=request.form.get("name", ""),
        password=request.form.get("password", ""),
        staff_no=request.form.get("staff_no", ""),
        roles=_roles(),
        part=None if part == Grant() else part,
    )
    return see_other(url_for("accounts.show_person", person_id=person.id))


@view(pages, "/people/<uuid:person_id>", who=SUPERVISORS)
def show_person(work: Work, person_id: uuid.UUID) -> str:
    """A person, what they may reach, and their phones."""
    return _person_page(work, people.member_of(work, person_id), link=None)


@action(pages, "/people/<uuid:person_id>", who=SUPERVISORS)
def change_person(work: Work, person_id: uuid.UUID) -> Response:
    """Change name, staff number and roles."""
    name, staff_no = request.form.get("name", ""), request.form.get("staff_no", "")
    people.change_member(work, person_id, name=name, staff_no=staff_no, roles=_roles())
    return _back_to(person_id)


@action(pages, "/people/<uuid:person_id>/grants", who=SUPERVISORS)
def add_grant(work: Work, person_id: uuid.UUID) -> Response:
    """Let a person reach a study, a county or a town."""
    people.grant(work, person_id, _part())
    return _back_to(person_id)


@action(pages, "/people/<uuid:person_id>/grants/<uuid:grant_id>/remove", who=SUPERVISORS)
def remove_grant(work: Work, person_id: uuid.UUID, grant_id: uuid.UUID) -> Response:
    """Take a grant back."""
    people.take_back(work, person_id, grant_id)
    return _back_to(person_id)


@action(pages, "/people/<uuid:person_id>/deactivate", who=SUPERVISORS)
def deactivate_person(work: Work, person_id: uuid.UUID) -> Response:
    """Somebody left: signed out everywhere at once."""
    people.deactivate(work, person_id)
    return _back_to(person_id)


@action(pages, "/people/<uuid:person_id>/reactivate", who=SUPERVISORS)
def reactivate_person(work: Work, person_id: uuid.UUID) -> Response:
    """Somebody is back."""
    people.reactivate(work, person_id)
    return _back_to(person_id)


@action(pages, "/people/<uuid:person_id>/phone-link", who=SUPERVISORS)
def make_phone_link(work: Work, person_id: uuid.UUID) -> str:
    """Show, once, the QR code that signs a phone in."""
    member = people.managed(work, person_id)
    secret = service.new_phone_link(work, person_id)
    return _person_page(work, member, link=f"{work.settings.public_url}/visit/#join={secret}")


@action(pages, "/devices/<uuid:device_id>/end", who=SUPERVISORS)
def end_device(work: Work, device_id: uuid.UUID) -> Response:
    """End a lost phone."""
    people.managed_device(work, device_id)
    service.end_device(work, device_id)
    return see_other(local_address(request.form.get("back"), "/people"))


def _person_page(work: Work, member: people.Member, link: str | None) -> str:
    return render_template(
        "accounts/person.html",
        member=member,
        person=member.person,
        grants=[grant for grant in member.grants if work.actor.touches(grant.as_grant)],
        manageable=people.may_manage(work.actor, member),
        devices=service.devices_of(work, member.person.id),
        link=link,
        qr=svg(link) if link else "",
        **_choices(work),
    )


def _choices(work: Work) -> Mapping[str, Any]:
    """What the forms offer: roles that may be given, studies, counties and towns within reach."""
    known = studies(work)
    places = work.session.execute(sa.select(col(Household.county), col(Household.town)).distinct()).all()
    return {
        "roles": people.givable_roles(work.actor),
        "studies": known,
        "study_names": {study.id: study.name for study in known},
        "counties": sorted({county for county, _ in places if county}),
        "towns": sorted({town for _, town in places if town}),
        "bound": work.actor.reach is not None,
    }


def _roles() -> list[Role]:
    return [Role(value) for value in request.form.getlist("roles") if value in set(Role)]


def _part() -> Grant:
    """The part of the data that was typed; raises NOT_FOUND for a study that is none."""
    study = request.form.get("study", "")
    county, town = (request.form.get(name, "").strip()[:MOST_LETTERS] for name in ("county", "town"))
    try:
        return Grant(uuid.UUID(study) if study else None, county, town)
    except ValueError:
        raise ZoufangError(Problem.NOT_FOUND) from None


def _back_to(person_id: uuid.UUID) -> Response:
    return see_other(url_for("accounts.show_person", person_id=person_id))
