"""A form with every function, kind of question and rule that is supported, and random answers to any form."""

from __future__ import annotations

import random
from collections.abc import Callable, Collection, Mapping
from datetime import date, timedelta

from lxml import etree

from mobile_forms.answers import Rules, Value
from mobile_forms.definition import Group, Question
from mobile_forms.xlsform import CompiledForm, compile_workbook
from tests.mobile_forms.forms import rows_of, workbook

_CALCULATIONS = {
    "sum2": "${a} + ${b}",
    "diff": "${a} - ${b}",
    "prod": "${a} * 2",
    "quot": "${a} div ${b}",
    "rest": "${a} mod 3",
    "neg": "-${a}",
    "cmp": "if(${a} > ${b}, 'more', if(${a} = ${b}, 'same', 'other'))",
    "noteq": "${a} != ${b}",
    "isnot": "not(${a} = 2)",
    "logic": "${a} = 1 and ${b} = 2 or ${a} >= 5",
    "blank": "${t} = ''",
    "long": "string-length(${t})",
    "cat": "concat(${t}, '-', ${a}, 1 = 1)",
    "part": "substr(${t}, 1, 3)",
    "tail": "substr(${t}, -2)",
    "middle": "substring(${t}, 2, 2)",
    "starts": "starts-with(${t}, '走')",
    "ends": "ends-with(${t}, 'x')",
    "has": "contains(${t}, '访')",
    "before": "substring-before(${t}, '-')",
    "norm": "normalize-space(${t})",
    "trans": "translate(${t}, 'abc', 'AB')",
    "rx": "regex(${t}, '^[a-z]+$')",
    "coal": "coalesce(${t}, 'none')",
    "rnd": "round(${c}, 1)",
    "rnd0": "round(${c})",
    "whole": "int(${c})",
    "fl": "floor(${c})",
    "ce": "ceiling(${c})",
    "ab": "abs(${c})",
    "root2": "round(sqrt(${c}), 3)",
    "power": "pow(${a}, 2)",
    "top": "max(${a}, ${b}, 3)",
    "bottom": "min(${a}, ${b})",
    "num": "number(${t})",
    "str": "string(${c})",
    "sel": "selected(${m}, '2')",
    "csel": "count-selected(${m})",
    "sat": "selected-at(${m}, 1)",
    "name1": "jr:choice-name(${s}, '${s}')",
    "days": "${e} - ${d}",
    "later": "${e} > ${d}",
    "before2": "${d} < '2025-06-01'",
    "fmt": "format-date(${d}, '%Y/%m/%d %e %n %b %y')",
    "asdate": "date(${d})",
    "plus": "format-date(date(decimal-date-time(${d}) + 30), '%Y-%m-%d')",
    "age": "int((date('2025-11-20') - ${d}) div 365.25)",
    "bfs": "boolean-from-string(${t})",
    "chk": "checklist(1, 2, ${a} = 1, ${b} = 1, ${a} = ${b})",
    "wchk": "weighted-checklist(2, 4, ${a} = 1, 2, ${b} = 1, 3)",
    "dig": "digest(${t}, 'SHA-256', 'hex')",
    "rows": "count(${rep})",
    "big": "count(${rep}[x > 3])",
    "full": "count-non-empty(${x})",
    "summed": "sum(${rep}[not(x = '')]/x)",
    "most": "max(${x})",
    "joined": "join(', ', ${x})",
    "second": "indexed-repeat(${x}, ${rep}, 2)",
    "third": "${rep}[position() = 3]/x",
    "listed": "instance('people')/root/item[name = ${p}]/age",
    "pulled": "pulldata('people', 'age', 'name', ${p})",
    "cond": "if(selected(${m}, '1'), ${a}, '')",
    "yes": "true()",
    "no": "if(false(), 1, 2)",
    "truth": "boolean(${t})",
    "after": "substring-after(${t}, '-')",
    "named": "concat(name(${a}), local-name(${inner}))",
    "growth": "round(exp(${a} div 4), 3)",
    "tens": "exp10(${a})",
    "natural": "round(log(${a}), 3)",
    "common": "round(log10(${b}), 3)",
    "sine": "round(sin(${a}), 4)",
    "cosine": "round(cos(${a}), 4)",
    "tangent": "round(tan(${a}), 4)",
    "arcs": "round(asin(${a} div 10), 4)",
    "arcc": "round(acos(${a} div 10), 4)",
    "arct": "round(atan(${a}), 4)",
    "angle": "round(atan2(${a}, ${b}), 4)",
    "circle": "round(pi(), 6)",
    "moment": "format-date-time(date-time(${w}), '%Y-%m-%d %H:%M:%S')",
    "clock": "round(decimal-time(${k}), 4)",
    "first_time": "once(concat('first ', ${a}))",
    "dice": "random() < 2",
    "number_of_own": "string-length(uuid())",
    "day_now": "today() > date('2020-01-01')",
    "now_now": "now() > date('2020-01-01')",
    "last_row": "${rep}[position() = last()]/x",
    "name2": "jr:choice-name(${p}, '${p}')",
    "name3": "jr:choice-name(${town}, '${town}')",
    "inside": "instance('towns')/root/item[name = ${town}]/label",
    "above": "instance('towns')/root/item[label = '城东']/parent",
    "ranked": "selected-at(${r}, 0)",
    "slid": "${v} * 2",
    "here": "count(../rep)",
    "old_men": "count(instance('people')/root/item[age > 35])",
}

EVERYTHING = (
    ("type", "name", "label", "relevant", "required", "constraint", "calculation", "choice_filter"),
    ("integer", "a", "A", None, None, None, None, None),
    ("integer", "b", "B", "${a} > 0", "yes", ". < 8 and . >= -2", None, None),
    ("decimal", "c", "C", "not(${a} = 3)", "${a} = 1", None, None, None),
    ("text", "t", "T", None, None, "string-length(.) <= 5 or ${a} = 4", None, None),
    ("date", "d", "D", None, None, ". <= date('2025-12-01')", None, None),
    ("date", "e", "E", "${d} != ''", "yes", ". >= ${d}", None, None),
    ("select_one abc", "s", "S", None, None, None, None, None),
    ("select_multiple abc", "m", "M", "${s} = 1 or ${s} = 2", "yes", "count-selected(.) < 3", None, None),
    ("select_one_from_file people.csv", "p", "P", None, None, None, None, None),
    ("select_one towns", "town", "Town", None, None, None, None, "parent = ${s}"),
    (
        "select_multiple towns",
        "towns_seen",
        "Towns",
        "${town} != ''",
        None,
        "not(selected(., '31'))",
        None,
        "parent = ${s}",
    ),
    ("rank abc", "r", "R", None, None, "selected-at(., 0) != '3'", None, None),
    ("range", "v", "V", "${a} != 5", "yes", ". != 4", None, None),
    ("time", "k", "K", None, None, None, None, None),
    ("datetime", "w", "W", None, None, None, None, None),
    ("acknowledge", "ok", "OK", "${v} > 2", "yes", None, None, None),
    ("geopoint", "geo", "Geo", None, None, None, None, None),
    ("barcode", "bar", "Bar", None, None, "regex(., '^[0-9]+$')", None, None),
    ("begin_group", "g", "G", "selected(${m}, '1') or ${a} < 3", None, None, None, None),
    ("text", "inner", "I", "${t} != 'x'", "yes", None, None, None),
    ("begin_group", "gg", "GG", "string-length(${inner}) > 1", None, None, None, None),
    ("integer", "deep", "D", None, "yes", None, None, None),
    ("end_group", None, None, None, None, None, None, None),
    ("end_group", None, None, None, None, None, None, None),
    ("begin_repeat", "rep", "R", None, None, None, None, None),
    ("integer", "x", "X", None, None, ". <= 9", None, None),
    ("text", "y", "Y", "${x} > 2", "${x} > 4", None, None, None),
    ("calculate", "place", None, None, None, None, "position(..)", None),
    ("calculate", "double", None, None, None, None, "${x} * 2 + ${a}", None),
    (
        "calculate",
        "so_far",
        None,
        None,
        None,
        None,
        "sum(../../rep[position() <= position(current()/..)]/x)",
        None,
    ),
    ("begin_repeat", "sub", "Sub", "${x} > 1", None, None, None, None),
    ("integer", "z", "Z", None, "yes", None, None, None),
    ("calculate", "where", None, None, None, None, "concat(position(../..), '.', position(..))", None),
    ("end_repeat", None, None, None, None, None, None, None),
    ("calculate", "subs", None, None, None, None, "count(${sub})", None),
    ("end_repeat", None, None, None, None, None, None, None),
    *(("calculate", name, None, None, None, None, rule, None) for name, rule in _CALCULATIONS.items()),
)
CHOICES = (
    ("list_name", "name", "label", "parent"),
    *(("abc", code, label, None) for code, label in (("1", "一"), ("2", "二"), ("3", "三"))),
    *(
        ("towns", f"{parent}{number}", label, parent)
        for parent in "123"
        for number, label in enumerate(("城东", "城西"))
    ),
)
PEOPLE = "name,label,age\nA,Ann,30\nB,Bob,\nC,Cid,50\n"
LISTS = {"people.csv": PEOPLE.encode()}

OTHERWISE_IN_COLLECT: Mapping[str, str] = {
    "middle": "substring() is not there; substr() is",
    "last_row": "last() is not there",
    "ce": "ceiling() is not there",
    "fl": "floor() is not there",
    "named": "name() is not there",
    "pulled": "pulldata() is Collect's own and not JavaRosa's",
    "above": "a list of several nodes is no text there; in XPath 1.0 the first one is",
    "top": "max() of something empty takes the rest; in XForms 1.1 it is NaN",
    "bottom": "likewise min()",
    "most": "likewise",
    "summed": "sum() of nothing is 0",
    "so_far": "likewise",
    "rnd": "round(-3.45, 1) is -3.4, not -3.5",
    "truth": "boolean() of an empty text is false there too, and of some texts that are none elsewhere",
    "num": "number() of a text like 2025-03-01 is NaN there, and days since 1970 in the phone's engine",
    "before2": "a date and a quoted date are not compared as dates",
    "plus": "decimal-date-time() of a day begins at midnight in Greenwich",
    "subs": "rows inside of rows are not counted when a record is opened again",
}
"""Calculations that JavaRosa does not know or means otherwise, each with what it does. Our rules follow the engine
of our own phone program; what came from Collect is flagged where it differs, and kept."""


def feature_form(*, without: Collection[str] = ()) -> CompiledForm:
    """The form with every feature, but for some calculations."""
    rows = [row for row in EVERYTHING if row[1] not in without]
    return compile_workbook(workbook(rows, CHOICES), filename="everything.xlsx")


def random_answers(rules: Rules, form_id: str, dice: random.Random) -> dict[str, Value]:
    """Answers of the right kind to most of the questions, empty ones to the rest, whether they are asked or not.

    Of options that hang on another answer those alone are taken that a screen would offer then.
    """
    found = _below(rules.form.root, form_id, dice)
    for question in rules.form.questions:
        chosen = found.get(question.name)
        if question.source and "[" in question.source.nodeset and isinstance(chosen, str):
            offered = {choice.value for choice in rules.fill(found, {} if form_id else LISTS).choices(question.name)}
            found[question.name] = " ".join(code for code in chosen.split() if code in offered)
    return found


def _below(group: Group, form_id: str, dice: random.Random) -> dict[str, Value]:
    found: dict[str, Value] = {}
    for node in group.children:
        if isinstance(node, Group) and node.repeat:
            found[node.name] = [_below(node, form_id, dice) for _ in range(dice.randint(1, 3))]
        elif isinstance(node, Group):
            found |= _below(node, form_id, dice)
        elif node.asked:
            given = not node.takes_file and dice.random() < 0.85
            found[node.name] = _answer(node, form_id, dice) if given else ""
    return found


def _answer(question: Question, form_id: str, dice: random.Random) -> str:
    if question.media:
        names = [row["name"] for row in rows_of(form_id, question.media)] if form_id else ["A", "B", "C"]
        return dice.choice(names)
    codes = [choice.value for choice in question.choices]
    if question.kind == "select_one":
        return codes[0] if dice.random() < 0.5 else dice.choice(codes)
    if question.kind == "rank":
        return " ".join(dice.sample(codes, len(codes)))
    if question.kind == "select_multiple":
        return " ".join(dice.sample(codes, dice.randint(1, min(3, len(codes)))))
    return _written(question, dice)


def _written(question: Question, dice: random.Random) -> str:
    write = _WRITTEN.get(question.kind)
    if write is not None:
        return write(dice)
    return dice.choice(["x", "走访员", "abc-def", "true", "12", "a  b", "F012", "2025-03-01"])


def _day(dice: random.Random) -> str:
    return (date(2025, 1, 1) + timedelta(days=dice.randint(0, 365))).isoformat()


def _clock(dice: random.Random) -> str:
    return f"{dice.randint(0, 23):02}:{dice.randint(0, 59):02}:{dice.randint(0, 59):02}.000+08:00"


_WRITTEN: Mapping[str, Callable[[random.Random], str]] = {
    "integer": lambda dice: str(dice.randint(-3, 9)),
    "range": lambda dice: str(dice.randint(1, 10)),
    "decimal": lambda dice: str(dice.randint(-400, 900) / 100),
    "acknowledge": lambda _: "OK",
    "date": _day,
    "time": _clock,
    "datetime": lambda dice: f"{_day(dice)}T{_clock(dice)}",
    "geopoint": lambda dice: f"{dice.randint(20, 40)}.5 {dice.randint(80, 120)}.25 0.0 5.0",
}


def unsettled(rules: Rules, answers: dict[str, Value]) -> str:
    """An instance that holds the answers and nothing else: no calculation made, nothing left out."""
    form = rules.form
    root = etree.Element(form.root.name, {"id": form.form_id, "version": form.version})
    _write(form.root, answers, root)
    etree.SubElement(etree.SubElement(root, "meta"), "instanceID").text = "uuid:1"
    return etree.tostring(root, encoding="unicode")


def _write(group: Group, answers: dict[str, Value], element: etree._Element) -> None:
    for node in group.children:
        value = answers.get(node.name, "")
        if isinstance(node, Group) and node.repeat:
            for row in value if not isinstance(value, str) else ():
                _write(node, dict(row), etree.SubElement(element, node.name))
        elif isinstance(node, Group):
            _write(node, answers, etree.SubElement(element, node.name))
        else:
            etree.SubElement(element, node.name).text = value if isinstance(value, str) else ""
