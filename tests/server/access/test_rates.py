"""Token buckets under a clock that the tests turn: what is given, what is told, what is remembered of whom."""

import re
import sys
from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from server.access.caller import network_of
from server.access.rates import MAX_CLIENTS, WINDOW_S, Bucket, Rates
from server.web.errors import RateError

# One member of a list of strings with integer parameters (RFC 8941, sections 3.1 and 3.3).
MEMBER = re.compile(r'"(?P<name>[\x20\x21\x23-\x5b\x5d-\x7e]*)"(?P<parameters>(;[a-z*][a-z0-9_.*-]*=-?\d{1,15})*)')

limits = st.integers(1, 1_000_000)
# Sixteenths are exact in binary, so that what the tests add up is exact.
pauses = st.integers(0, 3_000).map(lambda sixteenths: sixteenths / 16)


class Clock:
    def __init__(self) -> None:
        self.now_s = 1_000.0

    def __call__(self) -> float:
        return self.now_s


def members(value: bytes) -> Iterator[tuple[str, dict[str, int]]]:
    for one in value.decode("ascii").split(", "):
        found = MEMBER.fullmatch(one)
        assert found, one
        pairs = [pair.split("=") for pair in found["parameters"].split(";") if pair]
        yield found["name"], {name: int(number) for name, number in pairs}


def requests_of(rates: Rates, client: str = "me") -> Bucket:
    bucket = rates.account_of(client).requests
    assert bucket is not None
    return bucket


def tokens_of(rates: Rates, client: str = "me") -> Bucket:
    bucket = rates.account_of(client).tokens
    assert bucket is not None
    return bucket


@given(limits, st.lists(st.tuples(pauses, st.integers(0, 2_000_000))))
def test_never_more_is_given_than_a_full_bucket_and_what_time_brought(
    limit: int, asked: list[tuple[float, int]]
) -> None:
    clock = Clock()
    rates, given_out, overdraft = Rates(0, limit, clock), 0, 0
    for pause_s, amount in asked:
        clock.now_s += pause_s
        try:
            tokens_of(rates).take(amount)
        except RateError:
            continue
        given_out += amount
        overdraft = max(overdraft, amount - limit)
        # More than a whole bucket is given on credit, once: what follows waits for it.
        earned = limit + (clock.now_s - 1_000) * limit / WINDOW_S
        assert given_out <= earned + max(0, overdraft) + 1e-3


@given(limits, st.lists(st.tuples(pauses, st.integers(1, 2_000_000)), min_size=1))
def test_who_waits_as_long_as_told_is_served(limit: int, asked: list[tuple[float, int]]) -> None:
    clock = Clock()
    rates = Rates(0, limit, clock)
    for pause_s, amount in asked:
        clock.now_s += pause_s
        try:
            tokens_of(rates).take(amount)
        except RateError as error:
            clock.now_s += error.retry_after_s
            before = tokens_of(rates).level
            tokens_of(rates).take(amount)
            assert tokens_of(rates).level == before - amount


@given(limits, st.integers(1, 2_000_000), st.integers(1, 2_000_000))
def test_nobody_is_told_to_wait_a_second_longer_than_needed(limit: int, first: int, second: int) -> None:
    clock = Clock()
    rates = Rates(0, limit, clock)
    tokens_of(rates).take(first)
    try:
        tokens_of(rates).take(second)
    except RateError as error:
        if error.retry_after_s > 1:
            clock.now_s += error.retry_after_s - 1.001
            with pytest.raises(RateError):
                tokens_of(rates).take(second)


@given(limits, st.lists(st.integers(0, 2_000_000)))
def test_what_is_refused_costs_nothing(limit: int, amounts: list[int]) -> None:
    bucket = Bucket("tokens", limit)
    for amount in amounts:
        before = bucket.level
        try:
            bucket.take(amount)
        except RateError:
            assert bucket.level == before


@given(limits, st.integers(0, 1_000_000), st.integers(0, 1_000_000))
def test_a_reservation_is_corrected_to_what_was_used(limit: int, reserved: int, used: int) -> None:
    bucket, plain = Bucket("tokens", limit), Bucket("tokens", limit)
    bucket.take(reserved)
    bucket.give_back(reserved - used)
    plain.level -= used
    assert bucket.level == plain.level


@given(limits, st.integers(0, 1_000_000), pauses)
def test_what_is_given_back_late_never_overfills(limit: int, reserved: int, pause_s: float) -> None:
    bucket = Bucket("tokens", limit)
    bucket.take(reserved)
    bucket.fill(pause_s)
    bucket.give_back(reserved)
    assert bucket.level <= limit


def test_a_request_larger_than_the_bucket_passes_when_that_is_full_and_is_paid_for() -> None:
    clock = Clock()
    rates = Rates(0, 600, clock)
    tokens_of(rates).take(1)
    with pytest.raises(RateError) as refused:
        tokens_of(rates).take(6_000)
    assert refused.value.retry_after_s == 1
    clock.now_s += 1
    tokens_of(rates).take(6_000)
    clock.now_s += 9 * WINDOW_S
    with pytest.raises(RateError):
        tokens_of(rates).take(1)
    clock.now_s += 1
    tokens_of(rates).take(1)


def test_requests_are_given_one_by_one_as_time_goes() -> None:
    clock = Clock()
    rates = Rates(60, 0, clock)
    for _ in range(60):
        requests_of(rates).take(1)
    with pytest.raises(RateError, match="requests_per_minute is 60") as refused:
        requests_of(rates).take(1)
    assert (refused.value.parameter, refused.value.retry_after_s) == ("requests", 1)
    for _ in range(100):
        clock.now_s += 1
        requests_of(rates).take(1)
        with pytest.raises(RateError):
            requests_of(rates).take(1)


def test_one_client_never_takes_from_another() -> None:
    rates = Rates(1, 0, Clock())
    requests_of(rates, "a").take(1)
    requests_of(rates, "b").take(1)
    with pytest.raises(RateError):
        requests_of(rates, "a").take(1)


def test_addresses_of_one_network_are_one_client_and_of_another_are_not() -> None:
    rates = Rates(1, 0, Clock())
    requests_of(rates, network_of("2001:db8:1:2::1")).take(1)
    with pytest.raises(RateError):
        requests_of(rates, network_of("2001:db8:1:2:ffff:ffff:ffff:ffff")).take(1)
    requests_of(rates, network_of("2001:db8:1:3::1")).take(1)
    requests_of(rates, network_of("192.0.2.1")).take(1)
    requests_of(rates, network_of("192.0.2.2")).take(1)


@pytest.mark.parametrize(
    ("requests", "tokens", "names"),
    [(0, 0, []), (5, 0, ["requests"]), (0, 7, ["tokens"]), (5, 7, ["requests", "tokens"])],
)
def test_only_what_is_limited_has_a_bucket(requests: int, tokens: int, names: list[str]) -> None:
    rates = Rates(requests, tokens, Clock())
    assert rates.enabled == bool(names)
    assert [bucket.name for bucket in rates.account_of("me").buckets] == names


@given(limits, limits, st.integers(0, 2_000_000), pauses)
def test_headers_are_structured_fields_and_true(requests: int, tokens: int, taken: int, pause_s: float) -> None:
    clock = Clock()
    rates = Rates(requests, tokens, clock)
    requests_of(rates).take(1)
    tokens_of(rates).take(taken)
    clock.now_s += pause_s
    account = rates.account_of("me")
    told = rates.headers(account)
    assert set(told) == {b"ratelimit-policy", b"ratelimit"}
    assert dict(members(told[b"ratelimit-policy"])) == {
        "requests": {"q": requests, "w": 60},
        "tokens": {"q": tokens, "w": 60},
    }
    for bucket, (name, now) in zip(account.buckets, members(told[b"ratelimit"]), strict=True):
        assert name == bucket.name
        assert set(now) == {"r", "t"}
        assert 0 <= now["r"] <= bucket.per_minute
        if now["r"]:
            bucket.take(now["r"])  # as much as it says can be taken
            bucket.give_back(now["r"])
        if now["r"] < bucket.per_minute:
            with pytest.raises(RateError):
                bucket.take(now["r"] + 1)  # and no more
        bucket.fill(now["t"])
        assert bucket.level == pytest.approx(bucket.per_minute)


def test_memory_is_bounded_and_who_was_not_seen_for_longest_goes_first() -> None:
    rates = Rates(10, 0, Clock())
    requests_of(rates, "first").take(3)
    requests_of(rates, "second").take(3)
    before = sys.getallocatedblocks()
    for number in range(MAX_CLIENTS - 2):
        rates.account_of(str(number))
    requests_of(rates, "first").take(1)  # seen again
    full = sys.getallocatedblocks()
    assert full - before > MAX_CLIENTS  # each is remembered
    for number in range(20_000):
        rates.account_of(f"newer {number}")
    assert sys.getallocatedblocks() - full < 10_000  # and the next ones take their place
    assert requests_of(rates, "first").level == 6
    assert requests_of(rates, "second").level == 10


def test_a_clock_that_stands_still_gives_nothing() -> None:
    rates = Rates(1, 0, Clock())
    requests_of(rates).take(1)
    for _ in range(1_000):
        with pytest.raises(RateError):
            requests_of(rates).take(1)


def test_strangers_by_the_thousand_do_not_refill_the_bucket_of_a_key() -> None:
    clock = Clock()
    rates = Rates(10, 0, clock)
    account = rates.account_of("key a", keyed=True)
    assert account.requests is not None
    account.requests.take(10)
    for number in range(MAX_CLIENTS + 10):
        rates.account_of(str(number))
    assert rates.account_of("key a", keyed=True) is account
    assert account.requests.level == 0
