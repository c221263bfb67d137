"""Attention against numpy in float64, in float and in bfloat16."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models import KernelsLibrary
from models.runtime import ONNXRUNTIME_ERRORS
from tests.models.kernels import reference
from tests.models.kernels.conftest import processor_flags
from tests.models.kernels.made_up import matrix
from tests.models.kernels.nodes import node_model, open_session, same_bits

LENGTHS = st.lists(st.integers(1, 40), min_size=1, max_size=12)
HEADS = st.sampled_from([(2, 32), (4, 32), (12, 32), (1, 64), (6, 64)])


def attend(
    kernels: Path,
    qkv: NDArray[np.float32],
    lengths: list[int],
    heads: int,
    multiplier: float,
    way: tuple[str | None, int] = (None, 0),
) -> NDArray[np.uint8]:
    """`way` is the session's attention and the node's bf16_from_tokens."""
    scale = {"multiplier": np.full(qkv.shape[1] // 3, multiplier, np.float32)}
    attributes = {"num_heads": heads, "zero_point": 128, "bf16_from_tokens": way[1]}
    model = node_model("AttentionQuantize", scale, attributes)
    session = open_session(kernels, model, arena=False, attention=way[0])
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


@pytest.mark.parametrize("attention", ["bf16", "bf16-emulated", "tiles", "tiles-emulated"])
@pytest.mark.parametrize("size", [32, 64])
def test_bfloat16_is_near_and_chosen_by_a_texts_own_length(kernels: Path, size: int, attention: str) -> None:
    lengths = [16, 40, 39, 256, 1, 41, 17]
    qkv = matrix(np.random.default_rng(0), sum(lengths), 3 * 2 * size)
    exact, mixed = (attend(kernels, qkv, lengths, 2, 40, (attention, least)) for least in (0, 40))
    assert distance(attend(kernels, qkv, lengths, 2, 40, (attention, 1)), qkv, lengths, 2, 40) < 2.5
    starts = np.cumsum([0, *lengths])
    for length, start, end in zip(lengths, starts, starts[1:], strict=False):
        alone = attend(kernels, qkv[start:end], [length], 2, 40, (attention, 1))
        assert same_bits(mixed[start:end], alone if length >= 40 else exact[start:end])


def test_a_session_in_float_has_no_bfloat16_whatever_the_node_says(kernels: Path) -> None:
    qkv = matrix(np.random.default_rng(4), 300, 3 * 64)
    exact = attend(kernels, qkv, [300], 2, 4000)
    assert same_bits(attend(kernels, qkv, [300], 2, 4000, ("f32", 1)), exact)
    assert not same_bits(attend(kernels, qkv, [300], 2, 4000, ("bf16", 1)), exact)


def test_what_no_session_asks_for_is_what_the_library_says(library: KernelsLibrary) -> None:
    qkv = matrix(np.random.default_rng(5), 100, 3 * 64)
    chosen = attend(library.path, qkv, [100], 2, 4000, (None, 1))
    assert same_bits(chosen, attend(library.path, qkv, [100], 2, 4000, (library.attention, 1)))


def test_an_attention_that_there_is_not_is_refused_by_name(kernels: Path) -> None:
    with pytest.raises(ONNXRUNTIME_ERRORS, match=r"vecd\.attention is not f32, bf16, bf16-emulated, tiles or"):
        attend(kernels, matrix(np.random.default_rng(0), 3, 3 * 64), [3], 2, 40, ("f16", 1))


def emulated_like_the_processors(
    kernels: Path, qkv: NDArray[np.float32], lengths: list[int], heads: int, multiplier: float
) -> bool:
    """Tell whether emulated bfloat16 gives the processor's bytes, and whether they say anything: not all are one."""
    if "avx512_bf16" not in processor_flags():
        pytest.skip("this processor lacks AVX-512 BF16")
    native, emulated = (attend(kernels, qkv, lengths, heads, multiplier, (way, 1)) for way in ("bf16", "bf16-emulated"))
    assert len(np.unique(native)) > 5
    return same_bits(native, emulated)


MANY = [1, 2, 3, 15, 16, 17, 33, 100, 256]


@pytest.mark.parametrize(("heads", "size"), [(2, 32), (1, 64)])
def test_emulated_scores_have_the_processors_bits(kernels: Path, heads: int, size: int) -> None:
    """A text's keys are one key in other orders: its scores are equal but for their rounding, which is large."""
    random = np.random.default_rng(6)
    qkv = matrix(random, sum(MANY), 3 * heads * size)
    qkv[:, : heads * size] = 300
    keys = np.repeat(300 * random.standard_normal((1, heads * size)), len(qkv), axis=0)
    qkv[:, heads * size : -heads * size] = random.permuted(keys.reshape(-1, size), axis=1).reshape(keys.shape)
    assert emulated_like_the_processors(kernels, qkv, MANY, heads, 40)


@pytest.mark.parametrize(("heads", "size"), [(2, 32), (1, 64)])
def test_emulated_sums_of_values_have_the_processors_bits(kernels: Path, heads: int, size: int) -> None:
    """All weights are equal, and a text's values add up to nothing but their rounding."""
    random = np.random.default_rng(7)
    magnitudes = np.exp2(random.integers(-18, 1, (sum(MANY), heads * size)))
    values = (matrix(random, *magnitudes.shape) * magnitudes).astype(np.float32)
    lengths = [2 * length for length in MANY]
    qkv = np.zeros((sum(lengths), 3 * heads * size), np.float32)
    for start, length in zip(np.cumsum([0, *MANY]), MANY, strict=False):
        both = np.concatenate([values[start : start + length], -values[start : start + length]])
        qkv[2 * start : 2 * (start + length), -heads * size :] = random.permuted(both, axis=0)
    assert emulated_like_the_processors(kernels, qkv, lengths, heads, 1e10)


def test_emulated_sums_that_are_too_small_are_zero_as_the_processors_are(kernels: Path) -> None:
    """All weights are equal, the values normal and their sums often not; the least normal number is 1.2e-38."""
    lengths = [2, 3, 4] * 60
    qkv = np.zeros((sum(lengths), 3 * 64), np.float32)
    qkv[:, 128:] = matrix(np.random.default_rng(9), len(qkv), 64, 2e-38)
    assert emulated_like_the_processors(kernels, qkv, lengths, 2, 3e38)


@pytest.mark.parametrize(
    "bits", [0x7F800000, 0xFF800000, 0x7F7FFFFF, 1, 0x800FFFFF, 0x7F800001, 0xFF81FFFF, 0x7FC00000]
)
def test_emulated_odd_values_have_the_processors_bits(kernels: Path, bits: int) -> None:
    """Infinite ones, the largest, denormal ones, and not-a-numbers of each kind, as query, key and value."""
    qkv = matrix(np.random.default_rng(8), sum(MANY), 3 * 64)
    for row, column in ((2, 130), (5, 140), (20, 70), (40, 100), (60, 10), (80, 191)):
        qkv.view(np.uint32)[row, column] = bits
    assert emulated_like_the_processors(kernels, qkv, MANY, 2, 40)


@pytest.mark.parametrize("scale", [1e-40, 1e-20, 1e15, 1e18])
@pytest.mark.parametrize("tokens", [5, 37])
def test_scores_of_any_size_are_softened(kernels: Path, scale: float, tokens: int) -> None:
    """Tiny scores give the mean of the values, huge ones the value of the greatest."""
    qkv = matrix(np.random.default_rng(1), tokens, 3 * 64)
    qkv[:, :128] *= np.float32(scale)
    assert distance(attend(kernels, qkv, [tokens], 2, 30), qkv, [tokens], 2, 30) <= 0.501


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, 3e38, 1e-45])
@pytest.mark.parametrize("attention", ["f32", "bf16", "bf16-emulated", "tiles"])
def test_values_that_are_not_finite_stay_in_their_text_and_head(kernels: Path, value: float, attention: str) -> None:
    lengths = [20, 9, 33]
    qkv = matrix(np.random.default_rng(2), sum(lengths), 3 * 128)
    before = attend(kernels, qkv, lengths, 4, 30, (attention, 1))
    for column in (32, 128 + 33, 256 + 40):  # query, key and value of head 1
        spoiled = qkv.copy()
        spoiled[25, column] = value
        after = attend(kernels, spoiled, lengths, 4, 30, (attention, 1))
        changed = np.argwhere(after != before)
        assert (changed[:, 0] >= 20).all()
        assert (changed[:, 0] < 29).all()
        assert (changed[:, 1] // 32 == 1).all()
