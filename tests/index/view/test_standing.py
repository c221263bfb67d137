"""What is kept of filters: for whom it is right, how much of it, and until when."""

import numpy as np

from index.store.group import Changes
from index.view.standing import BYTES_A_ROW, Matches, Standing


def matches(rows: int = 1) -> Matches:
    return Matches(np.arange(rows), 10, 0)


def test_one_that_has_no_room_by_itself_is_not_kept() -> None:
    standing = Standing()
    standing.keep("a", matches(10 * BYTES_A_ROW), standing.stamp(), 1)
    assert standing.size_bytes == 0


def test_what_is_dropped_is_not_found() -> None:
    standing = Standing()
    standing.keep("a", matches(), standing.stamp(), 100)
    standing.drop("a")
    assert standing.find("a", standing.stamp()) is None


def test_what_is_kept_is_for_transactions_that_begin_later() -> None:
    standing = Standing()
    before = standing.stamp()
    standing.keep("filter", kept := matches(), before, 100)
    assert standing.find("filter", before) is None
    assert standing.find("filter", None) is None
    assert standing.find("filter", standing.confirmed(standing.stamp())) is kept


def test_a_patch_ends_what_is_kept_and_what_was_begun_before_it() -> None:
    standing = Standing()
    standing.keep("filter", matches(), standing.stamp(), 100)
    before = standing.stamp()
    standing.expect(Changes(added=[]))
    standing.settled()
    assert standing.confirmed(before) == before
    standing.expect(Changes(replaced=True))
    assert standing.stamp() is None
    assert standing.confirmed(before) is None
    standing.keep("filter", matches(), before, 100)
    standing.settled()
    assert standing.find("filter", standing.stamp()) is None
    standing.keep("filter", matches(), before, 100)
    assert standing.size_bytes == 0


def test_what_was_asked_last_is_kept_within_the_room_there_is() -> None:
    standing, rows = Standing(), 100
    each = rows * BYTES_A_ROW // matches(1).size_bytes // 2
    for name in "ab":
        standing.keep(name, matches(each), standing.stamp(), rows)
    assert standing.find("a", standing.stamp())
    assert standing.asked("b") == 1
    standing.keep("c", matches(each), standing.stamp(), rows)
    assert [standing.find(name, standing.stamp()) is not None for name in "abc"] == [True, False, True]
    assert standing.size_bytes <= BYTES_A_ROW * rows
    assert standing.asked("b") == 1


def test_filters_are_counted_anew_after_a_patch() -> None:
    standing = Standing()
    assert [standing.asked("a"), standing.asked("a"), standing.asked("b")] == [1, 2, 1]
    standing.expect(Changes(replaced=True))
    assert standing.asked("a") == 1
