"""What handlers get besides the request: the backend, the settings, and the counts and bounds of this process."""

from typing import Any

import msgspec
from litestar import Request

from server.contract.backend import Backend
from server.contract.estimate import TokenEstimate
from server.contract.names import ModelNames
from server.settings import Settings
from server.turns import Turns
from server.web.body_budget import BodyBudget
from server.web.lifecycle import Lifecycle
from server.web.metrics import WebMetrics

STATE = "context"


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """Built in `server/app.py`, once for the process."""

    settings: Settings
    backend: Backend
    names: ModelNames
    estimate: TokenEstimate
    body_budget: BodyBudget
    metrics: WebMetrics
    lifecycle: Lifecycle
    aside: Turns


def context_of(request: Request[Any, Any, Any]) -> Context:
    context: Context = request.app.state[STATE]
    return context
