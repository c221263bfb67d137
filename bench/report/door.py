"""The page's part on the door: requests with keys and limits, without them, to uvicorn alone, and by dialect."""

from collections.abc import Mapping

from bench.figures.door import GUARDED, OPEN, RAW, DoorFigures
from bench.figures.peer_rows import RowFigures
from bench.figures.spread import ratios, relative, spread
from bench.report.markdown import noisy, table

DOORS = {
    GUARDED: "vecd, with a key, held against its limits",
    OPEN: "vecd, without keys and limits",
    RAW: "uvicorn, an application that answers the same bytes",
}
NATIVE = "native"
HEAD = """
One text that the cache holds, asked for over and over on {connections} connections; the servers share one core, the
load has another. An answer that is no 200, or lacks the embedding's own bytes, is an error. Where others use the cores
too, the server has less of its own, as its column tells: ratios are of requests a core-second.
"""
# Field of the raw file and head of the column.
COLUMNS = {
    "p50_ms": "p50 ms",
    "p99_ms": "p99 ms",
    "p999_ms": "p99.9 ms",
    "server_cores": "server's cores",
    "generator_cores": "generator's cores",
}


def render_door(result: DoorFigures) -> list[str]:
    """Return one file's tables."""
    ceiling, native = result.doors.get(RAW, RowFigures()), result.doors.get(GUARDED, RowFigures())
    doors = {DOORS.get(name, name): load for name, load in result.doors.items()}
    lines = [
        *HEAD.format(connections=result.connections).strip().splitlines(),
        "",
        *_loads("server", "of uvicorn's", doors, ceiling),
    ]
    if result.dialects:
        dialects = _loads("dialect", "of native's", {NATIVE: native, **result.dialects}, native)
        lines += ["The same text in every dialect, with a key:", "", *dialects]
    return lines


def _loads(head: str, share: str, loads: Mapping[str, RowFigures], other: RowFigures) -> list[str]:
    rows = [
        [
            name,
            noisy(spread(load.requests_per_s)),
            noisy(spread(_per_core_second(load))),
            noisy(relative(_per_core_second(load), _per_core_second(other))),
            f"{sum(load.errors):,.0f}",  # of all rounds: a median would hide those of one
            *(noisy(spread(getattr(load, field))) for field in COLUMNS),
        ]
        for name, load in loads.items()
    ]
    return table([head, "requests/s", "a core-second", share, "errors", *COLUMNS.values()], rows)


def _per_core_second(load: RowFigures) -> list[float | None]:
    return ratios(load.requests_per_s, load.server_cores)
