"""What follows from the sizes of a BERT."""

import msgspec
import pytest

from export.bert import BertConfig
from models import count_parameters, load_catalog
from tests.tiny import tiny_config, tiny_weights


@pytest.mark.parametrize("changes", [{}, {"hidden_size": 128, "num_hidden_layers": 3, "max_position_embeddings": 40}])
def test_the_parameters_are_all_weights_of_the_encoder(changes: dict[str, int]) -> None:
    config = msgspec.convert(tiny_config() | changes, BertConfig)
    total = sum(weight.size for weight in tiny_weights(0, config).values())
    assert count_parameters(msgspec.structs.asdict(config)) == total


def test_the_parameters_of_a_known_model() -> None:
    # The checkpoint's 22,713,216, less its pooler: 384 x 384 weights and 384 biases.
    assert count_parameters(load_catalog()["all-MiniLM-L6-v2"].architecture) == 22_713_216 - 384 * 385
