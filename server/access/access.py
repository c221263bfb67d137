"""The check that every request passes: key and scope, the client's share, host and origin, media type of the answer.

Litestar calls it after it has found the route, whose scope is checked, and before a byte of the body is read. Errors
are rendered in the dialect of the path.
"""

import time
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.types import Scope

from server.access.caller import Caller, network_of, read_timeout_s
from server.access.hosts import Hosts
from server.access.key import Key
from server.access.keys import KeyRing
from server.access.rates import Account, Rates
from server.access.standing import Standing
from server.web.errors import ForbiddenError, UnauthorizedError
from server.web.negotiation import negotiate
from server.web.operations import Operation, collection_of, operation_of
from server.web.request_state import RequestState, state_of

BEARER = "bearer"
REQUIRED = "a key is required: send Authorization: Bearer vecd_..., a key made by `python -m server keys add`"
ENDED = "this key has ended, or another secret has replaced it; see `python -m server keys add` and `keys rotate`"
# Without a body a page may send these to any origin without a preflight, because no content type requires one.
CHANGING = frozenset({"POST", "DELETE"})
# The routes of the second port.
ON_METRICS_PORT = frozenset({"/metrics", "/health", "/health/live", "/health/ready"})


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """`hosts` is None where any Host header is accepted; `origins` are those whose pages may call."""

    keys: KeyRing
    rates: Rates
    hosts: Hosts | None
    metrics_port: int = 0
    origins: frozenset[str] = frozenset()


class Access:
    """Writes the caller, and the media type of the answer, into the state of each request that is admitted."""

    def __init__(self, policy: Policy, clock: Callable[[], float] = time.monotonic) -> None:
        self._policy = policy
        self._clock = clock

    async def admit(self, request: Request[Any, Any, Any]) -> None:
        """Admit a request, or raise a ServerError or Litestar's NotFoundException."""
        scope = request.scope
        state, operation = state_of(scope), operation_of(scope)
        if self._policy.metrics_port and self._on_metrics_port(scope):
            if str(scope.get("path_template")) not in ON_METRICS_PORT:
                raise NotFoundException(status_code=HTTPStatus.NOT_FOUND)
        elif operation is not None and operation.scope is not None:
            if operation.request is None and scope["method"] in CHANGING:
                self._check_origin(state)
            token = _token(scope)
            state.caller = caller = self._identify(scope, state, operation, token)
            state.client = caller.client
            # The scope holds the state: with the scope in it, only the garbage collector would release a request.
            again = partial(self._check_again, token, operation, collection_of(scope))
            state.check = Standing(again, self._clock)
        if operation is not None:
            state.media = negotiate(scope, operation.gives)

    def _on_metrics_port(self, scope: Scope) -> bool:
        server = scope.get("server")
        return server is not None and server[1] == self._policy.metrics_port

    def _identify(self, scope: Scope, state: RequestState, operation: Operation, token: str) -> Caller:
        address = scope.get("client")
        client = network_of(address[0]) if address else ""
        keys = self._policy.keys
        if not keys.required:
            self._check_host(scope)
            return Caller(client, read_timeout_s(state.headers), self._count(state, client))
        key = keys.find(token)
        name = f"key {key.id}" if key else client
        account = self._count(state, name, keyed=key is not None)
        state.key_id = key.id if key else ""
        if key is None:
            raise UnauthorizedError(ENDED if keys.has_ended(token) else REQUIRED)
        _check_reach(key, operation, collection_of(scope))
        return Caller(name, read_timeout_s(state.headers), account, key)

    def _check_again(self, token: str, operation: Operation, collection: str) -> None:
        """Check the key of a request that has been going on for a while."""
        keys = self._policy.keys
        key = keys.find(token)
        if key is not None:
            _check_reach(key, operation, collection)
        elif keys.required:
            raise UnauthorizedError(ENDED if keys.has_ended(token) else REQUIRED)

    def _check_host(self, scope: Scope) -> None:
        hosts = self._policy.hosts
        if hosts is None:
            return
        named = [value for name, value in scope["headers"] if name == b"host"]
        if len(named) != 1 or not hosts.known(named[0].decode("latin-1")):
            message = "without keys the Host header must name this machine, or one of allowed_hosts"
            raise ForbiddenError(message)

    def _check_origin(self, state: RequestState) -> None:
        """Refuse a request from a page of a foreign origin; programs other than browsers send neither header."""
        headers, allowed = state.headers, self._policy.origins
        origin = headers.get(b"origin", b"").decode("latin-1")
        if origin:
            own = headers.get(b"host", b"").decode("latin-1")
            foreign = not allowed & {origin, "*"} and origin.partition("://")[2] != own
        else:
            foreign = headers.get(b"sec-fetch-site") == b"cross-site"
        if foreign:
            message = "a page of another origin may not send this, unless cors_origins lists that origin"
            raise ForbiddenError(message)

    def _count(self, state: RequestState, client: str, *, keyed: bool = False) -> Account | None:
        """Count a request for a client, and add what is left of its share to the headers of the answer."""
        rates = self._policy.rates
        if not rates.enabled:
            return None
        account = rates.account_of(client, keyed=keyed)
        state.answer_headers = partial(rates.headers, account)
        if account.requests:
            account.requests.take(1)
        return account


def _check_reach(key: Key, operation: Operation, collection: str) -> None:
    if operation.scope not in key.scopes and operation.scope != "any":
        message = f"this key allows {', '.join(key.scopes)}; this route needs {operation.scope}"
        raise ForbiddenError(message)
    if key.collections is not None and operation.in_collection and not key.reaches(collection):
        # The same whether there is such a collection or not.
        message = f"this key reaches the collections {', '.join(key.collections)} only"
        raise ForbiddenError(message)


def _token(scope: Scope) -> str:
    """Return the client's bearer token (RFC 6750), or an empty string where it sends none or several."""
    shown = [value for name, value in scope["headers"] if name == b"authorization"]
    scheme, _, token = shown[0].decode("latin-1").partition(" ") if len(shown) == 1 else ("", "", "")
    return token.strip() if scheme.lower() == BEARER else ""
