"""A text's embedding has the same bits alone, in any batch, in any order, on any threads, beside any other run."""

import itertools
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from tests.models.kernels.made_up import Encoder, activations, linear_weights, matrix, norm_weights
from tests.models.kernels.nodes import Arrays, open_node, open_session, same_bits, starts_of

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


@pytest.fixture(params=[("f32", "vnni"), ("bf16", "vnni"), ("tiles", "tiles")], ids="-".join)
def way(request: pytest.FixtureRequest) -> dict[str, Any]:
    return dict(zip(("attention", "products"), request.param, strict=True))


def test_alone_and_in_every_batch(kernels: Path, model: bytes, way: dict[str, Any]) -> None:
    random = np.random.default_rng(3)
    texts = make_texts([*random.integers(1, 40, 40).tolist(), 256, 1, 47, 48, 49, 2])
    session = open_session(kernels, model, **way)
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
def test_on_any_number_of_threads(kernels: Path, model: bytes, threads: int, way: dict[str, Any]) -> None:
    single, wide = (open_session(kernels, model, count, **way) for count in (1, threads))
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


def test_through_another_session_of_the_same_graph(kernels: Path, model: bytes, way: dict[str, Any]) -> None:
    """Sessions of every attention are open at the same time, and the one of another does not change it."""
    texts = make_texts([5, 60, 16])
    first = open_session(kernels, model, **way)
    before = run(first, texts)
    others = [open_session(kernels, model, attention=other) for other in ("bf16", "f32", "bf16-emulated")]
    assert agree(run(open_session(kernels, model, **way), texts), before)
    assert agree(run(first, texts), before)
    assert agree(run(others[0], texts), run(others[2], texts))
    assert not agree(run(others[0], texts), run(others[1], texts))


@pytest.mark.parametrize("threads", [1, 3])
def test_products_on_tiles_and_without(kernels: Path, model: bytes, threads: int) -> None:
    texts = make_texts([16, 1, 100, 3, 33, 64, 200, 7])
    sessions = [open_session(kernels, model, threads, products=each) for each in ("vnni", "tiles", "tiles-emulated")]
    first, *others = (run(session, texts) for session in sessions)
    assert all(agree(first, other) for other in others)


# Only much work is shared out over threads: few rows of a wide layer by columns, more of them by rows.
@pytest.mark.parametrize("kind", ["LinearFloat", "LinearGeluQuantize", "LinearNormQuantize"])
@pytest.mark.parametrize(("inner", "columns"), [(768, 3072), (3072, 768)])
def test_a_wide_layer_shared_out_over_threads(kernels: Path, kind: str, inner: int, columns: int) -> None:
    random = np.random.default_rng(columns)
    weights: dict[str, NDArray[Any]] = linear_weights(random, inner, columns)
    attributes: dict[str, float] = {"zero_point": 128}
    if kind != "LinearFloat":
        weights |= norm_weights(random, columns) if "Norm" in kind else {"multiplier": np.full(columns, 60, np.float32)}
        attributes |= {"output_zero_point": 100, "epsilon": 1e-12}
    single, wide = (open_node(kernels, kind, weights, attributes, threads) for threads in (1, 3))
    x, residual = activations(random, 49, inner), matrix(random, 49, columns)
    for rows in (1, 6, 7, 8, 16, 23, 24, 47, 48, 49):
        feeds: dict[str, NDArray[Any]] = {"quantized": x[:rows]}
        if "Norm" in kind:
            feeds["residual"] = residual[:rows]
        both = zip(single.run(None, feeds), wide.run(None, feeds), strict=True)
        assert all(same_bits(one, other) for one, other in both)


@pytest.mark.parametrize("mode", [0, 1])
def test_many_texts_pooled_on_several_threads(kernels: Path, mode: int) -> None:
    lengths = np.array([100, 1, 399, 7, 500, 200, 600, 193])
    feeds: Arrays = {"hidden": matrix(np.random.default_rng(mode), lengths.sum(), 768), "lengths": lengths}
    single, wide = (open_node(kernels, "Pool", {}, {"mode": mode}, threads) for threads in (1, 3))
    for one, other in zip(single.run(None, dict(feeds)), wide.run(None, dict(feeds)), strict=True):
        assert same_bits(one, other)
