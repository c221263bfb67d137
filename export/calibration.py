"""Rounds every matrix of the encoder to integers, layer by layer over the calibration texts.

In: weights and token ids. Out: factors and ranges of the activations, integer weights. The fp32 encoder and the
quantized one compute side by side. Ranges come from the first. A matrix is rounded for the inputs that reach it in the
second, with the errors of all earlier layers, and so that the mean of its outputs is that of the first. Both numbers of
levels are rounded for the same inputs.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import msgspec
import numpy as np
from numpy.typing import NDArray

from export.bert import QUERY_KEY_VALUE, BertConfig, LinearLayer, Weights, linear_layers
from export.encoder import Activations, TextBatch, normalize_layer, open_attention, open_gelu
from export.gptq import round_columns, round_nearest
from export.smoothing import QuantizedSite, Reach, choose_site, measure_reach

# The largest integer of a weight. 63 keeps u8 * s8 + u8 * s8 within 16 bits, in which processors without VNNI add.
INT8_LEVELS, REDUCED_LEVELS = 127, 63
LEVELS = (INT8_LEVELS, REDUCED_LEVELS)
READERS = {"qkv": QUERY_KEY_VALUE, "attention": ("projection",), "ffn_in": ("up",), "ffn_out": ("down",)}


class RoundedLayer(msgspec.Struct, frozen=True):
    """One matrix as integers: the output is (activation in steps) · values * scales * site scale + bias."""

    values: NDArray[np.int8]  # (in, out)
    scales: NDArray[np.float32]  # (out,)
    bias: NDArray[np.float32]  # (out,)

    def apply(self, x: Activations) -> Activations:
        """Return the layer's outputs (tokens, out) for what `QuantizedSite.quantize` gave (tokens, in)."""
        return np.asarray(x @ (self.values * self.scales) + self.bias, np.float32)

    @staticmethod
    def join(layers: Sequence["RoundedLayer"]) -> "RoundedLayer":
        """Return one matrix of several that read the same inputs, side by side."""
        values = np.concatenate([layer.values for layer in layers], axis=1)
        return RoundedLayer(
            values, np.concatenate([one.scales for one in layers]), np.concatenate([one.bias for one in layers])
        )

    def split(self, borders: NDArray[np.int64]) -> list["RoundedLayer"]:
        """Undo `join`; `borders` are the columns at which the second matrix and all later ones begin."""
        parts = (np.split(part, borders, axis=-1) for part in (self.values, self.scales, self.bias))
        return [RoundedLayer(*part) for part in zip(*parts, strict=True)]


class QuantizedEncoder(msgspec.Struct, frozen=True):
    """The whole encoder in integers. `layers` are by the name of their output, for each number of levels."""

    sites: dict[str, QuantizedSite]
    layers: dict[int, dict[str, RoundedLayer]]
    word_values: NDArray[np.int8]  # (vocabulary, hidden)
    word_scales: NDArray[np.float32]  # (vocabulary,)


def quantize_encoder(
    config: BertConfig,
    weights: Weights,
    encodings: Sequence[list[int]],
    advance: Callable[[], object],
    reach: Mapping[str, Reach] = MappingProxyType({}),
) -> QuantizedEncoder:
    """Calibrate the encoder.

    Args:
        config: its shape.
        weights: its weights in fp32.
        encodings: token ids of the calibration texts.
        advance: called after every layer.
        reach: how far activations go in other texts, by site; ranges cover both.
    """
    texts = TextBatch(encodings)
    words = weights["embeddings.word_embeddings.weight"]
    columns, word_scales = round_nearest(words.T)
    walk = _Walk(linear_layers(config, weights), reach)
    attention, gelu = open_attention(config), open_gelu()
    exact = texts.embed(config, weights, words)
    near = texts.embed(config, weights, columns.T * word_scales[:, None])
    for i in range(config.num_hidden_layers):
        base = f"encoder.layer.{i}."
        heads = walk.multiply(f"qkv.{i}", exact, near)
        context = [texts.attend(attention, *(heads[name][which] for name in QUERY_KEY_VALUE)) for which in (0, 1)]
        projected = walk.multiply(f"attention.{i}", *context)
        norm = f"{base}attention.output.LayerNorm"
        exact, near = _add_and_normalize(config, weights, norm, (exact, near), projected["projection"])
        hidden = walk.multiply(f"ffn_in.{i}", exact, near)["up"]
        lowered = walk.multiply(f"ffn_out.{i}", gelu(hidden[0]), gelu(hidden[1]))
        exact, near = _add_and_normalize(config, weights, f"{base}output.LayerNorm", (exact, near), lowered["down"])
        advance()
    walk.fold_values()
    return QuantizedEncoder(walk.sites, walk.rounded, columns.T, word_scales)


Pair = tuple[Activations, Activations]  # of the fp32 encoder, and of the quantized one


class _Walk:
    """Rounds the matrices of one activation after another, and keeps the results."""

    def __init__(self, layers: Mapping[str, LinearLayer], reach: Mapping[str, Reach]) -> None:
        self._layers, self._reach = layers, reach
        self.sites: dict[str, QuantizedSite] = {}
        self.rounded: dict[int, dict[str, RoundedLayer]] = {levels: {} for levels in LEVELS}

    def multiply(self, site: str, exact: Activations, near: Activations) -> dict[str, Pair]:
        """Round the matrices that read this activation; return their outputs by kind."""
        kind, index = site.split(".")
        layers = {name: self._layers[f"{name}.{index}"] for name in READERS[kind]}
        reach = measure_reach(exact)
        if site in self._reach:
            reach = reach.join(self._reach[site])
        chosen = self.sites[site] = choose_site(site, reach, list(layers.values()))
        quantized = chosen.quantize(near)
        smoothed = np.concatenate([layer.weight * chosen.factors[:, None] for layer in layers.values()], axis=1)
        bias = np.concatenate([layer.bias for layer in layers.values()])
        target = (exact / chosen.factors).mean(axis=0) @ smoothed + bias
        rounded = _round(smoothed, quantized, target)
        widths = np.cumsum([len(layer.bias) for layer in layers.values()])[:-1]
        for levels, whole in rounded.items():
            for layer, part in zip(layers.values(), whole.split(widths), strict=True):
                self.rounded[levels][layer.output] = part
        return {
            name: (
                exact @ layer.weight + layer.bias,
                self.rounded[INT8_LEVELS][layer.output].apply(quantized),
            )
            for name, layer in layers.items()
        }

    def fold_values(self) -> None:
        """Divide each layer's values by the factors of the attention's output.

        Attention is linear in its values and a factor for each column changes no integer, so this smoothing needs no
        operator in the graph.
        """
        for rounded in self.rounded.values():
            for name, layer in rounded.items():
                kind, index = name.split(".")
                if kind == "value":
                    after = self.sites[f"attention.{index}"].factors
                    rounded[name] = RoundedLayer(layer.values, layer.scales / after, layer.bias / after)


def _round(smoothed: Activations, quantized: Activations, target: Activations) -> dict[int, RoundedLayer]:
    """Round (in, out) for its inputs (tokens, in), with biases that keep the outputs' means (out,) at `target`."""
    levels = np.repeat(LEVELS, smoothed.shape[1])
    values, scales = round_columns(np.tile(smoothed, len(LEVELS)), quantized.T @ quantized, levels)
    bias = np.tile(target, len(LEVELS)) - quantized.mean(axis=0) @ (values * scales)
    parts = (np.split(part, len(LEVELS), axis=-1) for part in (values, scales, bias.astype(np.float32)))
    return {level: RoundedLayer(*part) for level, part in zip(LEVELS, zip(*parts, strict=True), strict=True)}


def _add_and_normalize(config: BertConfig, weights: Weights, prefix: str, before: Pair, change: Pair) -> Pair:
    exact, near = (a + b for a, b in zip(before, change, strict=True))
    return normalize_layer(config, weights, exact, prefix), normalize_layer(config, weights, near, prefix)
