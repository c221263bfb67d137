"""The response of a route: a status, headers and a whole body, as an ASGI application.

Litestar's own response builds its headers through several layers, which took a tenth of a cached request (by cProfile).
`server/web/edge.py` adds the headers that every response has.
"""

from collections.abc import Mapping

from litestar.types import Receive, Scope, Send

from server.web.request_state import hold_whole

JSON = "application/json"
NO_HEADERS: Mapping[str, str] = {}


class Reply:
    """A response in one piece. Names of headers are in lower case."""

    __slots__ = ("body", "headers", "media_type", "status")

    def __init__(
        self, body: bytes, *, status: int = 200, media_type: str = JSON, headers: Mapping[str, str] = NO_HEADERS
    ) -> None:
        self.body = body
        self.status = status
        self.media_type = media_type
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - the signature of ASGI
        hold_whole(len(self.body))
        headers = [(name.encode(), value.encode("latin-1")) for name, value in self.headers.items()]
        headers.append((b"content-type", self.media_type.encode()))
        headers.append((b"content-length", b"%d" % len(self.body)))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})
