"""How true the embeddings of a server are, asked over HTTP: cosine to fp32, and whether a batch changes them."""

from collections.abc import Sequence

import msgspec
import numpy as np

from bench.artifacts import OUTPUT, Artifact, Rows
from bench.errors import BenchError
from bench.figures.fidelity import row_cosines
from bench.traffic.connection import Pool
from bench.traffic.dialects import DIALECTS, decode_rows, encode_request
from bench.traffic.target import HOST, Running
from export import read_corpus

BATCH = 32
# Peers differ in where they truncate; texts of at most this many tokens are the same work for all.
LONGEST_TOKENS = 128


class ServedFidelity(msgspec.Struct, frozen=True):
    """Cosine to fp32 over the texts, each sent alone; and of each text alone to itself in a batch of mixed lengths."""

    texts: int
    cosine_mean: float
    cosine_min: float
    batch_cosine_min: float
    batch_bits_equal: bool


class Reference(msgspec.Struct, frozen=True):
    """Texts of every kind and their fp32 embeddings (texts, ndim)."""

    texts: list[str]
    rows: Rows


def embed_reference(artifact: Artifact) -> Reference:
    """Embed the export's verification texts, which calibration does not use, with the artifact's fp32 graph."""
    tokenizer, session = artifact.tokenizer(), artifact.open_session(artifact.fp32())
    encoded = [(text, tokenizer.encode(text).ids) for text in read_corpus("verification") if text.strip()]
    short = [(text, ids) for text, ids in encoded if len(ids) <= LONGEST_TOKENS]
    rows = [session.run([ids], OUTPUT)[0] for _, ids in short]
    return Reference([text for text, _ in short], np.stack(rows))


async def check_fidelity(server: Running, reference: Reference) -> ServedFidelity:
    """Send every text alone, then batches of them in an order that mixes lengths.

    Raises:
        BenchError: the server does not answer with embeddings.
    """
    pool = Pool(HOST, server.port)
    texts = reference.texts
    alone = np.concatenate([await embed(pool, server, [text]) for text in texts])
    order = np.random.default_rng(BATCH).permutation(len(texts))
    batched = np.empty_like(alone)
    for start in range(0, len(texts), BATCH):
        part = order[start : start + BATCH]
        batched[part] = await embed(pool, server, [texts[i] for i in part])
    pool.close()
    cosines = row_cosines(alone, reference.rows)
    together = row_cosines(alone, batched)
    equal = alone.tobytes() == batched.tobytes()
    return ServedFidelity(len(texts), float(cosines.mean()), float(cosines.min()), float(together.min()), equal)


async def embed(pool: Pool, server: Running, texts: Sequence[str]) -> Rows:
    """Return the embeddings (texts, ndim) that the server gives.

    Raises:
        BenchError: it does not answer with embeddings.
    """
    dialect = DIALECTS[server.spec.dialect]
    reply = await pool.send(encode_request(dialect, texts, server.spec.model, server.spec.headers))
    if reply.status != 200:
        message = f"{server.spec.name} answered {reply.status}: {reply.body[:200]!r}"
        raise BenchError(message)
    return np.array(decode_rows(dialect, reply, len(texts)), np.float32)
