"""The whole installation in one file: loads, what people saved and did, policy and users. Written while the app runs.

The file is a tar archive, so it can be looked into; its last entry, backup.json, has the SHA-256 of all the others.
"""

from __future__ import annotations

import contextlib
import hashlib
import io
import json
import os
import re
import shutil
import tarfile
import tempfile
import time
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

from kam_core.errors import KamError
from kam_core.state import State
from kam_core.warehouse.snapshots import Store, user

FORMAT = 1
LIST = "backup.json"
KNOWN = re.compile(
    r"warehouse/CURRENT|warehouse/snapshots/\d{6,}-\d{8}T\d{6}Z\.(duckdb|json)|state\.sqlite|(policy|users)\.toml"
)
CHUNK = 1 << 20


class Installation:
    """Where the parts of one installation are: the warehouse folder, the state, and the two files of settings."""

    def __init__(self, warehouse: Path, state: Path, policy: Path, users: Path) -> None:
        self.warehouse, self.state = Path(warehouse), State(state)
        self.settings = {"policy.toml": Path(policy), "users.toml": Path(users)}


def write(place: Installation, file: Path) -> dict[str, Any]:
    """Write the backup, read it again, and return what it lists. KamError, and no file, where that cannot be done."""
    part = file.with_name(file.name + ".part")
    with _plain_errors(file):
        try:
            with tarfile.open(part, "x", format=tarfile.PAX_FORMAT) as archive:
                os.chmod(part, 0o600)  # it holds everything
                _put_all(archive, place)
            _flush(part)
            listed = verify(part)
            os.replace(part, file)
        except FileExistsError:
            raise KamError(f"{part} exists: another backup is being written, or one was interrupted") from None
        except BaseException:
            part.unlink(missing_ok=True)
            raise
    return listed


def verify(file: Path) -> dict[str, Any]:
    """What a backup lists, after every byte was compared with its checksum. KamError where one differs."""
    with _plain_errors(file), _opened(file) as archive:
        return _checked(archive, None)


def restore(place: Installation, file: Path, instead: bool = False) -> tuple[dict[str, Any], Path | None]:
    """Put an installation in place of what is here; returns what the backup lists and where the former data went.

    Nothing is touched before every byte of the backup was checked. KamError where there are data already and they
    shall not be replaced (`instead`).
    """
    store = Store(place.warehouse)
    if (store.list() or place.state.path.exists()) and not instead:
        raise KamError(
            f"{place.warehouse} holds data already: give --replace to put the backup in their place;"
            " what is there is kept aside"
        )
    with _plain_errors(place.warehouse):
        place.warehouse.mkdir(parents=True, exist_ok=True)
        coming = Path(tempfile.mkdtemp(prefix="restoring-", dir=place.warehouse))
        try:
            with _opened(file) as archive:
                listed = _checked(archive, coming)
            return listed, _switch(place, store, coming)
        finally:
            shutil.rmtree(coming, ignore_errors=True)


def _switch(place: Installation, store: Store, coming: Path) -> Path | None:
    aside = place.warehouse / f"replaced-{datetime.now(UTC):%Y%m%dT%H%M%SZ}"
    if place.state.path.exists():
        aside.mkdir(exist_ok=True)
        place.state.copy_to(aside / "state.sqlite")
    store.replace_by(coming / "warehouse", aside)
    if (coming / "state.sqlite").exists():
        place.state.replace_by(coming / "state.sqlite")
    for name, path in place.settings.items():
        if (coming / name).exists():
            _put_setting(coming / name, path, aside / name)
    return aside if aside.exists() else None


def _put_setting(new: Path, path: Path, old: Path) -> None:
    if path.exists() and path.read_bytes() != new.read_bytes():
        old.parent.mkdir(exist_ok=True)
        shutil.copyfile(path, old)
    part = path.with_name(path.name + ".part")  # beside its target, which may be on another disk than the warehouse
    shutil.copyfile(new, part)
    os.replace(part, path)


# --- writing


def _put_all(archive: tarfile.TarFile, place: Installation) -> None:
    listed: dict[str, dict[str, Any]] = {}
    written = {s.path.name: s.manifest.file_sha256 for s in Store(place.warehouse).list()}
    with tempfile.TemporaryDirectory() as folder, contextlib.ExitStack() as held:
        for name, source in _parts(place, Path(folder), held):
            listed[name] = _put(archive, name, source)
            if listed[name]["sha256"] != written.get(Path(name).name, listed[name]["sha256"]):
                raise KamError(f"{name} is damaged, no backup was written: restore an earlier one, or delete that file")
    head = {
        "format": FORMAT, "created_at": datetime.now(UTC).isoformat(timespec="seconds"), "created_by": user(),
        "files": listed,
    }  # fmt: skip
    content = json.dumps(head, ensure_ascii=False, indent=1).encode()
    archive.addfile(_entry(LIST, len(content)), io.BytesIO(content))


def _parts(place: Installation, folder: Path, held: contextlib.ExitStack) -> Iterator[tuple[str, IO[bytes]]]:
    """Each part's name and content. All snapshots are opened at once: a load may remove one in the meantime."""
    store = Store(place.warehouse)
    opened = [
        (f"warehouse/snapshots/{path.name}", held.enter_context(path.open("rb")))
        for snapshot in store.list()
        for path in (snapshot.path, snapshot.path.with_suffix(".json"))
    ]
    current = store.current()
    if current:
        yield "warehouse/CURRENT", io.BytesIO(f"{current.id}\n".encode())
    yield from opened
    if place.state.path.exists():
        place.state.copy_to(folder / "state.sqlite")
        yield "state.sqlite", held.enter_context((folder / "state.sqlite").open("rb"))
    for name, path in place.settings.items():
        if path.exists():
            yield name, io.BytesIO(path.read_bytes())


def _put(archive: tarfile.TarFile, name: str, source: IO[bytes]) -> dict[str, Any]:
    size = source.seek(0, io.SEEK_END)
    source.seek(0)
    hashed = _Hashed(source)
    archive.addfile(_entry(name, size), hashed)
    return {"bytes": size, "sha256": hashed.digest.hexdigest()}


class _Hashed:
    """Reads on, and remembers the checksum of what was read."""

    def __init__(self, source: IO[bytes]) -> None:
        self.source, self.digest = source, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        chunk = self.source.read(size)
        self.digest.update(chunk)
        return chunk


def _entry(name: str, size: int) -> tarfile.TarInfo:
    entry = tarfile.TarInfo(name)
    entry.size, entry.mtime, entry.mode = size, int(time.time()), 0o600
    return entry


# --- reading


@contextlib.contextmanager
def _opened(file: Path) -> Iterator[tarfile.TarFile]:
    try:
        with tarfile.open(file, "r:") as archive:
            yield archive
    except (tarfile.TarError, EOFError) as error:
        raise KamError(f"{file.name} is no whole backup: {error}") from error


def _checked(archive: tarfile.TarFile, folder: Path | None) -> dict[str, Any]:
    """Read every entry, write it below `folder` if one is given, and compare all with the list."""
    found: dict[str, dict[str, Any]] = {}
    listed: dict[str, Any] = {}
    for entry in archive:
        content = archive.extractfile(entry) if entry.isreg() else None
        if content is None or (entry.name != LIST and not KNOWN.fullmatch(entry.name)):
            raise KamError(f"the backup is refused: {entry.name!r} has no place in one")
        if entry.name == LIST:
            listed = _list(content.read())
        else:
            found[entry.name] = _taken(content, folder / entry.name if folder else None)
    _compare(listed, found)
    return listed


def _list(content: bytes) -> dict[str, Any]:
    try:
        listed = json.loads(content)
        if listed["format"] != FORMAT:
            raise KamError("the backup was written by a newer version of this product")
        dict(listed["files"])
    except (ValueError, KeyError, TypeError):
        raise KamError(f"the backup is damaged: its list, {LIST}, cannot be read") from None
    return dict(listed)


def _taken(content: IO[bytes], target: Path | None) -> dict[str, Any]:
    digest, size = hashlib.sha256(), 0
    if target:
        target.parent.mkdir(parents=True, exist_ok=True)
    with target.open("xb") if target else contextlib.nullcontext() as out:
        while chunk := content.read(CHUNK):
            digest.update(chunk)
            size += len(chunk)
            if out:
                out.write(chunk)
        if out:
            out.flush()
            os.fsync(out.fileno())
    return {"bytes": size, "sha256": digest.hexdigest()}


def _compare(listed: dict[str, Any], found: dict[str, dict[str, Any]]) -> None:
    if not listed:
        raise KamError("the backup is damaged: its end is missing")
    files = listed["files"]
    for name in sorted({*files, *found}):
        if files.get(name) != found.get(name):
            raise KamError(f"the backup is damaged: {name} is not what was written; nothing was changed")


def _flush(path: Path) -> None:
    with path.open("rb+") as file:
        os.fsync(file.fileno())


@contextlib.contextmanager
def _plain_errors(place: Path) -> Iterator[None]:
    try:
        yield
    except FileExistsError:
        raise
    except OSError as error:
        raise KamError(f"{error.filename or place}: {error.strerror or error}; nothing was changed") from error
