"""What a body is decoded into is counted beside it, in the same budget, before it is made."""

import asyncio
import json
import threading
import tracemalloc
from collections.abc import Callable
from typing import Any
from unittest.mock import patch

import msgspec
import pytest

from server.contract.errors import OverloadedError
from server.dialects.native.bodies.documents import BatchRequest
from server.dialects.native.bodies.embeddings import EmbedRequest
from server.web import decoding
from server.web.body_budget import BodyBudget
from server.web.decoding import SMALL_BYTES, decode, decode_aside, decoded_bytes
from server.web.messagepack import MESSAGE_PACK, measure_packed
from server.web.replies import JSON
from server.web.request_state import RequestState, current

VECTORS = {"documents": [{"id": str(number), "text": "t", "vector": [0.25] * 384} for number in range(600)]}
PLAIN = {"texts": ["plain words " * 3000] * 30}
WIDE = {"texts": ["plain words, and one 🐟 " + "more of them " * 3000] * 30}
HANGUL = {"texts": ["한글" * 20_000] * 10}
CASES: dict[str, tuple[Any, Any]] = {
    "vectors": (VECTORS, BatchRequest),
    "texts of ASCII": (PLAIN, EmbedRequest),
    "wide texts": (WIDE, EmbedRequest),
    "texts in Hangul": (HANGUL, EmbedRequest),
}
ENCODED: dict[str, Callable[[Any], bytes]] = {
    JSON: lambda value: json.dumps(value, ensure_ascii=False).encode(),
    f"{JSON}, escaped": lambda value: json.dumps(value).encode(),
    MESSAGE_PACK[0]: msgspec.msgpack.encode,
}
MIB = 1 << 20


@pytest.mark.parametrize("media", ENCODED)
@pytest.mark.parametrize("case", CASES)
def test_no_more_is_made_than_was_counted(case: str, media: str) -> None:
    value, kind = CASES[case]
    body, plain = ENCODED[media](value), media.partition(",")[0]
    tracemalloc.start()
    made: Any = decode(body, plain, kind)
    utf8 = [len(text.encode()) for text in getattr(made, "texts", ()) if not text.isascii()]
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert made
    assert size + sum(utf8) <= len(body) + decoded_bytes(body, plain) + MIB


def test_texts_of_ascii_count_little_beside_their_body() -> None:
    body = ENCODED[JSON](PLAIN)
    assert decoded_bytes(body, JSON) < 0.01 * len(body)


async def served(budget: BodyBudget, body: bytes, kind: type) -> int:
    """Decode a body as a request does; return what is counted for it then."""
    state = RequestState("id", "/index/batch", {}, budget=budget)
    current.set(state)
    budget.hold(state, len(body))
    try:
        await decode_aside(body, JSON, kind)
        return state.held_bytes
    finally:
        budget.release(state)


def test_a_body_counts_with_what_it_is_decoded_into() -> None:
    body = ENCODED[JSON](VECTORS)
    budget = BodyBudget(64 * MIB)
    held = asyncio.run(served(budget, body, BatchRequest))
    assert held == len(body) + decoded_bytes(body, JSON) > 4 * len(body)
    assert budget.held_bytes == 0


def test_where_others_hold_much_it_is_refused_before_it_is_made_and_alone_it_passes() -> None:
    body = ENCODED[JSON](VECTORS)
    budget, other = BodyBudget(2 * len(body)), RequestState("id", "/embed", {})
    budget.hold(other, 1000)
    with pytest.raises(OverloadedError, match="max_bodies_bytes"):
        asyncio.run(served(budget, body, BatchRequest))
    budget.release(other)
    assert asyncio.run(served(budget, body, BatchRequest)) > budget.max_bytes


def test_the_values_of_message_pack_are_not_counted_on_the_event_loop() -> None:
    body = msgspec.msgpack.encode({"texts": ["a text"] * SMALL_BYTES})
    threads = list[threading.Thread]()

    def measure(*given: Any) -> Any:
        threads.append(threading.current_thread())
        return measure_packed(*given)

    with patch.object(decoding, "measure_packed", measure):
        made = asyncio.run(decode_aside(body, MESSAGE_PACK[0], EmbedRequest))
    assert len(made.texts or ()) == SMALL_BYTES
    assert threads
    assert threading.main_thread() not in threads
