"""How a questionnaire is cut into screens."""

from __future__ import annotations

from mobile_forms.catalog import shipped_form
from mobile_forms.xlsform import compile_workbook
from survey_server.public.screens import MAX_ROWS, plan_of
from tests.survey_server.public.workbooks import Row, ask, form

SCALE = tuple({"list_name": "seven", "name": str(code), "label": str(code)} for code in range(7))


def names(survey: list[Row], hidden: tuple[str, ...] = ()) -> list[tuple[str, ...]]:
    """The questions screen by screen."""
    yes_no = ({"list_name": "yn", "name": "1", "label": "是"}, {"list_name": "yn", "name": "2", "label": "否"})
    return [screen.questions for screen in plan_of(form(survey, (*yes_no, *SCALE)), hidden).screens]


def group(name: str, *rows: Row) -> list[Row]:
    return [{"type": "begin_group", "name": name, "label": name}, *rows, {"type": "end_group"}]


def test_a_group_is_a_screen() -> None:
    assert names(group("a", ask("a1"), ask("a2")) + group("b", ask("b1"))) == [("a1", "a2"), ("b1",)]


def test_a_long_group_is_cut_where_a_screen_is_full() -> None:
    scales = [ask(f"s{number}", "select_one seven") for number in range(5)]

    assert names(group("a", *scales)) == [("s0", "s1"), ("s2", "s3"), ("s4",)]


def test_a_question_that_depends_on_one_above_it_is_on_a_later_screen() -> None:
    assert names([ask("a"), ask("b", relevant="${a} = 1"), ask("c")]) == [("a",), ("b", "c")]


def test_a_dependence_through_a_calculation_counts() -> None:
    twice = {"type": "calculate", "name": "twice", "calculation": "${a} * 2"}

    assert names([ask("a"), twice, ask("b", relevant="${twice} = 2")]) == [("a",), ("b",)]


def test_words_that_repeat_an_answer_are_on_a_later_screen() -> None:
    assert names([ask("a"), ask("b", label="您选了${a}，对吗？")]) == [("a",), ("b",)]


def test_a_heading_and_a_note_stay_with_the_question_below_them() -> None:
    scales = [ask("s0", "select_one seven"), ask("s1", "select_one seven")]
    below = [ask("n", "note"), *group("inner", ask("m", "note"), ask("s2", "select_one seven"))]
    (_, last) = plan_of(form(group("a", *scales, *below), SCALE), ()).screens

    assert [node.name for node in last.nodes] == ["n", "inner", "m", "s2"]
    assert last.title is not None
    assert last.title.name == "a"


def test_words_after_the_last_question_are_the_closing_words() -> None:
    plan = plan_of(form([ask("a"), *group("b", ask("thanks", "note"))]), ())

    assert [screen.questions for screen in plan.screens] == [("a",)]
    assert [note.name for note in plan.closing] == ["thanks"]


def test_what_is_known_and_what_a_plain_page_cannot_ask_is_left_out() -> None:
    rows = [ask("who"), ask("voice", "audio"), ask("road", "geotrace"), ask("a")]

    assert names(rows, hidden=("who",)) == [("a",)]


def test_a_photograph_and_a_place_are_asked() -> None:
    assert names([ask("photo", "image"), ask("where", "geopoint"), ask("a")]) == [("photo", "where", "a")]


def test_a_repeat_is_a_screen_of_its_own_with_what_leads_to_it_and_without_a_repeat_inside() -> None:
    inner = [{"type": "begin_repeat", "name": "inner", "label": "inner"}, ask("deep"), {"type": "end_repeat"}]
    members = [{"type": "begin_repeat", "name": "m", "label": "成员"}, ask("age"), *inner, {"type": "end_repeat"}]
    plan = plan_of(form([*group("home", ask("a"), ask("n", "note"), *members, ask("b"))]), ())

    assert [screen.questions for screen in plan.screens] == [("a",), ("age",), ("b",)]
    repeated = plan.screens[1]
    assert repeated.repeat is not None
    assert (repeated.repeat.name, [node.name for node in repeated.lead]) == ("m", ["n"])


def test_only_an_answer_that_opens_a_later_screen_is_undecided() -> None:
    rows = [*group("a", ask("a1"), ask("a2")), *group("b", ask("b1", relevant="${a1} = 1"))]
    plan = plan_of(form(rows), ())

    assert plan.opened_by(0) == {"a1"}
    assert plan.opened_by(1) == frozenset()


def test_no_screen_of_the_shipped_questionnaires_is_too_long() -> None:
    for form_id in ("sa_recipient_survey", "qr_public", "tr_training"):
        shipped = shipped_form(form_id)
        definition = compile_workbook(shipped.read(), filename=shipped.filename).definition
        for screen in plan_of(definition, ("household", "place", "session", "s_mode")).screens:
            options = [len(definition.question(name).choices) for name in screen.questions]
            assert sum(options) <= MAX_ROWS
