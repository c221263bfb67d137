"""How vecd is started for a load: as a user starts it, but without the cache unless a command wants one."""

import argparse
from collections.abc import Sequence

from bench.traffic.target import ServerSpec, vecd_command


def vecd_spec(
    options: argparse.Namespace, dialect: str = "native", delay_ms: float = 0.0, flags: Sequence[str] = ()
) -> ServerSpec:
    """Return vecd with more of its own flags; with a delay, inside the benchmark's own wrapper."""
    module = ("bench.servers.slowed", "--delay-ms", str(delay_ms)) if delay_ms else ("server",)
    command = vecd_command(options.models, options.model, options.provider, module)
    return ServerSpec(
        name="vecd", command=[*command, "--cache-bytes", "0", *flags], dialect=dialect, model=options.model
    )
