"""Harm done to the copies of a stopped collection: what may never be trusted, and never costs a document."""

import contextlib
import hashlib
import random
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import apsw
import msgspec

from index.store.layout import DATABASE_FILE, WORDS_FOLDER


class Harm(msgspec.Struct, frozen=True):
    """What was harmed; `needed` names the file that the next start is bound to look at first, if it was harmed."""

    files: tuple[str, ...]
    needed: str | None


@contextlib.contextmanager
def read_copy(home: Path) -> Iterator[apsw.Connection]:
    """Read a database without touching it: its write-ahead log is for the next start to recover."""
    with tempfile.TemporaryDirectory() as name:
        for file in home.glob(f"{DATABASE_FILE}*"):
            if not file.name.endswith("-shm"):
                shutil.copy(file, name)
        connection = apsw.Connection(str(Path(name) / DATABASE_FILE))
        try:
            yield connection
        finally:
            connection.close()


def harm(home: Path, random_: random.Random) -> Harm:
    """Flip a bit of snapshots, cut them off, put another's content in, or remove them."""
    if not (home / DATABASE_FILE).exists():
        return Harm((), None)
    with read_copy(home) as connection:
        tables = connection.execute("SELECT count(*) FROM sqlite_master WHERE name = 'snapshots'").fetchone()
        query = "SELECT file, sha256 FROM snapshots ORDER BY number DESC"
        named = connection.execute(query).fetchall() if tables == (1,) else []
    present = [(str(name), str(digest)) for name, digest in named if (home / str(name)).exists()]
    if not present:
        return Harm((), None)
    victims = random_.choice([present[:1], present[:1], present[-1:], present])
    for name, _ in victims:
        harm_file(home / name, home / present[-1][0], random_)
    harmed = tuple(name for name, digest in victims if digest_of(home / name) != digest)
    return Harm(harmed, present[0][0] if present[0] == tuple(named[0]) and present[0][0] in harmed else None)


def harm_words(home: Path, random_: random.Random) -> bool:
    """Do the same to a file of the words' index, or remove all of it; return whether there was one.

    Another file's content in its place has a checksum that is right, and is not among what is promised.
    """
    files = sorted(path for path in home.glob(f"{WORDS_FOLDER}*/*.*") if path.suffix not in {".json", ".lock"})
    if not files:
        return False
    if random_.random() < 0.2:
        shutil.rmtree(files[0].parent)
    else:
        victim = random_.choice(files)
        harm_file(victim, victim, random_)
    return True


def harm_file(victim: Path, other: Path, random_: random.Random) -> None:
    content = bytearray(victim.read_bytes())
    match random_.randrange(5) if content else 3:
        case 0:
            content[random_.randrange(len(content))] ^= 1 << random_.randrange(8)
            victim.write_bytes(content)
        case 1:
            victim.write_bytes(content[: random_.randrange(len(content))])
        case 2:
            victim.write_bytes(b"" if other == victim else other.read_bytes())
        case 3:
            victim.write_bytes(content + bytes(random_.randrange(1, 5_000)))
        case 4:
            victim.unlink()


def digest_of(file: Path) -> str:
    return hashlib.sha256(file.read_bytes()).hexdigest() if file.exists() else ""
