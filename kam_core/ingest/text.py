"""Find out how a text file is encoded, strictly, and hand it on as UTF-8; never garbling letters in silence."""

from __future__ import annotations

import codecs
import io
import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from kam_core.errors import KamError
from kam_core.ingest.assumptions import ASK, CERTAIN, LIKELY, Why
from kam_core.ingest.files import utf16_order
from kam_core.ingest.watch import NOBODY, Watch
from kam_core.text.i18n import t

MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
CHUNK = 1 << 20
SAMPLE = 256 * 1024


@dataclass(frozen=True)
class Encoding:
    """A Python codec, how sure it is and why, the codecs that would also read the file, and lines that show it."""

    codec: str
    sure: str
    why: Why
    choices: tuple[str, ...] = ()
    examples: tuple[str, ...] = ()

    @property
    def sentence(self) -> str:
        return t("en", self.why[0], **self.why[1])


def encoding_of(path: Path, name: str) -> Encoding:
    """How a file is encoded; KamError where no encoding fits beyond doubt."""
    with path.open("rb") as file:
        head = file.read(4096)
    for mark, codec in MARKS:
        if head.startswith(mark):
            return Encoding(codec, CERTAIN, ("reading.why.mark", {}), (codec,))
    order = utf16_order(head)
    if order:
        return Encoding(order, CERTAIN, ("reading.why.zeros", {}), (order,))
    bad = _first_bad_utf8(path)
    if bad is None:
        return Encoding("utf-8", CERTAIN, ("reading.why.utf8", {}), ("utf-8",))
    return _legacy_encoding(path, name, bad)


def _first_bad_utf8(path: Path) -> int | None:
    """The position of the first byte that is not UTF-8, or None."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    position = 0
    with path.open("rb") as file:
        while chunk := file.read(CHUNK):
            pending = len(decoder.getstate()[0])
            try:
                decoder.decode(chunk)
            except UnicodeDecodeError as error:
                return position - pending + error.start
            position += len(chunk)
    return position if decoder.getstate()[0] else None


def _legacy_encoding(path: Path, name: str, bad: int) -> Encoding:
    """The codec whose reading of the letters is the most usual language; two that come close are asked about."""
    sample = _lines_with_high_bytes(path)
    if _is_broken_utf8(sample):
        line = 1 + _newlines_before(path, bad)
        raise KamError(f"{name}: line {line} has a byte that is not UTF-8 in a file that otherwise is; "
                       "save it again as UTF-8, or name its encoding under [table.format]")
    texts = {codec: text for codec in CHOICES if (text := _decoded(sample, codec)) is not None}
    plausible = [rung for rung in LADDER if rung.codec in texts and rung.fits(texts[rung.codec], sample)]
    ranked = sorted(plausible, key=lambda rung: -_usual_share(texts[rung.codec], rung.usual))
    for rung in ranked:
        if _decodes(path, rung.codec):
            rivals = [r.codec for r in ranked if r is not rung and r.usual and rung.usual and
                      _usual_share(texts[r.codec], r.usual) > 0.8 * _usual_share(texts[rung.codec], rung.usual)]
            return Encoding(rung.codec, ASK if rivals else LIKELY, (f"reading.why.{rung.why}", {}),
                            (rung.codec, *(c for c in texts if c != rung.codec)), _examples(texts[rung.codec]))
    raise KamError(f"{name}: its encoding cannot be told; save it as UTF-8, or name the encoding under [table.format]")


def _decoded(sample: bytes, codec: str) -> str | None:
    try:
        return sample.decode(codec)
    except UnicodeDecodeError:
        return None


def _usual_share(text: str, usual: str) -> float:
    """Share of the letters beyond ASCII that are among the usual ones of a language; 0.01 where none are known."""
    letters = [char for char in text if char > "\x7f"]
    if not usual:
        return 0.01
    known = set(usual)
    return sum(1 for char in letters if char in known or "\u3040" <= char <= "\u30ff") / max(len(letters), 1)


def _examples(text: str) -> tuple[str, ...]:
    lines = [line.strip()[:120] for line in text.splitlines() if not line.isascii()]
    return tuple(lines[:3])


def _lines_with_high_bytes(path: Path) -> bytes:
    """Lines that hold anything but ASCII, up to `SAMPLE` bytes: all that tells one legacy encoding from another."""
    kept, size = [], 0
    with path.open("rb") as file:
        for line in file:
            if not line.isascii():
                kept.append(line)
                size += len(line)
                if size > SAMPLE:
                    break
    return b"".join(kept)


def _is_broken_utf8(sample: bytes) -> bool:
    """True where most of what is not ASCII is valid UTF-8: a damaged file, not another encoding."""
    text = sample.decode("utf-8", errors="replace")
    good = sum(len(c.encode()) for c in text if c > "\x7f" and c != "\ufffd")
    return good > 2 * text.count("\ufffd")


def _newlines_before(path: Path, position: int) -> int:
    with path.open("rb") as file:
        return file.read(position).count(b"\n")


def _decodes(path: Path, codec: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)()
    try:
        with path.open("rb") as file:
            while chunk := file.read(CHUNK):
                decoder.decode(chunk)
        decoder.decode(b"", True)
    except UnicodeDecodeError:
        return False
    return True


def _stands_together(text: str) -> bool:
    """True where wide characters come in runs; Latin text misread as Chinese has single ones between letters."""
    wide = re.findall(r"[^\x00-\x7f]+", text)
    alone = sum(1 for m in re.finditer(r"(?<=[A-Za-z])[^\x00-\x7f](?=[A-Za-z]|\b)", text))
    return sum(map(len, wide)) > 0 and alone <= 0.2 * len(wide)


def _share(text: str, codec: str, leads: list[tuple[int, int]]) -> float:
    """Share of the non-ASCII characters whose first byte in `codec` falls in one of the ranges."""
    total = hits = 0
    for char in text:
        if char > "\x7f":
            total += 1
            lead = char.encode(codec)[0]
            hits += any(low <= lead <= high for low, high in leads)
    return hits / total if total else 0.0


def _is_chinese(text: str, _: bytes) -> bool:
    # GB2312 puts punctuation and full-width forms in rows A1-A3 and the 3,755 common characters in B0-D7.
    return _share(text, "gb18030", [(0xA1, 0xA3), (0xB0, 0xD7)]) > 0.85 and _stands_together(text)


def _is_japanese(text: str, _: bytes) -> bool:
    # Shift JIS: punctuation and kana at 81-83, the 2,965 common kanji at 88-97. Half-width kana (A1-DF) prove nothing:
    # each is one byte, as Western letters are.
    return _share(text, "cp932", [(0x81, 0x83), (0x88, 0x97)]) > 0.85 and _stands_together(text)


def _is_traditional(text: str, _: bytes) -> bool:
    return _share(text, "big5", [(0xA1, 0xA3), (0xA4, 0xC6)]) > 0.9 and _stands_together(text)


def _is_western(text: str, sample: bytes) -> bool:
    # In cp1252 the bytes 80-9F are quotes, dashes and the euro, never most of the letters; in DOS they are the letters.
    high = [b for b in sample if b > 0x7F]
    dos = sum(1 for b in high if b <= 0x9F and b not in b"\x80\x85\x91\x92\x93\x94\x95\x96\x97\x99")
    letters = sum(1 for b in high if b >= 0xC0)
    return dos <= 0.1 * len(high) or dos <= 0.05 * letters


def _is_dos(text: str, sample: bytes) -> bool:
    return all(b <= 0xA8 or b == 0xE1 for b in sample if b > 0x7F)  # letters, and the German sharp s


def _is_korean(text: str, _: bytes) -> bool:
    # KS X 1001 puts punctuation in rows A1-A3 and the 2,350 common syllables in B0-C8.
    return _share(text, "cp949", [(0xA1, 0xA3), (0xB0, 0xC8)]) > 0.95 and _stands_together(text)


def _is_japanese_unix(text: str, _: bytes) -> bool:
    # EUC-JP: punctuation and kana in rows A1-A5, the common kanji in B0-CF.
    return _share(text, "euc_jp", [(0xA1, 0xA5), (0xB0, 0xCF)]) > 0.95 and _stands_together(text)


def _is_cyrillic(text: str, sample: bytes) -> bool:
    # In cp1251 nearly all letters of a word are above C0; no Western language has more than one in three there.
    words = re.findall(rb"[A-Za-z\x80-\xff]{4,}", sample)
    high = sum(1 for w in words if sum(b >= 0xC0 for b in w) > 0.8 * len(w))
    return high > 0.5 * sum(1 for w in words if not w.isascii())


# The letters that make up a third and more of any text, and the words of business tables: a codec that reads other
# letters from the same bytes reads the wrong language.
SIMPLIFIED = (
    "的一是不了在人有我他这个们中来上大为和国地到以说时要就出会可也你对生能而子那得于着下自之年过发后作里用道行所然家种事成方多经么去法学如都同现当"
    "没动面起看定天分还进好小部其些主样理心本前开但因只从想实日者意无力与长把机十民第公此已工使情明性知全三关点正业外将两高间由问很最重并物手应向头"
    "文体政美相见利二等产或新制身果加西月话合回特代内信表化世位次度门任常先海通教东提立及比员解水名真处义各入几口条平系气题活更别变四总何电数安少报"
    "结反受目量再建务做接必场件计管期市直资命山金指统区保至形社空决展马科司五基书非则达光放强即难权完设式色路记南品住告类求据程北边张该交规万取格术"
    "领共确传师观清今切院候带导运客户订单编号称额销售价经负责联系电话邮箱合同状态备注省城限贸易技华京广州深圳元笔服项款付票税折扣利润成标率台仓库")
TRADITIONAL = (
    "的一是不了在人有我他這個們中來上大為和國地到以說時要就出會可也你對生能而子那得於著下自之年過發後作裡用道行所然家種事成方多經麼去法學如都同現當"
    "沒動面起看定天分還進好小部其些主樣理心本前開但因只從想實日者意無力與長把機十民第公此已工使情明性知全三關點正業外將兩高間由問很最重並物手應向頭"
    "文體政美相見利二等產或新制身果加西月話合回特代內信表化世位次度門任常先海通教東提立及比員解水名真處義各入幾口條平系氣題活更別變四總何電數安少報"
    "客戶訂單編號稱額銷售價負責聯絡繫話郵件約狀態備註省市有限貿易技華京台北灣縣元筆服務項款付票稅折扣潤標率倉庫品區量金")
JAPANESE = (
    "日付店舗商品分類売上数量単価合計東京大阪円株式会社顧客名前年月金額番号担当者部門注文本一人出新宿渋谷横浜飲料食雑貨支払請求書")
KOREAN = (
    "이다는을를에의가한하고로사지도서기대자인시어부정일해리주장원제수국전스과나보성들은구동여상년적만그관경위용중무라선유객문번호날짜금액품량단가합계역"
    "담당울산매출회사명전자식코드")
CHOICES = ("gb18030", "cp932", "big5", "cp949", "euc_jp", "cp1252", "cp1251", "cp1250", "cp437", "latin-1")


@dataclass(frozen=True)
class Rung:
    """A legacy codec: when its reading is plausible, and the usual letters of the language it is read as."""

    codec: str
    fits: Callable[[str, bytes], bool]
    why: str
    usual: str = ""


LADDER = (
    Rung("gb18030", _is_chinese, "chinese", SIMPLIFIED),
    Rung("cp932", _is_japanese, "japanese", JAPANESE),
    Rung("big5", _is_traditional, "traditional", TRADITIONAL),
    Rung("cp949", _is_korean, "korean", KOREAN),
    Rung("euc_jp", _is_japanese_unix, "japanese", JAPANESE),
    Rung("cp1251", _is_cyrillic, "cyrillic"),
    Rung("cp1252", _is_western, "western"),
    Rung("cp437", _is_dos, "dos"),
)


def as_utf8(path: Path, name: str, encoding: str, target: Path, watch: Watch = NOBODY) -> Path:
    """The file as UTF-8 with \\n or \\r\\n line ends and without NULs: itself where it is so already, else anew."""
    try:
        codec = codecs.lookup(encoding).name
    except LookupError:
        raise KamError(f"{name}: there is no encoding {encoding!r}; name one such as utf-8 or gb18030") from None
    if codec in ("utf-8", "utf-8-sig", "ascii") and not _needs_cleaning(path):
        return path
    size = max(path.stat().st_size, 1)
    try:
        # newline=None turns every kind of line end into \\n, the old Mac's bare return too.
        with path.open("rb") as raw, target.open("w", encoding="utf-8", newline="\n") as out:
            source = io.TextIOWrapper(raw, encoding=codec, newline=None)
            while chunk := source.read(CHUNK):
                # A NUL before a quote is how some programs escape it; any other NUL stands for nothing.
                out.write(chunk.removeprefix("\ufeff").replace('\0"', '""').replace("\0", ""))
                watch.step("reading.step.read", 0.3 * raw.tell() / size)
    except UnicodeError:
        raise KamError(f"{name}: is not {encoding} throughout; choose its true encoding") from None
    return target


def _needs_cleaning(path: Path) -> bool:
    """True for a file with NULs, or of the old Mac kind, whose lines end with \\r alone."""
    with path.open("rb") as file:
        head = file.read(SAMPLE)
        if b"\r" in head and b"\n" not in head:
            return True
        while head:
            if b"\0" in head:
                return True
            head = file.read(CHUNK)
    return False
