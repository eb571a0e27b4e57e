"""A questionnaire made from the file itself: scales guessed, tags suggested, a person confirms.

What people say of their own knowledge (知道、听说过) is suggested as 听说率, never as 知晓率, which needs recall.
"""

from __future__ import annotations

import datetime as dt
import io
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import openpyxl

from survey_server.errors import N_, Problem, ZoufangError
from survey_server.imports.items import Item, plain
from survey_server.imports.matching import Decisions, Match
from survey_server.imports.service import Opened, keep_decisions
from survey_server.studies.forms import publish
from survey_server.studies.models import FormVersion, Purpose, Study
from survey_server.work import Work

LANGUAGE = "label::中文(zh)"
SURVEY = ("type", "name", LANGUAGE, "calculation", "bind::zf:role", "bind::zf:metric", "bind::zf:pipl")
NO_ANSWER: Mapping[str, str] = {
    **dict.fromkeys(("说不清", "不清楚", "不好说", "不确定", "记不清", "无所谓"), "98"),
    **dict.fromkeys(("不愿回答", "拒答", "不想说", "不想回答", "拒绝回答"), "99"),
}
SATISFIED: Mapping[str, str] = {
    **dict.fromkeys(("很满意", "非常满意", "十分满意"), "5"),
    **dict.fromkeys(("满意", "比较满意", "较满意"), "4"),
    **dict.fromkeys(("一般", "基本满意", "还可以", "一般满意", "尚可"), "3"),
    **dict.fromkeys(("不满意", "不太满意", "较不满意", "比较不满意", "不够满意"), "2"),
    **dict.fromkeys(("很不满意", "非常不满意", "十分不满意", "极不满意"), "1"),
}
POINTS = {"5": "100", "4": "80", "3": "60", "2": "30", "1": "0"}
KNOWN: Mapping[str, str] = {
    **dict.fromkeys(("知道", "了解", "非常了解", "很了解", "清楚", "非常清楚", "听说过", "是", "完全了解"), "1"),
    **dict.fromkeys(
        (
            "知道一些",
            "了解一些",
            "了解一点",
            "听说过一些",
            "一般了解",
            "比较了解",
            "基本了解",
            "部分了解",
            "一般",
            "听说过但不清楚",
        ),
        "2",
    ),
    **dict.fromkeys(("不知道", "不了解", "没听说过", "没有听说过", "不清楚", "否", "完全不了解", "从未听说"), "3"),
}
IN_OWN_WORDS = re.compile("意见|建议|想说的话|您的话|其他说明")
ABOUT_KNOWING = re.compile("知道|了解|听说|清楚|知晓")
PERSONAL = re.compile("姓名|电话|手机|身份证|银行卡|微信|住址|地址|联系")
TAGS: Mapping[str, str] = {
    "sat_overall": N_("Satisfaction: overall"),
    "sat_process": N_("Satisfaction: applying and checking"),
    "sat_open": N_("Satisfaction: openness"),
    "sat_pay": N_("Satisfaction: payment"),
    "sat_staff": N_("Satisfaction: staff"),
    "sat_level": N_("Satisfaction: what the help brings"),
    "satisfaction": N_("Satisfaction: something else"),
    "heard_type": N_("Has heard of: the kind of assistance"),
    "heard_std": N_("Has heard of: the standard"),
    "heard_duty": N_("Has heard of: reporting changes"),
    "heard_temp": N_("Has heard of: temporary assistance"),
    "heard_hotline": N_("Has heard of: where to turn"),
    "heard": N_("Has heard of: something else"),
    "improve": N_("What should be improved"),
    "channel": N_("Where people know it from"),
}
"""What a question may be for; a tag without an underscore is a role without a metric of its own."""
GUESSED_BY: Sequence[tuple[str, str]] = (
    ("sat_overall", "总体|总的|整体|综合"),
    ("sat_staff", "态度|工作人员|服务"),
    ("sat_open", "公示|公开|透明"),
    ("sat_pay", "发放|及时|足额|到账"),
    ("sat_process", "手续|流程|申请|审核|程序|办理"),
    ("sat_level", "帮助|水平|基本生活|作用"),
)
HEARD_BY: Sequence[tuple[str, str]] = (
    ("heard_std", "标准|多少钱|金额"),
    ("heard_duty", "变化|报告|告知"),
    ("heard_temp", "临时|急难"),
    ("heard_hotline", "电话|热线|反映|投诉|咨询"),
    ("heard_type", "哪一种|哪种|种类|类型|类别"),
)


@dataclass(frozen=True)
class Proposal:
    """What one question of the file becomes: left out where ``kind`` is empty; codes by the value in the file."""

    key: str
    label: str
    kind: str
    tag: str = ""
    codes: Mapping[str, str] = field(default_factory=dict)
    unsure: bool = False


def propose(items: Sequence[Item]) -> list[Proposal]:
    """A proposal for each question of the file."""
    found = [_proposal(item) for item in items]
    overall = [p for p in found if p.tag == "sat_overall"]
    sats = [p for p in found if p.tag.startswith("sat")]
    if sats and not overall:
        only = sats[-1] if len(sats) == 1 else None
        found = [replace(p, tag="sat_overall") if p is only else p for p in found]
    seen: set[str] = set()
    once = []
    for proposal in found:
        again = "_" in proposal.tag and proposal.tag in seen
        once.append(replace(proposal, tag="satisfaction" if "sat" in proposal.tag else "heard") if again else proposal)
        seen.add(proposal.tag)
    return once


def corrected(proposals: Sequence[Proposal], typed: Mapping[str, str]) -> list[Proposal]:
    """What a person chose: ``kind|i``, ``tag|i`` and ``code|i|j``; what is not there stays."""
    found = []
    for place, proposal in enumerate(proposals):
        kind = typed.get(f"kind|{place}", proposal.kind)
        tag = typed.get(f"tag|{place}", proposal.tag)
        codes = {
            value: _code(typed.get(f"code|{place}|{n}", code)) for n, (value, code) in enumerate(proposal.codes.items())
        }
        chosen = kind if kind in {"", "text", "integer", "select_one", "select_multiple"} else proposal.kind
        found.append(replace(proposal, kind=chosen, tag=tag if tag in {"", *TAGS} else "", codes=codes))
    tags = [p.tag for p in found if p.kind and "_" in p.tag]
    twice = next((tag for tag in tags if tags.count(tag) > 1), None)
    if twice:
        raise ZoufangError(
            Problem.INVALID_FIELD, field=TAGS[twice], why=N_("two questions cannot be for the same thing")
        )
    return found


def make_form(work: Work, study: Study, opened: Opened, proposals: Sequence[Proposal], title: str) -> FormVersion:
    """Publish a questionnaire of these questions, and match the file to it without a doubt left.

    Raises INVALID_FIELD where nothing is left to ask, STATE_CONFLICT where the study has such a questionnaire.
    """
    asked = [(f"q{n}", proposal) for n, proposal in enumerate(proposals, start=1) if proposal.kind]
    if not asked:
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Questions"), why=N_("every question is left out"))
    workbook = _workbook(asked, title, opened.file.uploaded_at)
    form = publish(work, study, Purpose.PUBLIC, f"{title}.xlsx", workbook)
    work.session.flush()
    opened.file.form_version_id = form.id
    columns = {proposal.key: Match("", 1.0, "hand") for proposal in proposals}
    columns |= {proposal.key: Match(name, 1.0, "name") for name, proposal in asked}
    values = {
        proposal.key: {value: Match(code, 1.0, "code") for value, code in proposal.codes.items()}
        for _name, proposal in asked
        if proposal.kind.startswith("select")
    }
    keep_decisions(work, opened.file, Decisions(columns, values))
    return form


def _proposal(item: Item) -> Proposal:
    label = item.label or item.key
    if PERSONAL.search(label) and item.kind == "text":
        return Proposal(item.key, label, "")
    if item.kind == "text" or IN_OWN_WORDS.search(label):
        numbers = all(re.fullmatch(r"\d{1,6}(\.\d+)?", value) for value in item.values) and bool(item.values)
        return Proposal(item.key, label, "integer" if numbers and "." not in "".join(item.values) else "text")
    if item.kind == "multiple":
        tag = "improve" if re.search("改进|不满", label) else "channel" if re.search("渠道|途径", label) else ""
        return Proposal(item.key, label, "select_multiple", tag, _in_order(item))
    satisfied = _satisfaction_codes(item)
    if satisfied:
        return Proposal(
            item.key, label, "select_one", _tag(label, GUESSED_BY, "satisfaction"), satisfied, _by_place(item)
        )
    known = _codes(item, KNOWN) if ABOUT_KNOWING.search(label) else {}
    if known and set(known.values()) & {"1", "2"}:
        return Proposal(item.key, label, "select_one", _tag(label, HEARD_BY, "heard"), known)
    return Proposal(item.key, label, "select_one", "", _in_order(item))


def _satisfaction_codes(item: Item) -> dict[str, str]:
    """Codes 5 to 1 for the words of a scale; where 比较满意 stands beside 满意, the bare words are its ends."""
    if _by_place(item) and "满意" in item.label:
        return {value: str(6 - int(value)) for value in sorted(item.values)}
    codes = _codes(item, SATISFIED)
    words = {plain(_meaning(item, value)): value for value in codes}
    if not any("满意" in word for word in words):
        return {}
    if "满意" in words and words.keys() & {"比较满意", "较满意"} and "5" not in codes.values():
        codes[words["满意"]] = "5"
    if "不满意" in words and words.keys() & {"不太满意", "较不满意", "比较不满意"} and "1" not in codes.values():
        codes[words["不满意"]] = "1"
    return codes


def _by_place(item: Item) -> bool:
    """Answers by number without words: 1 is the first option, which on such scales is the best."""
    return not item.labels and bool(item.values) and set(item.values) <= set("12345")


def _codes(item: Item, scale: Mapping[str, str]) -> dict[str, str]:
    """The codes of a scale for every value, or nothing where one value is no word of it."""
    found = {value: {**NO_ANSWER, **scale}.get(plain(_meaning(item, value)), "") for value in item.values}
    return dict(sorted(found.items(), key=lambda pair: pair[1])) if found and all(found.values()) else {}


def _meaning(item: Item, value: str) -> str:
    return re.sub(r"^[A-Za-z][.、．)]\s*", "", item.labels.get(value, value))


def _in_order(item: Item) -> dict[str, str]:
    values = sorted(item.values, key=int) if all(value.isdigit() for value in item.values) else list(item.values)
    special = {value: NO_ANSWER[plain(value)] for value in values if plain(value) in NO_ANSWER}
    numbered = (value for value in values if value not in special)
    return {value: str(n) for n, value in enumerate(numbered, start=1)} | special


def _tag(label: str, words: Sequence[tuple[str, str]], other: str) -> str:
    return next((tag for tag, pattern in words if re.search(pattern, label)), other)


def _code(text: str) -> str:
    code = text.strip()
    if not re.fullmatch(r"\d{1,3}", code):
        raise ZoufangError(Problem.INVALID_FIELD, field=N_("Code"), why=N_("type a number of at most three digits"))
    return code


def _workbook(asked: Sequence[tuple[str, Proposal]], title: str, now: dt.datetime) -> bytes:
    book = openpyxl.Workbook()
    survey, choices, settings = book.active, book.create_sheet("choices"), book.create_sheet("settings")
    assert survey is not None  # noqa: S101 - a new workbook has a sheet
    survey.title = "survey"
    rows: list[Sequence[str]] = [SURVEY, ("start", "start"), ("end", "end")]
    rows.append(("select_one_from_file places.csv", "place", "导入", "", "case", "place_id", "none"))
    options: list[Sequence[str]] = [("list_name", "name", LANGUAGE, "x_metric_value", "x_flag")]
    for name, proposal in asked:
        role, metric = _role(proposal)
        listed = f" {name}_list" if proposal.kind.startswith("select") else ""
        pipl = "pi" if proposal.kind == "text" else "none"
        rows.append((proposal.kind + listed, name, proposal.label, "", role, metric, pipl))
        options += _options(f"{name}_list", proposal, role)
    form_id = f"import_{now:%Y%m%d%H%M%S}"
    head = ("form_title", "form_id", "version", "default_language", "namespaces")
    values = (title, form_id, f"{now:%Y%m%d}01", "中文(zh)", 'zf="urn:zoufang:form:1"')
    for sheet, lines in ((survey, rows), (choices, options), (settings, [head, values])):
        for line in lines:
            sheet.append(list(line))
            for cell in sheet[sheet.max_row]:
                cell.data_type = "s"  # what a file says is never a formula
    out = io.BytesIO()
    book.save(out)
    return out.getvalue()


def _role(proposal: Proposal) -> tuple[str, str]:
    tag = proposal.tag
    if tag.startswith("sat"):
        return "satisfaction", tag if "_" in tag else ""
    if tag.startswith("heard"):
        return "heard", tag if "_" in tag else ""
    return ({"improve": "reason", "channel": "channel"}.get(tag, "open" if proposal.kind == "text" else "fact"), tag)


def _options(listed: str, proposal: Proposal, role: str) -> list[Sequence[str]]:
    """One option a code; the values that share a code are one option by the first of their names."""
    words: dict[str, str] = {}
    for value, code in proposal.codes.items():
        words.setdefault(code, value)
    points = POINTS if role == "satisfaction" else {"1": "1", "2": "1", "3": "0"} if role == "heard" else {}
    missing = {"98", "99"}
    return [
        (listed, code, word, points.get(code, ""), "missing" if code in missing else "") for code, word in words.items()
    ]
