"""The graphs against a plain numpy encoder, and the promise of equal bits, on encoders with random weights."""

from typing import Literal

import msgspec
import numpy as np
import pytest
from numpy.typing import NDArray

from export.bert import BertConfig, Fp32Linear, build_bert
from export.calibration import INT8_LEVELS, REDUCED_LEVELS, QuantizedEncoder, quantize_encoder
from export.quantization import Int8Linear
from export.reference import embed_reference
from export.runner import GraphRunner
from models.runtime import onnxruntime
from tests.tiny import MAX_TOKENS, VOCABULARY, tiny_config, tiny_weights

CONFIG = msgspec.convert(tiny_config(), BertConfig)
WEIGHTS = tiny_weights(seed=3)
RANDOM = np.random.default_rng(0)
ENCODINGS = [RANDOM.integers(0, len(VOCABULARY), n).tolist() for n in (2, 3, 7, 16, 31, MAX_TOKENS)]

Pooling = Literal["mean", "cls"]


@pytest.fixture(scope="module")
def quantized() -> QuantizedEncoder:
    return quantize_encoder(CONFIG, WEIGHTS, ENCODINGS, lambda: None)


@pytest.fixture(scope="module")
def int8_model(quantized: QuantizedEncoder) -> bytes:
    return bytes(build_bert(CONFIG, WEIGHTS, Int8Linear(quantized, INT8_LEVELS), "mean").SerializeToString())


def open_session(model: bytes, threads: int) -> onnxruntime.InferenceSession:
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = threads
    return onnxruntime.InferenceSession(model, options, providers=["CPUExecutionProvider"])


@pytest.mark.parametrize("pooling", ["mean", "cls"])
@pytest.mark.parametrize("ids", ENCODINGS, ids=len)
def test_the_fp32_graph_equals_the_numpy_encoder(pooling: Pooling, ids: list[int]) -> None:
    runner = GraphRunner(build_bert(CONFIG, WEIGHTS, Fp32Linear(), pooling))
    assert np.abs(runner.embed(ids) - embed_reference(CONFIG, WEIGHTS, ids, pooling)).max() < 1e-6


def test_pooled_and_token_embeddings_fit_the_sentence_embedding() -> None:
    runner = GraphRunner(build_bert(CONFIG, WEIGHTS, Fp32Linear(), "mean"))
    sentence, pooled, tokens = runner.run(ENCODINGS[3], ["sentence_embedding", "pooled", "token_embeddings"])
    assert tokens.shape == (16, CONFIG.hidden_size)
    assert np.allclose(pooled, tokens.mean(axis=0), atol=1e-6)
    assert np.allclose(sentence, pooled / np.linalg.norm(pooled), atol=1e-6)


@pytest.mark.parametrize(("levels", "least"), [(INT8_LEVELS, 0.998), (REDUCED_LEVELS, 0.996)])
def test_the_int8_graph_is_close_to_fp32(quantized: QuantizedEncoder, levels: int, least: float) -> None:
    model = build_bert(CONFIG, WEIGHTS, Int8Linear(quantized, levels), "mean").SerializeToString()
    session = open_session(model, 1)
    fp32 = GraphRunner(build_bert(CONFIG, WEIGHTS, Fp32Linear(), "mean"))
    for ids in ENCODINGS:
        (row,) = session.run(["sentence_embedding"], {"input_ids": np.array([ids], np.int64)})[0]
        assert row @ fp32.embed(ids) > least


@pytest.mark.parametrize("output", ["sentence_embedding", "pooled", "token_embeddings"])
def test_a_text_has_the_same_bits_in_any_batch_on_any_number_of_threads(int8_model: bytes, output: str) -> None:
    sessions = [open_session(int8_model, threads) for threads in (1, 2, 4)]

    def run(session: onnxruntime.InferenceSession, ids: NDArray[np.int64]) -> NDArray[np.float32]:
        return np.asarray(session.run([output], {"input_ids": ids})[0])

    for tokens in (2, 5, 16, 33):
        ids = RANDOM.integers(0, len(VOCABULARY), (64, tokens))
        alone = np.concatenate([run(sessions[0], ids[i : i + 1]) for i in range(64)])
        for session in sessions:
            for batch in (1, 2, 3, 7, 16, 64):
                assert run(session, ids[:batch]).tobytes() == alone[:batch].tobytes()
