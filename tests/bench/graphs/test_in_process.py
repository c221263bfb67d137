from pathlib import Path

import numpy as np
import pytest

from bench.artifacts import Artifact, LoadedModel, load_model, open_artifact
from bench.errors import BenchError
from bench.graphs.in_process import feeds, open_vecd, vecd_graphs
from models import KernelsMissing, kernels_library, lacks_all
from tests.tiny import TINY

OTHER_ATTENTION = {"vecd-int8-f32", "vecd-int8-bf16"}


@pytest.fixture(scope="module")
def artifact(tiny_models: Path) -> Artifact:
    return open_artifact(tiny_models, TINY)


@pytest.fixture(scope="module")
def model(tiny_models: Path) -> LoadedModel:
    return load_model(tiny_models, TINY, "cpu")


def test_vecds_graphs_are_what_the_server_chose_the_portable_one_and_fp32(
    artifact: Artifact, model: LoadedModel
) -> None:
    opened = open_vecd(artifact, model)
    portable = {name: one.variant for name, one in opened.items() if name not in OTHER_ATTENTION}
    assert portable == {
        "vecd-int8": model.variant.name,
        "vecd-int8-portable": "int8",
        "vecd-fp32": "fp32",
    }
    assert opened["vecd-int8"].session is model.session


def test_what_the_server_chose_comes_with_the_other_attention_where_the_processor_has_both(
    artifact: Artifact, model: LoadedModel
) -> None:
    library = kernels_library()
    opened = open_vecd(artifact, model)
    if isinstance(library, KernelsMissing) or lacks_all(("avx512_bf16",)):
        assert not opened.keys() & OTHER_ATTENTION
        return
    (other,) = opened.keys() & OTHER_ATTENTION
    assert other != f"vecd-int8-{library.attention}"
    assert opened[other].variant == "int8-fused"
    ids = [[2, *range(4, 66), 3]]
    chosen, another = (opened[name].session.run(ids, "sentence_embedding")[0] for name in ("vecd-int8", other))
    assert 0.99 < float(chosen @ another) < 1
    assert chosen.tobytes() != another.tobytes()


def test_one_session_under_two_names_is_one_graph(artifact: Artifact, model: LoadedModel) -> None:
    opened = open_vecd(artifact, model)
    graphs = vecd_graphs(opened | {"again": opened["vecd-fp32"]}, all_cores=False)
    assert graphs["again"] is graphs["vecd-fp32"]
    assert graphs["vecd-int8"] is not graphs["vecd-fp32"]


@pytest.mark.parametrize("all_cores", [False, True])
def test_a_graph_of_vecds_is_timed_on_the_ids_that_it_is_given(
    artifact: Artifact, model: LoadedModel, *, all_cores: bool
) -> None:
    graphs = vecd_graphs(open_vecd(artifact, model), all_cores=all_cores)
    timer = graphs["vecd-int8"](np.ones((2, 5), np.int64))
    assert 0 < timer(2) < 60


def test_a_graph_gets_the_inputs_that_it_names_and_no_others() -> None:
    ids = np.array([[7, 8]], np.int64)
    assert feeds(["input_ids"], ids).keys() == {"input_ids"}
    fed = feeds(["input_ids", "attention_mask", "token_type_ids"], ids)
    assert fed["attention_mask"].tolist() == [[1, 1]]
    assert fed["token_type_ids"].tolist() == [[0, 0]]


def test_a_graph_with_an_unknown_input_is_refused() -> None:
    with pytest.raises(BenchError, match="past_key_values"):
        feeds(["input_ids", "past_key_values"], np.zeros((1, 2), np.int64))
