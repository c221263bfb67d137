"""Who is trusted to say in X-Forwarded-For on whose behalf it calls: uvicorn's middleware, with its settings checked.

The client is the rightmost address that is not itself one of the trusted: what stands left of it anybody can write.
"""

import ipaddress
from collections.abc import Sequence

from litestar.types import ASGIApp, Receive, Scope, Send
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from server.errors import SettingsError
from server.marks import marks

# The peer of a Unix socket has no address.
UNIX = "unix"


def behind_proxies(app: ASGIApp, trusted: Sequence[str]) -> ASGIApp:
    """Return the application that sees the clients of these proxies: addresses, networks, or "unix".

    Raises:
        SettingsError: one of them is something else.
    """
    if not trusted:
        return app
    for one in trusted:
        try:
            if one != UNIX:
                ipaddress.ip_network(one)
        except ValueError as error:
            message = f"--trusted-proxies: {error}"
            raise SettingsError(message) from error
    proxied = ProxyHeadersMiddleware(app, trusted_hosts=list(trusted))  # type: ignore[arg-type]  # two ways to type ASGI

    async def named(scope: Scope, receive: Receive, send: Send) -> None:
        if not scope.get("client"):
            marks(scope)["client"] = (UNIX, 0)
        await proxied(scope, receive, send)  # type: ignore[arg-type]

    return named
