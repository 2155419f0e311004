"""The one error that a user can cause and a user can mend."""


class KamError(Exception):
    """Says in one line what was wrong, where, and what to do; shown as it is, never with a traceback."""
