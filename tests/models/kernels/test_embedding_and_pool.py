"""The two ends of the encoder against numpy in float64."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.models.kernels import reference
from tests.models.kernels.made_up import embedding_weights, matrix
from tests.models.kernels.nodes import open_node, same_bits

LENGTHS = st.lists(st.integers(1, 64), min_size=1, max_size=20)
EMBEDDING = {"zero_point": 120, "epsilon": 1e-12}


@settings(max_examples=25, deadline=None, derandomize=True)
@given(lengths=LENGTHS, width=st.sampled_from([64, 192, 384, 768, 1024]), seed=st.integers(0, 1000))
def test_a_token_is_its_word_at_its_place_in_its_text(kernels: Path, lengths: list[int], width: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    weights = embedding_weights(random, 50, 64, width)
    ids = random.integers(0, 50, sum(lengths))
    session = open_node(kernels, "Embedding", weights, EMBEDDING)
    hidden, quantized = session.run(None, {"input_ids": ids, "lengths": np.array(lengths)})
    expected = reference.layer_norm(reference.embed(ids, lengths, weights), weights, 1e-12)
    assert np.allclose(hidden, expected, rtol=1e-5, atol=3e-6)
    steps = reference.steps(hidden.astype(np.float64), weights["multiplier"], 120)
    assert (np.abs(quantized - steps) <= 0.5 + 1e-4).all()
    (alone,) = open_node(kernels, "Embedding", weights, EMBEDDING, outputs=(True, False)).run(
        None, {"input_ids": ids, "lengths": np.array(lengths)}
    )
    assert same_bits(alone, hidden)


@pytest.mark.parametrize("mode", [0, 1])
@pytest.mark.parametrize("lengths", [[1], [3, 1, 512], [16] * 300, list(range(1, 60))])
def test_a_text_is_the_mean_or_the_first_of_its_tokens(kernels: Path, mode: int, lengths: list[int]) -> None:
    hidden = matrix(np.random.default_rng(0), sum(lengths), 384)
    feeds = {"hidden": hidden, "lengths": np.array(lengths)}
    embedding, pooled = open_node(kernels, "Pool", {}, {"mode": mode}).run(None, feeds)
    expected = reference.pool(hidden, lengths, mode)
    assert np.allclose(pooled, expected, rtol=1e-5, atol=1e-6)
    assert np.allclose(embedding, expected / np.linalg.norm(expected, axis=1, keepdims=True), rtol=1e-5, atol=1e-6)
    (alone,) = open_node(kernels, "Pool", {}, {"mode": mode}, outputs=(True, False)).run(None, feeds)
    assert same_bits(alone, embedding)


def test_zeros_have_no_direction_and_stay_zeros(kernels: Path) -> None:
    feeds = {"hidden": np.zeros((3, 64), np.float32), "lengths": np.array([1, 2])}
    embedding, pooled = open_node(kernels, "Pool", {}, {"mode": 0}).run(None, feeds)
    assert not embedding.any()
    assert not pooled.any()


def test_what_is_not_finite_shows_in_its_own_text(kernels: Path) -> None:
    hidden = matrix(np.random.default_rng(0), 9, 64)
    hidden[4, 5] = np.nan
    feeds = {"hidden": hidden, "lengths": np.array([3, 3, 3])}
    embedding, _ = open_node(kernels, "Pool", {}, {"mode": 0}).run(None, feeds)
    assert np.isfinite(embedding).all(axis=1).tolist() == [True, False, True]


def test_nothing_in_is_nothing_out(kernels: Path) -> None:
    none = np.array([], np.int64)
    weights = embedding_weights(np.random.default_rng(0), 5, 8, 64)
    hidden, quantized = open_node(kernels, "Embedding", weights, EMBEDDING).run(
        None, {"input_ids": none, "lengths": none}
    )
    embedding, _ = open_node(kernels, "Pool", {}, {"mode": 0}).run(None, {"hidden": hidden, "lengths": none})
    assert (hidden.shape, quantized.shape, embedding.shape) == ((0, 64), (0, 64), (0, 64))
