"""vecd with every request delayed: `python -m bench.servers.slowed --delay-ms MS` and the server's own flags.

A test of the benchmark itself: it must show a delayed server slower by about that much.
"""

import asyncio
import sys

import uvicorn
from litestar.enums import ScopeType
from litestar.types import ASGIApp, Receive, Scope, Send

from server.app import build_application
from server.backend import build_backend
from server.settings import read_settings


class Delayed:
    """ASGI middleware that waits before it passes a request on."""

    def __init__(self, app: ASGIApp, delay_s: float) -> None:
        self._app = app
        self._delay_s = delay_s

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == ScopeType.HTTP:
            await asyncio.sleep(self._delay_s)
        await self._app(scope, receive, send)


def main() -> None:
    flag, delay_ms, *arguments = sys.argv[1:]
    assert flag == "--delay-ms"
    settings = read_settings(arguments)
    backend = build_backend(settings)
    application = build_application(settings, backend, backend.running())
    app = Delayed(application.asgi, float(delay_ms) / 1e3)
    uvicorn.run(app, host=settings.host, port=settings.port, loop="uvloop", http="httptools", log_level="error")


if __name__ == "__main__":
    main()
