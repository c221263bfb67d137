"""Large answers that are made at once are made in turns: others wait for one slice, not for one of each."""

import asyncio

import numpy as np
import orjson

from server.web.encoding import OPTIONS, SLICE_NUMBERS, encode_array, encode_rows
from server.web.request_state import RequestState, current

ANSWERS, WIDTH = 20, 384
ROWS = np.ones((5 * (SLICE_NUMBERS // WIDTH), WIDTH), np.float32)


async def most_slices_a_turn(lock: asyncio.Lock | None) -> int:
    """Make answers at once, and return how many slices were encoded in one turn of the event loop at the most."""
    encoded = most = 0

    def part(some: slice) -> object:
        nonlocal encoded
        encoded += 1
        return ROWS[some]

    async def make() -> None:
        current.set(RequestState("id", "/embed", {}, turns=lock))
        await encode_array(len(ROWS), WIDTH, part)

    answers = [asyncio.create_task(make()) for _ in range(ANSWERS)]
    while not all(one.done() for one in answers):
        before = encoded
        await asyncio.sleep(0)
        most = max(most, encoded - before)
    assert encoded > 4 * ANSWERS
    return most


def test_no_turn_of_the_event_loop_encodes_more_than_one_slice() -> None:
    assert asyncio.run(most_slices_a_turn(None)) == ANSWERS

    async def together() -> int:
        return await most_slices_a_turn(asyncio.Lock())

    assert asyncio.run(together()) == 1


def test_an_answer_whose_client_leaves_keeps_no_turn() -> None:
    async def story() -> object:
        lock = asyncio.Lock()
        current.set(RequestState("id", "/embed", {}, turns=lock))
        left = asyncio.create_task(encode_rows(ROWS))
        await asyncio.sleep(0)
        left.cancel()
        return await encode_rows(ROWS)

    assert orjson.loads(orjson.dumps(asyncio.run(story()), option=OPTIONS)) == ROWS.tolist()
