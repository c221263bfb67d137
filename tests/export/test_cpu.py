"""Which variants an export writes depends on what can be verified where it runs."""

import msgspec
import numpy as np
import pytest

import export.cpu
from export import ExportError
from export.bert import BertConfig, Fp32Linear, build_bert
from export.cpu import BF16_FROM_TOKENS, CpuBuild, build_cpu_variants
from export.runner import GraphRunner
from export.verification import Bar, Reference
from models import ATTENTIONS, Fidelity, KernelsMissing, Variant, kernels_library
from tests.tiny import MAX_TOKENS, VOCABULARY, SilentProgress, tiny_config, tiny_weights

CONFIG = msgspec.convert(tiny_config(), BertConfig)
WEIGHTS = tiny_weights(seed=3)
RANDOM = np.random.default_rng(0)


class Told(SilentProgress):
    def __init__(self) -> None:
        self.lines: list[str] = []

    def say(self, line: str) -> None:
        self.lines.append(line)


@pytest.fixture(scope="module")
def build() -> CpuBuild:
    lengths = (2, 3, 7, 16, 31, MAX_TOKENS, BF16_FROM_TOKENS)
    encodings = [RANDOM.integers(0, len(VOCABULARY), n).tolist() for n in lengths]
    fp32 = GraphRunner(build_bert(CONFIG, WEIGHTS, Fp32Linear(), "mean"))
    reference = Reference(encodings, np.stack([fp32.embed(ids) for ids in encodings]))
    vocabulary = [[2, token, 3] for token in range(len(VOCABULARY))]
    return CpuBuild(CONFIG, WEIGHTS, "mean", vocabulary, encodings, reference, reference)


def test_what_this_processor_would_saturate_is_left_out_and_told(
    build: CpuBuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export.cpu, "kernels_library", lambda: KernelsMissing("no compiler"))
    told = Told()
    built = build_cpu_variants(build, told, lacks=bool)
    assert [variant.name for variant in built.variants] == ["int8-reduced"]
    assert built.graphs.keys() == {"model.int8-reduced.onnx"}
    assert built.omitted == {
        "int8": "this processor lacks avx512_vnni and avx_vnni",
        "int8-fused": "no compiler",
    }
    assert len(told.lines) == 2


def test_an_encoder_that_the_operators_do_not_fit_has_no_fused_graph(build: CpuBuild) -> None:
    narrow = msgspec.structs.replace(build, config=msgspec.structs.replace(CONFIG, num_attention_heads=8))
    exact = GraphRunner(build_bert(narrow.config, WEIGHTS, Fp32Linear(), "mean"))
    rows = np.stack([exact.embed(ids) for ids in build.calibration])
    reference = Reference(build.calibration, rows)
    narrow = msgspec.structs.replace(narrow, verification=reference, probes=reference)
    built = build_cpu_variants(narrow, Told(), lacks=lambda _: False)
    assert [variant.name for variant in built.variants] == ["int8", "int8-reduced"]
    assert "heads are 8 wide" in built.omitted["int8-fused"]


def test_every_variant_records_its_fidelity_over_the_whole_vocabulary(build: CpuBuild) -> None:
    for variant in build_cpu_variants(build, Told(), lacks=lambda _: False).variants:
        assert isinstance(variant.vocabulary, Fidelity)
        assert variant.vocabulary.texts == len(VOCABULARY)
        assert 0.99 < variant.vocabulary.cosine_min < variant.vocabulary.cosine_mean < 1


def test_a_variant_that_fails_on_one_token_of_the_vocabulary_is_refused(
    build: CpuBuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(export.cpu, "VOCABULARY_BAR", Bar(0.9, 0.9999))
    with pytest.raises(ExportError, match=f"not true enough to fp32: .* over {len(VOCABULARY)} texts"):
        build_cpu_variants(build, Told(), lacks=lambda _: False)


def fused(build: CpuBuild) -> Variant:
    library = kernels_library()
    if isinstance(library, KernelsMissing):
        pytest.skip(library.reason)
    return build_cpu_variants(build, Told(), lacks=lambda _: False).variants[0]


def test_the_fidelity_with_every_attention_that_may_serve_is_recorded_and_the_least_of_them_told(
    build: CpuBuild,
) -> None:
    variant = fused(build)
    assert isinstance(variant.attention, dict)
    assert tuple(variant.attention) == ATTENTIONS
    means = {way: fidelity.cosine_mean for way, fidelity in variant.attention.items()}
    assert means["f32"] != means["bf16"]
    assert variant.fidelity.cosine_mean == min(means.values())
    assert variant.fidelity.cosine_min == min(one.cosine_min for one in variant.attention.values())
    assert all(variant.fidelity_with(way) == fidelity for way, fidelity in variant.attention.items())


def test_an_attention_that_is_not_true_enough_is_refused_whatever_this_processor_is_quick_at(
    build: CpuBuild, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = fused(build).attention
    assert isinstance(found, dict)
    worst = min(found, key=lambda way: found[way].cosine_mean)
    bar = sum(fidelity.cosine_mean for fidelity in found.values()) / len(found)
    monkeypatch.setattr(export.cpu, "INT8_BAR", Bar(bar, 0))
    with pytest.raises(ExportError, match=f"the int8-fused with attention in {worst} graph is not true enough"):
        fused(build)


def test_graphs_of_stock_operators_have_one_fidelity(build: CpuBuild) -> None:
    portable = build_cpu_variants(build, Told(), lacks=lambda _: False).variants[-2:]
    assert all(variant.attention is msgspec.UNSET for variant in portable)
    assert all(variant.fidelity_with("") == variant.fidelity for variant in portable)
