"""The watchdog barks once, and only when a run takes too long."""

import threading

from server.engine.scheduling.watchdog import Watchdog


def test_a_run_that_takes_too_long_is_told_once() -> None:
    told, barked = list[str](), threading.Event()

    def on_hang(why: str) -> None:
        told.append(why)
        barked.set()

    dog = Watchdog(lambda: 99.0, 0.1, on_hang)
    dog.start()
    assert barked.wait(20)
    dog.stop()
    assert told == ["a run took longer than run_timeout_s, 0.1"]


def test_a_run_in_its_time_is_let_be() -> None:
    looked = threading.Event()

    def longest_s() -> float:
        looked.set()
        return 0.05

    def on_hang(why: str) -> None:
        raise AssertionError(why)

    dog = Watchdog(longest_s, 0.1, on_hang)
    dog.start()
    assert looked.wait(20)
    dog.stop()
    assert "watchdog" not in {thread.name for thread in threading.enumerate()}
