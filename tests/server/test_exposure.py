"""Files that everybody on the machine may read are told, with the command that closes them; closed ones are not."""

import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

from server.exposure import exposures, is_reachable
from server.settings import MEMORY, Settings
from tests.running import start_server
from tests.tiny import TINY


@pytest.fixture
def public() -> Iterator[Path]:
    """A folder that everybody may go to; those of pytest are closed."""
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        folder.chmod(0o755)
        if not is_reachable(folder / "any"):
            pytest.skip("temporary files are in a closed folder")
        yield folder


@pytest.fixture
def settings(public: Path) -> Settings:
    folder = public / "a folder"
    (folder / "collections").mkdir(parents=True)
    for name in ("keys.json", "key.pem"):
        (public / name).touch()
        (public / name).chmod(0o644)
    folder.chmod(0o755)
    (folder / "collections").chmod(0o755)
    certificate = public / "certificate.pem"
    return Settings(
        data=folder,
        keys=public / "keys.json",
        tls_certificate=str(certificate),
        tls_key=str(public / "key.pem"),
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


@pytest.mark.parametrize("linked", [False, True])
def test_what_lies_in_a_closed_folder_is_open_to_nobody(
    settings: Settings, public: Path, tmp_path: Path, linked: bool
) -> None:
    if linked:
        (tmp_path / "link").symlink_to(public)
        given = {"data": tmp_path / "link" / "a folder", "keys": tmp_path / "link" / "keys.json"}
        assert len(exposures(msgspec.structs.replace(settings, **given))) == 3
    public.chmod(0o710)
    assert exposures(settings) == ()


def test_memory_is_nobodys_file(settings: Settings, tmp_path: Path) -> None:
    assert exposures(Settings(data=MEMORY, keys=tmp_path / "none.json")) == ()


@pytest.mark.e2e
def test_it_is_among_the_first_lines(tiny_models: Path, public: Path) -> None:
    models = ("--models", str(tiny_models), "--model", TINY)
    with start_server(*models, "--data", str(public / "data")) as server:
        assert not any("chmod" in line for line in server.lines)
    for folder in (public / "data", public / "data" / "collections"):
        folder.chmod(0o755)
    with start_server(*models, "--data", str(public / "data")) as server:
        assert f"files     the documents are open to every user of this machine: chmod -R go-rwx {public}/data" in (
            server.lines
        )
