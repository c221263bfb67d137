"""uvicorn's HTTP/1.1 protocol, with what it lacks when somebody leaves.

A client that leaves takes its request with it; and a server that stops closes a connection only once nothing more
comes over it.
"""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

# What the edge leaves in a request's scope, and what it finds there when the client is gone.
TASK, LEFT = "vecd.task", "vecd.left"
# A request that was on its way when the server began to stop is answered; connections idle for so long are closed.
LINGER_S = 0.25


class Protocol(HttpToolsProtocol):
    """One connection."""

    running: RequestResponseCycle | None = None

    @staticmethod
    def draining() -> bool:
        """Tell whether the server stops; see `protocol_for`."""
        return False

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop: end the work of a request whose client is gone."""
        super().connection_lost(exc)
        cycle = self.running
        if cycle is None or cycle.response_complete:
            return
        cycle.disconnected = True
        cycle.message_event.set()
        scope = cast("dict[str, Any]", cycle.scope)
        if isinstance(task := scope.get(TASK), asyncio.Task):
            scope[LEFT] = True
            task.cancel()

    def shutdown(self) -> None:
        """Called when the server stops: answer what is under way or still comes, with `connection: close`."""
        if self.cycle is None or self.cycle.response_complete:
            self._unset_keepalive_if_required()
            self.loop.call_later(LINGER_S, self._close_if_idle)
        else:
            self.cycle.keep_alive = False

    def on_headers_complete(self) -> None:
        """Called by the parser."""
        super().on_headers_complete()
        if self.draining() and self.cycle is not None:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        """Called by the parser: uvicorn stops reading at large bodies, and would not see the client leave."""
        super().on_message_complete()
        if not self.pipeline:
            self.flow.resume_reading()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self.running = cycle
        super()._start_asgi_task(cycle, app)

    def _close_if_idle(self) -> None:
        if not self.transport.is_closing() and (self.cycle is None or self.cycle.response_complete):
            self.transport.close()


def protocol_for(draining: Callable[[], bool]) -> type[Protocol]:
    """Return the protocol of a server that tells by itself whether it stops."""
    return type("Protocol", (Protocol,), {"draining": staticmethod(draining)})
