"""What a column is to its reader: id, name, date, amount, count, percent, text, yes/no."""

from __future__ import annotations

import re

KINDS = ("id", "name", "date", "amount", "count", "percent", "text", "yes_no", "empty")
MEASURES = ("amount", "count", "percent")
DIMENSIONS = ("name", "yes_no", "date")

_WORDS = {  # English words are compared whole, Chinese ones anywhere
    "id": "id|ids|no|nr|num|number|code|key|sku|barcode|zip|zipcode|postal|postcode|phone|tel|mobile|fax|uuid|guid|ean"
    "|invoice|serial|latitude|longitude|lat|lon|lng|编号|编码|代码|单号|号码|电话|手机|邮编|条码|序号|订单号|发票号"
    "|工号|经度|纬度",
    "name": "year|quarter|month|week|weekday|day|hour|level|rating|grade|class|rank|score|stage|status|tier|group"
    "|region|channel|country|segment|category|department|branch|store|gender|territory|sector|industry|series|type|product"
    "|年份|年度|季度|月份|星期|等级|级别|评级|评分|状态|大区|地区|区域|渠道|部门|类别|行业|类型|门店|性别|产品",
    "leading": "region|industry|segment|category|sector|product|channel|department|大区|地区|区域|行业|类别|类型|渠道"
    "|部门",
    "percent": "percent|percentage|pct|rate|ratio|share|margin|discount|probability|率|占比|比例|百分比|折扣|概率",
    "count": "qty|quantity|quantities|units|count|pieces|pcs|items|days|visits|calls|headcount|employees|age"
    "|数量|件数|个数|次数|人数|台数|天数|套数|年龄",
    "amount": "amount|amt|revenue|sales|price|cost|profit|value|total|subtotal|gross|net|fee|freight|tax|budget|payment"
    "|balance|turnover|income|spend|target|金额|销售额|收入|单价|价格|成本|利润|费用|税|预算|目标|余额|毛利|总额|合计"
    "|运费|回款",
    "average": "price|rate|ratio|percent|percentage|pct|margin|discount|age|rating|score|probability|share|days"
    "|单价|价格|均价|率|占比|比例|折扣|年龄|评分|天数",
}
_HINTS = {
    kind: (
        frozenset(w for w in words.split("|") if w.isascii()),
        tuple(w for w in words.split("|") if not w.isascii()),
    )
    for kind, words in _WORDS.items()
}


def hints(name: str) -> set[str]:
    """What a name suggests: orderQty → count; 订单编号 → id; Unit Price → amount, average.

    The last word decides where it is that of an id (SalesTerritoryKey); "number of …" counts.
    """
    split = re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name[:200])
    listed = re.findall(r"[a-z]+", split.lower())
    if listed[:2] in (["number", "of"], ["no", "of"]):
        return {"count"}
    english, chinese = _HINTS["id"]
    if (listed and listed[-1] in english) or name[:200].endswith(chinese):
        return {"id"}
    words = set(listed)
    return {
        kind
        for kind, (english, chinese) in _HINTS.items()
        if words & english
        or any(word in name[:200] for word in chinese)
        or (kind in ("percent", "average") and "%" in name)
    }


def kind_of_number(name: str, distinct: int, known: int, is_whole: bool, least: float, most: float) -> str:
    """id, name, percent, count or amount. `known`: values that are not missing."""
    said = hints(name)
    if said == {"id"}:
        return "id"
    if is_whole and "name" in said and distinct <= 100 and not said & {"amount", "count"}:
        return "name"
    if "percent" in said and "amount" not in said and least >= -1.5 and most <= 1.5:
        return "percent"
    if is_whole and not said & {"amount", "count"} and known > 50 and distinct == known and most - least < 1.5 * known:
        return "id"  # 1, 2, 3 …: numbered rows
    return "count" if is_whole and "amount" not in said else "amount"


def kind_of_text(name: str, distinct: int, known: int, length: float, values: list[str]) -> str:
    """yes_no, id, text or name. `length`: mean number of characters; `values`: some of them."""
    if distinct <= 6 and values and {v.strip().lower() for v in values} <= YES_NO:
        return "yes_no"
    rare = distinct > 0.9 * known and known > 20
    if hints(name) == {"id"} and length < 40:
        return "id"
    if rare and length < 24 and all(re.search(r"\d", v) and " " not in v.strip() for v in values):
        return "id"
    return "text" if length >= 40 or (distinct > 0.5 * known and length >= 24 and known > 20) else "name"


YES_NO = {"y", "n", "yes", "no", "true", "false", "t", "f", "是", "否", "有", "无", "√", "×", "0", "1", "on", "off"}


def default_how(name: str, kind: str) -> str:
    """How values of a measure are put together unless the reader says otherwise."""
    return "mean" if kind == "percent" or "average" in hints(name) else "sum"
