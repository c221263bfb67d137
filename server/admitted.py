"""Routes for documents have a turn each, as those that embed have."""

from contextlib import AbstractAsyncContextManager
from typing import Any

from litestar import Request

from server.caller import caller_of
from server.daemon import daemon_of
from server.errors import DeadlineError, OverloadedError, UnavailableError
from server.turn import turn

# What a route may answer that is admitted.
ADMITTED = (OverloadedError, UnavailableError, DeadlineError)


def admitted(request: Request[Any, Any, Any]) -> AbstractAsyncContextManager[None]:
    """Hold a place for a request until it is done or its time has passed; raises as `turn`."""
    daemon = daemon_of(request)
    return turn(daemon.engine, caller_of(request.scope), daemon.settings.request_timeout_ms / 1e3)
