"""The protocol on a transport that is not there: what clients read when the application fails them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
import uvicorn
from uvicorn.server import ServerState

from server.connection.protocol import Protocol
from server.connection.room import Limits, Room
from server.connection.shared import Shared
from server.connection.timeouts import Sweep
from server.settings import Settings
from server.web.body_budget import BodyBudget
from server.web.request_state import KEY, RequestState
from tests.server.connection.hostile.raw import assert_refused, get, split_answers
from tests.server.engine.faults.wire import Answer

App = Callable[[dict[str, Any], Any, Any], Awaitable[None]]


class Transport(asyncio.Transport):
    """Keeps what is written."""

    def __init__(self) -> None:
        super().__init__()
        self.written = b""
        self.closed = False

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.written += data

    def close(self) -> None:
        self.closed = True

    def is_closing(self) -> bool:
        return self.closed

    def can_write_eof(self) -> bool:
        return False

    def pause_reading(self) -> None:
        pass

    def resume_reading(self) -> None:
        pass


async def raises(scope: dict[str, Any], receive: Any, send: Any) -> None:
    scope[KEY] = RequestState("known", scope["path"], {})
    raise RuntimeError("the secret inside")


async def says_nothing(scope: dict[str, Any], receive: Any, send: Any) -> None:
    scope[KEY] = RequestState("known", scope["path"], {})


async def stops_halfway(scope: dict[str, Any], receive: Any, send: Any) -> None:
    await send({"type": "http.response.start", "status": 200, "headers": [(b"content-length", b"10")]})
    await send({"type": "http.response.body", "body": b"half", "more_body": True})
    raise RuntimeError("the secret inside")


async def _run(app: App) -> Transport:
    config = uvicorn.Config(app, log_config=None, proxy_headers=False, lifespan="off")
    config.load()
    state, transport = ServerState(), Transport()
    settings = Settings()
    shared = Shared(settings, Sweep(settings), BodyBudget(settings.max_bodies_bytes))
    place = Room(Limits(1, 1)).enter("")
    assert place is not None
    protocol = Protocol(shared, place, config, state, {})
    protocol.connection_made(transport)
    protocol.data_received(get())
    await asyncio.gather(*state.tasks)
    protocol.connection_lost(None)
    return transport


def answers(app: App) -> list[Answer]:
    return list(split_answers(asyncio.run(_run(app)).written))


@pytest.mark.parametrize("app", [raises, says_nothing])
def test_an_application_that_gives_no_answer_is_our_own_fault(app: App) -> None:
    (answer,) = answers(app)
    assert_refused(answer, 500)
    assert answer.headers["x-request-id"] == "known"
    assert b"secret" not in answer.body


def test_an_answer_that_broke_off_is_cut_and_nothing_is_put_in_its_place() -> None:
    transport = asyncio.run(_run(stops_halfway))
    assert transport.closed
    assert transport.written.endswith(b"half")
