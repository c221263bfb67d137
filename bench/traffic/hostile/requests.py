"""The requests of each attack: whole, well-formed and within the limits, and as much work as that allows."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from functools import cache
from random import Random
from typing import Any

import msgspec

from bench.traffic.hostile.orders import Orders
from bench.traffic.messages import bearer, encode_message

TEXT_BYTES, BODY_BYTES = 1 << 20, 32 << 20
HANGUL, SYLLABLES = 0xAC00, 11_172  # of Unicode, three bytes of UTF-8 each
WORDS = ("harbour", "master", "counted", "forty", "crates", "barley", "before", "the", "tide", "turned", "and", "fog")
BATCH = 2048
FIELDS = 3_000_000
# Of a filter: conditions, and values in all of them.
CONDITIONS, VALUES = 64, 1000
# Metadata of the documents that filters select from.
NUMBERS = ("number", "thousandth", "hundredth", "tenth")

Headers = Mapping[str, str]


class Client(msgspec.Struct, frozen=True):
    """Who asks: what it draws from, its headers, the dimensions of the model that it asks."""

    random: Random
    headers: Headers
    dimensions: int


Requests = Callable[[Client], Iterator[bytes]]


def client_of(orders: Orders, number: int) -> Client:
    """Return one of the clients, by its number."""
    chance = Random(1000 * orders.seed + number)  # noqa: S311 - a load that can be had again, no secret
    return Client(chance, bearer(orders.keys[number] if orders.keys else None), orders.dimensions)


def _post(path: str, body: Any, headers: Headers) -> bytes:
    return encode_message("POST", path, body if isinstance(body, bytes) else msgspec.json.encode(body), headers=headers)


def one_word(client: Client) -> Iterator[bytes]:
    """Texts of as many bytes as are taken, in a script that has no ASCII, without a space."""
    letters = _letters()
    while True:
        first = client.random.randrange(SYLLABLES)
        yield _post("/embed", {"texts": [letters[first : first + TEXT_BYTES // 3]]}, client.headers)


@cache
def _letters() -> str:
    """Return as many letters as a text may have, and as many more as there are to begin with."""
    return "".join(chr(HANGUL + 7 * place % SYLLABLES) for place in range(TEXT_BYTES // 3 + SYLLABLES))


def long_texts(client: Client) -> Iterator[bytes]:
    """Many texts that the model reads to its end, and documents of a thousand passages, in turn."""
    while True:
        yield _post("/embed", {"texts": [prose(client.random, 1200) for _ in range(BATCH // 4)]}, client.headers)
        document = {"id": f"long/{client.random.random()}", "text": prose(client.random, TEXT_BYTES - 100)}
        yield _post("/index", document, client.headers)


def prose(random_: Random, characters: int) -> str:
    words = random_.choices(WORDS, k=characters // 4)
    return f"{random_.random()} {' '.join(words)}"[:characters]


def filters(client: Client) -> Iterator[bytes]:
    """Searches, counts and deletions by filters that look at every document again and again, and leave them all."""
    while True:
        conditions = [
            {NUMBERS[place % len(NUMBERS)]: {"$nin": client.random.sample(range(-90_000, -1), VALUES // CONDITIONS)}}
            for place in range(CONDITIONS)
        ]
        vector = [client.random.uniform(-1, 1) for _ in range(client.dimensions)]
        yield _post("/search", {"vector": vector, "threshold": -1, "filter": {"$and": conditions}}, client.headers)
        yield _post("/index/count", {"filter": {"$and": conditions}}, client.headers)
        nothing = [*conditions[1:], {"number": {"$lt": -1}}]
        yield _post("/index/delete", {"filter": {"$and": nothing}}, client.headers)


def bodies(client: Client) -> Iterator[bytes]:
    """A document of millions of fields, a vector of 32 MB, and as many vectors as one request may have, in turn."""
    for path, body in itertools.cycle(_bodies(client.dimensions)):
        yield _post(path, body, client.headers)


@cache
def _bodies(dimensions: int) -> list[tuple[str, bytes]]:
    room = BODY_BYTES - 1000
    fields = b",".join(b'"%d":0' % number for number in range(FIELDS))[: room - 8].rpartition(b",")[0]
    numbers = b"0.1234567890123456789," * (room // 22 - 1)
    row = [0.1234567890123456] * dimensions
    documents = [{"id": f"given/{number}", "text": "t", "vector": row} for number in range(BATCH)]
    return [
        ("/index", b'{"id":"wide","text":"t","metadata":{' + fields + b"}}"),
        ("/search", b'{"vector":[' + numbers + b"0.1]}"),
        ("/index/batch", msgspec.json.encode({"documents": documents})),
    ]


def unread(client: Client) -> Iterator[bytes]:
    """Requests of 10 kB whose answers have 9 MB."""
    yield from itertools.repeat(_post("/embed", {"texts": ["a"] * BATCH}, client.headers))


REQUESTS: Mapping[str, Requests] = {
    "tokenizer": one_word,
    "texts": long_texts,
    "filters": filters,
    "bodies": bodies,
    "unread": unread,
}
