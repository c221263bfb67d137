"""The real engine with all texts waiting from the start, to compare the simulation with.

In: a model whose engine is running, and texts of given lengths in tokens. Out: tokens per second from the queue to the
last row; the tokenizer, which the simulation leaves out, is left out here too.
"""

import time
from collections.abc import Sequence

import numpy as np
from tokenizers import Tokenizer

from bench.artifacts import LoadedModel
from bench.errors import BenchError

# Texts of that many different words hardly ever repeat; a repeated text would be computed once.
WORDS = 5000


def single_token_words(tokenizer: Tokenizer) -> list[str]:
    """Return words of one token each.

    Raises:
        BenchError: the vocabulary has none.
    """
    words = sorted(word for word in tokenizer.get_vocab() if word.isascii() and word.isalpha() and word.islower())
    special = tokenizer.num_special_tokens_to_add(is_pair=False)
    found = [word for word in words if len(tokenizer.encode(word).ids) == special + 1]
    if not found:
        message = "the vocabulary holds no words of one token, which texts of a given length are made of"
        raise BenchError(message)
    return found[:: max(1, len(found) // WORDS)]


def write_texts(lengths: Sequence[int], tokenizer: Tokenizer, rng: np.random.Generator) -> list[str]:
    """Return texts of exactly these lengths in tokens, special tokens included."""
    words = single_token_words(tokenizer)
    special = tokenizer.num_special_tokens_to_add(is_pair=False)
    return [" ".join(rng.choice(words, size=length - special)) for length in lengths]


async def time_engine(model: LoadedModel, texts: Sequence[str]) -> float:
    """Return the tokens per second of all texts in one request."""
    start = time.perf_counter()
    answer = await model.embed(texts)
    seconds = time.perf_counter() - start - answer.timing.tokenize_s
    return sum(answer.tokens) / seconds
