"""A thousand random sets of answers to each form: the server's rules against the engine that the phone runs."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path

from mobile_forms.answers import Rules
from mobile_forms.build import install
from mobile_forms.catalog import shipped
from tests.mobile_forms.everything import LISTS, feature_form
from tests.mobile_forms.forms import compiled, lists_of, shipped_rules
from tests.mobile_forms.test_engine_agreement import disagreements
from tests.performance.measurement import Measurement, timed

SETS = 1_000


def measure(_folder: Path) -> Iterator[Measurement]:
    """Disagreements form by form, none allowed, and how long it took to find none."""
    install()
    for form in shipped():
        form_id = form.form_id
        yield from told(form_id, shipped_rules(form_id), compiled(form_id).xml, lists_of(form_id))
    form_of_all = feature_form()
    yield from told("", Rules(form_of_all.definition), form_of_all.xml, LISTS)


def told(form_id: str, rules: Rules, xml: bytes, lists: Mapping[str, bytes]) -> Iterator[Measurement]:
    """One form."""
    what = form_id or "every supported feature"
    found, seconds = timed(lambda: disagreements(rules, xml, lists, form_id, SETS))
    if found:
        raise RuntimeError(f"{what}: {found[0]}")
    yield Measurement(f"{what}, {SETS:,} sets of answers: disagreements", len(found), "", at_most=0)
    yield Measurement(f"{what}, time", seconds, "s")
