"""The sentences of `mobile_forms.lint`: by code and language, what was found and what to do."""

from __future__ import annotations

from collections.abc import Mapping

LINT_TEXTS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "lint_unbalanced": {
        "zh": ("“{question}”的量表不对称：好评 {positive} 档，差评 {negative} 档。", "让好评和差评的档数相同。"),
        "en": (
            "The scale of {question} leans: {positive} approving and {negative} disapproving options.",
            "Give both sides the same number.",
        ),
    },
    "lint_scales_differ": {
        "zh": ("“{question}”和“{other}”的选项文字相同，编码或顺序却不同。", "用同一个选项组。"),
        "en": ("{question} gives the options of {other} other codes or another order.", "Use one choice list."),
    },
    "lint_leading": {
        "zh": ("“{question}”的问法带有引导：“{words}”。", "改成中性的问法，例如“您对……满意吗？”。"),
        "en": ("{question} leads the respondent: {words}.", "Ask neutrally."),
    },
    "lint_no_way_out": {
        "zh": ("“{question}”没有“说不清”或“不愿回答”。", "补上这样的选项，并在 x_flag 列填 missing，不计入分母。"),
        "en": ("{question} has no option for those who cannot or will not say.", "Add one flagged missing."),
    },
    "lint_preselected": {
        "zh": ("“{question}”预先选好了答案。", "删去默认值：没有选过的不能算回答。"),
        "en": ("An answer of {question} is selected beforehand.", "Remove the default."),
    },
    "lint_gives_answer": {
        "zh": ("问“{question}”之前或题目里已经说出了答案“{words}”。", "把知晓题放到前面，题目里不写答案。"),
        "en": ("The answer of {question} was given away: {words}.", "Ask knowledge first and do not name the answer."),
    },
    "lint_whether_known": {
        "zh": (
            "“{question}”只问“知不知道”，会高估知晓率。",
            "请对方说出内容，由访员判断；自己填写的用 role=heard，不并入知晓率。",
        ),
        "en": (
            "{question} only asks whether something is known, which overstates knowledge.",
            "Let the respondent say it, or tag it as heard.",
        ),
    },
    "lint_before_consent": {
        "zh": ("“{question}”是敏感信息，却排在征得同意之前。", "先问同意（role=consent），不同意的跳过这一题。"),
        "en": ("{question} is sensitive and stands before consent.", "Ask for consent first."),
    },
    "lint_invites_names": {
        "zh": ("“{question}”会让人写下姓名、电话等信息。", "换一种问法，或写明“请不要写姓名、电话”。"),
        "en": ("{question} invites names or numbers.", "Ask otherwise, or say that none are wanted."),
    },
    "lint_open_unwarned": {
        "zh": ("“{question}”是自由填写，没有提醒不要写姓名。", "在题目或提示里加上“请不要写姓名、电话、证件号”。"),
        "en": ("{question} is free text without a word about names.", "Add: please do not write names or numbers."),
    },
    "lint_loose_pattern": {
        "zh": (
            "“{question}”的 regex 没有首尾限定：{pattern}",
            "写成 ^……$：手机在任何位置找，ODK Collect 要求整段符合，结果会不一样。",
        ),
        "en": (
            "The pattern of {question} has no ends: {pattern}",
            "Write ^...$: the phone searches anywhere, ODK Collect wants the whole answer.",
        ),
    },
    "lint_not_equal": {
        "zh": ("“{question}”用了 !=，没有回答时也会成立。", "写成 not(… = …)，或先判断是否有值。"),
        "en": ("{question} uses !=, which also holds of no answer.", "Write not(... = ...)."),
    },
    "lint_sum_of_blanks": {
        "zh": (
            "“{question}”用 {function}() 汇总“{summed}”：有一行没填时，手机算不出结果，ODK Collect 却算得出。",
            "写成 {function}(${{summed}}[. != ''])，只汇总填了的行。",
        ),
        "en": (
            "{question} takes the {function} of {summed}: a blank row gives nothing on the phone, a number in Collect.",
            "Write {function}(${{summed}}[. != '']).",
        ),
    },
    "lint_not_in_collect": {
        "zh": (
            "“{question}”用了 ODK Collect 没有的函数 {function}()。",
            "要用 Collect 的，换一个函数。",
        ),
        "en": ("{question} uses {function}(), which ODK Collect does not have.", "Use another where Collect is used."),
    },
    "lint_bare_date": {
        "zh": ("“{question}”直接拿日期和带引号的文字比大小，ODK Collect 会算成不成立。", "写成 date('2025-06-01')。"),
        "en": ("{question} compares a date with quoted text, which never holds in ODK Collect.", "Write date('...')."),
    },
    "lint_untagged": {
        "zh": (
            "“{question}”像是满意度题，却没有口径标签（bind::zf:metric）。",
            "补上标签，例如 sat_overall，结果才会计算。",
        ),
        "en": ("{question} looks like satisfaction and has no metric tag.", "Tag it, for example sat_overall."),
    },
    "lint_reason_required": {
        "zh": (
            "在“{scale}”选了不满意的人，必须多答“{question}”。",
            "所有人都问，或者不设必填：不满意不能比满意多费事。",
        ),
        "en": (
            "Those who are not satisfied in {scale} must also answer {question}.",
            "Ask everybody, or do not require it.",
        ),
    },
    "lint_extra_steps": {
        "zh": ("在“{scale}”选了不满意的人，要多看到一题“{question}”。", "所有人都显示这一题。"),
        "en": ("Those who are not satisfied in {scale} are shown one question more: {question}.", "Show it to all."),
    },
}
