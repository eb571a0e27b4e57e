"""What spoils a survey although the form works: scales that lean, answers that cost more steps, questions that help.

``lint(form)`` gives advice, never refuses: each finding is a `Problem` with question, sentence and remedy in Chinese
and English. The shipped questionnaires are free of findings. What only ODK Collect means otherwise stands in
`mobile_forms.lint_collect`.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from mobile_forms.definition import Choice, FormDefinition, Group, Question, Text, Texts
from mobile_forms.evaluation import Evaluation
from mobile_forms.instance import Node
from mobile_forms.plan import Plan, Planned
from mobile_forms.problems import Problem, placed

_NEGATIVE = re.compile(
    r"不满意|不太满意|不同意|没有帮助|帮助不大|不好|较差|很差|非常差|差$|dissatisfied|unsatisfied|disagree|poor|\bbad\b",
    re.IGNORECASE,
)
_POSITIVE = re.compile(
    r"满意|同意|有帮助|帮助很大|很好|较好|非常好|好$|优秀|satisfied|agree|\bgood\b|excellent", re.IGNORECASE
)
_SATISFIED = re.compile(r"满意|satisfied", re.IGNORECASE)
_MIDDLE = re.compile(r"一般|中立|说不上|neutral|neither|\bfair\b", re.IGNORECASE)
_NO_ANSWER = re.compile(
    r"说不清|不清楚|不知道|记不清|不好说|无法判断|判断不了|不愿|不想|拒绝|不适用|don.t know|not sure|prefer not|refuse",
    re.IGNORECASE,
)
_LEADING = re.compile(
    r"难道|想必|一定很|肯定很|是不是都?很?满意|还满意吧|满意吧|优质|热情周到|无微不至|亲切的?关怀|在.{0,12}的(?:正确|英明|坚强)领导下"
)
_NAMES = re.compile(r"姓名|名字|身份证|证件号|电话|手机号|住址|联系方式|\bname\b|phone|address", re.IGNORECASE)
_WARNING = re.compile(r"不要|请勿|不填|不写|不记|别写|do not|don.t", re.IGNORECASE)
_QUOTED = re.compile(r"[“\"]([^“”\"]{3,20})[”\"]")
_VERDICT = re.compile(r"说对|算|正确")
_KNOWS = re.compile(r"^(?:知道|不知道|了解|不了解|听说过|没听说过?|yes|no|是|否)$", re.IGNORECASE)

OPINIONS = frozenset({"satisfaction", "awareness", "heard"})


def lint(form: FormDefinition, rows: Mapping[str, int] | None = None) -> tuple[Problem, ...]:
    """Findings about a form in the order of its questions; ``rows`` are those of its workbook (`CompiledForm.rows`)."""
    plan = Plan(form)
    found = [problem for check in _CHECKS for problem in check(form)]
    found += _extra_steps(plan)
    return placed(form, found, rows)


def _scales(form: FormDefinition) -> Iterator[Question]:
    """Questions whose options are degrees of approval: tagged as satisfaction, or worded so."""
    for question in form.questions:
        if question.kind == "select_one" and (question.role == "satisfaction" or _sides(question, form)[1]):
            yield question


def _sides(question: Question, form: FormDefinition) -> tuple[list[Choice], list[Choice]]:
    """The options on the approving and on the disapproving side; both empty where it is no scale."""
    words = {choice.value: _words(choice.label, form) for choice in question.choices}
    negative = [choice for choice in question.choices if _NEGATIVE.search(words[choice.value])]
    positive = [c for c in question.choices if c not in negative and _POSITIVE.search(words[c.value])]
    # Two options are a scale where both speak of satisfaction: 同意 and 不同意 alone are a consent.
    degrees = len(question.choices) > 2 or all(_SATISFIED.search(said) for said in words.values())
    return (positive, negative) if positive and negative and degrees else ([], [])


def _unbalanced(form: FormDefinition) -> Iterator[Problem]:
    for question in _scales(form):
        positive, negative = _sides(question, form)
        if len(positive) != len(negative):
            counts = {"positive": str(len(positive)), "negative": str(len(negative))}
            yield Problem("lint_unbalanced", question=question.name, column="type", values=counts)


def _scales_differ(form: FormDefinition) -> Iterator[Problem]:
    """Scales of one form that give the same words other codes, or run the other way."""
    seen: dict[frozenset[str], tuple[str, Sequence[tuple[str, str]]]] = {}
    for question in _scales(form):
        pairs = [(choice.value, _words(choice.label, form)) for choice in question.choices]
        key = frozenset(words for _, words in pairs)
        first = seen.setdefault(key, (question.name, pairs))
        if first[1] != pairs:
            yield Problem("lint_scales_differ", question=question.name, column="type", values={"other": first[0]})


def _leading(form: FormDefinition) -> Iterator[Problem]:
    for question in form.questions:
        found = _LEADING.search(_words(question.label, form)) if question.asked else None
        if found:
            yield Problem("lint_leading", question=question.name, column="label", values={"words": found.group()})


def _no_way_out(form: FormDefinition) -> Iterator[Problem]:
    """Opinions, knowledge and sensitive questions without an option for those who cannot or will not say."""
    scales = {question.name for question in _scales(form)}
    for question in form.questions:
        opinion = question.role in OPINIONS or question.name in scales
        if question.kind != "select_one" or not question.choices or not (opinion or question.role == "clue"):
            continue
        ways = [c for c in question.choices if _flagged(c) or _NO_ANSWER.search(_words(c.label, form))]
        if not ways:
            yield Problem("lint_no_way_out", question=question.name, column="type")


def _preselected(form: FormDefinition) -> Iterator[Problem]:
    dynamic = {action.path for action in form.actions}
    for question in _scales(form):
        if question.default or question.path in dynamic:
            yield Problem("lint_preselected", question=question.name, column="default")


def _gives_the_answer(form: FormDefinition) -> Iterator[Problem]:
    """A knowledge question whose answer, quoted in its hint, was read out before it or stands in it."""
    before: list[str] = []
    for node in form.root.walk():
        words = _words(node.label, form)
        if isinstance(node, Question) and node.role == "awareness":
            hint = _words(node.hint, form)
            accepted = [word for word in _QUOTED.findall(hint) if not _VERDICT.search(word)]
            told = next((word for word in accepted for text in (*before, words) if word in text), "")
            if told:
                yield Problem("lint_gives_answer", question=node.name, column="label", values={"words": told})
        if isinstance(node, Group) or node.kind not in {"calculate", "meta", "hidden"}:
            before.append(words)
        if isinstance(node, Question) and node.kind in {"select_one", "select_multiple"} and node.role != "case":
            before.extend(_words(choice.label, form) for choice in node.choices)


def _asks_whether_known(form: FormDefinition) -> Iterator[Problem]:
    for question in form.questions:
        said = [_words(c.label, form) for c in question.choices if not _flagged(c)]
        said = [words for words in said if not re.search(r"不愿|拒绝|说不清", words)]
        if question.role == "awareness" and said and all(_KNOWS.match(words) for words in said):
            yield Problem("lint_whether_known", question=question.name, column="type")


def _sensitive_first(form: FormDefinition) -> Iterator[Problem]:
    """Sensitive questions (spi, child) that are asked before anybody agreed, or where nobody is asked to agree."""
    consented = False
    for question in form.questions:
        if question.role == "consent":
            consented = True
        elif not consented and question.asked and question.pipl in {"spi", "child"}:
            yield Problem("lint_before_consent", question=question.name, column="pipl")


def _invites_names(form: FormDefinition) -> Iterator[Problem]:
    for question in form.questions:
        if question.kind != "text" or question.role in {"contact_phone", "meta"}:
            continue
        words = f"{_words(question.label, form)} {_words(question.hint, form)}"
        message = _words(question.bind.constraint_message, form)
        if _NAMES.search(words) and not _WARNING.search(f"{words} {message}"):
            yield Problem("lint_invites_names", question=question.name, column="label")
        elif question.role == "open" and question.pipl != "none" and not _WARNING.search(words):
            yield Problem("lint_open_unwarned", question=question.name, column="hint")


def _not_equal(form: FormDefinition) -> Iterator[Problem]:
    for node in form.root.walk():
        for column, rule in _rules(node).items():
            if column != "calculation" and "!=" in re.sub(r"'[^']*'|\"[^\"]*\"|!=\s*(?:''|\"\")", "", rule):
                yield Problem("lint_not_equal", question=node.name, column=column)


def _rules(node: Group | Question) -> Mapping[str, str]:
    bind = node.bind
    rules = {"relevant": bind.relevant, "constraint": bind.constraint, "required": bind.required}
    return {column: rule for column, rule in {**rules, "calculation": bind.calculate}.items() if rule}


def _untagged(form: FormDefinition) -> Iterator[Problem]:
    for question in _scales(form):
        if not question.metric:
            yield Problem("lint_untagged", question=question.name, column="bind::zf:metric")


def _extra_steps(plan: Plan) -> list[Problem]:
    """Questions that only those have to answer who did not approve."""
    found: list[Problem] = []
    for question in _scales(plan.form):
        positive, negative = _sides(question, plan.form)
        for planned in plan.nodes.values():
            if positive and negative and _depends(planned, question.path):
                found += _costs(plan, question, planned, positive, negative)
    return found


def _depends(planned: Planned, path: str) -> bool:
    rules = (planned.relevant, planned.required)
    asked = planned.group is not None or (planned.question is not None and planned.question.asked)
    return asked and any(rule is not None and path in rule.paths for rule in rules)


def _costs(
    plan: Plan, question: Question, planned: Planned, positive: Sequence[Choice], negative: Sequence[Choice]
) -> Iterator[Problem]:
    shown = {c.value: _burden(plan, question, planned, c.value) for c in (*positive, *negative)}
    most_of_positive = max(shown[choice.value] for choice in positive)
    most_of_negative = max(shown[choice.value] for choice in negative)
    if most_of_negative > most_of_positive:
        code = "lint_reason_required" if most_of_negative == 2 else "lint_extra_steps"
        column = "required" if most_of_positive == 1 else "relevant"
        yield Problem(code, question=planned.name, column=column, values={"scale": question.name})


def _burden(plan: Plan, question: Question, planned: Planned, code: str) -> int:
    """0: not asked; 1: asked; 2: required, of somebody whose only answer is this code."""
    root = plan.blank()
    now = datetime(2026, 1, 1, tzinfo=UTC)
    evaluation = Evaluation(plan, root, {}, now, ZoneInfo("Asia/Shanghai"))
    target: list[Node] = evaluation.run.nodes.get(question.path, [])
    nodes = evaluation.nodes(planned)
    if not target or not nodes:
        return 0
    target[0].text = code
    relevant = planned.relevant is None or planned.relevant.boolean(evaluation.run, nodes[0])
    if not relevant:
        return 0
    return 2 if planned.question is not None and evaluation.required(planned, nodes[0]) else 1


def _flagged(choice: Choice) -> bool:
    return "missing" in choice.extra.get("x_flag", "")


def _words(texts: Texts, form: FormDefinition) -> str:
    text: Text | None = texts.get(form.default_language)
    return text.plain if text else ""


_CHECKS: Sequence[Callable[[FormDefinition], Iterator[Problem]]] = (
    _unbalanced,
    _scales_differ,
    _leading,
    _no_way_out,
    _preselected,
    _gives_the_answer,
    _asks_whether_known,
    _sensitive_first,
    _invites_names,
    _not_equal,
    _untagged,
)
