"""The memory of the process: few arenas of the C library's allocator, and huge pages for what is there at the start.

Texts pass from the thread that reads them to those that tokenize and write, so that what one thread frees lies in the
arena of another, and each arena keeps what it once took: a stream of 150 MB left 110 MB behind, with two arenas 37.

A run reads all weights, and what comes between two runs finds Python's objects all over the heap: in pages of 4 KiB
looking up their addresses takes a tenth of the time of a lone text (docs/decisions/0023-the-lone-text.md).
"""

import ctypes
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

M_ARENA_MAX = -8  # https://man7.org/linux/man-pages/man3/mallopt.3.html
ARENAS = 2

MADV_COLLAPSE = 25  # https://man7.org/linux/man-pages/man2/madvise.2.html, since Linux 6.1
HUGE_PAGE_BYTES = 2 << 20
# So long a start may take longer: a gigabyte takes a second or two, and a model alone far less.
MOST_S, PIECE_BYTES = 0.5, 32 << 20
# Whether the machine's owner allows huge pages, how large they are, and where the parts of this process's memory are.
SETTINGS, MAPS = Path("/sys/kernel/mm/transparent_hugepage"), Path("/proc/self/maps")


def limit_arenas() -> None:
    """Have glibc keep ARENAS arenas; nothing where there is no glibc."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(M_ARENA_MAX, ARENAS)


def use_huge_pages(advise: Callable[[int, int, int], object] | None = None) -> None:
    """Move what is allocated now into huge pages, in MOST_S at most; nothing where the system has none of this size.

    Nothing either where the machine's owner says never. `advise` is the C library's madvise if not given.
    """
    try:
        if b"[never]" in (SETTINGS / "enabled").read_bytes():
            return
        if int((SETTINGS / "hpage_pmd_size").read_bytes()) != HUGE_PAGE_BYTES:
            return
        maps = MAPS.read_bytes()
    except OSError:
        return
    advise = advise or madvise()
    end_s = time.perf_counter() + MOST_S
    for part in allocated(maps):
        for start in range(part.start, part.stop, PIECE_BYTES):
            if time.perf_counter() > end_s:
                return
            # What it refuses, such as memory that was never touched, stays as it is.
            advise(start, min(PIECE_BYTES, part.stop - start), MADV_COLLAPSE)


def madvise() -> Callable[[int, int, int], object]:
    found = ctypes.CDLL(None).madvise
    found.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return found


def allocated(maps: bytes) -> Iterator[range]:
    """Yield the addresses of whole huge pages in memory that belongs to no file, by the lines of /proc/self/maps."""
    for line in maps.split(b"\n"):  # a name may have any bytes but this one
        addresses, access, *rest = line.split(maxsplit=5) or [b"", b""]
        if access != b"rw-p" or rest[3:] not in ([], [b"[heap]"]):
            continue
        start, end = (int(one, 16) for one in addresses.split(b"-"))
        part = range(-(-start // HUGE_PAGE_BYTES) * HUGE_PAGE_BYTES, end // HUGE_PAGE_BYTES * HUGE_PAGE_BYTES)
        if part:
            yield part
