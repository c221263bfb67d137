"""Who is let in, decided before any body is read: keys, scopes, hosts, shares, the second port."""

import asyncio
import itertools
from collections.abc import Iterable, Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest
from litestar.exceptions import NotFoundException

from server.access.access import Access, Policy
from server.access.caller import Caller
from server.access.hosts import Hosts
from server.access.key import new_key
from server.access.key_file import changing
from server.access.keys import KeyRing
from server.access.rates import Rates
from server.contract.errors import InvalidInputError, ServerError
from server.web.errors import ForbiddenError, RateError, UnauthorizedError
from server.web.key_scopes import KEY_SCOPES, KeyScope
from server.web.operations import KEY, Operation, Parameter
from server.web.request_state import KEY as STATE
from server.web.request_state import RequestState

Header = tuple[bytes, bytes]
LOCAL: Header = (b"host", b"localhost:8000")
FOREIGN: Header = (b"host", b"evil.example")


def operation(scope: Any, *parameters: Parameter) -> Operation:
    return Operation(id="x", summary="", scope=scope, response=None, parameters=parameters)


class Door:
    """An Access, asked with scopes that are made up; between two looks at its clock a second passes."""

    def __init__(self, file: Path, rates: Rates | None = None, metrics_port: int = 0) -> None:
        self.file = file
        self._rates = rates or Rates(0, 0)
        self._port = metrics_port

    def key(self, *scopes: KeyScope, collections: Sequence[str] | None = None) -> str:
        key, shown = new_key("a", scopes, collections=collections)
        with changing(self.file) as keys:
            keys.append(key)
        return shown

    def scope(
        self, wanted: Any = "embed", *headers: Header, client: str | None = "192.0.2.1", **more: object
    ) -> dict[str, Any]:
        return {
            STATE: RequestState("id", "/embed", dict(headers)),
            "route_handler": SimpleNamespace(opt={KEY: wanted if isinstance(wanted, Operation) else operation(wanted)}),
            "headers": list(headers),
            "client": (client, 5) if client else None,
            "server": ("127.0.0.1", 8000),
            "path_template": "/embed",
            "method": "GET",
        } | more

    def admit(self, scope: dict[str, Any]) -> None:
        hosts = Hosts(frozenset())
        self.ring = KeyRing(self.file)
        policy = Policy(keys=self.ring, rates=self._rates, hosts=hosts, metrics_port=self._port)
        asyncio.run(Access(policy, itertools.count().__next__).admit(cast("Any", SimpleNamespace(scope=scope))))

    def ask(
        self, wanted: Any = "embed", *headers: Header, client: str | None = "192.0.2.1", **more: object
    ) -> RequestState:
        scope = self.scope(wanted, *headers, client=client, **more)
        self.admit(scope)
        state: RequestState = scope[STATE]
        return state


def client_of(state: RequestState) -> str:
    assert isinstance(state.caller, Caller)
    return state.caller.client


def bearer(shown: str) -> Header:
    return b"authorization", f"Bearer {shown}".encode("latin-1")


@pytest.fixture
def door(tmp_path: Path) -> Door:
    return Door(tmp_path / "keys.json")


@pytest.mark.parametrize("scope", KEY_SCOPES)
def test_a_key_opens_what_its_scope_says_and_nothing_else(door: Door, scope: KeyScope) -> None:
    shown = door.key(scope)
    for wanted in KEY_SCOPES:
        if wanted == scope:
            door.ask(wanted, bearer(shown))
        else:
            with pytest.raises(ForbiddenError, match=f"allows {scope}; this route needs {wanted}"):
                door.ask(wanted, bearer(shown))
    door.ask("any", bearer(shown))


def test_a_key_with_every_scope_opens_all(door: Door) -> None:
    shown = door.key(*KEY_SCOPES)
    name = f"key {shown.split('_')[1]}"
    for wanted in (*KEY_SCOPES, "any"):
        assert client_of(door.ask(wanted, bearer(shown))) == name
    assert door.ask(None, bearer(shown)).caller is None


@pytest.mark.parametrize("wanted", [*KEY_SCOPES, "any"])
def test_without_a_key_or_with_a_wrong_one_nothing_opens(door: Door, wanted: str) -> None:
    shown = door.key(*KEY_SCOPES)
    for headers in ([], [bearer(shown[:-1] + "x")], [bearer("vecd_000000000000_x")]):
        with pytest.raises(UnauthorizedError, match="keys add"):
            door.ask(wanted, LOCAL, *headers)


@pytest.mark.parametrize("headers", [[], [LOCAL], [FOREIGN], [bearer("x")]])
def test_what_needs_no_key_is_open_to_all(door: Door, headers: Iterable[Header]) -> None:
    door.key("embed")
    assert door.ask(None, *headers).caller is None


SHOWN = (
    b"Bearer KEY",
    b"bearer KEY",
    b"BEARER KEY",
    b"Bearer  KEY",
    b"Bearer KEY ",
)
MALFORMED = (
    b"KEY",
    b"Bearer",
    b"Bearer ",
    b"BearerKEY",
    b"Bearer=KEY",
    b"Basic KEY",
    b"Token KEY",
    b"Bearer KEY,Bearer KEY",
    b"Bearer KEY KEY",
    b'Bearer "KEY"',
    b"Bearer Bearer KEY",
    b"Bearer \xff\xfe",
    b"\xc3\xa9 KEY",
    b"Bearer " + b"x" * 100_000,
    b"Bearer vecd_" + b"_" * 1_000,
    b"",
)


@pytest.mark.parametrize("value", SHOWN)
def test_the_scheme_has_no_case(door: Door, value: bytes) -> None:
    shown = door.key("embed")
    found = door.ask("embed", (b"authorization", value.replace(b"KEY", shown.encode())))
    assert client_of(found) == f"key {shown.split('_')[1]}"


@pytest.mark.parametrize("value", MALFORMED)
def test_malformed_credentials_are_none(door: Door, value: bytes) -> None:
    shown = door.key("embed")
    with pytest.raises(UnauthorizedError):
        door.ask("embed", (b"authorization", value.replace(b"KEY", shown.encode())))


@pytest.mark.parametrize("order", [1, -1])
def test_two_sets_of_credentials_are_none(door: Door, order: int) -> None:
    shown = door.key("embed")
    with pytest.raises(ServerError) as refused:
        door.ask("embed", *[bearer(shown), bearer("vecd_000000000000_x")][::order])
    assert isinstance(refused.value, UnauthorizedError | InvalidInputError)


def test_without_keys_a_foreign_host_is_refused_wherever_something_is_told(door: Door) -> None:
    for wanted in (*KEY_SCOPES, "any"):
        door.ask(wanted, LOCAL)
        with pytest.raises(ForbiddenError, match="allowed_hosts"):
            door.ask(wanted, FOREIGN)
    door.ask(None, FOREIGN)


def test_with_keys_any_host_will_do(door: Door) -> None:
    shown = door.key("embed")
    assert client_of(door.ask("embed", FOREIGN, bearer(shown))) == f"key {shown.split('_')[1]}"


def test_the_caller_is_the_key_or_else_the_address(door: Door) -> None:
    assert door.ask("embed", LOCAL).caller == Caller("192.0.2.1")
    assert door.ask("embed", LOCAL, client="2001:db8::1").caller == Caller("2001:db8::/64")
    assert door.ask("embed", LOCAL, client=None).caller == Caller("")
    shown = door.key("embed")
    assert client_of(door.ask("embed", bearer(shown))) == f"key {shown.split('_')[1]}"


def test_an_address_cannot_pass_for_a_key(door: Door, tmp_path: Path) -> None:
    shown = door.key("embed")
    rates = Rates(1, 0)
    other = Door(tmp_path / "keys.json", rates)
    with pytest.raises(UnauthorizedError):
        other.ask("embed", client=f"key {shown.split('_')[1]}")
    other.ask("embed", bearer(shown))


def test_requests_count_for_the_key_and_wrong_keys_for_the_address(tmp_path: Path) -> None:
    door = Door(tmp_path / "keys.json", Rates(2, 0))
    mine, yours = door.key("embed"), door.key("embed")
    wrong = bearer(f"vecd_{mine.split('_')[1]}_wrong")
    for _ in range(2):
        with pytest.raises(UnauthorizedError):
            door.ask("embed", wrong)
    with pytest.raises(RateError):
        door.ask("embed", wrong)
    with pytest.raises(UnauthorizedError):
        door.ask("embed", wrong, client="192.0.2.2")
    for _ in range(2):
        door.ask("embed", bearer(mine))
    with pytest.raises(RateError):
        door.ask("embed", bearer(mine), client="192.0.2.3")
    door.ask("embed", bearer(yours))


def test_health_never_counts(tmp_path: Path) -> None:
    door = Door(tmp_path / "keys.json", Rates(1, 0))
    for _ in range(3):
        assert door.ask(None, LOCAL).answer_headers is None
    assert door.ask("embed", LOCAL).answer_headers is not None
    with pytest.raises(RateError):
        door.ask("embed", LOCAL)


@pytest.mark.parametrize("path", ["/metrics", "/health", "/health/live", "/health/ready"])
def test_the_second_port_shows_metrics_and_health_without_a_key(tmp_path: Path, path: str) -> None:
    door = Door(tmp_path / "keys.json", metrics_port=9000)
    door.key("embed")
    scope = "admin" if path == "/metrics" else None
    door.ask(scope, path_template=path, server=("127.0.0.1", 9000))
    if scope:
        with pytest.raises(UnauthorizedError):
            door.ask(scope, path_template=path)


@pytest.mark.parametrize("path", ["/embed", "/stats", "/tei/metrics", "/v1/models", "/tei/health", "/", "/docs"])
def test_the_second_port_shows_nothing_else_even_with_a_key(tmp_path: Path, path: str) -> None:
    door = Door(tmp_path / "keys.json", metrics_port=9000)
    shown = door.key(*KEY_SCOPES)
    with pytest.raises(NotFoundException):
        door.ask("any", bearer(shown), path_template=path, server=("127.0.0.1", 9000))


def test_a_time_that_cannot_be_read_is_refused_whoever_asks(door: Door) -> None:
    with pytest.raises(InvalidInputError, match="x-request-timeout-ms"):
        door.ask("embed", LOCAL, (b"x-request-timeout-ms", b"soon"))


def test_the_media_type_of_the_answer_is_settled_at_the_door(door: Door) -> None:
    assert door.ask(None).media == "application/json"
