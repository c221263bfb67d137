"""Tiles of AMX: linear layers have the bits of VPDPBUSD, attention is near to what it is without, here and emulated."""

import itertools
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from models.kernels.build import FLAGS, SOURCES, NoCompilerError, compile_objects, find_compiler, run_compiler
from models.runtime import ONNXRUNTIME_ERRORS
from tests.models.kernels import reference
from tests.models.kernels.conftest import processor_flags
from tests.models.kernels.made_up import activations, linear_weights, matrix, norm_weights
from tests.models.kernels.nodes import Arrays, node_model, open_session, same_bits, starts_of

PROGRAM = Path(__file__).parent / "tiles"
KINDS = ("LinearFloat", "LinearGeluQuantize", "LinearNormQuantize")
ATTRIBUTES = {"zero_point": 77, "output_zero_point": 128, "epsilon": 1e-12}
WIDTHS = st.sampled_from([64, 128, 384, 448, 832])  # up to a chunk of the inner dimension, and beyond
COLUMNS = st.sampled_from([64, 128, 192])


def need_tiles() -> None:
    if not processor_flags() >= {"amx_tile", "amx_int8", "amx_bf16", "avx512_bf16"}:
        pytest.skip("this processor lacks AMX: its tiles are not compared with the emulation")


def weights_of(kind: str, weights: Mapping[str, NDArray[Any]], random: np.random.Generator) -> Arrays:
    norm = norm_weights(random, weights["scales"].size)
    needed = {"LinearFloat": {}, "LinearGeluQuantize": {"multiplier": norm["multiplier"]}, "LinearNormQuantize": norm}
    return {**weights, **needed[kind]}


def run_linear(
    kernels: Path, kind: str, weights: Arrays, x: NDArray[np.uint8], way: tuple[str, int]
) -> list[NDArray[Any]]:
    """`way` is the session's products, and its threads."""
    feeds: dict[str, NDArray[Any]] = {"quantized": x}
    if kind == "LinearNormQuantize":
        feeds["residual"] = matrix(np.random.default_rng(len(x)), len(x), weights["scales"].size)
    model = node_model(kind, weights, ATTRIBUTES)
    found: list[NDArray[Any]] = open_session(kernels, model, way[1], arena=False, products=way[0]).run(None, feeds)
    return found


def all_same(left: Sequence[NDArray[Any]], right: Sequence[NDArray[Any]]) -> bool:
    return all(same_bits(one, other) for one, other in zip(left, right, strict=True))


@pytest.mark.parametrize("kind", KINDS)
@settings(max_examples=25, deadline=None, derandomize=True)
@given(rows=st.integers(1, 140), inner=WIDTHS, columns=COLUMNS, seed=st.integers(0, 1000))
def test_products_on_tiles_have_the_bits_of_those_without(
    kernels: Path, kind: str, rows: int, inner: int, columns: int, seed: int
) -> None:
    random = np.random.default_rng(seed)
    weights = weights_of(kind, linear_weights(random, inner, columns), random)
    x = activations(random, rows, inner)
    assert all_same(*(run_linear(kernels, kind, weights, x, (way, 1)) for way in ("vnni", "tiles")))


# Blocks of 32 and 64 rows, what is left of them, and fewer rows than a tile has.
@pytest.mark.parametrize("rows", [6, 7, 8, 15, 16, 17, 31, 32, 33, 47, 48, 49, 63, 64, 65, 79, 80, 96, 111, 128, 129])
@pytest.mark.parametrize("inner", [384, 1536])
@pytest.mark.parametrize("kind", KINDS)
def test_every_number_of_rows_is_cut_into_blocks_that_cover_it(kernels: Path, kind: str, inner: int, rows: int) -> None:
    random = np.random.default_rng(rows)
    weights = weights_of(kind, linear_weights(random, inner, 128), random)
    x = activations(random, rows, inner)
    assert all_same(*(run_linear(kernels, kind, weights, x, (way, 1)) for way in ("vnni", "tiles")))


@pytest.mark.parametrize("kind", KINDS)
def test_products_on_tiles_shared_out_over_threads(kernels: Path, kind: str) -> None:
    random = np.random.default_rng(0)
    weights = weights_of(kind, linear_weights(random, 768, 768), random)
    for rows in (40, 127, 128, 300):
        x = activations(random, rows, 768)
        assert all_same(*(run_linear(kernels, kind, weights, x, way) for way in (("vnni", 1), ("tiles", 3))))


@pytest.mark.parametrize(("weight", "value"), [(-128, 255), (127, 255), (-128, 0), (0, 255)])
def test_the_greatest_sums_on_tiles(kernels: Path, weight: int, value: int) -> None:
    weights: Arrays = {
        "weight": np.full((65536, 64), weight, np.int8),
        "scales": np.ones(64, np.float32),
        "bias": np.zeros(64, np.float32),
    }
    x = np.full((19, 65536), value, np.uint8)
    (output,) = run_linear(kernels, "LinearFloat", weights, x, ("tiles", 1))
    assert set(output.ravel().tolist()) == {float(np.float32((value - 77) * weight * 65536))}


def test_products_that_there_are_not_are_refused_by_name(kernels: Path) -> None:
    with pytest.raises(ONNXRUNTIME_ERRORS, match=r"vecd\.products is not vnni, tiles or tiles-emulated"):
        open_session(kernels, node_model("Pool", {}, {"mode": 0}), products="amx")


def attend(kernels: Path, qkv: NDArray[np.float32], lengths: Sequence[int], attention: str) -> NDArray[np.uint8]:
    """Two heads, 40 steps of a byte for 1."""
    scale = {"multiplier": np.full(qkv.shape[1] // 3, 40, np.float32)}
    model = node_model("AttentionQuantize", scale, {"num_heads": 2, "zero_point": 128, "bf16_from_tokens": 1})
    session = open_session(kernels, model, arena=False, attention=attention)
    (output,) = session.run(None, {"qkv": qkv, "lengths": np.array(lengths)})
    found: NDArray[np.uint8] = output
    return found


@pytest.mark.parametrize("size", [32, 64])
@pytest.mark.parametrize("tokens", [1, 2, 15, 16, 17, 31, 32, 33, 48, 63, 64, 65, 100, 256, 300, 512])
def test_attention_on_tiles_is_as_near_as_in_bfloat16(kernels: Path, tokens: int, size: int) -> None:
    qkv = matrix(np.random.default_rng(tokens), tokens, 3 * 2 * size)
    exact = reference.steps(reference.attention(qkv, [tokens], 2), np.full(2 * size, 40), 128)
    tiled, pairs = (attend(kernels, qkv, [tokens], way) for way in ("tiles", "bf16"))
    assert np.abs(tiled - exact).max() < 0.75  # half a step of rounding, and what eight bits of mantissa lose
    apart = np.abs(tiled.astype(int) - pairs)
    assert apart.max() <= 1
    assert (apart > 0).mean() < 0.001


@pytest.mark.parametrize("size", [32, 64])
def test_a_text_on_tiles_has_the_same_bits_in_any_company(kernels: Path, size: int) -> None:
    lengths = [40, 1, 17, 130, 16, 64, 15]
    qkv = matrix(np.random.default_rng(1), sum(lengths), 3 * 2 * size, 2.0)
    together = attend(kernels, qkv, lengths, "tiles")
    for start, end in itertools.pairwise(starts_of(lengths)):
        assert same_bits(together[start:end], attend(kernels, qkv[start:end], [end - start], "tiles"))


@pytest.mark.parametrize("scale", [1e-40, 1e-20, 1.0, 1e15, 1e19])
@pytest.mark.parametrize("size", [32, 64])
def test_the_emulation_has_the_processors_bits(kernels: Path, size: int, scale: float) -> None:
    need_tiles()
    lengths = [1, 2, 15, 16, 17, 33, 100, 256]
    qkv = matrix(np.random.default_rng(2), sum(lengths), 3 * 2 * size)
    qkv[:, : 4 * size] *= np.float32(scale)
    assert same_bits(*(attend(kernels, qkv, lengths, way) for way in ("tiles", "tiles-emulated")))


@pytest.mark.e2e
def test_the_code_for_the_processors_tiles_does_what_the_emulation_does(tmp_path: Path) -> None:
    """On a processor without tiles every one of their instructions traps, and is carried out from its bytes."""
    try:
        compiler = find_compiler()
    except NoCompilerError as error:
        pytest.skip(str(error))
    names = ("packed.cpp", "processor.cpp", "amx/*.cpp", "avx512/linear_*.cpp", "avx512/norm.cpp")
    sources = [path for name in names for path in sorted(SOURCES.glob(name))] + sorted(PROGRAM.glob("*.cpp"))
    program = tmp_path / "compare"
    objects = compile_objects(compiler, sources, FLAGS, tmp_path)
    run_compiler([*compiler, *FLAGS, *map(str, objects), "-o", str(program)])
    done = subprocess.run([program], capture_output=True, text=True, timeout=300, check=False)
    if done.stdout.startswith("tiles: skipped"):
        pytest.skip(done.stdout.strip())
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith("tiles: nothing differs")
