"""The graph over vecd's own operators: the portable graph's model, and a text's bits the same in any run."""

import re
from typing import Literal

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from export.bert import BertConfig, Fp32Linear, build_bert
from export.calibration import INT8_LEVELS, QuantizedEncoder, quantize_encoder
from export.fused import FusedModel, build_fused, unfit_for_kernels
from export.quantization import Int8Linear
from export.runner import GraphRunner
from models import ATTENTIONS, Attention, KernelsLibrary, KernelsMissing, kernels_library
from models.runtime import onnxruntime
from tests.tiny import MAX_TOKENS, VOCABULARY, tiny_config, tiny_weights

CONFIG = msgspec.convert(tiny_config(), BertConfig)
WEIGHTS = tiny_weights(seed=3)
RANDOM = np.random.default_rng(0)
ENCODINGS = [RANDOM.integers(0, len(VOCABULARY), n).tolist() for n in (2, 3, 7, 16, 31, MAX_TOKENS)]
OUTPUTS = ["sentence_embedding", "pooled", "token_embeddings"]


@pytest.fixture(scope="module")
def operators() -> KernelsLibrary:
    library = kernels_library()
    if isinstance(library, KernelsMissing):
        pytest.skip(library.reason)
    return library


@pytest.fixture(scope="module")
def quantized() -> QuantizedEncoder:
    return quantize_encoder(CONFIG, WEIGHTS, ENCODINGS, lambda: None)


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_it_gives_what_the_graph_of_stock_operators_gives(
    operators: KernelsLibrary, quantized: QuantizedEncoder, pooling: Literal["mean", "cls"]
) -> None:
    fused = GraphRunner(build_fused(FusedModel(CONFIG, WEIGHTS, quantized, pooling)), operators)
    portable = GraphRunner(build_bert(CONFIG, WEIGHTS, Int8Linear(quantized, INT8_LEVELS), pooling))
    fp32 = GraphRunner(build_bert(CONFIG, WEIGHTS, Fp32Linear(), pooling))
    for ids in ENCODINGS:
        sentence, pooled, tokens = fused.run(ids, OUTPUTS)
        assert tokens.shape == (len(ids), CONFIG.hidden_size)
        assert np.allclose(pooled, tokens.mean(axis=0) if pooling == "mean" else tokens[0], atol=1e-5)
        assert np.allclose(sentence, pooled / np.linalg.norm(pooled), atol=1e-6)
        assert sentence @ portable.embed(ids) > 0.9995
        assert sentence @ fp32.embed(ids) > 0.998


@pytest.mark.parametrize("attention", ATTENTIONS)
def test_a_text_has_the_same_bits_in_any_mixture_on_any_number_of_threads(
    operators: KernelsLibrary, quantized: QuantizedEncoder, attention: Attention
) -> None:
    model = build_fused(FusedModel(CONFIG, WEIGHTS, quantized, "mean", 7)).SerializeToString()

    def run(texts: list[list[int]], threads: int) -> list[NDArray[np.float32]]:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = threads
        msgspec.structs.replace(operators, attention=attention).register(options)
        session = onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])
        lengths = np.array([len(ids) for ids in texts])
        feeds = {"input_ids": np.concatenate([np.array(ids) for ids in texts]), "lengths": lengths}
        sentence, pooled, tokens = session.run(OUTPUTS, feeds)
        of_texts = np.split(tokens, np.cumsum(lengths)[:-1])
        return [np.hstack([a, b, c.ravel()]) for a, b, c in zip(sentence, pooled, of_texts, strict=True)]

    alone = [run([ids], 1)[0] for ids in ENCODINGS]
    for threads in (1, 2, 4):
        for order in (range(6), [5, 4, 3, 2, 1, 0], [3, 0, 5, 0, 3, 1]):
            for row, place in zip(run([ENCODINGS[place] for place in order], threads), order, strict=True):
                assert row.tobytes() == alone[place].tobytes()


@pytest.mark.parametrize(
    ("change", "told"),
    [
        ({"num_attention_heads": 4}, "heads are 16 wide"),
        ({"num_attention_heads": 3}, r"heads are 21\.3333 wide"),
        ({"intermediate_size": 100}, "intermediate size is 100"),
        ({"hidden_size": 96, "num_attention_heads": 3}, "hidden size is 96"),
    ],
)
def test_an_encoder_that_does_not_fit_the_operators_is_told_why(change: dict[str, int], told: str) -> None:
    assert unfit_for_kernels(CONFIG) == ""
    assert re.search(told, unfit_for_kernels(msgspec.structs.replace(CONFIG, **change)))
