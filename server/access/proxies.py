"""Trusted proxies, whose X-Forwarded-For names the client on whose behalf they call.

uvicorn's middleware: the client is the rightmost address that is not itself trusted; anybody can write the addresses
left of it. Trusted are addresses, networks or "unix"; the settings have checked them.
"""

from collections.abc import Sequence
from typing import Any

from litestar.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from server.settings import UNIX


def behind_proxies(app: ASGIApp, trusted: Sequence[str]) -> ASGIApp:
    """Return the application, which sees the clients of these proxies."""
    if not trusted:
        return app
    proxied = ProxyHeadersMiddleware(app, trusted_hosts=list(trusted))  # type: ignore[arg-type]  # two ways to type ASGI

    async def named(scope: Scope, receive: Receive, send: Send) -> None:
        if not scope.get("client"):
            peer: Any = scope
            peer["client"] = (UNIX, 0)
        await proxied(scope, receive, send)  # type: ignore[arg-type]

    return named
