"""What a connection has to send, over a transport that takes it in pieces."""

import asyncio
from collections.abc import Callable

import pytest

from server.connection.sending import PIECE_BYTES, TICKS_TO_JUDGE, ResponseSender
from server.connection.timeouts import Sweep
from server.settings import Settings
from server.web.body_budget import BodyBudget

ROOM_BYTES = 2 * PIECE_BYTES


class Narrow(asyncio.Transport):
    """Takes bytes until ROOM_BYTES wait, and says so; `take` is the client's reading."""

    def __init__(self) -> None:
        super().__init__()
        self.sender: ResponseSender | None = None
        self.waiting = bytearray()
        self.taken = bytearray()
        self.ends: list[str] = []

    def write(self, data: bytes | bytearray | memoryview) -> None:
        self.waiting += data
        if self.sender is not None and len(self.waiting) >= ROOM_BYTES:
            self.sender.pause()

    def take(self, size: int) -> None:
        assert self.sender is not None
        self.taken += self.waiting[:size]
        del self.waiting[:size]
        if size and len(self.waiting) < ROOM_BYTES:
            self.sender.resume()

    def get_write_buffer_size(self) -> int:
        return len(self.waiting)

    def can_write_eof(self) -> bool:
        return True

    def write_eof(self) -> None:
        self.ends.append("eof")

    def close(self) -> None:
        self.ends.append("close")

    def is_closing(self) -> bool:
        return "close" in self.ends


@pytest.fixture
def budget() -> BodyBudget:
    return BodyBudget(100 * PIECE_BYTES)


@pytest.fixture
def wire() -> Narrow:
    return Narrow()


@pytest.fixture
def sender(wire: Narrow, budget: BodyBudget) -> ResponseSender:
    wire.sender = ResponseSender(wire, Sweep(Settings()), budget)
    return wire.sender


def answer(pieces: float) -> bytes:
    return bytes(range(256)) * int(pieces * PIECE_BYTES / 256)


def test_a_small_answer_goes_at_once_and_is_not_counted(
    wire: Narrow, sender: ResponseSender, budget: BodyBudget
) -> None:
    sender.write(b"body", b"head ")
    assert wire.waiting == b"head body"
    assert budget.held_bytes == 0
    assert not sender.backed_up


def test_a_large_one_goes_as_it_is_taken_in_order_and_is_counted_to_its_end(
    wire: Narrow, sender: ResponseSender, budget: BodyBudget
) -> None:
    body = answer(10)
    sender.write(body, b"head")
    sender.write(b"next")
    assert len(wire.waiting) < ROOM_BYTES + PIECE_BYTES
    while sender.backed_up:
        assert budget.held_bytes >= len(body)
        wire.take(PIECE_BYTES)
    assert budget.held_bytes == 0
    assert bytes(wire.taken + wire.waiting) == b"head" + body + b"next"


@pytest.mark.parametrize(("end", "says"), [(ResponseSender.finish, "eof"), (ResponseSender.close, "close")])
def test_the_end_comes_after_the_last_byte(
    wire: Narrow, sender: ResponseSender, end: Callable[[ResponseSender], None], says: str
) -> None:
    body = answer(6)
    sender.write(body)
    end(sender)
    assert wire.ends == []
    assert sender.is_closing()
    while sender.backed_up:
        wire.take(PIECE_BYTES)
    assert wire.ends == [says]
    assert bytes(wire.taken + wire.waiting) == body


def test_what_the_transport_keeps_of_small_answers_is_counted_at_the_next_tick(
    wire: Narrow, sender: ResponseSender, budget: BodyBudget
) -> None:
    sender.write(answer(0.5))
    sender.check()
    assert budget.held_bytes == PIECE_BYTES // 2
    wire.take(PIECE_BYTES)
    sender.check()
    assert budget.held_bytes == 0


def test_a_client_is_judged_by_what_it_takes_once_it_was_waited_for(wire: Narrow, sender: ResponseSender) -> None:
    sender.write(answer(50))
    wire.take(5 * PIECE_BYTES)  # the system's buffers
    for _ in range(TICKS_TO_JUDGE - 1):
        sender.check()
        assert sender.pace() is None
    sender.check()
    pace = sender.pace()
    assert pace is not None
    assert pace.bytes_per_tick == 0
    wire.take(TICKS_TO_JUDGE * 100)
    pace = sender.pace()
    assert pace is not None
    assert pace.bytes_per_tick == 100
    while sender.backed_up:
        wire.take(PIECE_BYTES)
    wire.take(ROOM_BYTES)
    sender.check()
    assert sender.pace() is None


def test_what_is_not_sent_to_a_lost_connection_is_forgotten(
    sender: ResponseSender, budget: BodyBudget, wire: Narrow
) -> None:
    sender.write(answer(50))
    sender.close()
    sender.forget()
    assert budget.held_bytes == 0
    assert wire.ends == []
