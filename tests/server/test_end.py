"""The end of the daemon: whatever goes wrong on the way, the documents' files are closed."""

import asyncio
from pathlib import Path
from typing import Any

import msgspec
import pytest

from index import ClosedError
from server.app import build_application
from server.backend import LocalBackend, build_backend
from server.engine.scheduling.watchdog import Watchdog
from tests.server.application import tiny_settings


class Endless(Watchdog):
    """A watchdog that cannot be stopped."""

    def stop(self) -> None:
        super().stop()
        message = "no end"
        raise RuntimeError(message)


def test_the_library_is_closed_where_something_before_it_fails(tiny_models: Path) -> None:
    settings = tiny_settings(tiny_models)
    parts = build_backend(settings).parts
    endless = Endless(lambda: 0.0, 60.0, lambda _: None)
    backend = LocalBackend(msgspec.structs.replace(parts, watchdog=endless))
    collection = backend.parts.library.collection("default")
    messages = iter(["lifespan.startup", "lifespan.shutdown"])
    sent: list[str] = []

    async def receive() -> Any:
        return {"type": next(messages)}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    async def run() -> None:
        application: Any = build_application(settings, backend, backend.running()).asgi
        await application({"type": "lifespan", "state": {}}, receive, send)

    with pytest.raises(ExceptionGroup) as raised:
        asyncio.run(run())
    assert [str(one) for one in raised.value.exceptions] == ["no end"]
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.failed"]
    assert not backend.parts.engine.admission.open
    with pytest.raises(ClosedError):
        collection.get("a")
