"""The real daemon, telling what is imported: `python -m tests.server.importing FILE` and the daemon's own flags.

FILE gets a line for each module that is looked for once the daemon's own are imported: the thread's name, and its.
"""

import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import ModuleType

from server.__main__ import run
from server.serving import serve
from server.settings import read_settings


class Watch:
    """A finder of modules that finds none, and writes down which were looked for."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def find_spec(self, name: str, path: Sequence[str] | None = None, target: ModuleType | None = None) -> None:
        with self._file.open("a", encoding="utf-8") as out:
            out.write(f"{threading.current_thread().name} {name}\n")


def main(arguments: Sequence[str]) -> None:
    sys.meta_path.insert(0, Watch(Path(arguments[0])))
    serve(read_settings(arguments[1:]))


if __name__ == "__main__":
    run(lambda: main(sys.argv[1:]))
