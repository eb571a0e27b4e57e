from __future__ import annotations

import re

import pytest

from mobile_forms.catalog import ShippedForm, shipped, shipped_form
from mobile_forms.xlsform import fill_placeholders, left_placeholders
from tests.mobile_forms.forms import compiled

FORMS = pytest.mark.parametrize("form", shipped(), ids=lambda form: form.form_id)
STUDY = {"company": "某某评价中心", "client": "柳湾县民政局", "hotline": "0000-0000000"}


@FORMS
def test_the_catalog_names_a_form_as_its_workbook_does(form: ShippedForm) -> None:
    definition = compiled(form.form_id).definition

    assert (definition.form_id, definition.title) == (form.form_id, form.title)
    assert compiled(form.form_id).warnings == ()


@FORMS
def test_every_question_that_a_person_answers_has_a_role_and_a_privacy_class(form: ShippedForm) -> None:
    for question in compiled(form.form_id).definition.questions:
        assert question.role, question.name
        assert question.pipl in {"none", "pi", "spi", "child", "geo"}, question.name


@FORMS
def test_a_shipped_form_names_no_placeholder_that_a_study_cannot_fill(form: ShippedForm) -> None:
    assert left_placeholders(fill_placeholders(compiled(form.form_id).xml, STUDY)) == []


@FORMS
def test_no_shipped_form_uses_the_operator_that_differs_between_phone_and_server(form: ShippedForm) -> None:
    rules = re.findall(r'(?:relevant|constraint|required|calculate)="([^"]*)"', compiled(form.form_id).xml.decode())

    assert rules
    assert not [rule for rule in rules if "!=" in rule]


def test_the_core_items_are_the_same_words_in_all_channels() -> None:
    def words(form_id: str, role: str) -> dict[str, tuple[str, tuple[str, ...]]]:
        definition = compiled(form_id).definition
        return {
            question.metric: (
                re.sub(r"^[A-Z]?\d+\s*", "", question.label[definition.default_language].plain),
                tuple(choice.value for choice in question.choices),
            )
            for question in definition.by_role(role)
        }

    visit, phone, own = (f"{form}" for form in ("hv_household_visit", "ph_phone_followup", "sa_recipient_survey"))
    assert len(words(visit, "satisfaction")) == 6
    assert len(words(visit, "awareness")) == 5
    for role in ("satisfaction", "awareness"):
        assert words(visit, role) == words(phone, role) == words(own, role)


def test_very_satisfied_and_dissatisfied_cost_the_same_steps() -> None:
    """Nothing in the form of a place asks more of those who are not satisfied."""
    definition = compiled("qr_public").definition
    overall = definition.by_metric("sat_overall")[0]

    assert not [q.name for q in definition.questions if overall.name in (q.bind.relevant or "")]


def test_a_form_that_is_not_shipped_is_not_found() -> None:
    with pytest.raises(KeyError):
        shipped_form("nothing")
