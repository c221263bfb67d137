"""One pass over a source: what differs is sent, what is gone is deleted where that is wanted."""

from collections.abc import Iterable, Iterator, Sequence
from functools import partial
from typing import TypeVar

import msgspec

from index.commands.client import Client
from index.commands.imports.changes import Change, Changes, Outlet
from index.commands.imports.given import Source
from index.commands.imports.known import Known, known_of
from index.commands.imports.memory import Memory
from index.commands.imports.pruning import gone
from index.commands.imports.scanning import Found, Scan, scan
from index.commands.imports.tally import Tally
from index.commands.lines import Refused, pieces
from index.commands.resuming import Progress
from index.commands.sending import Sender
from index.commands.terminal import Terminal, counted, plain
from index.sources.records import Reading

FILES = " files"


class Wanted(msgspec.Struct, frozen=True):
    """What is to be done: `prune` deletes what is gone, without asking where `yes`; `dry_run` only tells.

    `watching` passes over what was said before.
    """

    reading: Reading
    prune: bool = False
    yes: bool = False
    dry_run: bool = False
    watching: bool = False


class Importer:
    """Makes passes over sources, and remembers between them what it has read, what was renamed, and the tally."""

    def __init__(self, client: Client, terminal: Terminal, wanted: Wanted) -> None:
        self._client = client
        self._terminal = terminal
        self._wanted = wanted
        self._memories: dict[str, Memory] = {}
        self._tallies: dict[str, Tally] = {}
        self._renamed: set[str] = set()
        self._told: dict[str, set[str]] = {}
        self._before: set[str] = set()
        self._now: set[str] = set()
        self._ids: dict[str, set[str]] = {}

    def all_of(self, sources: Iterable[Source]) -> Tally:
        """Make a pass over each source. Raises CommandError where the server does not take it."""
        tally = Tally()
        for source in sources:
            tally.add(self.import_source(source))
        return tally

    def import_source(self, source: Source) -> Tally:
        """Make a pass over one source, and return what came of it."""
        self._before, self._now = self._told.get(source.path, set()), set()
        self._told[source.path] = self._now
        found = scan(source)
        if found is None:
            stays = "; nothing of it is deleted" if self._wanted.prune else ""
            missing = Tally(refused=self._refuse(source.label(""), f"is not there{stays}"))
            self._tallies.setdefault(source.path, Tally()).follow(missing)
            return missing
        known = self._known(source)
        outlet = Outlet(self._refuse, self._rename, partial(self._holder, source))
        changes = Changes(source, known, self._wanted.reading, outlet)
        changes.tally.passed_over = found.passed_over
        try:
            self._tell_bad(source, found, changes)
            self._deliver(found, changes, self._memories.get(source.path, Memory()))
            self._prune(source, found, known, changes)
        finally:  # what was done is done, however it ended
            self._tallies.setdefault(source.path, Tally()).follow(changes.tally)
        self._memories[source.path], self._ids[source.path] = changes.memory, changes.ids()
        return changes.tally

    @property
    def total(self) -> Tally:
        """What came of all passes: files and documents that stay as they are count as in the last over their source."""
        tally = Tally()
        for one in self._tallies.values():
            tally.add(one)
        return tally

    def _holder(self, source: Source, id_: str) -> str | None:
        """Return the path of another source that has a document of this id."""
        return next((path for path, ids in self._ids.items() if path != source.path and id_ in ids), None)

    def _known(self, source: Source) -> Known:
        if self._wanted.dry_run and not self._client.is_there():
            return Known()
        return known_of(self._client, source.path)

    def _tell_bad(self, source: Source, found: Scan, changes: Changes) -> None:
        for bad in (*found.unseen, *found.bad):
            changes.refuse(bad.relative, source.label(bad.relative), bad.reason)

    def _deliver(self, found: Scan, changes: Changes, before: Memory) -> None:
        """Send what differs, a piece at a time; print how far it came where it is interrupted."""
        tally, read = changes.tally, 0

        def counting(files: Sequence[Found]) -> Iterator[Found]:
            nonlocal read
            for file in files:
                yield file
                read += 1
                bar.update()

        def tell(change: Change, why: Refused) -> None:
            tally.new, tally.changed = tally.new - change.is_new, tally.changed - (not change.is_new)
            changes.memory.lessen(change.path)
            changes.refuse(change.path, change.label, why.detail)

        sender = Sender(self._client, tell, Progress(0, 0))
        try:
            with self._terminal.bar("import", len(found.files), FILES) as bar:
                for piece in pieces(changes.of(counting(found.files), before)):
                    if self._wanted.dry_run:
                        self._show(piece)
                    else:
                        sender.send(piece)
                    new = sum(change.is_new for change in piece)
                    tally.new, tally.changed = tally.new + new, tally.changed + len(piece) - new
        except BaseException:  # whatever it was, how far it came matters
            sent = counted(max(0, tally.new) + max(0, tally.changed), "document")
            files = f"{read:,} of {counted(len(found.files), 'file')}"
            self._terminal.say(f"stopped after {files}, with {sent} sent; the same command does the rest")
            raise
        tally.cut = sender.truncated

    def _show(self, piece: Sequence[Change]) -> None:
        for change in piece:
            self._terminal.answer(f"{'new' if change.is_new else 'changed'}: {plain(change.label)}")

    def _prune(self, source: Source, found: Scan, known: Known, changes: Changes) -> None:
        tally = changes.tally
        left = gone(source, found, known, changes.here)
        what = f"{counted(len(left.ids), 'document')} of {source.path}"
        if not self._wanted.prune:
            if left.ids and not self._wanted.watching:
                self._terminal.say(f"{what} came from what is gone; --prune deletes them")
            return
        for refusal in filter(self._is_news, left.refusals):
            self._terminal.say(refusal)
            tally.unpruned = True
        if not left.ids:
            return
        if self._wanted.dry_run:
            for id_ in left.ids:
                self._terminal.answer(f"gone: {plain(id_)}")
        elif not self._wanted.yes:
            agreed = self._terminal.ask(f"delete {what}?")
            if agreed is None:
                self._terminal.say(f"{what} came from what is gone; they stay, unless --yes says to delete them")
                tally.unpruned = True
            if not agreed:
                return
        if self._wanted.dry_run:
            tally.deleted = len(left.ids)
            return
        still = self._known(source)  # another source may have taken an id since, as long as a question may wait
        tally.deleted = self._delete([id_ for id_ in left.ids if still.has(id_)])

    def _delete(self, ids: Sequence[str]) -> int:
        """Delete documents in pieces that the server takes; returns how many there were."""
        deleted = 0
        for piece in pieces_of(ids, self._client.most_ids()):
            reply = self._client.ask("POST", "/index/delete", msgspec.json.encode({"ids": piece}))
            count = reply.body.get("deleted")
            if not isinstance(count, int):
                raise self._client.unlike(reply, "it should say how many documents it deleted")
            deleted += count
        return deleted

    def _refuse(self, label: str, reason: str) -> bool:
        """Tell what is bad, unless the pass before has told it; returns whether it is news."""
        line = f"{plain(label)}: {plain(reason)}"
        if not self._is_news(line):
            return False
        self._terminal.answer(line)
        return True

    def _is_news(self, line: str) -> bool:
        self._now.add(line)
        return line not in self._before

    def _rename(self, name: str) -> None:
        if name not in self._renamed:
            self._renamed.add(name)
            self._terminal.say(f"the field {name} is kept as column_{name}, since import writes its own {name}")


T = TypeVar("T")


def pieces_of(given: Sequence[T], most: int) -> Iterator[Sequence[T]]:
    """Yield a sequence in pieces of at most so many."""
    for start in range(0, len(given), most):
        yield given[start : start + most]
