"""Clients of a soak, against a server that the test writes."""

import asyncio
import itertools

from bench.traffic.client_steps import Step
from bench.traffic.clients import Tally, run_clients
from bench.traffic.connection import Pool

GOOD = b"HTTP/1.1 200 OK\r\nX-Request-Id: 1\r\nContent-Length: 0\r\n\r\n"


def soak(steps: list[Step]) -> Tally:
    """A server that answers `a`, says nothing to `b` and closes the connection at `c`."""
    tally = Tally()

    async def handle(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while (word := await reader.read(1)) in (b"a", b"b"):
            if word == b"a":
                writer.write(GOOD)
        writer.close()

    async def run() -> None:
        server = await asyncio.start_server(handle, "127.0.0.1", 0)
        pool = Pool("127.0.0.1", server.sockets[0].getsockname()[1])
        await run_clients(pool, itertools.cycle(steps), 3, 0.3, tally)
        pool.close()
        server.close()
        await asyncio.sleep(0.05)

    asyncio.run(run())
    return tally


def test_answers_are_counted_by_step_and_status() -> None:
    tally = soak([Step("one", b"a"), Step("other", b"a", status="404")])
    assert tally.steps.keys() == {"one", "other"}
    assert tally.statuses == {"200": sum(tally.steps.values())}
    assert tally.unexpected == {"other: 200 instead of 404": tally.steps["other"]}


def test_who_leaves_is_not_answered_and_nothing_is_wrong_with_that() -> None:
    tally = soak([Step("leaves", b"b", leaves_s=0.01), Step("one", b"a")])
    assert tally.statuses["left"] == tally.steps["leaves"] > 5
    assert tally.unexpected == {}


def test_a_connection_that_breaks_is_unexpected() -> None:
    tally = soak([Step("breaks", b"c")])
    assert tally.statuses["connection"] == tally.unexpected["breaks: ConnectionResetError"] > 0
