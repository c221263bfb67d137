"""The one clock of all connections: a few times a second each checks whether its time is over.

A timer for each request would cost more than parsing it. Deadlines are ticks, not times: while the event loop is held
up no tick passes, so the server's own slowness does not shorten a client's time.
"""

import asyncio
import math
from typing import Protocol

from server.settings import Settings

TICK_S = 0.25
# nginx's lingering_timeout: how long a client may take to read the last answer while it still sends.
LAST_ANSWER_S = 5.0
# A request that was on its way when the server began to stop is answered; a connection idle for longer is closed.
STOP_S = 0.25


class Connection(Protocol):
    """A connection whose `on_tick` is called every TICK_S."""

    def on_tick(self, tick: int) -> None: ...


class Sweep:
    """The clock, which stops while there is no connection, and the limits in its ticks."""

    def __init__(self, settings: Settings) -> None:
        self.tick = 0
        self.header_ticks = _ticks(settings.header_timeout_s)
        self.body_ticks = _ticks(settings.body_timeout_s)
        self.send_ticks = _ticks(settings.send_timeout_s)
        self.keep_alive_ticks = _ticks(settings.keep_alive_s)
        self.linger_ticks = _ticks(LAST_ANSWER_S)
        self.stop_ticks = _ticks(STOP_S)
        self._connections: set[Connection] = set()
        self._timer: asyncio.TimerHandle | None = None

    def __len__(self) -> int:
        return len(self._connections)

    def add(self, connection: Connection, loop: asyncio.AbstractEventLoop) -> None:
        self._connections.add(connection)
        if self._timer is None:
            self._timer = loop.call_later(TICK_S, self._sweep, loop)

    def discard(self, connection: Connection) -> None:
        self._connections.discard(connection)

    def _sweep(self, loop: asyncio.AbstractEventLoop) -> None:
        self.tick += 1
        self._timer = loop.call_later(TICK_S, self._sweep, loop) if self._connections else None
        for connection in list(self._connections):
            connection.on_tick(self.tick)


def _ticks(seconds: float) -> int:
    """Return the ticks that last at least so many seconds; the first of them is cut short."""
    return math.ceil(seconds / TICK_S) + 1
