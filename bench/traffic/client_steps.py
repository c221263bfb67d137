"""The steps of a client in a long run: a good request, a bad one, or one that the client abandons; and their replies.

In: a seed. Out: an endless stream of steps over all three routes, with texts and batches of all sizes, some repeated.
"""

import random
from collections.abc import Iterator

import msgspec

from bench.traffic.bad_requests import MAX_TEXTS, BadRequest, bad_requests
from bench.traffic.connection import Reply
from bench.traffic.messages import encode_message
from bench.workload.texts import stream_texts

BAD_SHARE, LEAVING_SHARE, DUPLICATES = 0.1, 0.1, 0.2
MEAN_TEXTS = 6
LONGEST_STAY_S = 0.03
FEWER_DIMENSIONS = 64
OK, OVERLOADED, UNAVAILABLE, NOT_ALLOWED = "200", "429", "503", "405"
# The header that a status requires.
REQUIRED_HEADERS = {OVERLOADED: b"retry-after", UNAVAILABLE: b"retry-after", NOT_ALLOWED: b"allow"}
PROBLEM = "application/problem+json"


class Step(msgspec.Struct, frozen=True, gc=False):
    """What is sent, the status that must come, and after how many seconds the client leaves, if it does."""

    name: str
    payload: bytes
    status: str = OK
    leaves_s: float | None = None


def stream_steps(seed: int) -> Iterator[Step]:
    chance = random.Random(seed)  # noqa: S311 - a load, not a secret
    bad, good = list(bad_requests().items()), stream_good(chance, seed)
    while True:
        part = chance.random()
        if part < BAD_SHARE:
            yield bad_step(*chance.choice(bad))
        elif part < BAD_SHARE + LEAVING_SHARE:
            yield _leaving(next(good), chance)
        else:
            yield next(good)


def bad_step(name: str, bad: BadRequest) -> Step:
    return Step(name, bad.payload, bad.status)


def stream_good(chance: random.Random, seed: int) -> Iterator[Step]:
    """Yield requests of every route that must be answered with 200."""
    texts = stream_texts("mixed", seed, DUPLICATES)

    def draw() -> list[str]:
        return [next(texts).text for _ in range(min(MAX_TEXTS // 2, 1 + int(chance.expovariate(1 / MEAN_TEXTS))))]

    while True:
        path = chance.choice(("/embed", "/embed", "/embed/batch", "/similarity"))
        body: dict[str, object]
        if path == "/similarity":
            body = {"a": draw(), "b": draw() if chance.random() < 0.5 else None}
        else:
            options = {"cache": False, "normalize": False, "dimensions": FEWER_DIMENSIONS}
            body = {"texts": draw(), **{name: value for name, value in options.items() if chance.random() < 0.15}}
        yield Step(path, encode_message("POST", path, msgspec.json.encode(body)))


def _leaving(step: Step, chance: random.Random) -> Step:
    """Return the step with a client that leaves while it waits, or in the middle of the body."""
    leaves_s = chance.uniform(0, LONGEST_STAY_S)
    if chance.random() < 0.5:
        return Step("leaves while it waits", step.payload, step.status, leaves_s)
    start = step.payload.index(b"\r\n\r\n") + 4
    return Step("leaves in the body", step.payload[: chance.randrange(start, len(step.payload))], OK, leaves_s)


def find_faults(step: Step, reply: Reply) -> Iterator[str]:
    """Yield what is wrong with the reply: another status, or a header missing that docs/api.md promises."""
    status = str(reply.status)
    if status not in {step.status, OVERLOADED}:
        yield f"{step.name}: {status} instead of {step.status}"
    for name in (b"x-request-id", REQUIRED_HEADERS.get(status)):
        if name is not None and reply.header(name) is None:
            yield f"{step.name}: {status} without {name.decode()}"
    if status != OK and reply.header(b"content-type") != PROBLEM:
        yield f"{step.name}: {status} without a problem document"
