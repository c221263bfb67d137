"""Everything that one running server consists of, built in `server/app.py` and read by the routes."""

import msgspec

from models import Manifest
from server.embedding import Embedder
from server.engine import Engine
from server.metrics import Metrics
from server.providers import ProviderChoice
from server.selfcheck import ChosenVariant
from server.settings import Settings
from server.watchdog import Watchdog


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
