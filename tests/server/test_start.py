"""What the daemon says when it cannot start: one line, exit status 1, no traceback."""

import socket
import sqlite3
from pathlib import Path

import pytest

from index import Index
from server.connection.listening import listen
from server.contract.errors import ServerError
from server.settings import Settings
from tests.running import RunningServer, launch, start_server
from tests.tiny import TINY


def failure(*arguments: str, **environment: str) -> str:
    with launch(*arguments, **environment) as process:
        _, told = process.communicate(timeout=60)
    assert process.returncode == 1
    assert "Traceback" not in told
    assert told.startswith("vecd: ")
    return told


def test_a_port_in_use_is_told_before_the_model_is_loaded() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert f"cannot listen on 127.0.0.1:{port}" in failure("--port", str(port), "--models", "/nowhere")


@pytest.mark.e2e
def test_an_address_that_is_none_is_told_in_one_line() -> None:
    assert "cannot listen on a..b" in failure("--host", "a..b", "--port", "0")


def test_two_servers_started_together_do_not_both_believe_that_they_have_the_port() -> None:
    with listen(Settings(port=0)) as first:
        taken = Settings(port=first.main.getsockname()[1])
        with pytest.raises(ServerError, match="Address already in use"), listen(taken):
            pass


def test_kubernetes_service_links_are_explained() -> None:
    assert "enableServiceLinks: false" in failure("--port", "0", VECD_SERVICE_HOST="10.0.0.1")


def test_a_missing_model_says_how_to_make_it(tmp_path: Path) -> None:
    assert "python -m export" in failure("--port", "0", "--models", str(tmp_path))


def test_an_unknown_variable_stops_the_start() -> None:
    assert "VECD_PROT is not a setting" in failure("--port", "0", VECD_PROT="9000")


@pytest.mark.e2e
def test_cuda_that_cannot_be_used_stops_the_start_and_says_what_is_missing(tiny_models: Path) -> None:
    told = failure("--port", "0", "--models", str(tiny_models), "--model", TINY, "--provider", "cuda")
    assert "CUDA" in told


@pytest.mark.e2e
def test_a_damaged_graph_stops_the_start_by_name(tiny_models: Path, tmp_path: Path) -> None:
    folder = tmp_path / TINY
    folder.mkdir()
    for path in (tiny_models / TINY).iterdir():
        (folder / path.name).write_bytes(path.read_bytes())
    graph = bytearray((folder / "model.int8.onnx").read_bytes())
    graph[-5] ^= 1
    (folder / "model.int8.onnx").write_bytes(bytes(graph))
    assert "model.int8.onnx is damaged" in failure("--port", "0", "--models", str(tmp_path), "--model", TINY)


def data_failure(models: Path, data: Path) -> str:
    return failure("--port", "0", "--models", str(models), "--model", TINY, "--data", str(data))


@pytest.mark.e2e
def test_a_data_folder_that_is_none_is_told(tiny_models: Path, tmp_path: Path) -> None:
    path = tmp_path / "a file"
    path.write_text("not a folder")
    for data in (path, path / "in it", Path("/proc/nothing/here")):
        assert str(data) in data_failure(tiny_models, data)
    assert path.read_text() == "not a folder"


@pytest.mark.e2e
def test_damaged_and_newer_data_are_told_and_left_as_they_are(tiny_models: Path, tmp_path: Path) -> None:
    database = tmp_path / "collections" / "default" / "documents.sqlite"
    database.parent.mkdir(parents=True)
    database.write_bytes(b"no database, but as long as one" * 1000)
    assert "damaged" in data_failure(tiny_models, tmp_path)
    assert database.read_bytes().startswith(b"no database")
    database.unlink()
    connection = sqlite3.connect(database)
    connection.execute("PRAGMA user_version=99")
    connection.close()
    assert "newer vecd" in data_failure(tiny_models, tmp_path)


@pytest.mark.e2e
def test_a_second_server_over_the_same_data_is_refused_and_the_first_one_goes_on(
    tiny_models: Path, tmp_path: Path
) -> None:
    with start_server("--models", str(tiny_models), "--model", TINY, "--data", str(tmp_path)) as first:
        assert f"in use by process {first.process.pid}" in data_failure(tiny_models, tmp_path)
        with first.client() as client:
            assert client.post("/index", json={"id": "a", "text": "kept"}).status_code == 200
        assert first.terminate() == 0
    index = Index(tmp_path, "another model's", 1)
    assert index.collection().get("a")
    index.close()


@pytest.mark.e2e
def test_variables_set_what_flags_do(tiny_models: Path) -> None:
    with start_server(VECD_MODELS=str(tiny_models), VECD_MODEL=TINY, VECD_CACHE_BYTES="0") as server:
        assert server.lines[4].split() == ["cache", "off"]
        assert server.lines[1].split()[1] == TINY


@pytest.mark.e2e
def test_sigterm_ends_an_idle_server_with_status_0(tiny_models: Path) -> None:
    with start_server("--models", str(tiny_models), "--model", TINY) as server:
        assert isinstance(server, RunningServer)
        assert server.terminate() == 0
