"""What is read of a request besides its body."""

import pytest

from server.access.caller import network_of, read_timeout_s
from server.contract.errors import InvalidInputError


def test_a_client_says_how_long_it_waits_or_does_not() -> None:
    assert read_timeout_s({}) is None
    assert read_timeout_s({b"x-request-timeout-ms": b"250"}) == 0.25


@pytest.mark.parametrize("value", [b"0", b"-1", b"", b"1.5", b"1e3", b"soon", b"9" * 30, "٣".encode(), b" 1"])
def test_a_timeout_that_is_no_number_of_milliseconds_is_refused(value: bytes) -> None:
    with pytest.raises(InvalidInputError, match="x-request-timeout-ms"):
        read_timeout_s({b"x-request-timeout-ms": value})


@pytest.mark.parametrize(
    ("address", "site"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3::4", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("", ""),
        ("a proxy's own word", ""),
        ("key 0123456789ab", ""),
    ],
)
def test_who_has_a_whole_network_is_one_client(address: str, site: str) -> None:
    assert network_of(address) == site
