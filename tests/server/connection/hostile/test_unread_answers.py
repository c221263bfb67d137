"""Answers that nobody reads, or that are read in drips: they take no more memory than the settings allow."""

import contextlib
import json
import shutil
import ssl
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest

from tests.server.connection.hostile.certificates import make_certificate, trusting_client
from tests.server.connection.hostile.door import Door, resident_bytes, start_door
from tests.server.connection.hostile.raw import EMBED, Raw, get, post
from tests.server.polling import until

MIB = 1 << 20
BUDGET_BYTES = 48 * MIB
# What is there beside the budget: requests that are computed, what the allocator does not give back, TLS's own buffers.
SLACK_BYTES = 200 * MIB
TEXTS = 20_000
LARGE = post(json.dumps({"texts": ["a"] * TEXTS}, separators=(",", ":")).encode())
READERS = 60
BITE_BYTES = 2000


@pytest.fixture
def bounded(tiny_models: Path, tmp_path: Path) -> Iterator[Door]:
    with start_door(tiny_models, tmp_path, max_bodies_bytes=BUDGET_BYTES, send_timeout_s=300) as door:
        yield door


class Crowd:
    """Clients that ask for much and take little; `most_bytes` is what the server was seen to take beside its own."""

    def __init__(self, door: Door, stack: ExitStack, context: ssl.SSLContext | None = None) -> None:
        self._process = door.running.process.pid
        self._at_start = resident_bytes(self._process)
        self.most_bytes = 0
        self.readers = [stack.enter_context(door.open(receive_bytes=4096)) for _ in range(READERS)]
        if context is not None:
            for raw in self.readers:
                raw.socket = stack.enter_context(context.wrap_socket(raw.socket))

    def drip(self) -> int:
        """Let each that is still connected take a little; return how many are."""
        self.most_bytes = max(self.most_bytes, resident_bytes(self._process) - self._at_start)
        return sum(map(_bite, self.readers))


def _bite(raw: Raw) -> bool:
    raw.socket.settimeout(0.001)
    try:
        return bool(raw.socket.recv(BITE_BYTES))
    except TimeoutError:
        return True
    except ConnectionError:
        return False


def test_sixty_trickling_readers_take_no_more_than_the_budget(bounded: Door) -> None:
    with ExitStack() as stack:
        crowd = Crowd(bounded, stack)
        for raw in crowd.readers:
            raw.send(LARGE)
        served = 0
        for _ in range(100):
            crowd.drip()
            served += bounded.ask_or_none(post(EMBED)) == 200
        assert served == 100
        until(lambda: crowd.drip() >= 0 and bounded.ask_or_none(LARGE) == 200)  # the slowest go for one who reads
        assert crowd.most_bytes < BUDGET_BYTES + SLACK_BYTES, crowd.most_bytes / MIB
    until(lambda: bounded.connections() == 0)
    assert bounded.ask_or_none(LARGE) == 200


@pytest.mark.skipif(not shutil.which("openssl"), reason="needs openssl's command line")
def test_over_tls_they_take_no_more_either(tiny_models: Path, tmp_path: Path) -> None:
    flags = make_certificate(tmp_path)
    with (
        start_door(tiny_models, tmp_path, max_bodies_bytes=BUDGET_BYTES, send_timeout_s=300, **flags) as secure,
        ExitStack() as stack,
    ):
        crowd = Crowd(secure, stack, trusting_client())
        for raw in crowd.readers:
            raw.send(LARGE)
        for _ in range(100):
            crowd.drip()
        until(lambda: crowd.drip() < READERS)  # some were refused, and have read it to its end
        assert crowd.most_bytes < BUDGET_BYTES + SLACK_BYTES, crowd.most_bytes / MIB


def test_a_client_that_does_not_read_gets_no_more_answers_computed(bounded: Door) -> None:
    asked = 40
    with ExitStack() as stack:
        crowd = Crowd(bounded, stack)
        raw = crowd.readers[0]
        before = requests(bounded)
        with contextlib.suppress(TimeoutError, BlockingIOError):
            raw.socket.settimeout(1)
            raw.send(LARGE * asked)
        for _ in range(20):
            crowd.drip()
        assert requests(bounded) - before <= 1
        assert crowd.most_bytes < BUDGET_BYTES + SLACK_BYTES


def test_who_reads_in_the_end_gets_every_answer_whole(bounded: Door) -> None:
    with bounded.open(receive_bytes=65536) as raw:
        raw.send(LARGE + LARGE + get())
        for _ in range(2):
            answer = raw.next_answer()
            assert answer.status == 200
            assert len(answer.embeddings()) == TEXTS
        assert raw.next_answer().status == 200


def test_an_answer_that_is_being_read_survives_the_end_of_requests(bounded: Door) -> None:
    """A client that closes its own side once its answer has begun still gets it whole, and the end of the stream."""
    with bounded.open(receive_bytes=65536) as raw:
        raw.send(LARGE)
        assert raw.hears_within(10)
        raw.half_close()
        assert len(raw.answer().embeddings()) == TEXTS


def test_the_last_answer_of_a_connection_is_sent_whole(bounded: Door) -> None:
    with bounded.open(receive_bytes=65536) as raw:
        raw.send(LARGE.replace(b"\r\n\r\n", b"\r\nconnection: close\r\n\r\n", 1))
        answer = raw.answer()
        assert answer.headers["connection"] == "close"
        assert len(answer.embeddings()) == TEXTS


def requests(door: Door) -> int:
    """Return how many requests for embeddings the server has understood."""
    return int(door.ask_open(get(b"/stats")).document()["requests"]["embed"])
