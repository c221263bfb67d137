"""One load on one running server: texts of a profile, in one of the two loops, with what it cost."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Never

import msgspec
from tqdm import tqdm

from bench.servers.running import HOST, Running
from bench.traffic.connection import Pool
from bench.traffic.loops import Plan, closed_loop, open_loop
from bench.traffic.processes import Usage, Watch
from bench.traffic.recording import LoadFigures, Recording
from bench.traffic.requests import prepare_requests
from bench.workload.arrivals import steady
from bench.workload.texts import Profile, stream_texts

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
    texts = stream_texts(load.profile, load.seed, load.duplicates)
    requests = prepare_requests(server.spec, texts, load.texts_per_request)
    pool, recording = Pool(HOST, server.port), Recording()
    watch = Watch(server.pid)
    async with _progress(bar, recording):
        if load.per_s is None:
            await closed_loop(pool, requests, load.connections, plan, recording)
        else:
            await open_loop(pool, zip(steady(load.per_s), requests, strict=False), plan, recording)
    usage = watch.read()
    pool.close()
    return LoadResult(recording.figures(load.measured_s), usage)


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
