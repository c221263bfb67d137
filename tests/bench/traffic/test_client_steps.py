import itertools
from collections import Counter

import msgspec
import pytest

from bench.traffic.bad_requests import MAX_TEXTS, bad_requests
from bench.traffic.client_steps import Step, find_faults, stream_steps
from bench.traffic.connection import Reply

STEPS = list(itertools.islice(stream_steps(1), 3000))
ID, JSON, PROBLEM = (b"x-request-id", b"1"), (b"content-type", b"application/json"), b"application/problem+json"


def body_of(step: Step) -> bytes:
    return step.payload.partition(b"\r\n\r\n")[2]


def test_a_seed_gives_the_same_steps_again() -> None:
    assert list(itertools.islice(stream_steps(1), 50)) == STEPS[:50]
    assert list(itertools.islice(stream_steps(2), 50)) != STEPS[:50]


def test_all_routes_all_bad_requests_and_both_ways_to_leave_occur() -> None:
    names = Counter(step.name for step in STEPS)
    good = {"/embed", "/embed/batch", "/similarity"}
    assert names.keys() == good | bad_requests().keys() | {"leaves while it waits", "leaves in the body"}
    assert sum(names[name] for name in good) / len(STEPS) == pytest.approx(0.8, abs=0.03)
    assert sum(step.leaves_s is not None for step in STEPS) / len(STEPS) == pytest.approx(0.1, abs=0.03)


def test_a_client_that_leaves_in_the_body_has_sent_a_part_of_it() -> None:
    for step in (one for one in STEPS if one.name == "leaves in the body"):
        head, _, body = step.payload.partition(b"\r\n\r\n")
        promised = int(head.rpartition(b"Content-Length: ")[2])
        assert len(body) < promised


def test_good_requests_hold_one_text_or_many_of_which_some_repeat() -> None:
    found = [msgspec.json.decode(body_of(step)) for step in STEPS if step.name.startswith("/embed")]
    counts = [len(one["texts"]) for one in found]
    assert min(counts) == 1
    assert 20 < max(counts) <= MAX_TEXTS
    texts = [text for one in found for text in one["texts"]]
    assert 1 - len(set(texts)) / len(texts) == pytest.approx(0.2, abs=0.08)


@pytest.mark.parametrize(
    ("reply", "fault"),
    [
        (Reply(200, b"", (ID, JSON)), None),
        (Reply(200, b"", (JSON,)), "good: 200 without x-request-id"),
        (Reply(500, b"", (ID, (b"Content-Type", PROBLEM))), "good: 500 instead of 200"),
        (Reply(429, b"", (ID, (b"content-type", PROBLEM), (b"Retry-After", b"1"))), None),
        (Reply(429, b"", (ID, (b"content-type", PROBLEM))), "good: 429 without retry-after"),
        (Reply(429, b"", (ID, JSON, (b"retry-after", b"1"))), "good: 429 without a problem document"),
    ],
)
def test_a_reply_that_the_interface_does_not_promise_is_a_fault(reply: Reply, fault: str | None) -> None:
    assert list(find_faults(Step("good", b""), reply)) == ([] if fault is None else [fault])
