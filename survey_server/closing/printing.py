"""The certificate of destruction for people: one page of print. Its JSON is what the signature is over."""

from __future__ import annotations

from collections.abc import Iterator
from zoneinfo import ZoneInfo

from analysis.report.document import Block, Cover, Heading, Paragraph, Table
from analysis.report.workbook import Column
from survey_server.closing.models import Closing
from survey_server.rights.printing import print_blocks

COUNTED = {
    "households": "名册对象（个人信息部分）",
    "cases": "样本",
    "submissions": "问卷答案",
    "files": "照片、录音、签名、名册文件",
    "notes": "接触记录中的备注",
    "clues": "密封线索",
    "consents": "同意记录（保留次数，内容随密钥销毁）",
    "roster_files": "其中：名册原件",
}


def certificate_pdf(closing: Closing, zone: str) -> bytes:
    """The certificate as PDF, in Chinese."""
    return print_blocks(_blocks(closing, zone))


def _blocks(closing: Closing, zone: str) -> Iterator[Block]:
    stated = closing.certificate
    study, moment = stated["study"], closing.at.astimezone(ZoneInfo(zone))
    yield Cover(
        "个人信息销毁证明",
        [study["name"], f"委托方：{study['client']}", f"评价方：{study['company']}", f"{moment:%Y年%m月%d日 %H:%M}"],
    )
    yield Heading(1, "销毁了什么")
    yield Paragraph(
        f"本项目的数据密钥于{moment:%Y年%m月%d日 %H:%M:%S}由{stated['by']['name'] or '系统'}销毁。"
        "用它加密的内容从此无法解读，文件同时删除。"
    )
    rows = [(COUNTED.get(name, name), count) for name, count in stated["destroyed"].items()]
    yield Table("销毁的内容", [Column("内容", width=40), Column("数量", "integer")], rows)
    yield Heading(1, "密钥与签名")
    keys = [(key["id"], key["wrapped_sha256"][:32]) for key in stated["keys"]]
    yield Table("销毁的密钥", [Column("编号", width=40), Column("封装形式的摘要（前32位）", width=40)], keys)
    yield Paragraph(f"签名密钥编号：{stated['signed_with']}；签名（Ed25519）：{closing.signature}", note=True)
    yield Heading(1, "留下了什么")
    yield Paragraph("去标识的统计结果、抽样证书、操作记录；它们不含个人信息。移交包另交委托方。")
    yield Paragraph(f"移交包 SHA-256：{stated['bundle']['sha256']}", note=True)
