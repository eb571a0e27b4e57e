"""What a file asks, as each platform writes it."""

from __future__ import annotations

import pytest

from survey_server.errors import ZoufangError
from survey_server.imports.files import read_answers
from survey_server.imports.items import Item, items_of
from tests.survey_server.imports.exports import archive, sav, wenjuanxing, workbook


def items(data: bytes, name: str = "答卷.xlsx") -> dict[str, Item]:
    return {item.label: item for item in items_of(read_answers(name, data))}


def test_wenjuanxing_by_text_is_known_and_its_own_columns_are_no_questions() -> None:
    data = wenjuanxing(["1、您的性别", "2、从哪里知道的"], [["男", "电视┋广播"], ["女", "(跳过)"], ["女", "广播"]])
    assert read_answers("a.xlsx", data).source == "wenjuanxing"
    found = items(data)
    assert list(found) == ["您的性别", "从哪里知道的"]
    assert found["您的性别"].number == "1"
    assert found["您的性别"].values == {"女": 2, "男": 1}
    assert found["从哪里知道的"].kind == "multiple"
    assert found["从哪里知道的"].values == {"广播": 2, "电视": 1}


def test_a_column_an_option_is_one_question() -> None:
    data = wenjuanxing(
        ["3、渠道(电视)", "3、渠道(广播)", "4、满意吗"], [[1, 0, "满意"], [1, 1, "满意"], [0, 0, "一般"]]
    )
    found = items(data)
    assert found["渠道"].options == ("电视", "广播")
    assert found["渠道"].values == {"电视": 2, "广播": 1}
    assert found["渠道"].answer(read_answers("a.xlsx", data).rows[3]) == ("电视", "广播")
    assert "满意吗" in found


def test_rows_of_a_matrix_are_a_question_each() -> None:
    data = wenjuanxing(["5、满意程度(态度)", "5、满意程度(效率)"], [["满意", "一般"], ["很满意", "满意"]])
    assert list(items(data)) == ["满意程度 态度", "满意程度 效率"]


def test_tencent_writes_a_column_an_option_after_a_colon() -> None:
    headings = (
        "编号",
        "开始答题时间",
        "结束答题时间",
        "答题时长",
        "用户类型",
        "1.渠道:电视",
        "1.渠道:网络",
        "2.满意吗",
    )
    row = ("1", "2026-08-01 09:00:00", "2026-08-01 09:02:00", "2分0秒", "匿名", "电视", "", "满意")
    data = workbook(headings, [row, row])
    assert read_answers("a.xlsx", data).source == "tencent"
    assert items(data)["渠道"].values == {"电视": 2, "网络": 0}


def test_odk_paths_are_groups_and_split_columns_one_question() -> None:
    headings = ("SubmissionDate", "g/q7", "g/q8", "g/q8/1", "g/q8/2", "KEY", "instanceID")
    data = workbook(headings, [("2026-08-01T09:00:00Z", 5, "1 2", 1, 1, "uuid:1", "uuid:1")] * 2)
    found = items_of(read_answers("a.xlsx", data))
    assert [(item.name, item.kind, item.options) for item in found] == [
        ("q7", "single", ()),
        ("q8", "multiple", ("1", "2")),
    ]


def test_of_a_zip_of_odk_central_the_table_of_submissions_is_read() -> None:
    central = {
        "visit.csv": "SubmissionDate,q7,photo,KEY\n2026-08-01T09:00:00Z,5,a.jpg,uuid:1\n",
        "visit-member.csv": "age,PARENT_KEY,KEY\n61,uuid:1,uuid:1/member[1]\n",
        "media/a.jpg": "a photograph",
    }
    table = read_answers("visit.zip", archive(central))
    assert table.source == "odk"
    assert table.rows == {2: ("2026-08-01T09:00:00Z", "5", "a.jpg", "uuid:1")}


@pytest.mark.parametrize("files", [{}, {"a.csv": "q1\n1\n"}, {"a.csv": "KEY,q1\nx,1\n", "b.csv": "KEY,q1\nx,1\n"}])
def test_another_zip_is_refused_and_the_csv_asked_for(files: dict[str, str]) -> None:
    with pytest.raises(ZoufangError) as refused:
        read_answers("答卷.zip", archive(files) if files else b"PK\x03\x04 torn")
    assert "upload the .csv" in refused.value.fields["why"]


def test_a_csv_that_unpacks_to_too_much_is_refused() -> None:
    with pytest.raises(ZoufangError) as refused:
        read_answers("答卷.zip", archive({"a.csv": "KEY,q1\n" + "x,1\n" * (9 << 20)}))
    assert refused.value.problem.name == "ANSWERS_UNREADABLE"


def test_words_written_beside_an_option_make_no_option_of_their_own() -> None:
    data = wenjuanxing(["2、从哪里知道的"], [["其他〖亲戚说的〗"], ["其他〖村里开会〗"], ["电视┋其他〖赶集〗"]])
    assert items(data)["从哪里知道的"].values == {"其他": 3, "电视": 1}


def test_a_csv_in_gbk_reads_like_one_in_utf8() -> None:
    text = "1、您满意吗,2、意见\n满意,好\n不满意,无\n"
    one, other = (read_answers("a.csv", text.encode(code)) for code in ("gbk", "utf-8-sig"))
    assert one == other
    assert one.rows == {2: ("满意", "好"), 3: ("不满意", "无")}


def test_sav_brings_its_labels() -> None:
    data = sav({"q7": [5.0, 4.0, None]}, {"q7": "总的来说满意吗"}, {"q7": {5.0: "很满意", 4.0: "满意"}})
    table = read_answers("a.sav", data)
    (item,) = items_of(table)
    assert (table.source, item.name, item.label) == ("sav", "q7", "总的来说满意吗")
    assert item.labels == {"5": "很满意", "4": "满意"}
    assert item.values == {"5": 1, "4": 1}


@pytest.mark.parametrize("data", [b"", b"$FL2 damaged", b"PK\x03\x04 no zip", workbook(["只有表头", "没有答卷"], [])])
def test_what_is_no_table_of_answers_is_refused_in_words(data: bytes) -> None:
    with pytest.raises(ZoufangError) as refused:
        read_answers("坏.xlsx", data)
    assert refused.value.problem.name == "ANSWERS_UNREADABLE"
