"""`bench ingest`: how fast documents become durable over HTTP, beside the embeddings alone.

The same texts, round by round, each round in an order of its own: to POST /embed/batch, which only embeds; as
batches to POST /index/batch; as one stream of NDJSON. Documents come under new ids, into a collection on the disk that
grows; what is timed ends with the last acknowledgement.
"""

import argparse
import asyncio
import itertools
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager
from http import HTTPStatus
from itertools import islice
from pathlib import Path
from tempfile import TemporaryDirectory

import msgspec
import numpy as np

from bench.artifacts import open_artifact
from bench.environments import FOLDER
from bench.errors import BenchError
from bench.figures.origin import Origin, origin_fields
from bench.figures.outcomes import Outcome, align
from bench.figures.spread import relative, spread
from bench.options import positive
from bench.progress import open_bar
from bench.servers.running import HOST, Running, run_server
from bench.servers.vecd import vecd_spec
from bench.traffic.connection import Pool, Reply
from bench.workload.sts import FILES, read_pairs
from bench.workload.texts import stream_texts

ROUNDS, TEXTS_PER_REQUEST, CONNECTIONS = 5, 64, 4
PASSAGES, SENTENCES = 1024, 4096
JSON, NDJSON = "application/json", "application/x-ndjson"
EMBED, BATCHES, STREAM = "/embed/batch", "/index/batch", "/index/batch as NDJSON"
# Of the texts a second that /embed/batch reaches.
GOALS = {"passages": 0.8, "sentences": 0.5}


class IngestFigures(Origin, frozen=True, kw_only=True):
    """Texts a second by kind of text and way, one value a round, and each way's share of /embed/batch (the median)."""

    texts_per_s: dict[str, dict[str, list[float]]]
    share_of_embed: dict[str, dict[str, float]]
    goals: dict[str, float]
    documents: int
    rounds: int


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add where the sentences are, and how often to measure."""
    add = parser.add_argument
    add("--data", type=Path, metavar="DIR", help="folder of the STS benchmark, whose sentences are the short texts")
    add("--rounds", type=positive, default=ROUNDS, metavar="N", help="times that each is done (default: %(default)s)")
    add("--passages", type=positive, default=PASSAGES, metavar="N", help="texts of 100 to 256 tokens each time")
    add("--sentences", type=positive, default=SENTENCES, metavar="N", help="short texts each time")


def measure(options: argparse.Namespace) -> Outcome:
    """Ingest."""
    open_artifact(options.models, options.model)  # a missing model is told before anything is started
    figures = asyncio.run(_measure(options))
    return Outcome(figures, _table(figures))


async def _measure(options: argparse.Namespace) -> IngestFigures:
    origin, texts = origin_fields(options), _texts(options)
    found = {kind: {way: list[float]() for way in WAYS} for kind in texts}
    rng, numbers = np.random.default_rng(options.seed), itertools.count()
    async with _server(options) as server:
        with open_bar("ingest", options.rounds * len(texts) * len(WAYS), "loads") as bar:
            for _ in range(options.rounds):
                for kind, way in itertools.product(rng.permutation(list(texts)).tolist(), rng.permutation(list(WAYS))):
                    found[kind][str(way)].append(await _load(server, texts[kind], WAYS[str(way)], numbers))
                    bar.update()
        documents = await _documents(server)
    shares = {
        kind: {way: share.median for way in (BATCHES, STREAM) if (share := relative(ways[way], ways[EMBED]))}
        for kind, ways in found.items()
    }
    return IngestFigures(
        **origin,
        texts_per_s=found,
        share_of_embed=shares,
        goals=GOALS,
        documents=documents,
        rounds=options.rounds,
    )


def _texts(options: argparse.Namespace) -> dict[str, list[str]]:
    passages = (one.text for one in stream_texts("passages", options.seed))
    short: Iterator[str] = (one.text for one in stream_texts("short", options.seed))
    if options.data is not None:
        pairs = [pair for name in FILES for pair in read_pairs(options.data, name)]
        short = itertools.cycle(dict.fromkeys(text for pair in pairs for text in (pair.first, pair.second)))
    return {"passages": list(islice(passages, options.passages)), "sentences": list(islice(short, options.sentences))}


@asynccontextmanager
async def _server(options: argparse.Namespace) -> AsyncIterator[Running]:
    FOLDER.mkdir(exist_ok=True)
    # The system's own place for temporary files is often in memory, where a commit costs nothing.
    with TemporaryDirectory(dir=FOLDER) as folder:
        async with run_server(vecd_spec(options, flags=("--data", folder)), FOLDER / "logs") as server:
            yield server


async def _load(server: Running, texts: Sequence[str], requests: "Way", numbers: Iterator[int]) -> float:
    """Send all requests, a few at a time, and return texts a second."""
    waiting = list(requests(texts, numbers))
    pool = Pool(HOST, server.port)
    start_s = time.perf_counter()

    async def send() -> None:
        while waiting:
            check_reply(await pool.send(waiting.pop()))

    await asyncio.gather(*(send() for _ in range(CONNECTIONS)))
    taken_s = time.perf_counter() - start_s
    pool.close()
    return len(texts) / taken_s


def check_reply(reply: Reply) -> Reply:
    """Return a reply that says that everything was done.

    Raises:
        BenchError: it says something else.
    """
    failed = b'"failed":' in reply.body and b'"failed":0' not in reply.body
    if reply.status != HTTPStatus.OK or failed:
        message = f"vecd answered {reply.status}: {reply.body[:200]!r}"
        raise BenchError(message)
    return reply


async def _documents(server: Running) -> int:
    pool = Pool(HOST, server.port)
    reply = check_reply(await pool.send(f"GET /stats HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode()))
    pool.close()
    return int(msgspec.json.decode(reply.body)["index"]["documents"])


def _embed(texts: Sequence[str], _: Iterator[int]) -> Iterator[bytes]:
    for part in _parts(texts):
        yield _request("/embed/batch", JSON, msgspec.json.encode({"texts": part}))


def _batches(texts: Sequence[str], numbers: Iterator[int]) -> Iterator[bytes]:
    for part in _parts(texts):
        yield _request("/index/batch", JSON, msgspec.json.encode({"documents": _documents_of(part, numbers)}))


def _stream(texts: Sequence[str], numbers: Iterator[int]) -> Iterator[bytes]:
    lines = b"\n".join(msgspec.json.encode(one) for one in _documents_of(texts, numbers))
    yield _request("/index/batch", NDJSON, lines)


def _parts(texts: Sequence[str]) -> Iterator[Sequence[str]]:
    for start in range(0, len(texts), TEXTS_PER_REQUEST):
        yield texts[start : start + TEXTS_PER_REQUEST]


def _documents_of(texts: Sequence[str], numbers: Iterator[int]) -> list[dict[str, object]]:
    named = ((next(numbers), text) for text in texts)
    return [
        {"id": f"document/{number}", "text": text, "metadata": {"number": number, "kind": f"kind {number % 10}"}}
        for number, text in named
    ]


def _request(path: str, content_type: str, body: bytes) -> bytes:
    head = f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nContent-Type: {content_type}\r\n"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


Way = Callable[[Sequence[str], Iterator[int]], Iterator[bytes]]
WAYS: Mapping[str, Way] = {EMBED: _embed, BATCHES: _batches, STREAM: _stream}


def _table(figures: IngestFigures) -> list[str]:
    rows = [("", "texts/s", "of /embed/batch", "sought")]
    for kind, ways in figures.texts_per_s.items():
        for way, values in ways.items():
            middle, share = spread(values), figures.share_of_embed[kind].get(way)
            assert middle is not None
            shown = ("", "") if share is None else (f"{share:.2f}", f"{figures.goals[kind]:.2f}")
            rows.append((f"{kind}, {way}", f"{middle.median:,.0f} ± {middle.noise:,.0f}", *shown))
    return align(rows)
