"""The sentences of `mobile_forms.problems`: by code and language, what is wrong and what mends it."""

from __future__ import annotations

from collections.abc import Mapping

Pair = tuple[str, str]

TEXTS: Mapping[str, Mapping[str, Pair]] = {
    "not_a_workbook": {
        "zh": ("“{file}”不是可以读取的 Excel 工作簿。", "请用 Excel 或 WPS 另存为 .xlsx 后再上传。"),
        "en": ("{file} is not a workbook that can be read.", "Save it as .xlsx and upload it again."),
    },
    "too_large": {
        "zh": ("文件太大，最多 {limit} MB。", "删去图片、空白行和与问卷无关的工作表。"),
        "en": ("The file is too large: at most {limit} MB.", "Remove pictures, blank rows and other sheets."),
    },
    "too_many_rows": {
        "zh": ("行数太多，最多 {limit} 行。", "名册等长名单请放到 CSV 文件里，用 select_one_from_file 引用。"),
        "en": ("Too many rows: at most {limit}.", "Keep long lists in a CSV and use select_one_from_file."),
    },
    "unexpected": {
        "zh": ("表单转换不了：{detail}", "请对照 XLSForm 说明改正这一处，再上传。"),
        "en": ("The form cannot be converted: {detail}", "Correct this place by the XLSForm reference."),
    },
    "notice": {
        "zh": ("提示：{detail}", "可以发布；按提示改会更好。"),
        "en": ("Notice: {detail}", "The form can be published; following the notice makes it better."),
    },
    "not_a_translation": {
        "zh": ("这不是从本系统导出的翻译表。", "请用导出的翻译表，只填最后一列，不改列名。"),
        "en": ("This is no translator's sheet.", "Use the exported sheet and fill its last column only."),
    },
    "translation_lost": {
        "zh": ("“{question}”的译文里少了或改了 {lost}。", "把它原样抄到译文里应在的位置。"),
        "en": ("The translation of {question} lost or changed {lost}.", "Copy it unchanged where it belongs."),
    },
    "malformed": {
        "zh": ("生成的表单读不回来：{detail}", "检查题目文字里有没有不该有的 XML 标签。"),
        "en": ("The form cannot be read back: {detail}", "Look for XML tags in labels."),
    },
    "expression": {
        "zh": (
            "“{question}”的表达式系统算不了：{expression}（{detail}）",
            "改用系统支持的函数和写法；手机算得了、服务器算不了的表单不能发布。",
        ),
        "en": (
            "The expression of {question} cannot be evaluated: {expression} ({detail})",
            "Use supported functions: a form that the server cannot check is not published.",
        ),
    },
    "cycle": {
        "zh": ("这些题互相等待对方的结果：{detail}", "让其中一题的显示条件或计算不再引用另一题。"),
        "en": ("These questions wait for each other: {detail}", "Let one of them no longer refer to the other."),
    },
    "unsupported": {
        "zh": ("“{question}”用了系统不支持的写法：{detail}", "换成支持的题型，或去掉这一设置。"),
        "en": ("{question} uses what is not supported: {detail}", "Use a supported type or remove the setting."),
    },
    "unknown_path": {
        "zh": ("表单引用了不存在的题：{detail}", "检查题名。"),
        "en": ("The form refers to a question that is not there: {detail}", "Check the name."),
    },
    "no_id": {
        "zh": ("表单没有 form_id。", "在 settings 表里填写 form_id。"),
        "en": ("The form has no form_id.", "Fill form_id on the sheet settings."),
    },
    "name_twice": {
        "zh": (
            "题名“{question}”用了两次。",
            "换一个名字：题名在整份表里不能重复（不同分组里也不行），不然导出的列会混在一起。",
        ),
        "en": (
            "The name {question} stands twice.",
            "Choose another: names are unique in the whole form, across groups too.",
        ),
    },
    "column_twice": {
        "zh": ("题名“{question}”和一道多选题展开后的列同名。", "换一个不含“__”的题名。"),
        "en": ("{question} is also a column of a select_multiple.", "Choose a name without a double underscore."),
    },
    "column_misspelt": {
        "zh": ("列名“{column}”系统不认识，这一列会不起作用。", "改成“{guess}”；只是备注的，换一个中文列名。"),
        "en": ("The heading {column} is not known: its column does nothing.", "Write {guess}, or rename a mere note."),
    },
    "type_misspelt": {
        "zh": ("不认识的题型“{type}”。", "是不是“{guess}”？改正 type 列；选择题写成“select_one 选项组名”。"),
        "en": ("Unknown question type {type}.", "Is it {guess}? Correct the column type."),
    },
    "select_without_list": {
        "zh": ("选择题没有写选项组：“{type}”。", "在后面空一格，写上 choices 表里的选项组名，例如“select_one yn”。"),
        "en": ("{type} names no choice list.", "Put a space and the name of a list behind it."),
    },
    "list_misspelt": {
        "zh": ("选项组“{list}”在 choices 表里找不到。", "是不是“{guess}”？改正其中一处。"),
        "en": ("The list {list} is not on the sheet choices.", "Is it {guess}? Correct one of them."),
    },
    "reference_misspelt": {
        "zh": ("引用了不存在的题“{q}”。", "是不是 ${{guess}}？改正拼写，或补上这一题。"),
        "en": ("There is no question {q}.", "Is it ${{guess}}? Correct it or add the question."),
    },
    "choice_without_list": {
        "zh": ("这个选项没有填所属的选项组（list_name）。", "补上 list_name，或删去这一行。"),
        "en": ("This choice names no list.", "Fill list_name or delete the row."),
    },
    "code_with_space": {
        "zh": ("选项编码“{code}”里有空格，多选题会把它拆成两个。", "去掉空格，或用下划线代替。"),
        "en": ("The code {code} holds a space: a select_multiple would split it.", "Remove the space."),
    },
    "code_twice": {
        "zh": ("选项组“{list}”里的编码“{code}”用了两次。", "改成没有用过的编码，不然两个选项的回答会混在一起。"),
        "en": ("The code {code} stands twice in the list {list}.", "Give one of them another code."),
    },
    "no_calculation": {
        "zh": ("calculate 题没有填 calculation。", "补上计算式，或改成 hidden。"),
        "en": ("A calculate row has no calculation.", "Fill it, or make the row hidden."),
    },
    "parameters": {
        "zh": ("parameters 列的设置不对。{detail}", "对照这一题型可用的参数改正；不需要的删去。"),
        "en": ("A parameter is not right. {detail}", "Correct it, or remove it where it is not needed."),
    },
    "range": {
        "zh": (
            "range 题的 parameters 不对。{detail}",
            "写成 start=0 end=10 step=1：都是数字，步长不为 0。",
        ),
        "en": ("The parameters of a range are not right. {detail}", "Write start=0 end=10 step=1."),
    },
    "entities": {
        "zh": ("entities 表或 save_to 列的名字不能用。{detail}", "换一个名字；不用实体名单的，删去这张表。"),
        "en": ("A name on the sheet entities cannot be used. {detail}", "Choose another, or delete the sheet."),
    },
    "odk_validate": {
        "zh": ("ODK Validate 不接受这份表：{detail}", "改正它说的那一处；不改的话，ODK Collect 打不开。"),
        "en": ("ODK Validate refuses the form: {detail}", "Correct the place named, or ODK Collect cannot open it."),
    },
    "media_absent": {
        "zh": (
            "问卷用到的文件“{file}”系统里没有。",
            "这类问卷能用的只有 {known}。图片、录音、视频和别的名单请删去，选项写进 choices 表。",
        ),
        "en": (
            "The form names the file {file}, which is not here.",
            "A form for this purpose can use {known} alone. Remove it, or write the options on the sheet choices.",
        ),
    },
    "repeat_in_repeat": {
        "zh": (
            "重复组“{question}”套在另一个重复组里，二维码页面显示不了。",
            "把里层的重复组移到外面，或改成固定的几个题目；入户和电话问卷可以套用。",
        ),
        "en": (
            "The repeat {question} stands within another repeat, which the QR pages cannot show.",
            "Move it out, or ask a fixed number of questions; forms for visits and calls may have it.",
        ),
    },
    "unknown_type": {
        "zh": ("不认识的题型。{detail}", "检查 type 列的拼写，例如 select_one 后面要空一格再写选项组名。"),
        "en": ("Unknown question type. {detail}", "Check the column type, for example 'select_one' and a list name."),
    },
    "no_type": {
        "zh": ("这一行没有填题型（type）。", "补上题型，或删去这一行。"),
        "en": ("The row has no type.", "Add a type or delete the row."),
    },
    "no_name": {
        "zh": ("这一行没有填题名（name）。", "补上题名：字母开头，只用字母、数字和下划线。"),
        "en": ("The row has no name.", "Add a name: a letter, then letters, digits and underscores."),
    },
    "no_label": {
        "zh": ("这一题没有题目文字（label）。", "补上题目文字。"),
        "en": ("The question has no label.", "Add one."),
    },
    "no_list": {
        "zh": ("题型里写的选项组在 choices 表里找不到。{detail}", "检查选项组名，或在 choices 表里补上这一组。"),
        "en": ("The choice list is not on the sheet choices. {detail}", "Check its name or add it."),
    },
    "no_survey": {
        "zh": ("工作簿里没有 survey 表，或者是空的。", "把题目放在名为 survey 的工作表里。"),
        "en": ("The workbook has no sheet survey, or it is empty.", "Put the questions on a sheet named survey."),
    },
    "file_extension": {
        "zh": ("名单文件的扩展名不对。{detail}", "select_one_from_file 后面写 .csv 文件名。"),
        "en": ("The list file has a wrong extension. {detail}", "Name a .csv file after select_one_from_file."),
    },
    "multiple_columns": {
        "zh": ("有两列的列名相同。{detail}", "删去或改名其中一列。"),
        "en": ("Two columns have the same heading. {detail}", "Rename or remove one."),
    },
    "header_001": {
        "zh": ("“{sheet_name}”表没有列名行。", "第一行写列名：type、name、label 等。"),
        "en": ("The sheet {sheet_name} has no row of headings.", "Put the headings on the first row."),
    },
    "header_002": {
        "zh": ("“{sheet_name}”表里“{other}”和“{header}”是同一列的两种写法。", "只留一列。"),
        "en": ("{other} and {header} on {sheet_name} are one column written in two ways.", "Keep one."),
    },
    "header_003": {
        "zh": ("“{sheet_name}”表缺少必需的列：{missing}。", "补上这些列。"),
        "en": ("The sheet {sheet_name} lacks columns: {missing}.", "Add them."),
    },
    "header_004": {
        "zh": ("choices 表的列名“{column}”不能为空，也不能有空格。", "改列名。"),
        "en": ("The heading {column} on choices must not be empty or hold spaces.", "Rename it."),
    },
    "label_001": {
        "zh": ("选项没有文字（label）。", "补上选项文字。"),
        "en": ("A choice has no label.", "Add one."),
    },
    "names_001": {
        "zh": ("题名“{value}”在同一组里用了两次。", "换一个名字。"),
        "en": ("The name {value} stands twice in one group.", "Choose another."),
    },
    "names_002": {
        "zh": ("题名“{value}”和另一题只差大小写。", "换一个名字，有些统计软件不分大小写。"),
        "en": ("The name {value} differs from another by case alone.", "Choose another."),
    },
    "names_003": {
        "zh": ("重复组的名字“{value}”和表单根节点同名。", "换一个名字。"),
        "en": ("The repeat {value} is named as the form's root.", "Choose another name."),
    },
    "names_004": {
        "zh": ("重复组的名字“{value}”用了两次。", "换一个名字。"),
        "en": ("The name of the repeat {value} stands twice.", "Choose another."),
    },
    "names_005": {
        "zh": ("“meta”是系统保留的名字。", "换一个名字。"),
        "en": ("The name meta is reserved.", "Choose another."),
    },
    "names_006": {
        "zh": ("选项没有编码（name）。", "补上编码，例如 1、2、98。"),
        "en": ("A choice has no name.", "Add a code such as 1, 2, 98."),
    },
    "names_007": {
        "zh": ("同一个选项组里有两个选项编码相同。", "改其中一个选项的编码。"),
        "en": ("Two choices of one list have the same code.", "Change one of them."),
    },
    "names_008": {
        "zh": ("名字里有不能用的字符。", "以字母或下划线开头，只用字母、数字、下划线、连字符和点。"),
        "en": ("A name holds characters that it must not.", "Use letters, digits, underscores, hyphens and dots."),
    },
    "names_009": {
        "zh": ("“{name}”里有不能用的字符。", "以字母或下划线开头，只用字母、数字、下划线、连字符和点。"),
        "en": ("{name} holds characters that it must not.", "Use letters, digits, underscores, hyphens and dots."),
    },
    "names_013": {
        "zh": ("没有“{sheet}”表，但有名字相近的：{candidates}。", "把工作表改名为“{sheet}”。"),
        "en": ("There is no sheet {sheet}, but there are: {candidates}.", "Rename the sheet to {sheet}."),
    },
    "pyref_001": {
        "zh": ("引用写错了。", "引用另一题要写成 ${题名}，花括号成对，中间没有空格。"),
        "en": ("A reference is written wrongly.", "Write ${name}, with both braces and no spaces."),
    },
    "pyref_002": {
        "zh": ("几个引用之间缺少逗号。", "用逗号分开。"),
        "en": ("References lack a comma between them.", "Separate them by commas."),
    },
    "pyref_003": {
        "zh": ("引用了不存在的题“{q}”。", "检查题名的拼写，或补上这一题。"),
        "en": ("There is no question {q}.", "Check the spelling or add the question."),
    },
    "pyref_004": {
        "zh": ("引用的题名“{q}”不止一题。", "让每个题名在整份表里只出现一次。"),
        "en": ("More than one question is named {q}.", "Give each a name of its own."),
    },
    "survey_001": {
        "zh": ("这里的 end_{type} 没有对应的 begin_{type}。", "补上开头行，或删去这一行。"),
        "en": ("This end_{type} has no begin_{type}.", "Add the beginning or delete the row."),
    },
    "survey_002": {
        "zh": ("这里的 begin_{type}“{name}”没有结尾。", "在这一组最后加一行 end_{type}。"),
        "en": ("This begin_{type} {name} has no end.", "Add a row end_{type} after the group."),
    },
    "survey_004": {
        "zh": ("parameters 列写法不对。", "写成 键=值，多个之间用空格分开。"),
        "en": ("The column parameters is written wrongly.", "Write key=value, separated by spaces."),
    },
    "survey_005": {
        "zh": ("parameters 列里有这一题型不用的参数：{rejected}。", "可用的参数：{accepted}。"),
        "en": ("Unknown parameters: {rejected}.", "Accepted: {accepted}."),
    },
}

WHY: Mapping[str, str] = {
    "syntax": "写法不对：检查括号、引号和运算符是否成对、完整",
    "function": "用了系统没有的函数",
    "arguments": "函数的参数个数或写法不对",
    "path": "引用了表单里没有的题",
    "list": "引用了表单里没有的名单",
    "unsupported": "用了系统不支持的路径写法",
}
"""Why an expression cannot be evaluated, in Chinese; the English reason comes from the parser itself."""
