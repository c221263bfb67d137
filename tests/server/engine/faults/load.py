"""Good requests in a closed loop from many connections, each answer compared with what was told before the load."""

import math
import random
import threading
import time
from contextlib import suppress
from types import TracebackType

import msgspec

from tests.server.engine.faults.daemon import FaultyServer
from tests.server.engine.faults.wire import Answer, Wire, ask
from tests.server.polling import until

TEXTS_EACH = 6


class Outcome(msgspec.Struct, frozen=True):
    """What became of one request, all sent at `sent_s`; no answer where the connection ended without a byte of one."""

    texts: tuple[str, ...]
    sent_s: float
    answer: Answer | None
    right: bool


class Load:
    """The load, from its start to the end of the block; every connection has texts of its own."""

    def __init__(self, server: FaultyServer, connections: int = 8) -> None:
        self.outcomes: list[Outcome] = []
        self._server = server
        self._stop = threading.Event()
        self._threads = [threading.Thread(target=self._drive, args=(i,), daemon=True) for i in range(connections)]
        texts = [text for i in range(connections) for text in texts_of(i)]
        alone = [ask(server.address, text, cache=False).embeddings()[0] for text in texts]
        self._rows = dict(zip(texts, alone, strict=True))

    def __enter__(self) -> "Load":
        for thread in self._threads:
            thread.start()
        self.go_on()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._stop.set()
        for thread in self._threads:
            thread.join()

    def go_on(self, count: int = 40) -> None:
        """Wait until so many more requests have been answered, all connections at work."""
        goal = len(self.outcomes) + count
        until(lambda: len(self.outcomes) >= goal)

    def _drive(self, number: int) -> None:
        choose = random.Random(number)
        with Wire(self._server.address) as wire:
            while not self._stop.is_set():
                texts = tuple(choose.sample(texts_of(number), choose.randint(1, 4)))
                outcome = self._ask(wire, texts, cache=choose.random() < 0.3)
                self.outcomes.append(outcome)
                if outcome.answer is None or outcome.answer.headers.get("connection") == "close":
                    return

    def _ask(self, wire: Wire, texts: tuple[str, ...], *, cache: bool) -> Outcome:
        sent_s, answer = math.inf, None
        with suppress(ConnectionError):
            wire.send_embed(*texts, cache=cache)
            sent_s = time.monotonic()
            answer = wire.receive()
        return Outcome(texts, sent_s, answer, self._is_right(texts, answer))

    def _is_right(self, texts: tuple[str, ...], answer: Answer | None) -> bool:
        if answer is None or answer.status != 200:
            return False
        return answer.embeddings() == [self._rows[text] for text in texts]


def texts_of(number: int) -> list[str]:
    return [f"good {number} {i}{'x' * (i * 5)}" for i in range(TEXTS_EACH)]
