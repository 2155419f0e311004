"""Memory that was used and is free again goes back to the system."""

from __future__ import annotations

import ctypes
import sys

M_MMAP_THRESHOLD, M_ARENA_MAX = -3, -8  # mallopt(3)
LARGE = 1024 * 1024  # bytes


def give_back() -> None:
    """Ask the C library for two pools instead of eight a core, and for large pieces straight from the system.

    Every run of a page is a thread of its own. Spread over 16 pools, what fifty readers left behind was more than what
    they used. Only glibc knows these settings; elsewhere nothing is done.
    """
    if not sys.platform.startswith("linux"):
        return
    try:
        mallopt = ctypes.CDLL("libc.so.6").mallopt
    except (OSError, AttributeError):  # another C library
        return
    mallopt(M_ARENA_MAX, 2)
    mallopt(M_MMAP_THRESHOLD, LARGE)
