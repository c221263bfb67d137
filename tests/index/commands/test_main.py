"""The command line itself: what there is, and how it ends."""

import argparse
import importlib
import re
import shlex
import subprocess
from pathlib import Path

import pytest

from index.__main__ import COMMANDS
from tests.index.commands.running import command, run


def test_no_command_and_an_unknown_one_show_what_there_is(capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in ((), ("mend",)):
        assert run(*arguments) == 2
        error = capsys.readouterr().err
        assert all(f"  {name} " in error for name in COMMANDS)
    assert run("--help") == 0
    assert "doctor" in capsys.readouterr().out


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself(name: str, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(name, "--help") == 0
    assert f"`{name}`" in capsys.readouterr().out
    assert run(name, "--nonsense") == 2


def test_the_command_line_starts_in_a_process_of_its_own() -> None:
    ended = subprocess.run(command("doctor", ":memory:"), check=False, capture_output=True, text=True, timeout=60)
    assert ended.returncode == 1
    assert ended.stderr.startswith("python -m index doctor: :memory: is not on the disk")


PAGE = (Path(__file__).parents[3] / "docs" / "index.md").read_text("utf-8")


def test_every_command_of_the_page_for_users_is_one() -> None:
    found = re.findall(r"^python -m index (\S+) ?(.*?)(?: \|.*)?$", PAGE, re.MULTILINE)
    assert {name for name, _ in found} == set(COMMANDS)
    for name, arguments in found:
        parser = argparse.ArgumentParser()
        importlib.import_module(f"index.commands.{COMMANDS[name][0]}").add_arguments(parser)
        assert parser.parse_args(shlex.split(arguments))
