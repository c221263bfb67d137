"""The requests of each attack: whole, well-formed and within the limits, and as much work as that allows."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from random import Random
from typing import Any

import msgspec

from bench.traffic.messages import encode_message

TEXT_BYTES, BODY_BYTES = 1 << 20, 32 << 20
HANGUL, SYLLABLES = 0xAC00, 11_172  # of Unicode, three bytes of UTF-8 each
WORDS = ("harbour", "master", "counted", "forty", "crates", "barley", "before", "the", "tide", "turned", "and", "fog")
DIMENSIONS = 384
BATCH = 2048
FIELDS = 3_000_000
# Of a filter: conditions, and values in all of them.
CONDITIONS, VALUES = 64, 1000
# Metadata of the documents that filters select from.
NUMBERS = ("number", "thousandth", "hundredth", "tenth")

Headers = Mapping[str, str]
Requests = Callable[[Random, Headers], Iterator[bytes]]


def chance(seed: int, client: int) -> Random:
    """Return what a client draws from."""
    return Random(1000 * seed + client)  # noqa: S311 - a load that can be had again, no secret


def _post(path: str, body: Any, headers: Headers) -> bytes:
    return encode_message("POST", path, body if isinstance(body, bytes) else msgspec.json.encode(body), headers=headers)


def one_word(random_: Random, headers: Headers) -> Iterator[bytes]:
    """Texts of as many bytes as are taken, in a script that has no ASCII, without a space."""
    while True:
        first = random_.randrange(SYLLABLES)
        letters = (chr(HANGUL + (first + 7 * place) % SYLLABLES) for place in range(TEXT_BYTES // 3))
        yield _post("/embed", {"texts": ["".join(letters)]}, headers)


def long_texts(random_: Random, headers: Headers) -> Iterator[bytes]:
    """Many texts that the model reads to its end, and documents of a thousand passages, in turn."""
    while True:
        yield _post("/embed", {"texts": [prose(random_, 1200) for _ in range(BATCH // 4)]}, headers)
        document = {"id": f"long/{random_.random()}", "text": prose(random_, TEXT_BYTES - 100)}
        yield _post("/index", document, headers)


def prose(random_: Random, characters: int) -> str:
    words = random_.choices(WORDS, k=characters // 4)
    return f"{random_.random()} {' '.join(words)}"[:characters]


def filters(random_: Random, headers: Headers) -> Iterator[bytes]:
    """Searches, counts and deletions by filters that look at every document again and again, and leave them all."""
    while True:
        conditions = [
            {NUMBERS[place % len(NUMBERS)]: {"$nin": random_.sample(range(-90_000, -1), VALUES // CONDITIONS)}}
            for place in range(CONDITIONS)
        ]
        vector = [random_.uniform(-1, 1) for _ in range(DIMENSIONS)]
        yield _post("/search", {"vector": vector, "threshold": -1, "filter": {"$and": conditions}}, headers)
        yield _post("/index/count", {"filter": {"$and": conditions}}, headers)
        nothing = [*conditions[1:], {"number": {"$lt": -1}}]
        yield _post("/index/delete", {"filter": {"$and": nothing}}, headers)


def bodies(_: Random, headers: Headers) -> Iterator[bytes]:
    """A document of millions of fields, a vector of 32 MB, and as many vectors as one request may have, in turn."""
    room = BODY_BYTES - 1000
    fields = b",".join(b'"%d":0' % number for number in range(FIELDS))[: room - 8].rpartition(b",")[0]
    numbers = b"0.1234567890123456789," * (room // 22 - 1)
    row = [0.1234567890123456] * DIMENSIONS
    documents = [{"id": f"given/{number}", "text": "t", "vector": row} for number in range(BATCH)]
    made = [
        _post("/index", b'{"id":"wide","text":"t","metadata":{' + fields + b"}}", headers),
        _post("/search", b'{"vector":[' + numbers + b"0.1]}", headers),
        _post("/index/batch", {"documents": documents}, headers),
    ]
    yield from itertools.cycle(made)


def unread(_: Random, headers: Headers) -> Iterator[bytes]:
    """Requests of 10 kB whose answers have 9 MB."""
    yield from itertools.repeat(_post("/embed", {"texts": ["a"] * BATCH}, headers))


REQUESTS: Mapping[str, Requests] = {
    "tokenizer": one_word,
    "texts": long_texts,
    "filters": filters,
    "bodies": bodies,
    "unread": unread,
}
