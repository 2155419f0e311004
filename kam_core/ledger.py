"""What the audit log says of a publication: the load, the undo, the policy that changed with it."""

from __future__ import annotations

from typing import Any

from kam_core.errors import KamError
from kam_core.state import State
from kam_core.warehouse.engine import Reader
from kam_core.warehouse.snapshots import Snapshot, Store

COUNTED = ("added", "updated", "removed", "refused")


def published(state: State, person: str, action: str, store: Store, after: Snapshot, keep_days: int) -> None:
    """Record who published what (load, undo, demo, rebuild) and which policy with it; then the oldest entries go."""
    manifest = after.manifest
    before = next((kept for kept in store.list() if kept.id == manifest.parent), None)
    what: dict[str, Any] = {"id": after.id, "files": [file["name"] for file in manifest.files]}
    tables = {} if action == "undo" else manifest.tables
    changed = {
        name: {kind: counts[kind] for kind in COUNTED if counts.get(kind)}
        for name, counts in tables.items()
        if any(counts.get(kind) for kind in COUNTED)
    }
    if action == "undo":
        what = {"id": after.id, "went back to": manifest.equals, "taken back": manifest.takes_back}
    rows = sum(counts.get("added", 0) + counts.get("updated", 0) for counts in changed.values())
    state.record(person, action, {**what, **changed}, rows or None)
    if before and before.manifest.policy_sha256 != manifest.policy_sha256:
        state.record(person, "policy", {"id": after.id, "changed": policy_changes(before, after)})
    state.forget(keep_days)


def policy_changes(before: Snapshot, after: Snapshot) -> dict[str, str]:
    """Each setting that changed: "0.8 → 0.75"; empty where the former data cannot be read any more."""
    try:
        was, now = _policy(before), _policy(after)
    except KamError:
        return {}
    changed = [key for key in sorted({*was, *now}) if was.get(key) != now.get(key)]
    return {key: f"{was.get(key, '–')} → {now.get(key, '–')}" for key in changed}


def _policy(snapshot: Snapshot) -> dict[str, str]:
    reader = Reader(snapshot.path)
    try:
        rows = reader.rows("select key, coalesce(words, cast(number as varchar)) from mart.policy")
    except Exception as error:
        raise KamError(f"{snapshot.id} holds no policy that can be read") from error
    finally:
        reader.close()
    return dict(rows)
