"""Random bytes, and requests with something random done to them: whatever comes, an answer is one, and soon there."""

import random

import pytest

from tests.server.connection.hostile.door import KEEP_ALIVE_S, SLACK_S, Door
from tests.server.connection.hostile.raw import EMBED, Raw, assert_problem, get, head, post, split_answers

SEEDS = range(150)
WELL_FORMED = (
    get(),
    post(EMBED),
    post(EMBED, b"connection: close"),
    head(b"/embed", b"transfer-encoding: chunked") + b"1b\r\n" + EMBED + b"\r\n0\r\n\r\n",
    head(b"/embed", b"content-length: 27", b"expect: 100-continue") + EMBED,
    get(b"/health/live", b"connection: upgrade", b"upgrade: h2c"),
    get() * 3 + post(EMBED),
)
SPICES = (
    b"\r\n",
    b"\n",
    b"\r",
    b"\0",
    b" ",
    b":",
    b"0",
    b"HTTP/1.1",
    b"chunked",
    b"\xff",
    b"content-length: 1\r\n",
    b"%",
)


def mutated(chance: random.Random) -> bytes:
    """Return a request, or some, in which a few things are out of place."""
    data = bytearray(chance.choice(WELL_FORMED))
    for _ in range(chance.randint(1, 4)):
        at = chance.randrange(len(data))
        match chance.randrange(5):
            case 0:
                data[at] = chance.randrange(256)
            case 1:
                del data[at : at + chance.randint(1, 20)]
            case 2:
                data[at:at] = chance.choice(SPICES)
            case 3:
                data[at:at] = data[at : at + chance.randint(1, 50)]
            case _:
                data[at:at] = chance.randbytes(chance.randint(1, 30))
        data = data or bytearray(b"\0")
    return bytes(data)


def say(raw: Raw, data: bytes, chance: random.Random) -> None:
    """Send in pieces of any size."""
    while data:
        size = chance.choice([1, 7, 100, len(data)])
        raw.send_what_it_takes(data[:size])
        data = data[size:]


def assert_answers(raw: Raw) -> None:
    """Read to the end: every answer is one, and each refusal says the same in its head and its body."""
    raw.socket.settimeout(KEEP_ALIVE_S + 1 + SLACK_S)
    for answer in split_answers(raw.read()):
        assert answer.status < 500 or answer.status in {501, 505}, answer
        if answer.status >= 400 and answer.headers["content-type"] == "application/problem+json":
            assert_problem(answer, answer.status)


@pytest.mark.parametrize("make", [mutated, lambda chance: chance.randbytes(chance.randint(1, 3000))])
def test_noise_is_answered_or_closed_in_time(door: Door, make: object) -> None:
    assert callable(make)
    raws = []
    try:
        for seed in SEEDS:
            chance = random.Random(seed)
            raws.append(door.open())
            say(raws[-1], make(chance), chance)
        for raw in raws:
            assert_answers(raw)
    finally:
        for raw in raws:
            raw.socket.close()
