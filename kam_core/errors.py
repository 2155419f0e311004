"""The one error a user can cause, told in one plain sentence; and the number of one that nobody foresaw."""

import logging
import secrets

LOG = logging.getLogger("kam")


class KamError(Exception):
    """Something is wrong with what was asked or given: what, where and what to do. Shown without a traceback."""


class DamagedData(KamError):
    """A file of data turned out not to be what was written, as after a fault of the disk."""


def numbered(what: str, error: BaseException) -> str:
    """Write an error that nobody foresaw into the log, with all its machinery; returns the number it has there."""
    number = secrets.token_hex(4)
    LOG.error("error %s: %s", number, what, exc_info=error)
    return number
