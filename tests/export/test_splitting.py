"""Neurons that dominate a channel are split, and nothing else changes."""

import msgspec
import numpy as np
import pytest

from export.bert import BertConfig, Fp32Linear, Weights, build_bert
from export.calibration import LEVELS, quantize_encoder
from export.quantization import Int8Linear
from export.reference import embed_reference
from export.runner import GraphRunner
from export.splitting import COPIES, count_parts, split_outliers
from tests.tiny import VOCABULARY, tiny_config, tiny_weights

CONFIG = msgspec.convert(tiny_config(), BertConfig)
RANDOM = np.random.default_rng(0)
ENCODINGS = [[2, *RANDOM.integers(4, len(VOCABULARY), n).tolist(), 3] for n in (1, 2, 3, 7, 16, 31) for _ in range(8)]
CLS, CHANNEL, NEURON = 2, 7, 5


@pytest.fixture(scope="module")
def outlier() -> Weights:
    """An encoder whose first layer has, as trained ones do, a neuron that writes far into one channel at [CLS]."""
    weights = tiny_weights(seed=3)
    first = weights["embeddings.word_embeddings.weight"][CLS]
    base = "encoder.layer.0."
    weights[f"{base}intermediate.dense.weight"][NEURON] = 0.8 * first / np.linalg.norm(first)
    weights[f"{base}intermediate.dense.bias"][NEURON] = -2
    weights[f"{base}output.dense.weight"][CHANNEL] *= 4
    weights[f"{base}output.dense.weight"][CHANNEL, NEURON] = 400
    return weights


def worst_cosine(original: Weights, built: Weights, levels: int) -> float:
    """Return the least cosine with fp32 over all tokens as texts, of a quantized encoder."""
    texts = [[CLS, token, 3] for token in range(len(VOCABULARY))]
    fp32 = GraphRunner(build_bert(CONFIG, original, Fp32Linear(), "mean")).embed_all(texts)
    quantized = quantize_encoder(CONFIG, built, ENCODINGS, lambda: None)
    int8 = GraphRunner(build_bert(CONFIG, built, Int8Linear(quantized, levels), "mean")).embed_all(texts)
    return float((fp32 * int8).sum(axis=1).min())


def test_a_neuron_that_dominates_a_channel_is_split(outlier: Weights) -> None:
    split = split_outliers(CONFIG, outlier)
    for i, neurons in ((0, CONFIG.intermediate_size + COPIES), (1, CONFIG.intermediate_size)):
        assert split[f"encoder.layer.{i}.output.dense.weight"].shape == (CONFIG.hidden_size, neurons)
        assert split[f"encoder.layer.{i}.intermediate.dense.weight"].shape == (neurons, CONFIG.hidden_size)
        assert split[f"encoder.layer.{i}.intermediate.dense.bias"].shape == (neurons,)
    assert split["encoder.layer.0.output.dense.weight"][CHANNEL].max() < 10
    assert all(weight.dtype == np.float32 for weight in split.values())


def test_the_split_encoder_computes_the_same(outlier: Weights) -> None:
    split = split_outliers(CONFIG, outlier)
    for ids in ENCODINGS:
        one, other = (embed_reference(CONFIG, weights, ids, "mean") for weights in (outlier, split))
        assert np.abs(one - other).max() < 1e-5


def test_an_encoder_without_outliers_stays_as_it_is() -> None:
    weights = tiny_weights(seed=3)
    split = split_outliers(CONFIG, weights)
    assert split.keys() == weights.keys()
    assert all(split[name] is weights[name] for name in weights)


@pytest.mark.parametrize("levels", LEVELS)
def test_one_large_weight_no_longer_costs_its_channel(outlier: Weights, levels: int) -> None:
    assert worst_cosine(outlier, outlier, levels) < 0.98
    assert worst_cosine(outlier, split_outliers(CONFIG, outlier), levels) > 0.985


def test_copies_go_where_a_weight_is_largest_beside_the_others_of_its_channel() -> None:
    down = np.ones((3, 8), np.float32)
    down[0, 2], down[1, 6] = 100, -20
    assert count_parts(down, 0).tolist() == [1] * 8
    assert count_parts(down, 1).tolist() == [1, 1, 2, 1, 1, 1, 1, 1]
    parts = count_parts(down, 22)
    assert (parts[2], parts[6]) == (20, 4)
    assert parts.sum() == 8 + 22
