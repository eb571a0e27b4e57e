"""A form with every function and rule that is supported, and random answers to any form."""

from __future__ import annotations

import random
from datetime import date, timedelta

from lxml import etree

from mobile_forms.answers import Rules, Value
from mobile_forms.definition import Group, Question
from tests.mobile_forms.forms import rows_of

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
CHOICES = (("list_name", "name", "label"), ("abc", "1", "一"), ("abc", "2", "二"), ("abc", "3", "三"))
PEOPLE = "name,label,age\nA,Ann,30\nB,Bob,\nC,Cid,50\n"


def random_answers(rules: Rules, form_id: str, dice: random.Random) -> dict[str, Value]:
    """Answers of the right kind to most of the questions, empty ones to the rest, whether they are asked or not."""
    return _below(rules.form.root, form_id, dice)


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
    if question.kind == "select_multiple":
        return " ".join(dice.sample(codes, dice.randint(1, min(3, len(codes)))))
    return _written(question, dice)


def _written(question: Question, dice: random.Random) -> str:
    if question.kind == "integer":
        return str(dice.randint(-3, 9))
    if question.kind == "decimal":
        return str(dice.randint(-400, 900) / 100)
    if question.kind == "date":
        return (date(2025, 1, 1) + timedelta(days=dice.randint(0, 365))).isoformat()
    if question.kind == "geopoint":
        return f"{dice.randint(20, 40)}.5 {dice.randint(80, 120)}.25 0.0 5.0"
    return dice.choice(["x", "走访员", "abc-def", "true", "12", "a  b", "F012", "2025-03-01"])


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
