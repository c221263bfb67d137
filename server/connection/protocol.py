"""uvicorn's HTTP/1.1 protocol with bounds on size and time, which ends the work for a client that leaves.

A request that is refused here gets a problem document, after the answers to earlier requests, as the last answer of its
connection; the client's further bytes are read for a while, because a reset would destroy the answer. A request's time
runs while vecd waits for its bytes: not while vecd does not read, nor before it has sent 100 Continue.

A client that half-closes its connection before it has its answer looks like one that left, and is treated as one (as by
nginx and hyper): its work ends. If it is still there it reads a 400 that says so.
"""

import asyncio
from typing import Any, cast

from uvicorn.config import Config
from uvicorn.protocols.http.flow_control import HIGH_WATER_LIMIT
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from server.connection.cycle import Cycle, Flow, new_cycle
from server.connection.reading import BODY, HEAD, Head, RequestReader
from server.connection.refusal import (
    ENDED_EARLY,
    HALF_CLOSED,
    Refusal,
    RefusedError,
    new_request_id,
    render,
    too_slow,
)
from server.connection.room import Place
from server.connection.sending import CycleTransport, ResponseSender
from server.connection.shared import Shared
from server.web.headers import cors_headers

# nginx's status for a client that did not wait; it is counted and never sent.
CLIENT_LEFT = 499


class Protocol(HttpToolsProtocol):
    """One connection; it gives its place back when it is closed."""

    flow: Flow
    running: Cycle | None = None
    # Whether another request may follow the one that is being received.
    persistent = stopping = False
    # Whether what arrives is thrown away, up to so many bytes: nothing that the client sends from here on is answered.
    discarding, discardable_bytes = False, 0
    # The answer to send once all earlier requests are answered.
    refusal: Refusal | None = None
    # The tick by which the next request must begin, or by which the client must have read the last answer.
    deadline = 0

    def __init__(
        self, shared: Shared, place: Place, config: Config, state: ServerState, app_state: dict[str, Any]
    ) -> None:
        super().__init__(config, state, app_state)
        self.shared, self.settings, self.sweep, self.place = shared, shared.settings, shared.sweep, place

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self.flow = Flow(transport)
        self.peers = {"server": self.server, "client": self.client, "scheme": self.scheme}
        self.reader = RequestReader(self, self.settings, self.sweep)
        self.sender = ResponseSender(transport, self.sweep, self.shared.budget)
        self.cycle_transport = CycleTransport(self.sender, self._finish)
        self.discardable_bytes = self.settings.max_body_bytes
        self.sweep.add(self, self.loop)
        self.deadline = self.sweep.tick + self.sweep.header_ticks
        if self.place.refusal is not None:
            self.connections.discard(self)
            self._refuse(self.place.refusal)

    def connection_lost(self, exc: Exception | None) -> None:
        """End the work of a request whose client is gone."""
        self.sweep.discard(self)
        self.place.leave()
        super().connection_lost(exc)
        self.sender.forget()
        self.reader.close()
        self._end_work(CLIENT_LEFT)

    def eof_received(self) -> bool | None:  # type: ignore[override]
        """Treat the client as gone; the connection is closed once what was answered is sent."""
        if self.reader.part:
            self._refuse(ENDED_EARLY, CLIENT_LEFT)
        if self._busy():
            self._answer_running(HALF_CLOSED, CLIENT_LEFT)
        self.sender.close()
        return self.scheme == "http"  # over TLS the event loop closes it now, whatever is left

    def shutdown(self) -> None:
        """Stop: answer the requests that are in progress or still arrive, with `connection: close`."""
        self.stopping, self.persistent = True, False
        if self._busy():
            self.cycle.keep_alive = False
        else:
            self.deadline = self.sweep.tick + self.sweep.stop_ticks

    def pause_writing(self) -> None:
        self.sender.pause()
        super().pause_writing()

    def resume_writing(self) -> None:
        if self.sender.resume():
            super().resume_writing()
        if self.pipeline and not self._busy() and not self.sender.is_closing():
            self._go_on()

    def on_tick(self, tick: int) -> None:
        """End what takes too long."""
        unsent = self.sender.check()
        if part := self.reader.part:
            unasked = part == BODY and self.cycle.waiting_for_100_continue
            if self.flow.read_paused or self.pipeline or unasked:
                self.reader.deadline += 1
            elif tick >= self.reader.deadline:
                setting = "header_timeout_s" if part == HEAD else "body_timeout_s"
                self._refuse(too_slow(setting, getattr(self.settings, setting)))
        elif unsent:
            self.deadline += 1
        elif tick >= self.deadline and not self._busy():
            self.sender.close_idle()

    def data_received(self, data: bytes) -> None:
        if self.discarding:
            self._discard(len(data))
            return
        try:
            kept = self.reader.take(data)
        except RefusedError as error:
            self._refuse(error.refusal)
        else:
            if kept or self.flow.held:
                self.flow.hold(held=kept > HIGH_WATER_LIMIT)

    def _discard(self, size: int) -> None:
        self.discardable_bytes -= size
        if self.discardable_bytes < 0:
            answers = self._busy() or self.sender.backed_up
            self.flow.hold(held=True) if answers else self.transport.close()

    def receive_head(self, head: Head) -> None:
        """Start on the request, or let it wait for the one before it."""
        self.persistent = head.persistent and not self.stopping and not self.shared.draining()
        self.cycle = new_cycle(self, head, self.cycle_transport, self.peers, self.settings.cors_origins)
        if self._busy() or self.sender.backed_up:
            self.pipeline.appendleft((self.cycle, self.app))
            self.reader.waits = True
        else:
            self._start_asgi_task(self.cycle, self.app)

    def receive_body(self, data: bytes) -> None:
        self.cycle.body += data
        if len(self.cycle.body) > HIGH_WATER_LIMIT:
            self.flow.pause_reading()
        self.cycle.message_event.set()

    def receive_end(self) -> None:
        cycle = self.cycle
        cycle.more_body = False
        cycle.keep_alive = self.persistent
        cycle.message_event.set()
        self.flow.resume_reading()  # else a client that leaves would not be seen

    def on_response_complete(self) -> None:
        """Go on with the next request, or wait for it."""
        self.server_state.total_requests += 1
        if self.sender.is_closing() or (self.discarding and not self.refusal):
            return
        self.deadline = self.sweep.tick + self.sweep.keep_alive_ticks
        self._go_on()

    def _go_on(self) -> None:
        if self.pipeline:
            if self.sender.backed_up:  # a client that does not read its answers gets no more of them
                return
            self._start_asgi_task(*self.pipeline.pop())
            self.reader.waits = bool(self.pipeline)
        elif self.refusal:
            self._reject(self.refusal)
        if self.reader.kept:
            self.data_received(b"")
        self.flow.resume_reading()

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        task = self.loop.create_task(cycle.run_asgi(app))
        self.running, self.running.task = cast("Cycle", cycle), task
        self.tasks.add(task)
        task.add_done_callback(self.tasks.discard)

    def _busy(self) -> bool:
        return self.running is not None and not self.running.response_complete

    def _refuse(self, refusal: Refusal, counted_as: int | None = None) -> None:
        """Give up on the request that is being received, and on everything after it."""
        incoming = self.cycle if self.reader.part == BODY else None
        self.discarding = True
        self.reader.stop()
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
        self.shared.count(refusal.status)
        self._send_last(refusal, new_request_id())

    def _answer_running(self, refusal: Refusal, counted_as: int) -> None:
        """End the work, and answer in the application's place unless its answer has begun."""
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
            more = (*self.server_state.default_headers, *cors_headers(self.settings.cors_origins, self.reader.origin))
            self._linger(render(refusal, request_id, more))

    def _finish(self) -> None:
        """End the connection after its last answer, or in the middle of one that cannot be finished."""
        if not self._busy() and (self.reader.part or self.reader.kept or self.pipeline or self.discarding):
            self._linger()
        else:
            self.running = None
            self.discarding = True
            self.sender.close()

    def _linger(self, data: bytes = b"") -> None:
        """Close once the client has closed or its time is over: closing with unread bytes would send a reset."""
        self.discarding, self.refusal = True, None
        self.reader.stop()
        self.pipeline.clear()
        self.deadline = self.sweep.tick + self.sweep.linger_ticks
        self.flow.hold(held=False)
        self.flow.resume_reading()
        self.sender.finish(data)
