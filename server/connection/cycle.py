"""One request and its response: uvicorn's cycle, which can be ended early, and answers where the application fails."""

import asyncio
from http import HTTPStatus
from typing import Any, cast
from urllib.parse import unquote

from uvicorn.protocols.http.flow_control import FlowControl
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle

from server.connection.reading import Head
from server.connection.refusal import Refusal, compose, new_request_id
from server.connection.sending import CycleTransport
from server.web.headers import cors_headers
from server.web.problem_document import UNEXPECTED
from server.web.request_state import KEY, RequestState

ASGI = {"version": "3.0", "spec_version": "2.3"}


class Flow(FlowControl):
    """Flow control that the protocol can hold: until it lets go, no cycle resumes reading."""

    held = False

    def hold(self, *, held: bool) -> None:
        """Stop reading until this is called with `held` false."""
        if held:
            self.held = True
            self.pause_reading()
        elif self.held:
            self.held = False
            self.resume_reading()

    def resume_reading(self) -> None:
        if self.read_paused and not self.held:
            super().resume_reading()


class Cycle(RequestResponseCycle):
    """One request and its response; pages of these origins may read what it answers by itself."""

    origins: tuple[str, ...] = ()
    task: asyncio.Task[None] | None = None

    def end(self, counted_as: int) -> None:
        """Cancel the application's task, and discard what it still sends; the request is counted under this status."""
        self.disconnected = True
        self.message_event.set()
        state = self._state()
        if state is not None and self.task is not None:
            state.counted_as = counted_as
            self.task.cancel()

    def request_id(self) -> str:
        """Return the id that the request was given, or a new one."""
        state = self._state()
        return state.request_id if state else new_request_id()

    def _state(self) -> RequestState | None:
        """Return what the application knows of the request, once it has seen it."""
        return cast("dict[str, Any]", self.scope).get(KEY)

    async def send(self, message: Any) -> None:
        transport = cast("CycleTransport", self.transport)
        if message["type"] == "http.response.start" and self.scope["method"] != "HEAD":
            transport.hold_head()
        await super().send(message)

    async def send_500_response(self) -> None:
        """Answer where the application raised, or ended without a response."""
        refusal = Refusal(HTTPStatus.INTERNAL_SERVER_ERROR, UNEXPECTED)
        headers, body = compose(refusal, self.request_id())
        origin = dict(self.scope["headers"]).get(b"origin")
        headers += cors_headers(self.origins, origin)
        await self.send({"type": "http.response.start", "status": refusal.status.value, "headers": headers})
        await self.send({"type": "http.response.body", "body": body, "more_body": False})


def new_cycle(
    protocol: HttpToolsProtocol, head: Head, transport: CycleTransport, peers: dict[str, Any], origins: tuple[str, ...]
) -> Cycle:
    """Return the cycle of a new request; `peers` are `server`, `client` and `scheme`."""
    cycle = Cycle(
        scope=_scope(head, protocol.app_state, peers),
        transport=cast("asyncio.Transport", transport),
        flow=protocol.flow,
        logger=protocol.logger,
        access_logger=protocol.access_logger,
        access_log=protocol.access_log,
        default_headers=protocol.server_state.default_headers,
        message_event=asyncio.Event(),
        expect_100_continue=head.framing.expects_continue,
        keep_alive=False,  # a connection on which half a request is left cannot be used again
        on_response=protocol.on_response_complete,
    )
    cycle.origins = origins
    return cycle


def _scope(head: Head, state: dict[str, Any], peers: dict[str, Any]) -> Any:
    path, headers = head.target.path.decode("ascii"), head.headers
    if head.target.authority is not None:  # RFC 9112, 3.2.2: what the Host header says is ignored then
        headers = [(b"host", head.target.authority), *(header for header in headers if header[0] != b"host")]
    return {
        **peers,
        "type": "http",
        "asgi": ASGI,
        "http_version": head.version,
        "method": head.method.decode("ascii"),
        "root_path": "",
        "path": unquote(path) if "%" in path else path,
        "raw_path": head.target.path,
        "query_string": head.target.query,
        "headers": headers,
        "state": state.copy(),
    }
