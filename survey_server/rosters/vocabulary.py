"""The names that real rosters give their columns, and what they mean to us."""

from __future__ import annotations

import re
import unicodedata
from functools import cache

from survey_server.errors import N_

_WORDS = {
    "serial": "序号 编号 行号",
    "household_no": (
        "户编号 户号 户编码 家庭编号 家庭编码 档案号 档案编号 户档案号 户主编号 低保证号 "
        "保障证号 救助证号 低保证编号 供养证号 证书编号 户代码"
    ),
    "name": (
        "姓名 成员姓名 家庭成员姓名 对象姓名 保障对象姓名 救助对象姓名 人员姓名 保障人员姓名 "
        "申请人姓名 申请人 救助人姓名 特困人员姓名 残疾人姓名 儿童姓名 受助人 被救助人"
    ),
    "head_name": "户主姓名 户主 户主名 户主名称 家庭户主",
    "id_number": (
        "身份证号 身份证号码 公民身份号码 居民身份证号码 证件号码 证件号 身份证 身份号码 "
        "居民身份证号 公民身份证号码 成员身份证号 本人身份证号 对象身份证号 申请人身份证号"
    ),
    "head_id_number": "户主身份证号 户主身份证号码 户主身份证 户主证件号码 户主公民身份号码",
    "relation": "与户主关系 与户主的关系 与申请人关系 家庭关系 成员关系 关系 户主关系",
    "phone": (
        "联系电话 电话 手机 手机号 手机号码 联系方式 电话号码 联系号码 家庭电话 本人电话 "
        "户主电话 户主联系电话 联系手机 固定电话"
    ),
    "county": ("县 县区 区县 县市区 所属县区 所在县 所属区县 所属县 县级 县名 所在区县 县名称 区 旗县"),
    "town": (
        "乡镇 镇 乡 街道 乡镇街道 镇街 街镇 所属乡镇 镇乡 街道办 街道乡镇 所在乡镇 乡镇名称 "
        "乡镇办 所属街道 镇街道 街道办事处 所属乡镇街道 镇乡街道"
    ),
    "village": (
        "村 村社区 村居 行政村 社区 村居委会 居委会 村委会 村名 所属村 所在村 社区村 "
        "村社区名称 村组社区 所属社区 村居名称"
    ),
    "group": "组 村民小组 小组 社 村组 组别 居民小组",
    "region_code": (
        "行政区划代码 区划代码 区划编码 行政区划 区划码 统计用区划代码 村区划代码 地区编码 "
        "行政区划编码 地区代码 区域编码 村代码 行政编码"
    ),
    "address": (
        "详细地址 家庭住址 住址 地址 现住址 居住地址 居住地 家庭地址 户籍地址 户籍地 现居住地 "
        "现居住地址 家庭详细住址 常住地址"
    ),
    "area": "城乡 城乡类别 城乡分类 城乡类型 户口性质 城乡属性 户籍性质 户籍类型 户籍类别",
    "category": (
        "救助类别 保障类别 类别 救助类型 对象类别 人员类别 保障类型 救助项目 待遇类别 "
        "享受待遇 困难类型 对象类型 救助种类 保障种类 人员类型 享受政策 待遇类型 供养方式"
    ),
    "persons": (
        "保障人口 保障人数 享受人数 救助人数 低保人数 保障人口数 享受人口 供养人数 低保人口 "
        "享受人口数 在保人数 保障人口人数"
    ),
    "family": (
        "家庭人口 家庭人口数 家庭人数 人口数 户籍人口 家庭总人口 家庭成员数 家庭成员人数 "
        "共同生活人口 共同生活成员数 户人口"
    ),
    "amount": (
        "月发放金额 发放金额 月保障金额 月救助金额 补助金额 保障金额 月补助金额 救助金额 金额 "
        "实发金额 月低保金 保障金 户保障金额 家庭月保障金 户月保障金 全户月发放金额 "
        "户月发放金额 月保障金 补差金额 月补差 低保金 发放资金 合计发放金额 户月补助金额"
    ),
    "amount_person": (
        "人均补助 人均补助水平 个人发放金额 人均月保障金 月人均补助 人均补助金额 "
        "个人月发放金额 人均发放金额 个人补助金额 人均补差"
    ),
    "standard": "保障标准 低保标准 供养标准 标准 救助标准 发放标准 当地标准 月保障标准 补贴标准",
    "standard_year": "标准年度 年度 年份 标准年份",
    "card": (
        "银行卡号 银行账号 银行卡尾号 卡尾号 卡号 账号 一卡通账号 一卡通卡号 社保卡号 "
        "开户账号 银行卡 银行帐号 账户 银行卡后四位 存折账号 社会保障卡号"
    ),
    "lon": "经度 东经 家庭经度 住址经度 所在经度 longitude Longitude",
    "lat": "纬度 北纬 家庭纬度 住址纬度 所在纬度 latitude Latitude",
    "position": "坐标 经纬度 地理坐标 位置坐标 家庭坐标 住址坐标 GPS坐标 定位坐标 经纬度坐标",
    "status": ("状态 是否停发 停发 人员状态 保障状态 待遇状态 发放状态 是否在保 在保状态 是否死亡 对象状态 救助状态"),
    "note": "备注 说明 其他 其它 备注说明",
    "ignore": (
        "性别 年龄 民族 出生日期 出生年月 残疾类别 残疾等级 健康状况 开户行 开户银行 文化程度 "
        "婚姻状况 致贫原因 致困原因 劳动能力 审批时间 享受时间 起始时间 残疾证号 监护人 "
        "监护人姓名 监护人电话 监护人身份证号 照料人 照料人姓名 照料人电话 经办人 "
        "照料人身份证号 享受开始时间 终止时间 开户名 银行户名 账户名 省 市 市州 残疾类型 病种 "
        "职业 政治面貌 开始享受时间 审批日期 低保档次 保障档次 自理能力 签名 领款人"
    ),
}
FIELDS: dict[str, tuple[str, ...]] = {field: tuple(words.split()) for field, words in _WORDS.items()}
"""Field → synonyms. `ignore` holds columns that we recognise and leave behind: what is not needed
is not imported."""

LABELS: dict[str, str] = {
    "serial": N_("Serial number"),
    "household_no": N_("Household number"),
    "name": N_("Name"),
    "head_name": N_("Head of household"),
    "id_number": N_("ID number"),
    "head_id_number": N_("ID number of the head"),
    "relation": N_("Relation to the head"),
    "phone": N_("Telephone"),
    "county": N_("County"),
    "town": N_("Township or street"),
    "village": N_("Village or community"),
    "group": N_("Group in the village"),
    "region_code": N_("Region code"),
    "address": N_("Address"),
    "area": N_("Urban or rural"),
    "category": N_("Category of assistance"),
    "persons": N_("Persons assisted"),
    "family": N_("Persons in the family"),
    "amount": N_("Monthly amount of the household"),
    "amount_person": N_("Monthly amount of the person"),
    "standard": N_("Local standard"),
    "standard_year": N_("Year of the standard"),
    "card": N_("Bank card"),
    "lon": N_("Longitude"),
    "lat": N_("Latitude"),
    "position": N_("Longitude and latitude"),
    "status": N_("State of payment"),
    "note": N_("Remarks"),
    "ignore": N_("Not needed"),
}
"""Field → what it is called on the page."""

REPEATABLE = frozenset({"phone", "note", "ignore", "serial"})
"""Fields that may be the meaning of several columns of one table."""

_UNIT = re.compile(r"[(\[【][^)\]】]*(?:元|必填|选填|18位|人|口|月|是/否|位数|周岁)[^)\]】]*[)\]】]$")
_NOISE = re.compile(r"[\s°()\[\]【】、,/\\:*＊·.。_\-—]+")


def normalise_header(text: str) -> str:
    """A header without unit, brackets, blanks and stars: 「月发放金额（元）＊」 is 「月发放金额」."""
    plain = re.sub(r"\s+", "", unicodedata.normalize("NFKC", text)).strip("*")
    return _NOISE.sub("", _UNIT.sub("", plain) or plain)


@cache
def _synonyms() -> tuple[dict[str, str], list[tuple[str, str]]]:
    exact = {word: field for field, words in FIELDS.items() for word in words}
    by_length = sorted(exact.items(), key=lambda item: -len(item[0]))
    return exact, [(word, field) for word, field in by_length if len(word) > 1]


@cache
def header_meaning(text: str) -> tuple[str, float]:
    """The field that a header names, with a score in [0, 1]; `("", 0.0)` where it says nothing to us."""
    plain = normalise_header(text)
    exact, by_length = _synonyms()
    if plain in exact:
        return exact[plain], 1.0
    for word, field in by_length:
        if plain.endswith(word):
            return field, 0.8
    for word, field in by_length:
        if len(word) > 2 and word in plain and len(plain) <= 20:
            return field, 0.6
    return "", 0.0
