"""Find out how a text file is encoded, strictly, and hand it on as UTF-8; never garbling letters in silence."""

from __future__ import annotations

import codecs
import re
from pathlib import Path

from kam_core.errors import KamError
from kam_core.ingest.files import utf16_order

MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
CHUNK = 1 << 20
SAMPLE = 256 * 1024


def encoding_of(path: Path, name: str) -> tuple[str, str]:
    """Return (Python codec, why it was chosen); KamError where no encoding fits beyond doubt."""
    with path.open("rb") as file:
        head = file.read(4096)
    for mark, codec in MARKS:
        if head.startswith(mark):
            return codec, "its byte order mark says so"
    order = utf16_order(head)
    if order:
        return order, "every second byte is zero"
    bad = _first_bad_utf8(path)
    if bad is None:
        return "utf-8", "all of it is valid UTF-8"
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


def _legacy_encoding(path: Path, name: str, bad: int) -> tuple[str, str]:
    sample = _lines_with_high_bytes(path)
    if _is_broken_utf8(sample):
        line = 1 + _newlines_before(path, bad)
        raise KamError(f"{name}: line {line} has a byte that is not UTF-8 in a file that otherwise is; "
                       "save it again as UTF-8, or name its encoding under [table.format]")
    for codec, plausible, why in LADDER:
        try:
            text = sample.decode(codec)
        except UnicodeDecodeError:
            continue
        if plausible(text, sample) and _decodes(path, codec):
            return codec, why
    raise KamError(f"{name}: its encoding cannot be told; save it as UTF-8, or name the encoding under [table.format]")


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


LADDER = (
    ("gb18030", _is_chinese, "it is not UTF-8 and reads as common Chinese characters"),
    ("cp932", _is_japanese, "it is not UTF-8 and reads as Japanese"),
    ("big5", _is_traditional, "it is not UTF-8 and reads as traditional Chinese"),
    ("cp1252", _is_western, "it is not UTF-8 and reads as Western European (Windows)"),
    ("cp437", _is_dos, "it is not UTF-8 and reads as Western European (DOS)"),
)


def as_utf8(path: Path, name: str, encoding: str, target: Path) -> Path:
    """The file as UTF-8 with \\n or \\r\\n line ends: itself where it is so already, else written anew to `target`."""
    try:
        codec = codecs.lookup(encoding).name
    except LookupError:
        raise KamError(f"{name}: there is no encoding {encoding!r}; name one such as utf-8 or gb18030") from None
    if codec in ("utf-8", "utf-8-sig", "ascii") and not _has_bare_returns(path):
        return path
    try:
        # newline=None turns every kind of line end into \n, the old Mac's bare return too.
        with path.open(encoding=codec, newline=None) as source, target.open("w", encoding="utf-8", newline="\n") as out:
            while chunk := source.read(CHUNK):
                out.write(chunk.removeprefix("\ufeff"))
    except UnicodeError as error:
        raise KamError(f"{name}: is not {encoding} throughout ({error}); name its true encoding") from None
    return target


def _has_bare_returns(path: Path) -> bool:
    """True for a file of the old Mac kind, whose lines end with \\r alone."""
    with path.open("rb") as file:
        head = file.read(SAMPLE)
    return b"\r" in head and b"\n" not in head
