"""`bench ingest`: how fast documents become durable over HTTP, beside the embeddings alone.

The same texts, round by round, each round in an order of its own: to POST /embed/batch, which only embeds; as
batches to POST /index/batch; as one stream of NDJSON. Documents get new ids, in a collection on the disk that grows;
each text ends with a number of its own, since a text that is stored already is not computed again. What is timed ends
with the last acknowledgement.
"""

import argparse
import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np

from bench.artifacts import open_artifact
from bench.environments import FOLDER
from bench.figures.ingest import IngestFigures, render_table
from bench.figures.origin import origin_fields
from bench.figures.outcomes import Outcome
from bench.figures.spread import relative
from bench.options import add_rounds, positive
from bench.progress import open_bar
from bench.servers.running import run_server
from bench.servers.vecd import vecd_spec
from bench.traffic.checks import check_reply
from bench.traffic.connection import Pool, send_alone
from bench.traffic.messages import JSON, NDJSON, encode_message
from bench.traffic.target import HOST, Running
from bench.workload.sts import read_sentences
from bench.workload.texts import stream_texts

ROUNDS, TEXTS_PER_REQUEST, CONNECTIONS = 5, 64, 4
PASSAGES, SENTENCES = 1024, 4096
EMBED, BATCHES, STREAM = "/embed/batch", "/index/batch", "/index/batch as NDJSON"
# Shares of the texts a second that /embed/batch reaches.
GOALS = {"passages": 0.8, "sentences": 0.5}

Method = Callable[[Sequence[str], Iterator[int]], Iterator[bytes]]  # texts and new numbers in, requests out


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    add("--data", type=Path, metavar="DIR", help="folder of the STS benchmark, whose sentences are the short texts")
    add_rounds(parser, ROUNDS)
    add("--passages", type=positive, default=PASSAGES, metavar="N", help="texts of 100 to 256 tokens each time")
    add("--sentences", type=positive, default=SENTENCES, metavar="N", help="short texts each time")


def measure(options: argparse.Namespace) -> Outcome:
    open_artifact(options.models, options.model)  # a missing model is reported before anything is started
    figures = asyncio.run(_measure(options))
    return Outcome(figures, render_table(figures))


async def _measure(options: argparse.Namespace) -> IngestFigures:
    origin, texts = origin_fields(options), _make_texts(options)
    async with _run_vecd(options) as server:
        found = await _measure_rounds(server, texts, options)
        documents = await _count_documents(server)
    shares = {
        kind: {
            method: share.median
            for method in (BATCHES, STREAM)
            if (share := relative(methods[method], methods[EMBED])) is not None
        }
        for kind, methods in found.items()
    }
    return IngestFigures(
        **origin,
        texts_per_s=found,
        share_of_embed=shares,
        goals=GOALS,
        documents=documents,
        rounds=options.rounds,
    )


async def _measure_rounds(
    server: Running, texts: Mapping[str, Sequence[str]], options: argparse.Namespace
) -> dict[str, dict[str, list[float]]]:
    """Return the texts a second by kind of text and method, one value a round."""
    found = {kind: {method: list[float]() for method in METHODS} for kind in texts}
    rng, numbers = np.random.default_rng(options.seed), itertools.count()
    with open_bar("ingest", options.rounds * len(texts) * len(METHODS), "loads") as bar:
        for _ in range(options.rounds):
            kinds, methods = rng.permutation(list(texts)).tolist(), rng.permutation(list(METHODS)).tolist()
            for kind, method in itertools.product(kinds, methods):
                found[kind][method].append(await _load(server, texts[kind], METHODS[method], numbers))
                bar.update()
    return found


def _make_texts(options: argparse.Namespace) -> dict[str, list[str]]:
    passages = (one.text for one in stream_texts("passages", options.seed))
    short: Iterator[str] = (one.text for one in stream_texts("short", options.seed))
    if options.data is not None:
        short = itertools.cycle(read_sentences(options.data))
    return {"passages": list(islice(passages, options.passages)), "sentences": list(islice(short, options.sentences))}


@asynccontextmanager
async def _run_vecd(options: argparse.Namespace) -> AsyncIterator[Running]:
    FOLDER.mkdir(exist_ok=True)
    # The system's own folder for temporary files is often in memory, where a commit costs nothing.
    with TemporaryDirectory(dir=FOLDER) as folder:
        async with run_server(vecd_spec(options, flags=("--data", folder))) as server:
            yield server


async def _load(server: Running, texts: Sequence[str], method: Method, numbers: Iterator[int]) -> float:
    """Send all requests, a few at a time, and return texts a second."""
    waiting = list(method(texts, numbers))
    pool = Pool(HOST, server.port)
    start_s = time.perf_counter()

    async def send() -> None:
        while waiting:
            check_reply(await pool.send(waiting.pop()))

    await asyncio.gather(*(send() for _ in range(CONNECTIONS)))
    taken_s = time.perf_counter() - start_s
    pool.close()
    return len(texts) / taken_s


async def _count_documents(server: Running) -> int:
    reply = check_reply(await send_alone(HOST, server.port, encode_message("GET", "/stats")))
    return int(msgspec.json.decode(reply.body)["index"]["documents"])


def _embed(texts: Sequence[str], _: Iterator[int]) -> Iterator[bytes]:
    for part in _split([numbered(text, number) for number, text in enumerate(texts)]):
        yield encode_message("POST", "/embed/batch", msgspec.json.encode({"texts": part}))


def _send_batches(texts: Sequence[str], numbers: Iterator[int]) -> Iterator[bytes]:
    for part in _split(texts):
        body = msgspec.json.encode({"documents": _make_documents(part, numbers)})
        yield encode_message("POST", "/index/batch", body, JSON)


def _send_stream(texts: Sequence[str], numbers: Iterator[int]) -> Iterator[bytes]:
    lines = b"\n".join(msgspec.json.encode(one) for one in _make_documents(texts, numbers))
    yield encode_message("POST", "/index/batch", lines, NDJSON)


def _split(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(texts), TEXTS_PER_REQUEST):
        yield texts[start : start + TEXTS_PER_REQUEST]


def _make_documents(texts: Sequence[str], numbers: Iterator[int]) -> list[dict[str, object]]:
    named = ((next(numbers), text) for text in texts)
    return [
        {
            "id": f"document/{number}",
            "text": numbered(text, number),
            "metadata": {"number": number, "kind": f"kind {number % 10}"},
        }
        for number, text in named
    ]


def numbered(text: str, number: int) -> str:
    """Return a text that no other number makes."""
    return f"{text} {number}"


METHODS: Mapping[str, Method] = {EMBED: _embed, BATCHES: _send_batches, STREAM: _send_stream}
