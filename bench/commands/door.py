"""`bench door`: how many requests get through the server's HTTP side, apart from any inference.

One text that the cache holds is asked for again and again, with the server on one core and the load on the others.
Round by round, each in an order of its own: vecd with keys and limits, vecd without, and an application on uvicorn that
answers the same bytes, which is as much as the machine gives; then the same text in every other dialect.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator, Mapping, Set
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np

from bench.artifacts import open_artifact
from bench.figures.door import GUARDED, OPEN, RAW, DoorFigures, render_table
from bench.figures.goals import judge_door
from bench.figures.load import LoadResult
from bench.figures.origin import origin_fields
from bench.figures.outcomes import Outcome
from bench.figures.peer_rows import RowFigures
from bench.machine import on_cores, split_cores
from bench.options import add_rounds, add_seconds
from bench.progress import open_bar, say
from bench.servers.doors import guarded_spec, open_spec, raw_spec
from bench.servers.running import run_server
from bench.traffic.dialects import DIALECTS, encode_request
from bench.traffic.loops import Plan
from bench.traffic.processes import Watch
from bench.traffic.repetition import Exchange, learn, repeat
from bench.traffic.target import Running
from bench.workload.texts import SizedText, stream_texts

ROUNDS, SECONDS, WARM_SECONDS, CONNECTIONS = 15, 1.5, 0.3, 16
NATIVE = "native"
# Of the server with keys; /embed/batch does not ask the cache, and vecd does not speak infinity's.
DIALECTS_TIMED = tuple(name for name in DIALECTS if name not in {NATIVE, "native-batch", "infinity"})


class Door(msgspec.Struct, frozen=True):
    """A server, and what is asked of it."""

    server: Running
    exchange: Exchange


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_rounds(parser, ROUNDS)
    add_seconds(parser, SECONDS, "measured each time")


def measure(options: argparse.Namespace) -> Outcome:
    open_artifact(options.models, options.model)  # a missing model is reported before anything is started
    figures = asyncio.run(_measure(options))
    return Outcome(figures, render_table(figures))


async def _measure(options: argparse.Namespace) -> DoorFigures:
    origin = origin_fields(options)
    text = next(stream_texts("short", options.seed))
    server_cores, load_cores = split_cores()
    with on_cores(load_cores):
        async with _open_doors(options, text, server_cores) as doors:
            rows = await _measure_rounds(doors, text, options)
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
            servers[spec.name] = await stack.enter_async_context(run_server(pinned))
        doors = {name: await _learn(server, NATIVE, text) for name, server in servers.items()}
        answer = folder / "answer.json"
        answer.write_bytes(doors[OPEN].exchange.expected)
        pinned = msgspec.structs.replace(raw_spec(answer), cores=cores)
        doors[RAW] = await _learn(await stack.enter_async_context(run_server(pinned)), NATIVE, text)
        for name in DIALECTS_TIMED:
            doors[name] = await _learn(servers[GUARDED], name, text)
        yield doors


async def _learn(server: Running, name: str, text: SizedText) -> Door:
    dialect, spec = DIALECTS[name], server.spec
    request = encode_request(dialect, [text.text], spec.model, spec.headers)
    return Door(server, await learn(server.port, dialect, request))


async def _measure_rounds(
    doors: Mapping[str, Door], text: SizedText, options: argparse.Namespace
) -> dict[str, RowFigures]:
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
