"""Drives one load against a running server, in one of the two loops, and returns what it showed and used."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Never

from tqdm import tqdm

from bench.figures.load import Load, LoadResult
from bench.traffic.connection import Pool
from bench.traffic.loops import Plan, closed_loop, open_loop
from bench.traffic.processes import Watch
from bench.traffic.recording import Recording
from bench.traffic.requests import prepare_requests
from bench.traffic.target import HOST, Running
from bench.workload.arrivals import steady
from bench.workload.texts import stream_texts

PROGRESS_S = 0.5


async def drive(server: Running, load: Load, bar: "tqdm[Never] | None" = None) -> LoadResult:
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
