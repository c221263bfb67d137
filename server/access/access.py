"""The check that every request passes: key and scope, the client's share, host and origin, media type of the answer.

Litestar calls it when it has found the route and before a byte of the body is read, so that a scope is the route's and
errors are told in the dialect of the path.
"""

from functools import partial
from http import HTTPStatus
from typing import Any

import msgspec
from litestar import Request
from litestar.exceptions import NotFoundException
from litestar.types import Scope

from server.access.caller import Caller, read_timeout_s, site_of
from server.access.hosts import Hosts
from server.access.keys import KeyRing
from server.access.rates import Account, Rates
from server.web.errors import ForbiddenError, UnauthorizedError
from server.web.negotiation import negotiate
from server.web.operations import Operation, operation_of
from server.web.request_state import RequestState, state_of

BEARER = "bearer"
# Without a body a page may send these anywhere without asking first, for there is no content type to stop it.
CHANGING = frozenset({"POST", "DELETE"})
# What the second port shows.
ON_METRICS_PORT = frozenset({"/metrics", "/health", "/health/live", "/health/ready"})


class Policy(msgspec.Struct, frozen=True, kw_only=True):
    """`hosts` is None where the Host header may say anything; `origins` are those whose pages may call."""

    keys: KeyRing
    rates: Rates
    hosts: Hosts | None
    metrics_port: int = 0
    origins: frozenset[str] = frozenset()


class Access:
    """Leaves the caller, and the media type of the answer, in the scope of each request that is let in."""

    def __init__(self, policy: Policy) -> None:
        self._policy = policy

    async def admit(self, request: Request[Any, Any, Any]) -> None:
        """Let a request in, or raise one of the project's errors."""
        scope = request.scope
        state, operation = state_of(scope), operation_of(scope)
        if self._policy.metrics_port and self._on_metrics_port(scope):
            if str(scope.get("path_template")) not in ON_METRICS_PORT:
                raise NotFoundException(status_code=HTTPStatus.NOT_FOUND)
        elif operation is not None and operation.scope is not None:
            if operation.request is None and scope["method"] in CHANGING:
                self._check_origin(state)
            state.caller = self._identify(scope, state, operation)
        if operation is not None:
            state.media = negotiate(scope, operation.gives)

    def _on_metrics_port(self, scope: Scope) -> bool:
        server = scope.get("server")
        return server is not None and server[1] == self._policy.metrics_port

    def _identify(self, scope: Scope, state: RequestState, operation: Operation) -> Caller:
        address = scope.get("client")
        client = site_of(address[0]) if address else ""
        keys = self._policy.keys
        if not keys.required:
            self._check_host(scope)
            return Caller(client, read_timeout_s(state.headers), self._count(state, client))
        key = keys.find(_token(scope))
        name = f"key {key.id}" if key else client
        account = self._count(state, name, keyed=key is not None)
        if key is None:
            message = "this needs a key: Authorization: Bearer vecd_..., one that `python -m server keys add` made"
            raise UnauthorizedError(message)
        if operation.scope not in key.scopes and operation.scope != "any":
            message = f"this key allows {', '.join(key.scopes)}, and this needs {operation.scope}"
            raise ForbiddenError(message)
        return Caller(name, read_timeout_s(state.headers), account)

    def _check_host(self, scope: Scope) -> None:
        hosts = self._policy.hosts
        if hosts is None:
            return
        named = [value for name, value in scope["headers"] if name == b"host"]
        if len(named) != 1 or not hosts.known(named[0].decode("latin-1")):
            message = "without keys the Host header must name this machine, or be one of allowed_hosts"
            raise ForbiddenError(message)

    def _check_origin(self, state: RequestState) -> None:
        """Refuse what a page of a foreign origin sent; scripts send neither header."""
        headers, allowed = state.headers, self._policy.origins
        origin = headers.get(b"origin", b"").decode("latin-1")
        if origin:
            own = headers.get(b"host", b"").decode("latin-1")
            foreign = not allowed & {origin, "*"} and origin.partition("://")[2] != own
        else:
            foreign = headers.get(b"sec-fetch-site") == b"cross-site"
        if foreign:
            message = "a page of another origin may not send this, unless cors_origins has it"
            raise ForbiddenError(message)

    def _count(self, state: RequestState, client: str, *, keyed: bool = False) -> Account | None:
        """Count a request for a client, and have its answer say what is left."""
        rates = self._policy.rates
        if not rates.on:
            return None
        account = rates.open(client, keyed=keyed)
        state.answer_headers = partial(rates.headers, account)
        if account.requests:
            account.requests.take(1)
        return account


def _token(scope: Scope) -> str:
    """Return the key that the client shows (RFC 6750), or nothing where it shows none or several."""
    shown = [value for name, value in scope["headers"] if name == b"authorization"]
    scheme, _, token = shown[0].decode("latin-1").partition(" ") if len(shown) == 1 else ("", "", "")
    return token.strip() if scheme.lower() == BEARER else ""
