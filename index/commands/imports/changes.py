"""Reads the files of a source that may differ from what the server knows; yields what is to be sent."""

import hashlib
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import msgspec

from index.commands.imports.documents import OURS, document_of, id_of, renamed, row_hash
from index.commands.imports.given import Source
from index.commands.imports.known import Known
from index.commands.imports.memory import Memory
from index.commands.imports.pruning import Here
from index.commands.imports.scanning import Found, reason_of
from index.commands.imports.tally import Tally
from index.commands.lines import MAX_LINE_BYTES, Line
from index.errors import DocumentError
from index.sources.forms import one_text
from index.sources.reader import read
from index.sources.records import BadRow, Reading, Record, SourceError

MAX_FILE_BYTES = 256 << 20  # of a file that is one text, which is read whole
CHANGES = "changes while it is read; import it again when it is whole"
ATTEMPTS = 2
HOPELESS_ROWS = 1_000
Reader = Callable[[Path, str, Reading], Iterator[Record | BadRow]]


class Change(Line, frozen=True, kw_only=True):
    """A document to send. `label` names where it comes from, `is_new` says that the server has none of this id."""

    label: str
    path: str
    is_new: bool


class Outlet(msgspec.Struct, frozen=True):
    """Where what is found is told: a bad file or row by its label, which may be no news; a field that is renamed.

    `holder` names the other source of this command that has a document of an id.
    """

    refuse: Callable[[str, str], bool]
    rename: Callable[[str], None]
    holder: Callable[[str], str | None] = lambda _: None


class Changes:
    """Compares files with what is known. Notes in `here` what there is, in `memory` what was read, and counts."""

    def __init__(self, source: Source, known: Known, reading: Reading, outlet: Outlet, reader: Reader = read) -> None:
        self._source = source
        self._known = known
        self._reading = reading
        self._outlet = outlet
        self._read = reader
        self.here, self.tally = Here(), Tally()
        self.memory = Memory()

    def of(self, files: Iterable[Found], before: Memory) -> Iterator[Change]:
        """Yield the documents to send; files that are as `before` are not read."""
        for file in files:
            if before.has(file, self._known.count(file.relative)):
                self.here.stay.add(file.relative)
                self.tally.unchanged += self._known.count(file.relative)
                self.memory.keep(file, before)
                continue
            try:
                yield from self._of_text(file) if one_text(file.form) else self._of_table(file)
            except (FileNotFoundError, NotADirectoryError):
                pass  # gone meanwhile
            except OSError as error:
                self._refuse_file(file, reason_of(error))
            except SourceError as error:
                if Path(file.path).exists():
                    self._refuse_file(file, str(error))

    def ids(self) -> set[str]:
        """Return the ids of documents that are there, or whose files were not read."""
        return self.here.seen | self._known.of(self.here.stay)

    def refuse(self, path: str, label: str, reason: str) -> None:
        """Note a bad file or row: it is told, and the documents of its file stay."""
        self.here.stay.add(path)
        self.tally.refused += self._outlet.refuse(label, reason)

    def _refuse_file(self, file: Found, reason: str) -> None:
        self.memory.note_bad(file)
        self.refuse(file.relative, self._source.label(file.relative), reason)

    def _of_text(self, file: Found) -> Iterator[Change]:
        if file.size_bytes > MAX_FILE_BYTES:
            message = f"is larger than {MAX_FILE_BYTES >> 20} MB; split it"
            raise SourceError(message)
        hash_ = hash_of(file)
        if self._known.is_same(file.path, hash_, file.relative):
            self.here.seen.add(file.path)
            self.tally.unchanged += 1
            self.memory.note(file, 1)
            return
        for _ in range(ATTEMPTS):
            records = list(self._read(Path(file.path), file.form, self._reading))
            before, hash_ = hash_, hash_of(file)
            if hash_ == before:
                yield from self._of_records(file, records, hash_)
                return
        raise SourceError(CHANGES)

    def _of_table(self, file: Found) -> Iterator[Change]:
        yield from self._of_records(file, self._read(Path(file.path), file.form, self._reading), None)
        now = Path(file.path).stat()
        if (now.st_size, now.st_mtime_ns) != (file.size_bytes, file.modified_ns):
            raise SourceError(CHANGES)

    def _of_records(self, file: Found, records: Iterable[Record | BadRow], hash_: str | None) -> Iterator[Change]:
        documents = bad = 0
        for one in records:
            label = self._label(file, one.number)
            if isinstance(one, BadRow):
                self.refuse(file.relative, label, one.reason)
                bad += 1
                if bad == HOPELESS_ROWS and not documents:
                    message = f"its first {bad:,} rows are bad, all of them; is this a file of documents?"
                    raise SourceError(message)
                continue
            documents += 1
            try:
                change = self._of_record(file, one, hash_, label)
            except DocumentError as error:
                self.refuse(file.relative, label, str(error))
                bad += 1
                continue
            if change is None:
                self.tally.unchanged += 1
            else:
                yield change
        if hash_ is not None and not documents:  # nothing to say is no reason to forget what it said
            self.here.stay.add(file.relative)
        self.here.read.add(file.relative)
        self.memory.note(file, 0 if bad else documents)

    def _of_record(self, file: Found, record: Record, hash_: str | None, label: str) -> Change | None:
        """Return what to send, None where the server has it. Raises DocumentError."""
        id_ = id_of(record, file)
        hash_ = row_hash(record, id_) if hash_ is None else hash_
        if id_ in self.here.seen:
            message = f"its id {id_!r} is that of another document of this source"
            raise DocumentError(message)
        if (holder := self._outlet.holder(id_)) is not None:
            message = f"its id {id_!r} is that of a document of {holder}, whose place it would take"
            raise DocumentError(message)
        self.here.seen.add(id_)
        if self._known.is_same(id_, hash_, file.relative):
            return None
        for name in record.metadata:
            if renamed(name) != name and name in OURS:
                self._outlet.rename(name)
        content = document_of(record, id_, self._source.path, file, hash_)
        if len(content) > MAX_LINE_BYTES:
            message = f"is a document of {len(content):,} bytes, and a server takes {MAX_LINE_BYTES:,}; split it"
            raise DocumentError(message)
        number = record.number or 1
        return Change(number, content, label=label, path=file.relative, is_new=not self._known.has(id_))

    def _label(self, file: Found, number: int | None) -> str:
        label = self._source.label(file.relative)
        return label if number is None else f"{label}, row {number}"


def hash_of(file: Found) -> str:
    """Return the SHA-256 of a file's bytes. Raises OSError."""
    with Path(file.path).open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()
