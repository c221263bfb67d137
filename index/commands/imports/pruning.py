"""Which documents of a source are to be deleted, since what they came from is gone, and which must not be. Pure."""

import os
from collections import Counter
from collections.abc import Callable
from pathlib import PurePosixPath

import msgspec

from index.commands.imports.given import Source
from index.commands.imports.known import Known
from index.commands.imports.scanning import Scan
from index.commands.terminal import counted


class Gone(msgspec.Struct, frozen=True):
    """The ids of documents to delete, and why others stay though their files are not seen."""

    ids: tuple[str, ...] = ()
    refusals: tuple[str, ...] = ()


class Here(msgspec.Struct):
    """What a pass found: ids of documents, paths of files that were read whole, and of files whose documents stay."""

    seen: set[str] = msgspec.field(default_factory=set)
    read: set[str] = msgspec.field(default_factory=set)
    stay: set[str] = msgspec.field(default_factory=set)


def gone(
    source: Source,
    scan: Scan,
    known: Known,
    here: Here,
    exists: Callable[[str], bool] = os.path.lexists,
) -> Gone:
    """Decide about every document that was not seen.

    Where a folder cannot be read, or nothing is found at all, nothing is deleted: a disk may be away.
    """
    left = [(id_, path) for id_, path in known.others(here.seen) if path not in here.stay]
    left = [(id_, path) for id_, path in left if path in here.read or not exists(f"{source.path}/{path}")]
    if not left:
        return Gone()
    if scan.unseen:
        first = scan.unseen[0]
        return Gone((), (f"{source.label(first.relative)} {first.reason}, so nothing of {source.given} is deleted",))
    if not scan.files and not scan.bad:
        came = f"{counted(len(left), 'document')} came from it"
        return Gone((), (f"{source.given} has no file to import, though {came}; nothing is deleted: is it mounted?",))
    holders = [(id_, empty_above(path, scan)) for id_, path in left]
    counts = Counter(folder for _, folder in holders if folder is not None)
    refusals = tuple(
        f"{source.label(folder)} is empty, though {counted(count, 'document')} came from it; nothing of it is deleted: "
        "is it mounted? Remove the folder if they shall go"
        for folder, count in sorted(counts.items())
    )
    return Gone(tuple(id_ for id_, folder in holders if folder is None), refusals)


def empty_above(path: str, scan: Scan) -> str | None:
    """Return the nearest folder above a path that is there, if that is empty; the source itself is none."""
    for parent in PurePosixPath(path).parents:
        folder = str(parent)
        if folder in scan.folders:
            return folder if folder in scan.empty else None
    return None
