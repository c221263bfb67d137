"""Which Host headers name this machine."""

import pytest

from server.access.hosts import Hosts

OURS = (
    "localhost",
    "localhost:",  # the port may be empty (RFC 3986)
    "localhost:8000",
    "LocalHost:8000",
    "localhost.",
    "localhost.:8000",
    "vecd.localhost",
    "127.0.0.1",
    "127.0.0.1:8000",
    "192.168.1.4:8000",
    "[::1]",
    "[::1]:8000",
    "[2001:db8::7]:8000",
    "vecd.example",
    "vecd.example:8000",
    "VECD.Example.:8000",
)
FOREIGN = (
    "",
    "[]",
    "[]:80",
    " ",
    "evil.example",
    "evil.example:8000",
    "evil.vecd.example",
    "vecd.example.evil",
    "xvecd.example",
    "localhost.evil.example",
    "evillocalhost",
    "evil-localhost:80",
    "127.0.0.1.evil.example",
    "127.0.0.1.evil.example:8000",
    "127.1",
    "0x7f000001",
    "2130706433",
    "localhost@evil.example",
    "evil.example#localhost",
    "evil.example/localhost",
    "localhost evil.example",
    "localhost, evil.example",
    "evil.example:80:localhost",
    "[evil.example]",
    "[::1].evil.example",
    "[::1]evil.example:80",
    "[::1",
    "::1]",
    "localhost:evil.example",
    "localhost:80@evil.example",
    "127.0.0.1:80/evil",
)


@pytest.fixture
def hosts() -> Hosts:
    return Hosts(frozenset({"vecd.example"}))


@pytest.mark.parametrize("header", OURS)
def test_an_address_localhost_and_what_the_settings_name_are_this_machine(hosts: Hosts, header: str) -> None:
    assert hosts.known(header)


@pytest.mark.parametrize("header", FOREIGN)
def test_no_other_name_is(hosts: Hosts, header: str) -> None:
    assert not hosts.known(header)


def test_a_name_of_the_settings_is_no_other_server_s() -> None:
    assert not Hosts(frozenset()).known("vecd.example")
