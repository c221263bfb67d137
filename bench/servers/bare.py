"""The bare loop: the model behind an event loop with nothing in between, to see what vecd adds to it.

`python -m bench.servers.bare --port PORT --models DIR --model NAME --provider PROVIDER --threads N` answers each POST
with the embeddings of its texts, whatever its path: the parser and event loop of vecd, its tokenizer, graph, operators
and library for JSON, in huge pages as there. Nothing is checked, counted, queued or limited, and each request is a run
of its own.

Without threads runs are on the event loop, which is quickest for one connection: a hop to a thread and back takes 15 to
25% longer. From two connections on, as many threads as vecd has workers are as quick or quicker: with 16 they answer
1.25 to 1.4 times as many requests a second on two cores.
"""

import argparse
import asyncio
import sys
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from pathlib import Path
from typing import cast

import httptools
import msgspec
import numpy as np
import orjson
import uvloop
from tokenizers import Tokenizer

from bench.artifacts import OUTPUT, Encodings, Rows, load_model, open_artifact
from bench.figures.bare import BARE
from bench.traffic.target import HOST, ServerSpec
from server.allocator import use_huge_pages
from server.engine.sessions import Session

HEAD = b"HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"


def bare_spec(options: argparse.Namespace, threads: int) -> ServerSpec:
    """Return the bare loop over the model of the options; with 0 threads it computes on the event loop."""
    words = [sys.executable, "-m", "bench.servers.bare", "--port", "{port}", "--models", str(options.models)]
    words += ["--model", options.model, "--provider", options.provider, "--threads", str(threads)]
    return ServerSpec(name=BARE.replace(" ", "-"), command=words, dialect="native", model=options.model)


class Body(msgspec.Struct):
    texts: list[str]


class Model:
    """Texts in, a body of JSON out: `tokenize`, then `run`, then `encode`."""

    def __init__(self, tokenizer: Tokenizer, session: Session, *, mixes_lengths: bool) -> None:
        self._tokenizer, self._session, self._mixes_lengths = tokenizer, session, mixes_lengths

    def tokenize(self, texts: list[str]) -> Encodings:
        return [self._tokenizer.encode(text).ids for text in texts]

    def run(self, ids: Encodings) -> Rows:
        """Return float32 rows (texts, dimensions)."""
        runs = [ids] if self._mixes_lengths else [[one] for one in ids]
        return np.concatenate([np.asarray(self._session.run(run, OUTPUT)) for run in runs])

    def encode(self, rows: Rows, ids: Encodings) -> bytes:
        content = {"embeddings": rows, "dimensions": rows.shape[1], "tokens": [len(one) for one in ids]}
        return orjson.dumps(content, option=orjson.OPT_SERIALIZE_NUMPY)


class Connection(asyncio.Protocol):
    """One connection, whose client waits for an answer before it asks again."""

    def __init__(self, model: Model, pool: ThreadPoolExecutor | None) -> None:
        self._model = model
        self._pool = pool
        self._loop = asyncio.get_running_loop()
        self._parser = httptools.HttpRequestParser(self)
        self._body = b""
        self._write: Callable[[bytes], None] = lambda _: None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._write = cast("asyncio.Transport", transport).write

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, body: bytes) -> None:
        self._body += body

    def on_message_complete(self) -> None:
        body, self._body = self._body, b""
        ids = self._model.tokenize(msgspec.json.decode(body, type=Body).texts)
        if self._pool is None:
            self._answer(ids, self._model.run(ids))
        else:
            self._pool.submit(self._model.run, ids).add_done_callback(partial(self._hand_over, ids))

    def _hand_over(self, ids: Encodings, done: "Future[Rows]") -> None:
        self._loop.call_soon_threadsafe(self._answer, ids, done.result())

    def _answer(self, ids: Encodings, rows: Rows) -> None:
        body = self._model.encode(rows, ids)
        self._write(HEAD % len(body) + body)


async def serve(port: int, model: Model, pool: ThreadPoolExecutor | None) -> None:
    server = await asyncio.get_running_loop().create_server(lambda: Connection(model, pool), HOST, port)
    await server.serve_forever()


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--models", type=Path, required=True)
    parser.add_argument("--model", required=True)
    parser.add_argument("--provider", choices=("cpu", "cuda"), required=True)
    parser.add_argument("--threads", type=int, required=True)
    given = parser.parse_args()
    loaded = load_model(given.models, given.model, given.provider)
    tokenizer = open_artifact(given.models, given.model).tokenizer()
    model = Model(tokenizer, loaded.session, mixes_lengths=loaded.variant.layout != "equal-length")
    pool = ThreadPoolExecutor(given.threads) if given.threads else None
    use_huge_pages()
    uvloop.run(serve(given.port, model, pool))


if __name__ == "__main__":
    main()
