"""The bare loop: it answers with the model's own rows, on its event loop and on threads."""

import asyncio
from argparse import Namespace
from pathlib import Path

import numpy as np
import pytest

from bench.artifacts import OUTPUT, load_model, open_artifact
from bench.servers.bare import bare_spec
from bench.servers.running import run_server
from bench.traffic.connection import Pool
from bench.traffic.dialects import DIALECTS, decode_rows, encode_request
from bench.traffic.target import HOST
from tests.tiny import TINY

TEXTS = ["a", "b c", "a b c d"]


@pytest.mark.parametrize("threads", [0, 2])
def test_the_bare_loop_answers_with_the_rows_of_the_servers_own_graph(
    tiny_models: Path, tmp_path: Path, threads: int
) -> None:
    tokenizer = open_artifact(tiny_models, TINY).tokenizer()
    session = load_model(tiny_models, TINY, "cpu", cores=1).session
    expected = [session.run([tokenizer.encode(text).ids], OUTPUT)[0] for text in TEXTS]
    spec = bare_spec(Namespace(models=tiny_models, model=TINY, provider="cpu"), threads)
    dialect = DIALECTS[spec.dialect]

    async def ask() -> list[object]:
        async with run_server(spec, tmp_path) as server:
            pool = Pool(HOST, server.port)
            bodies = [TEXTS, *([text] for text in TEXTS)]
            replies = await asyncio.gather(*(pool.send(encode_request(dialect, body, "", {})) for body in bodies))
            pool.close()
            return [decode_rows(dialect, reply, len(body)) for reply, body in zip(replies, bodies, strict=True)]

    together, *alone = asyncio.run(ask())
    assert np.array_equal(np.array(together, np.float32), expected)
    assert np.array_equal(np.concatenate([np.array(rows, np.float32) for rows in alone]), expected)
