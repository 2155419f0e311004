"""What people create in the app (saved views, notes, drafts) and what they did (the audit log), in one SQLite file."""

from kam_core.state.store import ACTIONS, KINDS, Event, Saved, State, path_for

__all__ = ["ACTIONS", "KINDS", "Event", "Saved", "State", "path_for"]
