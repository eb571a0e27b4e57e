"""Whatever comes from outside is read or refused in a word of ours; nothing else is ever raised."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from mobile_forms.answers import Rules, UnreadableSubmission
from mobile_forms.instance import MAX_ID
from mobile_forms.safe_xml import MAX_DEPTH, XmlError, parse_xml
from mobile_forms.xlsform import MAX_WORKBOOK_BYTES, UnreadableWorkbookError, compile_workbook
from mobile_forms.xpath import compile_expression
from mobile_forms.xpath_calls import XPathError
from mobile_forms.xpath_functions import FUNCTIONS
from tests.mobile_forms.test_xpath import KNOWN

LIMIT = 100_000
GLUE = (
    " ",
    "(",
    ")",
    "[",
    "]",
    "/",
    "//",
    "..",
    ".",
    "*",
    "|",
    ",",
    "+",
    "-",
    "=",
    "!=",
    "<",
    "and",
    "or",
    "div",
    "mod",
)
WORDS = ("/data/n", "/data/rep/x", "'text'", '"', "'", "1", "0.5", "1e999", "$x", "instance('people')", "@id", "::")
TOKENS = st.sampled_from((*GLUE, *WORDS, *(f"{name}(" for name in FUNCTIONS), "满意", "\x00", "￿"))


def refusal(read: Callable[[], object]) -> str:
    """The code of what refuses it, empty where it is read; anything else that is raised fails the test."""
    try:
        read()
    except (XmlError, XPathError) as error:
        return error.code
    return ""


@given(st.binary(max_size=300) | st.text(max_size=200).map(lambda text: f"<a>{text}</a>".encode("utf-8", "replace")))
def test_any_bytes_are_an_element_or_a_refusal(content: bytes) -> None:
    fate = refusal(lambda: parse_xml(content, limit=LIMIT))
    assert fate in {"", "too_large", "malformed", "forbidden", "too_deep"}


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/passwd">]><a>&x;</a>', "forbidden"),
        (b'<!DOCTYPE a SYSTEM "http://192.0.2.1/a.dtd"><a/>', "forbidden"),
        (b'<!DOCTYPE a [<!ENTITY % p SYSTEM "http://192.0.2.1/p">%p;]><a/>', "forbidden"),
        (b"<a>" + b"&#0;" + b"</a>", "malformed"),
        ("<?xml version='1.0' encoding='utf-16'?><a/>".encode("utf-16"), "forbidden"),
        (b"<?xml version='1.0' encoding='utf-7'?><a>+ADw-b+AD4-</a>", "forbidden"),
        (b"<a>" * (MAX_DEPTH + 1) + b"</a>" * (MAX_DEPTH + 1), "too_deep"),
        (b"<a>" * 20_000 + b"</a>" * 10_000, "malformed"),
        (b"<a>" + b"x" * LIMIT + b"</a>", "too_large"),
        (b"<a>" + b"<b/>" * 2_000 + b"</a>", "too_large"),
        (b"<a><![CDATA[" + b"<!ENTITY x 'y'>" + b"]]></a>", "forbidden"),
    ],
)
def test_each_attack_on_a_parser_is_refused_by_its_name(content: bytes, code: str) -> None:
    with pytest.raises(XmlError) as caught:
        parse_xml(content, limit=LIMIT, elements=1_000)
    assert caught.value.code == code


def test_an_inclusion_and_a_stylesheet_are_words_and_nothing_is_fetched() -> None:
    content = b'<?xml-stylesheet href="http://192.0.2.1/x"?><a xmlns:xi="http://www.w3.org/2001/XInclude">'
    root = parse_xml(content + b'<xi:include href="file:///etc/passwd" parse="text"/></a>', limit=LIMIT)
    assert "".join(str(text) for text in root.itertext()) == ""
    assert len(root) == 1


@given(st.data())
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=150)
def test_a_spoilt_record_is_read_or_refused(
    visit: Rules, visit_lists: dict[str, bytes], submission: Callable[..., bytes], data: st.DataObject
) -> None:
    xml = bytearray(submission())
    for place in data.draw(st.lists(st.integers(0, len(xml) - 1), min_size=1, max_size=6)):
        xml[place : place + data.draw(st.integers(0, 40))] = data.draw(st.binary(max_size=20))
    try:
        checked = visit.check(bytes(xml), visit_lists)
    except UnreadableSubmission:
        return
    assert checked.instance_id
    assert len(checked.instance_id) <= MAX_ID


@given(st.dictionaries(st.sampled_from(["a1_visit_no", "a2_note", "q0", "household"]), st.text(max_size=60)))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture], max_examples=60)
def test_no_answer_whatever_it_says_is_a_fault(
    visit: Rules, visit_lists: dict[str, bytes], submission: Callable[..., bytes], answers: dict[str, str]
) -> None:
    root = etree.fromstring(submission())
    for name, text in answers.items():
        for element in root.iter(name):
            element.text = "".join(letter for letter in text if letter.isprintable())
    assert visit.check(etree.tostring(root), visit_lists).instance_id == "uuid:1"


@given(st.lists(TOKENS, max_size=25).map("".join) | st.text(max_size=60))
@settings(max_examples=400)
def test_any_expression_is_compiled_or_refused_with_its_reason(source: str) -> None:
    fate = refusal(lambda: compile_expression(source, context="/data/n", known=KNOWN))
    assert fate in {"", "syntax", "function", "arguments", "path", "list", "unsupported"}


@pytest.mark.parametrize(
    "source", ["(" * 50_000, "-" * 50_000 + "1", "not(" * 5_000 + "1" + ")" * 5_000, "1" + "+1" * 50_000]
)
def test_an_endless_expression_is_refused(source: str) -> None:
    with pytest.raises(XPathError):
        compile_expression(source, context="/data/n", known=KNOWN)


@given(st.binary(max_size=400) | st.binary(max_size=300).map(lambda tail: b"PK\x03\x04" + tail))
@settings(max_examples=40, deadline=None)
def test_any_file_that_is_no_workbook_is_refused(content: bytes) -> None:
    with pytest.raises(UnreadableWorkbookError):
        compile_workbook(content, filename="表.xlsx")


def test_a_workbook_that_is_too_large_is_not_opened() -> None:
    with pytest.raises(UnreadableWorkbookError):
        compile_workbook(b"PK\x03\x04" + b"0" * MAX_WORKBOOK_BYTES, filename="表.xlsx")
