"""Harms a database file and sees what is said of it: refused, an error on reading, or everything exactly right.

    python -m tests.index.damage FOLDER --rounds 200 --seed 1

Prints a line of JSON a round. In a process of its own, so that a crash shows as one. What is there but not found, or
found without being asked for, counts as `missing`: no document has the wrong content then, but an answer is wrong.
"""

import argparse
import random
import shutil
import sys
import threading
from collections.abc import Callable, Iterator
from functools import cache, partial
from pathlib import Path

import msgspec

from index import Collection, Document, Entry, Include, Index, IndexRoomError, Query
from index.documents.metadata import encode_metadata
from tests.index.harness import document, entry, open_index, same_as_entry
from tests.index.vectors import one

COUNT = 300
PAGE = 4096
DATABASE = Path("collections") / "default" / "documents.sqlite"
ROUND_S = 60
EVERYTHING = Include(vector=True, passages=True)


class Outcome(msgspec.Struct):
    """What came of a round. `faults` are errors that are not this room's, `doctor` says whether it found anything.

    `forgotten` counts the last documents committed, where nothing is there that was committed after them: SQLite takes
    a bad frame for the end of its log.
    """

    kind: str
    refused: str | None = None
    errors: int = 0
    right: int = 0
    wrong: list[str] = []
    missing: list[str] = []
    forgotten: int = 0
    faults: list[str] = []
    doctor: bool | None = None


class Reading(msgspec.Struct, frozen=True):
    """One way to ask, the ids that must come, and how."""

    what: str
    ids: list[str]
    read: Callable[[], list[Document | None]]


@cache
def originals() -> dict[str, Entry]:
    """The documents that are there, every fifth of three passages, the first of which is that of its number."""
    return {
        f"id/{number}": entry(
            f"id/{number}",
            [number, COUNT + number, 2 * COUNT + number] if number % 5 == 0 else [number],
            f"word{number} shared",
            n=number,
        )
        for number in range(COUNT)
    }


def make(folder: Path) -> None:
    """Make a database through which documents went before, with a write-ahead log that was never put away."""
    index = open_index(folder / "open")
    collection = index.collection()
    collection.put_many([document(f"old/{number}", number) for number in range(100)]).result()
    collection.delete_many([f"old/{number}" for number in range(100)]).result()
    everyone = list(originals().values())
    for start in range(0, COUNT - 20, 40):
        collection.put_many(everyone[start : start + 40]).result()
    assert collection.wait_for_words(60)
    index.close()
    index = open_index(folder / "open")
    for one_ in everyone[COUNT - 20 :]:
        index.collection().put(one_).result()
    assert index.collection().wait_for_words(60)
    shutil.copytree(folder / "open", folder / "killed")  # as a killed process leaves it
    index.close()
    shutil.copytree(folder / "open", folder / "closed")


def flipped(content: bytearray, random_: random.Random) -> None:
    """Flip a few bits, half of the time in what says where things are: the beginnings of pages."""
    for _ in range(random_.choice((1, 1, 1, 4, 64))):
        place = random_.randrange(len(content))
        if random_.random() < 0.5:
            place = min(len(content) - 1, place // PAGE * PAGE + random_.randrange(40))
        content[place] ^= 1 << random_.randrange(8)


def cut_off(content: bytearray, random_: random.Random) -> None:
    del content[random_.randrange(len(content)) :]


def zeroed_header(content: bytearray, random_: random.Random) -> None:
    size = random_.choice((16, 100, PAGE))
    content[:size] = bytes(size)


def zeroed_page(content: bytearray, random_: random.Random) -> None:
    place = random_.randrange(len(content)) // PAGE * PAGE
    content[place : place + PAGE] = bytes(len(content[place : place + PAGE]))


def exchanged_pages(content: bytearray, random_: random.Random) -> None:
    first, second = (random_.randrange(1, len(content) // PAGE) * PAGE for _ in range(2))
    content[first : first + PAGE], content[second : second + PAGE] = (
        content[second : second + PAGE],
        content[first : first + PAGE],
    )


Harm = Callable[[bytearray, random.Random], None]
HARMS: dict[str, tuple[str, str, Harm]] = {  # by name: which folder, which file's suffix, what is done
    "flipped": ("closed", "", flipped),
    "cut off": ("closed", "", cut_off),
    "zeroed header": ("closed", "", zeroed_header),
    "zeroed page": ("closed", "", zeroed_page),
    "exchanged pages": ("closed", "", exchanged_pages),
    "flipped in the log": ("killed", "-wal", flipped),
    "log cut off": ("killed", "-wal", cut_off),
    "flipped under the log": ("killed", "", flipped),
}


def one_round(folder: Path, kind: str, random_: random.Random) -> Outcome:
    """Harm a copy, open it, read all of it in every way."""
    source, suffix, harm = HARMS[kind]
    copy = folder / "copy"
    shutil.rmtree(copy, ignore_errors=True)
    shutil.copytree(folder / source, copy)
    file = (copy / DATABASE).with_name(DATABASE.name + suffix)
    content = bytearray(file.read_bytes())
    harm(content, random_)
    file.write_bytes(content)
    outcome = Outcome(kind)
    try:
        index = open_index(copy)
    except IndexRoomError as error:
        outcome.refused = f"{type(error).__name__}: {error}"
        return outcome
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        outcome.faults.append(f"start: {type(error).__name__}: {error}")
        return outcome
    try:
        read_all(index, outcome, random_)
    finally:
        index.close()
    return outcome


def read_all(index: Index, outcome: Outcome, random_: random.Random) -> None:
    collection, expected = index.collection(), list(originals())
    if HARMS[outcome.kind][1]:
        expected = expected[: len(list(collection.documents()))]
        outcome.forgotten = COUNT - len(expected)
    for id_ in originals():
        ids = [id_] if id_ in expected else []
        attempt(outcome, Reading(f"get {id_}", ids, partial(got, collection, id_)))
    attempt(outcome, Reading("list", expected, lambda: list(collection.documents(EVERYTHING))))
    for number in random_.sample(range(len(expected) - 5), 20):
        for query, ids in queries(number):
            what = f"search {query.mode} {query.filter} {number}"
            attempt(outcome, Reading(what, ids, partial(found, collection, query)))
    try:
        outcome.doctor = not collection.health().ok
    except IndexRoomError:
        outcome.doctor = True
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        outcome.faults.append(f"doctor: {type(error).__name__}: {error}")


def queries(number: int) -> Iterator[tuple[Query, list[str]]]:
    id_ = f"id/{number}"
    yield Query(vector=one(number), top_k=1), [id_]
    yield Query(mode="text", text=f"word{number}"), [id_]
    yield Query(vector=one(number), filter={"n": number}, threshold=-1), [id_]
    few = {"n": {"$gte": number, "$lt": number + 5}}
    yield Query(vector=one(number), filter=few, threshold=-1), [f"id/{number + more}" for more in range(5)]


def got(collection: Collection, id_: str) -> list[Document | None]:
    return [collection.get(id_, EVERYTHING)]


def found(collection: Collection, query: Query) -> list[Document | None]:
    hits = collection.search(query)
    return [Document(hit.id, hit.text, hit.metadata, passages=(hit.passage,) if hit.passage else ()) for hit in hits]


def attempt(outcome: Outcome, reading: Reading) -> None:
    """Read, and hold what comes to what was put."""
    try:
        documents = [given for given in reading.read() if given is not None]
    except IndexRoomError:
        outcome.errors += 1
        return
    except Exception as error:  # noqa: BLE001 - that is what is looked for
        outcome.faults.append(f"{reading.what}: {type(error).__name__}: {error}")
        return
    outcome.wrong += [f"{reading.what}: {given.id!r}" for given in documents if not right(given)]
    if sorted(given.id for given in documents) != sorted(reading.ids):
        outcome.missing.append(reading.what)
    outcome.right += 1


def right(given: Document) -> bool:
    """Whether a document is exactly the one that was put."""
    expected = originals().get(given.id)
    if expected is None:
        return False
    if given.vector is not None:
        return same_as_entry(given, expected)
    spans = expected.passages.spans or ((0, len(expected.content.text)),)
    stood = [(one_.start, one_.end) for one_ in given.passages or ()]  # of a search that passage which was found
    return (given.text, encode_metadata(given.metadata)) == (expected.content.text, expected.content.metadata) and (
        set(stood) <= set(spans)
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--kind", choices=HARMS)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    random_ = random.Random(given.seed)
    make(given.folder)
    kinds = [*HARMS, "flipped"] if given.kind is None else [given.kind]
    for number in range(given.rounds):
        alarm = threading.Timer(ROUND_S, lambda: sys.exit("a round hangs"))
        alarm.daemon = True
        alarm.start()
        outcome = one_round(given.folder, kinds[number % len(kinds)], random_)
        alarm.cancel()
        sys.stdout.write(msgspec.json.encode(outcome).decode() + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
