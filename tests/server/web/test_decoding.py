"""What a body may make of memory and time, whatever it is written in."""

import random
import time
from typing import Any

import msgspec
import pytest

from server.contract.errors import InvalidInputError
from server.dialects.native.bodies.documents import PatchRequest
from server.dialects.native.bodies.search import SearchBatchRequest
from server.web.decoding import MAX_BRACKETS, decode_json, decode_message_pack
from server.web.messagepack import too_many

SCALARS: list[Any] = [0, -1, 127, 200, 70_000, 2**40, -(2**40), 1.5, None, True, "", "é" * 9, "x" * 300, b"y" * 70_000]


def made_up(rng: random.Random, depth: int) -> tuple[Any, int]:
    """Return a value, and how many of it are maps, lists or long."""
    kind = rng.choice(["scalar", "list", "map"]) if depth else "scalar"
    if kind == "scalar":
        value = rng.choice([*SCALARS, msgspec.msgpack.Ext(5, b"z" * rng.choice([1, 2, 3, 4, 8, 16, 17, 300]))])
        # A text of 32 bytes and more, bytes and what is an extension are counted.
        return value, int(
            isinstance(value, bytes | msgspec.msgpack.Ext) or (isinstance(value, str) and len(value) > 31)
        )
    parts = [made_up(rng, depth - 1) for _ in range(rng.choice([0, 3, 20]))]
    count = 1 + sum(one for _, one in parts)
    if kind == "list":
        return [value for value, _ in parts], count
    return {str(number): value for number, (value, _) in enumerate(parts)}, count


@pytest.mark.parametrize("seed", range(200))
def test_maps_lists_and_what_is_long_are_counted(seed: int) -> None:
    value, count = made_up(random.Random(seed), 4)
    # Bytes that could begin a map, so that it is not settled by their number.
    packed = msgspec.msgpack.encode([value, b"\x80" * 70_000])
    assert too_many(packed, count + 1)
    assert not too_many(packed, count + 2)


@pytest.mark.parametrize("body", [b"\xc1", b"\xdb\xff", b"\xdf", b"\xc9\x00", b"\xd8"])
def test_what_is_no_message_pack_is_not_counted(body: bytes) -> None:
    assert not too_many(b"\x80" * 5 + body, 6)


def test_many_empty_objects_are_refused_before_they_are_made() -> None:
    count = MAX_BRACKETS + 1
    bodies: list[tuple[Any, bytes, Any]] = [
        (decode_json, b'{"metadata": {"a": [' + b",".join([b"{}"] * count) + b"]}}", PatchRequest),
        (decode_message_pack, b"\x81\xa8metadata\x81\xa1a\xdd" + count.to_bytes(4) + b"\x80" * count, PatchRequest),
        (decode_message_pack, b"\x81\xa8searches\xdd" + count.to_bytes(4) + b"\x80" * count, SearchBatchRequest),
    ]
    for decode, body, kind in bodies:
        with pytest.raises(InvalidInputError, match=r"more than [12]000000"):
            decode(body, kind)


def test_many_vectors_and_long_texts_that_are_not_ascii_are_taken() -> None:
    rng = random.Random(1)
    texts = ["日本語の文" * 20_000 for _ in range(20)]
    vectors = [[rng.random() for _ in range(384)] for _ in range(500)]
    searches = [{"query": one} for one in texts] + [{"vector": one} for one in vectors] * 10
    body = msgspec.msgpack.encode({"searches": searches})
    start_s = time.perf_counter()
    assert len(decode_message_pack(body, SearchBatchRequest).searches) == 5_020
    assert time.perf_counter() - start_s < 5
