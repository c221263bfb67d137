"""Which memory is moved into huge pages, and that it stays what it was."""

import numpy as np

from server.allocator import HUGE_PAGE_BYTES, allocated, use_huge_pages

MAPS = """\
555555400000-555555b00000 rw-p 00000000 00:00 0                          [heap]
7f0000100000-7f0000500000 rw-p 00000000 00:00 0
7f1000000000-7f1000100000 rw-p 00000000 00:00 0
7f2000000000-7f2000800000 r--p 00000000 00:00 0
7f3000000000-7f3000800000 rw-s 00000000 00:00 0
7f4000000000-7f4000800000 rw-p 00000000 fe:00 1234                       /usr/lib/a library.so
7ffffff00000-7fffffffe000 rw-p 00000000 00:00 0                          [stack]
"""


def test_whole_huge_pages_of_the_heap_and_of_memory_without_a_name_are_found() -> None:
    found = list(allocated(MAPS))
    assert [hex(part.start) for part in found] == ["0x555555400000", "0x7f0000200000"]
    assert [len(part) // HUGE_PAGE_BYTES for part in found] == [3, 1]


def test_moving_memory_leaves_what_is_in_it() -> None:
    numbers = np.arange(4 << 20)
    use_huge_pages()
    assert np.array_equal(numbers, np.arange(4 << 20))
