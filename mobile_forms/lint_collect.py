"""What ODK Collect means otherwise than our own phone program: patterns, sums of blanks, functions, quoted dates.

For questionnaires that are given to ODK Collect. Collect evaluates by JavaRosa; our phone program, and the server
after it, by ``@getodk/xforms-engine``. ``lint_for_collect(form)`` gives advice as `mobile_forms.lint` does.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping

from mobile_forms.definition import FormDefinition, Group, Question
from mobile_forms.problems import Problem, placed

_NOT_IN_JAVAROSA = re.compile(r"(?<![\w:-])(ceiling|floor|last|local-name|name|substring)\s*\(")
_BARE_DATE = re.compile(r"[<>]=?\s*['\"]\d{4}-\d{2}-\d{2}['\"]|['\"]\d{4}-\d{2}-\d{2}['\"]\s*[<>]")
_SUM = re.compile(r"\b(sum|min|max)\(\s*([/.][\w/.\-]*\w)\s*\)")
_REGEX = re.compile(r"\bregex\s*\([^,]+,\s*(?:'([^']*)'|\"([^\"]*)\")")
_ESCAPED = re.compile(r"\\.|\[\^?\]?(?:\\.|[^\]\\])*\]")
_TEXTS = re.compile(r"'[^']*'|\"[^\"]*\"")


def lint_for_collect(form: FormDefinition, rows: Mapping[str, int] | None = None) -> tuple[Problem, ...]:
    """What differs in Collect, in the order of the questions; ``rows`` are those of its workbook."""
    found = [*_loose_patterns(form), *_sums_of_blanks(form), *_otherwise(form)]
    return placed(form, found, rows)


def anchored(pattern: str) -> bool:
    """Whether a pattern can only match a whole text: then a search and a whole match say the same.

    ``^a|b$`` is not: its first half is held at the beginning alone.
    """
    plain = _ESCAPED.sub("x", pattern)
    if not (plain.startswith("^") and plain.endswith("$")):
        return False
    depth = 0
    for sign in plain:
        depth += (sign == "(") - (sign == ")")
        if sign == "|" and depth == 0:
            return False
    return True


def _loose_patterns(form: FormDefinition) -> Iterator[Problem]:
    """Patterns that the phone looks for anywhere and ODK Collect holds against the whole answer."""
    for node in form.root.walk():
        for column, rule in _rules(node).items():
            for found in _REGEX.finditer(rule):
                pattern = found.group(1) or found.group(2) or ""
                if not anchored(pattern):
                    yield Problem("lint_loose_pattern", question=node.name, column=column, values={"pattern": pattern})


def _sums_of_blanks(form: FormDefinition) -> Iterator[Problem]:
    """Sums over rows where an answer may be missing: nothing on the phone, a number in ODK Collect."""
    rows = {q.name for q in form.questions if q.repeat and (q.bind.relevant or q.bind.required not in {"true()", "1"})}
    for node in form.root.walk():
        for column, rule in {"calculation": node.bind.calculate, "relevant": node.bind.relevant}.items():
            for function, path in _SUM.findall(rule or ""):
                name = path.rpartition("/")[2]
                if name in rows:
                    values = {"function": function, "summed": name}
                    yield Problem("lint_sum_of_blanks", question=node.name, column=column, values=values)


def _otherwise(form: FormDefinition) -> Iterator[Problem]:
    """What the phone evaluates and ODK Collect does not, or evaluates otherwise (JavaRosa 5)."""
    for node in form.root.walk():
        for column, rule in _rules(node).items():
            for function in dict.fromkeys(_NOT_IN_JAVAROSA.findall(_TEXTS.sub("''", rule))):
                values = {"function": function}
                yield Problem("lint_not_in_collect", question=node.name, column=column, values=values)
            if _BARE_DATE.search(rule):
                yield Problem("lint_bare_date", question=node.name, column=column)


def _rules(node: Group | Question) -> Mapping[str, str]:
    bind = node.bind
    rules = {"relevant": bind.relevant, "constraint": bind.constraint, "required": bind.required}
    rules |= {"calculation": bind.calculate}
    if isinstance(node, Question) and node.source:
        rules |= {"choice_filter": node.source.nodeset}
    return {column: rule for column, rule in rules.items() if rule}
