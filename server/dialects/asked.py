"""The request as handlers see it: its body, parameters and caller, the calls that it may make, and replies.

Handlers are functions that take an `Asked` and return a `Reply`; the decorators here make routes of them.
"""

import time
from collections.abc import Awaitable, Callable, Mapping
from typing import Any, TypeVar

from litestar import Request
from litestar.handlers import HTTPRouteHandler
from litestar.types import Method, Receive

from server.access.caller import Caller, caller_of
from server.access.charging import Charging
from server.contract.backend import Backend
from server.contract.embedding import Demand, Embeddings, Truncate, TruncationSide
from server.contract.facts import Facts
from server.settings import Settings
from server.web.context import Context, context_of
from server.web.decoding import decode_aside, media_taken, read_body
from server.web.document_ids import document_id_of
from server.web.encoding import encode, encode_aside, timing_headers
from server.web.operations import Operation, collection_of, handled, operation_of
from server.web.queries import check_known, flag, query_of, whole_number
from server.web.replies import JSON, NO_HEADERS, Reply
from server.web.request_state import RequestState, state_of

T = TypeVar("T")


class Asked:
    """One request."""

    def __init__(self, request: Request[Any, Any, Any]) -> None:
        self._request = request
        self.scope: Any = request.scope
        self.context: Context = context_of(request)
        self.arrived_s = time.perf_counter()
        self._query: dict[str, str] | None = None

    @property
    def backend(self) -> Backend:
        """For every call that does not embed."""
        return self.context.backend

    @property
    def charging(self) -> Charging:
        """For the calls that embed, which are charged to the client."""
        return Charging(self.context.backend, self.caller.account, self.context.estimate, self.state.check)

    @property
    def facts(self) -> Facts:
        return self.context.backend.facts

    @property
    def settings(self) -> Settings:
        return self.context.settings

    @property
    def state(self) -> RequestState:
        return state_of(self.scope)

    @property
    def caller(self) -> Caller:
        return caller_of(self.scope)

    @property
    def receive(self) -> Receive:
        return self._request.receive

    @property
    def collection(self) -> str:
        """The collection's name in the path, or that of the default one."""
        return collection_of(self.scope)

    def reaches(self, collection: str) -> bool:
        """Return whether the caller may know of a collection; on the port of the metrics everybody may."""
        return self.state.caller is None or self.caller.reaches(collection)

    @property
    def document_id(self) -> str:
        """The document's id in the path; raises InvalidInputError where it is not UTF-8."""
        return document_id_of(self.scope)

    def parameter(self, name: str) -> str:
        """Return a parameter of the path."""
        return str(self._request.path_params[name])

    @property
    def query(self) -> dict[str, str]:
        """The parameters of the query; raises InvalidInputError where one is not UTF-8, or given twice."""
        if self._query is None:
            self._query = query_of(self.scope)
        return self._query

    def flag(self, name: str) -> bool | None:
        """Return a parameter of the query that is true or false; None where it is left out."""
        return flag(self.query, name)

    def whole_number(self, name: str, default: int, most: int) -> int:
        """Return a parameter of the query that is a whole number from 1 to `most`."""
        return whole_number(self.query, name, default, most)

    def header(self, name: str) -> str:
        return str(self._request.headers.get(name, ""))

    @property
    def media_taken(self) -> str:
        """The media type of the body; raises UnsupportedMediaError where the route does not accept it."""
        return media_taken(self.scope, self._operation.takes)

    async def body(self, kind: type[T]) -> T:
        """Read and decode the body, and count the request as understood.

        Raises:
            UnsupportedMediaError, TooLargeError, OverloadedError, InvalidInputError: see `server/web/decoding.py`.
        """
        operation = self._operation
        optional = operation.optional_body and b"content-type" not in self.state.headers
        media = JSON if optional else self.media_taken
        body = await read_body(self.receive, self.settings.max_body_bytes, self.hold)
        self.state.check()  # a body may have taken its time
        if operation.optional_body and not body:
            body = b"{}" if media == JSON else b"\x80"
        elif optional:
            media = self.media_taken  # there is a body after all, and its type is missing
        found = await decode_aside(body, media, kind, operation.hints)
        self.count()
        return found

    def hold(self, size: int) -> None:
        """Hold bytes of the body in the budget; raises OverloadedError where there is no room for them."""
        self.context.body_budget.hold(self.state, size)

    def count(self) -> None:
        """Count the request for /stats, by its operation's purpose."""
        if (purpose := self._operation.purpose) is not None:
            self.context.metrics.requests.count(purpose)

    def demand(  # noqa: PLR0913 - the fields of a demand
        self,
        *,
        prompt: str | None = None,
        normalize: bool = True,
        every_token: bool = False,
        dimensions: int | None = None,
        cache: bool = True,
        truncate: Truncate | None = None,
        truncation_side: TruncationSide = "right",
    ) -> Demand:
        """Return a demand on behalf of the caller."""
        caller = self.caller
        return Demand(
            client=caller.client,
            timeout_s=caller.timeout_s,
            prompt=prompt,
            normalize=normalize,
            every_token=every_token,
            dimensions=dimensions,
            cache=cache,
            cache_owner=caller.cache_owner,
            truncate=truncate,
            truncation_side=truncation_side,
        )

    def reply(self, content: Any, *, headers: Mapping[str, str] = NO_HEADERS, status: int = 200) -> Reply:
        """Return content in the negotiated media type."""
        media = self.state.media
        return Reply(encode(content, media), status=status, media_type=media, headers=headers)

    async def reply_with_texts(self, content: Any, size_bytes: int, headers: Mapping[str, str] = NO_HEADERS) -> Reply:
        """Return content with texts of about `size_bytes`, in the negotiated media type."""
        media = self.state.media
        return Reply(await encode_aside(content, media, size_bytes), media_type=media, headers=headers)

    def reply_embeddings(self, content: Any, found: Embeddings, began_s: float) -> Reply:
        """Return embeddings with the headers for times and truncation; their encoding began at `began_s`."""
        media = self.state.media
        body = encode(content, media)
        self.context.metrics.encoded(time.perf_counter() - began_s)
        return Reply(body, media_type=media, headers=timing_headers(found.timing, found.truncated))

    @property
    def _operation(self) -> Operation:
        operation = operation_of(self.scope)
        assert operation is not None
        return operation


Handler = Callable[[Asked], Awaitable[Reply]]
Decorator = Callable[[str | list[str], Operation], Callable[[Handler], HTTPRouteHandler]]


def decorator(*methods: Method, strict: bool = False) -> Decorator:
    """Return a decorator of handlers; a `strict` one refuses what the query has and the operation does not name."""

    def operate(path: str | list[str], operation: Operation) -> Callable[[Handler], HTTPRouteHandler]:
        known = [one.name for one in operation.parameters if one.place == "query"]
        checked = strict and operation.scope is not None  # probes may add what they like

        def make_route(handler: Handler) -> HTTPRouteHandler:
            async def answer(request: Request[Any, Any, Any]) -> Reply:
                asked = Asked(request)
                if checked and request.scope["query_string"]:
                    check_known(asked.query, known)
                return await handler(asked)

            return handled(*methods)(path, operation)(answer)

        return make_route

    return operate


# For dialects that ignore what they do not know, as their originals do.
on_get, on_post = decorator("GET", "HEAD"), decorator("POST")
