"""What a client and a load balancer see when something inside breaks: statuses, no internals, readiness."""

import asyncio
import json
import logging
from pathlib import Path
from typing import Any, cast

import httpx
import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from models import Manifest, load_manifest
from server.backend import LocalBackend, build_backend
from server.contract.backend import Backend
from server.contract.errors import InferenceError, StartError
from server.engine.sessions.loading import load_model
from server.engine.sessions.selfcheck import probe_cosine
from server.engine.sessions.session import EqualLengthSession, Rows, Session, run_graph
from tests.running import start_server
from tests.server.application import Check, in_process, run_check, tiny_settings
from tests.tiny import HIDDEN, TINY

SECRET = "the secret inside"


class Raising:
    def __init__(self, error: Exception) -> None:
        self.error = error

    def run(self, encodings: list[list[int]], output: str, *, all_cores: bool = False) -> NDArray[np.float32]:
        raise self.error


def with_session(tiny_models: Path, session: Session | None, check: Check) -> None:
    run_check(tiny_settings(tiny_models), check, session)


def test_a_failed_run_is_a_500_without_internals_and_the_log_has_the_cause(
    tiny_models: Path, caplog: pytest.LogCaptureFixture
) -> None:
    async def check(client: httpx.AsyncClient, _: LocalBackend) -> None:
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
    async def check(client: httpx.AsyncClient, _: LocalBackend) -> None:
        answer = await client.post("/embed", json={"texts": ["a"]})
        assert answer.status_code == 503
        assert int(answer.headers["retry-after"]) >= 1
        assert SECRET not in answer.text
        ready = await client.get("/health/ready")
        assert ready.status_code == 503
        assert (await client.get("/health/live")).status_code == 200

    with_session(tiny_models, Raising(RuntimeError(SECRET)), check)


def test_a_closed_engine_refuses_with_503(tiny_models: Path) -> None:
    async def check(client: httpx.AsyncClient, backend: LocalBackend) -> None:
        backend.parts.engine.close()
        assert (await client.post("/embed", json={"texts": ["a"]})).status_code == 503
        assert (await client.get("/health/ready")).status_code == 503

    with_session(tiny_models, None, check)


class Buggy:
    """A backend with the bug that we do not have."""

    def __init__(self, inner: Backend) -> None:
        self._inner = inner

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    async def embed(self, *_: object) -> None:
        raise KeyError(SECRET)


def test_our_own_bug_is_a_500_without_internals(tiny_models: Path, caplog: pytest.LogCaptureFixture) -> None:
    async def run() -> None:
        settings = tiny_settings(tiny_models)
        async with in_process(settings, build_backend(settings), lambda inner: cast("Backend", Buggy(inner))) as client:
            answer = await client.post("/embed", json={"texts": ["a"]})
            assert answer.status_code == 500
            assert SECRET not in answer.text

    asyncio.run(run())
    assert "/embed: unexpected KeyError at test_failures.py:" in caplog.text
    assert SECRET not in caplog.text  # an error's message may quote the request


def test_a_long_detail_is_cut(tiny_models: Path) -> None:
    async def check(client: httpx.AsyncClient, _: LocalBackend) -> None:
        answer = await client.post("/embed", json={"texts": [], "prompt": "p" * 100_000})
        assert answer.status_code == 400
        assert len(answer.content) < 2_000

    with_session(tiny_models, None, check)


def test_timings_tell_where_the_time_went(tiny_models: Path) -> None:
    class Slow:
        def __init__(self) -> None:
            self.true = load_model(tiny_settings(tiny_models)).chosen.session

        def run(self, encodings: list[list[int]], output: str, *, all_cores: bool = False) -> Rows:
            asyncio.run(asyncio.sleep(0.05))
            return self.true.run(encodings, output, all_cores=all_cores)

    async def check(client: httpx.AsyncClient, _: LocalBackend) -> None:
        answer = await client.post("/embed", json={"texts": ["some text"]})
        parts = dict(part.split(";dur=") for part in answer.headers["server-timing"].split(", "))
        assert 50 <= float(parts["inference"]) < 5_000
        assert 0 <= float(parts["queue"]) < 5_000
        assert 0 < float(parts["tokenize"]) < 5_000

    with_session(tiny_models, Slow(), check)


def test_truncate_false_refuses_before_anything_is_computed(tiny_models: Path) -> None:
    async def check(client: httpx.AsyncClient, _: LocalBackend) -> None:
        answer = await client.post("/embed?truncate=false", json={"texts": ["a " * 500]})
        assert answer.status_code == 422

    with_session(tiny_models, Raising(RuntimeError(SECRET)), check)


@pytest.mark.parametrize("value", [np.nan, np.inf])
def test_values_that_are_not_finite_are_an_error(tiny_models: Path, value: float) -> None:
    class Poisoned:
        def run(self, *_: object) -> list[NDArray[np.float32]]:
            return [np.full((1, HIDDEN), value, np.float32)]

    feeds = {"input_ids": np.array([[2, 3]], np.int64)}
    with pytest.raises(InferenceError, match="not finite"):
        run_graph(cast("Any", Poisoned()), "sentence_embedding", feeds)


def test_zeros_where_embeddings_should_be_fail_the_self_check(tiny_models: Path) -> None:
    manifest: Manifest = load_manifest(tiny_models / TINY)
    model = load_model(tiny_settings(tiny_models))
    true = model.chosen.session

    class MostlyZeros:
        def __init__(self) -> None:
            self.runs = 0

        def run(self, encodings: list[list[int]], output: str, *, all_cores: bool = False) -> NDArray[np.float32]:
            self.runs += 1
            return np.asarray(true.run(encodings, output)) * np.float32(self.runs == 1)

    assert not probe_cosine(MostlyZeros(), manifest, model.tokenizer) >= -2


@pytest.mark.filterwarnings("ignore:Specified provider:UserWarning")  # ONNX Runtime's own, and all that it says
def test_cuda_in_name_only_is_refused(tiny_models: Path) -> None:
    with pytest.raises(StartError, match="fell back from CUDAExecutionProvider to CPUExecutionProvider"):
        EqualLengthSession(tiny_models / TINY / "model.fp32.onnx", "cuda", 1)


@pytest.mark.e2e
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
