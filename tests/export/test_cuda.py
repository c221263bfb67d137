"""The graph for CUDA, as far as a CPU can judge it, over encoders with random weights fused by hand."""

from pathlib import Path

import msgspec
import numpy as np
import onnx
import pytest
from numpy.typing import NDArray
from onnx import TensorProto, helper, numpy_helper

from export import ExportError
from export.bert import BertConfig, Fp32Linear, Weights, build_bert
from export.cuda import Encoder, FusedGraphs, build_fp16, check_fp16
from export.cuda_graph import Pooling, finish_graph
from models import Fidelity
from models.runtime import onnxruntime
from tests.export.cuda_kernels import without_kernel
from tests.fused import fuse_by_hand
from tests.tiny import MAX_TOKENS, VOCABULARY, SilentProgress, tiny_config, tiny_entry, tiny_tokenizer, tiny_weights
from tests.tiny import write_checkpoint as write

CONFIG = msgspec.convert(tiny_config(), BertConfig)
WEIGHTS = tiny_weights(seed=5)
FUSED = fuse_by_hand(CONFIG, WEIGHTS)
TYPE = WEIGHTS["embeddings.token_type_embeddings.weight"][0]
POSITIONS = WEIGHTS["embeddings.position_embeddings.weight"][:MAX_TOKENS] + TYPE
RANDOM = np.random.default_rng(2)
ENCODINGS = [RANDOM.integers(4, len(VOCABULARY), n).tolist() for n in (2, 3, 9, 31, MAX_TOKENS)]
OUTPUTS = ("sentence_embedding", "pooled", "token_embeddings")


def run(model: onnx.ModelProto, feeds: dict[str, NDArray[np.int64]]) -> dict[str, NDArray[np.float32]]:
    session = onnxruntime.InferenceSession(model.SerializeToString(), providers=["CPUExecutionProvider"])
    return dict(zip(OUTPUTS, session.run(OUTPUTS, feeds), strict=True))


def alone(model: onnx.ModelProto, ids: list[int], padding: int = 0) -> dict[str, NDArray[np.float32]]:
    """Run one text with this much padding after it."""
    mask = np.array([[1] * len(ids) + [0] * padding], np.int64)
    return run(model, {"input_ids": np.array([ids + [7] * padding], np.int64), "attention_mask": mask})


@pytest.mark.parametrize("pooling", ["mean", "cls"])
@pytest.mark.parametrize("ids", ENCODINGS, ids=len)
def test_in_fp32_the_fused_graph_equals_the_plain_one(pooling: Pooling, ids: list[int]) -> None:
    plain = run(build_bert(CONFIG, WEIGHTS, Fp32Linear(), pooling), {"input_ids": np.array([ids], np.int64)})
    fused = alone(finish_graph(FUSED.fp32, POSITIONS, pooling), ids)
    for output in OUTPUTS:
        assert fused[output].shape == plain[output].shape
        assert np.abs(fused[output] - plain[output]).max() < 1e-5


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_padding_changes_nothing_in_fp32(pooling: Pooling) -> None:
    model = finish_graph(FUSED.fp32, POSITIONS, pooling)
    for ids in ENCODINGS[:-1]:
        plain, padded = alone(model, ids), alone(model, ids, padding=5)
        for output in ("sentence_embedding", "pooled"):
            assert np.abs(plain[output] - padded[output]).max() < 1e-6
        assert np.abs(plain["token_embeddings"] - padded["token_embeddings"][:, : len(ids)]).max() < 1e-5


def test_what_goes_in_and_comes_out_is_the_contract() -> None:
    model = finish_graph(FUSED.fp16, POSITIONS, "mean")
    onnx.checker.check_model(model)
    types = {value.name: value.type.tensor_type.elem_type for value in (*model.graph.input, *model.graph.output)}
    assert types == dict.fromkeys(("input_ids", "attention_mask"), TensorProto.INT64) | dict.fromkeys(
        OUTPUTS, TensorProto.FLOAT
    )
    constants = {constant.name: numpy_helper.to_array(constant) for constant in model.graph.initializer}
    assert not [name for name in constants if "token_type" in name]
    assert constants["positions.table"].shape == (MAX_TOKENS, CONFIG.hidden_size)
    assert {value.dtype.name for value in constants.values()} == {"float16", "int64"}


@pytest.mark.parametrize("pooling", ["mean", "cls"])
def test_cuda_has_a_kernel_for_every_operator_and_its_types(pooling: Pooling) -> None:
    assert without_kernel(finish_graph(FUSED.fp16, POSITIONS, pooling)) == []


def test_an_operator_or_a_type_without_a_kernel_is_noticed() -> None:
    model = finish_graph(FUSED.fp16, POSITIONS, "mean")
    model.graph.node.append(helper.make_node("LpNormalization", ["pooled"], ["unit"]))
    model.graph.node.append(helper.make_node("Div", ["pooled", "positions.table"], ["mixed"]))
    assert without_kernel(model) == ["LpNormalization over ['FLOAT']", "Div over ['FLOAT', 'FLOAT16']"]


def test_a_graph_that_was_fused_otherwise_is_refused() -> None:
    unfused = onnx.ModelProto()
    unfused.CopyFrom(FUSED.fp32)
    unfused.graph.node[3].op_type = "Embedding"
    with pytest.raises(ExportError, match="0 times EmbedLayerNormalization"):
        finish_graph(unfused, POSITIONS, "mean")
    unfused.CopyFrom(FUSED.fp32)
    unfused.opset_import[0].version = 17
    with pytest.raises(ExportError, match="opset 17"):
        finish_graph(unfused, POSITIONS, "mean")


@pytest.fixture
def encoder(tmp_path: Path) -> Encoder:
    checkpoint = write(tmp_path / "checkpoint", seed=5)
    tokenizer = tiny_tokenizer()
    tokenizer.no_padding()
    tokenizer.enable_truncation(MAX_TOKENS)
    fp32 = build_bert(CONFIG, WEIGHTS, Fp32Linear(), "mean")
    return Encoder(tiny_entry(checkpoint), WEIGHTS, checkpoint, tokenizer, fp32)


def test_fp16_is_close_to_fp32_and_its_fidelity_says_where_it_was_measured(encoder: Encoder) -> None:
    asked: list[Path] = []

    def fuse(folder: Path) -> FusedGraphs:
        asked.append(folder)
        return FUSED

    built = build_fp16(encoder, SilentProgress(), fuse)
    assert asked == [encoder.folder]
    assert built.fidelity.measured_on == "cpu"
    assert 0.9999 < built.fidelity.cosine_min < 1 - 1e-9
    assert built.probe_cosine > 0.9999


def test_weights_of_another_model_are_refused(encoder: Encoder) -> None:
    with pytest.raises(ExportError, match="fused for CUDA is wrong"):
        build_fp16(encoder, SilentProgress(), lambda _: fuse_by_hand(CONFIG, tiny_weights(seed=6)))


def test_weights_that_do_not_fit_into_fp16_are_refused(encoder: Encoder) -> None:
    small: Weights = {name: value * np.float32(1e-6 if "word" in name else 1) for name, value in WEIGHTS.items()}
    with pytest.raises(ExportError, match="not true enough"):
        build_fp16(encoder, SilentProgress(), lambda _: FusedGraphs(FUSED.fp32, fuse_by_hand(CONFIG, small).fp16))


def test_what_misses_its_bar_or_is_no_number_is_refused() -> None:
    check_fp16(Fidelity(10, 0.99999, 0.9999))
    for least in (0.99, float("nan")):
        with pytest.raises(ExportError, match="not true enough"):
            check_fp16(Fidelity(10, 0.99999, least))
