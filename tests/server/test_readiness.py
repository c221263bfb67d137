"""Readiness turns red when a thread of the index dies, and says so everywhere it is asked."""

import asyncio
from collections.abc import Iterator
from pathlib import Path
from unittest.mock import patch

import httpx
import pytest

from server import MEMORY, Daemon, Settings, build_application, build_daemon
from tests.tiny import TINY


@pytest.fixture
def daemon(tiny_models: Path) -> Iterator[Daemon]:
    found = build_daemon(Settings(models=tiny_models, model=TINY, data=MEMORY, insecure=True))
    found.engine.start()
    yield found
    found.engine.close()
    found.tokens.close()
    found.library.close()


def test_a_thread_of_the_index_that_dies_is_seen(daemon: Daemon) -> None:
    memory = daemon.library.collection("default").memory

    async def check() -> None:
        transport = httpx.ASGITransport(build_application(daemon))  # type: ignore[arg-type]
        async with httpx.AsyncClient(transport=transport, base_url="http://127.0.0.1") as client:
            document = {"id": "a", "text": "a"}
            assert (await client.post("/index", json=document)).status_code == 200
            assert (await client.get("/health/ready")).status_code == 200
            assert "vecd_index_well 1.0" in (await client.get("/metrics")).text
            with patch.object(memory, "applied", side_effect=RuntimeError("the secret inside")):
                answer = await client.post("/index", json=document)
            assert answer.status_code == 500
            assert "secret" not in answer.text
            ready = await client.get("/health/ready")
            assert (ready.status_code, ready.headers["retry-after"]) == (503, "1")
            assert (await client.get("/health/live")).status_code == 200
            assert "vecd_index_well 0.0" in (await client.get("/metrics")).text
            assert (await client.get("/collections/default")).json()["state"] == "failed"
            assert (await client.post("/index", json=document)).status_code == 503

    asyncio.run(check())
