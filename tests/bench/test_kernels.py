import numpy as np
import pytest

from bench.errors import BenchError
from bench.graphs import feeds
from bench.kernels import Shape, compare

SMALL, LARGE = Shape(1, 16, 1), Shape(8, 128, 1)


def test_a_pair_is_compared_at_every_shape() -> None:
    times = {
        "vecd-int8": {SMALL: [1.0, 1.0, 1.0], LARGE: [4.0, 4.0, 4.0]},
        "stock-int8": {SMALL: [2.0, 2.0, 2.0], LARGE: [6.0, 5.0, 4.0]},
    }
    ratios, noise = compare(times)
    assert ratios == {"vecd-int8/stock-int8": {"1x16": 2.0, "8x128": 1.25}}
    assert noise == {"vecd-int8/stock-int8": {"1x16": 0.0, "8x128": 0.25}}


def test_a_graph_gets_the_inputs_that_it_names_and_no_others() -> None:
    ids = np.array([[7, 8]], np.int64)
    assert feeds(["input_ids"], ids).keys() == {"input_ids"}
    fed = feeds(["input_ids", "attention_mask", "token_type_ids"], ids)
    assert fed["attention_mask"].tolist() == [[1, 1]]
    assert fed["token_type_ids"].tolist() == [[0, 0]]


def test_a_graph_with_an_unknown_input_is_refused() -> None:
    with pytest.raises(BenchError, match="past_key_values"):
        feeds(["input_ids", "past_key_values"], np.zeros((1, 2), np.int64))
