"""Find the files to read, look at what they really are, and unpack archives within bounds."""

from __future__ import annotations

import bz2
import glob
import gzip
import hashlib
import lzma
import shutil
import tempfile
import unicodedata
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path, PurePosixPath
from typing import Any

from kam_core.errors import KamError

KINDS = {".csv": "text", ".tsv": "text", ".txt": "text", ".tab": "text", ".xlsx": "workbook", ".xlsm": "workbook",
         ".xlsb": "workbook", ".xls": "workbook", ".ods": "workbook", ".parquet": "parquet", ".zip": "zip",
         ".gz": "packed", ".bz2": "packed", ".xz": "packed"}
READABLE = "csv, tsv, txt, xlsx, xls, ods, parquet or zip"
UNPACKERS: dict[str, Any] = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}

MAX_FILES = 500
MAX_MEMBERS = 1_000
MAX_UNPACKED = 8 * 1024**3
MAX_RATIO = 200  # text packs 5 to 40 times; only what is above RATIO_FROM bytes is judged by it
RATIO_FROM = 64 * 1024**2


@dataclass
class Source:
    """One file to read: where it lies, the name people know it by, and its kind (text, workbook or parquet)."""

    path: Path
    name: str
    kind: str
    cache: dict = field(default_factory=dict, repr=False)  # what was read of it, so that guessing and loading read once

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    def sha256(self) -> str:
        with self.path.open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


@dataclass
class Found:
    """The readable files, a scratch folder that lives as long as they do, and sentences on what was passed over.

    With `refused` a list, a file that cannot be read is noted there (name, error) and the others are still found.
    """

    sources: list[Source]
    scratch: Path
    warnings: list[str]
    refused: list[tuple[str, KamError]] | None = None

    def free_name(self, suffix: str) -> Path:
        return self.scratch / f"file{len(list(self.scratch.iterdir()))}{suffix}"


@contextmanager
def opened(paths: list[Path]) -> Iterator[Found]:
    """Find the readable files under `paths` (files, folders, globs, archives); KamError where there is none."""
    with tempfile.TemporaryDirectory(prefix="kam-ingest-") as folder:
        found = Found([], Path(folder), [])
        for path in paths:
            collect(found, Path(path))
        if not found.sources:
            raise KamError(f"{_listed(paths)}: nothing to read here; give {READABLE} files")
        if len(found.sources) > MAX_FILES:
            raise KamError(f"{_listed(paths)}: {len(found.sources):,} files; load at most {MAX_FILES} at a time")
        yield found


def _listed(paths: list[Path]) -> str:
    return ", ".join(str(p) for p in paths) or "no path"


def collect(found: Found, path: Path) -> None:
    """Add what can be read at a path (a file, folder, pattern or archive); KamError where there is nothing."""
    if path.is_dir():
        _add_folder(found, path)
    elif path.is_file():
        _add_file(found, path, path.name)
    elif any(mark in str(path) for mark in "*?["):
        matches = [Path(p) for p in sorted(glob.glob(str(path), recursive=True)) if Path(p).is_file()]
        if not matches:
            raise KamError(f"{path}: no file has such a name; check the pattern")
        for match in matches:
            _add_file(found, match, match.name)
    else:
        raise KamError(f"{path}: there is no such file or folder; check the path")


def _add_folder(found: Found, folder: Path) -> None:
    files = sorted(p for p in folder.rglob("*") if p.is_file())
    readable = [p for p in files if p.suffix.lower() in KINDS and not _is_hidden(p.relative_to(folder))]
    if not readable:
        raise KamError(f"{folder}: holds no file that can be read; put {READABLE} files there")
    for path in readable:
        _add_file(found, path, path.relative_to(folder).as_posix())
    passed_over = [p.name for p in files if p not in readable and p.name.lower() not in ("readme.md", ".ds_store")]
    if passed_over:
        found.warnings.append(f"not read, for their kind of file: {', '.join(passed_over[:10])}")


def _is_hidden(path: Path) -> bool:
    """True for dot files and for the lock files that office programs leave (`~$book.xlsx`)."""
    return any(part.startswith((".", "~$", "__MACOSX")) for part in path.parts)


def _add_file(found: Found, path: Path, name: str) -> None:
    try:
        _add_readable(found, path, name)
    except KamError as error:
        if found.refused is None:
            raise
        found.refused.append((name, error))


def _add_readable(found: Found, path: Path, name: str) -> None:
    kind = KINDS.get(path.suffix.lower())
    if kind is None:
        raise KamError(f"{name}: cannot read {path.suffix or 'a file without a suffix'}; give {READABLE}")
    if kind == "packed":
        inner = PurePosixPath(name).stem
        if KINDS.get(PurePosixPath(inner).suffix.lower(), "zip") in ("zip", "packed"):
            raise KamError(f"{name}: cannot read what is packed there; give {READABLE}")
        _add_readable(found, _unpacked(found, path, name, PurePosixPath(inner).suffix.lower()), inner)
        return
    _check_content(path, name, kind)
    if kind == "zip":
        _unpack(found, path, name)
    else:
        found.sources.append(Source(path, name, kind))


def _unpacked(found: Found, path: Path, name: str, suffix: str) -> Path:
    """A gz, bz2 or xz file unpacked into the scratch folder; KamError where it is damaged or packed like a bomb."""
    target, size, packed = found.free_name(suffix), 0, path.stat().st_size
    try:
        with UNPACKERS[path.suffix.lower()](path, "rb") as source, target.open("wb") as out:
            while chunk := source.read(1 << 20):
                size += len(chunk)
                if _is_bomb(size, packed):
                    raise KamError(f"{name}: would unpack to over {size:,} bytes from {packed:,}; "
                                   "that is no plausible data file")
                out.write(chunk)
    except (OSError, EOFError, lzma.LZMAError, zlib.error):
        raise KamError(f"{name}: is damaged or cut short; pack it again") from None
    return target


def _is_bomb(unpacked: int, packed: int) -> bool:
    return unpacked > MAX_UNPACKED or (unpacked > RATIO_FROM and unpacked > MAX_RATIO * max(packed, 1))


def _check_content(path: Path, name: str, kind: str) -> None:
    """Refuse a file that is empty or is not what its suffix says."""
    try:
        with path.open("rb") as file:
            head = file.read(4096)
    except OSError as error:
        raise KamError(f"{name}: cannot be opened ({error.strerror}); check the permissions") from None
    if not head.strip():
        raise KamError(f"{name}: the file is empty; export it again")
    actual = _content_kind(head)
    if kind == "workbook" and actual == "text":
        raise KamError(f"{name}: is text, not an Excel workbook; rename it to .csv or save it as .xlsx")
    if kind == "text" and actual != "text":
        raise KamError(f"{name}: is not text but {actual}; export it as CSV, or give it its true suffix")
    if kind == "parquet" and actual != "a parquet file":
        raise KamError(f"{name}: is not a parquet file; export it again")
    if kind == "zip" and not zipfile.is_zipfile(path):
        raise KamError(f"{name}: is not a whole zip archive; pack it again")
    if kind == "workbook" and actual not in ("a zip or Excel file", "an old Excel file"):
        raise KamError(f"{name}: is not an Excel workbook but {actual}; save it as .xlsx")
    if kind == "workbook" and actual == "a zip or Excel file":
        members = {m.filename for m in _check_archive(path, name)}
        if not any(m.startswith("xl/") or m == "content.xml" for m in members):
            raise KamError(f"{name}: is damaged, or a zip archive that is no workbook; give it its true suffix")
        if "META-INF/manifest.xml" in members and _is_locked(path):
            raise KamError(f"{name}: is protected by a password; save it without one")
    if kind == "workbook" and actual == "an old Excel file" and _is_encrypted(path):
        raise KamError(f"{name}: is protected by a password; save it without one")
    if kind == "workbook" and actual == "an old Excel file" and path.suffix.lower() != ".xls":
        raise KamError(f"{name}: is protected by a password or is an old .xls; save it as .xlsx without a password")


def _is_encrypted(path: Path) -> bool:
    """True for an .xlsx within the container that holds its encryption."""
    with path.open("rb") as file:
        head = file.read(1 << 20)
    return "EncryptedPackage".encode("utf-16-le") in head


def _is_locked(path: Path) -> bool:
    """True for an .ods whose list of parts says that they are encrypted."""
    try:
        with zipfile.ZipFile(path) as archive, archive.open("META-INF/manifest.xml") as file:
            return b"encryption-data" in file.read(1 << 20)
    except (zipfile.BadZipFile, OSError, EOFError, NotImplementedError, RuntimeError, zlib.error):
        return False


def _content_kind(head: bytes) -> str:
    for magic, what in ((b"PK\x03\x04", "a zip or Excel file"), (b"PK\x05\x06", "a zip or Excel file"),
                        (b"\xd0\xcf\x11\xe0", "an old Excel file"), (b"PAR1", "a parquet file"), (b"%PDF", "a PDF"),
                        (b"\x89PNG", "a picture"), (b"\xff\xd8\xff", "a picture"), (b"GIF8", "a picture"),
                        (b"\x1f\x8b", "a gzip file"), (b"BZh", "a bzip2 file"), (b"7z\xbc\xaf", "a 7z file"),
                        (b"\x7fELF", "a program"), (b"MZ\x90", "a program"), (b"SQLite format 3", "a database")):
        if head.startswith(magic):
            return what
    return "text" if looks_like_text(head) else "binary data"


def looks_like_text(head: bytes) -> bool:
    """True unless control characters say binary; UTF-16 is text although half its bytes are NUL."""
    if head.startswith((b"\xff\xfe", b"\xfe\xff", b"\xef\xbb\xbf")):
        return True
    if utf16_order(head):
        return True
    controls = sum(head.count(code) for code in range(32) if code not in (9, 10, 11, 12, 13, 26, 27))
    return controls <= 2 or controls / len(head) < 0.002


def utf16_order(head: bytes) -> str | None:
    """Name UTF-16's byte order where NULs sit on one side of the pairs only (Latin letters, commas, line ends) and
    all of it reads as text; else None."""
    pairs = len(head) // 2
    even, odd = head[0:pairs * 2:2].count(0), head[1:pairs * 2:2].count(0)
    for codec, zeros, others in (("utf-16-le", odd, even), ("utf-16-be", even, odd)):
        if pairs and zeros > 0.3 * pairs and others < 0.05 * pairs:
            return codec
        if pairs > 8 and zeros > 0.02 * pairs and not others and _reads_as(codec, head[:pairs * 2]):
            return codec
    return None


def _reads_as(codec: str, head: bytes) -> bool:
    """True where the bytes decode to letters of real scripts, in lines."""
    text = head.decode(codec, errors="ignore")
    odd = sum(1 for char in text if unicodedata.category(char) in ("Cn", "Co", "Cc") and char not in "\t\r\n")
    return "\n" in text and odd == 0


def _check_archive(path: Path, name: str) -> list[zipfile.ZipInfo]:
    """List an archive's members; KamError where they are too many, too large or packed like a bomb."""
    try:
        with zipfile.ZipFile(path) as archive:
            members = [m for m in archive.infolist() if not m.is_dir()]
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError):
        raise KamError(f"{name}: is damaged or cut short; export or copy it again") from None
    total = sum(m.file_size for m in members)
    packed = sum(m.compress_size for m in members)
    if len(members) > MAX_MEMBERS:
        raise KamError(f"{name}: holds {len(members):,} files, more than {MAX_MEMBERS:,}; pack only what is needed")
    if _is_bomb(total, packed):
        raise KamError(f"{name}: would unpack to {total:,} bytes from {packed:,}; that is no plausible data file")
    if any(m.flag_bits & 1 for m in members):
        raise KamError(f"{name}: is protected by a password; save it without one")
    return members


def _unpack(found: Found, path: Path, name: str) -> None:
    members = [m for m in _check_archive(path, name) if not _is_hidden(Path(m.filename))]
    readable = [m for m in members if KINDS.get(PurePosixPath(m.filename).suffix.lower(), "zip") != "zip"]
    if not readable:
        raise KamError(f"{name}: the archive holds no file that can be read; pack csv, tsv, txt, xlsx, xls or parquet")
    with zipfile.ZipFile(path) as archive:
        for member in sorted(readable, key=lambda m: m.filename):
            suffix = PurePosixPath(member.filename).suffix.lower()
            target = found.free_name(suffix)
            try:
                _extract(archive, member, target, name)
                _add_readable(found, target, f"{name}/{member.filename}")
            except KamError as error:
                if found.refused is None:
                    raise
                found.refused.append((f"{name}/{member.filename}", error))
    passed_over = [m.filename for m in members if m not in readable]
    if passed_over:
        found.warnings.append(f"{name}: not read, for their kind of file: {', '.join(passed_over[:10])}")


def _extract(archive: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, name: str) -> None:
    """Unpack one member; its header's size was checked and zipfile stops at that size, so it cannot grow past it."""
    try:
        with archive.open(member) as packed, target.open("wb") as out:
            shutil.copyfileobj(packed, out, 1024 * 1024)
    except (zipfile.BadZipFile, NotImplementedError, RuntimeError, EOFError, OSError, zlib.error):
        raise KamError(f"{name}: {member.filename} cannot be unpacked; pack it again") from None
