"""The disk after a power cut: a random one of those that a file system may leave, by its rules.

Names, of what was not synced: a journal keeps them in order up to some moment; POSIX promises none of them, and some
are kept. What a rename does is there, or nothing of it. Bytes, of what was not synced: all, none, some of the calls,
some of the sectors, and where a file grew zeros instead. A sector in its place is old or new.
"""

import random
from collections.abc import Iterator
from pathlib import Path

import msgspec

from index.store.layout import LOCK_FILE
from index.store.lock import present_boot
from tests.index.cuts.past import Change, Naming, Node, Past, perform, walk

NAMES = ("journal", "posix")
BYTES = ("kept", "lost", "reordered", "torn", "zeroed")
SHM = ("absent", "zeroed", "garbage", "as it was")
ALL = "all"  # as if no power had been cut
SECTOR_BYTES = 512
SHM_SUFFIX = "-shm"
ANOTHER_BOOT = b"00000000-0000-4000-8000-000000000000"  # the one before the power came back
OTHERWISE = 0.2  # how likely it is that another rule holds for one of the files


class Rules(msgspec.Struct, frozen=True):
    """What holds for one image; `seed` decides all that is left open."""

    names: str
    bytes_: str
    shm: str
    seed: int

    def __str__(self) -> str:
        return f"names {self.names}, bytes {self.bytes_}, -shm {self.shm}, seed {self.seed}"


def build(past: Past, cut: int, rules: Rules, target: Path) -> None:
    """Write the image of the moment before the record `cut` to a new folder."""
    random_ = random.Random(rules.seed)
    names: dict[int, dict[str, Node]] = {}
    for naming in (*past.base.namings, *surviving_names(past, cut, rules.names, random_)):
        perform(naming, names)
    target.mkdir()
    written: dict[int, Path] = {}
    for path, node in walk(past.base.top, names, target):
        if node.folder:
            path.mkdir()
        elif id(node) in written:
            path.hardlink_to(written[id(node)])
        elif path.name.endswith(SHM_SUFFIX):
            write_shm(path, node, cut, rules.shm, random_)
        else:
            content = surviving_bytes(node, cut, rules.bytes_, random_)
            path.write_bytes(
                content.replace(present_boot().encode(), ANOTHER_BOOT) if path.name == LOCK_FILE else content
            )
            written[id(node)] = path


def surviving_names(past: Past, cut: int, rule: str, random_: random.Random) -> Iterator[Naming]:
    """Yield the changes of names that are on the disk, in their order."""
    begun = [naming for naming in past.namings if naming.position < cut]
    if rule == ALL:
        yield from begun
        return
    if rule == "journal":
        least = max((last_touch(node, sync) for sync, node in past.syncs if sync < cut), default=-1)
        last = random_.choice([least, cut, random_.randint(least, cut)])
        yield from (naming for naming in begun if naming.position <= last)
        return
    kept = random_.choice([0, 0.5, 0.5, 0.8])  # of what was not synced
    for naming in begun:
        if naming.position < naming.folder.synced_before(cut) or random_.random() < kept:
            yield naming


def last_touch(node: Node, sync: int) -> int:
    """The position of the last change of names before a sync that it brings to the disk; all before it go along."""
    return max((position for position in node.touched if position < sync), default=-1)


def surviving_bytes(node: Node, cut: int, rule: str, random_: random.Random) -> bytes:
    """Return a file's content: all that was synced, and of the rest what the rule leaves."""
    content = bytearray(node.content)
    synced = node.synced_before(cut)
    if rule != ALL and random_.random() < OTHERWISE:
        rule = random_.choice(BYTES)
    share = random_.choice([0.1, 0.5, 0.9])
    durable_bytes: int | None = None
    for change in node.changes:
        if change.position >= cut:
            break
        if change.position < synced:
            overwrite(content, change)
            continue
        durable_bytes = len(content) if durable_bytes is None else durable_bytes
        for part in surviving_parts(change, rule, durable_bytes, share, random_):
            overwrite(content, part)
    return bytes(content)


def surviving_parts(
    change: Change, rule: str, durable_bytes: int, share: float, random_: random.Random
) -> Iterator[Change]:
    """Yield what is left of one change that was not synced, of a file of which so much was on the disk."""
    if rule in {ALL, "kept"}:
        yield change
    elif rule == "reordered" or (change.data is None and rule != "lost"):
        if random_.random() < share:
            yield change
    elif rule in {"torn", "zeroed"}:
        for part in sectors(change):
            if random_.random() < share:
                yield part
            elif rule == "zeroed" and part.offset >= durable_bytes and part.data is not None:
                yield Change(part.position, part.offset, bytes(len(part.data)))


def sectors(change: Change) -> Iterator[Change]:
    assert change.data is not None
    start, data = change.offset, change.data
    while data:
        count = SECTOR_BYTES - start % SECTOR_BYTES
        yield Change(change.position, start, data[:count])
        start, data = start + count, data[count:]


def overwrite(content: bytearray, change: Change) -> None:
    if change.data is None:
        del content[change.offset :]
        content.extend(bytes(change.offset - len(content)))
        return
    content.extend(bytes(max(0, change.offset - len(content))))
    content[change.offset : change.offset + len(change.data)] = change.data


def write_shm(path: Path, node: Node, cut: int, rule: str, random_: random.Random) -> None:
    """Write a log's index, of which nothing is ever synced: any copy may be on the disk, the last ones rather."""
    copies = [content for position, content in node.copies if position < cut]
    last = copies[-1] if copies else bytes(32_768)
    match rule:
        case "zeroed":
            path.write_bytes(bytes(len(last)))
        case "garbage":
            path.write_bytes(random_.randbytes(len(last)))
        case "as it was":
            path.write_bytes(random_.choice([last, last, *copies[-8:]]))
