"""A text's embedding has the same bits alone, in any batch, in any order, on any threads, beside any other run."""

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.kernels.made_up import Encoder
from tests.kernels.nodes import open_session, same_bits, starts_of

VOCABULARY, POSITIONS = 100, 512
SHAPES = [(64, 2), (128, 2), (384, 12)]

Text = NDArray[np.int64]
Row = tuple[NDArray[np.float32], ...]


def make_texts(lengths: Sequence[int], seed: int = 0) -> list[Text]:
    random = np.random.default_rng(seed)
    return [random.integers(0, VOCABULARY, length) for length in lengths]


def run(session: Any, texts: Sequence[Text]) -> list[Row]:
    """Embedding, pooled row and token rows of each text."""
    lengths = [len(text) for text in texts]
    feeds = {"input_ids": np.concatenate(texts), "lengths": np.array(lengths)}
    embeddings, pooled, tokens = session.run(None, feeds)
    assert np.isfinite(tokens).all()
    starts = starts_of(lengths)
    ends = itertools.pairwise(starts)
    return [(embeddings[i], pooled[i], tokens[start:end]) for i, (start, end) in enumerate(ends)]


def agree(left: Sequence[Row], right: Sequence[Row]) -> bool:
    pairs = zip(left, right, strict=True)
    return all(same_bits(a, b) for one, other in pairs for a, b in zip(one, other, strict=True))


@pytest.fixture(scope="module", params=SHAPES, ids=str)
def model(request: pytest.FixtureRequest) -> bytes:
    width, heads = request.param
    data: bytes = (
        Encoder(width, heads, seed=width).model(VOCABULARY, POSITIONS, bf16_from_tokens=48).SerializeToString()
    )
    return data


def test_alone_and_in_every_batch(kernels: Path, model: bytes) -> None:
    random = np.random.default_rng(3)
    texts = make_texts([*random.integers(1, 40, 40).tolist(), 256, 1, 47, 48, 49, 2])
    session = open_session(kernels, model)
    alone = [run(session, [text])[0] for text in texts]
    assert agree(run(session, texts), alone)
    order = random.permutation(len(texts))
    assert agree(run(session, [texts[i] for i in order]), [alone[i] for i in order])
    for begin in range(0, len(texts), 7):
        assert agree(run(session, texts[begin : begin + 7]), alone[begin : begin + 7])


def test_three_hundred_texts_and_the_longest_one(kernels: Path) -> None:
    session = open_session(kernels, Encoder(384, 12, 0).model(VOCABULARY, POSITIONS, 0))
    texts = make_texts([*np.random.default_rng(0).integers(1, 12, 300).tolist(), POSITIONS])
    together = run(session, texts)
    for i in (0, 7, 150, 299, 300):
        assert agree([together[i]], run(session, [texts[i]]))


@pytest.mark.parametrize("threads", [2, 3, 4])
def test_on_any_number_of_threads(kernels: Path, model: bytes, threads: int) -> None:
    single, wide = open_session(kernels, model), open_session(kernels, model, threads)
    for lengths in ([16], [1], [256], [512], [20, 256, 3, 90, 100], [16] * 32):
        texts = make_texts(lengths)
        assert agree(run(wide, texts), run(single, texts))


def test_beside_other_runs_of_the_same_session(kernels: Path, model: bytes) -> None:
    session = open_session(kernels, model, threads=2)
    batches = [make_texts([3 + i, 50, 1 + i, 16], seed=i) for i in range(8)]
    expected = [run(session, batch) for batch in batches]
    with ThreadPoolExecutor(6) as pool:
        for _ in range(6):
            assert all(map(agree, pool.map(lambda batch: run(session, batch), batches), expected))


def test_through_another_session_of_the_same_graph(kernels: Path, model: bytes) -> None:
    texts = make_texts([5, 60, 16])
    assert agree(run(open_session(kernels, model), texts), run(open_session(kernels, model), texts))
