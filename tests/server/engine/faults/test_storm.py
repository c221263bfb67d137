"""Hundreds of clients that leave at any moment, send nonsense or hit a fault, while good requests go on."""

import json
import random
import threading

from tests import faulty as words
from tests.server.engine.faults.daemon import FaultyServer
from tests.server.engine.faults.load import Load
from tests.server.engine.faults.wire import Wire
from tests.server.polling import until

ROUNDS, STORMS = 150, 3
GOOD = json.dumps({"texts": ["one of the storm's own", "and another"], "cache": False}).encode()
# A body or a way to ask, and the status that it gets.
BAD: list[tuple[str, str, bytes, dict[str, str], int]] = [
    ("POST", "/embed", b'{"texts": [', {}, 400),
    ("POST", "/embed", b"\xff\xfe\x00", {}, 400),
    ("POST", "/embed", b'{"texts": "not a list"}', {}, 400),
    ("POST", "/embed", b'{"texts": [1, 2]}', {}, 400),
    ("POST", "/embed", b'{"texts": ["\\ud800"]}', {}, 400),
    ("POST", "/embed", b'{"texts": [], "unknown": 1}', {}, 400),
    ("POST", "/embed", b"[" * 100_000, {}, 400),
    ("POST", "/embed", b"", {}, 400),
    ("POST", "/embed", b'{"texts": [' + b'"x",' * 2048 + b'"x"]}', {}, 400),
    ("POST", "/embed", b'{"texts": ["a"], "dimensions": 100000}', {}, 400),
    ("POST", "/embed", b'{"texts": ["a"], "prompt": "none such"}', {}, 400),
    ("POST", "/embed?truncate=false", b'{"texts": ["' + b"a " * 500 + b'"]}', {}, 422),
    ("POST", "/embed", GOOD, {"content-type": "text/plain"}, 415),
    ("POST", "/embed", GOOD, {"content-encoding": "gzip"}, 415),
    ("POST", "/embed", GOOD, {"x-request-timeout-ms": "none"}, 400),
    ("PUT", "/embed", GOOD, {}, 405),
    ("GET", "/no/such/route", b"", {}, 404),
    *(
        ("POST", "/embed", json.dumps({"texts": ["good", f"a {word}"]}).encode(), {}, 500)
        for word in (words.TOKENIZER_RAISES, words.TOKENIZER_PANICS, words.RUN_FAILS, words.RUN_GIVES_NAN)
    ),
]
NOISE = [b"\x16\x03\x01\x02\x00\x01\x00", b"GET\r\n\r\n", b"POST /embed HTTP/9.9\r\n\r\n", b"\r\n" * 50, b"\x00" * 500]


def disturb(server: FaultyServer, choose: random.Random) -> None:
    """Do one thing that clients should not."""
    with Wire(server.address) as wire:
        match choose.randrange(4):
            case 0:
                method, path, body, headers, status = choose.choice(BAD)
                wire.send(method, path, body, headers)
                answer = wire.receive()
                assert answer.status == status, (method, path, body[:50])
                assert answer.headers["content-type"] == "application/problem+json"
            case 1:
                request = b"POST /embed HTTP/1.1\r\nhost: vecd\r\ncontent-type: application/json\r\ncontent-length: "
                request += str(len(GOOD)).encode() + b"\r\n\r\n" + GOOD
                wire.send_raw(request[: choose.randrange(len(request))])
            case 2:
                wire.send("POST", "/embed", GOOD)
            case _:
                wire.send_raw(choose.choice(NOISE))
        wire.leave(rudely=choose.random() < 0.5)


def test_a_storm_leaves_nothing_behind_and_changes_no_bit(faulty: FaultyServer) -> None:
    with Load(faulty):
        pass
    until(faulty.idle)
    threads = faulty.threads()
    failures: list[BaseException] = []

    def storm(seed: int) -> None:
        choose = random.Random(seed)
        try:
            for _ in range(ROUNDS):
                disturb(faulty, choose)
        except (AssertionError, OSError) as error:
            failures.append(error)

    with Load(faulty) as load:
        storms = [threading.Thread(target=storm, args=(seed,)) for seed in range(STORMS)]
        for thread in storms:
            thread.start()
        for thread in storms:
            thread.join()
        load.go_on()
    assert not failures
    assert all(outcome.right for outcome in load.outcomes)
    until(faulty.idle)
    until(lambda: faulty.connections() == 0)
    assert faulty.threads() == threads
    assert faulty.get("/health/ready").status == 200
