"""Who gets a place: bounds on all connections, on those of one address, and on those that are refused."""

import pytest

from server.connection.room import Limits, Place, Room, group_of, limits_of
from server.settings import Settings

NOBODY = Limits(connections=100, per_address=100)


def enter(room: Room, address: str) -> Place:
    place = room.enter(address)
    assert place is not None
    return place


def test_one_address_has_its_bound_and_others_have_theirs() -> None:
    room = Room(Limits(connections=10, per_address=2))
    first = enter(room, "192.0.2.1")
    assert first.refusal is None
    assert enter(room, "192.0.2.1").refusal is None
    refused = enter(room, "192.0.2.1")
    assert refused.refusal is not None
    assert refused.refusal.status == 429
    assert "max_connections_per_address" in refused.refusal.detail
    assert enter(room, "192.0.2.2").refusal is None
    refused.leave()
    assert enter(room, "192.0.2.1").refusal is not None
    first.leave()
    first.leave()
    assert enter(room, "192.0.2.1").refusal is None
    assert enter(room, "192.0.2.1").refusal is not None


def test_all_together_have_theirs() -> None:
    room = Room(Limits(connections=3, per_address=2))
    places = [enter(room, f"192.0.2.{number}") for number in range(3)]
    refused = enter(room, "192.0.2.9")
    assert refused.refusal is not None
    assert refused.refusal.status == 503
    places[0].leave()
    assert enter(room, "192.0.2.9").refusal is None


def test_more_than_a_few_refused_ones_are_not_let_in_to_hear_it() -> None:
    room = Room(Limits(connections=0, per_address=1), max_refused=2)
    refused = [room.enter("192.0.2.1") for _ in range(3)]
    assert [place is None for place in refused] == [False, False, True]
    assert refused[0] is not None
    refused[0].leave()
    assert room.enter("192.0.2.1") is not None


def test_limits_that_shrink_close_nobody_and_let_nobody_in() -> None:
    room = Room(NOBODY)
    places = [enter(room, "192.0.2.1") for _ in range(5)]
    room.limits = Limits(connections=3, per_address=100)
    places.pop().leave()
    places.pop().leave()
    assert enter(room, "192.0.2.1").refusal is not None
    places.pop().leave()
    assert enter(room, "192.0.2.1").refusal is None


@pytest.mark.parametrize(
    ("address", "group"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", None),
    ],
)
def test_an_address_counts_as_itself_and_one_of_ipv6_as_its_network(address: str, group: str | None) -> None:
    assert group_of(address, ()) == group


def test_trusted_proxies_and_this_machine_are_not_bounded_unless_it_is_asked_for() -> None:
    proxied = Settings(trusted_proxies=("192.0.2.0/24", "unix"))
    limits = limits_of(proxied, 400)
    assert limits.per_address == 100
    for address in ("192.0.2.7", "127.0.0.1", "::1", "::ffff:127.0.0.1"):
        assert group_of(address, limits.spared) is None
    assert group_of("198.51.100.1", limits.spared) == "198.51.100.1"
    asked = limits_of(Settings(trusted_proxies=("192.0.2.7",), max_connections_per_address=5), 400)
    assert asked.per_address == 5
    assert group_of("192.0.2.7", asked.spared) is None
    assert group_of("127.0.0.1", asked.spared) == "127.0.0.1"


def test_a_quarter_of_few_is_one() -> None:
    assert limits_of(Settings(), 3).per_address == 1
