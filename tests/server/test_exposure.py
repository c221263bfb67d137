"""Files that everybody on the machine may read are told, with the command that closes them; closed ones are not."""

import subprocess
from pathlib import Path

import pytest

from server.exposure import exposures
from server.settings import MEMORY, Settings
from tests.running import start_server
from tests.tiny import TINY


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    folder = tmp_path / "a folder"
    (folder / "collections").mkdir(parents=True)
    for name in ("keys.json", "key.pem"):
        (tmp_path / name).touch()
        (tmp_path / name).chmod(0o644)
    folder.chmod(0o755)
    (folder / "collections").chmod(0o755)
    certificate = tmp_path / "certificate.pem"
    return Settings(
        data=folder,
        keys=tmp_path / "keys.json",
        tls_certificate=str(certificate),
        tls_key=str(tmp_path / "key.pem"),
    )


def test_what_is_open_is_told_and_the_command_closes_it(settings: Settings) -> None:
    told = exposures(settings)
    assert [line.partition(" open to ")[0] for line in told] == [
        "the documents are",
        "the file of keys is",
        "the private key of TLS is",
    ]
    for line in told:
        subprocess.run(line.partition(": ")[2], shell=True, check=True)
    assert exposures(settings) == ()


@pytest.mark.parametrize("path", ["", "collections"])
def test_one_closed_folder_on_the_way_is_enough(settings: Settings, path: str) -> None:
    (settings.data / path).chmod(0o750)
    assert not any("documents" in line for line in exposures(settings))


def test_memory_is_nobodys_file(settings: Settings, tmp_path: Path) -> None:
    assert exposures(Settings(data=MEMORY, keys=tmp_path / "none.json")) == ()


@pytest.mark.e2e
def test_it_is_among_the_first_lines(tiny_models: Path, tmp_path: Path) -> None:
    models = ("--models", str(tiny_models), "--model", TINY)
    with start_server(*models, "--data", str(tmp_path / "data")) as server:
        assert not any("chmod" in line for line in server.lines)
    for folder in (tmp_path / "data", tmp_path / "data" / "collections"):
        folder.chmod(0o755)
    with start_server(*models, "--data", str(tmp_path / "data")) as server:
        assert f"files     the documents are open to every user of this machine: chmod -R go-rwx {tmp_path}/data" in (
            server.lines
        )
