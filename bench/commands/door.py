"""`bench door`: how many requests get through the front of the house, apart from any inference.

One text that the cache holds is asked for over and over, with the server on one core and the load on the others. Round
by round, each in an order of its own: vecd with keys and limits, vecd without, and an application on uvicorn that
answers the same bytes, which is as much as the machine gives; then the same text in every other dialect.
"""

import argparse
import asyncio
import statistics
from collections.abc import AsyncIterator, Mapping, Set
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np

from bench.artifacts import open_artifact
from bench.environments import FOLDER
from bench.figures.goals import Goal, judge_door
from bench.figures.origin import Origin, origin_fields
from bench.figures.outcomes import Outcome, align
from bench.figures.peer_rows import RowFigures
from bench.figures.spread import Spread, ratios, relative, spread
from bench.machine import on_cores, one_core_apart
from bench.options import positive
from bench.progress import open_bar, say
from bench.servers.doors import GUARDED, OPEN, RAW, guarded_spec, open_spec, raw_spec
from bench.servers.running import HOST, Running, run_server
from bench.traffic.dialects import DIALECTS, encode_request
from bench.traffic.driving import LoadResult
from bench.traffic.loops import Plan
from bench.traffic.processes import Watch
from bench.traffic.repetition import Exchange, learn, repeat
from bench.workload.texts import SizedText, stream_texts

ROUNDS, SECONDS, WARM_SECONDS, CONNECTIONS = 15, 1.5, 0.3, 16
# Of the server with keys; /embed/batch goes past the cache, and vecd does not speak infinity's.
DIALECTS_TIMED = tuple(name for name in DIALECTS if name not in {"native", "native-batch", "infinity"})


class DoorFigures(Origin, frozen=True, kw_only=True):
    """By server, and by dialect of the server with keys and limits: one value a round."""

    doors: dict[str, RowFigures]
    dialects: dict[str, RowFigures]
    goals: dict[str, Goal]
    connections: int
    rounds: int
    seconds: float


class Door(msgspec.Struct, frozen=True):
    """A server, and what is asked of it."""

    server: Running
    exchange: Exchange


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add how long to measure."""
    add = parser.add_argument
    add("--rounds", type=positive, default=ROUNDS, metavar="N", help="times that each is loaded (default: %(default)s)")
    add("--seconds", type=float, default=SECONDS, metavar="S", help="measured each time (default: %(default)s)")


def measure(options: argparse.Namespace) -> Outcome:
    """Knock."""
    open_artifact(options.models, options.model)  # a missing model is told before anything is started
    figures = asyncio.run(_measure(options))
    return Outcome(figures, _table(figures))


async def _measure(options: argparse.Namespace) -> DoorFigures:
    origin = origin_fields(options)
    text = next(stream_texts("short", options.seed))
    server_cores, load_cores = one_core_apart()
    with on_cores(load_cores):
        async with _open_doors(options, text, server_cores) as doors:
            rows = await _rounds(doors, text, options)
    return DoorFigures(
        **origin,
        doors={name: rows[name] for name in (GUARDED, OPEN, RAW)},
        dialects={name: rows[name] for name in DIALECTS_TIMED},
        goals=judge_door(rows[GUARDED]),
        connections=CONNECTIONS,
        rounds=options.rounds,
        seconds=options.seconds,
    )


@asynccontextmanager
async def _open_doors(options: argparse.Namespace, text: SizedText, cores: Set[int]) -> AsyncIterator[dict[str, Door]]:
    """Run the servers, side by side on the same core, and learn what each answers."""
    async with AsyncExitStack() as stack:
        folder = Path(stack.enter_context(TemporaryDirectory()))
        servers = {}
        for spec in (open_spec(options, folder), guarded_spec(options, folder)):
            pinned = msgspec.structs.replace(spec, cores=cores)
            servers[spec.name] = await stack.enter_async_context(run_server(pinned, FOLDER / "logs"))
        doors = {name: await _learn(server, "native", text) for name, server in servers.items()}
        answer = folder / "answer.json"
        answer.write_bytes(doors[OPEN].exchange.expected)
        pinned = msgspec.structs.replace(raw_spec(answer), cores=cores)
        doors[RAW] = await _learn(await stack.enter_async_context(run_server(pinned, FOLDER / "logs")), "native", text)
        for name in DIALECTS_TIMED:
            doors[name] = await _learn(servers[GUARDED], name, text)
        yield doors


async def _learn(server: Running, name: str, text: SizedText) -> Door:
    dialect, spec = DIALECTS[name], server.spec
    request = encode_request(dialect, [text.text], spec.model, HOST, spec.headers)
    return Door(server, await learn(server.port, dialect, request))


async def _rounds(doors: Mapping[str, Door], text: SizedText, options: argparse.Namespace) -> dict[str, RowFigures]:
    rng = np.random.default_rng(options.seed)
    rows = {name: RowFigures() for name in doors}
    with open_bar("door", options.rounds * len(doors), "loads") as bar:
        for _ in range(options.rounds):
            for name in rng.permutation(list(doors)).tolist():
                rows[name].add(await _load(name, doors[name], text.tokens, options.seconds))
                bar.update()
    return rows


async def _load(name: str, door: Door, tokens: int, seconds: float) -> LoadResult:
    plan = Plan(warm_s=WARM_SECONDS, measured_s=seconds)
    watch = Watch(door.server.pid)
    figures = await repeat(door.server.port, door.exchange, CONNECTIONS, plan, tokens)
    if figures.errors:
        say(f"{name}: errors {figures.errors}")
    return LoadResult(figures, watch.read())


def _table(figures: DoorFigures) -> list[str]:
    head = ("", "requests/s", "a core-s", "of", "p50 ms", "p99 ms", "errors", "cores: server", "generator")
    doors = [_cells(name, row, figures.doors[RAW]) for name, row in figures.doors.items()]
    dialects = [_cells(name, row, figures.doors[GUARDED]) for name, row in figures.dialects.items()]
    goals = [
        f"{name}: {goal.value or 0:,.0f} of {goal.goal:,.0f}, {'met' if goal.met else 'missed'}"
        for name, goal in figures.goals.items()
    ]
    return [
        *align([head, *doors, *dialects]),
        "a core-s: requests in a second of the server's own processor time; by round, the median",
        f"of: of {RAW}'s requests a core-second, and of {GUARDED}'s for a dialect",
        *goals,
    ]


def _cells(name: str, row: RowFigures, other: RowFigures) -> tuple[str, ...]:
    per_core = ratios(row.requests_per_s, row.server_cores)
    others = ratios(other.requests_per_s, other.server_cores)
    return (
        name,
        f"{statistics.median(row.requests_per_s):,.0f}",
        _middle(spread(per_core), ",.0f"),
        _middle(relative(per_core, others), ".2f"),
        f"{statistics.median(row.p50_ms):.2f}",
        f"{statistics.median(row.p99_ms):.2f}",
        str(sum(row.errors)),
        f"{statistics.median(row.server_cores):.2f}",
        f"{statistics.median(row.generator_cores):.2f}",
    )


def _middle(figure: Spread | None, form: str) -> str:
    return "-" if figure is None else format(figure.median, form)
