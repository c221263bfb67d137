"""The front door: what it loads and when, so that the command line is quick and nothing is imported late."""

import subprocess
import sys

import pytest

import index
from index import public

HEAVY = {"apsw", "numkong", "numpy", "tqdm", "usearch"}


def loaded_after(code: str) -> set[str]:
    """Run code in a process of its own, and return which of the heavy packages it has loaded."""
    told = f"{code}\nimport sys\nprint('loaded', *{HEAVY!r} & set(sys.modules))"
    ended = subprocess.run([sys.executable, "-c", told], check=True, capture_output=True, text=True, timeout=60)
    return set(ended.stdout.splitlines()[-1].split()[1:])


def test_help_loads_nothing_heavy() -> None:
    assert loaded_after("from index.__main__ import main; main(['--help'])") == set()


@pytest.mark.parametrize("module", ["importing", "reindex"])
def test_clients_of_a_server_load_nothing_of_the_index(module: str) -> None:
    assert loaded_after(f"import index.commands.{module}") == {"tqdm"}


@pytest.mark.parametrize("module", ["doctor", "stats", "backup", "restore", "export"])
def test_commands_on_a_folder_load_no_graph(module: str) -> None:
    assert not loaded_after(f"import index.commands.{module}") & {"usearch", "numkong"}


def test_the_first_name_loads_everything() -> None:
    assert loaded_after("import index") == set()
    assert loaded_after("from index import IndexRoomError") == HEAVY


@pytest.mark.parametrize("name", public.__all__)
def test_every_public_name_is_at_the_front_door(name: str) -> None:
    assert getattr(index, name) is getattr(public, name)


def test_other_names_are_not() -> None:
    with pytest.raises(AttributeError, match="Nothing"):
        _ = index.Nothing  # type: ignore[attr-defined]
