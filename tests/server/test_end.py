"""The end of the daemon: whatever goes wrong on the way, the documents' files are closed."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from index import ClosedError
from server.app import build_application
from server.backend import build_backend
from tests.server.application import tiny_settings


def test_the_library_is_closed_where_something_before_it_fails(
    tiny_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = tiny_settings(tiny_models)
    backend = build_backend(settings)
    collection = backend.parts.library.collection("default")

    def fail() -> None:
        message = "no end"
        raise RuntimeError(message)

    monkeypatch.setattr(type(backend.parts.watchdog), "stop", lambda _: fail())
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
