"""The two encoders that calibration walks along, and what it makes of them."""

import msgspec
import numpy as np
import pytest

from export.bert import BertConfig, linear_layers
from export.calibration import LEVELS, QuantizedEncoder, quantize_encoder
from export.encoder import Activations, TextBatch, normalize_layer, open_attention, open_gelu
from export.reference import embed_reference
from tests.tiny import MAX_TOKENS, VOCABULARY, tiny_config, tiny_weights

CONFIG = msgspec.convert(tiny_config(), BertConfig)
WEIGHTS = tiny_weights(seed=4)
RANDOM = np.random.default_rng(0)
ENCODINGS = [RANDOM.integers(0, len(VOCABULARY), n).tolist() for n in (2, 3, 7, 16, 31, MAX_TOKENS)]


@pytest.fixture(scope="module")
def quantized() -> QuantizedEncoder:
    return quantize_encoder(CONFIG, WEIGHTS, ENCODINGS, lambda: None)


def test_the_steps_of_the_walk_are_those_of_the_encoder() -> None:
    texts = TextBatch(ENCODINGS)
    attention, gelu = open_attention(CONFIG), open_gelu()
    layers = linear_layers(CONFIG, WEIGHTS)

    def multiply(name: str, x: Activations) -> Activations:
        return np.asarray(x @ layers[name].weight + layers[name].bias, np.float32)

    x = texts.embed(CONFIG, WEIGHTS, WEIGHTS["embeddings.word_embeddings.weight"])
    for i in range(CONFIG.num_hidden_layers):
        base = f"encoder.layer.{i}."
        context = texts.attend(attention, *(multiply(f"{name}.{i}", x) for name in ("query", "key", "value")))
        x = normalize_layer(
            CONFIG, WEIGHTS, multiply(f"projection.{i}", context) + x, f"{base}attention.output.LayerNorm"
        )
        hidden = gelu(multiply(f"up.{i}", x))
        x = normalize_layer(CONFIG, WEIGHTS, multiply(f"down.{i}", hidden) + x, f"{base}output.LayerNorm")
    ends = np.cumsum([len(ids) for ids in ENCODINGS])
    for ids, end in zip(ENCODINGS, ends, strict=True):
        pooled = x[end - len(ids) : end].mean(axis=0)
        expected = embed_reference(CONFIG, WEIGHTS, ids, "mean")
        assert np.abs(pooled / np.linalg.norm(pooled) - expected).max() < 1e-6


def test_every_matrix_is_rounded_for_every_number_of_levels(quantized: QuantizedEncoder) -> None:
    names = linear_layers(CONFIG, WEIGHTS).keys()
    assert len(quantized.sites) == 4 * CONFIG.num_hidden_layers
    for levels in LEVELS:
        assert quantized.layers[levels].keys() == names
        assert max(np.abs(layer.values).max() for layer in quantized.layers[levels].values()) == levels


def test_the_values_leave_divided_by_the_factors_of_the_attention(quantized: QuantizedEncoder) -> None:
    value = linear_layers(CONFIG, WEIGHTS)["value.0"]
    rounded = quantized.layers[LEVELS[0]]["value.0"]
    near = rounded.values * rounded.scales * quantized.sites["attention.0"].factors
    smoothed = value.weight * quantized.sites["qkv.0"].factors[:, None]
    assert np.abs(near - smoothed).max() < 0.02 * np.abs(smoothed).max()


def test_calibrating_calls_back_for_every_layer() -> None:
    calls: list[None] = []
    quantize_encoder(CONFIG, WEIGHTS, ENCODINGS[:2], lambda: calls.append(None))
    assert len(calls) == CONFIG.num_hidden_layers


def test_what_reaches_a_layer_is_what_it_is_rounded_for() -> None:
    """Biases keep the means of fp32 for the inputs of the quantized encoder, errors included."""
    encodings = [RANDOM.integers(0, len(VOCABULARY), MAX_TOKENS).tolist() for _ in range(20)]
    quantized = quantize_encoder(CONFIG, WEIGHTS, encodings, lambda: None)
    texts, layers = TextBatch(encodings), linear_layers(CONFIG, WEIGHTS)
    site, rounded = quantized.sites["qkv.0"], quantized.layers[LEVELS[1]]["query.0"]
    words = quantized.word_values * quantized.word_scales[:, None]
    near = rounded.apply(site.quantize(texts.embed(CONFIG, WEIGHTS, words)))
    exact = texts.embed(CONFIG, WEIGHTS, WEIGHTS["embeddings.word_embeddings.weight"])
    exact = exact @ layers["query.0"].weight + layers["query.0"].bias
    assert np.abs(near.mean(axis=0) - exact.mean(axis=0)).max() < 1e-5
    assert np.abs(rounded.bias - layers["query.0"].bias).max() > 1e-4
