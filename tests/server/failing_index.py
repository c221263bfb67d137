"""The real daemon over an index in which every commit meets a fault: `python -m tests.server.failing_index`."""

import sys
from unittest.mock import patch

from index.view.memory import Memory
from server.__main__ import run
from server.backend import LocalBackend, build_backend
from server.serving import serve
from server.settings import Settings, read_settings


def failing(settings: Settings) -> LocalBackend:
    backend = build_backend(settings)
    patch.object(Memory, "applied", side_effect=RuntimeError("a fault")).start()
    return backend


if __name__ == "__main__":
    run(lambda: serve(read_settings(sys.argv[1:], {}), failing))
