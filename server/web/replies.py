"""What a route gives back: a status, headers and a whole body, as an ASGI application of its own.

Litestar's own response builds its headers through several layers, a tenth of what a cached request took (by cProfile).
Headers that every response has are added by `server/web/edge.py`.
"""

from collections.abc import Mapping

from litestar.types import Receive, Scope, Send

JSON = "application/json"
NO_HEADERS: Mapping[str, str] = {}


class Reply:
    """A response of one piece. Names of headers are in lower case."""

    __slots__ = ("body", "headers", "media_type", "status")

    def __init__(
        self, body: bytes, *, status: int = 200, media_type: str = JSON, headers: Mapping[str, str] = NO_HEADERS
    ) -> None:
        self.body = body
        self.status = status
        self.media_type = media_type
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:  # noqa: ARG002 - as ASGI has it
        """Send it."""
        headers = [(name.encode(), value.encode("latin-1")) for name, value in self.headers.items()]
        headers.append((b"content-type", self.media_type.encode()))
        headers.append((b"content-length", b"%d" % len(self.body)))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": self.body, "more_body": False})
