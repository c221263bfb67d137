"""Facts that follow from a model's architecture, the sizes that its catalogue entry and its manifest give."""

from collections.abc import Mapping

TOKEN_TYPES = 2


def count_parameters(architecture: Mapping[str, int | float | str]) -> int:
    """Return how many weights a BERT encoder has, without a pooler, which no artifact holds."""

    def size(name: str) -> int:
        return int(architecture[name])

    hidden, intermediate = size("hidden_size"), size("intermediate_size")
    norm = 2 * hidden
    attention = 4 * (hidden * hidden + hidden)
    feed_forward = hidden * intermediate + intermediate + intermediate * hidden + hidden
    rows = size("vocab_size") + size("max_position_embeddings") + TOKEN_TYPES
    return rows * hidden + norm + size("num_hidden_layers") * (attention + feed_forward + 2 * norm)
