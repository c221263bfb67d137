"""Few turns for many collections: whoever waits gets one, in the order of coming, however busy the others are."""

import threading
from pathlib import Path

import pytest

import index.store.shared
from index.store.turns import Turns
from tests.index.fakes import PointedDisk
from tests.index.harness import document, open_index
from tests.server.polling import until


def ignore() -> None:
    """Nothing is asked of these owners."""


def never() -> bool:
    return False


def test_who_gives_a_turn_back_gets_none_before_those_who_wait() -> None:
    turns, order = Turns(1), []
    turns.take("first", ignore, never)

    def wait() -> None:
        turns.take("second", ignore, never)
        order.append("second")
        turns.give("second")

    thread = threading.Thread(target=wait)
    thread.start()
    until(lambda: turns.wanted)
    turns.give("first")
    assert turns.take("first", ignore, never)
    order.append("first")
    turns.give("first")
    thread.join()
    assert order == ["second", "first"]


def test_who_has_ended_waits_for_no_turn_and_keeps_nobody_waiting() -> None:
    turns = Turns(1)
    turns.take("first", ignore, never)
    assert not turns.take("ended", ignore, lambda: True)
    assert not turns.wanted
    turns.give("first")
    assert turns.take("other", ignore, never)


def test_a_collection_that_is_written_without_an_end_gives_its_turn_to_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(index.store.shared, "MAX_WORDS", 1)
    written = 0
    ended = False

    def write_more(point: str) -> None:
        nonlocal written
        if point == "before_words" and not ended:
            written += 1
            busy.put(document(f"more {written}", written)).result()

    opened = open_index(tmp_path, PointedDisk(write_more))
    busy, other = opened.collection(), opened.create("other")
    try:
        busy.put(document("first", 1)).result()
        until(lambda: written > 1)
        other.put(document("a", 1)).result()
        assert other.wait_for_words(20)
    finally:
        ended = True
        opened.close()
