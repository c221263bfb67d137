"""The rebuilt disk keeps what was synced, and of the rest no more than the rules allow."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.index.cuts.images import ALL, BYTES, NAMES, SECTOR_BYTES, SHM, Rules, build
from tests.index.cuts.past import Base, Past
from tests.syscalls.records import CREATED, TRUNCATED, Record

SEEDS = [seed * 7_919 for seed in range(80)]
OLD, NEW = b"o" * 4 * SECTOR_BYTES, b"n" * 4 * SECTOR_BYTES

Image = dict[str, bytes]


def created(path: Path, inode: int) -> Record:
    return Record("open", str(path), inode=inode, flags=CREATED)


def written(path: Path, inode: int, data: bytes, offset: int = 0) -> Record:
    return Record("write", str(path), inode=inode, offset=offset, data=data)


def synced(path: Path, inode: int) -> Record:
    return Record("sync", str(path), inode=inode, folder=path.suffix == "")


@pytest.fixture
def images(tmp_path: Path) -> Callable[..., list[Image]]:
    """The files of the images that each seed makes of records about the folder `root`, in which there is `old`."""
    root = tmp_path / "root"
    root.mkdir()
    (root / "old").write_bytes(OLD)

    def build_all(
        records: list[Record], names: str = "posix", bytes_: str = "kept", cut: int | None = None
    ) -> list[Image]:
        past, found = Past(root, Base(root), records), []
        for seed in SEEDS:
            target = tmp_path / f"image-{len(list(tmp_path.iterdir()))}"
            build(past, len(records) if cut is None else cut, Rules(names, bytes_, SHM[0], seed), target)
            found.append(
                {str(path.relative_to(target)): path.read_bytes() for path in target.rglob("*") if path.is_file()}
            )
        return found

    return build_all


def inode(path: Path) -> int:
    return path.stat().st_ino


@pytest.mark.parametrize("names", NAMES)
def test_a_file_that_was_synced_may_lose_its_name_where_nothing_but_posix_is_promised(
    tmp_path: Path, images: Callable[..., list[Image]], names: str
) -> None:
    file = tmp_path / "root" / "new"
    records = [created(file, 9_001), written(file, 9_001, NEW), synced(file, 9_001)]
    there = ["new" in image for image in images(records, names)]
    assert all(there) == (names == "journal")
    assert any(there)
    records.append(synced(tmp_path / "root", inode(tmp_path / "root")))
    assert all(image["new"] == NEW for image in images(records, names, "lost"))
    assert not any("new" in image for image in images(records, names, cut=0))


@pytest.mark.parametrize("names", NAMES)
def test_a_rename_is_done_or_not(tmp_path: Path, images: Callable[..., list[Image]], names: str) -> None:
    root, other = tmp_path / "root", tmp_path / "root" / "other"
    records = [Record("mkdir", str(other), inode=9_001, folder=True), synced(root, inode(root))]
    moved = [*records, Record("rename", str(root / "old"), str(other / "moved"), inode(root / "old"))]
    found = {tuple(image) for image in images(moved, names)}
    assert found == {("old",), ("other/moved",)}
    moved.append(synced(other, 9_001))
    assert {tuple(image) for image in images(moved, names)} == {("other/moved",)}


def test_a_journal_keeps_names_in_their_order_and_posix_does_not(
    tmp_path: Path, images: Callable[..., list[Image]]
) -> None:
    records = [created(tmp_path / "root" / name, 9_000 + number) for number, name in enumerate("abc")]
    assert {"".join(sorted(set(image) - {"old"})) for image in images(records, "journal")} == {"", "a", "ab", "abc"}
    assert {"c", "b", "ac"} <= {"".join(sorted(set(image) - {"old"})) for image in images(records, "posix")}


@pytest.mark.parametrize("bytes_", BYTES)
def test_bytes_that_were_synced_stay_whatever_the_rule(
    tmp_path: Path, images: Callable[..., list[Image]], bytes_: str
) -> None:
    old = tmp_path / "root" / "old"
    records = [written(old, inode(old), NEW), synced(old, inode(old)), written(old, inode(old), OLD, 4 * SECTOR_BYTES)]
    assert all(image["old"][: len(NEW)] == NEW for image in images(records, bytes_=bytes_))
    lengths = {len(image["old"]) for image in images(records, bytes_=bytes_)}
    assert min(lengths) == len(NEW)
    assert (max(lengths) > len(NEW)) or bytes_ == "lost"


def test_a_sector_is_old_or_new_and_zero_only_where_nothing_was(
    tmp_path: Path, images: Callable[..., list[Image]]
) -> None:
    old = tmp_path / "root" / "old"
    records = [written(old, inode(old), NEW, SECTOR_BYTES)]
    found = {image["old"] for bytes_ in ("torn", "zeroed") for image in images(records, bytes_=bytes_)}
    kinds = set()
    for content in found:
        sectors = [content[at : at + SECTOR_BYTES] for at in range(0, len(content), SECTOR_BYTES)]
        assert all(len(set(sector)) == 1 for sector in sectors)
        assert sectors[0] == OLD[:SECTOR_BYTES]
        assert not any(0 in sector for sector in sectors[:4])
        kinds.add("".join(chr(sector[0] or 48) for sector in sectors))
    assert {"oooo", "onnnn"} <= kinds
    assert any("0" in kind for kind in kinds)
    assert any("no" in kind or kind.startswith("oon") for kind in kinds)


def test_a_file_that_was_cut_off_has_its_old_content_or_the_new(
    tmp_path: Path, images: Callable[..., list[Image]]
) -> None:
    old = tmp_path / "root" / "old"
    records = [Record("open", str(old), inode=inode(old), flags=TRUNCATED), written(old, inode(old), b"new")]
    found = {image["old"] for image in images(records, bytes_="reordered")}
    assert found == {OLD, b"", b"new", b"new" + OLD[3:]}
    assert {image["old"] for image in images(records, bytes_=ALL)} == {b"new"}
