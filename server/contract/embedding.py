"""Texts in, rows out: what a request for embeddings asks for, and what it gets."""

from typing import Literal

import msgspec
import numpy as np
from numpy.typing import NDArray

# A text, or the token ids that take its place: they are the whole sequence, and nothing is added to them.
Input = str | tuple[int, ...]
# The end at which a text that is too long is cut, as tokenizers call it.
TruncationSide = Literal["left", "right"]
# Of the shape (texts, dimensions).
Rows = NDArray[np.float32]


class Demand(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller wants besides the texts, and on whose behalf.

    Clients share the server fairly, by tokens. Work that has not begun `timeout_s` seconds after the call is not begun
    any more; None stands for the setting. `prompt` names one of the model's prompts. `dimensions` cuts the rows
    (Matryoshka). `truncate` None stands for the setting. `every_token` asks for a row for each token. With `cache`
    false the cache is neither read nor filled.
    """

    client: str = ""
    timeout_s: float | None = None
    prompt: str | None = None
    normalize: bool = True
    every_token: bool = False
    dimensions: int | None = None
    cache: bool = True
    truncate: bool | None = None
    truncation_side: TruncationSide = "right"


class Timing(msgspec.Struct):
    """Where a request's time went, in seconds; inference is summed over its texts, shared by those of one run."""

    tokenize_s: float = 0.0
    queue_s: float = 0.0
    inference_s: float = 0.0


class Embeddings(msgspec.Struct, frozen=True):
    """Rows (texts, dimensions) float32 in the order of the texts, and what is known of each text.

    With `every_token` there is a row for each token, text after text: (tokens, dimensions).
    """

    rows: Rows
    tokens: list[int]
    truncated: list[bool]
    cached_count: int
    timing: Timing


class Token(msgspec.Struct):
    """One token; `start` and `stop` are bytes of the text in UTF-8, null where the tokenizer added the token."""

    id: int
    text: str
    special: bool
    start: int | None
    stop: int | None
