"""Readiness turns red when a thread of the index dies, and says so everywhere it is asked."""

from pathlib import Path
from unittest.mock import patch

import httpx

from server.backend import LocalBackend
from tests.server.application import run_check, tiny_settings


def test_a_thread_of_the_index_that_dies_is_seen(tiny_models: Path) -> None:
    async def check(client: httpx.AsyncClient, backend: LocalBackend) -> None:
        memory = backend.parts.library.collection("default").memory
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

    run_check(tiny_settings(tiny_models, insecure=True), check)
