"""`bench retrieval`: how good the documents are that vecd finds, beside exact fp32, BM25 and their weighted sum.

In: test collections (bench/retrieval/collections.py). Every query is asked over HTTP in every mode, in a collection of
whole documents and in one of passages, for the first 100 and without a threshold.
"""

import argparse
import asyncio
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

from msgspec.structs import replace

from bench.artifacts import open_artifact
from bench.environments import FOLDER
from bench.figures.origin import origin_fields
from bench.figures.outcomes import Outcome
from bench.figures.retrieval import (
    ROWS,
    CollectionFigures,
    RetrievalFigures,
    mean_quality,
    render_table,
)
from bench.figures.retrieval_goals import judge_retrieval
from bench.retrieval.client import Client
from bench.retrieval.collections import CORPUS, JUDGMENTS, QUERIES, JudgedCollection, find_collections
from bench.retrieval.metrics import measure_quality
from bench.retrieval.references import rank_references
from bench.retrieval.served import Served, ask_server
from bench.retrieval.words import bm25_versions
from bench.servers.running import at_url, run_server
from bench.servers.vecd import vecd_spec
from bench.traffic.messages import bearer
from bench.traffic.target import HOST, Running
from models import prompt_for

Rankings = Mapping[str, Sequence[Sequence[str]]]  # by row


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add = parser.add_argument
    about = f"a folder with {CORPUS}, {QUERIES} and {JUDGMENTS}, or a folder of such; may be given again"
    add("--data", type=Path, action="append", required=True, metavar="DIR", help=about)
    add("--url", metavar="URL", help=f"a vecd on {HOST} with this model; without, one is started")
    add("--key", metavar="KEY", help="sent as the bearer token of every request, to a server that asks for keys")


def measure(options: argparse.Namespace) -> Outcome:
    artifact = open_artifact(options.models, options.model)
    found = find_collections(options.data)
    references = {data.name: rank_references(artifact, data) for data in found}
    served = asyncio.run(_ask(options, found, prompt_for(artifact.manifest.prompts, "query")))
    collections = {data.name: score_collection(data, references[data.name], served[data.name]) for data in found}
    figures = RetrievalFigures(
        **origin_fields(options),
        collections=collections,
        mean=mean_quality(collections),
        goals=judge_retrieval(collections),
        bm25_versions=bm25_versions(),
    )
    return Outcome(figures, render_table(figures))


def score_collection(data: JudgedCollection, references: Rankings, served: Served) -> CollectionFigures:
    """Measure every row's rankings."""
    rankings = {**references, **served.rankings}
    return CollectionFigures(
        documents=len(data.documents),
        queries=len(data.queries),
        documents_left_out=data.documents_left_out,
        queries_left_out=data.queries_left_out,
        quality={row: measure_quality(rankings[row], data.judgments) for row in ROWS},
        search_ms=served.search_ms,
        documents_per_s=served.documents_per_s,
    )


async def _ask(
    options: argparse.Namespace, found: Sequence[JudgedCollection], query_prompt: str | None
) -> dict[str, Served]:
    async with _open_server(options) as server:
        client = Client(server)
        try:
            return {data.name: await ask_server(client, data, query_prompt) for data in found}
        finally:
            client.close()


@asynccontextmanager
async def _open_server(options: argparse.Namespace) -> AsyncIterator[Running]:
    """Yield the server at --url, or one of its own, without the cache and with its documents on the disk."""
    headers = bearer(options.key)
    if options.url is not None:
        yield at_url(options.url, replace(vecd_spec(options), name=options.url, headers=headers))
        return
    FOLDER.mkdir(exist_ok=True)
    # The system's own folder for temporary files is often in memory, where a commit costs nothing.
    with TemporaryDirectory(dir=FOLDER) as folder:
        async with run_server(replace(vecd_spec(options, flags=("--data", folder)), headers=headers)) as server:
            yield server
