"""A server's own count of its work in progress: gauges of GET /metrics in Prometheus' text format."""

from collections.abc import Sequence

from bench.traffic.connection import send_alone
from bench.traffic.messages import encode_message
from bench.traffic.target import HOST, Running

# All must be back to zero once no request is under way, but for the event loop, which always has some tasks.
GAUGES = (
    "vecd_requests_in_work",
    "vecd_queue_texts",
    "vecd_queue_tokens",
    "vecd_inflight_texts",
    "vecd_event_loop_tasks",
)


async def read_gauges(server: Running) -> dict[str, float | None]:
    """Return each gauge; None where the server does not have it."""
    reply = await send_alone(HOST, server.port, encode_message("GET", "/metrics"))
    return parse_gauges(reply.body.decode("utf-8", "replace") if reply.status == 200 else "", GAUGES)


def parse_gauges(text: str, names: Sequence[str]) -> dict[str, float | None]:
    """Return each gauge's value, summed over its labels; None where there is none."""
    found: dict[str, float | None] = dict.fromkeys(names)
    for line in text.splitlines():
        name, _, rest = line.partition("{") if "{" in line else line.partition(" ")
        if name in found:
            # The value follows the labels; a time may follow the value.
            value = rest.rpartition("}")[2].split()[0]
            found[name] = (found[name] or 0.0) + float(value)
    return found
