import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

import pytest

from export import ExportError, hash_parts, prepare_environment, run_command


class FakeRun:
    """Remembers the commands; makes the folder that `python -m venv` would make, and fails at one word if asked to."""

    def __init__(self, fail_at: str = "") -> None:
        self.commands: list[list[str]] = []
        self.fail_at = fail_at

    def __call__(self, words: Sequence[str], environment: Mapping[str, str] | None) -> None:
        self.commands.append(list(words))
        if self.fail_at in words:
            message = "cut off"
            raise ExportError(message)
        if "venv" in words:
            (Path(words[-1]) / "bin").mkdir(parents=True)


@pytest.fixture
def versions(tmp_path: Path) -> Path:
    path = tmp_path / "constraints.txt"
    path.write_text("torch==1\n")
    return path


def test_an_environment_is_made_from_its_pinned_versions(tmp_path: Path, versions: Path) -> None:
    run = FakeRun()
    python = prepare_environment("peer", versions, tmp_path, run)
    assert python == tmp_path / "peer" / "bin" / "python"
    venv, install = run.commands
    assert venv[:3] == [sys.executable, "-m", "venv"]
    assert install[0] == str(python)
    assert install[-1] == str(versions)


def test_an_environment_is_made_once(tmp_path: Path, versions: Path) -> None:
    prepare_environment("peer", versions, tmp_path, FakeRun())
    again = FakeRun()
    prepare_environment("peer", versions, tmp_path, again)
    assert again.commands == []


def test_other_versions_make_the_environment_anew(tmp_path: Path, versions: Path) -> None:
    prepare_environment("peer", versions, tmp_path, FakeRun())
    leftover = tmp_path / "peer" / "old"
    leftover.touch()
    versions.write_text("torch==2\n")
    again = FakeRun()
    prepare_environment("peer", versions, tmp_path, again)
    assert len(again.commands) == 2
    assert not leftover.exists()


def test_an_environment_whose_making_was_cut_off_is_made_anew(tmp_path: Path, versions: Path) -> None:
    with pytest.raises(ExportError, match="cut off"):
        prepare_environment("peer", versions, tmp_path, FakeRun(fail_at="pip"))
    again = FakeRun()
    prepare_environment("peer", versions, tmp_path, again)
    assert len(again.commands) == 2


def test_parts_with_their_borders_elsewhere_have_another_hash() -> None:
    assert hash_parts(b"ab", b"c") != hash_parts(b"a", b"bc")


def test_a_command_that_fails_says_its_status_and_its_last_line() -> None:
    script = "import sys; sys.exit('the disk is full')"
    with pytest.raises(ExportError, match="status 1: the disk is full"):
        run_command([sys.executable, "-c", script])


def test_a_command_gets_the_environment_that_is_handed_in_and_nothing_else() -> None:
    script = "import os; assert os.environ['A'] == '1' and 'HOME' not in os.environ"
    run_command([sys.executable, "-c", script], {"A": "1"})
