"""Power cuts at any moment: nothing acknowledged is lost, nothing comes back; a sync that is left out is seen."""

import itertools
from collections.abc import Callable
from pathlib import Path

import msgspec
import pytest

from index.store.layout import DATABASE_FILE, LOCK_FILE
from tests.index.cuts.histories import History, collections, documents, keys, made_before, restored
from tests.index.cuts.images import ALL, SHM_SUFFIX, Rules, build
from tests.index.cuts.life import RENAMES
from tests.index.cuts.rounds import Cuts, Figures, cut_power
from tests.syscalls.records import Record

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(900)]

IMAGES, FEW_IMAGES, MOST_IMAGES = 300, 40, 500
AIMED_IMAGES = 30


def test_nothing_is_lost_in_three_hundred_cuts() -> None:
    figures = cut_power(IMAGES, seed=11)
    assert figures.clean, (str(figures), figures.verdict.said, figures.problems)
    assert figures.second
    under_way = {row for row, _ in figures.tried}
    assert under_way >= {"put", "many", "drop", "drop default", "create", "restore", "backup"}
    assert under_way >= {"key add", "key revoke", "open", "close", "checkpoint", "words", "snapshot"}


@pytest.mark.parametrize("history", [made_before, restored, keys])
def test_nothing_is_lost_of(history: Callable[[int], History]) -> None:
    figures = cut_power(FEW_IMAGES, 14, [history])
    assert figures.clean, (str(figures), figures.verdict.said, figures.problems)


def test_an_image_that_keeps_everything_is_the_folder_itself(tmp_path: Path) -> None:
    cuts = Cuts(seed=12)
    try:
        for number, recorded in enumerate(cuts.recorded):
            target = tmp_path / str(number)
            build(recorded.past, len(recorded.past.records), Rules(ALL, ALL, "as it was", 1), target)
            assert contents(target) == contents(recorded.past.root)
    finally:
        cuts.close()


def contents(folder: Path) -> dict[str, bytes | None]:
    """All that is below a folder but what is mapped, and the lock's file, which names another start."""
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in folder.rglob("*")
        if not path.name.endswith(SHM_SUFFIX) and path.name != LOCK_FILE
    }


Edit = Callable[[list[Record]], list[Record]]


def figures_where(history: Callable[[int], History], edited: Edit = list) -> Figures:
    """Cut until something is lost, at most so often."""
    cuts = Cuts(13, [history], edited)
    try:
        while cuts.figures.clean and cuts.figures.images < MOST_IMAGES:
            cuts.cut()
    finally:
        cuts.close()
    return cuts.figures


def without_syncs_of(left_out: Callable[[str], bool]) -> Edit:
    return lambda records: [record for record in records if record.call != "sync" or not left_out(record.path)]


def without(disk: str) -> Callable[[int], History]:
    return lambda seed: msgspec.structs.replace(collections(seed), disk=disk)


def test_it_is_seen_where_sqlite_syncs_nothing() -> None:
    """As with synchronous=OFF, by which SQLite makes all its calls but these."""
    figures = figures_where(documents, without_syncs_of(lambda path: DATABASE_FILE in path))
    assert figures.verdict.lost or figures.refused, str(figures)


def test_it_is_seen_where_only_the_log_is_not_synced() -> None:
    figures = figures_where(documents, without_syncs_of(lambda path: path.endswith("-wal")))
    assert figures.verdict.lost or figures.refused, str(figures)


def test_it_is_seen_where_the_names_of_collections_are_not_synced() -> None:
    figures = figures_where(without("collections"))
    assert figures.verdict.lost or figures.verdict.back, str(figures)


def test_it_is_seen_where_the_names_of_what_a_killed_process_made_are_not_synced() -> None:
    """Cut once all is acknowledged: of the names that were not flushed some are lost."""
    cuts = Cuts(13, [lambda seed: msgspec.structs.replace(made_before(seed), disk="collections")])
    try:
        (recorded,) = cuts.recorded
        while cuts.figures.clean and cuts.figures.images < AIMED_IMAGES:
            rules = Rules("posix", "lost", "absent", cuts.figures.images * 7_919)
            cuts.start(recorded, "put", len(recorded.past.records), rules)
    finally:
        cuts.close()
    assert cuts.figures.verdict.lost, str(cuts.figures)


def test_it_is_seen_where_a_rename_is_not_synced() -> None:
    figures = figures_where(without(RENAMES))
    assert figures.verdict.back or figures.verdict.lost, (str(figures), figures.verdict.said)


@pytest.mark.parametrize("synced", [True, False])
def test_a_restored_collection_is_not_mixed_with_the_log_of_what_was_there(synced: bool) -> None:
    """Cut as a copy has taken the place of a database whose log holds some of its pages: that must be gone by then."""
    cuts = Cuts(15, [restored], list if synced else without_syncs_before_a_copy)
    try:
        (recorded,) = cuts.recorded
        moments = [position + 1 for position, one in enumerate(recorded.past.records) if is_of_a_copy(one)]
        assert len(moments) == len(recorded.past.marks(-1).split('"restore"')) - 3  # two of them are backups
        while cuts.figures.clean and cuts.figures.images < AIMED_IMAGES:
            rules = Rules("posix", "lost", "absent", cuts.figures.images * 7_919)
            cuts.start(recorded, "restore", moments[1], rules)
    finally:
        cuts.close()
    assert cuts.figures.clean == synced, (str(cuts.figures), cuts.figures.verdict.said)


def is_of_a_copy(record: Record) -> bool:
    return record.call == "rename" and record.other.endswith(f"/data/collections/default/{DATABASE_FILE}")


def without_syncs_before_a_copy(records: list[Record]) -> list[Record]:
    return [
        one
        for one, after in itertools.pairwise([*records, Record("mark")])
        if not is_of_a_copy(after) or one.call != "sync"
    ]
