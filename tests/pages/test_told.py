"""What reading says of files it cannot take reaches the page in the reader's language, without machine talk."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from kam_core.errors import KamError
from kam_core.ingest.examine import examine
from kam_core.text.i18n import t
from kam_core.ui import upload_told, upload_words

PLAIN = b"order_date,account_id,amount\n2026-01-05,A1,7\n"
PDF = b"%PDF-1.7\n" + bytes(range(256)) * 8


def zipped(**members: bytes) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return packed.getvalue()


FILES = {
    "none.csv": (b"", "empty"),
    "blank.csv": (b"\n\n \n", "empty"),
    "plain.xlsx": (PLAIN, "text_not_workbook"),
    "paper.csv": (PDF, "not_text"),
    "paper.xlsx": (PDF, "not_workbook"),
    "plain.parquet": (PLAIN, "not_parquet"),
    "plain.zip": (PLAIN, "not_zip"),
    "zip.xlsx": (zipped(a=PLAIN), "damaged_workbook"),
    "cut.parquet": (b"PAR1" + bytes(50), "damaged"),
    "cut.csv.gz": (b"\x1f\x8b\x08\x00cut short", "damaged"),
    "paper.doc": (PDF, "unknown_kind"),
    "pictures.zip": (zipped(**{"a.png": b"\x89PNG"}), "archive_without"),
    "wide.csv": (b",".join(b"c%d" % n for n in range(20_001)) + b"\n" + b"1," * 20_000 + b"1\n", "too_many_columns"),
    "mixed.zip": (zipped(**{"a.csv": PLAIN, "b.png": b"\x89PNG"}), "not_read"),
}


@pytest.mark.parametrize("name", list(FILES))
@pytest.mark.parametrize("lang", ["en", "zh"])
def test_why_a_file_cannot_be_read(name: str, lang: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    for place in (upload_told, upload_words):
        monkeypatch.setattr(place, "words", lambda key, **values: (asked.append(key), t(lang, key, **values))[1])
    content, key = FILES[name]
    asked: list[str] = []
    (tmp_path / name).write_bytes(content)
    looked = examine([tmp_path / name])
    try:
        said = [upload_told.in_words(str(problem)) for problem in looked.problems]
    finally:
        looked.close()
    assert len(said) == 1 and name in said[0]
    assert f"told.{key}" in asked
    assert ";" not in said[0]
    if lang == "zh":
        assert said[0].endswith("。")


def test_a_sentence_of_no_known_form_stays_as_it_is():
    assert upload_told.in_words(str(KamError("a.csv: has moved; look elsewhere"))) == "a.csv: has moved; look elsewhere"


def test_what_a_load_tells(monkeypatch: pytest.MonkeyPatch):
    monkeypatch.setattr(upload_words, "words", lambda key, **values: t("zh", key, **values))
    said = {
        "goods.csv: left out, the mapping does not name it":
            "goods.csv 未使用：还没有任何表取用它的内容。如需一并导入，请在上方选择该文件，并指定各列的含义。",
        "stage_history: 1,003 rows added from a deal's stage, amount or expected close, as this load shows them":
            "已记录 1,003 项商机变化（阶段、金额或预计成交日），用于商机变动分析。",
        "assignments: 3 rows added from who holds an account, as this load shows it": "已记录 3 项客户负责人变化。",
        "orders: revenue of months already loaded changed by +1.2% (2026-01: 1.00 → 2.00; and 4 more months)":
            "以前导入的月份，收入有变化 +1.2%（2026-01: 1.00 → 2.00；另有 4 个月）。",
    }  # fmt: skip
    assert {sentence: upload_told.in_words(sentence) for sentence in said} == said
