from bench.traffic.requests import prepare_requests
from bench.traffic.target import ServerSpec
from bench.workload.texts import SizedText

SPEC = ServerSpec(name="made", command=(), dialect="native", model="")
TEXTS = [SizedText("a b", 4), SizedText("c", 3), SizedText("d", 3)]


def test_a_request_holds_its_texts_and_counts_their_tokens() -> None:
    first, rest = prepare_requests(SPEC, iter(TEXTS), 2)
    assert (first.texts, first.tokens, rest.texts, rest.tokens) == (2, 7, 1, 3)
    assert first.payload.endswith(b'\r\nContent-Length: 21\r\n\r\n{"texts":["a b","c"]}')


def test_headers_of_ones_own_stand_in_the_head() -> None:
    (one,) = prepare_requests(SPEC, iter(TEXTS), 3, {"x-request-timeout-ms": "50"})
    head, _, _ = one.payload.partition(b"\r\n\r\n")
    assert b"\r\nx-request-timeout-ms: 50\r\n" in head
