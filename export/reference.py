"""The encoder a second time, in plain numpy and float64, to check the graphs against.

Written from the architecture (Devlin et al. 2018, arXiv:1810.04805); it shares no code with the graph builder, so it
shares no mistake. Slow on purpose.
"""

import math
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from export.bert import BertConfig, Weights

Array = NDArray[np.float64]

_erf = np.vectorize(math.erf, otypes=[np.float64])


def embed_reference(
    config: BertConfig, weights: Weights, ids: list[int], pooling: Literal["mean", "cls"]
) -> NDArray[np.float64]:
    """Return the unit-norm embedding (hidden,) of one text's token ids."""
    x = (
        weights["embeddings.word_embeddings.weight"][ids].astype(np.float64)
        + weights["embeddings.position_embeddings.weight"][: len(ids)]
        + weights["embeddings.token_type_embeddings.weight"][0]
    )
    x = _norm(config, weights, x, "embeddings.LayerNorm")
    for i in range(config.num_hidden_layers):
        base = f"encoder.layer.{i}"
        attended = _dense(weights, _attention(config, weights, x, base), f"{base}.attention.output.dense")
        x = _norm(config, weights, attended + x, f"{base}.attention.output.LayerNorm")
        hidden = _dense(weights, x, f"{base}.intermediate.dense")
        hidden = hidden * 0.5 * (1 + _erf(hidden / math.sqrt(2)))
        x = _norm(config, weights, _dense(weights, hidden, f"{base}.output.dense") + x, f"{base}.output.LayerNorm")
    pooled = x.mean(axis=0) if pooling == "mean" else x[0]
    return np.asarray(pooled / np.linalg.norm(pooled), np.float64)


def _dense(weights: Weights, x: Array, prefix: str) -> Array:
    return np.asarray(x @ weights[f"{prefix}.weight"].T.astype(np.float64) + weights[f"{prefix}.bias"], np.float64)


def _norm(config: BertConfig, weights: Weights, x: Array, prefix: str) -> Array:
    centred = x - x.mean(axis=-1, keepdims=True)
    scaled = centred / np.sqrt((centred**2).mean(axis=-1, keepdims=True) + config.layer_norm_eps)
    return np.asarray(scaled * weights[f"{prefix}.weight"] + weights[f"{prefix}.bias"], np.float64)


def _attention(config: BertConfig, weights: Weights, x: Array, base: str) -> Array:
    """Softmax(q k^T / sqrt(d)) v for each head, heads side by side: (tokens, hidden)."""
    width = config.hidden_size // config.num_attention_heads
    query, key, value = (_dense(weights, x, f"{base}.attention.self.{n}") for n in ("query", "key", "value"))
    heads = []
    for start in range(0, config.hidden_size, width):
        columns = slice(start, start + width)
        scores = query[:, columns] @ key[:, columns].T / math.sqrt(width)
        exponents = np.exp(scores - scores.max(axis=-1, keepdims=True))
        heads.append(exponents / exponents.sum(axis=-1, keepdims=True) @ value[:, columns])
    return np.concatenate(heads, axis=1)
