"""What a victim does to its collections, and what that means: an index said a second time, as dictionaries. Pure."""

import json
import random
from collections.abc import Iterator, Mapping
from functools import lru_cache
from typing import Any

import msgspec
import numpy as np

from index import Entry, Passages, check_content
from tests.index.harness import spans_of
from tests.index.vectors import Rows, one

DEFAULT, OTHERS = "default", ("other", "third")
HOT = [f"id/{number}" for number in range(40)]
# More rows than are searched without the view, or nobody would notice what is in it.
BASE = [f"base/{number}" for number in range(2_200)]
BASE_N = 1_000
WEIGHTS = {"put": 8, "base": 1, "many": 2, "patch": 3, "delete": 3, "filter": 1, "create": 0.3, "drop": 0.2}
EMPHASIZED = 4

COUNTS = (1, 1, 3, 2, 1, 4)  # of passages
CUTTINGS = 2  # ways to cut a text, of which each document has one or the other

Facts = tuple[int, dict[str, Any]]  # the seed of a document's text and vector, and its metadata


class Model(msgspec.Struct, frozen=True):
    """What computes vectors, and the settings by which it cuts texts."""

    generation: int
    cutting: int = 0

    @property
    def fingerprint(self) -> str:
        return f"model-{self.generation}"

    @property
    def variant(self) -> str:
        return f"cutting-{self.cutting}"


class Operation(msgspec.Struct, frozen=True):
    """One thing done to one collection."""

    kind: str
    collection: str
    ids: tuple[str, ...] = ()
    seeds: tuple[int, ...] = ()
    n: int = 0
    generation: int = 0  # the model of whoever did it


class Contents(msgspec.Struct):
    """What a collection holds; `generation` says by which model, and nothing where there is no document."""

    generation: int
    documents: dict[str, Facts]

    def copy(self) -> "Contents":
        return Contents(self.generation, dict(self.documents))

    def same(self, other: "Contents | None") -> bool:
        if other is None or self.documents != other.documents:
            return False
        return not self.documents or self.generation == other.generation


State = dict[str, Contents]  # by the collection's name


def operations(seed: int, generation: int, present: set[str], emphasis: str = "") -> Iterator[Operation]:
    """What a victim does, without end, to the collections that are present."""
    random_ = random.Random(seed)
    weights = dict(WEIGHTS)
    if emphasis:
        weights[emphasis] = EMPHASIZED
    while True:
        kind = random_.choices(list(weights), list(weights.values()))[0]
        if kind == "create":
            name = random_.choice(OTHERS)
            present.add(name)
            yield Operation(kind, name, generation=generation)
            continue
        if kind == "drop":
            if others := sorted(present - {DEFAULT}):
                name = random_.choice(others)
                present.remove(name)
                yield Operation(kind, name)
            continue
        yield written(random_, kind, random_.choice([DEFAULT, DEFAULT, *sorted(present)]), generation)


def written(random_: random.Random, kind: str, collection: str, generation: int) -> Operation:
    """An operation on documents."""
    if kind == "base":
        seeds: tuple[int, ...] = (random_.randrange(1 << 30),)
        return Operation("put", DEFAULT, (random_.choice(BASE),), seeds, BASE_N, generation)
    ids = random_.sample(HOT, random_.randint(2, 6)) if kind == "many" else [random_.choice(HOT)]
    seeds = tuple(random_.randrange(1 << 30) for _ in ids)
    return Operation(kind, collection, tuple(ids), seeds, random_.randrange(50), generation)


def apply(contents: Contents | None, operation: Operation) -> Contents | None:
    """Return what a collection holds afterwards; None is no collection. Changes what it is given."""
    if operation.kind == "drop":
        return Contents(operation.generation, {}) if operation.collection == DEFAULT else None
    if operation.kind == "restore":
        pairs = zip(operation.ids, operation.seeds, strict=True)
        return Contents(operation.generation, {id_: (seed, {"n": operation.n}) for id_, seed in pairs})
    if operation.kind == "create":
        return contents or Contents(operation.generation, {})
    assert contents is not None, operation
    documents = contents.documents
    match operation.kind:
        case "put" | "many":
            contents.generation = operation.generation
            for id_, seed in zip(operation.ids, operation.seeds, strict=True):
                documents[id_] = (seed, {"n": operation.n})
        case "patch":
            for id_ in set(operation.ids) & set(documents):
                documents[id_] = (documents[id_][0], {**documents[id_][1], "p": operation.n})
        case "delete":
            for id_ in operation.ids:
                documents.pop(id_, None)
        case "filter":
            for id_ in [id_ for id_, (_, metadata) in documents.items() if metadata["n"] == operation.n]:
                del documents[id_]
        case "reindex":
            contents.generation = operation.generation
    return contents


@lru_cache(1 << 14)
def vectors(seed: int, model: Model) -> Rows:
    """The vectors (n, NDIM) that a model makes of the text of a seed, one a passage: 1 to 4, as its settings cut it."""
    count = COUNTS[(seed + model.generation + 2 * model.cutting) % len(COUNTS)]
    first = seed + model.generation * 1_000_003 + model.cutting * 500_009
    return np.stack([one(first + number * 7_919) for number in range(count)])


def made(id_: str, facts: Facts, model: Model) -> Entry:
    """The document that these facts stand for."""
    seed, metadata = facts
    text = f"word{seed}"
    return Entry(check_content(id_, text, dict(metadata)), computed(text, model))


def computed(text: str, model: Model) -> Passages:
    """The passages of a document's text."""
    rows = vectors(int(text.removeprefix("word")), model)
    return Passages(rows, spans_of(len(text), len(rows)))


def base_operations() -> list[Operation]:
    """What fills a folder before the first kill."""
    return [
        Operation("put", DEFAULT, tuple(BASE[start : start + 200]), tuple(range(start, start + 200)), BASE_N)
        for start in range(0, len(BASE), 200)
    ]


def encode(line: Mapping[str, object]) -> bytes:
    """A line of a log."""
    return json.dumps(line, default=msgspec.to_builtins).encode() + b"\n"
