"""Parts of a search on other threads: each is done once, whatever threads are free."""

import threading

import pytest

from index.store.aside import Aside

WAIT_S = 30


def test_work_is_done_on_another_thread_while_the_caller_goes_on() -> None:
    gone_on = threading.Event()

    def work() -> str:
        assert gone_on.wait(WAIT_S)
        return threading.current_thread().name

    result = Aside(1).begin(work)
    gone_on.set()
    assert result().startswith("index-aside")


def test_without_a_free_thread_the_caller_does_it_when_it_asks_for_the_result() -> None:
    aside, done, free = Aside(1), list[str](), threading.Event()
    first = aside.begin(lambda: free.wait(WAIT_S))
    second = aside.begin(lambda: done.append(threading.current_thread().name))
    assert not done
    second()
    assert done == [threading.current_thread().name]
    free.set()
    assert first()


@pytest.mark.parametrize("threads", [0, 1])
def test_an_error_is_the_callers_and_the_thread_is_free_again(threads: int) -> None:
    aside = Aside(threads)
    for _ in range(3):
        with pytest.raises(ZeroDivisionError):
            aside.begin(lambda: 1 / 0)()
    assert aside.begin(lambda: 5)() == 5


def test_where_no_thread_can_be_started_the_caller_does_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_: threading.Thread) -> None:
        raise RuntimeError("can't start new thread")

    aside = Aside(1)
    with monkeypatch.context() as patched:
        patched.setattr(threading.Thread, "start", refuse)
        caller = aside.begin(threading.get_ident)
    assert caller() == threading.get_ident()
    assert aside.begin(lambda: 5)() == 5
