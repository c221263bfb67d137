"""Texts in, embeddings out: admission, cache, joining, tokenization, queue, sessions."""

from server.engine.assembly import TOKENS_PER_RUN
from server.engine.engine import Engine

__all__ = ["TOKENS_PER_RUN", "Engine"]
