"""uvicorn's HTTP/1.1 protocol with what it lacks: bounds on size and time, and an end to the work for those who leave.

What is refused here gets a problem document, after the answers to earlier requests, as the last one of its connection;
the client's further bytes are read for a while, lest a reset take the answer away. A request's time runs while vecd
waits for its bytes: not while vecd does not read, nor before it has sent 100 Continue.

A client that half-closes its connection before its answer came cannot be told from one that left, and counts as one
(as with nginx and hyper): its work ends. If it is still there it reads a 400 that says so.
"""

import asyncio
from collections.abc import Callable
from typing import Any, cast

from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from server.connection.cycle import Cycle, Flow, new_cycle
from server.connection.reading import BODY, HEAD, Head, Reading
from server.connection.refusal import (
    ENDED_EARLY,
    HALF_CLOSED,
    Refusal,
    RefusedError,
    new_request_id,
    render,
    too_many_connections,
    too_slow,
)
from server.connection.sending import Outlet, Sending
from server.connection.timeouts import Sweep
from server.settings import Settings
from server.web.headers import cors_headers

# What nginx writes into its log for a client that did not wait; it is never sent.
CLIENT_LEFT = 499


class Protocol(HttpToolsProtocol):
    """One connection."""

    settings: Settings
    sweep: Sweep
    flow: Flow
    running: Cycle | None = None
    # Whether the request that is being received may be followed by another one.
    persistent = stopping = False
    # What comes is thrown away, up to so many bytes: nothing that was sent from here on will be answered.
    deaf, allowance = False, 0
    # What is to be answered once all earlier requests are.
    refusal: Refusal | None = None
    # The tick by which the next request must begin, or the client read the last answer.
    deadline = 0

    @staticmethod
    def draining() -> bool:
        """Tell whether the server stops; see `protocol_for`."""
        return False

    @staticmethod
    def count(status: int) -> None:
        """Take note of an answer to a request that the application never saw; see `protocol_for`."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Called by the event loop."""
        super().connection_made(transport)
        self.flow = Flow(transport)
        self.outlet = Outlet(transport, self._finish)
        self.peers = {"server": self.server, "client": self.client, "scheme": self.scheme}
        self.reading = Reading(self, self.settings, self.sweep)
        self.sending = Sending(transport, self.sweep)
        self.allowance = self.settings.max_body_bytes
        self.sweep.add(self, self.loop)
        self.deadline = self.sweep.tick + self.sweep.header_ticks
        if len(self.connections) > self.settings.max_connections:
            self.connections.discard(self)
            self._refuse(too_many_connections(self.settings.max_connections))

    def connection_lost(self, exc: Exception | None) -> None:
        """Called by the event loop: end the work of a request whose client is gone."""
        self.sweep.discard(self)
        super().connection_lost(exc)
        self.reading.close()
        self._end_work(CLIENT_LEFT)

    def eof_received(self) -> None:
        """Called by the event loop, which closes the connection then: the client sends nothing more."""
        if self.reading.part:
            self._refuse(ENDED_EARLY, CLIENT_LEFT)
        if self._busy():
            self._answer_running(HALF_CLOSED, CLIENT_LEFT)

    def shutdown(self) -> None:
        """Called when the server stops: answer what is under way or still comes, with `connection: close`."""
        self.stopping, self.persistent = True, False
        if self._busy():
            self.cycle.keep_alive = False
        else:
            self.deadline = self.sweep.tick + self.sweep.stop_ticks

    def resume_writing(self) -> None:
        """Called by the event loop: some of the answer was taken."""
        self.sending.progressed()
        super().resume_writing()

    def on_tick(self, tick: int) -> None:
        """Called some times a second: end what takes too long."""
        unsent = self.sending.check()
        if part := self.reading.part:
            unasked = part == BODY and self.cycle.waiting_for_100_continue
            if self.flow.read_paused or self.pipeline or unasked:
                self.reading.deadline += 1
            elif tick >= self.reading.deadline:
                setting = "header_timeout_s" if part == HEAD else "body_timeout_s"
                self._refuse(too_slow(setting, getattr(self.settings, setting)))
        elif unsent:
            self.deadline += 1
        elif tick >= self.deadline and not self._busy():
            self.transport.close()

    def data_received(self, data: bytes) -> None:
        """Called by the event loop."""
        if self.deaf:
            self._discard(len(data))
            return
        try:
            kept = self.reading.take(data)
        except RefusedError as error:
            self._refuse(error.refusal)
        else:
            if kept or self.flow.held:
                self.flow.hold(held=kept > HIGH_WATER_LIMIT)

    def _discard(self, size: int) -> None:
        self.allowance -= size
        if self.allowance < 0:
            self.flow.hold(held=True) if self._busy() else self.transport.close()

    def receive_head(self, head: Head) -> None:
        """Called by the reading half: start on the request, or let it wait for the one before it."""
        self.persistent = head.persistent and not self.stopping and not self.draining()
        self.cycle = new_cycle(self, head, self.outlet, self.peers, self.settings.cors_origins)
        if self._busy():
            self.pipeline.appendleft((self.cycle, self.app))
            self.reading.waits = True
        else:
            self._start_asgi_task(self.cycle, self.app)

    def receive_body(self, data: bytes) -> None:
        """Called by the reading half."""
        self.cycle.body += data
        if len(self.cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        self.cycle.message_event.set()

    def receive_end(self) -> None:
        """Called by the reading half: the request is whole."""
        cycle = self.cycle
        cycle.more_body = False
        cycle.keep_alive = self.persistent
        cycle.message_event.set()
        self.flow.resume_reading()  # else a client that leaves would not be seen

    def on_response_complete(self) -> None:
        """Called by the cycle: go on with the next request, or wait for it."""
        self.server_state.total_requests += 1
        if self.transport.is_closing() or (self.deaf and not self.refusal):
            return
        self.deadline = self.sweep.tick + self.sweep.keep_alive_ticks
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
            self.reading.waits = bool(self.pipeline)
        elif self.refusal:
            self._reject(self.refusal)
        if self.reading.kept:
            self.data_received(b"")
        self.flow.resume_reading()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        self.running = cast("Cycle", cycle)
        super()._start_asgi_task(cycle, app)

    def _busy(self) -> bool:
        return self.running is not None and not self.running.response_complete

    def _refuse(self, refusal: Refusal, counted_as: int | None = None) -> None:
        """Give up on what is being received, and on all that comes after it."""
        incoming = self.cycle if self.reading.part == BODY else None
        self.deaf = True
        self.reading.stop()
        if incoming is not None and incoming is self.running:
            self._answer_running(refusal, counted_as or refusal.status)
            return
        if incoming is not None:
            self.pipeline.popleft()
        if self._busy():
            self.refusal = refusal
        else:
            self._reject(refusal)

    def _reject(self, refusal: Refusal) -> None:
        self.count(refusal.status)
        self._send_last(refusal, new_request_id())

    def _answer_running(self, refusal: Refusal, counted_as: int) -> None:
        """End the work and answer in its place, unless an answer has begun."""
        cycle = self.running
        assert cycle is not None
        self._end_work(counted_as)
        if cycle.response_started:
            self.transport.close()
        else:
            self._send_last(refusal, cycle.request_id())

    def _end_work(self, counted_as: int) -> None:
        cycle, self.running = self.running, None
        if cycle is not None and not cycle.response_complete:
            cycle.end(counted_as)

    def _send_last(self, refusal: Refusal, request_id: str) -> None:
        if not self.transport.is_closing():
            common = self.server_state.default_headers
            for_pages = cors_headers(self.settings.cors_origins, self.reading.origin)
            self._linger(render(refusal, request_id, (*common, *for_pages)))

    def _finish(self) -> None:
        """Called by the cycle after its last answer, or in the midst of one that cannot be finished."""
        if not self._busy() and (self.reading.part or self.reading.kept or self.pipeline or self.deaf):
            self._linger()
        else:
            self.running = None
            self.transport.close()

    def _linger(self, data: bytes = b"") -> None:
        """Close once the client has, or has had its time: what is unread at a close would become a reset."""
        self.deaf, self.refusal = True, None
        self.reading.stop()
        self.pipeline.clear()
        self.deadline = self.sweep.tick + self.sweep.linger_ticks
        self.flow.hold(held=False)
        self.flow.resume_reading()
        self.sending.finish(data)


def protocol_for(
    draining: Callable[[], bool], settings: Settings, count: Callable[[int], None] = lambda _: None
) -> type[Protocol]:
    """Return the protocol of a server that tells by itself whether it stops, and hears of what it did not see."""
    own = {"draining": staticmethod(draining), "count": staticmethod(count)}
    return type("Protocol", (Protocol,), own | {"settings": settings, "sweep": Sweep(settings)})
