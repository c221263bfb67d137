"""The memory of the process: few arenas of the C library's allocator, and huge pages for what is there at the start.

Texts pass from the thread that reads them to those that tokenize and write, so that what one thread frees lies in the
arena of another, and each arena keeps what it once took: a stream of 150 MB left 110 MB behind, with two arenas 37.

A run reads all weights, and what comes between two runs finds Python's objects all over the heap: in pages of 4 KiB
looking up their addresses takes a tenth of the time of a lone text (docs/decisions/0023-the-lone-text.md).
"""

import ctypes
import sys
from collections.abc import Iterator
from pathlib import Path

M_ARENA_MAX = -8  # https://man7.org/linux/man-pages/man3/mallopt.3.html
ARENAS = 2

MADV_COLLAPSE = 25  # https://man7.org/linux/man-pages/man2/madvise.2.html, since Linux 6.1
HUGE_PAGE_BYTES = 2 << 20
# Whether the machine's owner allows huge pages, and where the parts of this process's memory are.
ALLOWED, MAPS = Path("/sys/kernel/mm/transparent_hugepage/enabled"), Path("/proc/self/maps")


def limit_arenas() -> None:
    """Have glibc keep ARENAS arenas; nothing where there is no glibc."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(M_ARENA_MAX, ARENAS)


def use_huge_pages() -> None:
    """Move what is allocated now into huge pages; nothing where the system has none, or is told never to use them."""
    try:
        if "[never]" in ALLOWED.read_text("ascii"):
            return
        maps = MAPS.read_text("utf-8")
    except OSError:
        return
    madvise = ctypes.CDLL(None).madvise
    madvise.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    for part in allocated(maps):
        # What it refuses, such as memory that was never touched, stays as it is.
        madvise(part.start, len(part), MADV_COLLAPSE)


def allocated(maps: str) -> Iterator[range]:
    """Yield the addresses of whole huge pages in memory that belongs to no file, by the lines of /proc/self/maps."""
    for line in maps.splitlines():
        addresses, access, _, _, _, *name = line.split(maxsplit=5)
        if access != "rw-p" or name not in ([], ["[heap]"]):
            continue
        start, end = (int(one, 16) for one in addresses.split("-"))
        part = range(-(-start // HUGE_PAGE_BYTES) * HUGE_PAGE_BYTES, end // HUGE_PAGE_BYTES * HUGE_PAGE_BYTES)
        if part:
            yield part
