"""Whatever serves is imported at the start: later there may be no descriptor to read a module with."""

import subprocess
from pathlib import Path

from tests.running import launch_module, started
from tests.tiny import TINY

LINES = b'{"id": "line", "text": "one of a stream"}\n' * 3
DOCUMENTS = [{"id": str(number), "text": f"document {number}", "metadata": {"n": number}} for number in range(300)]


def test_nothing_is_imported_by_a_thread_or_a_request(tiny_models: Path, tmp_path: Path) -> None:
    file, data = tmp_path / "late", tmp_path / "data"
    file.touch()
    flags = (str(file), "--port", "0", "--models", str(tiny_models), "--model", TINY, "--data", str(data))
    with started(launch_module("tests.server.importing", flags, {}, subprocess.DEVNULL)) as server:
        at_start = len(file.read_text("utf-8").splitlines())
        with server.client() as client:
            for path in ("/health", "/health/ready", "/stats", "/metrics", "/openapi.json", "/docs", "/nowhere"):
                client.get(path)
            for accepted in ("application/json", "application/x-msgpack", "application/octet-stream"):
                assert client.post("/embed", json={"texts": ["a"]}, headers={"accept": accepted}).status_code == 200
            assert client.post("/embed", json={"texts": [f"text {n}" for n in range(1000)]}).status_code == 200
            assert client.post("/embed", content=b"{").status_code == 415
            assert client.post("/v1/embeddings", json={"input": "x", "model": TINY}).status_code == 200
            assert client.post("/index", json={"id": "long", "text": "A sentence. " * 3000}).status_code == 200
            assert client.post("/index/batch", json={"documents": DOCUMENTS}).status_code == 200
            streamed = client.post("/index/batch", content=LINES, headers={"content-type": "application/x-ndjson"})
            assert streamed.status_code == 200
            for mode in ("vector", "text", "hybrid"):
                asked = {"query": "document", "mode": mode, "filter": {"n": {"$gt": 3}}}
                assert client.post("/search", json=asked).status_code == 200
            assert client.get("/index/7").status_code == 200
            assert client.patch("/index/7", json={"metadata": {"y": 2}}).status_code == 200
            assert client.delete("/index/7").status_code == 200
            assert client.post("/index/delete", json={"filter": {"n": {"$gt": 200}}}).status_code == 200
            assert client.put("/collections/another", json={}).status_code < 300
            assert client.post("/collections/default/reindex").status_code == 202
            assert client.delete("/collections/another").status_code == 200
        lines = file.read_text("utf-8").splitlines()
        assert [line for line in lines if not line.startswith("MainThread ")] == []
        assert lines[at_start:] == []
