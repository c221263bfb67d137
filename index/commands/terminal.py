"""Output of the commands: answers on stdout, all else on stderr, progress bars only where stderr is a terminal."""

import os
import sys
from pathlib import Path
from typing import Never

from tqdm import tqdm


class Terminal:
    """Handed to every command, so that a test can hand in its own."""

    def answer(self, line: str) -> None:
        """Print a line of the answer on stdout, at once."""
        tqdm.write(line.encode("utf-8", "backslashreplace").decode(), file=sys.stdout)
        sys.stdout.flush()

    def say(self, line: str) -> None:
        """Print a remark on stderr, above a progress bar that may be there."""
        tqdm.write(plain(line), file=sys.stderr)

    def ask(self, question: str) -> bool | None:
        """Return whether the answer is yes; None where nobody can be asked, since this is no terminal."""
        if sys.stdin is None or not (sys.stdin.isatty() and sys.stderr.isatty()):
            return None
        sys.stderr.write(f"{plain(question)} [y/N] ")
        sys.stderr.flush()
        return sys.stdin.readline().strip().lower() in {"y", "yes"}

    def has_styles(self) -> bool:
        """Say whether answers may be in bold: on a terminal, unless NO_COLOR is set (no-color.org)."""
        return sys.stdout.isatty() and not os.environ.get("NO_COLOR")

    def bar(self, what: str, total: int | None, unit: str = " documents", done: int = 0) -> "tqdm[Never]":
        """Return a bar, which is silent where there is no terminal; close it when done."""
        return tqdm(
            desc=what, total=total, initial=done, unit=unit, unit_scale=True, file=sys.stderr, disable=None, leave=False
        )


def counted(number: int, noun: str) -> str:
    """Return a number and its noun, in the plural where there is not one."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def shown(path: Path) -> str:
    """Return a path as text that can be encoded, whatever its bytes are."""
    return os.fsencode(path).decode("utf-8", "backslashreplace")


def plain(text: str) -> str:
    """Return text of any origin as one line that cannot steer a terminal."""
    return "".join(letter if letter.isprintable() else repr(letter)[1:-1] for letter in text)
