"""The C library's allocator, told to keep few arenas: each thread's own keeps what it once took.

Texts pass from the thread that reads them to those that tokenize and write, so that what one thread frees lies in the
arena of another: a stream of 150 MB left 110 MB behind, with two arenas 37.
"""

import ctypes
import sys

M_ARENA_MAX = -8  # https://man7.org/linux/man-pages/man3/mallopt.3.html
ARENAS = 2


def limit_arenas() -> None:
    """Have glibc keep ARENAS arenas; nothing where there is no glibc."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(M_ARENA_MAX, ARENAS)
