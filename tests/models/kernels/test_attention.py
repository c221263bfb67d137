"""Attention against numpy in float64, in float and in bfloat16."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models import KernelsLibrary
from tests.models.kernels import reference
from tests.models.kernels.made_up import matrix
from tests.models.kernels.nodes import open_node, same_bits

LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=12)
HEADS = st.sampled_from([(2, 32), (4, 32), (12, 32), (1, 64), (6, 64)])


def attend(
    kernels: Path,
    qkv: NDArray[np.float32],
    lengths: list[int],
    heads: int,
    multiplier: float,
    bf16_from_tokens: int = 0,
) -> NDArray[np.uint8]:
    scale = {"multiplier": np.full(qkv.shape[1] // 3, multiplier, np.float32)}
    attributes = {"num_heads": heads, "zero_point": 128, "bf16_from_tokens": bf16_from_tokens}
    session = open_node(kernels, "AttentionQuantize", scale, attributes)
    (output,) = session.run(None, {"qkv": qkv, "lengths": np.array(lengths, np.int64)})
    assert output.dtype == np.uint8
    found: NDArray[np.uint8] = output
    return found


def distance(
    output: NDArray[np.uint8], qkv: NDArray[np.float32], lengths: list[int], heads: int, scale: float
) -> float:
    """The largest distance from the exact value, in steps of a byte."""
    exact = reference.attention(qkv, lengths, heads)
    return float(np.abs(output - reference.steps(exact, np.full(exact.shape[1], scale), 128)).max())


@settings(max_examples=40, deadline=None, derandomize=True)
@given(lengths=LENGTHS, heads=HEADS, seed=st.integers(0, 1000))
def test_each_text_attends_to_itself_alone(
    kernels: Path, lengths: list[int], heads: tuple[int, int], seed: int
) -> None:
    count, size = heads
    qkv = matrix(np.random.default_rng(seed), sum(lengths), 3 * count * size, 1.5)
    assert distance(attend(kernels, qkv, lengths, count, 40), qkv, lengths, count, 40) <= 0.501


@pytest.mark.parametrize("size", [32, 64])
@pytest.mark.parametrize("tokens", [1, 2, 3, 4, 5, 7, 8, 9, 15, 16, 17, 31, 33, 63, 64, 65, 256, 511, 512, 700])
def test_every_length_is_cut_into_blocks_that_cover_it(kernels: Path, tokens: int, size: int) -> None:
    qkv = matrix(np.random.default_rng(tokens), tokens, 3 * 2 * size, 2.0)
    assert distance(attend(kernels, qkv, [tokens], 2, 40), qkv, [tokens], 2, 40) <= 0.501


@pytest.mark.parametrize("size", [32, 64])
def test_bfloat16_is_near_and_chosen_by_a_texts_own_length(library: KernelsLibrary, size: int) -> None:
    if not library.has_bf16:
        pytest.skip("this processor lacks AVX-512 BF16")
    kernels = library.path
    lengths = [16, 40, 39, 256, 1, 41, 17]
    qkv = matrix(np.random.default_rng(0), sum(lengths), 3 * 2 * size)
    exact, mixed = attend(kernels, qkv, lengths, 2, 40), attend(kernels, qkv, lengths, 2, 40, 40)
    assert distance(attend(kernels, qkv, lengths, 2, 40, 1), qkv, lengths, 2, 40) < 2.5
    starts = np.cumsum([0, *lengths])
    for length, start, end in zip(lengths, starts, starts[1:], strict=False):
        alone = attend(kernels, qkv[start:end], [length], 2, 40, 1)
        assert same_bits(mixed[start:end], alone if length >= 40 else exact[start:end])


@pytest.mark.parametrize("scale", [1e-40, 1e-20, 1e15, 1e18])
@pytest.mark.parametrize("tokens", [5, 37])
def test_scores_of_any_size_are_softened(kernels: Path, scale: float, tokens: int) -> None:
    """Tiny scores give the mean of the values, huge ones the value of the greatest."""
    qkv = matrix(np.random.default_rng(1), tokens, 3 * 64)
    qkv[:, :128] *= np.float32(scale)
    assert distance(attend(kernels, qkv, [tokens], 2, 30), qkv, [tokens], 2, 30) <= 0.501


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38, 1e-45])
@pytest.mark.parametrize("bf16_from_tokens", [0, 1])
def test_values_that_are_not_finite_stay_in_their_text_and_head(
    kernels: Path, value: float, bf16_from_tokens: int
) -> None:
    lengths = [20, 9, 33]
    qkv = matrix(np.random.default_rng(2), sum(lengths), 3 * 128)
    before = attend(kernels, qkv, lengths, 4, 30, bf16_from_tokens)
    for column in (32, 128 + 33, 256 + 40):  # query, key and value of head 1
        spoiled = qkv.copy()
        spoiled[25, column] = value
        after = attend(kernels, spoiled, lengths, 4, 30, bf16_from_tokens)
        changed = np.argwhere(after != before)
        assert (changed[:, 0] >= 20).all()
        assert (changed[:, 0] < 29).all()
        assert (changed[:, 1] // 32 == 1).all()
