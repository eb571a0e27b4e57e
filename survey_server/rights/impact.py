"""The body of a personal information protection impact assessment (个人信息保护影响评估, 个人信息保护法 55, 56).

Made from what the study really collects and from what this system really does; what only people can judge is left as
a question. It is written in Chinese, for those whom the law asks for it. Kept three years by whoever signs it.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Sequence
from zoneinfo import ZoneInfo

from flask_babel import force_locale, gettext

from analysis.report.document import Block, Cover, Heading, Paragraph, Table
from analysis.report.workbook import Column
from survey_server.rights.inventory import Item, inventory, records_by_channel
from survey_server.rights.overview import consents, unusable_records
from survey_server.rights.withdrawal import withdrawals_of
from survey_server.studies.models import Study
from survey_server.studies.words import channel_name
from survey_server.submissions.clues import readers_of
from survey_server.work import Work

LOCALE = "zh_Hans_CN"
MOST_FIELDS = 60
RISKS = (
    (
        "名册或答案外泄",
        "落库前加密（AES-256-GCM，每个项目一把密钥）；屏幕上遮盖，打开须写理由并留痕；导出只含去标识数据。",
    ),
    ("访员手机丢失", "手机只存本人任务；后台可停用单机；答案在手机上加密，回传成功后清除。"),
    ("受访者因回答受到影响", "人情、收礼等线索单独密封，只有点名的人能看；有村干部在场时不问；线索不交被评价单位。"),
    (
        "未经同意或超范围收集",
        "访问、敏感事项、照片、录音、位置分别征求同意；不同意的文件不显示、不导出；没有同意的答卷不计入。",
    ),
    ("不满14周岁儿童", "须先有监护人同意，否则答案不使用，并列出供复核。"),
    (
        "撤回后答案仍留在已出具报告背后的快照里",
        (
            "快照没有姓名和编号，地点只到县；同组计入5户以上（含5户）的，答案留在快照里，全组不再指向任何一户；"
            "不足5户的，从快照中删去；结项时全部不再指向任何人。撤回页面和扫码页面已如实告知。"
        ),
    ),
    ("保存过久", "定有保存期限并提醒；结项时销毁密钥，出具签名的销毁证明。"),
    ("小群体被认出", "对外只出汇总；小于5的单元格压缩；公众码答案单列，不与抽样结果合并。"),
)


def impact_blocks(work: Work, study: Study) -> list[Block]:
    """The assessment as blocks for page and print."""
    with force_locale(LOCALE):
        return list(_blocks(work, study))


def _blocks(work: Work, study: Study) -> Iterator[Block]:
    today = work.now.astimezone(ZoneInfo(work.settings.timezone))
    items = inventory(work, study.id)
    yield Cover(
        "个人信息保护影响评估",
        [
            study.name,
            f"委托方：{study.client}",
            f"受托方（个人信息受托处理者）：{study.company}",
            f"{today:%Y年%m月%d日}",
        ],
        "试访项目" if study.practice else "",
    )
    yield Heading(1, "处理目的、方式是否合法、正当、必要")
    yield Paragraph(
        f"{study.company or '评价方'}受{study.client or '委托方'}委托，对社会救助政策落实情况作第三方评价，"
        "通过入户、电话、扫码向抽中的救助对象了解知晓、办理、发放和满意情况。"
        "名册由委托方为履行法定职责提供；访问以受访者自愿同意为基础，不参加不影响救助。"
    )
    yield from _what_is_collected(work, study.id, items)
    yield Heading(1, "对个人权益的影响及安全风险")
    yield Table("风险与措施", [Column("风险", width=24), Column("已采取的措施", width=70)], RISKS)
    yield from _what_happened(work, study.id)
    yield Heading(1, "保护措施是否合法、有效并与风险程度相适应")
    kept = study.retain_until
    until = f"保存至{kept.astimezone(ZoneInfo(work.settings.timezone)):%Y年%m月%d日}" if kept else "尚未设定保存期限"
    readers = readers_of(work, study.id)
    yield Paragraph(f"{until}；到期结项，销毁密钥。密封线索由{len(readers)}名点名人员查阅，每次须写明理由。")
    yield Paragraph("操作记录逐条链接、不可改删，保存不少于三年，与数据分开保管。")
    yield Heading(1, "需要人判断并签字的事项")
    for question in (
        "委托合同是否写明目的、期限、方式、个人信息种类、保护措施和双方权利义务（第21条）？",
        "上述措施之后，剩余风险是否可以接受？还需补什么？",
        "向受访者的告知是否已公开、易懂，语言是否合适？",
        "评估人、审核人、日期：",
    ):
        yield Paragraph(question)


def _what_is_collected(work: Work, study_id: uuid.UUID, items: Sequence[Item]) -> Iterator[Block]:
    yield Heading(1, "处理的个人信息")
    columns = [
        Column("内容", width=28),
        Column("类别", width=16),
        Column("数量", "integer"),
        Column("为什么需要", width=30),
        Column("依据", width=20),
        Column("谁能看到", width=24),
        Column("保存", width=18),
    ]
    rows = [
        [
            gettext(item.name),
            gettext(item.class_name),
            item.count,
            *map(gettext, (item.why, item.basis, item.seen_by, item.kept)),
        ]
        for item in items
    ]
    yield Table("个人信息清单", columns, rows, ["由名册、问卷标签和实际收到的记录自动列出。"])
    channels = records_by_channel(work, study_id)
    if channels:
        arrived = "；".join(f"{channel_name(channel)}{count}份" for channel, count in channels.items())
        yield Paragraph(f"已收到：{arrived}。")
    for item in items:
        if item.sensitive and item.fields:
            asked = "；".join(item.fields[:MOST_FIELDS])
            yield Paragraph(f"{gettext(item.name)}（{gettext(item.class_name)}）：{asked}", note=True)


def _what_happened(work: Work, study_id: uuid.UUID) -> Iterator[Block]:
    rows = [[gettext(one.name), one.yes, one.no, one.withdrawn] for one in consents(work, study_id)]
    if rows:
        columns = [Column("目的", width=36), *(Column(name, "integer") for name in ("同意", "不同意", "已撤回"))]
        yield Table("单独同意", columns, rows)
    withdrawn, unusable = len(withdrawals_of(work, study_id)), len(unusable_records(work, study_id))
    yield Paragraph(f"已办理撤回{withdrawn}件；因没有同意（含监护人同意）而不使用的记录{unusable}份。")
