"""The same of the commands: `index backup`, `index restore` and `server keys`, in the child's own process."""

import contextlib
import io
from collections.abc import Callable, Sequence
from pathlib import Path

from index.__main__ import main
from index.commands.errors import CommandError
from server.access import key_commands
from server.access.key import ID_BYTES
from tests.index.faults.acts import COPIED, Act
from tests.index.faults.life import Life
from tests.index.torture.operations import DEFAULT, Operation

BACKUP, KEYS = "backup", "keys.json"
FIRST = "00" * ID_BYTES  # of the key that is there


def index_command(name: str, *arguments: str | Path) -> None:
    """Run a command of the index; raise CommandError with what it says where it ends with an error."""
    said = io.StringIO()
    with contextlib.redirect_stderr(said), contextlib.redirect_stdout(io.StringIO()):
        status = main([name, *map(str, arguments)])
    if status:
        raise CommandError(said.getvalue().strip())


def back_up(life: Life) -> None:
    life.arm()
    life.attempt(Operation("backup", ""), lambda: index_command("backup", life.folder / COPIED, "--data", life.data))


def restore(*options: str) -> Callable[[Life], None]:
    def act(life: Life) -> None:
        life.arm()
        command = ("restore", life.folder / BACKUP, "--data", life.data, *options)
        life.attempt(Operation("restore", DEFAULT), lambda: index_command(*map(str, command)))

    return act


def keys(kind: str, *arguments: str) -> Callable[[Life], None]:
    def act(life: Life) -> None:
        life.arm()
        life.attempt(Operation(kind, ""), lambda: key_command(life, (kind.removeprefix("keys "), *arguments)))

    return act


def key_command(life: Life, arguments: Sequence[str]) -> None:
    with contextlib.redirect_stderr(io.StringIO()), contextlib.redirect_stdout(io.StringIO()):
        key_commands.run([*arguments, "--keys", str(life.folder / KEYS)], life.folder / KEYS)


OF_COMMANDS = {
    "index backup": Act(back_up),
    "index backup with a log": Act(back_up, "killed"),
    "index restore": Act(restore("--replace"), "restored"),
    "index restore over a log": Act(restore("--replace"), "restored over a log"),
    "index restore anew": Act(restore(), "restored anew"),
    "keys add": Act(keys("keys add", "second"), "keys", ""),
    "keys add anew": Act(keys("keys add", "second"), "empty", ""),
    "keys revoke": Act(keys("keys revoke", FIRST), "keys", ""),
    "keys rotate": Act(keys("keys rotate", "first"), "keys", ""),
}
