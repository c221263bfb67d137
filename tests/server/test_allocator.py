"""Which memory is moved into huge pages, in which time, and that it stays what it was."""

from pathlib import Path

import numpy as np
import pytest

from server import allocator
from server.allocator import HUGE_PAGE_BYTES, MADV_COLLAPSE, PIECE_BYTES, allocated, use_huge_pages

MAPS = b"""\
555555400000-555555b00000 rw-p 00000000 00:00 0                          [heap]
7f0000100000-7f0000500000 rw-p 00000000 00:00 0
7f1000000000-7f1000100000 rw-p 00000000 00:00 0
7f2000000000-7f2000800000 r--p 00000000 00:00 0
7f3000000000-7f3000800000 rw-s 00000000 00:00 0
7f4000000000-7f4000800000 rw-p 00000000 fe:00 1234                       /usr/lib/a library.so
7f5000000000-7f5000800000 rw-p 00000000 fe:00 1235                       /srv/caf\xe9/a\x0bb\xe2\x80\xa8c.so
7ffffff00000-7fffffffe000 rw-p 00000000 00:00 0                          [stack]
"""

Calls = list[tuple[int, int, int]]


@pytest.fixture
def system(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the system tells of itself: it allows huge pages."""
    (tmp_path / "enabled").write_text("always [madvise] never\n")
    (tmp_path / "hpage_pmd_size").write_text("2097152\n")
    (tmp_path / "maps").write_bytes(MAPS)
    monkeypatch.setattr(allocator, "SETTINGS", tmp_path)
    monkeypatch.setattr(allocator, "MAPS", tmp_path / "maps")
    return tmp_path


def asked() -> Calls:
    calls: Calls = []
    use_huge_pages(lambda *call: calls.append(call))
    return calls


def test_whole_huge_pages_of_the_heap_and_of_memory_without_a_name_are_found() -> None:
    found = list(allocated(MAPS))
    assert [hex(part.start) for part in found] == ["0x555555400000", "0x7f0000200000"]
    assert [len(part) // HUGE_PAGE_BYTES for part in found] == [3, 1]


def test_each_part_is_moved(system: Path) -> None:
    assert asked() == [
        (0x555555400000, 3 * HUGE_PAGE_BYTES, MADV_COLLAPSE),
        (0x7F0000200000, HUGE_PAGE_BYTES, MADV_COLLAPSE),
    ]


def test_much_memory_is_moved_in_pieces_until_the_time_is_over(system: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (system / "maps").write_bytes(b"7f0000000000-7f0040000000 rw-p 00000000 00:00 0\n")
    assert [size for _, size, _ in asked()] == [PIECE_BYTES] * ((1 << 30) // PIECE_BYTES)
    monkeypatch.setattr(allocator, "MOST_S", -1.0)
    assert asked() == []


@pytest.mark.parametrize(
    ("name", "content"), [("enabled", "always madvise [never]\n"), ("hpage_pmd_size", "536870912\n"), ("maps", None)]
)
def test_nothing_is_moved_where_the_system_has_no_such_pages(system: Path, name: str, content: str | None) -> None:
    (system / name).unlink()
    if content is not None:
        (system / name).write_text(content)
    assert asked() == []


def test_moving_memory_leaves_what_is_in_it() -> None:
    numbers = np.arange(4 << 20)
    use_huge_pages()
    assert np.array_equal(numbers, np.arange(4 << 20))
