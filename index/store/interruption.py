"""Whether the caller of what a thread does still waits for it: looked at while SQLite works, and between its steps.

The caller sets a watch for the thread; a reader's connections call it from SQLite's progress handler.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from contextvars import ContextVar

import apsw

from index.errors import StoppedError

# Says whether to stop; it may take its time, in which others get the processor.
Watch = Callable[[], bool]

# Instructions of SQLite's machine between two looks: 2 to 10 ms.
LOOK_STEPS = 100_000

_watch: ContextVar[Watch | None] = ContextVar("watch", default=None)


@contextmanager
def watched(watch: Watch) -> Iterator[None]:
    """Within it, reads on this thread raise StoppedError soon after the watch says so."""
    token = _watch.set(watch)
    try:
        yield
    finally:
        _watch.reset(token)


def checkpoint() -> None:
    """Raise StoppedError if the watch of this thread says so."""
    if (watch := _watch.get()) is not None and watch():
        raise StoppedError("whoever asked for this waits no longer")


@contextmanager
def interruptible(connection: apsw.Connection) -> Iterator[None]:
    """Within it, SQLite's InterruptError ends a statement on this connection where the watch of this thread says so."""
    watch = _watch.get()
    if watch is None:
        yield
        return
    connection.set_progress_handler(watch, LOOK_STEPS)
    try:
        yield
    finally:
        connection.set_progress_handler(None)
