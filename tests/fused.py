"""What optimum makes of an encoder for CUDA, built by hand: stands for it where torch is not at hand."""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from export.bert import QUERY_KEY_VALUE, BertConfig, Weights
from export.cuda import FusedGraphs

FUSIONS = "com.microsoft"


def fuse_by_hand(config: BertConfig, weights: Weights) -> FusedGraphs:
    return FusedGraphs(fused_graph(config, weights, np.float32), fused_graph(config, weights, np.float16))


class Builder:
    def __init__(self, dtype: type[np.floating]) -> None:
        self.dtype = dtype
        self.nodes: list[onnx.NodeProto] = []
        self.constants: dict[str, onnx.TensorProto] = {}

    def constant(self, name: str, value: np.ndarray) -> str:
        self.constants[name] = numpy_helper.from_array(np.ascontiguousarray(value, self.dtype), name)
        return name

    def add(self, kind: str, inputs: list[str], outputs: list[str], domain: str = "", **attributes: object) -> str:
        self.nodes.append(helper.make_node(kind, inputs, outputs, domain=domain, **attributes))
        return outputs[0]


def fused_graph(config: BertConfig, weights: Weights, dtype: type[np.floating]) -> onnx.ModelProto:
    graph = Builder(dtype)

    def weight(name: str) -> str:
        value = weights[name]
        return graph.constant(name, value.T if value.ndim == 2 and "embeddings" not in name else value)

    def skip(x: str, residual: str, dense: str, norm: str, output: str) -> str:
        product = graph.add("MatMul", [x, weight(f"{dense}.weight")], [f"{output}.product"])
        inputs = [product, residual, weight(f"{norm}.weight"), weight(f"{norm}.bias"), weight(f"{dense}.bias")]
        return graph.add("SkipLayerNormalization", inputs, [output], FUSIONS, epsilon=config.layer_norm_eps)

    names = {name: f"{name}_int32" for name in ("input_ids", "attention_mask", "token_type_ids")}
    for name, cast in names.items():
        graph.add("Cast", [name], [cast], to=TensorProto.INT32)
    tables = [weight(f"embeddings.{kind}_embeddings.weight") for kind in ("word", "position", "token_type")]
    norm = [weight("embeddings.LayerNorm.weight"), weight("embeddings.LayerNorm.bias")]
    inputs = [names["input_ids"], names["token_type_ids"], *tables, *norm, names["attention_mask"]]
    x = graph.add("EmbedLayerNormalization", inputs, ["embedded", "lengths"], FUSIONS, epsilon=config.layer_norm_eps)
    for i in range(config.num_hidden_layers):
        base = f"encoder.layer.{i}."
        parts = [f"{base}attention.self.{name}" for name in QUERY_KEY_VALUE]
        matrix = graph.constant(f"qkv.{i}", np.concatenate([weights[f"{part}.weight"].T for part in parts], axis=1))
        bias = graph.constant(f"qkv.{i}.bias", np.concatenate([weights[f"{part}.bias"] for part in parts]))
        heads = config.num_attention_heads
        context = graph.add(
            "Attention",
            [x, matrix, bias, "lengths"],
            [f"context.{i}"],
            FUSIONS,
            num_heads=heads,
            mask_filter_value=-1e4,
        )
        x = skip(context, x, f"{base}attention.output.dense", f"{base}attention.output.LayerNorm", f"attended.{i}")
        up = graph.add("MatMul", [x, weight(f"{base}intermediate.dense.weight")], [f"up.{i}"])
        hidden = graph.add("BiasGelu", [up, weight(f"{base}intermediate.dense.bias")], [f"gelu.{i}"], FUSIONS)
        x = skip(hidden, x, f"{base}output.dense", f"{base}output.LayerNorm", f"layer.{i}")
    graph.add("Cast", [x], ["last_hidden_state"], to=TensorProto.FLOAT)
    model = helper.make_graph(
        graph.nodes,
        "fused",
        [helper.make_tensor_value_info(name, TensorProto.INT64, ["batch", "tokens"]) for name in names],
        [helper.make_tensor_value_info("last_hidden_state", TensorProto.FLOAT, ["batch", "tokens", "hidden"])],
        list(graph.constants.values()),
    )
    opsets = [helper.make_opsetid("", 18), helper.make_opsetid(FUSIONS, 1)]
    return helper.make_model(model, ir_version=8, opset_imports=opsets)
