"""Which variants an export writes depends on what can be verified where it runs."""

import msgspec
import numpy as np
import pytest

import export.cpu
from export import ExportError
from export.bert import BertConfig, Fp32Linear, build_bert
from export.cpu import CpuBuild, build_cpu_variants
from export.runner import GraphRunner
from export.verification import Bar, Reference
from models import Fidelity, KernelsMissing
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
    encodings = [RANDOM.integers(0, len(VOCABULARY), n).tolist() for n in (2, 3, 7, 16, 31, MAX_TOKENS)]
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
