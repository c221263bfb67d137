"""How vecd is started for a load: as a user starts it, but without the cache unless a command wants one."""

import argparse
import sys
from collections.abc import Sequence

from bench.servers.running import ServerSpec
from server import MEMORY


def vecd_spec(
    options: argparse.Namespace, dialect: str = "native", delay_ms: float = 0.0, flags: Sequence[str] = ()
) -> ServerSpec:
    """Return how vecd is started, with more of its own flags; with a delay, inside the benchmark's own wrapper."""
    wrapper = ["bench.servers.slowed", "--delay-ms", str(delay_ms)] if delay_ms else ["server"]
    command = [sys.executable, "-m", *wrapper, "--port", "{port}", "--models", str(options.models)]
    command += ["--model", options.model, "--provider", options.provider]
    command += ["--cache-bytes", "0", "--data", str(MEMORY), *flags]
    return ServerSpec(name="vecd", command=command, dialect=dialect, model=options.model)
