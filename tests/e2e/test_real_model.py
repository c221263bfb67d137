"""The exported all-MiniLM-L6-v2 behind a real socket: what a user sees, and the promise of equal bits."""

import asyncio
import itertools
import json
import math
import random
import threading
import time
from pathlib import Path

import httpx
import numpy as np
import pytest
from numpy.typing import NDArray

from export.corpus import read_corpus
from models import ARTIFACTS, load_manifest
from models.runtime import onnxruntime
from models.tokenizer import open_tokenizer
from server.backend import build_backend
from server.contract.embedding import Demand
from server.settings import MEMORY, Settings
from tests.running import RunningServer, start_server

pytestmark = pytest.mark.e2e

FOLDER = ARTIFACTS / "all-MiniLM-L6-v2"
TEXTS = read_corpus("verification")

Rows = NDArray[np.float32]


def embed(client: httpx.Client, texts: list[str], **options: object) -> Rows:
    answer = client.post("/embed", json={"texts": texts, "cache": False} | options)
    assert answer.status_code == 200, answer.text
    return np.array(answer.json()["embeddings"], np.float32)


def fp32(texts: list[str]) -> Rows:
    session = onnxruntime.InferenceSession(str(FOLDER / "model.fp32.onnx"), providers=["CPUExecutionProvider"])
    tokenizer = open_tokenizer(FOLDER / "tokenizer.json", load_manifest(FOLDER).max_tokens)
    ids = [np.array([tokenizer.encode(text).ids], np.int64) for text in texts]
    return np.stack([session.run(["sentence_embedding"], {"input_ids": one})[0][0] for one in ids])


def test_hello_world_has_384_numbers_of_unit_norm_close_to_fp32(real_server: RunningServer) -> None:
    with real_server.client() as client:
        (row,) = embed(client, ["Hello world"])
    assert row.shape == (384,)
    assert math.isclose(float(np.linalg.norm(row)), 1, abs_tol=1e-6)
    assert float(row @ fp32(["Hello world"])[0]) >= 0.995


def test_what_is_served_is_as_true_to_fp32_as_the_manifest_says(real_server: RunningServer) -> None:
    with real_server.client() as client:
        cosines = (embed(client, TEXTS) * fp32(TEXTS)).sum(axis=1)
    fidelity = load_manifest(FOLDER).variants[0].fidelity
    assert cosines.mean() == pytest.approx(fidelity.cosine_mean, abs=1e-3)
    assert cosines.min() >= fidelity.cosine_min - 0.005


def test_the_mean_of_windows_is_that_of_windows_embedded_one_by_one() -> None:
    manifest = load_manifest(FOLDER)
    text, most = " ".join(TEXTS)[:20_000], manifest.max_tokens
    tokenizer = open_tokenizer(FOLDER / "tokenizer.json", most)
    first, last = tokenizer.encode("").ids
    tokenizer.no_truncation()
    ids = tokenizer.encode(text, add_special_tokens=False).ids
    inputs = [(first, *ids[at : at + most - 2], last) for at in range(0, len(ids), most - 2)]
    assert len(inputs) > 10

    async def both() -> tuple[Rows, Rows]:
        backend = build_backend(Settings(data=MEMORY))
        async with backend.running():
            plain = Demand(normalize=False, cache=False)
            rows = [(await backend.embed([one], plain)).rows[0] for one in inputs]
            found = await backend.embed([text], Demand(truncate="windows"))
        return np.stack(rows), found.rows[0]

    rows, found = asyncio.run(both())
    weighed = (rows * np.array([[len(one)] for one in inputs])).sum(axis=0)
    np.testing.assert_allclose(found, weighed / np.linalg.norm(weighed), atol=1e-6)


def test_texts_of_like_meaning_are_near_and_others_far(real_server: RunningServer) -> None:
    with real_server.client() as client:
        body = {"a": ["A cat rests on the sofa"], "b": ["A kitten lies on the couch", "Quarterly revenue fell by 3%"]}
        near, far = client.post("/similarity", json=body).json()["similarity"][0]
    assert near > 0.6
    assert far < 0.2


def test_a_text_has_the_same_bits_alone_in_any_batch_and_from_the_cache(real_server: RunningServer) -> None:
    choose = random.Random(5)
    with real_server.client() as client:
        alone = {text: embed(client, [text])[0].tobytes() for text in TEXTS}
        for size in (*range(1, 65, 7), 64):
            batch = choose.sample(TEXTS, size)
            for text, row in zip(batch, embed(client, batch), strict=True):
                assert row.tobytes() == alone[text]
        for _ in range(2):
            for text, row in zip(TEXTS, embed(client, TEXTS, cache=True), strict=True):
                assert row.tobytes() == alone[text]


def test_a_text_has_the_same_bits_with_neighbours_of_any_length(real_server: RunningServer) -> None:
    words = ["word " * n for n in (0, 1, 5, 13, 50, 120, 254, 400)]
    with real_server.client() as client:
        alone = embed(client, ["the text in question"])[0].tobytes()
        for neighbours in itertools.combinations(words, 2):
            rows = embed(client, [neighbours[0], "the text in question", neighbours[1]])
            assert rows[1].tobytes() == alone


def test_fifty_concurrent_requests_give_the_bits_of_one(real_server: RunningServer) -> None:
    with real_server.client() as client:
        alone = {text: embed(client, [text])[0].tobytes() for text in TEXTS[:100]}

    async def ask(client: httpx.AsyncClient, seed: int) -> None:
        batch = random.Random(seed).sample(TEXTS[:100], 1 + seed % 9)
        answer = await client.post("/embed", json={"texts": batch, "cache": seed % 2 == 0})
        assert answer.status_code == 200
        for text, row in zip(batch, answer.json()["embeddings"], strict=True):
            assert np.array(row, np.float32).tobytes() == alone[text]

    async def everyone() -> None:
        async with httpx.AsyncClient(base_url=real_server.url, timeout=120) as client:
            for wave in range(3):
                await asyncio.gather(*(ask(client, wave * 50 + i) for i in range(50)))

    asyncio.run(everyone())


def test_one_thread_and_all_cores_give_the_same_bits() -> None:
    backend = build_backend(Settings(cores=2, data=MEMORY))
    tokenizer = open_tokenizer(FOLDER / "tokenizer.json", 256)
    session = backend.parts.model.chosen.session
    for text in TEXTS:
        ids = [tokenizer.encode(text).ids]
        for output in ("sentence_embedding", "pooled"):
            one_thread, all_cores = session.run(ids, output), session.run(ids, output, all_cores=True)
            assert np.asarray(one_thread).tobytes() == np.asarray(all_cores).tobytes()


HUGE = {
    "prose": "a perfectly ordinary sentence. " * 29_000,
    "one word": "a" * 900_000,
    "spaces": " " * 900_000,
    "punctuation": "!" * 900_000,
    "no spaces": "東京" * 150_000,
}


@pytest.mark.parametrize("kind", HUGE)
def test_a_text_of_nearly_a_megabyte_is_answered_as_its_beginning(real_server: RunningServer, kind: str) -> None:
    tokenizer = open_tokenizer(FOLDER / "tokenizer.json", 256)
    expected = tokenizer.encode(HUGE[kind])
    with real_server.client() as client:
        found = client.post("/embed", json={"texts": [HUGE[kind]], "cache": False}).json()
    assert found["tokens"] == [len(expected.ids)]
    assert found["truncated"] == [bool(expected.overflowing)]
    (row,) = found["embeddings"]
    session = build_backend(Settings(cores=1, data=MEMORY)).parts.model.chosen.session
    computed = np.asarray(session.run([expected.ids], "sentence_embedding"))
    assert np.array(row, np.float32).tobytes() == computed.tobytes()


def test_other_requests_go_on_while_megabytes_are_tokenized(real_server: RunningServer) -> None:
    texts = [" " * 950_000 + str(i) for i in range(30)]
    status: list[int] = []

    def ask_huge() -> None:
        with real_server.client() as client:
            status.append(client.post("/embed", json={"texts": texts, "cache": False}).status_code)

    thread = threading.Thread(target=ask_huge)
    with real_server.client() as client:
        embed(client, ["warm"])
        thread.start()
        wait_for_active(real_server, 1)
        answered = 0
        while not status:
            embed(client, ["a medium text, longer than what is tokenized in place. " * 60 + str(answered)])
            answered += 1
        thread.join()
    assert status == [200]
    assert answered >= 5


def test_tokenizing_megabytes_takes_no_memory_that_stays(real_server: RunningServer) -> None:
    with real_server.client() as client:
        embed(client, ["warm"])
        before = resident_mb(real_server)
        embed(client, ["!" * 1_000_000 + str(i) for i in range(15)])
        assert resident_mb(real_server) - before < 150


def resident_mb(server: RunningServer) -> float:
    lines = Path(f"/proc/{server.process.pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1e3 for line in lines if line.startswith("VmRSS"))


def test_the_first_lines_say_what_was_chosen_and_found(real_server: RunningServer) -> None:
    words = [line.split()[0] for line in real_server.lines]
    assert words == ["provider", "variant", "fidelity", "cores", "cache", "documents", "limits", "memory", "address"]
    assert "cpu" in real_server.lines[0]
    assert "int8" in real_server.lines[1]
    assert "MiB" in real_server.lines[7]


def test_every_request_in_flight_is_answered_after_sigterm() -> None:
    with start_server() as server:
        results: list[int] = []

        def ask(seed: int) -> None:
            texts = [f"{seed} {i} " + "many words " * 60 for i in range(100)]
            with server.client() as client:
                results.append(client.post("/embed", json={"texts": texts}).status_code)

        threads = [threading.Thread(target=ask, args=(i,)) for i in range(4)]
        for thread in threads:
            thread.start()
        wait_for_active(server, 4)
        assert server.terminate() == 0
        for thread in threads:
            thread.join()
    assert results == [200] * 4


def wait_for_active(server: RunningServer, count: int) -> None:
    with server.client() as client:
        for _ in range(2000):
            if client.get("/stats").json()["active_requests"] >= count:
                return
            time.sleep(0.005)
    message = f"never were {count} requests in work at once"
    raise AssertionError(message)


def test_more_requests_than_allowed_are_refused_with_retry_after() -> None:
    with start_server("--max-concurrent-requests", "1") as server:
        texts = [f"{i} " + "many words " * 100 for i in range(150)]
        holder = threading.Thread(target=ask_for_batch, args=(server, texts))
        holder.start()
        wait_for_active(server, 1)
        with server.client() as client:
            refused = client.post("/embed", json={"texts": ["me too"]})
        holder.join()
        assert refused.status_code == 429
        assert int(refused.headers["retry-after"]) >= 1
        assert "max_concurrent_requests" in refused.json()["detail"]


def ask_for_batch(server: RunningServer, texts: list[str]) -> None:
    with server.client() as client:
        assert client.post("/embed/batch", json={"texts": texts}).status_code == 200


def test_the_manifest_names_the_pinned_weights() -> None:
    fields = json.loads(Path(FOLDER / "manifest.json").read_text())
    assert fields["weights_sha256"] == "53aa51172d142c89d9012cce15ae4d6cc0ca6895895114379cacb4fab128d9db"
    assert fields["max_tokens"] == 256
