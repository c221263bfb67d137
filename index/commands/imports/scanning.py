"""Walks a source: which files there are to import, and what of it cannot be seen. Reads no file."""

import os
import stat
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import msgspec

from index.commands.imports.given import Source, is_hidden, is_text
from index.sources.forms import form_of

Scandir = Callable[[str], AbstractContextManager[Iterator["os.DirEntry[str]"]]]


class Found(msgspec.Struct, frozen=True):
    """A file of a form that is read; `relative` is its path from the source, a file's own name where that is one."""

    path: str
    relative: str
    form: str
    size_bytes: int
    modified_ns: int
    changed_ns: int = 0  # when the content or the permissions changed


class Bad(msgspec.Struct, frozen=True):
    """A path relative to the source that cannot be imported, and why."""

    relative: str
    reason: str


class Scan(msgspec.Struct, frozen=True):
    """What a source holds, sorted by path.

    `passed_over` counts files of other kinds. `unseen` are folders that cannot be read, `bad` files that are there and
    cannot be imported; `folders` are all that were read, `empty` those of them with nothing in them but hidden files.
    """

    files: tuple[Found, ...] = ()
    passed_over: int = 0
    unseen: tuple[Bad, ...] = ()
    bad: tuple[Bad, ...] = ()
    folders: frozenset[str] = frozenset()
    empty: frozenset[str] = frozenset()


def scan(source: Source, scandir: Scandir = os.scandir) -> Scan | None:
    """Return what a source holds, None where it is not there."""
    try:
        found = Path(source.path).stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError as error:
        return Scan(unseen=(Bad("", reason_of(error)),))
    if stat.S_ISDIR(found.st_mode):
        return Walk(source.path, scandir).scan()
    name = Path(source.path).name
    form = source.form or form_of(Path(source.path))
    if form is None:
        return Scan(bad=(Bad(name, "its ending is none of those that are imported; `import --help` lists them"),))
    if not stat.S_ISREG(found.st_mode):
        return Scan(bad=(Bad(name, "is no regular file"),))
    return Scan((Found(source.path, name, form, found.st_size, found.st_mtime_ns, found.st_ctime_ns),))


class Walk:
    """One walk through a folder. Links to folders are not followed, so it ends; links to files are."""

    def __init__(self, root: str, scandir: Scandir) -> None:
        self._root = root
        self._scandir = scandir
        self._files: list[Found] = []
        self._passed_over = 0
        self._unseen: list[Bad] = []
        self._bad: list[Bad] = []
        self._folders: set[str] = set()
        self._empty: set[str] = set()

    def scan(self) -> Scan:
        """Return what there is."""
        ahead = [""]
        while ahead:
            ahead += self._enter(ahead.pop())
        return Scan(
            tuple(sorted(self._files, key=lambda one: one.relative)),
            self._passed_over,
            tuple(sorted(self._unseen, key=lambda one: one.relative)),
            tuple(sorted(self._bad, key=lambda one: one.relative)),
            frozenset(self._folders),
            frozenset(self._empty),
        )

    def _enter(self, folder: str) -> list[str]:
        """Note a folder's files, and return its folders."""
        try:
            with self._scandir(str(Path(self._root, folder))) as entries:
                seen = [entry for entry in entries if not is_hidden(entry.name)]
        except (FileNotFoundError, NotADirectoryError) as error:
            if not folder:  # the source itself, which was there: nothing is known of it
                self._unseen.append(Bad(folder, reason_of(error)))
            return []
        except OSError as error:
            self._unseen.append(Bad(folder, reason_of(error)))
            return []
        self._folders.add(folder)
        if not seen:
            self._empty.add(folder)
        inner = []
        for entry in seen:
            relative = f"{folder}/{entry.name}" if folder else entry.name
            try:
                if entry.is_dir(follow_symlinks=False):
                    inner += [relative] if self._is_named_well(relative) else []
                else:
                    self._note(relative, entry)
            except FileNotFoundError:
                pass  # gone meanwhile
            except OSError as error:
                self._bad.append(Bad(relative, reason_of(error)))
        return inner

    def _note(self, relative: str, entry: "os.DirEntry[str]") -> None:
        form = form_of(Path(entry.name))
        if entry.is_symlink() and Path(entry.path).is_dir():
            return
        if form is None:
            self._passed_over += 1
        elif not self._is_named_well(relative):
            return
        elif entry.is_symlink() and not os.path.exists(entry.path):  # noqa: PTH110 - a loop is no error here
            self._bad.append(Bad(relative, "is a link to what is not there"))
        elif not stat.S_ISREG((found := entry.stat()).st_mode):
            self._passed_over += 1
        else:
            self._files.append(Found(entry.path, relative, form, found.st_size, found.st_mtime_ns, found.st_ctime_ns))

    def _is_named_well(self, relative: str) -> bool:
        if is_text(relative):
            return True
        self._bad.append(Bad(relative, "its name is not UTF-8, as an id has to be; rename it"))
        return False


def reason_of(error: OSError) -> str:
    """Return what the system says is wrong with a path."""
    return f"cannot be read: {error.strerror or error}"
