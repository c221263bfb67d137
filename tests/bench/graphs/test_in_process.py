from pathlib import Path

import numpy as np
import pytest

from bench.artifacts import Artifact, LoadedModel, load_model, open_artifact
from bench.errors import BenchError
from bench.graphs.in_process import feeds, open_vecd, other_ways, vecd_graphs
from models import ATTENTIONS, Attention, KernelsLibrary, KernelsMissing, Products, kernels_library
from tests.tiny import TINY

OTHER_WAYS = {f"vecd-int8-{way}" for way in (*ATTENTIONS, "vnni")}


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
    portable = {name: one.variant for name, one in opened.items() if name not in OTHER_WAYS}
    assert portable == {
        "vecd-int8": model.variant.name,
        "vecd-int8-portable": "int8",
        "vecd-fp32": "fp32",
    }
    assert opened["vecd-int8"].session is model.session


def test_what_the_server_chose_comes_computed_in_the_other_ways_that_the_processor_has(
    artifact: Artifact, model: LoadedModel
) -> None:
    library = kernels_library()
    opened = open_vecd(artifact, model)
    if isinstance(library, KernelsMissing):
        assert not opened.keys() & OTHER_WAYS
        return
    ids = [[2, *range(4, 66), 3]]
    rows = {name: one.session.run(ids, "sentence_embedding")[0] for name, one in opened.items()}
    chosen = rows["vecd-int8"]
    for name, operators in other_ways(library).items():
        another = rows[f"vecd-int8-{name}"]
        assert opened[f"vecd-int8-{name}"].variant == "int8-fused"
        assert float(chosen @ another) > 0.99
        assert (chosen.tobytes() == another.tobytes()) == (operators.attention == library.attention)


@pytest.mark.parametrize(
    ("attention", "products", "lacking", "others"),
    [
        ("bf16", "vnni", False, {"f32": ("f32", "vnni")}),
        ("f32", "vnni", True, {}),
        (
            "tiles",
            "tiles",
            False,
            {"f32": ("f32", "tiles"), "bf16": ("bf16", "tiles"), "vnni": ("tiles", "vnni")},
        ),
        ("f32", "tiles", False, {"bf16": ("bf16", "tiles"), "tiles": ("tiles", "tiles"), "vnni": ("f32", "vnni")}),
    ],
)
def test_the_other_ways_are_those_that_are_not_emulated(
    attention: Attention, products: Products, lacking: bool, others: dict[str, tuple[str, str]]
) -> None:
    library = KernelsLibrary(Path(), "", attention, products)
    found = other_ways(library, lambda _: lacking)
    assert {name: (one.attention, one.products) for name, one in found.items()} == others


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
