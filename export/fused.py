"""The int8 encoder over vecd's own operators (models/kernels): five nodes a layer, and texts of any lengths in a run.

In: the factors, ranges and integers from calibration, which the graph of stock operators shares. Out: a graph from flat
input_ids (tokens) and lengths (texts) to sentence_embedding, pooled and token_embeddings.
"""

from typing import Literal

import msgspec
import numpy as np
import onnx

from export.bert import QUERY_KEY_VALUE, BertConfig, Weights
from export.calibration import INT8_LEVELS, QuantizedEncoder, RoundedLayer
from export.onnx_graph import OnnxGraph

DOMAIN = "vecd"
# The operators' widths: hidden and intermediate sizes in steps of WIDTH_STEP, and these head sizes.
WIDTH_STEP, HEAD_SIZES = 64, (32, 64)
POOLING_MODES = {"mean": 0, "cls": 1}


class FusedModel(msgspec.Struct, frozen=True):
    """The encoder to build. Texts of at least `bf16_from_tokens` tokens attend in bfloat16; 0 is never."""

    config: BertConfig
    weights: Weights
    encoder: QuantizedEncoder
    pooling: Literal["mean", "cls"]
    bf16_from_tokens: int = 0


def unfit_for_kernels(config: BertConfig) -> str:
    """Return why the operators cannot take an encoder of this shape, or an empty string."""
    head = config.hidden_size / config.num_attention_heads
    if head not in HEAD_SIZES:
        return f"its heads are {head:g} wide, the fused operators take {' and '.join(map(str, HEAD_SIZES))}"
    for name, width in (("hidden", config.hidden_size), ("intermediate", config.intermediate_size)):
        if width % WIDTH_STEP:
            return f"its {name} size is {width}, the fused operators take multiples of {WIDTH_STEP}"
    return ""


def build_fused(model: FusedModel) -> onnx.ModelProto:
    """Build the graph; the model must fit the operators."""
    assert not unfit_for_kernels(model.config)
    return _Builder(model).build()


class _Builder:
    def __init__(self, model: FusedModel) -> None:
        self._model, self._config, self._encoder = model, model.config, model.encoder
        self._graph = OnnxGraph()

    def build(self) -> onnx.ModelProto:
        layers = self._config.num_hidden_layers
        hidden, quantized = self._embedding()
        for i in range(layers):
            base = f"encoder.layer.{i}."
            qkv = self._linear("LinearFloat", f"qkv.{i}", QUERY_KEY_VALUE, quantized, [], [f"qkv.{i}"])[0]
            context = self._attention(i, qkv)
            mid, quantized = self._norm(
                f"attention.{i}", "projection", [context, hidden], f"{base}attention.output.LayerNorm", f"ffn_in.{i}"
            )
            up = self._gelu(i, quantized)
            following = f"qkv.{i + 1}" if i + 1 < layers else ""
            hidden, quantized = self._norm(f"ffn_out.{i}", "down", [up, mid], f"{base}output.LayerNorm", following)
        self._graph.multiple(
            "Pool",
            [hidden, "lengths"],
            ["sentence_embedding", "pooled"],
            domain=DOMAIN,
            mode=POOLING_MODES[self._model.pooling],
        )
        width = str(self._config.hidden_size)
        return self._graph.model(
            "bert",
            {"input_ids": ["tokens"], "lengths": ["texts"]},
            {
                "sentence_embedding": ["texts", width],
                "pooled": ["texts", width],
                "token_embeddings": ["tokens", width],
            },
        )

    def _embedding(self) -> tuple[str, str]:
        weights = self._model.weights
        types = weights["embeddings.token_type_embeddings.weight"][0]
        inputs = [
            "input_ids",
            "lengths",
            self._graph.constant("words", self._encoder.word_values),
            self._graph.constant("word_scales", self._encoder.word_scales),
            self._graph.constant("positions", weights["embeddings.position_embeddings.weight"] + types),
            *self._norm_constants("embeddings.LayerNorm"),
            self._multiplier("qkv.0"),
        ]
        outputs = ["embedded", "embedded.uint8"]
        attributes = {"zero_point": self._zero("qkv.0"), "epsilon": self._config.layer_norm_eps}
        self._graph.multiple("Embedding", inputs, outputs, domain=DOMAIN, **attributes)
        return outputs[0], outputs[1]

    def _attention(self, index: int, qkv: str) -> str:
        site = f"attention.{index}"
        chosen = self._encoder.sites[site]
        # The factors are in the values' weights already.
        multiplier = np.full(self._config.hidden_size, 1 / chosen.scale, np.float32)
        inputs = [qkv, "lengths", self._graph.constant(f"{site}.multiplier", multiplier)]
        return self._graph.node(
            "AttentionQuantize",
            inputs,
            f"{site}.uint8",
            domain=DOMAIN,
            num_heads=self._config.num_attention_heads,
            zero_point=self._zero(site),
            bf16_from_tokens=self._model.bf16_from_tokens,
        )

    def _gelu(self, index: int, quantized: str) -> str:
        following = f"ffn_out.{index}"
        return self._linear(
            "LinearGeluQuantize",
            f"ffn_in.{index}",
            ("up",),
            quantized,
            [self._multiplier(following)],
            [f"up.{index}.uint8"],
            output_zero_point=self._zero(following),
        )[0]

    def _norm(self, site: str, name: str, read: list[str], prefix: str, following: str) -> tuple[str, str]:
        """Multiply `read[0]`, add `read[1]`, normalize; quantize for the following site, if there is one."""
        last = not following
        multiplier = (
            self._graph.constant("last.multiplier", np.ones(self._config.hidden_size, np.float32))
            if last
            else self._multiplier(following)
        )
        hidden = "token_embeddings" if last else prefix
        outputs = [hidden, "" if last else f"{prefix}.uint8"]
        extra = [read[1], *self._norm_constants(prefix), multiplier]
        zero = 0 if last else self._zero(following)
        self._linear(
            "LinearNormQuantize",
            site,
            (name,),
            read[0],
            extra,
            outputs,
            output_zero_point=zero,
            epsilon=self._config.layer_norm_eps,
        )
        return outputs[0], outputs[1]

    def _linear(
        self,
        kind: str,
        site: str,
        names: tuple[str, ...],
        quantized: str,
        extra: list[str],
        outputs: list[str],
        **attributes: object,
    ) -> list[str]:
        rounded = self._encoder.layers[INT8_LEVELS]
        index = site.split(".")[1]
        layer = RoundedLayer.join([rounded[f"{name}.{index}"] for name in names])
        inputs = [
            quantized,
            self._graph.constant(f"{site}.weight", layer.values),
            self._graph.constant(f"{site}.scales", layer.scales * np.float32(self._encoder.sites[site].scale)),
            self._graph.constant(f"{site}.bias", layer.bias),
            *extra,
        ]
        self._graph.multiple(kind, inputs, outputs, domain=DOMAIN, zero_point=self._zero(site), **attributes)
        return outputs

    def _norm_constants(self, prefix: str) -> list[str]:
        weights = self._model.weights
        return [
            self._graph.constant(f"{prefix}.gamma", weights[f"{prefix}.weight"]),
            self._graph.constant(f"{prefix}.beta", weights[f"{prefix}.bias"]),
        ]

    def _multiplier(self, site: str) -> str:
        chosen = self._encoder.sites[site]
        return self._graph.constant(
            f"{site}.multiplier", (1 / (chosen.factors * np.float32(chosen.scale))).astype(np.float32)
        )

    def _zero(self, site: str) -> int:
        return self._encoder.sites[site].zero_point
