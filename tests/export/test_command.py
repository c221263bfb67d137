"""`python -m export` as a user types it."""

import subprocess
import sys
from pathlib import Path

import pytest

from models import file_record
from tests.tiny import write_checkpoint


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "export", *arguments]
    return subprocess.run(command, capture_output=True, text=True, timeout=900, check=False)


def test_an_unknown_model_names_the_known() -> None:
    told = run("--model", "nothing")
    assert told.returncode == 1
    assert "all-MiniLM-L6-v2" in told.stderr
    assert "Traceback" not in told.stderr


@pytest.mark.e2e
def test_a_folder_without_a_checkpoint_says_what_is_missing(tmp_path: Path) -> None:
    told = run("--source", str(tmp_path), "--out", str(tmp_path / "out"))
    assert told.returncode == 1
    assert "config.json does not exist" in told.stderr
    assert not list((tmp_path / "out").iterdir())


@pytest.mark.e2e
def test_a_model_without_pins_is_told_with_the_hashes_that_were_found(tmp_path: Path) -> None:
    checkpoint = write_checkpoint(tmp_path / "checkpoint")
    told = run("--model", "gte-small", "--source", str(checkpoint), "--out", str(tmp_path / "out"))
    assert told.returncode == 1
    assert "pins no files of gte-small" in told.stderr
    assert file_record(checkpoint / "model.safetensors").sha256 in told.stderr
    assert "the catalogue says 384" in told.stderr  # and this is not gte-small


@pytest.mark.e2e
@pytest.mark.timeout(900)
def test_the_real_checkpoint_exports_from_disk_and_matches_what_serves(tmp_path: Path) -> None:
    told = run("--out", str(tmp_path))
    assert told.returncode == 0, told.stderr
    assert "model.int8.onnx" in told.stdout
    assert "of 30522 tokens" in told.stdout
    assert (tmp_path / "all-MiniLM-L6-v2" / "model.int8.onnx").stat().st_size < 25_000_000


@pytest.mark.e2e
def test_a_folder_that_cannot_be_written_is_told_in_one_line(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    told = run("--out", str(tmp_path / "file"))
    assert told.returncode == 1
    assert "Traceback" not in told.stderr
    assert str(tmp_path / "file") in told.stderr
