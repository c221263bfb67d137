"""One load on one running server: texts of a profile, in one of the two loops, with what it cost."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from typing import Never

import msgspec
from tqdm import tqdm

from bench.connection import Pool
from bench.dialects import DIALECTS, encode_request
from bench.loops import Plan, Prepared, closed_loop, open_loop
from bench.processes import Usage, Watch
from bench.recording import LoadFigures, Recording
from bench.servers import HOST, Running
from bench.texts import Profile, SizedText, stream_texts

PROGRESS_S = 0.5


class Load(msgspec.Struct, frozen=True, kw_only=True):
    """What to send. With `per_s` the loop is open, at that many requests a second; else closed."""

    profile: Profile
    texts_per_request: int = 1
    connections: int = 16
    per_s: float | None = None
    warm_s: float = 1.0
    measured_s: float = 10.0
    duplicates: float = 0.0
    seed: int


class LoadResult(msgspec.Struct, frozen=True):
    """What the load showed, and what it used."""

    figures: LoadFigures
    usage: Usage


async def drive(server: Running, load: Load, bar: "tqdm[Never] | None" = None) -> LoadResult:
    """Load a running server and return what that showed."""
    plan = Plan(warm_s=load.warm_s, measured_s=load.measured_s)
    requests, pool, recording = prepare(server, load), Pool(HOST, server.port), Recording()
    watch = Watch(server.pid)
    async with _progress(bar, recording):
        if load.per_s is None:
            await closed_loop(pool, requests, load.connections, plan, recording)
        else:
            await open_loop(pool, requests, load.per_s, plan, recording)
    usage = watch.read()
    pool.close()
    return LoadResult(recording.figures(load.measured_s), usage)


def prepare(server: Running, load: Load) -> Iterator[Prepared]:
    """Yield requests in the server's dialect without end."""
    dialect, model = DIALECTS[server.spec.dialect], server.spec.model
    texts = stream_texts(load.profile, load.seed, load.duplicates)
    while True:
        part: list[SizedText] = [next(texts) for _ in range(load.texts_per_request)]
        payload = encode_request(dialect, [one.text for one in part], model, HOST)
        yield Prepared(payload, len(part), sum(one.tokens for one in part))


@asynccontextmanager
async def _progress(bar: "tqdm[Never] | None", recording: Recording) -> AsyncIterator[None]:
    if bar is None:
        yield
        return
    task = asyncio.create_task(_show(bar, recording, PROGRESS_S))
    try:
        yield
    finally:
        task.cancel()


async def _show(bar: "tqdm[Never]", recording: Recording, every_s: float) -> None:
    while True:
        await asyncio.sleep(every_s)
        bar.update(recording.requests - bar.n)
        bar.set_postfix(errors=sum(recording.errors.values()))
