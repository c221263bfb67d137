"""What a client and a load balancer see when something inside breaks: statuses, no internals, readiness."""

import asyncio
import json
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

import httpx
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from models import Manifest, load_manifest
from server import MEMORY, Daemon, EqualLengthSession, Settings, build_application, build_daemon
from server.errors import InferenceError, StartError
from server.selfcheck import probe_cosine
from server.session import Rows, Session
from tests.running import start_server
from tests.tiny import HIDDEN, TINY

SECRET = "the secret inside"


class Raising:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def run(self, encodings: list[list[int]], output: str, *, all_cores: bool = False) -> NDArray[np.float32]:
        raise self.error


@asynccontextmanager
async def broken_client(tiny_models: Path, session: Session | None) -> AsyncIterator[tuple[httpx.AsyncClient, Daemon]]:
    """The whole application without a socket, its session exchanged."""
    daemon = build_daemon(Settings(models=tiny_models, model=TINY, data=MEMORY))
    if session is not None:
        daemon.engine.workers._session = session
    daemon.engine.start()
    transport = httpx.ASGITransport(build_application(daemon))  # type: ignore[arg-type]  # two ways to type ASGI
    async with httpx.AsyncClient(transport=transport, base_url="http://localhost") as client:
        yield client, daemon
    daemon.engine.close()


def with_session(
    tiny_models: Path,
    session: Session | None,
    check: Callable[[httpx.AsyncClient, Daemon], Awaitable[None]],
) -> None:
    async def run() -> None:
        async with broken_client(tiny_models, session) as (client, daemon):
            await check(client, daemon)

    asyncio.run(run())


def test_a_failed_run_is_a_500_without_internals_and_the_log_has_the_cause(
    tiny_models: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def check(client: httpx.AsyncClient, _: Daemon) -> None:
        answer = await client.post("/embed", json={"texts": ["a"]}, headers={"x-request-id": "find-me"})
        assert answer.status_code == 500
        assert SECRET not in answer.text
        assert answer.json()["request_id"] == "find-me"
        assert (await client.get("/health/ready")).status_code == 200
        assert (await client.get("/stats")).json()["cache"]["entries"] == 0

    with caplog.at_level(logging.ERROR, "vecd"):
        with_session(tiny_models, Raising(InferenceError(SECRET)), check)
    assert SECRET in caplog.text


def test_a_dead_worker_is_a_503_with_retry_after_and_readiness_turns_red(tiny_models: Path) -> None:
    async def check(client: httpx.AsyncClient, _: Daemon) -> None:
        answer = await client.post("/embed", json={"texts": ["a"]})
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1
        assert SECRET not in answer.text
        ready = await client.get("/health/ready")
        assert ready.status_code == 503
        assert (await client.get("/health/live")).status_code == 200

    with_session(tiny_models, Raising(RuntimeError(SECRET)), check)


def test_a_closed_engine_refuses_with_503(tiny_models: Path) -> None:
    async def check(client: httpx.AsyncClient, daemon: Daemon) -> None:
        daemon.engine.close()
        assert (await client.post("/embed", json={"texts": ["a"]})).status_code == 503
        assert (await client.get("/health/ready")).status_code == 503

    with_session(tiny_models, None, check)


def test_our_own_bug_is_a_500_without_internals(tiny_models: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def check(client: httpx.AsyncClient, daemon: Daemon) -> None:
        async def bug(*_: object, **__: object) -> None:
            raise KeyError(SECRET)

        daemon.embedder.embed = bug  # type: ignore[method-assign,assignment]  # the bug that we do not have
        answer = await client.post("/embed", json={"texts": ["a"]})
        assert answer.status_code == 500
        assert SECRET not in answer.text

    with_session(tiny_models, None, check)
    assert "/embed: unexpected KeyError at test_failures.py:" in caplog.text
    assert SECRET not in caplog.text  # an error's message may quote the request


def test_a_long_detail_is_cut(tiny_models: Path) -> None:
    async def check(client: httpx.AsyncClient, _: Daemon) -> None:
        answer = await client.post("/embed", json={"texts": [], "prompt": "p" * 100_000})
        assert answer.status_code == 400
        assert len(answer.content) < 2_000

    with_session(tiny_models, None, check)


def test_timings_tell_where_the_time_went(tiny_models: Path) -> None:
    class Slow:
        def __init__(self) -> None:
            self.true = build_daemon(Settings(models=tiny_models, model=TINY, data=MEMORY)).chosen.session

        def run(self, encodings: list[list[int]], output: str, *, all_cores: bool = False) -> Rows:
            asyncio.run(asyncio.sleep(0.05))
            return self.true.run(encodings, output, all_cores=all_cores)

    async def check(client: httpx.AsyncClient, _: Daemon) -> None:
        answer = await client.post("/embed", json={"texts": ["some text"]})
        parts = dict(part.split(";dur=") for part in answer.headers["server-timing"].split(", "))
        assert 50 <= float(parts["inference"]) < 5_000
        assert 0 <= float(parts["queue"]) < 5_000
        assert 0 < float(parts["tokenize"]) < 5_000

    with_session(tiny_models, Slow(), check)


def test_truncate_false_refuses_before_anything_is_computed(tiny_models: Path) -> None:
    async def check(client: httpx.AsyncClient, _: Daemon) -> None:
        answer = await client.post("/embed?truncate=false", json={"texts": ["a " * 500]})
        assert answer.status_code == 422

    with_session(tiny_models, Raising(RuntimeError(SECRET)), check)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_an_error(tiny_models: Path, value: float) -> None:
    class Poisoned:
        def run(self, *_: object) -> list[NDArray[np.float32]]:
            return [np.full((1, HIDDEN), value, np.float32)]

    session = EqualLengthSession(tiny_models / TINY / "model.int8.onnx", "cpu", 1)
    session._single = Poisoned()
    with pytest.raises(InferenceError, match="not finite"):
        session.run([[2, 3]], "sentence_embedding")


def test_zeros_where_embeddings_should_be_fail_the_self_check(tiny_models: Path) -> None:
    manifest: Manifest = load_manifest(tiny_models / TINY)
    daemon = build_daemon(Settings(models=tiny_models, model=TINY, data=MEMORY))
    true = daemon.chosen.session

    class MostlyZeros:
        def __init__(self) -> None:
            self.runs = 0

        def run(self, encodings: list[list[int]], output: str, *, all_cores: bool = False) -> NDArray[np.float32]:
            self.runs += 1
            return np.asarray(true.run(encodings, output)) * np.float32(self.runs == 1)

    tokenizer = daemon.engine._tokenization._tokenizer
    assert not probe_cosine(MostlyZeros(), manifest, tokenizer) >= -2


@pytest.mark.filterwarnings("ignore:Specified provider:UserWarning")  # ONNX Runtime's own, and all that it says
def test_cuda_in_name_only_is_refused(tiny_models: Path) -> None:
    with pytest.raises(StartError, match="fell back from CUDAExecutionProvider to CPUExecutionProvider"):
        EqualLengthSession(tiny_models / TINY / "model.fp32.onnx", "cuda", 1)


def test_the_time_for_requests_in_flight_is_bounded_and_they_are_told(tiny_models: Path) -> None:
    """A body that never comes would hold the server for ever."""
    with start_server("--models", str(tiny_models), "--model", TINY, "--shutdown-timeout-s", "1") as server:
        with httpx.Client(timeout=30) as client:

            def stall() -> object:
                yield b'{"texts": '
                assert server.terminate() == 0
                yield b"[]}"

            headers = {"content-type": "application/json"}
            try:
                answer = client.post(f"{server.url}/embed", content=stall(), headers=headers)  # type: ignore[arg-type]  # a generator of bytes
            except httpx.TransportError:
                return  # the connection was closed before the answer could be read
        assert answer.status_code == 503
        assert json.loads(answer.content)["status"] == 503
        assert msgspec.json.decode(answer.content)["request_id"]
