"""What the command line names: files and folders, each a source of documents."""

import os
from collections.abc import Sequence
from pathlib import Path

import msgspec

from index.commands.errors import CommandError
from index.commands.terminal import shown
from index.sources.forms import form_of


class Source(msgspec.Struct, frozen=True):
    """A file or a folder: as it was `given`, and its absolute path, which its documents have as `source`.

    `form` is that of a file whose name does not say it.
    """

    given: str
    path: str
    form: str | None = None

    def label(self, relative: str) -> str:
        """Return the name of a file, by its path relative to the source, as it is shown."""
        named = Path(self.path)
        is_file = named.exists() and not named.is_dir()
        return shown(Path(self.given) if is_file else Path(self.given, relative))


def sources_of(given: Sequence[str], form: str | None) -> list[Source]:
    """Return the sources in the order they were given, each once, and none that lies inside another.

    Raises:
        CommandError: one has no name, or one that is no text in UTF-8, which metadata need.
    """
    found: dict[str, Source] = {}
    for one in given:
        if not one:
            message = "a path is empty; name files or folders, . is this folder"
            raise CommandError(message)
        path = os.path.abspath(one)  # noqa: PTH100 - links stay, `..` goes: what pathlib does not do
        if not is_text(path):
            message = f"{shown(Path(path))} is not UTF-8, as the path of a source has to be; rename it"
            raise CommandError(message)
        found.setdefault(path, Source(one, path, form))
    return [source for source in found.values() if not any(covers(other, source.path) for other in found)]


def covers(folder: str, path: str) -> bool:
    """Say whether a walk through a folder comes to a path below it."""
    inner = Path(path)
    if path == folder or not inner.is_relative_to(folder):
        return False
    parts = inner.relative_to(folder).parts
    steps = [Path(folder, *parts[: end + 1]) for end in range(len(parts))]
    folders = steps if inner.is_dir() else steps[:-1]
    if any(map(is_hidden, parts)) or any(step.is_symlink() for step in folders):
        return False
    return inner.is_dir() or (inner.is_file() and form_of(inner) is not None)


def is_hidden(name: str) -> bool:
    """Say whether a file is passed over for its name: hidden, or a lock beside an open document."""
    return name.startswith((".", "~$"))


def is_text(name: str) -> bool:
    """Say whether a name is UTF-8, so that JSON can hold it."""
    try:
        name.encode()
    except UnicodeEncodeError:
        return False
    return True
