"""What a request leaves behind: nothing that only the garbage collector, which holds up everybody, would release."""

import asyncio
import gc
from pathlib import Path

import msgspec
import pytest
import uvicorn
from uvicorn.server import ServerState

from server.app import build_application
from server.backend import build_backend
from server.connection.protocol import Protocol
from server.connection.room import Limits, Room
from server.connection.shared import Shared
from server.connection.timeouts import Sweep
from tests.server.application import tiny_settings
from tests.server.connection.hostile.raw import get
from tests.server.connection.test_protocol import Transport

REQUESTS = 20
TEXT = {"texts": ["a b"]}


def post(path: str, content: object) -> bytes:
    body = msgspec.json.encode(content)
    head = f"POST {path} HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\n"
    return head.encode() + b"content-length: %d\r\n\r\n" % len(body) + body


async def _garbage_of(request: bytes, status: int, models: Path) -> int:
    """Return how many objects only the collector can release once a request was answered again and again."""
    settings = tiny_settings(models)
    backend = build_backend(settings)
    running = backend.running()
    application = build_application(settings, backend, running)
    config = uvicorn.Config(application.asgi, log_config=None, proxy_headers=False, lifespan="off")
    config.load()
    state, transport = ServerState(), Transport()
    place = Room(Limits(1, 1)).enter("")
    assert place is not None
    async with running:
        shared = Shared(settings, Sweep(settings), application.body_budget)
        protocol = Protocol(shared, place, config, state, {})
        protocol.connection_made(transport)

        async def ask(count: int) -> None:
            transport.written = b""
            for _ in range(count):
                protocol.data_received(request)
                await asyncio.gather(*state.tasks)
            assert transport.written.count(b"HTTP/1.1 %d" % status) == count

        await ask(2)
        gc.collect()
        gc.disable()
        try:
            await ask(REQUESTS)
            return gc.collect()
        finally:
            gc.enable()
            protocol.connection_lost(None)


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        (post("/embed", TEXT), 200),
        (post("/embed/batch", TEXT), 200),
        (post("/v1/embeddings", {"input": "a b", "model": "tiny"}), 200),
        (post("/index", {"id": "a", "text": "a b"}), 200),
        (post("/search", {"query": "a b"}), 200),
        (get(b"/index/none"), 404),
        (post("/embed", {"texts": 1}), 400),
    ],
)
def test_requests_leave_nothing_to_the_garbage_collector(sent: bytes, status: int, tiny_models: Path) -> None:
    assert asyncio.run(_garbage_of(sent, status, tiny_models)) < REQUESTS
