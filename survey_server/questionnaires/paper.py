"""A questionnaire on paper: numbers, boxes, when each question is asked in words, consent, a place for the code.

Respondents and interviewers read it, so its own words are Chinese whatever language the office works in. What words
cannot say exactly is printed as the rule itself in an annex: the paper never guesses.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path

from flask_babel import force_locale, gettext

from mobile_forms.conditions import Fact, Wording
from mobile_forms.definition import FormDefinition, Group, Kind, Question, Texts
from survey_server.console import typesetting
from survey_server.rosters.categories import all_categories
from survey_server.studies.models import Study

TEMPLATE = Path(__file__).with_name("paper.typ")
BLANK = "＿＿＿＿"
SHORT = 9
"""Options up to this long stand three in a row, up to twice as long two in a row."""

_SHAPES: dict[Kind, str] = {
    "select_one": "one",
    "select_multiple": "many",
    "rank": "rank",
    "acknowledge": "tick",
    "integer": "number",
    "decimal": "number",
    "range": "number",
    "date": "date",
    "time": "time",
    "datetime": "datetime",
    "geopoint": "place",
    "geotrace": "device",
    "geoshape": "device",
    "image": "device",
    "audio": "device",
    "video": "device",
    "file": "device",
    "barcode": "line",
}


@dataclass(frozen=True)
class Block:
    """One thing on the paper. ``shape`` chooses how it is drawn; ``when`` says who is asked, empty for everybody."""

    shape: str
    number: str = ""
    label: str = ""
    hint: str = ""
    when: str = ""
    options: tuple[str, ...] = ()
    columns: int = 1
    required: bool = False
    level: int = 0


@dataclass(frozen=True)
class Paper:
    """A whole questionnaire, ready to be typeset."""

    title: str
    version: str
    client: str
    company: str
    hotline: str
    practice: str
    size: float
    direction: str
    words: dict[str, str]
    blocks: tuple[Block, ...]
    conditions: tuple[tuple[str, str], ...] = ()
    annex: tuple[tuple[str, str], ...] = field(default_factory=tuple)


def print_form(study: Study, form: FormDefinition, language: str, *, size: float) -> bytes:
    """The PDF of a questionnaire in one of its languages, at ``size`` points; raises STATE_CONFLICT without a font."""
    return typesetting.typeset(TEMPLATE, asdict(paper_of(study, form, language, size=size)))


def paper_of(study: Study, form: FormDefinition, language: str, *, size: float) -> Paper:
    """What is printed."""
    with force_locale("zh_Hans_CN"):
        writer = _Writer(form, language)
        blocks = tuple(writer.blocks())
        return Paper(
            title=form.title,
            version=form.version,
            client=study.client,
            company=study.company,
            hotline=study.hotline,
            practice=gettext("Practice") if study.practice else "",
            size=size,
            direction="rtl" if _right_to_left(language) else "ltr",
            words=_words(),
            blocks=blocks,
            conditions=tuple(writer.wording.letters.items()),
            annex=tuple(writer.annex.items()),
        )


def facts() -> dict[str, Fact]:
    """What the list of households says, in words: it is filled in before the visit."""
    return {
        "p_category": Fact(
            gettext("category of assistance"), {one.code: one.name for one in all_categories().values()}
        ),
        "p_monthly": Fact(gettext("monthly payment"), {"1": gettext("yes"), "0": gettext("no")}),
        "p_family": Fact(gettext("number of family members")),
        "p_persons": Fact(gettext("number of persons who receive assistance")),
    }


class _Writer:
    def __init__(self, form: FormDefinition, language: str) -> None:
        self.form = form
        self.language = language
        asked = [question for question in form.questions if question.asked]
        self.numbers = {question.name: str(number) for number, question in enumerate(asked, 1)}
        self.wording = Wording(form, self.numbers, facts())
        self.annex: dict[str, str] = {}

    def blocks(self) -> Iterator[Block]:
        for node in self.form.root.children:
            yield from self._blocks(node, 1)

    def _blocks(self, node: Group | Question, level: int) -> Iterator[Block]:
        if isinstance(node, Group):
            label = self._text(node.label)
            inner = [block for child in node.children for block in self._blocks(child, level + 1)]
            if inner and (label or node.bind.relevant or node.repeat):
                shape = "repeat" if node.repeat else "heading"
                yield Block(shape, label=label, when=self._when(node.bind.relevant), level=level)
            yield from inner
        elif node.kind == "note":
            yield Block("note", label=self._text(node.label), hint=self._text(node.hint), when=self._asked(node))
        elif node.asked:
            yield self._question(node)

    def _question(self, question: Question) -> Block:
        options = tuple(self._text(choice.label) or choice.value for choice in question.choices)
        shape = _SHAPES.get(question.kind, "lines" if "multiline" in question.appearance else "line")
        if question.kind in {"select_one", "select_multiple"} and not options:
            shape = "line"  # its options come from a list of the device
        longest = max(map(len, options), default=0)
        return Block(
            shape,
            number=self.numbers[question.name],
            label=self._text(question.label),
            hint=self._text(question.hint),
            when=self._asked(question),
            options=options,
            columns=3 if longest <= SHORT else 2 if longest <= 2 * SHORT else 1,
            required=question.bind.required in {"true()", "1"},
        )

    def _asked(self, question: Question) -> str:
        return self._when(question.bind.relevant)

    def _when(self, expression: str | None) -> str:
        if not expression or expression in {"true()", "1"}:
            return ""
        words = self.wording.when(expression)
        if words is not None:
            return words
        known = next((mark for mark, rule in self.annex.items() if rule == expression), None)
        mark = known or str(len(self.annex) + 1)
        self.annex[mark] = expression
        return gettext("rule %(mark)s of the annex holds", mark=mark)

    def _text(self, texts: Texts) -> str:
        text = texts.get(self.language) or texts.get(self.form.default_language)
        if text is None:
            return ""
        return "".join(part if isinstance(part, str) else BLANK for part in text.parts).replace("{{staff_no}}", BLANK)


def _right_to_left(language: str) -> bool:
    from mobile_forms.translations import text_direction  # noqa: PLC0415 - openpyxl is slow to load

    return text_direction(language) == "rtl"


def _words() -> dict[str, str]:
    return {
        "sample": gettext("Sample number"),
        "code": gettext("Place for the household's code"),
        "interviewer": gettext("Interviewer"),
        "date": gettext("Date"),
        "start": gettext("Began at"),
        "end": gettext("Ended at"),
        "when": gettext("Ask only if: "),
        "repeat": gettext("Fill in once for each; go on on another sheet where there are more."),
        "one": gettext("choose one"),
        "many": gettext("choose all that apply"),
        "rank": gettext("number them in order"),
        "device": gettext("on the phone only; tick when done"),
        "done": gettext("done"),
        "year": gettext("year"),
        "month": gettext("month"),
        "day": gettext("day"),
        "hour": gettext("hour"),
        "minute": gettext("minute"),
        "east": gettext("longitude"),
        "north": gettext("latitude"),
        "conditions": gettext("Conditions that return"),
        "condition": gettext("Condition"),
        "annex": gettext("Annex: rules that words cannot say"),
        "hotline": gettext("Questions?"),
        "version": gettext("Version"),
        "how": gettext(
            "Tick like this: ☑. To correct, strike out and tick anew. An asterisk marks what must be answered."
        ),
    }
