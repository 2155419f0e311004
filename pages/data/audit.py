"""Who did what? Sign-ins, loads, undos, exports, policy changes."""

from kam_core.ui import audit, session

session.view()
audit.page()
