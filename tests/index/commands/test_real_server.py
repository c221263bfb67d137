"""The commands and a real server: documents go out and in, either side is killed, the model changes."""

import json
import signal
import socket
import subprocess
import time
from pathlib import Path

import pytest

from models import ARTIFACTS
from tests.index.commands.running import ODD, command, fill, run
from tests.running import RunningServer, start_server
from tests.server.access.daemons.test_tls import make_certificate
from tests.server.daemon import serving
from tests.tiny import TINY, export_tiny

pytestmark = pytest.mark.e2e

WORDS = ["a", "cat", "sleeps", "on", "the", "warm", "roof", "while", "rain", "falls", "over", "the", "quiet", "town"]


@pytest.fixture(autouse=True, scope="module")
def exported() -> None:
    assert (ARTIFACTS / "all-MiniLM-L6-v2" / "manifest.json").is_file(), "run `make export` first"


def write(path: Path, count: int) -> Path:
    documents = (
        {"id": f"d/{n}", "text": " ".join(WORDS[: n % 15]) + f" {n}", "metadata": {"n": n}} for n in range(count)
    )
    path.write_text("".join(json.dumps(one) + "\n" for one in documents), "utf-8")
    return path


def count_of(server: RunningServer, name: str = "default") -> int:
    with server.client() as client:
        return int(client.get(f"/collections/{name}").json()["documents"])


def exported_lines(data: Path, out: Path, name: str = "default") -> list[str]:
    assert run("export", out, "--data", data, "--collection", name) == 0
    return sorted(out.read_text("utf-8").split("\n"))


@pytest.mark.parametrize("form", ["ndjson", "parquet"])
def test_documents_go_out_and_in_again_as_they_were(tmp_path: Path, form: str) -> None:
    fill(tmp_path / "old", 50, ODD)
    assert run("export", tmp_path / f"out.{form}", "--data", tmp_path / "old", "--vectors") == 0
    with start_server("--data", str(tmp_path / "new")) as server:
        arguments = ("import", tmp_path / f"out.{form}", "--url", server.url, "--collection", "copy")
        assert run(*arguments) == 1  # there is no such collection
        assert run(*arguments, "--create") == 0
        assert count_of(server, "copy") == 50 + len(ODD)
        assert run("doctor", tmp_path / "new") == 3  # in use, so not examined
        assert run("stats", "--data", tmp_path / "new") == 0
        assert exported_lines(tmp_path / "old", tmp_path / "a.ndjson") == exported_lines(
            tmp_path / "new", tmp_path / "b.ndjson", "copy"
        )
    assert run("doctor", tmp_path / "new") == 0


def test_refused_lines_do_not_hold_up_the_others(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "in.ndjson"
    lines = [
        b'{"id": "good", "text": "one"}',
        b'{"id": "", "text": "no id"}',
        b'{"id": "x", "text": "y", "metadata": {"n": 99999999999999999999}}',
        b"{broken",
        b'{"id": "long", "text": "' + b"x" * 1_100_000 + b'"}',
        b'{"id": "huge", "text": "' + b"x" * 33_600_000 + b'"}',
        b'{"id": "last", "text": 2}',
        b'{"id": "end", "text": "two"}',
    ]
    file.write_bytes(b"\n".join(lines))
    with start_server("--data", str(tmp_path / "data")) as server:
        assert run("import", file, "--url", server.url) == 1
        assert count_of(server) == 2
    *told, last = capsys.readouterr().out.splitlines()
    assert last == "2 documents indexed, 6 lines refused"
    assert sorted(line.split()[1] for line in told) == ["2:", "3:", "4:", "5:", "6:", "7:"]


def test_an_import_killed_midway_goes_on_and_every_document_is_there(tmp_path: Path) -> None:
    file = write(tmp_path / "in.ndjson", 4000)
    with start_server("--data", str(tmp_path / "data")) as server:
        with subprocess.Popen(command("import", file, "--url", server.url), stderr=subprocess.DEVNULL) as process:
            while count_of(server) < 1000:
                assert process.poll() is None
                time.sleep(0.02)
            process.send_signal(signal.SIGKILL)
        assert count_of(server) < 4000
        (left,) = tmp_path.glob("*.importing")
        assert json.loads(left.read_bytes())["line"] >= 512
        assert run("import", file, "--url", server.url) == 0
        assert count_of(server) == 4000
        assert not list(tmp_path.glob("*.importing"))
    assert run("doctor", tmp_path / "data") == 0


def test_a_server_killed_midway_comes_back_and_every_document_is_there(tmp_path: Path) -> None:
    file = write(tmp_path / "in.ndjson", 4000)
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    data = str(tmp_path / "data")
    with start_server("--data", data, "--port", str(port)) as server:
        process = subprocess.Popen(command("import", file, "--url", server.url))
        while count_of(server) < 1000:
            assert process.poll() is None
            time.sleep(0.02)
        server.process.kill()
        server.process.wait()
    assert run("doctor", data) == 0
    with start_server("--data", data, "--port", str(port)) as server:
        assert process.wait(120) == 0
        assert count_of(server) == 4000


def test_after_the_model_has_changed_reindex_mends_it(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file = write(tmp_path / "in.ndjson", 300)
    models = [str(export_tiny(tmp_path / f"models{seed}", seed)) for seed in (0, 1)]
    data = tmp_path / "data"
    with start_server("--models", models[0], "--model", TINY, "--data", str(data)) as server:
        assert run("import", file, "--url", server.url) == 0
    with start_server("--models", models[1], "--model", TINY, "--data", str(data)) as server:
        capsys.readouterr()
        assert run("import", file, "--url", server.url) == 1
        error = capsys.readouterr().err
        assert f"python -m index reindex --url {server.url} --collection default" in error
        assert run("export", "-", "--data", data) == 0
        assert run("backup", tmp_path / "backup", "--data", data) == 0
        assert run("reindex", "--url", server.url) == 0
        assert run("import", file, "--url", server.url) == 0
        assert count_of(server) == 300
        with server.client() as client:
            assert client.post("/search", json={"query": "a cat 2", "threshold": -1}).json()
    assert run("doctor", data) == 0


def test_without_a_backup_what_can_be_read_is_saved_as_the_page_for_users_says(tmp_path: Path) -> None:
    models = ("--models", str(export_tiny(tmp_path / "models")), "--model", TINY)
    data = tmp_path / "data"
    with start_server(*models, "--data", str(data)) as server:
        assert run("import", write(tmp_path / "in.ndjson", 300), "--url", server.url) == 0
    damaged = data / "collections" / "default" / "documents.sqlite"
    content = damaged.read_bytes()
    damaged.write_bytes(content.replace(b"a cat sleeps 18", b"a cat sleeps 81"))
    assert damaged.read_bytes() != content
    assert run("doctor", data) == 1
    saved = tmp_path / "saved.ndjson"
    assert run("export", saved, "--data", data, "--skip-damaged") == 1
    (data / "collections" / "default").rename(tmp_path / "away")
    with start_server(*models, "--data", str(data)) as server:
        assert run("import", saved, "--url", server.url) == 0
        assert count_of(server) == 298
    assert run("doctor", data) == 0


def test_documents_go_through_a_unix_socket_and_through_tls(
    tiny_models: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    file, certificate = write(tmp_path / "in.ndjson", 3), make_certificate(tmp_path, "server")
    with serving(tiny_models, tmp_path, "--data", str(tmp_path / "a"), "--uds", str(tmp_path / "s")) as daemon:
        assert run("import", file, "--url", daemon.address) == 0
        assert run("reindex", "--url", f"unix:{tmp_path / 's'}") == 0
    tls = ("--tls-certificate", str(certificate), "--tls-key", str(certificate.with_suffix(".key")))
    with serving(tiny_models, tmp_path, "--data", str(tmp_path / "b"), *tls) as daemon:
        assert run("import", file, "--url", daemon.address, "--ca", certificate) == 0
        capsys.readouterr()
        assert run("import", file, "--url", daemon.address, "--patience", 0.1) == 1
        assert "CERTIFICATE_VERIFY_FAILED" in capsys.readouterr().err
        assert run("import", file, "--url", daemon.address, "--ca", file) == 1
        assert "no certificates in PEM" in capsys.readouterr().err


def test_a_key_opens_what_it_has_the_scope_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    file, keys = write(tmp_path / "in.ndjson", 3), str(tmp_path / "keys.json")
    for scopes in ("write", "search"):
        add = [*command()[:2], "server", "keys", "add", scopes, "--scopes", scopes, "--keys", keys]
        (tmp_path / scopes).write_bytes(subprocess.run(add, check=True, stdout=subprocess.PIPE).stdout)
    with start_server("--data", str(tmp_path / "data"), "--keys", keys) as server:
        arguments = ("import", file, "--url", server.url)
        assert run(*arguments) == 1
        assert "401" in capsys.readouterr().err
        assert run(*arguments, "--key-file", tmp_path / "search") == 1
        assert "403" in capsys.readouterr().err
        assert run(*arguments, "--key-file", tmp_path / "write") == 0
