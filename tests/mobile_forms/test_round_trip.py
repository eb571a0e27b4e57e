"""Whatever is answered: what is filled in is read back as it was, with the same conclusions and the same faults."""

from __future__ import annotations

from collections.abc import Callable

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from mobile_forms.answers import Rules, UnreadableSubmission
from mobile_forms.catalog import shipped
from mobile_forms.definition import Question
from mobile_forms.filled import clean_text
from mobile_forms.flatten import columns, flatten
from mobile_forms.instance import identify
from mobile_forms.xpath import compile_expression
from mobile_forms.xpath_calls import Known, XPathError
from tests.mobile_forms.forms import lists_of, rows_of, shipped_rules

FORMS = [form.form_id for form in shipped()]
WORDS = st.text(st.characters(exclude_categories=["Cs"]), max_size=30)
QUIET = settings(deadline=None, max_examples=60, suppress_health_check=list(HealthCheck))


def code_of(call: Callable[[], object]) -> str:
    """The code of the refusal that a call ends in, empty where it ends well."""
    try:
        call()
    except (UnreadableSubmission, XPathError) as error:
        return error.code
    return ""


def answers_to(form_id: str, question: Question) -> st.SearchStrategy[str]:
    if question.media:
        return st.sampled_from([row["name"] for row in rows_of(form_id, question.media)])
    codes = [choice.value for choice in question.choices]
    if question.kind == "select_one":
        return st.sampled_from(codes)
    if question.kind == "select_multiple":
        return st.lists(st.sampled_from(codes), unique=True, max_size=4).map(" ".join)
    if question.kind == "integer":
        return st.integers(-3, 30).map(str)
    if question.kind == "date":
        return st.dates().map(lambda day: day.isoformat())
    return WORDS.map(clean_text)


@st.composite
def interviews(draw: st.DrawFn) -> tuple[str, dict[str, str]]:
    form_id = draw(st.sampled_from(FORMS))
    asked = [question for question in shipped_rules(form_id).form.questions if question.asked]
    given_answers = draw(st.sets(st.sampled_from([question.name for question in asked])))
    firm = {"a2_contact": "1", "a7_consent": "1", "q0": "1", "t3_id": "1", "t4_who": "1", "t6_consent": "1"}
    chosen = {q.name: draw(answers_to(form_id, q)) for q in asked if q.name in given_answers}
    return form_id, {**{name: value for name, value in firm.items() if name in {q.name for q in asked}}, **chosen}


@QUIET
@given(interviews())
def test_what_is_filled_in_is_read_back(interview: tuple[str, dict[str, str]]) -> None:
    form_id, answers = interview
    rules, lists = shipped_rules(form_id), lists_of(form_id)
    filled = rules.fill(answers, lists)
    checked = rules.check(filled.xml, lists)

    assert checked.values == filled.values
    assert checked.relevant == filled.relevant
    assert tuple(item for item in checked.breaks if item.rule != "required") == filled.breaks
    missing = [item.question for item in checked.breaks if item.rule == "required"]
    assert tuple(missing) == filled.missing
    assert tuple(flatten(rules.form, checked).row) == columns(rules.form)


@QUIET
@given(interviews())
def test_irrelevant_answers_leave_no_trace(interview: tuple[str, dict[str, str]]) -> None:
    form_id, answers = interview
    rules, lists = shipped_rules(form_id), lists_of(form_id)
    filled = rules.fill(answers, lists)
    kept = {name: value for name, value in answers.items() if name in filled.relevant}

    assert {name for name, value in filled.values.items() if value} <= filled.relevant
    assert rules.fill(kept, lists, instance_id=filled.instance_id).values | {"start": "", "end": "", "today": ""} == (
        {**filled.values} | {"start": "", "end": "", "today": ""}
    )


@QUIET
@given(st.binary(max_size=400) | WORDS.map(str.encode))
def test_bytes_that_are_no_submission_are_refused_with_a_code(content: bytes) -> None:
    code = code_of(lambda: shipped_rules("qr_public").check(content, {}))

    assert code in {"malformed", "too_deep", "forbidden", "unknown_form", "no_instance_id"}


@QUIET
@given(st.data())
def test_a_damaged_submission_breaks_rules_and_never_raises(data: st.DataObject) -> None:
    """Elements are renamed, doubled, dropped and given strange words; what is left is read all the same."""
    rules, lists = shipped_rules("qr_public"), lists_of("qr_public")
    root = etree.fromstring(rules.fill({"place": "P-01", "z1": "1", "z3": "1", "z7": "5"}, lists).xml)
    for _ in range(data.draw(st.integers(1, 5))):
        element = data.draw(st.sampled_from(list(root)[:-1] or list(root)))
        action = data.draw(st.sampled_from(["text", "child", "double", "drop", "rename"]))
        if action == "text":
            element.text = clean_text(data.draw(WORDS))
        elif action == "child":
            etree.SubElement(element, "x").text = "1"
        elif action == "double":
            root.insert(0, etree.fromstring(etree.tostring(element)))
        elif action == "drop" and len(root) > 2:
            root.remove(element)
        else:
            element.tag = "strange"
    checked = rules.check(etree.tostring(root), lists)

    assert set(checked.values) == {question.name for question in rules.form.questions}


@QUIET
@given(st.text(max_size=60) | st.lists(st.sampled_from("()[]/.*+-=<>'a1, |divmodor$@:"), max_size=30).map("".join))
def test_an_expression_is_compiled_or_refused(source: str) -> None:
    known = Known({"/a", "/a/b"}, set(), set())
    code = code_of(lambda: compile_expression(source, context="/a/b", known=known))

    assert code in {"", "syntax", "function", "arguments", "path", "list", "unsupported"}


def test_a_submission_says_what_it_is_before_it_is_checked() -> None:
    rules: Rules = shipped_rules("qr_public")
    filled = rules.fill({}, lists_of("qr_public"), instance_id="uuid:7")
    identity = identify(filled.xml)

    assert (identity.form_id, identity.version, identity.instance_id) == ("qr_public", "2025120101", "uuid:7")
