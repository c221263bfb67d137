"""Has a pass follow each change in the sources, until SIGINT or SIGTERM. Loaded where `--watch` asks for it."""

import stat
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from pathlib import Path

import msgspec
import watchfiles

from index.commands.errors import AwayError, CommandError
from index.commands.imports.given import Source, is_hidden
from index.commands.terminal import Terminal

DEBOUNCE_MS, LOOK_MS = 400, 500  # changes are gathered for so long; sources are looked at so often
RETRY_S = 10.0
Pass = Callable[[Sequence[Source]], None]


def watch(sources: Sequence[Source], import_all: Pass, terminal: Terminal) -> None:
    """Make a pass over all sources, then one over each that changes. Ends by KeyboardInterrupt alone.

    Where the server is away the pass is made again after RETRY_S, or at the next change.

    Raises:
        CommandError: no source is there to begin with, the system does not let them be watched, or the server refuses
            what no waiting mends.
    """
    if not any(Path(source.path).exists() for source in sources):
        message = f"there is nothing to watch: {', '.join(source.given for source in sources)}"
        raise CommandError(message)
    Watch(sources, import_all, terminal).go_on()


class Watch:
    """The sources that wait for a pass, since when the server is away, and what the sources themselves were last."""

    def __init__(self, sources: Sequence[Source], import_all: Pass, terminal: Terminal) -> None:
        self._sources = sources
        self._import_all = import_all
        self._terminal = terminal
        self._waiting: set[str] = set()
        self._again_s = 0.0
        self._states: dict[str, State | None] = {}

    def go_on(self) -> None:
        """Watch until interrupted; begin anew where a folder has come, gone, or been exchanged for another."""
        while True:
            self._waiting = {source.path for source in self._sources}
            self._states = self._look()
            self._follow([path for path, state in self._states.items() if state is not None and state.is_folder])

    def _follow(self, folders: Sequence[str]) -> None:
        for changed in changes_in(folders):
            before, self._states = self._states, self._look()
            moved = {path for path, state in self._states.items() if state != before[path]}
            touched = touched_by(changed, self._sources) | moved
            self._waiting |= touched
            if self._waiting and (touched or time.monotonic() >= self._again_s):
                self._make_pass()
            if any(is_folder(before[path]) or is_folder(self._states[path]) for path in moved):
                return

    def _look(self) -> dict[str, "State | None"]:
        return {source.path: state_of(source.path) for source in self._sources}

    def _make_pass(self) -> None:
        try:
            self._import_all([source for source in self._sources if source.path in self._waiting])
        except AwayError as error:
            self._terminal.say(f"{error.what}. Watching goes on: again at the next change, or in {RETRY_S:.0f} s")
            self._again_s = time.monotonic() + RETRY_S
        else:
            self._waiting.clear()


class State(msgspec.Struct, frozen=True):
    """What tells a named file from what it was, or a folder from another in its place."""

    device: int
    inode: int
    is_folder: bool
    size_bytes: int = 0
    modified_ns: int = 0


def state_of(path: str) -> State | None:
    """Return the state of what is named, None where nothing is."""
    try:
        found = Path(path).stat()
    except OSError:
        return None
    if stat.S_ISDIR(found.st_mode):
        return State(found.st_dev, found.st_ino, is_folder=True)
    return State(found.st_dev, found.st_ino, False, found.st_size, found.st_mtime_ns)


def is_folder(state: State | None) -> bool:
    return state is not None and state.is_folder


def changes_in(folders: Sequence[str]) -> Iterator[list[str]]:
    """Yield the paths that have changed, and every LOOK_MS none; ends where a folder vanishes before it is watched.

    Named files are looked at instead: an editor puts another file in their place, which the system does not tell.

    Raises:
        CommandError: the system does not let the folders be watched.
    """
    try:
        for changes in watchfiles.watch(
            *folders, watch_filter=None, debounce=DEBOUNCE_MS, rust_timeout=LOOK_MS, yield_on_timeout=True
        ):
            yield [path for _, path in changes]
    except FileNotFoundError:
        return
    except OSError as error:
        message = (
            f"the system does not let this be watched ({error}); where that is a limit, sysctl "
            "fs.inotify.max_user_watches sets it. Without --watch the same command imports once"
        )
        raise CommandError(message) from error


def touched_by(changed: Iterable[str], sources: Iterable[Source]) -> set[str]:
    """Return the sources in which something changed that is not hidden."""
    paths = [Path(path) for path in changed]
    return {
        source.path
        for source in sources
        for path in paths
        if path.is_relative_to(source.path) and not any(map(is_hidden, path.relative_to(source.path).parts))
    }
