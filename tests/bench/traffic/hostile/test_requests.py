"""The attacks are well-formed and within the default limits: otherwise they would prove nothing."""

from itertools import islice
from typing import Any

import msgspec
import pytest

from bench.traffic.hostile.hello import make_hello
from bench.traffic.hostile.orders import Orders, address_of
from bench.traffic.hostile.requests import REQUESTS, client_of
from server.settings import Settings

LIMITS = Settings()


def requests(attack: str, count: int, keys: tuple[str, ...] = ()) -> list[bytes]:
    orders = Orders(attack="texts", port=1, clients=2, dimensions=8, seed=3, keys=keys)
    return list(islice(REQUESTS[attack](client_of(orders, 1)), count))


def body_of(request: bytes) -> Any:
    return msgspec.json.decode(request.partition(b"\r\n\r\n")[2])


@pytest.mark.parametrize("attack", REQUESTS)
def test_every_body_is_json_within_the_limits(attack: str) -> None:
    for request in requests(attack, 3):
        head, _, body = request.partition(b"\r\n\r\n")
        assert int(head.partition(b"Content-Length: ")[2].split()[0]) == len(body) <= LIMITS.max_body_bytes
        found = body_of(request)
        texts = found.get("texts", [found.get("text", "")])
        assert len(texts) <= LIMITS.max_client_batch_size
        assert max(len(text.encode()) for text in texts) <= LIMITS.max_text_bytes


def test_a_text_of_one_word_is_as_long_as_a_text_may_be_and_no_other_is_the_same() -> None:
    first, second = (body_of(one)["texts"][0] for one in requests("tokenizer", 2))
    assert len(first.encode()) > LIMITS.max_text_bytes - 3
    assert first != second
    assert not set(first) & set(" \n")


def test_large_bodies_are_nearly_as_large_as_a_body_may_be() -> None:
    assert [len(one) > 0.9 * LIMITS.max_body_bytes for one in requests("bodies", 2)] == [True, True]


def test_a_filter_has_as_many_conditions_as_it_may_have() -> None:
    filters = [body_of(one)["filter"]["$and"] for one in requests("filters", 3)]
    assert [len(one) for one in filters] == [64, 64, 64]


def test_clients_have_their_own_keys_and_addresses() -> None:
    assert b"Authorization: Bearer second\r\n" in requests("unread", 1, ("first", "second"))[0]
    assert len({address_of(number) for number in range(1000)}) == 1000


def test_a_hello_is_one_whole_record() -> None:
    hello = make_hello()
    assert hello[:3] == b"\x16\x03\x01"
    assert int.from_bytes(hello[3:5]) == len(hello) - 5
    assert int.from_bytes(hello[6:9]) == len(hello) - 9
