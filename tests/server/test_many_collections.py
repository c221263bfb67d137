"""A daemon with many collections and few descriptors serves all of them, and refuses what would not fit."""

import subprocess
from pathlib import Path

import pytest

from tests.running import RunningServer, launch_module, started
from tests.tiny import TINY

pytestmark = pytest.mark.e2e

COLLECTIONS = 200


def limited(models: Path, data: Path, descriptors: int) -> subprocess.Popen[str]:
    flags = (str(descriptors), "--port", "0", "--models", str(models), "--model", TINY, "--data", str(data))
    return launch_module("tests.server.limited", flags, {}, subprocess.DEVNULL)


def write_and_search(server: RunningServer, round_: str) -> None:
    with server.client() as client:
        for number in range(COLLECTIONS):
            path, document = f"/collections/c{number}", {"id": round_, "text": f"{round_} text"}
            assert client.post(f"{path}/index", json=document).status_code == 200
            for mode in ("vector", "text"):
                asked = {"query": round_, "mode": mode, "threshold": -1}
                found = client.post(f"{path}/search", json=asked)
                assert found.status_code == 200
                assert round_ in {hit["id"] for hit in found.json()}
        assert client.get("/health/ready").status_code == 200


def test_two_hundred_collections_with_1024_descriptors(tiny_models: Path, tmp_path: Path) -> None:
    with started(limited(tiny_models, tmp_path, 2048)) as server, server.client() as client:
        for number in range(COLLECTIONS):
            assert client.put(f"/collections/c{number}", json={}).status_code == 200
    with started(limited(tiny_models, tmp_path, 1024)) as server:
        write_and_search(server, "first")
        write_and_search(server, "second")
        with server.client() as client:
            refused = client.put("/collections/another", json={})
            assert refused.status_code == 507
            assert "ulimit -n" in refused.text
