"""What a server says of its own work in progress: gauges of GET /metrics in Prometheus' text format."""

from collections.abc import Sequence

from bench.servers.running import HOST, Running
from bench.traffic.bad_requests import whole_request
from bench.traffic.connection import Pool

# Nothing may be left of these once nobody asks for anything; the event loop always has some tasks.
GAUGES = (
    "vecd_requests_in_work",
    "vecd_queue_texts",
    "vecd_queue_tokens",
    "vecd_inflight_texts",
    "vecd_event_loop_tasks",
)


async def read_gauges(server: Running) -> dict[str, float | None]:
    """Return each gauge; None where the server does not tell it."""
    pool = Pool(HOST, server.port)
    try:
        reply = await pool.send(whole_request("GET", "/metrics"))
    finally:
        pool.close()
    return parse_gauges(reply.body.decode("utf-8", "replace") if reply.status == 200 else "", GAUGES)


def parse_gauges(text: str, names: Sequence[str]) -> dict[str, float | None]:
    """Return each gauge's value, summed over its labels; None where there is none."""
    found: dict[str, float | None] = dict.fromkeys(names)
    for line in text.splitlines():
        name, _, rest = line.partition("{") if "{" in line else line.partition(" ")
        if name in found:
            # After the labels come the value and, maybe, a time.
            value = rest.rpartition("}")[2].split()[0]
            found[name] = (found[name] or 0.0) + float(value)
    return found
