"""What a body may make of memory and time, whatever it is written in."""

import asyncio
import gc
import json
import random
import sys
import threading
import time
import tracemalloc
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from server.contract.errors import DocumentError, FilterError, InvalidInputError, VectorError
from server.dialects.native.bodies.documents import BatchRequest, DeleteRequest, Document, PatchRequest
from server.dialects.native.bodies.embeddings import EmbedRequest
from server.dialects.native.bodies.search import SearchBatchRequest, SearchRequest
from server.dialects.tei.bodies import EmbedRequest as TeiRequest
from server.serving import SWITCH_INTERVAL_S
from server.web.collector import Uncollected
from server.web.decoding import (
    LARGE_BYTES,
    SEARCHED_BYTES,
    decode_aside,
    decode_json,
    decode_message_pack,
    lone_surrogate,
)
from server.web.measuring import measure_json
from server.web.messagepack import measure_packed

SCALARS: list[Any] = [0, -1, 127, 200, 70_000, 2**40, -(2**40), 1.5, None, True, "", "é" * 9, "x" * 300, b"y" * 70_000]


def made_up(rng: random.Random, depth: int) -> tuple[Any, int, int]:
    """Return a value, how many values it is, and how many of them are maps and lists."""
    kind = rng.choice(["scalar", "list", "map"]) if depth else "scalar"
    if kind == "scalar":
        value = rng.choice([*SCALARS, msgspec.msgpack.Ext(5, b"z" * rng.choice([1, 2, 3, 4, 8, 16, 17, 300]))])
        return value, 1, 0
    parts = [made_up(rng, depth - 1) for _ in range(rng.choice([0, 3, 20]))]
    values, containers = 1 + sum(one for _, one, _ in parts), 1 + sum(one for _, _, one in parts)
    if kind == "list":
        return [value for value, _, _ in parts], values, containers
    named = {str(number): value for number, (value, _, _) in enumerate(parts)}
    return named, values + len(parts), containers


@pytest.mark.parametrize("seed", range(200))
def test_values_of_message_pack_are_counted(seed: int) -> None:
    value, values, containers = made_up(random.Random(seed), 4)
    found = measure_packed(msgspec.msgpack.encode([value, b"\x80" * 70_000, [7] * 70_000]), 10**9)
    assert (found.values, found.containers) == (values + 70_003, containers + 2)
    assert measure_packed(msgspec.msgpack.encode(value), values - 1).values >= values


JSON = st.recursive(
    st.none()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False)
    | st.text()
    | st.sampled_from([",", '\\",[', "\\", '"']),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


def counts(value: Any) -> tuple[int, int, int]:
    """Return how many values a value of JSON is, and how many of them are lists and objects, and texts with keys."""
    if isinstance(value, dict | list):
        inner = [counts(one) for one in (value.values() if isinstance(value, dict) else value)]
        keys = len(value) if isinstance(value, dict) else 0
        return (
            1 + sum(one for one, _, _ in inner),
            1 + sum(one for _, one, _ in inner),
            keys + sum(one for _, _, one in inner),
        )
    return 1, 0, int(isinstance(value, str))


@settings(deadline=None, max_examples=60)
@given(JSON, st.integers(0, 30))
def test_values_of_json_are_counted_whatever_texts_hold(value: Any, repeats: int) -> None:
    value = [value, *[{"a\\": '\\"[{,' * 40_000}] * repeats]
    values, containers, texts = counts(value)
    for body in (msgspec.json.encode(value), json.dumps(value, indent=1).encode()):
        found = measure_json(body)
        # An empty list or object is counted with a value more.
        assert values <= found.values <= values + containers
        assert (found.containers, found.texts) == (containers, texts)


def test_a_body_of_backslashes_is_counted_in_parts() -> None:
    for count in (1 << 23, (1 << 23) + 1):
        body = b'["' + b"\\" * count + b'", "[", 1]'
        tracemalloc.start()
        found = measure_json(body)
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
        assert peak < len(body)
        # After an odd number the quote is part of the text, and what is written as a text is not.
        assert (found.values, found.containers) == ((4, 1) if count % 2 == 0 else (3, 2))


@pytest.mark.parametrize("body", [b"\xc1", b"\xdb\xff", b"\xdf", b"\xc9\x00", b"\xd8"])
def test_what_is_no_message_pack_is_not_counted(body: bytes) -> None:
    assert measure_packed(b"\x80" * 5 + body, 100).values <= 6


def many(count: int, one: bytes, before: bytes, after: bytes) -> bytes:
    return before + b",".join([one] * count) + after


MILLIONS = 3_000_000
HEAD = MILLIONS.to_bytes(4)
GREEDY: dict[str, tuple[Any, bytes, Any]] = {
    "empty objects": (decode_json, many(MILLIONS, b"{}", b'{"metadata": {"a": [', b"]}}"), PatchRequest),
    "half as many": (decode_json, many(MILLIONS // 2, b"{}", b'{"metadata": {"a": [', b"]}}"), PatchRequest),
    "empty lists": (decode_json, many(MILLIONS, b"[]", b'{"inputs": [', b"]}"), TeiRequest),
    "numbers": (decode_json, many(16 * MILLIONS // 3, b"1", b'{"vector": [', b"]}"), SearchRequest),
    "numbers of a search among others": (
        decode_json,
        b'{"searches": [' + many(MILLIONS // 3, b"0.25", b'{"vector": [', b"]}") + b"]}",
        SearchBatchRequest,
    ),
    "token ids": (decode_json, many(MILLIONS, b"17", b'{"inputs": [', b"]}"), TeiRequest),
    "texts": (decode_json, many(MILLIONS, b'"a"', b'{"texts": [', b"]}"), EmbedRequest),
    "fields": (
        decode_json,
        b'{"id":"a","text":"t","metadata":{' + b",".join(b'"%d":1' % n for n in range(MILLIONS // 10)) + b"}}",
        Document,
    ),
    "fields of a document among others": (
        decode_json,
        b'{"documents":[{"id":"a","text":"t"},{"id":"b","text":"t","metadata":{'
        + b",".join(b'"%d":1' % n for n in range(MILLIONS // 10))
        + b"}}]}",
        BatchRequest,
    ),
    "empty maps": (decode_message_pack, b"\x81\xa8metadata\x81\xa1a\xdd" + HEAD + b"\x80" * MILLIONS, PatchRequest),
    "searches": (decode_message_pack, b"\x81\xa8searches\xdd" + HEAD + b"\x80" * MILLIONS, SearchBatchRequest),
    "packed numbers": (decode_message_pack, b"\x81\xa6vector\xdd" + HEAD + b"\x01" * MILLIONS, SearchRequest),
    "packed texts": (decode_message_pack, b"\x81\xa5texts\xdd" + HEAD + b"\xa1a" * MILLIONS, EmbedRequest),
}


@pytest.mark.parametrize("case", GREEDY)
def test_what_would_make_much_of_little_is_refused_before_it_is_made(case: str) -> None:
    decode, body, kind = GREEDY[case]
    tracemalloc.start()
    with pytest.raises((InvalidInputError, DocumentError, VectorError)):
        decode(body, kind)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 6 * len(body)


@pytest.mark.parametrize(
    ("body", "kind", "error"),
    [
        ({"id": "a", "text": "t", "metadata": {"a": "b" * 1_100_000}}, Document, DocumentError),
        ({"metadata": {"a": "b" * 1_100_000}}, PatchRequest, DocumentError),
        ({"query": "a", "filter": {"a": "b" * 1_100_000}}, SearchRequest, FilterError),
        ({"searches": [{"vector": [0.123456789] * 100_000}]}, SearchBatchRequest, VectorError),
    ],
)
def test_what_is_far_too_large_is_told_as_what_is_just_too_large(body: Any, kind: type, error: type) -> None:
    with pytest.raises(error, match=r"takes 1[0-9]{6} bytes"):
        decode_json(msgspec.json.encode(body), kind)


FULL = {
    "documents": [
        {"id": f"{n}", "text": 'a, text "[{' * 30, "metadata": {"a": [n, {"b": None}], "é": "ü", "n": 2.5}}
        for n in range(1_500)
    ]
    + [{"id": "none", "text": "", "metadata": None}, {"id": "left out", "text": "日本"}]
}
SEARCHES = {
    "searches": [
        {"vector": [0.5, -1, 2e-3] * 128, "top_k": 3, "filter": {"a": {"$in": ["x", 1]}}, "explain": True}
        for _ in range(300)
    ]
    + [{"query": "text", "mode": "hybrid", "vector": None, "filter": None}, {}]
}
WHOLE = [(FULL, BatchRequest), (SEARCHES, SearchBatchRequest), ({"texts": ["long" * 200_000]}, EmbedRequest)]
WHOLE += [({"id": "a", "text": "t" * 400_000, "metadata": {"b": [1] * 9}}, Document)]
WHOLE += [({"ids": ["a" * 100] * 4_000}, DeleteRequest), ({"filter": {"b": ["c" * 400_000]}}, DeleteRequest)]


@pytest.mark.parametrize(("content", "kind"), WHOLE)
def test_a_large_body_is_the_same_struct_in_steps_as_at_once(content: Any, kind: type) -> None:
    for encoder, decode in ((msgspec.json, decode_json), (msgspec.msgpack, decode_message_pack)):
        body = encoder.encode(content)
        assert len(body) > LARGE_BYTES
        found: Any = decode(body, kind)
        assert type(found) is kind
        assert found == encoder.decode(body, type=kind)


WRONG: list[tuple[Any, type]] = [
    ({"documents": [*FULL["documents"], {"id": [1], "text": "t"}]}, BatchRequest),
    ({"documents": [*FULL["documents"], {"id": "a"}]}, BatchRequest),
    ({"documents": [*FULL["documents"], {"id": "a", "text": "t", "more": 1}]}, BatchRequest),
    ({"documents": [*FULL["documents"], {"id": "a", "text": "t", "metadata": []}]}, BatchRequest),
    ({"documents": [*FULL["documents"], 1]}, BatchRequest),
    ({"documents": None, "x": "y" * 300_000}, BatchRequest),
    ({"searches": [*SEARCHES["searches"], {"vector": [1, "a"]}]}, SearchBatchRequest),
    ({"searches": [*SEARCHES["searches"], {"top_k": 0}]}, SearchBatchRequest),
    ({"id": "a", "text": "t" * 300_000, "metadata": 1}, Document),
]


@pytest.mark.parametrize(("content", "kind"), WRONG)
def test_what_is_wrong_in_a_large_body_is_told_in_the_same_words(content: Any, kind: type) -> None:
    for encoder, decode in ((msgspec.json, decode_json), (msgspec.msgpack, decode_message_pack)):
        body = encoder.encode(content)
        with pytest.raises(msgspec.ValidationError) as expected:
            encoder.decode(body, type=kind)
        with pytest.raises(InvalidInputError) as found:
            decode(body, kind)
        assert str(found.value) == f"the body does not fit: {expected.value}"


@pytest.mark.parametrize(
    "tail", [b'{"id":"a","text":"\\ud800"}', b'{"id":"a","text":"\xff"}', b'{"id":"a" "text"}', b"{", b"]"]
)
def test_what_is_no_json_in_a_large_body_is_refused(tail: bytes) -> None:
    body = msgspec.json.encode(FULL)[:-2] + b"," + tail + b"]}"
    with pytest.raises(InvalidInputError, match="the body is not JSON"):
        decode_json(body, BatchRequest)


def test_the_collector_is_on_again_after_the_last_of_several_threads() -> None:
    collector, seen = Uncollected(), list[bool]()
    assert gc.isenabled()
    with collector:
        with collector:
            seen.append(gc.isenabled())
        seen.append(gc.isenabled())
    assert seen == [False, False]
    assert gc.isenabled()
    body = msgspec.json.encode(FULL)
    with ThreadPoolExecutor(4) as threads:
        list(threads.map(lambda _: decode_json(body, BatchRequest), range(12)))
    assert gc.isenabled()


def test_large_bodies_are_decoded_on_a_thread() -> None:
    class Told(dict[str, str]):
        def items(self) -> Any:
            self["thread"] = threading.current_thread().name
            return super().items()

    for size, aside in ((10, False), (LARGE_BYTES, True)):
        hints = Told()
        body = msgspec.json.encode({"texts": ["a" * size], "unknown": 1})
        with pytest.raises(InvalidInputError, match="unknown"):
            asyncio.run(decode_aside(body, "application/json", EmbedRequest, hints))
        assert (hints["thread"] != threading.main_thread().name) is aside


def test_others_run_while_what_is_wrong_with_a_large_body_is_looked_for() -> None:
    body, done = b"\\n" * 8_000_000, threading.Event()

    def look() -> None:
        assert lone_surrogate(body) is None
        done.set()

    def others() -> int:
        turns = 0
        while not done.is_set():
            time.sleep(0.001)
            turns += 1
        return turns

    interval_s = sys.getswitchinterval()
    sys.setswitchinterval(SWITCH_INTERVAL_S)
    try:
        thread = threading.Thread(target=look)
        thread.start()
        assert others() > 20
        thread.join()
    finally:
        sys.setswitchinterval(interval_s)


@pytest.mark.parametrize("escape", [rb"\ud83d", rb"\udc00"])
def test_half_of_a_surrogate_pair_is_found_wherever_it_is(escape: bytes) -> None:
    pair = rb"\ud83d\ude00"
    for before in range(SEARCHED_BYTES - 14, SEARCHED_BYTES + 2):
        head = b'{"texts": ["' + pair
        body = head + b"a" * (before - len(head)) + escape + pair * 3 + b'"]}'
        with pytest.raises(InvalidInputError, match=f"at byte {before} is half of a surrogate pair"):
            decode_json(body, EmbedRequest)


@pytest.mark.parametrize(("count", "one"), [(600_000, b"0"), (190_000, b'"a"')])
def test_short_values_are_taken_up_to_what_is_documented(count: int, one: bytes) -> None:
    def body(count: int) -> bytes:
        return b"[" + b",".join([one] * count) + b"]"

    assert len(decode_json(body(count), list)) == count
    with pytest.raises(InvalidInputError, match="times as much"):
        decode_json(body(count + count // 6), list)


def test_many_vectors_and_long_texts_that_are_not_ascii_are_taken() -> None:
    rng = random.Random(1)
    texts = ["日本語の文" * 20_000 for _ in range(20)]
    vectors = [[rng.random() for _ in range(384)] for _ in range(500)]
    searches = [{"query": one} for one in texts] + [{"vector": one} for one in vectors] * 10
    body = msgspec.msgpack.encode({"searches": searches})
    start_s = time.perf_counter()
    assert len(decode_message_pack(body, SearchBatchRequest).searches) == 5_020
    assert time.perf_counter() - start_s < 5
