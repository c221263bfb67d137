"""Rows as JSON, MessagePack and base64: every number's bits, whatever the shape."""

import asyncio
import base64
from typing import Any

import msgspec
import numpy as np
import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import array_shapes, arrays

from server.contract.embedding import Rows, Timing
from server.web.encoding import (
    SLICE_NUMBERS,
    encode_array,
    encode_base64,
    encode_bytes,
    encode_rows,
    timing_headers,
)
from server.web.messagepack import encode_message_pack

finite = st.floats(width=32, allow_nan=False, allow_infinity=False)
matrices = arrays(np.float32, array_shapes(min_dims=2, max_dims=2, min_side=0, max_side=9), elements=finite)
EDGES = np.array([[0.0, -0.0, 1e-45, -1e-38, 3.4028235e38, 1 / 3, -1.0, 16777216.0]], np.float32)


def through_json(rows: Rows) -> Any:
    content = asyncio.run(encode_rows(rows))
    return orjson.loads(orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY))


@given(matrices)
def test_json_gives_back_the_same_bits(rows: Rows) -> None:
    again = np.array(through_json(rows), np.float32).reshape(rows.shape)
    assert again.tobytes() == rows.tobytes()


@given(matrices)
def test_message_pack_gives_back_the_same_bits(rows: Rows) -> None:
    document = msgspec.msgpack.decode(encode_message_pack({"rows": rows, "dimensions": 3, "names": ["é"]}))
    assert (document["dimensions"], document["names"]) == (3, ["é"])
    assert len(document["rows"]) == len(rows)
    again = np.array(document["rows"], np.float32).reshape(rows.shape)
    assert again.tobytes() == rows.tobytes()


@pytest.mark.parametrize("width", [1, 15, 16, 255, 256, 384, 65_535, 65_536])
@pytest.mark.parametrize("count", [0, 1, 15, 16])
def test_message_pack_has_the_shape_at_every_width_of_its_heads(count: int, width: int) -> None:
    rows = np.arange(count * width, dtype=np.float32).reshape(count, width)
    document = msgspec.msgpack.decode(encode_message_pack({"rows": rows}))
    assert [len(row) for row in document["rows"]] == [width] * count
    assert document["rows"] == rows.tolist()


def test_message_pack_keeps_five_bytes_a_number() -> None:
    size = len(encode_message_pack({"rows": np.ones((10, 384), np.float32)}))
    assert size < 10 * 384 * 5 + 100


def test_edges_of_float32_pass_every_encoding() -> None:
    assert np.array(through_json(EDGES), np.float32).tobytes() == EDGES.tobytes()
    packed = msgspec.msgpack.decode(encode_message_pack({"rows": EDGES}))["rows"]
    assert np.array(packed, np.float32).tobytes() == EDGES.tobytes()
    assert base64.b64decode(encode_base64(EDGES[0])) == EDGES.astype("<f4").tobytes()
    assert encode_bytes(EDGES)[0] == EDGES.astype("<f4").tobytes()


@pytest.mark.parametrize("count", [0, 1, 84, 85, 86, 170, 171, 2048])
def test_slices_change_nothing(count: int) -> None:
    rows = np.random.default_rng(0).standard_normal((count, SLICE_NUMBERS // 85)).astype(np.float32)
    again = np.array(through_json(rows), np.float32).reshape(rows.shape)
    assert again.tobytes() == rows.tobytes()


def test_others_have_their_turn_between_slices() -> None:
    async def run() -> int:
        turns = 0

        async def count() -> None:
            nonlocal turns
            while True:
                turns += 1
                await asyncio.sleep(0)

        other = asyncio.create_task(count())
        await encode_rows(np.zeros((2048, 384), np.float32))
        other.cancel()
        return turns

    assert asyncio.run(run()) >= 2048 * 384 // SLICE_NUMBERS - 1


def test_elements_that_are_no_arrays_are_sliced_alike() -> None:
    parts: list[slice] = []

    def part(some: slice) -> list[dict[str, int]]:
        parts.append(some)
        return [{"index": index} for index in range(some.start, some.stop)]

    content = asyncio.run(encode_array(100, SLICE_NUMBERS // 30, part))
    assert orjson.loads(orjson.dumps(content)) == [{"index": index} for index in range(100)]
    assert [(some.start, some.stop) for some in parts] == [(0, 30), (30, 60), (60, 90), (90, 100)]


def test_an_answer_says_its_times_and_how_many_texts_were_cut() -> None:
    timing = Timing(0.001, 0.002, 0.003)
    told = {"server-timing": "queue;dur=2.000, tokenize;dur=1.000, inference;dur=3.000"}
    assert timing_headers(timing, [False] * 3) == told
    assert timing_headers(timing, [True, False, True]) == told | {"x-truncated-inputs": "2"}
    held = {"server-timing": f"{told['server-timing']}, index;dur=250.000"}
    assert timing_headers(Timing(0.001, 0.002, 0.003, 0.25), [False]) == held


@pytest.mark.parametrize("rows", [0, 3])
def test_raw_bytes_say_their_shape(rows: int) -> None:
    body, headers = encode_bytes(np.zeros((rows, 2), np.float32))
    assert (headers, len(body)) == ({"x-embedding-shape": f"{rows},2"}, rows * 8)


def test_a_vector_in_message_pack_is_of_float32() -> None:
    """A document's vector takes as many bytes a number as the rows of /embed."""
    packed = encode_message_pack({"vector": EDGES[0]})
    assert packed.count(b"\xca") >= len(EDGES[0])
    assert np.array(msgspec.msgpack.decode(packed)["vector"], np.float32).tobytes() == EDGES.tobytes()
