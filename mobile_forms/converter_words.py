"""What the converter (pyxform) says in English, in Chinese: an author who reads Chinese is told everything in Chinese.

    in_chinese("SURVEY_007", {}, "…")                       # a sentence with a code of pyxform
    in_chinese("", {}, "Duplicate column header: label")    # one without

Sentences of pyxform 4. One that is not known stands as the converter said it, and says that it does.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence

_CODED: Mapping[str, str] = {
    "ENTITY_001": "用了 save_to，却没有 entities 表",
    "ENTITY_002": "save_to 的属性“{saveto}”在第 {other_row} 行已经用过",
    "ENTITY_003": "分组和重复组不能写 save_to",
    "ENTITY_004": "entities 表里没有实体名单“{dataset}”",
    "ENTITY_005": "实体名单“{dataset}”没有 label，新建实体必须有",
    "ENTITY_006": "实体名单“{dataset}”没有 update_if，既新建又更新时必须有",
    "ENTITY_007": "实体名单“{dataset}”没有 entity_id，更新实体必须有",
    "ENTITY_008": "有几个实体名单时，save_to 要写成“名单名#属性名”",
    "ENTITY_009": "每个分组或重复组只能有一个实体名单，这里已经没有位置",
    "ENTITY_011": "实体名单“{dataset}”的 save_to 写在了合不到一起的分组里",
    "ENTITY_012": "实体名单“{dataset}”引用的题在合不到一起的分组里",
    "ENTITY_013": "save_to 里最多一个 # 号",
    "HEADER_005": "entities 表有不认识的列：{columns}",
    "INTERNAL_001": "转换程序内部出错（trigger）",
    "INTERNAL_002": "转换程序内部出错（引用的来源）",
    "NAMES_010": "名字不能以两个下划线开头",
    "NAMES_011": "名字里不能有点",
    "NAMES_012": "名字不能是 name 或 label",
    "NAMES_014": "entities 表的 list_name 有重复",
    "NAMES_015": "entities 表有一行没有 list_name",
    "RANGE_001": "参数 {name} 必须是数字",
    "RANGE_002": "参数 {name} 不能是 0",
    "RANGE_003": "参数 {name} 比起止之差还大",
    "RANGE_004": "参数 {name} 必须是 step 的整数倍",
    "RANGE_005": "参数 {name} 必须在 start 和 end 之间",
    "RANGE_006": "tick_labelset 必须是 choices 表里的选项组名",
    "RANGE_007": "外观是 no-ticks 时，tick_labelset 的选项组只能有两项",
    "RANGE_008": "tick_interval、placeholder、tick_labelset 只能用于没有特殊外观的 range 题",
    "RANGE_009": "tick_labelset 的选项编码必须都是数字",
    "RANGE_010": "tick_labelset 的选项编码必须在 start 和 end 之间",
    "RANGE_011": "tick_labelset 的选项编码必须落在刻度上",
    "RANGE_012": "外观是 no-ticks 时，tick_labelset 的选项编码只能是 start 和 end",
    "SURVEY_003": "incremental 只能写 true 或不写",
    "SURVEY_006": "reference-geometry 必须是选项组、实体名单或名单文件的名字",
    "SURVEY_007": "capture-accuracy 必须是数字",
    "SURVEY_008": "warning-accuracy 必须是数字",
    "SURVEY_009": "allow-mock-accuracy 只能写 true 或 false",
}

_SAID: Sequence[tuple[str, str]] = (
    (r"There should be choices for this question", "这一题应当有选项"),
    (r"This section has not been included", "引用的部分不在表里"),
    (r"Unknown question type '(?P<a>.+?)'", "题型“{a}”不认识"),
    (
        r"The question \$\{(?P<a>.+?)\} is not user-visible .* question \$\{(?P<b>.+?)\}",
        "“{a}”不显示，不能触发“{b}”的计算",
    ),
    (r"Survey cannot have an empty id_string", "form_id 是空的"),
    (r"Question '(?P<a>.+?)' is a select from file type, using 'search\(\)'", "“{a}”从文件取选项，不能再用 search()"),
    (
        r"Question '(?P<a>.+?)' uses 'search\(\)'.* list name '(?P<b>.+?)'\.",
        "“{a}”用了 search()，别的题却直接用选项组“{b}”；请分成两个选项组",
    ),
    (r"(?:\[.*?\])?.*There is no survey element named '(?P<a>.+?)'", "没有名为“{a}”的题"),
    (r".*There are multiple survey elements named '(?P<a>.+?)'", "名为“{a}”的题不止一个"),
    (
        r"The same instance id will be generated .*Instance name: '(?P<a>.+?)'",
        "两个文件会得到同一个名单名“{a}”，请改其中一个文件名",
    ),
    (
        r"The following language declarations do not contain valid machine-readable codes: (?P<a>.+?)\. Learn",
        "这些语言没有写代码：{a}；请写成“维吾尔语 (ug)”这样",
    ),
    (r"Media type: (?P<a>.+?) not supported", "不支持媒体类型 {a}"),
    (r"The survey element named '(?P<a>.+?)' has no label or hint", "“{a}”没有题目文字，也没有提示"),
    (r"To use big-image, you must also specify an image .* named (?P<a>\S+?)\.?$", "“{a}”有 big-image，还要有 image"),
    (r"Could not export itemsets.csv, the '(?P<a>.+?)' sheet is missing", "没有 {a} 表"),
    (
        r"For 'background-geopoint' questions, the 'calculation' column must be empty",
        "background-geopoint 题的 calculation 列必须是空的",
    ),
    (
        r"For 'background-geopoint' questions, the 'trigger' column must not be empty",
        "background-geopoint 题必须填 trigger 列",
    ),
    (
        r"File name for '(?P<a>.+?)' should end with one of the supported file extensions: (?P<b>.+)",
        "“{a}”的文件名应当以这些之一结尾：{b}",
    ),
    (r"This form uses or_other and translations", "又有 or_other 又有几种语言：自动添的“其他”不会有译文，请自己写选项"),
    (r"You must have a sheet named 'survey'", "没有 survey 表"),
    (r"The 'disabled' column header is not part", "disabled 列已经不用，请改用 relevant"),
    (r"Question with no type", "这一行没有题型"),
    (r"(?P<a>\S+) is no longer supported on most devices", "大多数手机不再支持题型“{a}”"),
    (r"Cannot omit instanceID, it is required for encryption", "加密的表单不能省去 instanceID"),
    (r"The form_id and id_string column headers are both specified", "settings 表里 form_id 和 id_string 只留一个"),
    (r"Row without name, text, or label is being skipped", "这一行没有题名、题型和文字，已经跳过"),
    (r"Audits must always be named 'audit", "audit 行的题名留空"),
    (r"(?P<a>[\w-]+) must be set to true or false: '(?P<b>.*?)'", "参数 {a} 只能写 true 或 false，不能写“{b}”"),
    (r"(?P<a>[\w-]+) must be set to on-form-edit", "参数 {a} 只能写 on-form-edit"),
    (r"Parameter (?P<a>\S+) must be set to (?P<c>.+?):\s*'(?P<b>.*?)'", "参数 {a} 不能写“{b}”"),
    (r"Parameter (?P<a>\S+) must have an integer value", "参数 {a} 必须是整数"),
    (r"Parameter (?P<a>\S+) must be greater +than or equal to zero", "参数 {a} 不能小于 0"),
    (r"Parameter (?P<a>\S+) must be greater +than or equal to (?P<b>\S+?)\.?$", "参数 {a} 不能小于 {b}"),
    (r"To include location information in the audit, (?P<a>.+) are required", "audit 要记位置，须写全这几个参数：{a}"),
    (r"Missing calculation", "没有填 calculation"),
    (r"Use the \S+ parameter to speed up", "照片题可以加参数 max-pixels=1024，省流量、传得快"),
    (r"(?P<a>Group|Repeat|\w+) has no label", "分组或重复组没有标题"),
    (r"select one external is only meant for filtered selects", "select_one_external 必须有 choice_filter"),
    (
        r"There should be an external_choices sheet|.*Please ensure that the external_choices sheet",
        "没有 external_choices 表，或者列不全（list name、name）",
    ),
    (
        r"There should be a choices sheet|.*Please ensure that the choices sheet",
        "没有 choices 表，或者列不全（list_name、name、label）",
    ),
    (r"List name not in (?P<a>choices|columns|external choices) sheet: (?P<b>.+)", "选项组“{b}”在 {a} 表里找不到"),
    (r"Choice filter not supported with or_other", "有 choice_filter 的题不能用 or_other"),
    (r"Please specify choices for this 'or other' question", "用 or_other 的题要有选项"),
    (r"Invalid value for (?P<a>\w[\w-]*)\.$", "参数 {a} 的值不能用"),
    (r"Invalid value for `", "转换程序内部出错"),
    (r"Question or group with no name", "这一行没有题名"),
    (r"Repeat loop without list name", "循环没有写选项组名"),
    (r"(?P<a>[\w-]+) value must be a number or a reference to another field", "参数 {a} 只能是数字或引用另一题"),
    (r"Parameters must include \S+=true to use a (?P<a>\w+)", "用参数 {a} 须同时写 randomize=true"),
    (r"Choice filter not supported for table-list appearance", "外观是 table-list 的题不能用 choice_filter"),
    (
        r"Choice names with spaces cannot be added .* See \[(?P<a>.*?)\] in \[(?P<b>.*?)\]",
        "选项组“{b}”的编码“{a}”里有空格，不能用于多选题",
    ),
    (r"Found a cascading_select (?P<a>\S+),", "cascades 表里找不到“{a}”"),
    (r"The input data does not appear to be a valid XLSForm", "文件不是 XLSForm"),
    (r"Duplicate column header: (?P<a>.+)", "列名“{a}”用了两次"),
    (
        r"When looking for a sheet named '(?P<a>.+?)', the following sheets .+? were found: (?P<b>.+?)\.(?: |$)",
        "没有“{a}”表，但有名字相近的：{b}",
    ),
    (
        r"The xls file provided has an invalid date on the (?P<a>.+?) sheet, under the (?P<b>.+?) column",
        "“{a}”表“{b}”列的日期读不出来，请写成文字",
    ),
)
_PATTERNS = tuple((re.compile(pattern), words) for pattern, words in _SAID)
_PLACE = re.compile(r"^\s*(?:\[row : \d+\]\s*)?")
_LACKING = re.compile(r"Language '(.+?)' is missing the (\w+) (?:columns )?(.+?)(?: column)?\.(?:\s|$)")
UNKNOWN = "转换程序的英文原话：{said}"


def in_chinese(code: str, values: Mapping[str, str], sentence: str) -> str:
    """The converter's sentence in Chinese; one that is not known comes back as it was said, marked so."""
    if code in _CODED:
        return _filled(_CODED[code], values)
    said = _PLACE.sub("", sentence)
    lacking = _LACKING.findall(said)
    if lacking:
        return "；".join(f"语言“{language}”在 {sheet} 表缺 {columns}" for language, sheet, columns in lacking)
    for pattern, words in _PATTERNS:
        found = pattern.match(said)
        if found:
            return _filled(words, found.groupdict())
    return UNKNOWN.format(said=said[:400])


def _filled(words: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\{(\w+)\}", lambda found: values.get(found.group(1)) or "…", words)
