"""Everything that one running server consists of, built in `server/app.py` and read by the routes."""

import datetime
from importlib.metadata import version
from typing import Any

import msgspec
from litestar import Request

from models import Manifest
from server.embedding import Embedder
from server.engine import Engine
from server.ingest import Ingest
from server.intake import Intake
from server.keys import KeyRing
from server.library import Library
from server.metrics import Metrics
from server.names import ModelNames
from server.providers import ProviderChoice
from server.rates import Rates
from server.reindexing import Reindexing
from server.retrieval import Retrieval
from server.selfcheck import ChosenVariant
from server.settings import Settings
from server.tokens import Tokens
from server.watchdog import Watchdog

STATE = "daemon"
VERSION = version("vecd")


class Daemon(msgspec.Struct, frozen=True):
    """The parts, and what was chosen on the way."""

    settings: Settings
    manifest: Manifest
    provider: ProviderChoice
    chosen: ChosenVariant
    cores: int
    engine: Engine
    embedder: Embedder
    metrics: Metrics
    watchdog: Watchdog
    names: ModelNames
    keys: KeyRing
    rates: Rates
    intake: Intake
    tokens: Tokens
    library: Library
    ingest: Ingest
    retrieval: Retrieval
    reindexing: Reindexing
    started: datetime.datetime


def daemon_of(request: Request[Any, Any, Any]) -> Daemon:
    """Return the daemon that a request came to."""
    daemon: Daemon = request.app.state[STATE]
    return daemon
