"""Every token of the vocabulary as a text of its own, which a corpus of a few hundred texts cannot cover.

In: the tokenizer and the encoder. Out: those texts, their fp32 embeddings, and the range of every activation over them.
"""

from collections.abc import Callable
from typing import Literal

import msgspec
import numpy as np
from tokenizers import Tokenizer

from export.bert import BertConfig, Fp32Linear, Weights, build_bert
from export.errors import ExportError
from export.onnx_graph import expose
from export.runner import GraphRunner, batches
from export.smoothing import Reach, measure_reach
from export.verification import Reference


class Vocabulary(msgspec.Struct, frozen=True):
    """The single-token texts with their fp32 embeddings, and each activation's range over them, by site."""

    reference: Reference
    reach: dict[str, Reach]


def single_token_texts(config: BertConfig, tokenizer: Tokenizer) -> list[list[int]]:
    """Return the token ids of every token as a text, in the order of the vocabulary.

    Raises:
        ExportError: the tokenizer has tokens without an embedding, or does not put one token before and one behind a
            text, as BERT's does.
    """
    frame, tokens = tokenizer.encode("").ids, tokenizer.get_vocab_size()
    if len(frame) != 2:
        message = f"the tokenizer makes {len(frame)} tokens of an empty text; a BERT's makes two, [CLS] and [SEP]"
        raise ExportError(message)
    if tokens > config.vocab_size:
        message = f"the tokenizer has {tokens} tokens, the encoder has embeddings for {config.vocab_size}"
        raise ExportError(message)
    return [[frame[0], token, frame[1]] for token in range(tokens)]


def sweep_vocabulary(
    config: BertConfig,
    weights: Weights,
    pooling: Literal["mean", "cls"],
    texts: list[list[int]],
    advance: Callable[[], object],
) -> Vocabulary:
    """Run the texts through the fp32 encoder; calls `advance` after every text."""
    linear = Fp32Linear()
    model = build_bert(config, weights, linear, pooling)
    runner = GraphRunner(expose(model, linear.sites.values()))
    outputs = ["sentence_embedding", *linear.sites.values()]
    rows, reach = [], dict[str, Reach]()
    for batch in batches(texts):
        embeddings, *activations = runner.run_batch(batch, outputs)
        rows.append(embeddings)
        for site, activation in zip(linear.sites, activations, strict=True):
            found = measure_reach(activation.reshape(-1, activation.shape[-1]))
            reach[site] = found.join(reach[site]) if site in reach else found
        for _ in batch:
            advance()
    return Vocabulary(Reference(texts, np.concatenate(rows)), reach)
