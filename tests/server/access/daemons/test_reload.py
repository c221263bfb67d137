"""SIGHUP while requests run: keys come and go, and nothing that cannot be read changes anything."""

import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from tests.server.daemon import Daemon, key_command, make_key, serving
from tests.server.polling import until

BODY = {"texts": ["while keys come and go"]}


@pytest.fixture
def file(tmp_path: Path) -> Path:
    return tmp_path / "keys.json"


@pytest.fixture
def kept(file: Path) -> str:
    """A key that is there from the start."""
    return make_key(file)


@pytest.fixture
def daemon(tiny_models: Path, tmp_path: Path, file: Path, kept: str) -> Iterator[Daemon]:
    with serving(tiny_models, tmp_path, VECD_KEYS=str(file)) as daemon:
        yield daemon


def status(daemon: Daemon, key: str) -> int:
    with daemon.client(key) as client:
        return client.post("/embed", json=BODY).status_code


class Traffic(threading.Thread):
    """Requests with a key, one after the other on one connection; the statuses that were not 200."""

    def __init__(self, daemon: Daemon, key: str) -> None:
        super().__init__()
        self.others: list[int] = []
        self.count = 0
        self._client = daemon.client(key)
        self._ended = threading.Event()

    def run(self) -> None:
        with self._client as client:
            while not self._ended.is_set():
                answer = client.post("/embed", json=BODY | {"cache": False})
                self.count += 1
                if answer.status_code != 200:
                    self.others.append(answer.status_code)

    def __enter__(self) -> "Traffic":
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()


def test_keys_are_added_and_revoked_while_requests_run(daemon: Daemon, file: Path, kept: str) -> None:
    with Traffic(daemon, kept) as traffic:
        for _ in range(3):
            added = make_key(file)
            assert status(daemon, added) == 401
            daemon.reload()
            assert status(daemon, added) == 200
            assert key_command(file, "revoke", added.split("_")[1]).returncode == 0
            assert status(daemon, added) == 200
            daemon.reload()
            assert status(daemon, added) == 401
    assert traffic.others == []
    assert traffic.count > 10


def test_a_revoked_key_is_refused_within_a_second_on_an_open_connection_too(
    daemon: Daemon, file: Path, kept: str
) -> None:
    with daemon.client(kept) as client:
        assert client.post("/embed", json=BODY).status_code == 200
        key_command(file, "revoke", kept.split("_")[1])
        start_s = time.monotonic()
        daemon.reload()
        while client.post("/embed", json=BODY).status_code == 200:
            assert time.monotonic() - start_s < 1
        assert client.post("/embed", json=BODY).status_code == 401
        assert time.monotonic() - start_s < 1


@pytest.mark.parametrize("content", ["", "{", '{"format": 2, "keys": []}', '{"format": 1, "keys": [{"id": "a"}]}'])
def test_a_damaged_file_keeps_the_old_keys_and_is_told(daemon: Daemon, file: Path, kept: str, content: str) -> None:
    file.write_text(content)
    daemon.reload()
    assert status(daemon, kept) == 200
    assert status(daemon, "") == 401
    assert str(file) in daemon.log()
    assert "error" in daemon.log()


def test_a_damaged_file_can_be_mended(daemon: Daemon, file: Path, kept: str) -> None:
    before = file.read_bytes()
    file.write_text("{")
    daemon.reload()
    file.write_bytes(before)
    added = make_key(file)
    daemon.reload()
    assert status(daemon, added) == status(daemon, kept) == 200


def test_a_deleted_file_keeps_keys_needed_and_lets_nobody_in(daemon: Daemon, file: Path, kept: str) -> None:
    file.unlink()
    daemon.reload()
    assert status(daemon, kept) == 401
    assert status(daemon, "") == 401
    added = make_key(file)
    daemon.reload()
    assert status(daemon, added) == 200


def test_signals_without_end_lose_no_request(daemon: Daemon, kept: str) -> None:
    with Traffic(daemon, kept) as traffic:
        for _ in range(20):
            daemon.reload()
    assert traffic.others == []


def test_the_first_key_of_a_running_server_closes_it(tiny_models: Path, tmp_path: Path, file: Path) -> None:
    with serving(tiny_models, tmp_path, VECD_KEYS=str(file)) as daemon:
        assert status(daemon, "") == 200
        with daemon.client() as client:
            assert client.get("/v1/models", headers={"host": "evil.example"}).status_code == 403
            added = make_key(file)
            daemon.reload()
            assert status(daemon, "") == 401
            assert status(daemon, added) == 200
            headers = {"host": "evil.example", "authorization": f"Bearer {added}"}
            assert client.get("/v1/models", headers=headers).status_code == 200


def test_a_key_ends_by_the_clock_on_an_open_connection_and_without_a_reload(daemon: Daemon, file: Path) -> None:
    made = key_command(file, "add", "short", "--expires", "8s")
    daemon.reload()
    with daemon.client(made.stdout.strip()) as client:
        assert client.post("/embed", json=BODY).status_code == 200
        until(lambda: client.post("/embed", json=BODY).status_code == 401)
        assert "has ended" in client.post("/embed", json=BODY).json()["detail"]


def test_a_secret_is_replaced_without_an_interval(daemon: Daemon, file: Path, kept: str) -> None:
    rotated = key_command(file, "rotate", kept.split("_")[1], "--overlap", "8s").stdout.strip()
    with Traffic(daemon, kept) as traffic:
        daemon.reload()
        assert status(daemon, rotated) == 200
    assert traffic.others == []
    until(lambda: status(daemon, kept) == 401)
    assert status(daemon, rotated) == 200


LINES = b"".join(b'{"id": "%d", "text": "a line"}\n' % number for number in range(64))


def test_the_stream_of_a_revoked_key_ends_and_says_how_far_it_came(daemon: Daemon, file: Path) -> None:
    writer, reader = make_key(file, "write"), make_key(file, "search,write")
    daemon.reload()
    sent = 0

    def groups() -> Iterator[bytes]:
        nonlocal sent
        for sent in range(1, 200):
            yield LINES.replace(b'"id": "', b'"id": "%d-' % sent)
            if sent == 5:
                key_command(file, "revoke", writer.split("_")[1])
                daemon.reload()
            time.sleep(0.05)

    with daemon.client(writer) as client:
        try:
            answer = client.post("/index/batch", content=groups(), headers={"content-type": "application/x-ndjson"})
            assert answer.status_code == 401
            assert "all lines up to " in answer.json()["detail"]
        except httpx.TransportError:  # the client was still sending when the answer came
            pass
    assert sent < 199
    with daemon.client(reader) as client:
        assert client.get("/index/1-0").status_code == 200
        assert client.get("/index/198-0").status_code == 404
