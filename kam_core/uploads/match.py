"""Which accounts of a file are ours: by number, by name, and by a name nearly the same, which a person confirms.

Names are compared without what says nothing about the company: legal forms in English, German and Chinese, the
country in brackets, full-width letters, and traditional characters where companies have them.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from rapidfuzz import fuzz, process

from kam_core.text.sentence import own_script
from kam_core.uploads.upload import Party

LIKELY = 84.0  # of 100: from here on a name is worth a question
BLOCK = 500  # names compared at once: 500 × 20,000 accounts take 40 MB
LEGAL = ("股份有限公司", "有限责任公司", "有限公司", "集团公司", "股份公司", "集团", "控股", "总公司", "分公司", "公司")
LEGAL_WORDS = frozenset((
    "co", "company", "corp", "corporation", "inc", "incorporated", "ltd", "limited", "llc", "llp", "plc", "group",
    "holding", "holdings", "gmbh", "ag", "kg", "se", "sa", "sarl", "srl", "spa", "bv", "nv", "ab", "oy", "as", "aps",
    "pte", "pty", "sdn", "bhd", "kk", "the", "and",
))  # fmt: skip
PLACES = frozenset(("china", "中国", "prc"))
TRADITIONAL = str.maketrans(
    "銀電業國華東廣灣龍鋼鐵車醫藥學訊網聯際團產實貿資財險證機務運輸氣環豐興達遠綠農機構設計術數據雲飛馬樂寶長開門區縣鄉鎮島滬蘇陳張劉楊趙黃孫吳鄭許鄧馮韓歐陽"
    "億萬與為無紙織絲綢紡線鋁銅錫鎳鉛鋅礦煉燈燃熱熱爐輪橋樓場廠塊線儀器鑫盛潤濟滙匯創優騰訊視頻論紀錄書報館體育藝術劇旅遊飯點樣種類",
    "银电业国华东广湾龙钢铁车医药学讯网联际团产实贸资财险证机务运输气环丰兴达远绿农机构设计术数据云飞马乐宝长开门区县乡镇岛沪苏陈张刘杨赵黄孙吴郑许邓冯韩欧阳"
    "亿万与为无纸织丝绸纺线铝铜锡镍铅锌矿炼灯燃热热炉轮桥楼场厂块线仪器鑫盛润济汇汇创优腾讯视频论纪录书报馆体育艺术剧旅游饭点样种类",
)


@dataclass(frozen=True)
class Account:
    """One of our accounts, as far as the asker may see it. `key`: it is of the top tiers."""

    id: str
    name: str
    tier: str | None = None
    manager: str | None = None
    revenue: float | None = None
    key: bool = False
    about: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Pair:
    """An account of the file and ours. `how`: id, name, likely (to be confirmed; `score` of 100), or new."""

    theirs: Party
    ours: Account | None
    how: str
    score: float = 0.0

    @property
    def adds(self) -> dict[str, str]:
        """What the file says about the account and we do not know."""
        if self.ours is None:
            return {}
        return {key: text for key, text in self.theirs.about.items() if key != "name" and not self.ours.about.get(key)}


@dataclass(frozen=True)
class Matching:
    """Every account of the file once, and our key accounts that the file does not name."""

    pairs: list[Pair]
    absent: list[Account]

    def of(self, *how: str) -> list[Pair]:
        return [pair for pair in self.pairs if pair.how in how]


def match(parties: Sequence[Party], accounts: Sequence[Account], denied: Iterable[str] = ()) -> Matching:
    """Pair the accounts of a file with ours; `denied` are numbers of theirs whose proposal was turned down."""
    by_id = {a.id: a for a in accounts}
    by_name = _by_name(accounts)
    found: dict[str, Pair] = {}
    for party in parties:
        known = by_id.get(party.id)
        if known:
            found[party.id] = Pair(party, known, "id", 100.0)
        elif named := by_name.get(plain(party.name)):
            found[party.id] = Pair(party, named, "name", 100.0)
    turned_down = set(denied)
    open_ = [p for p in parties if p.id not in found and p.id not in turned_down]
    for party, account, score in _nearest(open_, accounts):
        found[party.id] = Pair(party, account, "likely", score)
    pairs = [found.get(party.id, Pair(party, None, "new")) for party in parties]
    named_ids = {pair.ours.id for pair in pairs if pair.ours and pair.how != "likely"}
    return Matching(pairs, [a for a in accounts if a.key and a.id not in named_ids])


def plain(name: str) -> str:
    """A name as it is read aloud: width, case and blanks do not count."""
    return re.sub(r"\s+", "", unicodedata.normalize("NFKC", name).casefold())


def core(name: str) -> str:
    """What is left of a company's name without its legal form, its country and marks; never nothing."""
    text = unicodedata.normalize("NFKC", name).casefold().translate(TRADITIONAL)
    outside = re.sub(r"[(\[【].*?[)\]】]", " ", text)
    text = outside if outside.strip() else text
    for form in LEGAL:
        text = text.replace(form, " ")
    words = [word for word in re.split(r"[\W_]+", re.sub(r"[.'’]", "", text)) if word]
    kept = [word for word in words if word not in LEGAL_WORDS and word not in PLACES] or words
    return " ".join(kept) or plain(name)


def _spoken(name: str) -> set[str]:
    """A name given in two scripts is known by each of them as well."""
    return {name, own_script(name, "en"), own_script(name, "zh")}


def _by_name(accounts: Sequence[Account]) -> dict[str, Account]:
    """Names that one account alone has: of two with the same name none is the right one without asking."""
    owners: dict[str, set[str]] = {}
    for account in accounts:
        for name in _spoken(account.name):
            owners.setdefault(plain(name), set()).add(account.id)
    by_id = {account.id: account for account in accounts}
    return {name: by_id[next(iter(ids))] for name, ids in owners.items() if len(ids) == 1}


def _nearest(parties: Sequence[Party], accounts: Sequence[Account]) -> Iterable[tuple[Party, Account, float]]:
    """For each name the account whose name is nearest, where it is near enough to be worth a question."""
    known = [(core(name), account) for account in accounts for name in sorted(_spoken(account.name))]
    ours = [name for name, _ in known]
    for start in range(0, len(parties) if ours else 0, BLOCK):
        block = parties[start : start + BLOCK]
        theirs = [core(party.name) for party in block]
        scores = process.cdist(theirs, ours, scorer=_alike, dtype=np.float32, workers=1)
        best = scores.argmax(axis=1)
        for place, (party, at) in enumerate(zip(block, best, strict=True)):
            score = float(scores[place, at])
            if score >= LIKELY:
                yield party, known[int(at)][1], score


_alike = fuzz.token_sort_ratio
