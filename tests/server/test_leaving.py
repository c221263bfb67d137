"""The end of the daemon: whatever goes wrong on the way, the documents' files are closed."""

import asyncio
from pathlib import Path
from typing import Any

import pytest

from index import ClosedError
from server import MEMORY, Settings, build_application, build_daemon
from tests.tiny import TINY


def test_the_library_is_closed_where_something_before_it_fails(
    tiny_models: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    daemon = build_daemon(Settings(models=tiny_models, model=TINY, data=MEMORY))
    collection = daemon.library.collection("default")

    def fail() -> None:
        message = "no end"
        raise RuntimeError(message)

    monkeypatch.setattr(type(daemon.watchdog), "stop", lambda _: fail())
    messages = iter(["lifespan.startup", "lifespan.shutdown"])
    sent: list[str] = []

    async def receive() -> Any:
        return {"type": next(messages)}

    async def send(message: Any) -> None:
        sent.append(message["type"])

    async def run() -> None:
        application: Any = build_application(daemon)
        await application({"type": "lifespan", "state": {}}, receive, send)

    with pytest.raises(ExceptionGroup) as raised:
        asyncio.run(run())
    assert [str(one) for one in raised.value.exceptions] == ["no end"]
    assert sent == ["lifespan.startup.complete", "lifespan.shutdown.failed"]
    assert not daemon.engine.admission.open
    with pytest.raises(ClosedError):
        collection.get("a")
